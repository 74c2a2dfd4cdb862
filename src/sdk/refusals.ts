// What a program is told that uses a run in a way in which it was not opened, or not any more.
//
// Spec: spec/errors.md. Test: test/sdk/lifecycle.test.ts.

import { RunlogError } from '../errors.ts';

export const readOnlyError = (hash: string): RunlogError =>
  new RunlogError('RUN_READ_ONLY', `run ${hash}: opened with readOnly; open it without to write`);

export const closedError = (hash: string): RunlogError =>
  new RunlogError('RUN_CLOSED', `run ${hash}: used after close; open it again by its hash`);
