// Sealed blocks: the points of one sequence, sorted, with a summary.
//
// 1. A block names the rows of its axis that are its own, all of them or those of a bitmap.
// 2. The point number of every row is kept: order of arrival, and what a rewind reaches.
// 3. A summary is of all rows of the block. *Clean*: no step repeats inside. Whether it may be used
//    is decided by who knows the other blocks and the rewinds.
//
// Spec: spec/columns.md, Axis and Block. Test: test/store/format/block.test.ts.

import { makeRows, type Rows, type ShownRows, type Summary, summarize } from '../rows.ts';
import {
  type Axis,
  type AxisColumn,
  type AxisToTake,
  axisColumns,
  axisCount,
  checkCount,
  corrupt,
  decodeAxis,
  decodeAxisColumn,
  isStored,
  type StoredAxis,
} from './axis.ts';
import { decodeColumn, decodeColumnInto, inflatedColumn } from './column.ts';
import { encodeColumn, encodeColumnPlain } from './column-encoder.ts';

/** As stored. */
export type StoredBlock = readonly [
  flags: number,
  count: number,
  firstStep: number,
  lastStep: number,
  first: number,
  last: number,
  min: number,
  max: number,
  sum: number,
  nanCount: number,
  firstNumber: number,
  lastNumber: number,
  values: Uint8Array,
  numbers: Uint8Array,
  rows: Uint8Array | null,
];

export const blockFlag = { clean: 1 } as const;

export interface BlockSummary extends Summary {
  readonly isClean: boolean;
  /** Least and greatest point number. */
  readonly firstNumber: number;
  readonly lastNumber: number;
}

/**
 * A block of `rows`, sorted by (step, number). `own`: places of the rows in the axis, in order;
 * undefined: all of it.
 */
export async function encodeBlock(
  rows: Rows,
  axisCount: number,
  own: ArrayLike<number> | undefined,
): Promise<StoredBlock> {
  const summary = summarize(rows);
  if (summary === undefined) throw new RangeError('rows: expected at least one');
  const { numbers, steps } = rows;
  let isClean = true;
  for (let index = 1; index < steps.length && isClean; index += 1)
    isClean = steps[index] !== steps[index - 1];
  const [values, spelledNumbers] = await Promise.all([
    encodeColumn(rows.values),
    encodeColumn(numbers),
  ]);
  let least = numbers[0] as number;
  let greatest = least;
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > greatest) greatest = number;
  }
  const { count, firstStep, lastStep, first, last, min, max, sum, nanCount } = summary;
  return [
    isClean ? blockFlag.clean : 0,
    count,
    firstStep,
    lastStep,
    first,
    last,
    min,
    max,
    sum,
    nanCount,
    least,
    greatest,
    values,
    spelledNumbers,
    own === undefined ? null : bitmapOf(own, axisCount),
  ];
}

/** Bit i of byte i >> 3, least significant first: row i of the axis is the block's. */
function bitmapOf(own: ArrayLike<number>, axisCount: number): Uint8Array {
  const bitmap = new Uint8Array((axisCount + 7) >> 3);
  for (let index = 0; index < own.length; index += 1) {
    const row = own[index] as number;
    bitmap[row >> 3] = (bitmap[row >> 3] as number) | (1 << (row & 7));
  }
  return bitmap;
}

/** @throws RunlogError CORRUPT. */
export function blockSummary(stored: unknown): BlockSummary {
  if (!Array.isArray(stored) || stored.length !== 15) throw corrupt('block');
  const [
    flags,
    rawCount,
    firstStep,
    lastStep,
    first,
    last,
    min,
    max,
    sum,
    nanCount,
    firstNumber,
    lastNumber,
  ] = stored as unknown as StoredBlock;
  const count = checkCount(rawCount, 'block');
  const isNatural = Number.isInteger(nanCount) && nanCount >= 0 && nanCount <= count;
  if (!stored.slice(0, 12).every((each) => typeof each === 'number') || !isNatural)
    throw corrupt('block');
  const isClean = flags === blockFlag.clean;
  if (!isClean && flags !== 0) throw corrupt('block');
  return {
    isClean,
    count,
    firstStep,
    lastStep,
    first,
    last,
    min,
    max,
    sum,
    nanCount,
    firstNumber,
    lastNumber,
  };
}

/** @throws RunlogError CORRUPT. */
export function decodeBlock(stored: unknown, axis: Axis): Rows {
  const { count } = blockSummary(stored);
  const { values, numbers, bitmap } = storedColumns(stored);
  if (bitmap !== null) {
    const rows = makeRows(count);
    decodeBlockInto(stored, axis, rows);
    return rows;
  }
  const { steps, times, epochs } = axis;
  if (steps.length !== count) throw corrupt('block');
  return {
    steps,
    times,
    epochs,
    values: decodeColumn(values, count),
    numbers: decodeColumn(numbers, count),
  };
}

/** The block's rows are all rows of its axis. */
export const hasWholeAxis = (stored: unknown): boolean => storedColumns(stored).bitmap === null;

/** Fills `rows` from the block and its axis. @throws RunlogError CORRUPT. */
export function decodeBlockInto(stored: unknown, axis: AxisToTake, rows: Rows): void {
  takeAxis(storedColumns(stored).bitmap, axis, rows);
  decodeValues(stored, rows.values);
  decodeNumbers(stored, rows.numbers);
}

function takeAxis(bitmap: Uint8Array | null, axis: AxisToTake, rows: Axis): void {
  const own = ownRows(bitmap, axis, rows.steps.length);
  for (const name of axisColumns) takeColumn(axis, name, own, rows[name]);
}

/** Fills `column`, as long as the block is, from one column of its axis. @throws RunlogError CORRUPT. */
export function decodeAxisColumnOf(
  stored: unknown,
  axis: AxisToTake,
  name: AxisColumn,
  column: Float64Array,
): void {
  takeColumn(axis, name, ownRows(storedColumns(stored).bitmap, axis, column.length), column);
}

function takeColumn(
  axis: AxisToTake,
  name: AxisColumn,
  own: Uint32Array | 'all',
  target: Float64Array,
): void {
  if (isStored(axis)) decodeAxisColumn(axis, name, target);
  else if (own === 'all') target.set(axis[name]);
  else takeInto(axis[name], own, target);
}

/** Steps and values of a block, without what else its axis holds. @throws RunlogError CORRUPT. */
export function decodeStepsAndValues(
  stored: unknown,
  storedAxis: unknown,
): Pick<ShownRows, 'steps' | 'values'> {
  const { count, firstStep, lastStep } = blockSummary(stored);
  const { values, bitmap } = storedColumns(stored);
  const rowCount = axisCount(storedAxis);
  let steps = decodeColumn((storedAxis as StoredAxis)[1], rowCount);
  if (bitmap !== null) {
    const all = steps;
    steps = new Float64Array(count);
    takeInto(all, rowsOf(bitmap, rowCount, count), steps);
  } else if (rowCount !== count) throw corrupt('block');
  // A summary that says otherwise speaks for nothing.
  if (steps[0] !== firstStep || steps[count - 1] !== lastStep) throw corrupt('block');
  return { steps, values: decodeColumn(values, count) };
}

/** A block with its axis, without summary and numbers: of a clean one all that a reader is shown. */
export type ShownBlock = readonly [
  count: number,
  firstStep: number,
  lastStep: number,
  values: Uint8Array,
  rows: Uint8Array | null,
  axis: StoredAxis,
];

/** The columns are those of `stored`, not copied. */
export const shownBlock = (stored: unknown, storedAxis: unknown): ShownBlock => {
  const [, count, firstStep, lastStep] = stored as StoredBlock;
  const { values, bitmap } = storedColumns(stored);
  return [count, firstStep, lastStep, values, bitmap, storedAxis as StoredAxis];
};

/** The same with its small columns inflated (`inflatedColumn`). */
export function inflatedBlock(block: ShownBlock, sizeMax: number): ShownBlock {
  const [count, firstStep, lastStep, values, bitmap, axis] = block;
  const rowCount = axisCount(axis);
  const [, steps, times, epochs] = axis;
  const ofAxis = (column: Uint8Array): Uint8Array => inflatedColumn(column, rowCount, sizeMax);
  const own = inflatedColumn(values, count, sizeMax);
  const shared = [ofAxis(steps), ofAxis(times), epochs === null ? null : ofAxis(epochs)] as const;
  return [count, firstStep, lastStep, own, bitmap, [rowCount, ...shared]];
}

/** The same of rows that no block holds as they are. Requires: there is one. */
export function plainBlock({ steps, values, times, epochs }: ShownRows): ShownBlock {
  const count = steps.length;
  const hasEpochs = epochs.some((epoch) => !Number.isNaN(epoch));
  const axis: StoredAxis = [
    count,
    encodeColumnPlain(steps),
    encodeColumnPlain(times),
    hasEpochs ? encodeColumnPlain(epochs) : null,
  ];
  const [first, last] = [steps[0] as number, steps[count - 1] as number];
  return [count, first, last, encodeColumnPlain(values), null, axis];
}

/** @throws RunlogError CORRUPT. */
export function shownCount(stored: unknown): number {
  if (!Array.isArray(stored) || stored.length !== 6) throw corrupt('block');
  return checkCount(stored[0], 'block');
}

/** As many rows as the block has. @throws RunlogError CORRUPT. */
export function decodeShownInto(stored: unknown, rows: ShownRows): void {
  const [, firstStep, lastStep, values, bitmap, storedAxis] = stored as ShownBlock;
  const { steps } = rows;
  takeAxis(bitmap, bitmap === null ? storedAxis : decodeAxis(storedAxis), rows);
  decodeColumnInto(values, rows.values);
  // A summary that says otherwise speaks for nothing.
  if (steps[0] !== firstStep || steps.at(-1) !== lastStep) throw corrupt('block');
}

/** Values of the block's rows. @throws RunlogError CORRUPT. */
export const decodeValues = (stored: unknown, values: Float64Array): void =>
  decodeColumnInto(storedColumns(stored).values, values);

/** Point numbers of the block's rows. @throws RunlogError CORRUPT. */
export const decodeNumbers = (stored: unknown, numbers: Float64Array): void =>
  decodeColumnInto(storedColumns(stored).numbers, numbers);

function storedColumns(stored: unknown): {
  values: Uint8Array;
  numbers: Uint8Array;
  bitmap: Uint8Array | null;
} {
  const block = stored as StoredBlock;
  return { values: block[12], numbers: block[13], bitmap: block[14] };
}

function takeInto(column: Float64Array, own: Uint32Array, target: Float64Array): void {
  for (let index = 0; index < own.length; index += 1)
    target[index] = column[own[index] as number] as number;
}

/** The rows of the axis that are those of a block of `count`. */
function ownRows(bitmap: Uint8Array | null, axis: AxisToTake, count: number): Uint32Array | 'all' {
  const rowCount = isStored(axis) ? axisCount(axis) : axis.steps.length;
  if (bitmap !== null && !isStored(axis)) return rowsOf(bitmap, rowCount, count);
  if (bitmap !== null || rowCount !== count) throw corrupt('block');
  return 'all';
}

function rowsOf(bitmap: Uint8Array, axisCount: number, count: number): Uint32Array {
  const isBitmap = bitmap instanceof Uint8Array && bitmap.length === (axisCount + 7) >> 3;
  // No bit may stand for a row behind the axis.
  if (!isBitmap || (bitmap.at(-1) as number) >> (((axisCount - 1) & 7) + 1) !== 0)
    throw corrupt('block');
  const own = new Uint32Array(count);
  let found = 0;
  for (let row = 0; row < axisCount; row += 1) {
    if ((((bitmap[row >> 3] as number) >> (row & 7)) & 1) === 0) continue;
    if (found === count) throw corrupt('block');
    own[found] = row;
    found += 1;
  }
  if (found !== count) throw corrupt('block');
  return own;
}

/** Row places of `rows` in `axis` when each of its rows is one of the axis, in order; else undefined. */
export function rowsWithin(rows: Rows, axis: Axis): Uint32Array | 'all' | undefined {
  const { steps, times, epochs } = rows;
  const count = steps.length;
  const axisCount = axis.steps.length;
  if (count > axisCount) return undefined;
  const own = new Uint32Array(count);
  let row = 0;
  for (let index = 0; index < count; index += 1) {
    const step = steps[index] as number;
    const time = times[index];
    const epoch = epochs[index];
    while (
      row < axisCount &&
      !(
        axis.steps[row] === step &&
        Object.is(axis.times[row], time) &&
        Object.is(axis.epochs[row], epoch)
      )
    ) {
      if ((axis.steps[row] as number) > step) return undefined;
      row += 1;
    }
    if (row === axisCount) return undefined;
    own[index] = row;
    row += 1;
  }
  return count === axisCount ? 'all' : own;
}
