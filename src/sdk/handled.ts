// A promise that need not be awaited: its rejection, when nobody does, ends nothing (G1).
//
// Test: test/sdk/lifecycle.test.ts, test/process/ending.test.ts.

import { asRunlogError } from '../errors.ts';

/** Rejects as `promise` does; an error of Node's becomes ours and names the run. */
export function handled<T>(promise: Promise<T>, hash: string): Promise<T> {
  const told = promise.catch((error: unknown) => {
    throw asRunlogError(error, `run ${hash}`);
  });
  told.catch(() => {});
  return told;
}
