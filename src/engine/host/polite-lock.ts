// The polite lock of a log: says to foreign tools that use proper-lockfile that somebody is at work.
// The only importer of proper-lockfile, loaded at the first log that is opened to write.
//
// 1. Never trusted: it does not decide who owns (two ways in which it fails are known). It is taken
//    after the fence and in the background.
// 2. Leaves no listener and no patch behind: signal-exit, which it brings, would make a busy loop
//    immune to Ctrl-C; graceful-fs patches `fs`. What they add to `process` is undone.
// 3. `release` removes only a lock that is ours.
//
// Test: test/engine/host.test.ts, test/process/host.test.ts.

import * as fs from 'node:fs';

import { LOCK_NAME } from '../format/names.ts';
import type { PoliteLock } from '../host.ts';

const STALE_MS = 10_000;
const UPDATE_MS = 5000;

type Locking = typeof import('proper-lockfile');
let loading: Promise<Locking> | undefined;

/** Loads the package and takes back what loading it did to `process` and `fs`. */
async function load(): Promise<Locking> {
  const before = new Map(
    process.eventNames().map((name) => [name, process.listeners(name as 'exit')]),
  );
  const { emit, reallyExit } = process as unknown as { emit: unknown; reallyExit: unknown };
  const { close, closeSync } = fs;
  const module = (await import('proper-lockfile')) as unknown as { default?: Locking } & Locking;
  for (const name of process.eventNames()) {
    for (const listener of process.listeners(name as 'exit')) {
      if (!before.get(name)?.includes(listener)) process.removeListener(name, listener);
    }
  }
  Object.assign(process, { emit, reallyExit });
  const mutable = fs as unknown as { default: { close: unknown; closeSync: unknown } };
  mutable.default.close = close;
  mutable.default.closeSync = closeSync;
  return module.default ?? module;
}

/** Undefined when another holds it, or it cannot be had: the log is none the worse. */
export async function takePoliteLock(directory: string): Promise<PoliteLock | undefined> {
  loading ??= load();
  const path = `${directory}/${LOCK_NAME}`;
  try {
    const { lock } = await loading;
    const before = new Map(
      process.eventNames().map((name) => [name, process.listeners(name as 'exit')]),
    );
    let isLost = false;
    const release = await lock(directory, {
      realpath: false,
      lockfilePath: path,
      stale: STALE_MS,
      update: UPDATE_MS,
      retries: 0,
      // A copy: the package keeps what it found out about time stamps as a property of it.
      fs: { ...fs },
      onCompromised: () => {
        isLost = true;
      },
    });
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'] as const) {
      for (const listener of process.listeners(name as 'exit')) {
        if (!before.get(name)?.includes(listener)) process.removeListener(name, listener);
      }
    }
    const identity = identityOf(path);
    return {
      release() {
        // The package's own release would remove a lock that somebody has taken over since.
        if (!isLost && identity !== undefined && identityOf(path) === identity) {
          try {
            fs.rmdirSync(path);
          } catch {
            // Gone already.
          }
        }
        release().catch(() => {});
      },
    };
  } catch {
    return undefined;
  }
}

function identityOf(path: string): string | undefined {
  const facts = fs.statSync(path, { throwIfNoEntry: false });
  return facts === undefined ? undefined : `${facts.dev}:${facts.ino}`;
}
