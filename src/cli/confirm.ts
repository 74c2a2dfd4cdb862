// Nothing is destroyed without being asked for: by --yes, or by the answer of a person.
//
// Test: test/cli/edit.test.ts, test/cli/terminal.test.ts.

import { exitCode } from './exit-code.ts';
import { escaped, printAside } from './print.ts';

/** True: do it. False: it was said why not, and the exit code is set. */
export async function confirm(question: string, isYes: boolean): Promise<boolean> {
  if (isYes) return true;
  if (process.stdin.isTTY !== true) {
    printAside(`${question} Nobody can be asked here: give --yes to do it`);
    process.exitCode = exitCode.notFoundOrUsage;
    return false;
  }
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${escaped(question)} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return true;
  } finally {
    terminal.close();
  }
  printAside('nothing was done');
  process.exitCode = exitCode.notFoundOrUsage;
  return false;
}
