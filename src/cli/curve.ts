// A curve as a chart draws it: for each column the first, last, least and greatest value in it.
//
// 1. Pure. A NaN, or what a logarithm has no place for, is a gap; so is nothing else.
// 2. However many points there are, drawing costs what the columns cost.
//
// Test: test/cli/chart.test.ts.

import type { Downsampled } from '../index.ts';

export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** What falls into one column. */
export interface Bin {
  readonly column: number;
  /** Of its first point. */
  readonly x: number;
  first: number;
  last: number;
  min: number;
  max: number;
  /** The line does not reach this column from the one before. */
  readonly isAfterGap: boolean;
}

/** Least and greatest of what a scale has a place for; undefined where there is nothing. */
export function rangeOf(
  columns: readonly Float64Array[],
  isShown: (value: number) => boolean,
): readonly [number, number] | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value) || !isShown(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min > max ? undefined : [min, max];
}

/** Places a value between 0 and 1. */
export interface Scale {
  readonly range: readonly [number, number];
  readonly isLog: boolean;
  place(value: number): number;
}

export function scaleOf([min, max]: readonly [number, number], isLog: boolean): Scale {
  const spelled = isLog ? Math.log : (value: number): number => value;
  // One value stands in the middle.
  const low = min === max ? spelled(min) - 0.5 : spelled(min);
  const high = min === max ? low + 1 : spelled(max);
  return { range: [min, max], isLog, place: (value) => (spelled(value) - low) / (high - low) };
}

export function binsOf({ x, y }: Curve, scale: Scale, isShown: Shown, columns: number): Bin[] {
  const bins: Bin[] = [];
  let current: Bin | undefined;
  let isAfterGap = true;
  for (let index = 0; index < x.length; index += 1) {
    const at = x[index] as number;
    const value = y[index] as number;
    if (!Number.isFinite(at) || !Number.isFinite(value) || !isShown(at, value)) {
      current = undefined;
      isAfterGap = true;
      continue;
    }
    const column = Math.round(scale.place(at) * (columns - 1));
    if (current?.column === column) {
      current.last = value;
      if (value < current.min) current.min = value;
      if (value > current.max) current.max = value;
      continue;
    }
    current = { column, x: at, first: value, last: value, min: value, max: value, isAfterGap };
    bins.push(current);
    isAfterGap = false;
  }
  return bins;
}

export type Shown = (x: number, y: number) => boolean;

/**
 * A curve of at most four points a column, each where it stands: drawn in far fewer columns than these it
 * looks like all of its points, but for a dot where one of these lies across the border of two that are
 * drawn: its extremes may both stand on one side. A column of NaN alone is a gap.
 */
export function curveOfColumns(from: Downsampled): Curve {
  const points: [number, number][] = [];
  for (let column = 0; column < from.width; column += 1) {
    if (from.counts[column] === 0) continue;
    const there = [
      [from.firstStep, from.first],
      [from.minStep, from.min],
      [from.maxStep, from.max],
      [from.lastStep, from.last],
    ] as const;
    const shown = there
      .map(([steps, values]): [number, number] => [
        steps[column] as number,
        values[column] as number,
      ])
      .filter(([step], index) => index === 0 || !Number.isNaN(step));
    points.push(...shown.sort(([a], [b]) => a - b));
  }
  return {
    x: Float64Array.from(points, ([step]) => step),
    y: Float64Array.from(points, ([, value]) => value),
  };
}
