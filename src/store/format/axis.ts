// Axes: the columns step, time and epoch that blocks share, rows in order of step.
//
// 1. Times and epochs are decoded when somebody asks: who reads values seldom needs them.
//
// Spec: spec/columns.md, Axis and Block. Test: test/store/format/block.test.ts.

import { RunlogError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { decodeColumnInto } from './column.ts';
import { encodeColumn } from './column-encoder.ts';

/** As stored: [count, steps, times, epochs or nil]. */
export type StoredAxis = readonly [
  count: number,
  steps: Uint8Array,
  times: Uint8Array,
  epochs: Uint8Array | null,
];

/** Columns that several sequences may share. */
export interface Axis {
  readonly steps: Float64Array;
  readonly times: Float64Array;
  readonly epochs: Float64Array;
}

export type AxisColumn = keyof Axis;

export const axisColumns = ['steps', 'times', 'epochs'] as const;

/**
 * Decoded; or as it is stored, for a block that has all of it: it is decoded in place then, which is worth it
 * where no other block needs it.
 */
export type AxisToTake = Axis | StoredAxis;

export const isStored = (axis: AxisToTake): axis is StoredAxis => Array.isArray(axis);

export async function encodeAxis(axis: Axis): Promise<StoredAxis> {
  const hasEpochs = axis.epochs.some((epoch) => !Number.isNaN(epoch));
  const [steps, times, epochs] = await Promise.all([
    encodeColumn(axis.steps),
    encodeColumn(axis.times),
    hasEpochs ? encodeColumn(axis.epochs) : null,
  ]);
  return [axis.steps.length, steps, times, epochs];
}

/** Of an axis or a block. */
export const corrupt = (what: string): RunlogError =>
  new RunlogError('CORRUPT', `${what}: not the shape of its type`);

/** Of an axis or a block. @throws RunlogError CORRUPT. */
export function checkCount(count: unknown, what: string): number {
  if (
    Number.isInteger(count) &&
    (count as number) > 0 &&
    (count as number) <= limits.blockPointCountMax
  )
    return count as number;
  throw corrupt(what);
}

/** Rows of a stored axis, whose shape is checked. @throws RunlogError CORRUPT. */
export function axisCount(stored: unknown): number {
  if (!Array.isArray(stored) || stored.length !== 4) throw corrupt('axis');
  const [count, steps, times, epochs] = stored as unknown[];
  const columns = epochs === null ? [steps, times] : [steps, times, epochs];
  if (!columns.every((each) => each instanceof Uint8Array)) throw corrupt('axis');
  return checkCount(count, 'axis');
}

/** @throws RunlogError CORRUPT: of the steps at once, of times and epochs when they are asked for. */
export const decodeAxis = (stored: unknown): Axis => new DecodedAxis(stored);

class DecodedAxis implements Axis {
  readonly #stored: StoredAxis;
  readonly steps: Float64Array;
  #times: Float64Array | undefined;
  #epochs: Float64Array | undefined;

  constructor(stored: unknown) {
    this.steps = new Float64Array(axisCount(stored));
    this.#stored = stored as StoredAxis;
    decodeAxisColumn(this.#stored, 'steps', this.steps);
  }

  get times(): Float64Array {
    this.#times ??= this.#decoded('times');
    return this.#times;
  }

  get epochs(): Float64Array {
    this.#epochs ??= this.#decoded('epochs');
    return this.#epochs;
  }

  #decoded(name: AxisColumn): Float64Array {
    const column = new Float64Array(this.steps.length);
    decodeAxisColumn(this.#stored, name, column);
    return column;
  }
}

/** Fills a column as long as the axis is. @throws RunlogError CORRUPT. */
export function decodeAxisColumn(
  [, steps, times, epochs]: StoredAxis,
  name: AxisColumn,
  column: Float64Array,
): void {
  if (name === 'steps') decodeColumnInto(steps, column);
  else if (name === 'times') decodeColumnInto(times, column);
  else if (epochs === null) column.fill(Number.NaN);
  else decodeColumnInto(epochs, column);
}
