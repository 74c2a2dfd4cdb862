// What a query asks of a run and of its sequences. A catalogue, an open run, or a test stands behind.
//
// 1. Everything is synchronous, and read when it is asked for: a getter may open a file.
// 2. What is not known is undefined; a query sees None.
// 3. The same facts give the same answers as long as a query looks at them.
//
// Spec: spec/query.md, Names. Test: test/query/objects.test.ts.

import type { Context } from '../model/context.ts';

/** One opening of a run by a writer. Times are milliseconds since 1970. */
export interface OpeningFactsForQuery {
  readonly writer: string;
  readonly host: string;
  readonly pid: number;
  readonly openedAt: number;
  readonly resumed: boolean;
  readonly closedAt: number | undefined;
  readonly outcome: string | undefined;
  /** The message of the error that ended it. */
  readonly error: string | undefined;
}

/** Times are milliseconds since 1970. */
export interface RunFactsForQuery {
  readonly hash: string;
  readonly name: string | undefined;
  readonly experiment: string;
  readonly description: string | undefined;
  readonly tags: readonly string[];
  readonly notes: readonly string[];
  readonly archived: boolean;
  readonly createdAt: number;
  /** When the last writer closed; undefined while one has not. */
  readonly endedAt: number | undefined;
  /** Of the last change of a property; undefined: none since the run was created, or not known. */
  readonly updatedAt: number | undefined;
  readonly state: 'running' | 'finished' | 'failed' | 'killed' | 'stalled' | 'unknown';
  /** The last sign of life of a run that has no end; undefined: not known. */
  readonly lastSeenAt: number | undefined;
  readonly host: string | undefined;
  readonly writers: readonly string[];
  readonly openings: readonly OpeningFactsForQuery[];
  /** What is stored at the path, as `view.get` gives it; undefined: nothing. [] is the whole tree. */
  param(path: readonly string[]): unknown;
  /** Every metric that has a point. */
  readonly metrics: readonly SequenceFactsForQuery[];
  /** One metric by name and canonical text of its context. */
  metric(name: string, contextText: string): SequenceFactsForQuery | undefined;
}

export type SequenceKind = 'metric' | 'images' | 'texts' | 'distributions' | 'figures' | 'audios';

/**
 * A sequence of points. Values and what is made of them are those of a metric; of another kind they
 * are undefined. `last` is the value at the greatest step, `first` at the smallest.
 */
export interface SequenceFactsForQuery {
  readonly kind: SequenceKind;
  readonly name: string;
  readonly context: Context;
  readonly writers: readonly string[];
  /** Points that are shown. */
  readonly count: number;
  readonly firstStep: number | undefined;
  readonly lastStep: number | undefined;
  readonly first?: number | undefined;
  readonly last?: number | undefined;
  /** Without NaN; undefined or NaN where there is no other value. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly mean?: number | undefined;
  /** Asked only by conditions on points. */
  readonly points?: PointFacts | undefined;
}

/** Answers about the points of a metric, from summaries of blocks where they suffice. */
export interface PointFacts {
  /** The value at exactly this step. */
  at(step: number): number | undefined;
  firstStepBelow(value: number): number | undefined;
  firstStepAbove(value: number): number | undefined;
  countBelow(value: number): number;
  countAbove(value: number): number;
}

/** The answers by looking at every point. Requires: sorted by step. */
export function pointFacts(steps: ArrayLike<number>, values: ArrayLike<number>): PointFacts {
  const firstStep = (fits: (value: number) => boolean): number | undefined => {
    for (let index = 0; index < values.length; index += 1)
      if (fits(values[index] as number)) return steps[index];
    return undefined;
  };
  const count = (fits: (value: number) => boolean): number => {
    let found = 0;
    for (let index = 0; index < values.length; index += 1)
      if (fits(values[index] as number)) found += 1;
    return found;
  };
  return {
    at: (step) => {
      // Several writers may have one step: the last of them, as `last` takes it.
      let low = 0;
      let high = steps.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((steps[middle] as number) <= step) low = middle + 1;
        else high = middle;
      }
      return steps[low - 1] === step ? values[low - 1] : undefined;
    },
    firstStepBelow: (value) => firstStep((each) => each < value),
    firstStepAbove: (value) => firstStep((each) => each > value),
    countBelow: (value) => count((each) => each < value),
    countAbove: (value) => count((each) => each > value),
  };
}
