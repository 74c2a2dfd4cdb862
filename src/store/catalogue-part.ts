// A part of the catalogue as its rows are asked for: what was not asked for is neither read nor decoded.
//
// 1. A part never changes; what it says of a run counts only while the run's stamp holds.
// 2. Whatever is wrong with it, or its file being gone, ends its use: `PartUnusable` is thrown, and the run
//    itself is read.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts.

import type { FileHandle, Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import type { ParamsTree } from '../model/params.ts';
import { PartObjects } from './catalogue-objects.ts';
import { paramOf } from './catalogue-params.ts';
import { type RunSegments, unpackSegments } from './catalogue-points.ts';
import {
  type CatalogueRow,
  factNames,
  type SequenceRow,
  summaryState,
  type WriterRow,
} from './catalogue-row.ts';
import type { Stamp } from './catalogue-stamp.ts';
import {
  type CatalogueColumn,
  doublesAt,
  openCatalogueColumn,
  wordsAt,
} from './format/catalogue-column.ts';
import {
  checkSection,
  decodeDirectory,
  decodePartHeader,
  PART_HEADER_SIZE,
  type PartHeader,
  type SectionKey,
  type SectionPlace,
  sectionKind,
} from './format/catalogue-part.ts';
import { PartPoints } from './kept-points.ts';
import type { Summary } from './rows.ts';
import type { RunFacts } from './run-facts.ts';
import { StoredSummary } from './stored-summary.ts';

/** The part serves no more; the cause says why. */
export class PartUnusable extends Error {
  override readonly name: string = 'PartUnusable';
}

/** A part of this size is read at once. */
const READ_WHOLE_MAX = 256 * 1024;

const nameOf = (kind: number, key: SectionKey): string => `${kind}${JSON.stringify(key)}`;

interface Stamps {
  readonly names: CatalogueColumn;
  readonly ends: Uint32Array;
  readonly numbers: Float64Array;
}

/** Columns of one kind by their one name. */
type NamedColumns = Map<string, CatalogueColumn>;

export class CataloguePart {
  readonly path: string;
  readonly size: number;
  /** Of a newer version: neither used nor removed. */
  readonly isForeign: boolean;
  readonly isRemote: boolean;
  readonly hashes: readonly string[];
  readonly #vfs: Vfs;
  readonly #header: PartHeader | undefined;
  readonly #places: ReadonlyMap<string, SectionPlace>;
  readonly #whole: Uint8Array | undefined;
  readonly #params = new Map<string, CatalogueColumn | undefined>();
  /** The same by the path that was given: who asks for a place asks for it of each row. */
  #paths = new WeakMap<SectionKey, CatalogueColumn>();
  readonly #facts: NamedColumns = new Map();
  readonly #ofSequences: NamedColumns = new Map();
  /** Of short sequences. */
  readonly points = new PartPoints(
    (read) => this.#try(read),
    (key) => this.#section(sectionKind.points, [key]),
  );
  readonly objects = new PartObjects(
    (read) => this.#try(read),
    (name) => this.#section(sectionKind.object, [name]),
    () => this.rowCount,
  );
  #handle: FileHandle | undefined;
  /** Bytes of the sections that are held. */
  heldSize = 0;
  isUnusable = false;
  /** By its bytes, not by what the file system said. */
  isDamaged = false;
  readonly #stamps: Stamps | undefined;
  #sequenceEnds: Uint32Array | undefined;

  /** @throws PartUnusable. */
  constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs;
    this.path = path;
    const opened = this.#try(() => {
      this.#handle = vfs.open(path, 'read');
      const { size } = vfs.facts(this.#handle);
      const start = this.#read(0, size <= READ_WHOLE_MAX ? size : Math.min(size, PART_HEADER_SIZE));
      return { size, start, header: decodePartHeader(start) };
    });
    const { size, start, header } = opened;
    this.size = size;
    this.isForeign = header === undefined;
    this.isRemote = header?.isRemote ?? false;
    this.#whole = start.length === size ? start : undefined;
    this.#header = header;
    this.#places = new Map();
    this.hashes = [];
    if (header === undefined) return;
    this.#places = this.#try(() => this.#directory(header, size));
    const { rowCount } = header;
    const text = Buffer.from(this.#section(sectionKind.hashes, []) ?? []).toString('latin1');
    this.hashes = text === '' ? [] : text.split('\n');
    const numbers = this.#needed(sectionKind.stampNumbers, []);
    this.#stamps = this.#try(() => ({
      names: this.#open(this.#needed(sectionKind.stampNames, []), rowCount),
      ends: wordsAt(this.#needed(sectionKind.stampEnds, []), 0, rowCount + 1),
      numbers: doublesAt(numbers, 0, numbers.length / 8),
    }));
    this.#check(this.hashes.length === rowCount);
  }

  get rowCount(): number {
    return this.hashes.length;
  }

  #directory(header: PartHeader, size: number): Map<string, SectionPlace> {
    const { directory } = header;
    this.#check(header.size === size && directory.offset + directory.size === size);
    const bytes = checkSection(this.#read(directory.offset, directory.size), header, directory);
    const places = decodeDirectory(bytes, header);
    return new Map(places.map((each) => [nameOf(each.kind, each.key), each]));
  }

  #check(holds: boolean): void {
    if (!holds) this.#fail(new Error('its sections contradict each other'));
  }

  #fail(cause: unknown): never {
    this.isUnusable = true;
    const code = errorCode(cause);
    this.isDamaged = code === undefined || code === 'CORRUPT';
    this.close();
    throw new PartUnusable(`${this.path}: a part of the catalogue that cannot be used`, { cause });
  }

  /** What the world or the bytes refuse ends the part; our own mistakes go on. */
  #try<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return this.#fail(error);
    }
  }

  #read(offset: number, size: number): Uint8Array {
    if (this.#whole !== undefined) return this.#whole.subarray(offset, offset + size);
    this.#handle ??= this.#vfs.open(this.path, 'read');
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, this.#vfs.read(this.#handle, bytes, offset));
  }

  /** The file is opened again when something is asked for that is not held. */
  close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    try {
      if (handle !== undefined) this.#vfs.close(handle);
    } catch (error) {
      // It was only read.
      if (errorCode(error) === undefined) throw error;
    }
  }

  /** Lets go of what can be read again. */
  forget(): void {
    this.#params.clear();
    this.#paths = new WeakMap();
    this.#facts.clear();
    this.#ofSequences.clear();
    this.points.forget();
    this.objects.forget();
    this.#sequenceEnds = undefined;
    this.heldSize = 0;
  }

  /** Undefined: it has none of this kind and key. */
  #section(kind: number, key: SectionKey): Uint8Array | undefined {
    const place = this.#places.get(nameOf(kind, key));
    if (place === undefined) return undefined;
    return this.#try(() => {
      const bytes = this.#read(place.offset, place.size);
      this.heldSize += place.size;
      return checkSection(bytes, this.#header as PartHeader, place);
    });
  }

  #needed(kind: number, key: SectionKey): Uint8Array {
    return this.#section(kind, key) ?? this.#fail(new Error(`no section ${nameOf(kind, key)}`));
  }

  #open(bytes: Uint8Array, count: number): CatalogueColumn {
    const column = this.#try(() => openCatalogueColumn(bytes));
    this.#check(column.count === count);
    return column;
  }

  #paramColumn(place: readonly string[]): CatalogueColumn | undefined {
    const name = JSON.stringify(place);
    if (this.#params.has(name)) return this.#params.get(name);
    const bytes = this.#section(sectionKind.param, place);
    const column = bytes === undefined ? undefined : this.#open(bytes, this.rowCount);
    this.#params.set(name, column);
    return column;
  }

  #sequenceColumn(name: string): CatalogueColumn {
    let column = this.#ofSequences.get(name);
    if (column === undefined) {
      const count = name === 'isKnown' ? this.rowCount : (this.#ends().at(-1) as number);
      column = this.#open(this.#needed(sectionKind.sequence, [name]), count);
      this.#ofSequences.set(name, column);
    }
    return column;
  }

  /** What a cell holds; one that is not msgpack ends the part. */
  #at(column: CatalogueColumn, row: number): unknown {
    return this.#try(() => column.at(row));
  }

  #fact(name: string, row: number): unknown {
    let column = this.#facts.get(name);
    if (column === undefined) {
      column = this.#open(this.#needed(sectionKind.fact, [name]), this.rowCount);
      this.#facts.set(name, column);
    }
    return this.#at(column, row);
  }

  stamp(row: number): Required<Stamp> {
    const { names, ends, numbers } = this.#stamps as Stamps;
    const text = this.#at(names, row);
    this.#check(typeof text === 'string');
    const [start, end] = [ends[row] as number, ends[row + 1] as number];
    return { names: text as string, numbers, start, end };
  }

  /** '': the stamp holds beyond the next start of the machine. */
  boot(row: number): string {
    return (this.#fact('boot', row) as string | undefined) ?? '';
  }

  facts(row: number): RunFacts {
    const facts: Record<string, unknown> = {};
    for (const name of factNames) facts[name] = this.#fact(name, row);
    const notes = this.#fact('notes', row) as [number, string][];
    facts['notes'] = notes.map(([time, text]) => ({ time, text }));
    return facts as unknown as RunFacts;
  }

  /** One of the facts, without the others. */
  fact<Name extends (typeof factNames)[number]>(name: Name, row: number): RunFacts[Name] {
    return this.#fact(name, row) as RunFacts[Name];
  }

  writers(row: number): WriterRow[] {
    const stored = this.#fact('writers', row) as [string, number, WriterRow['openings']][];
    return stored.map(([writer, openingCount, openings]) => ({ writer, openingCount, openings }));
  }

  /** Undefined: its points are to be read as those of any other run. */
  segments(row: number): RunSegments | undefined {
    const stored = this.#fact('segments', row);
    return stored === undefined ? undefined : unpackSegments(stored);
  }

  /** Not to be changed. */
  param(row: number, path: readonly (string | number)[]): unknown {
    return this.#try(() => {
      const value = this.#paths.get(path)?.at(row);
      // Most are numbers, and a number stands for itself.
      if (typeof value === 'number') return value;
      const isPlace = path.every((key) => typeof key === 'string');
      const column = isPlace ? this.#paramColumn(path as string[]) : undefined;
      if (column !== undefined) this.#paths.set(path, column);
      return paramOf((place) => this.#paramColumn(place), row, path);
    });
  }

  /** Undefined: not known. Of all, or of those whose key is wanted, nothing else of the others is read. */
  sequences(row: number, isWanted?: (key: string) => boolean): SequenceRow[] | undefined {
    if (!this.knowsSequences(row)) return undefined;
    const ends = this.#ends();
    const keys = this.#sequenceColumn('key');
    const end = ends[row + 1] as number;
    const places: number[] = [];
    this.#try(() => {
      for (let place = ends[row] as number; place < end; place += 1)
        if (isWanted?.(keys.at(place) as string) ?? true) places.push(place);
    });
    return places.map((place) => this.#sequenceAt(place));
  }

  knowsSequences(row: number): boolean {
    return this.#at(this.#sequenceColumn('isKnown'), row) === true;
  }

  /** How many of the two kinds of sequences it knows of a run. */
  knowledge(row: number): number {
    return Number(this.knowsSequences(row)) + Number(this.objects.areKnown(row));
  }

  #ends(): Uint32Array {
    this.#sequenceEnds ??= this.#try(() =>
      wordsAt(this.#needed(sectionKind.sequence, ['ends']), 0, this.rowCount + 1),
    );
    return this.#sequenceEnds;
  }

  /** Its numbers are read when they are asked for: a question about `last` reads no other column. */
  #sequenceAt(place: number): SequenceRow {
    const at = (name: string): unknown => this.#at(this.#sequenceColumn(name), place);
    const state = at('state');
    let summary: Summary | undefined | null;
    if (state === summaryState.unknown) summary = null;
    else if (state === summaryState.known) summary = new StoredSummary(at);
    return {
      key: at('key') as string,
      get writers() {
        return at('writers') as string[];
      },
      summary,
    };
  }

  /** Everything of a row, as it was written. */
  row(row: number): CatalogueRow {
    const { names, numbers, start, end } = this.stamp(row);
    const facts = this.facts(row);
    const sequences = this.sequences(row)?.map((each) => ({
      ...each,
      summary: each.summary instanceof StoredSummary ? each.summary.whole() : each.summary,
      points: this.points.packed(row, each.key),
    }));
    return {
      hash: this.hashes[row] as string,
      stamp: { names, numbers: numbers.slice(start, end) },
      boot: this.boot(row),
      facts,
      params: this.param(row, []) as ParamsTree | undefined,
      writers: this.writers(row),
      segments: this.segments(row),
      sequences,
      objects: this.objects.of(row),
    };
  }
}
