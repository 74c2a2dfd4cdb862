// Points of a metric by pixel column, for a plot: of each column what stands first and last in it, its
// least and greatest value and where they stand. Pure.
//
// 1. Columns divide the steps from `fromStep` to `toStep` as evenly as whole steps allow: step s is in
//    column floor((s - fromStep) * width / (toStep - fromStep)), exactly.
// 2. Every point of the window is in the answer of its column, none is estimated. Equal values: the
//    first that has it. -0 is less than 0.
// 3. NaN is a gap: counted, first or last where it stands there, never least or greatest.
//
// Test: test/store/downsample.test.ts.

/** A plot's pixel columns: element `i` of each array is of column `i`. NaN where a column has no number. */
export interface Downsampled {
  readonly fromStep: number;
  /** One past the last step. */
  readonly toStep: number;
  readonly width: number;
  /** Points in each column, NaN included; a column without any has NaN in all others. */
  readonly counts: Float64Array;
  /** NaN among them. */
  readonly nanCounts: Float64Array;
  readonly first: Float64Array;
  readonly firstStep: Float64Array;
  readonly last: Float64Array;
  readonly lastStep: Float64Array;
  /** Without NaN; NaN where the column has no other value. */
  readonly min: Float64Array;
  readonly minStep: Float64Array;
  readonly max: Float64Array;
  readonly maxStep: Float64Array;
}

/** First step of each column, and one past the last step of the last. */
export function columnEdges(fromStep: number, toStep: number, width: number): Float64Array {
  const edges = new Float64Array(width + 1);
  const span = toStep - fromStep;
  const isExact = Number.isSafeInteger(span) && Number.isSafeInteger(span * width);
  for (let column = 0; column < width; column += 1)
    edges[column] = isExact
      ? fromStep + Math.ceil((column * span) / width)
      : exactEdge(BigInt(fromStep), BigInt(toStep), BigInt(width), BigInt(column));
  edges[width] = toStep;
  return edges;
}

function exactEdge(from: bigint, to: bigint, width: bigint, column: bigint): number {
  return Number(from + (column * (to - from) + width - 1n) / width);
}

/** What is told of a stretch of points, or of a column so far. */
export interface Sample {
  count: number;
  nanCount: number;
  first: number;
  firstStep: number;
  last: number;
  lastStep: number;
  min: number;
  minStep: number;
  max: number;
  maxStep: number;
}

/** Whether `a` is below `b`, where -0 is less than 0. */
export const isLess = (a: number, b: number): boolean =>
  a < b || (a === 0 && b === 0 && Object.is(a, -0) && !Object.is(b, -0));

export class Columns implements Downsampled {
  readonly fromStep: number;
  readonly toStep: number;
  readonly width: number;
  readonly counts: Float64Array;
  readonly nanCounts: Float64Array;
  readonly first: Float64Array;
  readonly firstStep: Float64Array;
  readonly last: Float64Array;
  readonly lastStep: Float64Array;
  readonly min: Float64Array;
  readonly minStep: Float64Array;
  readonly max: Float64Array;
  readonly maxStep: Float64Array;

  constructor(fromStep: number, toStep: number, width: number) {
    this.fromStep = fromStep;
    this.toStep = toStep;
    this.width = width;
    const none = (): Float64Array => new Float64Array(width).fill(Number.NaN);
    this.counts = new Float64Array(width);
    this.nanCounts = new Float64Array(width);
    this.first = none();
    this.firstStep = none();
    this.last = none();
    this.lastStep = none();
    this.min = none();
    this.minStep = none();
    this.max = none();
    this.maxStep = none();
  }

  /** Stretches of one writer come in order of step, writers in the order of their names. */
  add(column: number, sample: Sample): void {
    if (sample.count === 0) return;
    const isNew = this.counts[column] === 0;
    this.counts[column] = (this.counts[column] as number) + sample.count;
    this.nanCounts[column] = (this.nanCounts[column] as number) + sample.nanCount;
    if (isNew || sample.firstStep < (this.firstStep[column] as number)) {
      this.first[column] = sample.first;
      this.firstStep[column] = sample.firstStep;
    }
    if (isNew || sample.lastStep >= (this.lastStep[column] as number)) {
      this.last[column] = sample.last;
      this.lastStep[column] = sample.lastStep;
    }
    this.#addMin(column, sample);
    this.#addMax(column, sample);
  }

  #addMin(column: number, { min, minStep }: Sample): void {
    if (Number.isNaN(min)) return;
    const known = this.min[column] as number;
    const isEarlier = Object.is(min, known) && minStep < (this.minStep[column] as number);
    if (!Number.isNaN(known) && !isLess(min, known) && !isEarlier) return;
    this.min[column] = min;
    this.minStep[column] = minStep;
  }

  #addMax(column: number, { max, maxStep }: Sample): void {
    if (Number.isNaN(max)) return;
    const known = this.max[column] as number;
    const isEarlier = Object.is(max, known) && maxStep < (this.maxStep[column] as number);
    if (!Number.isNaN(known) && !isLess(known, max) && !isEarlier) return;
    this.max[column] = max;
    this.maxStep[column] = maxStep;
  }
}
