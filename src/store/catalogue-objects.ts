// Sequences of objects in the catalogue: which a run has, and how many of their steps are shown, so that a
// question about images of ten thousand runs reads those that have some.
//
// 1. Of a run all are known or none: that it has none is what saves reading it.
// 2. What objects hold is not here. Who is given a sequence reads its run.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts, test/store/catalogue-history.test.ts.

import {
  bytesOfEnds,
  type CatalogueColumn,
  corruptColumn,
  encodeCatalogueColumn,
  openCatalogueColumn,
  wordsAt,
} from './format/catalogue-column.ts';
import { type Section, sectionKind } from './format/catalogue-part.ts';
import { ObjectReader } from './object-reader.ts';
import type { ObjectKind } from './object-record.ts';
import type { RunReader } from './run-reader.ts';

export interface ObjectSequenceRow {
  readonly kind: ObjectKind;
  readonly key: string;
  readonly writers: readonly string[];
  /** Steps that are shown, those of each writer; 0: every one is hidden. */
  readonly count: number;
  readonly firstStep: number | undefined;
  readonly lastStep: number | undefined;
}

/** Of a run that was read. @throws RunlogError CORRUPT, IO. */
export function objectRowsOf(reader: RunReader): ObjectSequenceRow[] {
  const objects = new ObjectReader(reader);
  return [...objects.sequences().values()].map((each) => {
    const { kind, key, writers } = each;
    const rows = objects.rows(each);
    return {
      kind,
      key,
      writers,
      count: rows.length,
      firstStep: rows[0]?.step,
      lastStep: rows.at(-1)?.step,
    };
  });
}

const names = ['kind', 'key', 'writers', 'count', 'firstStep', 'lastStep'] as const;

/** By row of a part; undefined: not known. */
export function objectSections(
  rows: readonly (readonly ObjectSequenceRow[] | undefined)[],
): Section[] {
  if (rows.every((each) => each === undefined)) return [];
  const all = rows.flatMap((each) => each ?? []);
  const section = (name: string, bytes: Uint8Array): Section => ({
    kind: sectionKind.object,
    key: [name],
    bytes,
  });
  return [
    section('isKnown', encodeCatalogueColumn(rows.map((each) => each !== undefined))),
    section('ends', bytesOfEnds(rows.map((each) => each?.length ?? 0))),
    ...names.map((name) => section(name, encodeCatalogueColumn(all.map((each) => each[name])))),
  ];
}

interface Opened {
  readonly isKnown: CatalogueColumn;
  readonly ends: Uint32Array;
  readonly columns: Readonly<Record<(typeof names)[number], CatalogueColumn>>;
}

/** Those of a part: read when they are first asked for. */
export class PartObjects {
  readonly #try: <T>(read: () => T) => T;
  readonly #section: (name: string) => Uint8Array | undefined;
  readonly #rowCount: () => number;
  /** Null: no row of the part has them. */
  #opened: Opened | undefined | null;

  /** `attempt` ends the use of the part where its bytes are refused. */
  constructor(
    attempt: <T>(read: () => T) => T,
    section: (name: string) => Uint8Array | undefined,
    rowCount: () => number,
  ) {
    this.#try = attempt;
    this.#section = section;
    this.#rowCount = rowCount;
  }

  /** @throws PartUnusable. */
  areKnown(row: number): boolean {
    return this.#try(() => this.#open()?.isKnown.at(row) === true);
  }

  /** Undefined: not known. @throws PartUnusable. */
  of(row: number): ObjectSequenceRow[] | undefined {
    return this.#try(() => {
      const opened = this.#open();
      if (opened?.isKnown.at(row) !== true) return undefined;
      const { ends, columns } = opened;
      const found: ObjectSequenceRow[] = [];
      const end = ends[row + 1] as number;
      for (let place = ends[row] as number; place < end; place += 1) {
        const members = names.map((name) => [name, columns[name].at(place)] as const);
        found.push(Object.fromEntries(members) as unknown as ObjectSequenceRow);
      }
      return found;
    });
  }

  #open(): Opened | undefined {
    if (this.#opened === undefined) this.#opened = this.#read() ?? null;
    return this.#opened ?? undefined;
  }

  #read(): Opened | undefined {
    const known = this.#section('isKnown');
    if (known === undefined) return undefined;
    const rowCount = this.#rowCount();
    const ends = wordsAt(this.#needed('ends'), 0, rowCount + 1);
    const count = ends[rowCount] as number;
    const columns = names.map((name) => [name, openWhole(this.#needed(name), count)] as const);
    return {
      isKnown: openWhole(known, rowCount),
      ends,
      columns: Object.fromEntries(columns) as unknown as Opened['columns'],
    };
  }

  #needed(name: string): Uint8Array {
    const bytes = this.#section(name);
    if (bytes === undefined) throw corruptColumn();
    return bytes;
  }

  forget(): void {
    this.#opened = undefined;
  }
}

function openWhole(bytes: Uint8Array, count: number): CatalogueColumn {
  const column = openCatalogueColumn(bytes);
  if (column.count !== count) throw corruptColumn();
  return column;
}
