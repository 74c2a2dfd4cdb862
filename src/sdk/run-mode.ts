// RUNLOG_MODE: whether the runs of this process are recorded at all.
//
// 1. A value that is not known is refused when a run is opened: a program that was meant to record
//    nothing would record, or the other way round, and nobody would see it.
//
// Test: test/sdk/bad-input.test.ts.

import { given } from '../model/given.ts';

/**
 * True for RUNLOG_MODE=disabled: every run takes the same calls, and keeps and writes nothing.
 *
 * @throws RangeError naming the variable.
 */
export function isDisabledByMode(): boolean {
  const mode = process.env['RUNLOG_MODE'];
  // A shell that sets the variable to nothing means none.
  if (mode === undefined || mode === '') return false;
  if (mode === 'disabled') return true;
  throw new RangeError(
    `RUNLOG_MODE: expected 'disabled', or that it is not set, got ${given(mode)}; without it runs are recorded`,
  );
}
