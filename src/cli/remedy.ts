// What a person can do where the file system refused. Pure.
//
// Test: test/cli/damage.test.ts.

import type { RunlogError } from '../index.ts';

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'this user may not: ask for the rights to it, or name a repo of your own with --repo',
  EPERM: 'this user may not: ask for the rights to it, or name a repo of your own with --repo',
  EROFS: 'it is mounted to be read only; `runlog cp` brings runs to a repo elsewhere',
  ENOSPC: 'there is no room left: free some, and do it again',
  EDQUOT: 'your quota is used up: free some room, and do it again',
  EMFILE: 'too many files are open: raise the limit with `ulimit -n`',
};

/** Undefined: nothing is known that helps. */
export function remedyOf({ cause }: RunlogError): string | undefined {
  let error = cause;
  // Whoever wraps keeps what was wrapped.
  for (let depth = 0; depth < 8 && error instanceof Error; depth += 1) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && code in remedies) return remedies[code];
    error = error.cause;
  }
  return undefined;
}
