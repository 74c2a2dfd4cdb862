// The polite lock of a log: says to foreign tools that use proper-lockfile that somebody is at work.
// The only importer of proper-lockfile.
//
// 1. Never trusted: it does not decide who owns (two ways in which it fails are known).
// 2. Its first step, making the directory, is done here and at once; the package, which keeps the
//    directory fresh, is loaded when the lock is a second old. A short run never pays for it.
// 3. Leaves no listener and no patch behind: signal-exit, which the package brings, would make a busy
//    loop immune to Ctrl-C; graceful-fs patches `fs` and `process`. The package is loaded by a
//    synchronous require, so that what changed meanwhile is its doing and nobody else's.
// 4. `release` removes only a lock that is ours, and on the calling thread.
//
// Spec: spec/liveness.md, Polite lock. Test: test/engine/host.test.ts, test/process/host.test.ts.

import * as fs from 'node:fs';
import { createRequire } from 'node:module';

import { errorCode } from '../../errors.ts';
import { LOCK_NAME } from '../format/names.ts';
import type { PoliteLock } from '../host.ts';

const STALE_MS = 10_000;
const UPDATE_MS = 5000;
const LOAD_AFTER_MS = 1000;
/** The coarsest time stamp of a file system in use (FAT). A lock is taken over after five times that. */
const TIME_STAMP_MS = 2000;

type Callback = (error: NodeJS.ErrnoException | null) => void;

/** Undefined when another holds it, or it cannot be had: the log is none the worse. */
export async function takePoliteLock(directory: string): Promise<PoliteLock | undefined> {
  const path = `${directory}/${LOCK_NAME}`;
  try {
    makeLock(path);
    return new Lock(directory, path);
  } catch {
    return undefined;
  }
}

/** Throws Node's error: EEXIST when it is held. */
function makeLock(path: string): void {
  try {
    fs.mkdirSync(path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !isStale(path)) throw error;
    fs.rmdirSync(path);
    fs.mkdirSync(path);
  }
}

const isStale = (path: string): boolean => fs.statSync(path).mtimeMs < Date.now() - STALE_MS;

class Lock implements PoliteLock {
  readonly #directory: string;
  readonly #path: string;
  readonly #inode: number;
  /** The time stamp that was set last, and the one that is being set. */
  #times: [number, number];
  #isOurs = true;
  #timer: NodeJS.Timeout | undefined;
  #stop: (() => Promise<void>) | undefined;

  constructor(directory: string, path: string) {
    const { ino, mtimeMs } = fs.statSync(path);
    this.#directory = directory;
    this.#path = path;
    this.#inode = ino;
    this.#times = [mtimeMs, mtimeMs];
    this.#timer = setTimeout(() => void this.#keepFresh(), LOAD_AFTER_MS).unref();
  }

  /** Nobody has taken it over: a successor's lock has another inode, or the same and a later time. */
  #isHeld(): boolean {
    if (!this.#isOurs) return false;
    const facts = fs.statSync(this.#path, { throwIfNoEntry: false });
    if (facts === undefined || facts.ino !== this.#inode) return false;
    return this.#times.some((time) => Math.abs(facts.mtimeMs - time) <= TIME_STAMP_MS);
  }

  async #keepFresh(): Promise<void> {
    try {
      const stop = await load().lock(this.#directory, {
        realpath: false,
        lockfilePath: this.#path,
        stale: STALE_MS,
        update: UPDATE_MS,
        retries: 0,
        fs: this.#calls(),
        onCompromised: () => {
          this.#isOurs = false;
        },
      });
      if (this.#isOurs) this.#stop = stop;
      else await stop();
    } catch {
      // It becomes stale: others then think that nobody is here, which fences do not.
    }
  }

  /** The calls that the package may make: it takes what we hold, and removes nothing. */
  #calls(): object {
    const isGone = Object.assign(new Error('the lock was lost'), { code: 'ECOMPROMISED' });
    return {
      mkdir: (_path: string, callback: Callback) => callback(this.#isHeld() ? null : isGone),
      rmdir: (_path: string, callback: Callback) => callback(null),
      stat: fs.stat,
      utimes: (path: string, access: Date, time: Date, callback: Callback) => {
        if (!this.#isOurs) {
          callback(isGone);
          return;
        }
        this.#times = [this.#times[1], time.getTime()];
        fs.utimes(path, access, time, callback);
      },
    };
  }

  release(): void {
    clearTimeout(this.#timer);
    const isHeld = this.#isHeld();
    this.#isOurs = false;
    this.#stop?.().catch(() => {});
    this.#stop = undefined;
    if (!isHeld) return;
    try {
      fs.rmdirSync(this.#path);
    } catch {
      // Gone already.
    }
  }
}

type Locking = typeof import('proper-lockfile');
let loaded: Locking | undefined;

/** Loads the package and takes back what loading it did to `process` and `fs`. */
function load(): Locking {
  if (loaded !== undefined) return loaded;
  const require = createRequire(import.meta.url);
  const restore = remember();
  try {
    loaded = require('proper-lockfile') as Locking;
  } finally {
    restore(createRequire(require.resolve('proper-lockfile')));
  }
  return loaded;
}

interface SignalExit {
  unload(): void;
}

type Emitter = Pick<NodeJS.EventEmitter, 'listeners' | 'removeListener'>;

/** signal-exit keeps its callbacks here, for all its copies. */
const exitCallbacks = (): Emitter | undefined =>
  (process as { __signal_exit_emitter__?: Emitter }).__signal_exit_emitter__;

/**
 * Lets `process.on` pass over signals. A listener that is added and removed leaves its signal at its
 * default: Node ignores SIGXFSZ, which then would kill a process that reaches a limit of file size.
 */
function withoutSignals(): void {
  const { on } = process;
  const add = (event: string | symbol, listener: () => void): NodeJS.Process =>
    String(event).startsWith('SIG') ? process : on.call(process, event, listener);
  Object.defineProperty(process, 'on', { value: add, configurable: true, writable: true });
}

/** Notes what the package's dependencies will change; the function puts it back. */
function remember(): (requireBeside: NodeJS.Require) => void {
  const mutableFs = createRequire(import.meta.url)('node:fs') as object;
  const places: [object, string][] = [
    [process, 'on'],
    [process, 'emit'],
    [process, 'reallyExit'],
    [process, 'cwd'],
    [process, 'chdir'],
    [mutableFs, 'close'],
    [mutableFs, 'closeSync'],
  ];
  const before = places.map(([object, key]) => Object.getOwnPropertyDescriptor(object, key));
  const callbacks = new Set(exitCallbacks()?.listeners('exit'));
  const { emit } = process;
  withoutSignals();
  return (requireBeside) => {
    // By its own hand, so that it knows: another user of the same copy may load it again.
    if (process.emit !== emit) (requireBeside('signal-exit') as SignalExit).unload();
    // The package's callback would remove `.lock` at exit, whoever holds it by then.
    const added = exitCallbacks()?.listeners('exit') ?? [];
    for (const each of added) {
      if (!callbacks.has(each)) exitCallbacks()?.removeListener('exit', each as () => void);
    }
    for (const [index, [object, key]] of places.entries()) {
      const descriptor = before[index];
      if (descriptor === undefined) Reflect.deleteProperty(object, key);
      else Object.defineProperty(object, key, descriptor);
    }
  };
}
