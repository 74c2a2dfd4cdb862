// Where a long answer goes: standard output, or a file that appears when it is whole.
//
// Test: test/cli/export.test.ts.

import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

import { RunlogError } from '../index.ts';

export interface OutputFile {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** What was written so far is taken away. */
  discard(): Promise<void>;
}

export const openOutput = (path: string | undefined): OutputFile =>
  path === undefined ? standardOutput : namedFile(path);

const standardOutput: OutputFile = {
  async write(text) {
    // The turn of the loop that this gives is also where a closed pipe is noticed.
    if (process.stdout.write(text)) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => process.stdout.once('drain', resolve));
  },
  async close() {},
  async discard() {},
};

function namedFile(path: string): OutputFile {
  const partial = `${path}.partial`;
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new RunlogError('IO', `${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  const file = attempt(() => openSync(partial, 'w'));
  return {
    async write(text) {
      const bytes = Buffer.from(text);
      let start = 0;
      while (start < bytes.length) start += attempt(() => writeSync(file, bytes, start));
    },
    async close() {
      closeSync(file);
      attempt(() => renameSync(partial, path));
    },
    async discard() {
      try {
        closeSync(file);
      } catch {
        // It was closed already.
      }
      rmSync(partial, { force: true });
    },
  };
}
