// Points of one writer of a metric in pieces of a block's size, for who asks of them column by column,
// again and again.
//
// 1. A piece that lies in one column whole is told by its block's summary; only where its least or
//    greatest value is the column's is it decoded, to find the step.
// 2. Steps that are a line, as most are, take no memory.
// 3. A decoded piece keeps least and greatest of each 256 points for good, steps and values while there
//    is room: decoded columns of all pieces of the process are bounded.
// 4. Steps ascend without repeats from piece to piece: what is not so is brought into this form before.
//
// Test: test/store/downsample.test.ts.

import { isLess, type Sample } from './downsample.ts';
import { HeldMemory } from './held-memory.ts';
import type { ShownRows, Summary } from './rows.ts';

/** Steps ascending, and the values that stand there. */
export type PiecePoints = Pick<ShownRows, 'steps' | 'values'>;

/** Steps of a piece, ascending. */
interface PieceSteps {
  at(index: number): number;
  /** Index of the first, from `low` on, that is at least `step`; their number where none is. */
  firstAtLeast(step: number, low: number): number;
}

function stepsOf(steps: Float64Array): PieceSteps & { readonly size: number } {
  const count = steps.length;
  const first = steps[0] as number;
  const increment = count > 1 ? (steps[1] as number) - first : 1;
  const isLine =
    Number.isSafeInteger(increment * count) &&
    steps.every((step, index) => step === first + index * increment);
  if (!isLine)
    return {
      size: steps.byteLength,
      at: (index) => steps[index] as number,
      firstAtLeast: (step, low) => firstAtLeast(steps, step, low),
    };
  return {
    size: 0,
    at: (index) => first + index * increment,
    firstAtLeast: (step, low) =>
      Math.min(count, Math.max(low, Math.ceil((step - first) / increment))),
  };
}

/** Index of the first of the sorted numbers, from `low` on, that is at least `least`. */
export function firstAtLeast(
  sorted: Float64Array | Uint32Array,
  least: number,
  low: number,
): number {
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Held {
  readonly steps: PieceSteps;
  readonly values: Float64Array;
  readonly size: number;
}

const CHUNK = 256;
/** Bytes of decoded columns that are held, in the whole process. */
export const heldPiecesSizeMax = 128 * 1024 * 1024;

const heldPieces = new HeldMemory(heldPiecesSizeMax);

/** Of each chunk: where its least and greatest value stand, and its NaN. */
interface Chunks {
  /** Indexes of points; -1: all of it is NaN. */
  readonly min: Int32Array;
  readonly max: Int32Array;
  readonly nanCount: Uint16Array;
  readonly minValue: Float64Array;
  readonly maxValue: Float64Array;
}

export class PointPiece {
  readonly count: number;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly summary: Summary;
  readonly #decode: () => PiecePoints;
  #held: Held | undefined;
  #chunks: Chunks | undefined;
  /** Where least and greatest of all stand, once it was decoded. */
  #extremes: { readonly minStep: number; readonly maxStep: number } | undefined;

  /** `decode` may be called again and again. */
  constructor(summary: Summary, decode: () => PiecePoints) {
    this.count = summary.count;
    this.firstStep = summary.firstStep;
    this.lastStep = summary.lastStep;
    this.summary = summary;
    this.#decode = decode;
  }

  /** Lets go of what it has decoded. */
  release(): void {
    heldPieces.leave(this);
    this.#held = undefined;
  }

  #points(): Held {
    let held = this.#held;
    if (held === undefined) {
      const { steps, values } = this.#decode();
      this.#chunks ??= chunksOf(values);
      const line = stepsOf(steps);
      held = { steps: line, values, size: line.size + values.byteLength };
      this.#held = held;
    }
    heldPieces.use(this, held.size);
    return held;
  }

  /** Index of its first point, from `low` on, whose step is at least `step`. */
  firstAtLeast(step: number, low = 0): number {
    return this.#points().steps.firstAtLeast(step, low);
  }

  /** Not to be changed. */
  get values(): Float64Array {
    return this.#points().values;
  }

  stepAt(index: number): number {
    return this.#points().steps.at(index);
  }

  /** Where its least and greatest value stand; NaN where it has none. */
  extremes(): { readonly minStep: number; readonly maxStep: number } {
    if (this.#extremes === undefined) {
      const { minStep, maxStep } = this.sample(0, this.count);
      this.#extremes = { minStep, maxStep };
    }
    return this.#extremes;
  }

  /** What the points with indexes in [from, until) amount to. */
  sample(from: number, until: number): Sample {
    const { steps, values } = this.#points();
    const chunks = this.#chunks as Chunks;
    const found = { min: -1, max: -1, nanCount: 0 };
    const firstWhole = Math.ceil(from / CHUNK);
    const endWhole = Math.floor(until / CHUNK);
    if (firstWhole >= endWhole) lookAt(values, from, until, found);
    else {
      lookAt(values, from, firstWhole * CHUNK, found);
      for (let chunk = firstWhole; chunk < endWhole; chunk += 1)
        addChunk(values, chunks, chunk, found);
      lookAt(values, endWhole * CHUNK, until, found);
    }
    const valueAt = (index: number): number => (index < 0 ? Number.NaN : (values[index] as number));
    const stepAt = (index: number): number => (index < 0 ? Number.NaN : steps.at(index));
    return {
      count: until - from,
      nanCount: found.nanCount,
      first: values[from] as number,
      firstStep: steps.at(from),
      last: values[until - 1] as number,
      lastStep: steps.at(until - 1),
      min: valueAt(found.min),
      minStep: stepAt(found.min),
      max: valueAt(found.max),
      maxStep: stepAt(found.max),
    };
  }
}

interface Found {
  min: number;
  max: number;
  nanCount: number;
}

function lookAt(values: Float64Array, from: number, until: number, found: Found): void {
  let { min, max, nanCount } = found;
  let least = min < 0 ? Number.NaN : (values[min] as number);
  let greatest = max < 0 ? Number.NaN : (values[max] as number);
  for (let index = from; index < until; index += 1) {
    const value = values[index] as number;
    if (value > least && value < greatest) continue;
    if (Number.isNaN(value)) {
      nanCount += 1;
      continue;
    }
    if (min < 0 || isLess(value, least)) {
      min = index;
      least = value;
    }
    if (max < 0 || isLess(greatest, value)) {
      max = index;
      greatest = value;
    }
  }
  found.min = min;
  found.max = max;
  found.nanCount = nanCount;
}

function addChunk(values: Float64Array, chunks: Chunks, chunk: number, found: Found): void {
  found.nanCount += chunks.nanCount[chunk] as number;
  const min = chunks.min[chunk] as number;
  if (min < 0) return;
  if (found.min < 0 || isLess(chunks.minValue[chunk] as number, values[found.min] as number))
    found.min = min;
  if (found.max < 0 || isLess(values[found.max] as number, chunks.maxValue[chunk] as number))
    found.max = chunks.max[chunk] as number;
}

function chunksOf(values: Float64Array): Chunks {
  const count = Math.ceil(values.length / CHUNK);
  const chunks = {
    min: new Int32Array(count),
    max: new Int32Array(count),
    nanCount: new Uint16Array(count),
    minValue: new Float64Array(count),
    maxValue: new Float64Array(count),
  };
  for (let chunk = 0; chunk < count; chunk += 1) {
    const found = { min: -1, max: -1, nanCount: 0 };
    lookAt(values, chunk * CHUNK, Math.min(values.length, (chunk + 1) * CHUNK), found);
    chunks.min[chunk] = found.min;
    chunks.max[chunk] = found.max;
    chunks.nanCount[chunk] = found.nanCount;
    chunks.minValue[chunk] = values[found.min] ?? Number.NaN;
    chunks.maxValue[chunk] = values[found.max] ?? Number.NaN;
  }
  return chunks;
}
