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
  const answer = await asked(`${escaped(question)} [y/N] `);
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return true;
  printAside('nothing was done');
  process.exitCode = exitCode.notFoundOrUsage;
  return false;
}

/** Undefined: it was not answered (Ctrl-D). Ctrl-C ends the program as it ends any. */
async function asked(question: string): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve) => {
      const end = (): void => {
        process.stderr.write('\n');
        resolve(undefined);
      };
      terminal.once('close', end);
      terminal.once('SIGINT', () => {
        terminal.off('close', end);
        // It gives the terminal back as it was.
        terminal.close();
        process.stderr.write('\n');
        process.kill(process.pid, 'SIGINT');
      });
      terminal.question(question, (text) => {
        terminal.off('close', end);
        resolve(text);
      });
    });
  } finally {
    terminal.close();
  }
}
