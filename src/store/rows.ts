// Points of one sequence of one writer in columns, and what of them a reader is shown.
//
// 1. Rows are in order of (step, point number) once sorted; the point number is the order of arrival.
// 2. Hidden by a rewind: step at or above its step, number below its target's.
// 3. Of several rows at one step the one with the greatest number is the value; the others are raw.
//
// Spec: spec/records.md, Points and Rewind. Test: test/store/rows.test.ts.

import { isSystemName } from '../model/sequence.ts';
import type { Rewind, RewindTarget } from './record.ts';

/** What a reader is given. */
export interface ShownRows {
  readonly steps: Float64Array;
  readonly values: Float64Array;
  readonly times: Float64Array;
  /** NaN: none. */
  readonly epochs: Float64Array;
}

export interface Rows extends ShownRows {
  /** Point numbers. */
  readonly numbers: Float64Array;
}

const COLUMNS = ['steps', 'values', 'times', 'epochs', 'numbers'] as const;

export const NO_ROWS: Rows = makeRows(0);

export function makeShownRows(count: number): ShownRows {
  return {
    steps: new Float64Array(count),
    values: new Float64Array(count),
    times: new Float64Array(count),
    epochs: new Float64Array(count),
  };
}

export function makeRows(count: number): Rows {
  return { ...makeShownRows(count), numbers: new Float64Array(count) };
}

/** The rows at these indexes, in their order. */
export function takeRows(rows: Rows, indexes: ArrayLike<number>): Rows {
  const taken = makeRows(indexes.length);
  for (const column of COLUMNS) {
    const source = rows[column];
    const target = taken[column];
    for (let index = 0; index < indexes.length; index += 1)
      target[index] = source[indexes[index] as number] as number;
  }
  return taken;
}

export function concatRows(parts: readonly Rows[]): Rows {
  if (parts.length === 1) return parts[0] as Rows;
  const all = makeRows(parts.reduce((sum, each) => sum + each.steps.length, 0));
  let offset = 0;
  for (const part of parts) {
    setRows(all, part, offset);
    offset += part.steps.length;
  }
  return all;
}

/** Copies `part` over the rows from `offset` on. */
export function setRows(rows: Rows, part: Rows, offset: number): void {
  for (const column of COLUMNS) rows[column].set(part[column], offset);
}

/** The rows from `start` to `end`, on the same memory. */
export function partOfRows(rows: Rows, start: number, end: number): Rows {
  if (start === 0 && end === rows.steps.length) return rows;
  return { ...partOfShown(rows, start, end), numbers: rows.numbers.subarray(start, end) };
}

export function partOfShown(rows: ShownRows, start: number, end: number): ShownRows {
  return {
    steps: rows.steps.subarray(start, end),
    values: rows.values.subarray(start, end),
    times: rows.times.subarray(start, end),
    epochs: rows.epochs.subarray(start, end),
  };
}

/** Rows whose times and epochs are made when somebody asks, each once: who reads values seldom needs them. */
export function lateShown(
  { steps, values }: Pick<ShownRows, 'steps' | 'values'>,
  late: { readonly times: () => Float64Array; readonly epochs: () => Float64Array },
): ShownRows {
  let times: Float64Array | undefined;
  let epochs: Float64Array | undefined;
  return {
    steps,
    values,
    get times() {
      times ??= late.times();
      return times;
    },
    get epochs() {
      epochs ??= late.epochs();
      return epochs;
    },
  };
}

/** A part of each column. Times and epochs that are made late stay unread; of others no closure is made. */
export function columnsOf(
  rows: ShownRows,
  part: (column: Float64Array) => Float64Array,
): ShownRows {
  const [steps, values] = [part(rows.steps), part(rows.values)];
  if (Object.getOwnPropertyDescriptor(rows, 'times')?.get === undefined)
    return { steps, values, times: part(rows.times), epochs: part(rows.epochs) };
  return lateShown(
    { steps, values },
    { times: () => part(rows.times), epochs: () => part(rows.epochs) },
  );
}

/** So are the numbers: rows in order, each at a step of its own, need none. */
export function lateRows(
  now: Pick<Rows, 'steps' | 'values'>,
  late: Readonly<Record<'times' | 'epochs' | 'numbers', () => Float64Array>>,
): Rows {
  let numbers: Float64Array | undefined;
  const rows = lateShown(now, late) as Rows;
  return Object.defineProperty(rows, 'numbers', {
    enumerable: true,
    get() {
      numbers ??= late.numbers();
      return numbers;
    },
  });
}

/** Sorted by (step, number); the same object where it is so already. */
export function sortRows(rows: Rows): Rows {
  const { steps, numbers } = rows;
  let isSorted = true;
  for (let index = 1; index < steps.length && isSorted; index += 1) {
    const before = steps[index - 1] as number;
    const step = steps[index] as number;
    isSorted =
      before < step ||
      (before === step && (numbers[index - 1] as number) <= (numbers[index] as number));
  }
  if (isSorted) return rows;
  const order = Uint32Array.from(steps, (_, index) => index);
  order.sort(
    (a, b) =>
      (steps[a] as number) - (steps[b] as number) ||
      (numbers[a] as number) - (numbers[b] as number),
  );
  return takeRows(rows, order);
}

/** Which points of a sequence of one writer the standing rewinds hide. */
export type Cut = { readonly step: number; readonly number: number };

export function cutsOf(
  rewinds: readonly Rewind[],
  writer: string,
  name: string,
  contextText: string,
): Cut[] {
  return targetsOf(rewinds, writer, name, contextText).map(({ step, target }) => ({
    step,
    number: target.number,
  }));
}

/** Each rewind that reaches a sequence of a writer: from which step on, and how far its log was then. */
export function targetsOf(
  rewinds: readonly Rewind[],
  writer: string,
  name: string,
  contextText: string,
): { readonly step: number; readonly target: RewindTarget }[] {
  const found: { step: number; target: RewindTarget }[] = [];
  for (const rewind of rewinds) {
    const isMeant = rewind.name === undefined ? !isSystemName(name) : rewind.name === name;
    if (!isMeant || (rewind.contextText !== undefined && rewind.contextText !== contextText))
      continue;
    for (const target of rewind.targets) {
      if (target.writer === writer) found.push({ step: rewind.step, target });
    }
  }
  return found;
}

/** The rows that no cut hides. */
export function visibleRows(rows: Rows, cuts: readonly Cut[]): Rows {
  if (cuts.length === 0) return rows;
  const kept: number[] = [];
  for (let index = 0; index < rows.steps.length; index += 1) {
    const step = rows.steps[index] as number;
    const number = rows.numbers[index] as number;
    if (!cuts.some((cut) => step >= cut.step && number < cut.number)) kept.push(index);
  }
  return kept.length === rows.steps.length ? rows : takeRows(rows, kept);
}

/** Of sorted rows the last at each step. */
export function newestRows(rows: Rows): Rows {
  const { steps } = rows;
  let repeats = 0;
  for (let index = 1; index < steps.length; index += 1)
    if (steps[index] === steps[index - 1]) repeats += 1;
  if (repeats === 0) return rows;
  const kept: number[] = [];
  for (let index = 0; index < steps.length; index += 1)
    if (steps[index] !== steps[index + 1]) kept.push(index);
  return takeRows(rows, kept);
}

/** Rows with a step in [fromStep, toStep). */
export function rowsBetween(rows: ShownRows, fromStep: number, toStep: number): ShownRows {
  const start = firstAtLeast(rows.steps, fromStep);
  const end = firstAtLeast(rows.steps, toStep);
  if (start === 0 && end === rows.steps.length) return rows;
  const part = (column: Float64Array): Float64Array => column.subarray(start, Math.max(start, end));
  return columnsOf(rows, part);
}

function firstAtLeast(steps: Float64Array, step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Rows of several writers as one, ordered by (step, writer): `parts` in the order of the writers'
 * names, each sorted by step.
 */
export function mergeWriters(parts: readonly Rows[]): Rows {
  const filled = parts.filter((each) => each.steps.length > 0);
  if (filled.length <= 1) return filled[0] ?? NO_ROWS;
  const all = concatRows(filled);
  const { steps } = all;
  const order = Uint32Array.from(steps, (_, index) => index);
  // Stable by index: rows stand in the order of writers before.
  order.sort((a, b) => (steps[a] as number) - (steps[b] as number) || a - b);
  return takeRows(all, order);
}

export interface Summary {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly firstStep: number;
  readonly lastStep: number;
  /** Without NaN; NaN when there is no other value. */
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly nanCount: number;
}

/** Of the shown rows of a writer, or of a run: `last` is the value at the greatest step. */
export function summarize(rows: Rows): Summary | undefined {
  const { values, steps } = rows;
  const count = values.length;
  if (count === 0) return undefined;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let nanCount = 0;
  for (const value of values) {
    if (Number.isNaN(value)) nanCount += 1;
    else {
      // Not by comparison: -0 is less than 0 here, whatever the order they came in.
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
    }
  }
  const isAllNan = nanCount === count;
  return {
    count,
    nanCount,
    sum,
    min: isAllNan ? Number.NaN : min,
    max: isAllNan ? Number.NaN : max,
    first: values[0] as number,
    last: values[count - 1] as number,
    firstStep: steps[0] as number,
    lastStep: steps[count - 1] as number,
  };
}

/** Of parts in the order of writers, those of one writer by step. Of equal steps the later part's. */
export function mergeSummaries(parts: readonly Summary[]): Summary | undefined {
  if (parts.length === 0) return undefined;
  return parts.reduce((all, each) => {
    const isFirst = each.firstStep < all.firstStep;
    const isLast = each.lastStep >= all.lastStep;
    return {
      count: all.count + each.count,
      nanCount: all.nanCount + each.nanCount,
      sum: all.sum + each.sum,
      min: lesser(all.min, each.min),
      max: -lesser(-all.max, -each.max),
      first: isFirst ? each.first : all.first,
      firstStep: isFirst ? each.firstStep : all.firstStep,
      last: isLast ? each.last : all.last,
      lastStep: isLast ? each.lastStep : all.lastStep,
    };
  });
}

/** The lesser of two, where NaN stands for none. */
const lesser = (a: number, b: number): number =>
  Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b);
