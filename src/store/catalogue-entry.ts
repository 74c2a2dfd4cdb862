// One run as a scan gives it: from the catalogue while its stamp holds, else from the run itself.
//
// 1. Which of the two it is shows in nothing but `isFromCatalogue`.
// 2. A part that turns out to be unusable, or is gone, is made up for by reading the run.
// 3. Of the run itself nothing is held beyond the entry's turn in the scan.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts.

import type { Vfs } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { getParam } from '../model/params.ts';
import { parseSequenceKey } from '../model/sequence.ts';
import { type ObjectSequenceRow, objectRowsOf } from './catalogue-objects.ts';
import { type CataloguePart, PartUnusable } from './catalogue-part.ts';
import { SettledRun } from './catalogue-points.ts';
import type { SequenceRow, WriterRow } from './catalogue-row.ts';
import { PointsToKeep } from './kept-points.ts';
import { type RunPlaces, runPlaces } from './repo-directory.ts';
import { NO_ROWS, type ShownRows, type Summary } from './rows.ts';
import type { RunFacts } from './run-facts.ts';
import { RunReader, type SequenceFacts } from './run-reader.ts';

/** Points of a sequence that are read for its summary without being asked for. */
const SUMMARIZED_MAX = 1 << 20;

export class CatalogueEntry {
  readonly hash: string;
  readonly #vfs: Vfs;
  readonly #repo: string;
  #place: { readonly part: CataloguePart; readonly row: number } | undefined;
  #reader: RunReader | undefined;
  #facts: RunFacts | undefined;
  #sequences: readonly CatalogueSequence[] | undefined;
  #objects: readonly ObjectSequenceRow[] | undefined;
  /** Null: there is none. */
  #settled: SettledRun | undefined | null;
  /** Its turn is over: what it opens nobody closes for it. */
  #isResting = false;

  /** @internal Use `catalogue.scan`. */
  constructor(
    vfs: Vfs,
    repo: string,
    hash: string,
    source: { part: CataloguePart; row: number } | RunReader,
  ) {
    this.#vfs = vfs;
    this.#repo = repo;
    this.hash = hash;
    if (source instanceof RunReader) {
      this.#reader = source;
      this.#facts = source.facts;
    } else this.#place = source;
  }

  get #places(): RunPlaces {
    return runPlaces(this.#repo, this.hash);
  }

  get isFromCatalogue(): boolean {
    return this.#place !== undefined;
  }

  /** @throws RunlogError as reading the run throws it; of what the catalogue holds, never. */
  get facts(): RunFacts {
    this.#facts ??= this.#either(
      ({ part, row }) => part.facts(row),
      (reader) => factsOf(reader, this.hash),
    );
    return this.#facts;
  }

  /** One of the facts, without reading the others. */
  fact<Name extends 'createdAt' | 'experiment' | 'name' | 'archived' | 'tags' | 'description'>(
    name: Name,
  ): RunFacts[Name] {
    if (this.#facts !== undefined) return this.#facts[name];
    return this.#either(
      ({ part, row }) => part.fact(name, row),
      (reader) => factsOf(reader, this.hash)[name],
    );
  }

  /** Each writer with its newest openings and closings, in the order of their names. */
  get writers(): readonly WriterRow[] {
    return this.#either(
      ({ part, row }) => part.writers(row),
      (reader) => reader.writers,
    );
  }

  /**
   * What is kept at a place of the params, without decoding others; undefined where there is nothing, all
   * of them for an empty path. Not to be changed: it is shared. Who asks of many runs gives one array.
   */
  param(path: readonly (string | number)[]): unknown {
    return this.#either(
      ({ part, row }) => part.param(row, path),
      // Decoded before, and copied: as what comes out of a part, it is the caller's to look at only.
      (reader) => getParam(reader.params, path),
    );
  }

  /** Every sequence with a point of any writer, in the order in which writers defined them. */
  sequences(): readonly CatalogueSequence[] {
    this.#sequences ??= this.#known() ?? this.#read();
    return this.#sequences;
  }

  /** Those of `sequences` whose key is wanted; of the others nothing is read where the catalogue knows them. */
  sequencesWhere(isWanted: (key: string) => boolean): readonly CatalogueSequence[] {
    const known = this.#sequences === undefined ? this.#known(isWanted) : undefined;
    return known ?? this.sequences().filter(({ key }) => isWanted(key));
  }

  #known(isWanted?: (key: string) => boolean): CatalogueSequence[] | undefined {
    return this.#either(
      ({ part, row }) =>
        part.sequences(row, isWanted)?.map((each) => new CatalogueSequence(this, each)),
      () => undefined,
    );
  }

  #read(): CatalogueSequence[] {
    // In its turn it is read as a whole, so that the catalogue learns of it.
    const settled = this.#isResting ? this.#settledRun()?.sequences() : undefined;
    const all = settled ?? this.reader().sequences();
    return Array.from(
      all.values(),
      ({ key, writers }) => new CatalogueSequence(this, { key, writers, summary: null }),
    );
  }

  /** Every sequence of objects, of every kind, in the order in which writers began them. */
  objects(): readonly ObjectSequenceRow[] {
    this.#objects ??=
      this.#either(
        ({ part, row }) => part.objects.of(row),
        () => undefined,
      ) ?? objectRowsOf(this.reader());
    return this.#objects;
  }

  /** Points of a sequence that a reader is shown, of all writers, ordered by (step, writer). */
  rows(key: string): ShownRows {
    const kept = this.#either(
      ({ part, row }) => part.points.rows(row, key),
      () => undefined,
    );
    if (this.#isResting) this.#place?.part.close();
    if (kept !== undefined) return kept;
    const settled = this.#settledRun()?.rows(key);
    if (settled !== undefined) return settled;
    const reader = this.reader();
    const sequence = reader.sequences().get(key);
    return sequence === undefined ? NO_ROWS : reader.rows(sequence);
  }

  /** Undefined: it is to be read as any other. */
  #settledRun(): SettledRun | undefined {
    if (this.#settled === undefined) {
      const segments = this.#either(
        ({ part, row }) => part.segments(row),
        () => undefined,
      );
      const { logs } = this.#places;
      this.#settled = segments === undefined ? null : new SettledRun(this.#vfs, logs, segments);
    }
    return this.#settled ?? undefined;
  }

  /** @internal Of the run itself, for a sequence whose summary is asked for. */
  summaryFromRun(key: string): Summary | undefined {
    const reader = this.reader();
    const sequence = reader.sequences().get(key);
    return sequence === undefined ? undefined : reader.summary(sequence);
  }

  /** The run itself, read now unless it was read in this turn of the scan. */
  reader(): RunReader {
    this.#reader ??= RunReader.snapshot(this.#vfs, this.#places);
    return this.#reader;
  }

  /** @internal */
  get hasAskedForSequences(): boolean {
    return this.#sequences !== undefined;
  }

  /** @internal */
  get hasAskedForObjects(): boolean {
    return this.#objects !== undefined;
  }

  /** @internal Null: not known yet. */
  summarySoFar(key: string): Summary | undefined | null {
    return this.#sequences?.find((each) => each.key === key)?.summarySoFar ?? null;
  }

  /** @internal The run itself where it was read in this turn. */
  get readSoFar(): RunReader | undefined {
    return this.#reader;
  }

  /** @internal Its turn is over. */
  rest(): void {
    this.#reader = undefined;
    this.#isResting = true;
  }

  /** @internal As `#either`, for the summaries of its sequences. */
  fromCatalogue<T>(read: () => T, other: () => T): T {
    return this.#either(read, other);
  }

  #either<T>(
    read: (place: { part: CataloguePart; row: number }) => T,
    other: (reader: RunReader) => T,
  ): T {
    if (this.#place !== undefined) {
      try {
        return read(this.#place);
      } catch (error) {
        if (!(error instanceof PartUnusable)) throw error;
        this.#place = undefined;
      }
    }
    return other(this.reader());
  }
}

function factsOf({ facts }: RunReader, hash: string): RunFacts {
  if (facts !== undefined) return facts;
  throw new RunlogError('RUN_NOT_FOUND', `${hash}: the run is gone`);
}

/** A sequence of a run, and what its visible points amount to. */
export class CatalogueSequence {
  readonly key: string;
  readonly #entry: CatalogueEntry;
  readonly #row: SequenceRow;
  #summary: Summary | undefined | null;

  /** @internal */
  constructor(entry: CatalogueEntry, row: SequenceRow) {
    this.#entry = entry;
    this.#row = row;
    this.key = row.key;
    this.#summary = row.summary;
  }

  get writers(): readonly string[] {
    try {
      return this.#row.writers;
    } catch (error) {
      if (!(error instanceof PartUnusable)) throw error;
      return this.#entry.reader().sequences().get(this.key)?.writers ?? [];
    }
  }

  get name(): string {
    return parseSequenceKey(this.key)?.name ?? '';
  }

  /** Canonical text. */
  get contextText(): string {
    return parseSequenceKey(this.key)?.contextText ?? '{}';
  }

  /** Whether a point is visible: where not, it has no values. */
  get hasPoints(): boolean {
    return this.#known() !== undefined;
  }

  /** One member of its summary; undefined where every point is hidden. */
  value(name: keyof Summary): number | undefined {
    const known = this.#known();
    return this.#entry.fromCatalogue(
      () => known?.[name],
      () => {
        this.#summary = null;
        return this.#known()?.[name];
      },
    );
  }

  /** @internal Null: nobody has asked for it. */
  get summarySoFar(): Summary | undefined | null {
    return this.#summary;
  }

  #known(): Summary | undefined {
    if (this.#summary === null) this.#summary = this.#entry.summaryFromRun(this.key);
    return this.#summary;
  }
}

/**
 * What the catalogue keeps of the sequences of a run that was read. A summary that would cost the reading
 * of many values is left out unless `known` has it.
 */
export function sequenceRowsOf(
  reader: RunReader,
  known: (key: string) => Summary | undefined | null,
): SequenceRow[] {
  const toKeep = new PointsToKeep(reader);
  return [...reader.sequences().values()].map((each) => {
    const { key, writers } = each;
    const summary = known(key) ?? cheapSummary(reader, each);
    const points = summary?.count === undefined ? undefined : toKeep.of(each, summary.count);
    return { key, writers, summary, points };
  });
}

const cheapSummary = (reader: RunReader, sequence: SequenceFacts): Summary | undefined | null =>
  reader.summaryCost(sequence) <= SUMMARIZED_MAX ? reader.summary(sequence) : null;
