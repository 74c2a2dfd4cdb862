// Conditions on the points of a metric, answered from summaries of blocks where they say enough: a block
// whose greatest value is not above a bound has no value above it, and is not decoded.
//
// 1. First the summary of all points, which the catalogue may know: most questions end there.
// 2. Several writers may have one step: the value of the last of them counts for `at`, all for the others.
//
// Test: test/store/point-conditions.test.ts.

import type { PointPiece } from './point-piece.ts';
import type { Summary } from './rows.ts';

/** What is asked of the points. */
export interface PointConditions {
  /** The value at exactly this step. */
  at(step: number): number | undefined;
  firstStepBelow(value: number): number | undefined;
  firstStepAbove(value: number): number | undefined;
  countBelow(value: number): number;
  countAbove(value: number): number;
}

type Summarized = Pick<
  Summary,
  'count' | 'nanCount' | 'first' | 'last' | 'firstStep' | 'lastStep' | 'min' | 'max'
>;

/** All points have a value below, none has, or it is to be looked at: NaN counts as neither. */
type Share = 'all' | 'none' | 'some';

const shareAbove = ({ min, max, nanCount }: Summarized, value: number): Share => {
  if (!(max > value)) return 'none';
  return min > value && nanCount === 0 ? 'all' : 'some';
};
const shareBelow = ({ min, max, nanCount }: Summarized, value: number): Share => {
  if (!(min < value)) return 'none';
  return max < value && nanCount === 0 ? 'all' : 'some';
};

type Fits = (each: number, value: number) => boolean;
const isAbove: Fits = (each, value) => each > value;
const isBelow: Fits = (each, value) => each < value;

/** `whole`: what all points amount to; undefined: there is none. `details` are asked where that is too little. */
export function conditionsOf(
  whole: Summarized | undefined,
  details: () => PointConditions,
): PointConditions {
  let known: PointConditions | undefined;
  const detailed = (): PointConditions => {
    known ??= details();
    return known;
  };
  const first = (share: Share, look: () => number | undefined): number | undefined => {
    if (share === 'none') return undefined;
    return share === 'all' ? whole?.firstStep : look();
  };
  const count = (share: Share, look: () => number): number => {
    if (share === 'none') return 0;
    return share === 'all' ? (whole?.count ?? 0) : look();
  };
  const above = (value: number): Share => (whole === undefined ? 'none' : shareAbove(whole, value));
  const below = (value: number): Share => (whole === undefined ? 'none' : shareBelow(whole, value));
  return {
    at: (step) => {
      if (whole === undefined || !(step >= whole.firstStep && step <= whole.lastStep))
        return undefined;
      return step === whole.lastStep ? whole.last : detailed().at(step);
    },
    firstStepBelow: (value) => first(below(value), () => detailed().firstStepBelow(value)),
    firstStepAbove: (value) => first(above(value), () => detailed().firstStepAbove(value)),
    countBelow: (value) => count(below(value), () => detailed().countBelow(value)),
    countAbove: (value) => count(above(value), () => detailed().countAbove(value)),
  };
}

/** Of the pieces of each writer, in the order of their names. */
export function conditionsOfPieces(writers: readonly (readonly PointPiece[])[]): PointConditions {
  return {
    at: (step) => {
      let found: number | undefined;
      for (const pieces of writers) found = valueAt(pieces, step) ?? found;
      return found;
    },
    firstStepBelow: (value) => firstStep(writers, value, shareBelow, isBelow),
    firstStepAbove: (value) => firstStep(writers, value, shareAbove, isAbove),
    countBelow: (value) => count(writers, value, shareBelow, isBelow),
    countAbove: (value) => count(writers, value, shareAbove, isAbove),
  };
}

function valueAt(pieces: readonly PointPiece[], step: number): number | undefined {
  const piece = pieces.find((each) => each.firstStep <= step && step <= each.lastStep);
  if (piece === undefined) return undefined;
  if (step === piece.firstStep) return piece.summary.first;
  if (step === piece.lastStep) return piece.summary.last;
  const index = piece.firstAtLeast(step);
  const value = piece.stepAt(index) === step ? piece.values[index] : undefined;
  piece.release();
  return value;
}

type ShareOf = (summary: Summarized, value: number) => Share;

function firstStep(
  writers: readonly (readonly PointPiece[])[],
  value: number,
  shareOf: ShareOf,
  fits: Fits,
): number | undefined {
  let found: number | undefined;
  for (const pieces of writers)
    for (const piece of pieces) {
      if (found !== undefined && piece.firstStep >= found) break;
      if (shareOf(piece.summary, value) === 'none') continue;
      const step = firstStepOf(piece, value, fits);
      if (step !== undefined && (found === undefined || step < found)) found = step;
      if (step !== undefined) break;
    }
  return found;
}

function firstStepOf(piece: PointPiece, value: number, fits: Fits): number | undefined {
  if (fits(piece.summary.first, value)) return piece.firstStep;
  const index = piece.values.findIndex((each) => fits(each, value));
  const step = index < 0 ? undefined : piece.stepAt(index);
  piece.release();
  return step;
}

function count(
  writers: readonly (readonly PointPiece[])[],
  value: number,
  shareOf: ShareOf,
  fits: Fits,
): number {
  let found = 0;
  for (const piece of writers.flat()) {
    const share = shareOf(piece.summary, value);
    if (share === 'all') found += piece.count;
    if (share !== 'some') continue;
    for (const each of piece.values) if (fits(each, value)) found += 1;
    piece.release();
  }
  return found;
}
