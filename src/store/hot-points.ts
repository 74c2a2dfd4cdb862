// Hot batches split by sequence: counted first, so that each column is made once.
//
// 1. Rows come out in order of arrival, with their point numbers.
//
// Spec: spec/records.md, Points. Test: test/store/hot-points.test.ts.

import { decodeBatch, type PointColumns } from './format/batch.ts';
import { makeRows, type Rows } from './rows.ts';

/** Body of a points record. */
export type BatchBody = readonly [first: number, count: number, bytes: Uint8Array];

export class HotPoints {
  readonly #batches: { readonly first: number; readonly columns: PointColumns }[] = [];
  readonly #counts: number[] = [];

  /** @throws RunlogError CORRUPT. */
  add([first, count, bytes]: BatchBody): void {
    const columns = decodeBatch(bytes, count);
    this.#batches.push({ first, columns });
    const { sequences } = columns;
    for (let index = 0; index < count; index += 1) {
      const id = sequences[index] as number;
      this.#counts[id] = (this.#counts[id] ?? 0) + 1;
    }
  }

  /** Yields after each batch; at the end the rows are whole. */
  *split(): Generator<void, Map<number, Rows>> {
    const rows: Rows[] = [];
    const next: number[] = [];
    const byId = new Map<number, Rows>();
    this.#counts.forEach((count, id) => {
      rows[id] = makeRows(count);
      next[id] = 0;
      byId.set(id, rows[id]);
    });
    for (const { first, columns } of this.#batches) {
      fill(rows, next, first, columns);
      yield;
    }
    this.#batches.length = 0;
    return byId;
  }

  /** The same at once. */
  rows(): Map<number, Rows> {
    const steps = this.split();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }
}

function fill(rows: readonly Rows[], next: number[], first: number, columns: PointColumns): void {
  const { count, sequences, steps, values, times, epochs } = columns;
  for (let index = 0; index < count; index += 1) {
    const id = sequences[index] as number;
    const own = rows[id] as Rows;
    const place = next[id] as number;
    own.steps[place] = steps[index] as number;
    own.values[place] = values[index] as number;
    own.times[place] = times[index] as number;
    own.epochs[place] = epochs[index] as number;
    own.numbers[place] = first + index;
    next[id] = place + 1;
  }
}
