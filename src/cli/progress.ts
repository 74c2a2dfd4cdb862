// How far a long command is: one line on a terminal that is rewritten in place, nothing elsewhere.
//
// Test: test/cli/terminal.test.ts.

import type { ProgressOptions } from '../index.ts';
import { escaped } from './print.ts';
import { beginningOf } from './text-width.ts';

const EVERY_MS = 100;

export interface Progress {
  tell(text: string): void;
  /** Takes the line away. */
  end(): void;
}

export function beginProgress(): Progress {
  const { stderr } = process;
  let last = 0;
  let isShown = false;
  return {
    tell(text) {
      const now = Date.now();
      if (stderr.isTTY !== true || now - last < EVERY_MS) return;
      last = now;
      isShown = true;
      stderr.write(`\r\u001b[2K${beginningOf(escaped(text), (stderr.columns || 80) - 1)}`);
    },
    end() {
      if (isShown) stderr.write('\r\u001b[2K');
      isShown = false;
    },
  };
}

/** Does a long look at the runs of a repo, and tells how far it is. */
export async function withProgress<T>(
  what: string,
  look: (options: ProgressOptions) => Promise<T>,
): Promise<T> {
  const progress = beginProgress();
  try {
    return await look({
      onProgress: (done, of) => progress.tell(`${what}: ${done} of ${of} runs`),
    });
  } finally {
    progress.end();
  }
}
