// Where a long answer goes: standard output, or a file that appears when it is whole.
//
// 1. Nothing half written is left, also by a signal; a kill leaves `<file>.partial`.
// 2. A link leads to the file that is replaced. A pipe or a device is written to: nothing takes its place.
//
// Test: test/cli/export.test.ts.

import {
  closeSync,
  existsSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';

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

/** Whether something is there that a whole file would take the place of. */
export const isReplaced = (path: string): boolean => existsSync(path) && !isStream(path);

/** Also a directory, which cannot be written to. */
const isStream = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === false;

function namedFile(path: string): OutputFile {
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new RunlogError('IO', `${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  const target = attempt(() => (isReplaced(path) ? realpathSync(path) : path));
  const partial = attempt(() => isStream(path)) ? undefined : `${target}.partial`;
  // Before there is anything to remove: a signal that comes in between would leave it.
  const ended = partial === undefined ? () => {} : removedBySignals(partial);
  const open = (): number => {
    try {
      return openSync(partial ?? target, 'w');
    } catch (error) {
      ended();
      throw error;
    }
  };
  const file = attempt(open);
  let turnedAt = performance.now();
  return {
    async write(text) {
      const bytes = Buffer.from(text);
      let start = 0;
      while (start < bytes.length) start += attempt(() => writeSync(file, bytes, start));
      // A signal is heard between turns of the loop.
      if (performance.now() - turnedAt < TURN_MS) return;
      await new Promise((resolve) => setImmediate(resolve));
      turnedAt = performance.now();
    },
    async close() {
      closeSync(file);
      if (partial !== undefined) attempt(() => renameSync(partial, target));
      ended();
    },
    async discard() {
      ended();
      try {
        closeSync(file);
      } catch {
        // It was closed already.
      }
      if (partial !== undefined) rmSync(partial, { force: true });
    },
  };
}

const TURN_MS = 20;

/** Ctrl-C leaves no half of a file, and ends the program as it ends any. Returns what ends the watch. */
function removedBySignals(partial: string): () => void {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const handle = (signal: NodeJS.Signals): void => {
    rmSync(partial, { force: true });
    end();
    process.kill(process.pid, signal);
  };
  const end = (): void => {
    for (const each of signals) process.off(each, handle);
  };
  for (const each of signals) process.on(each, handle);
  return end;
}
