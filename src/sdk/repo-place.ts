// Where a repo is that a path names, or that no path names.
//
// Spec: spec/directory.md. Test: test/sdk/repo.test.ts.

import { homedir } from 'node:os';

import type { Vfs } from '../engine/index.ts';
import { asRunlogError } from '../errors.ts';
import { given } from '../model/given.ts';
import { repoPathOf, searchRepo } from '../store/repo-directory.ts';

/**
 * The `.aim` directory of `path`; of undefined that of RUNLOG_REPO, else the nearest above the current
 * directory, else the one that would be made there. It need not exist.
 *
 * @throws TypeError; RunlogError IO.
 */
export function placeOfRepo(path: unknown, vfs: Vfs): string {
  // A NUL would end the path for the kernel, and Node refuses it with an error of its own.
  if (path !== undefined && (typeof path !== 'string' || path === '' || path.includes('\0'))) {
    throw new TypeError(`repo: expected a path, got ${given(path)}`);
  }
  // A shell that sets the variable to nothing means none.
  const wanted = path ?? (process.env['RUNLOG_REPO'] || undefined);
  try {
    const found = wanted === undefined ? searchRepo(vfs, process.cwd()) : undefined;
    return found ?? repoPathOf(wanted ?? process.cwd(), homedir());
  } catch (error) {
    throw asRunlogError(error, 'the repo could not be looked for');
  }
}
