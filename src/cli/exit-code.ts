// What the command returns. The help and spec/errors.md say the same.
//
// Test: test/cli/cli.test.ts, test/cli/usage.test.ts.

import type { ErrorCode, RunlogError } from '../index.ts';

export const exitCode = {
  done: 0,
  unexpected: 1,
  notFoundOrUsage: 2,
  formatTooNew: 3,
  locked: 4,
  damage: 5,
  fileSystem: 6,
} as const;

export const exitCodeHelp = [
  'Exit codes:',
  '  0  done',
  '  1  unexpected',
  '  2  not found, wrong usage, or not confirmed',
  '  3  written by a newer version',
  '  4  held by a live owner',
  '  5  damage',
  '  6  the file system refused',
].join('\n');

const byError: Partial<Record<ErrorCode, number>> = {
  REPO_NOT_FOUND: exitCode.notFoundOrUsage,
  RUN_NOT_FOUND: exitCode.notFoundOrUsage,
  HASH_AMBIGUOUS: exitCode.notFoundOrUsage,
  QUERY_SYNTAX: exitCode.notFoundOrUsage,
  QUERY_EVALUATION: exitCode.notFoundOrUsage,
  LIMIT: exitCode.notFoundOrUsage,
  FORMAT_TOO_NEW: exitCode.formatTooNew,
  RUN_LOCKED: exitCode.locked,
  CORRUPT: exitCode.damage,
  IO: exitCode.fileSystem,
  FILE_REFUSED: exitCode.fileSystem,
};

export const exitCodeOf = (error: RunlogError): number =>
  byError[error.code] ?? exitCode.unexpected;
