// How far a long look at a repo is: told before each of its runs.
//
// Test: test/sdk/progress.test.ts.

import { checkMembers } from '../model/check.ts';
import { given } from '../model/given.ts';

/** Who is told how far a long look at a repo has come. */
export interface ProgressOptions {
  /**
   * Called before each run with the number of those that are done, and of all. A look that goes over the runs
   * twice begins anew. What it throws ends the look.
   */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

type OnProgress = ProgressOptions['onProgress'];

/** @throws TypeError naming the option. */
export function checkProgress(
  options: ProgressOptions,
  names: ReadonlySet<string> = new Set(['onProgress']),
): OnProgress {
  checkMembers(options, 'options', names);
  const { onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`onProgress: expected a function, got ${given(onProgress)}`);
  return onProgress;
}

export function* told<T>(all: readonly T[], onProgress: OnProgress): Generator<T> {
  for (const [done, each] of all.entries()) {
    onProgress?.(done, all.length);
    yield each;
  }
}
