// A distribution at a step: samples counted into bins, or a histogram as it is given.
//
// 1. Samples are counted as numpy.histogram counts them: bins of equal width from the least to the greatest
//    finite sample, half open but for the last.
// 2. What is no finite number is in no bin, and counted by itself.
//
// Spec: spec/objects.md, Distributions. Test: test/sdk/distribution.test.ts.

import { limits } from '../../limits.ts';
import { checkMembers } from '../../model/check.ts';
import { given } from '../../model/given.ts';
import { TrackedObject, utf8 } from './tracked-object.ts';

/** How samples are counted. */
export interface DistributionOptions {
  /** Of samples, 1 to 512 (distributionBinCountMax). Default 64. */
  readonly binCount?: number | undefined;
}

/** Counts of bins, and where those lie: a range that they share evenly, or their edges. */
export type Histogram =
  | { readonly counts: ArrayLike<number>; readonly range: readonly [number, number] }
  | { readonly counts: ArrayLike<number>; readonly edges: ArrayLike<number> };

/** What is known of the samples besides their bins. */
interface SampleFacts {
  /** Finite ones: those that are in a bin. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
}

const DEFAULT_BINS = 64;
const optionNames = new Set(['binCount']);
const histogramNames = new Set(['counts', 'range', 'edges']);

/** A histogram to be tracked: how samples spread at a step. */
export class Distribution extends TrackedObject {
  readonly counts: readonly number[];
  /** One more than counts, ascending. */
  readonly edges: readonly number[];

  /**
   * Of samples, or of a histogram.
   *
   * @throws TypeError, RangeError naming the argument and the place.
   */
  constructor(from: ArrayLike<number> | Histogram, options: DistributionOptions = {}) {
    checkMembers(options, 'options', optionNames);
    const { counts, bins, edges, facts } = isColumn(from)
      ? binned(from, options.binCount)
      : checkedHistogram(from, options.binCount);
    super(
      'distributions',
      'application/vnd.runlog.distribution+json',
      utf8(JSON.stringify({ counts, ...bins })),
      { bins: counts.length, ...facts },
    );
    this.counts = counts;
    this.edges = edges;
  }
}

interface Binned {
  readonly counts: readonly number[];
  /** As stored: the range or the edges. */
  readonly bins: { readonly range: readonly number[] } | { readonly edges: readonly number[] };
  readonly edges: readonly number[];
  readonly facts: SampleFacts | undefined;
}

const isColumn = (value: unknown): value is ArrayLike<number> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function binned(samples: ArrayLike<number>, binCount: number = DEFAULT_BINS): Binned {
  if (!Number.isInteger(binCount) || binCount < 1 || binCount > limits.distributionBinCountMax)
    throw new RangeError(
      `binCount: expected 1 to ${limits.distributionBinCountMax} (distributionBinCountMax), got ${given(binCount)}`,
    );
  const facts = factsOf(samples);
  const { min, max, count } = facts;
  // As numpy: no samples lie in [0, 1], equal ones in the middle of 1.
  const range: [number, number] =
    count === 0 ? [0, 1] : min === max ? [min - 0.5, max + 0.5] : [min, max];
  const edges = evenEdges(range, binCount);
  const counts = new Array<number>(binCount).fill(0);
  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index] as number;
    if (Number.isFinite(sample)) (counts[binOf(sample, edges)] as number) += 1;
  }
  return { counts, bins: { range }, edges, facts };
}

function factsOf(samples: ArrayLike<number>): SampleFacts {
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let mean = 0;
  let nan = 0;
  let positiveInfinity = 0;
  let negativeInfinity = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index];
    if (typeof sample !== 'number')
      throw new TypeError(`samples[${index}]: expected a number, got ${given(sample)}`);
    if (Number.isFinite(sample)) {
      count += 1;
      min = Math.min(min, sample);
      max = Math.max(max, sample);
      // Not by a sum, which may overflow.
      mean += sample / count - mean / count;
    } else if (Number.isNaN(sample)) nan += 1;
    else if (sample > 0) positiveInfinity += 1;
    else negativeInfinity += 1;
  }
  const found =
    count === 0 ? { min: Number.NaN, max: Number.NaN, mean: Number.NaN } : { min, max, mean };
  return { count, ...found, nan, positiveInfinity, negativeInfinity };
}

/** The edges of `count` bins that share a range. */
export function evenEdges([first, last]: readonly [number, number], count: number): number[] {
  const edges = Array.from({ length: count + 1 }, (_, index) => {
    const width = last - first;
    if (width === Number.POSITIVE_INFINITY)
      return first * (1 - index / count) + last * (index / count);
    return first + width * (index / count);
  });
  edges[count] = last;
  return edges;
}

/** The bin whose edges a value within them lies between. */
function binOf(value: number, edges: readonly number[]): number {
  const count = edges.length - 1;
  const first = edges[0] as number;
  const last = edges[count] as number;
  // Halves: their difference never overflows.
  const part = (value / 2 - first / 2) / (last / 2 - first / 2);
  let bin = Math.min(count - 1, Math.max(0, Math.floor(part * count) || 0));
  // What rounding has moved over an edge.
  while (bin > 0 && value < (edges[bin] as number)) bin -= 1;
  while (bin < count - 1 && value >= (edges[bin + 1] as number)) bin += 1;
  return bin;
}

function checkedHistogram(from: unknown, binCount: number | undefined): Binned {
  checkMembers(from, 'histogram', histogramNames);
  if (binCount !== undefined) throw new TypeError('binCount: a histogram has its bins');
  const histogram = from as { counts: unknown; range?: unknown; edges?: unknown };
  const counts = checkedColumn(histogram.counts, 'counts');
  const wrong = counts.findIndex((each) => each < 0);
  if (wrong >= 0)
    throw new RangeError(`counts[${wrong}]: expected 0 or more, got ${given(counts[wrong])}`);
  if (counts.length < 1 || counts.length > limits.distributionBinCountMax)
    throw new RangeError(
      `counts: ${counts.length} bins, expected 1 to ${limits.distributionBinCountMax} (distributionBinCountMax)`,
    );
  const { range, edges } = histogram;
  if ((range === undefined) === (edges === undefined))
    throw new TypeError('histogram: expected one of range and edges');
  if (range !== undefined) {
    const [first, last] = ascending(checkedColumn(range, 'range'), 'range', 2) as [number, number];
    return {
      counts,
      bins: { range: [first, last] },
      edges: evenEdges([first, last], counts.length),
      facts: undefined,
    };
  }
  const checked = ascending(checkedColumn(edges, 'edges'), 'edges', counts.length + 1);
  return { counts, bins: { edges: checked }, edges: checked, facts: undefined };
}

function ascending(values: readonly number[], argument: string, length: number): readonly number[] {
  if (values.length !== length)
    throw new RangeError(`${argument}: expected ${length} numbers, got ${values.length}`);
  const wrong = values.findIndex(
    (each, index) => index > 0 && !(each > (values[index - 1] as number)),
  );
  if (wrong < 0) return values;
  throw new RangeError(
    `${argument}[${wrong}]: expected more than the one before, got ${given(values[wrong])}`,
  );
}

/** A copy. -0 becomes 0, which JSON has. */
function checkedColumn(values: unknown, argument: string): number[] {
  if (!isColumn(values))
    throw new TypeError(`${argument}: expected an array of numbers, got ${given(values)}`);
  return Array.from(values, (each: unknown, index) => {
    if (typeof each !== 'number')
      throw new TypeError(`${argument}[${index}]: expected a number, got ${given(each)}`);
    if (!Number.isFinite(each))
      throw new RangeError(`${argument}[${index}]: expected a finite number, got ${given(each)}`);
    return each + 0;
  });
}
