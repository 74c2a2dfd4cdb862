// The hot batch: points as they come, gathered in columns and spelled into one body.
//
// 1. Gathering a point is five stores. A batch is encoded once, when it is put into a frame.
//
// Spec: spec/columns.md, Hot batch. Test: test/store/format/batch.test.ts.

import { RunlogError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import {
  ByteReader,
  ByteWriter,
  decodeHotColumnInto,
  encodeConstant,
  encodeCounted,
  encodeIntegers,
  encodeNone,
  encodeValues,
  hotSizeMax,
} from './hot-column.ts';

export interface PointColumns {
  readonly count: number;
  readonly sequences: Float64Array;
  readonly steps: Float64Array;
  readonly values: Float64Array;
  readonly times: Float64Array;
  /** NaN: none. */
  readonly epochs: Float64Array;
}

/** Columns begin small: a process may have a thousand runs open. */
const CAPACITY_FIRST = 128;

/** Gathers points; columns grow as they are needed and keep their memory between batches. */
export class PointBuffer implements PointColumns {
  count = 0;
  sequences: Float64Array = new Float64Array(CAPACITY_FIRST);
  steps: Float64Array = new Float64Array(CAPACITY_FIRST);
  values: Float64Array = new Float64Array(CAPACITY_FIRST);
  times: Float64Array = new Float64Array(CAPACITY_FIRST);
  epochs: Float64Array = new Float64Array(CAPACITY_FIRST);
  hasEpochs = false;
  #capacity = CAPACITY_FIRST;

  #grow(count: number): void {
    while (this.#capacity < count) this.#capacity *= 2;
    const grown = (column: Float64Array): Float64Array => {
      const wider = new Float64Array(this.#capacity);
      wider.set(column);
      return wider;
    };
    this.sequences = grown(this.sequences);
    this.steps = grown(this.steps);
    this.values = grown(this.values);
    this.times = grown(this.times);
    this.epochs = grown(this.epochs);
  }

  push(sequence: number, step: number, value: number, time: number, epoch: number): void {
    const index = this.count;
    if (index === this.#capacity) this.#grow(index + 1);
    this.sequences[index] = sequence;
    this.steps[index] = step;
    this.values[index] = value;
    this.times[index] = time;
    this.epochs[index] = epoch;
    // NaN is the only number that is not itself.
    // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN on the hot path.
    if (epoch === epoch) this.hasEpochs = true;
    this.count = index + 1;
  }

  /** Points [start, end) of one sequence. `steps` undefined: firstStep + index; `times`: all `time`. */
  pushColumns(sequence: number, columns: SequenceColumns, start: number, end: number): void {
    const { values, steps, epochs, times, time, firstStep } = columns;
    const index = this.count;
    const next = index + (end - start);
    if (next > this.#capacity) this.#grow(next);
    this.sequences.fill(sequence, index, next);
    copyColumn(this.values, index, values, start, end);
    if (steps === undefined)
      for (let place = index, step = firstStep + start; place < next; place += 1, step += 1)
        this.steps[place] = step;
    else copyColumn(this.steps, index, steps, start, end);
    if (times === undefined) this.times.fill(time, index, next);
    else copyColumn(this.times, index, times, start, end);
    if (epochs === undefined) this.epochs.fill(Number.NaN, index, next);
    else {
      copyColumn(this.epochs, index, epochs, start, end);
      this.hasEpochs = true;
    }
    this.count = next;
  }

  clear(): void {
    this.count = 0;
    this.hasEpochs = false;
  }
}

/** Columns of one sequence, of equal length. */
export interface SequenceColumns {
  readonly values: ArrayLike<number>;
  /** Left out: `firstStep` and those that follow it. */
  readonly steps?: ArrayLike<number> | undefined;
  readonly epochs?: ArrayLike<number> | undefined;
  /** Left out: `time`, of all. */
  readonly times?: ArrayLike<number> | undefined;
  readonly time: number;
  readonly firstStep: number;
}

function copyColumn(
  target: Float64Array,
  offset: number,
  source: ArrayLike<number>,
  start: number,
  end: number,
): void {
  if (source instanceof Float64Array) target.set(source.subarray(start, end), offset);
  else
    for (let index = start; index < end; index += 1)
      target[offset + index - start] = source[index] as number;
}

const writer = new ByteWriter(4096);

/** The columns of a batch; a view that is valid until the next call. Requires: at least one point. */
export function encodeBatch(points: PointBuffer): Uint8Array {
  const { count } = points;
  writer.size = 0;
  encodeIntegers(writer, points.sequences, count);
  encodeIntegers(writer, points.steps, count);
  encodeValues(writer, points.values, count);
  encodeIntegers(writer, points.times, count);
  if (points.hasEpochs) encodeIntegers(writer, points.epochs, count);
  else {
    writer.reserve(1);
    encodeNone(writer);
  }
  return writer.bytes.subarray(0, writer.size);
}

/**
 * The columns of a batch of points [start, end) of one sequence: what `encodeBatch` makes of them, without
 * spelling out and looking through what is known to be constant or counted. As valid.
 */
export function encodeSequenceBatch(
  sequence: number,
  columns: SequenceColumns,
  start: number,
  end: number,
): Uint8Array {
  const { values, steps, epochs, times, time, firstStep } = columns;
  const count = end - start;
  writer.size = 0;
  writer.reserve(hotSizeMax(3));
  encodeConstant(writer, sequence);
  if (steps === undefined) encodeCounted(writer, firstStep + start, count);
  else encodeIntegers(writer, doubles(steps, start, end), count);
  encodeValues(writer, doubles(values, start, end), count);
  writer.reserve(hotSizeMax(3));
  if (times === undefined) encodeConstant(writer, time);
  else encodeIntegers(writer, doubles(times, start, end), count);
  writer.reserve(1);
  if (epochs === undefined) encodeNone(writer);
  else encodeIntegers(writer, doubles(epochs, start, end), count);
  return writer.bytes.subarray(0, writer.size);
}

function doubles(column: ArrayLike<number>, start: number, end: number): Float64Array {
  if (column instanceof Float64Array) return column.subarray(start, end);
  const copied = new Float64Array(end - start);
  copyColumn(copied, 0, column, start, end);
  return copied;
}

/** @throws RunlogError CORRUPT. */
export const decodeBatch = (bytes: Uint8Array, count: number): PointColumns =>
  new BatchDecoder().decode(bytes, count);

/** Of larger batches the columns are made anew each time. */
const KEPT_COUNT_MAX = 8192;

/**
 * Decodes batch after batch into the same columns: one that has as many points as the one before, as those
 * of a training loop do, makes none.
 */
export class BatchDecoder {
  #columns = columnsFor(0);

  /** Columns that hold until the next call. @throws RunlogError CORRUPT. */
  decode(bytes: Uint8Array, count: number): PointColumns {
    const reader = openBatch(bytes, count);
    const columns = this.#columnsOf(count);
    const { sequences, steps, values, times, epochs } = columns;
    for (const column of [sequences, steps, values, times, epochs])
      decodeHotColumnInto(reader, column);
    if (!reader.isAtEnd) throw new RunlogError('CORRUPT', 'bytes behind the columns of a batch');
    return columns;
  }

  /** The sequence of each point alone, until the next call. @throws RunlogError CORRUPT. */
  sequences(bytes: Uint8Array, count: number): Float64Array {
    const reader = openBatch(bytes, count);
    const { sequences } = this.#columnsOf(count);
    decodeHotColumnInto(reader, sequences);
    return sequences;
  }

  #columnsOf(count: number): PointColumns {
    if (this.#columns.count === count) return this.#columns;
    const columns = columnsFor(count);
    if (count <= KEPT_COUNT_MAX) this.#columns = columns;
    return columns;
  }
}

const columnsFor = (count: number): PointColumns => ({
  count,
  sequences: new Float64Array(count),
  steps: new Float64Array(count),
  values: new Float64Array(count),
  times: new Float64Array(count),
  epochs: new Float64Array(count),
});

function openBatch(bytes: Uint8Array, count: number): ByteReader {
  if (!Number.isInteger(count) || count < 1 || count > limits.frameRecordCountMax)
    throw new RunlogError('CORRUPT', `a batch of ${count} points`);
  if (!(bytes instanceof Uint8Array)) throw new RunlogError('CORRUPT', 'a batch without columns');
  return new ByteReader(bytes);
}
