// Hot batches split by sequence: counted first, so that each column is made once.
//
// 1. Batches are kept as they are stored until they are split: a tenth of their size in columns.
// 2. Rows come out in order of arrival, with their point numbers.
// 3. Columns are used again by the next split: its rows hold until then.
//
// Spec: spec/records.md, Points. Test: test/store/hot-points.test.ts.

import { BatchDecoder } from './format/batch.ts';
import type { BatchBody } from './record.ts';
import { makeRows, partOfRows, type Rows } from './rows.ts';

/** Of all of them: what it gives is used up before anybody else comes. */
const decoder = new BatchDecoder();

export class HotPoints {
  #bodies: BatchBody[] = [];
  /** Points by sequence id. */
  #counts: number[] = [];
  #columns = makeRows(0);
  /** Points added since the last split. */
  count = 0;

  /** @throws RunlogError CORRUPT. */
  add(body: BatchBody): void {
    const [, count, bytes] = body;
    const sequences = decoder.sequences(bytes, count);
    for (let index = 0; index < count; index += 1) {
      const id = sequences[index] as number;
      this.#counts[id] = (this.#counts[id] ?? 0) + 1;
    }
    this.#bodies.push(body);
    this.count += count;
  }

  /** Sequences that have a point. */
  ids(): number[] {
    return [...this.#counts.keys()].filter((id) => this.#counts[id] !== undefined);
  }

  /** Yields after each batch; at the end the rows are whole. @throws RunlogError CORRUPT. */
  *split(): Generator<void, Map<number, Rows>> {
    const columns = this.#reserve();
    const byId = new Map<number, Rows>();
    /** Where the next point of each sequence goes. */
    const next = new Uint32Array(this.#counts.length);
    let start = 0;
    this.#counts.forEach((count, id) => {
      next[id] = start;
      byId.set(id, partOfRows(columns, start, start + count));
      start += count;
    });
    for (const body of this.#bodies) {
      fill(columns, next, body);
      yield;
    }
    this.#bodies = [];
    this.#counts = [];
    this.count = 0;
    return byId;
  }

  #reserve(): Rows {
    if (this.#columns.steps.length < this.count) this.#columns = makeRows(this.count);
    return this.#columns;
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

function fill(target: Rows, next: Uint32Array, [first, count, bytes]: BatchBody): void {
  const { sequences, steps, values, times, epochs } = decoder.decode(bytes, count);
  for (let index = 0; index < count; index += 1) {
    const id = sequences[index] as number;
    const place = next[id] as number;
    target.steps[place] = steps[index] as number;
    target.values[place] = values[index] as number;
    target.times[place] = times[index] as number;
    target.epochs[place] = epochs[index] as number;
    target.numbers[place] = first + index;
    next[id] = place + 1;
  }
}
