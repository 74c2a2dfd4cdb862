// Where a long answer goes: standard output, or a file that appears when it is whole.
//
// 1. Nothing half written is left, also by a signal; a kill leaves `<file>.<random>.partial`. No two programs write
//    one such file, and it is nobody else's.
// 2. A file that is to be a new one takes no other's place, also not that of one that came meanwhile.
// 3. A link leads to the file that is replaced. A pipe or a device is written to: nothing takes its place.
//
// Test: test/cli/export.test.ts, test/cli/values.test.ts.

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

import { RunlogError } from '../index.ts';

export interface OutputFile {
  write(content: string | Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** What was written so far is taken away. */
  discard(): Promise<void>;
}

interface OutputOptions {
  /** Whatever is there already is an error. */
  readonly isNew?: boolean;
  /** Who writes many files hears signals itself: one that comes while a watch ends is heard by nobody. */
  readonly isWatched?: boolean;
}

/** @throws RunlogError IO, also by what it gives. */
export const openOutput = (path: string | undefined, options: OutputOptions = {}): OutputFile =>
  path === undefined ? standardOutput : namedFile(path, options);

const standardOutput: OutputFile = {
  async write(content) {
    // The turn of the loop that this gives is also where a closed pipe is noticed.
    if (process.stdout.write(content)) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => process.stdout.once('drain', resolve));
  },
  async close() {},
  async discard() {},
};

/** Whether something is there that a whole file would take the place of. */
export const isReplaced = (path: string): boolean => existsSync(path) && !isStream(path);

/** Also a link that leads nowhere. */
export const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Something above it is no directory: whoever makes it is told.
    return false;
  }
};

/** With those above it. @throws RunlogError IO. */
export function makeDirectory(path: string): void {
  try {
    makeMissing(resolve(path));
  } catch (error) {
    throw new RunlogError('IO', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Not Node's own with `recursive`: below a path like /proc/x it never answers (Node 20 to 24). */
function makeMissing(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeMissing(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Made by somebody else meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Also a directory, which cannot be written to. */
const isStream = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === false;

/** File systems without links. */
const linkRefused = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function giveName(partial: string, target: string, isNew: boolean): void {
  if (isNew) {
    try {
      // Never over what is there, in one call.
      linkSync(partial, target);
      rmSync(partial);
      return;
    } catch (error) {
      const isRefused = linkRefused.has((error as NodeJS.ErrnoException).code ?? '');
      if (!isRefused || existsSync(target)) throw error;
    }
  }
  renameSync(partial, target);
}

function namedFile(path: string, { isNew = false, isWatched = false }: OutputOptions): OutputFile {
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new RunlogError('IO', `${path}: ${(error as Error).message}`, { cause: error });
    }
  };
  const target = attempt(() => (!isNew && isReplaced(path) ? realpathSync(path) : path));
  const partial =
    !isNew && attempt(() => isStream(path))
      ? undefined
      : `${target}.${randomBytes(4).toString('hex')}.partial`;
  // Before there is anything to remove: a signal that comes in between would leave it.
  const ended = partial === undefined || isWatched ? () => {} : removedBySignals(partial);
  const open = (): number => {
    try {
      if (partial === undefined) return openSync(target, 'w');
      return openSync(partial, 'wx');
    } catch (error) {
      ended();
      throw error;
    }
  };
  const file = attempt(open);
  let turnedAt = performance.now();
  return {
    async write(content) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      let start = 0;
      while (start < bytes.length) start += attempt(() => writeSync(file, bytes, start));
      // A signal is heard between turns of the loop.
      if (performance.now() - turnedAt < TURN_MS) return;
      await new Promise((resolve) => setImmediate(resolve));
      turnedAt = performance.now();
    },
    async close() {
      closeSync(file);
      if (partial !== undefined) attempt(() => giveName(partial, target, isNew));
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
