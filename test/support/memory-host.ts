// A host without a machine: clocks that the test moves, liveness from a table that the test fills,
// syncs and heartbeats that happen as the clock moves.
//
// 1. Deterministic: nothing happens but by a call of the test or of the engine; what falls due while
//    the clock moves happens inside `advance`, in order of time.
// 2. The same rules as the real one where the engine can tell: a mark is taken before its sync, a
//    failed sync ends a slot, one heartbeat a second, nothing after close.
//
// Test: test/engine/host.test.ts.

import type {
  Host,
  OwnerRecord,
  OwnerState,
  SyncSlot,
  SyncSlotOptions,
} from '../../src/engine/host.ts';
import { durations } from '../../src/limits.ts';

export interface MemoryHostOptions {
  /** What is said of a holder that the table does not name. Default: alive. */
  readonly state?: OwnerState;
  /** False: the polite lock is held by another, always. */
  readonly politeLock?: boolean;
}

export interface MemoryHost extends Host {
  /** By nonce in hex; what is set here counts from the next question on. */
  readonly states: Map<string, OwnerState>;
  /** Directories whose polite lock is held. */
  readonly locks: Set<string>;
  /** Moves both clocks; timers and background syncs that fall due happen before it returns. */
  advance(ms: number): void;
}

export const nonceHex = (owner: OwnerRecord): string => Buffer.from(owner.nonce).toString('hex');

const WALL_CLOCK_START = 1_700_000_000_000;

/** Hosts of one test file never give the same nonce twice. */
let nonceCount = 0;

function makeNonce(): Uint8Array {
  nonceCount += 1;
  const nonce = new Uint8Array(16);
  new DataView(nonce.buffer).setUint32(0, nonceCount);
  return nonce;
}

export function memoryHost(options: MemoryHostOptions = {}): MemoryHost {
  const { state = 'alive', politeLock = true } = options;
  const timers = new Timers();
  const states = new Map<string, OwnerState>();
  const locks = new Set<string>();
  return {
    states,
    locks,
    advance: (ms) => timers.advance(ms),
    now: () => WALL_CLOCK_START + timers.now,
    monotonic: () => timers.now,
    liveness: {
      self: () => ({
        host: 'memory',
        bootId: 'boot',
        pidNamespace: 'namespace',
        pid: 1,
        startTime: '1',
        thread: 0,
        nonce: makeNonce(),
        since: WALL_CLOCK_START + timers.now,
        probe: '',
      }),
      announce: async () => undefined,
      state: async (owner) => states.get(nonceHex(owner)) ?? state,
    },
    politeLock: async (directory) => {
      if (!politeLock || locks.has(directory)) return undefined;
      locks.add(directory);
      return { release: () => void locks.delete(directory) };
    },
    schedule: {
      after: (ms, callback) => timers.after(ms, callback),
      wait: (ms) =>
        new Promise((resolve) => {
          timers.after(ms, resolve);
        }),
      rest: async () => {},
      watch: (slot) => new MemorySlot(timers, slot),
    },
  };
}

class Timers {
  now = 1000;
  #pending: { at: number; callback: () => void }[] = [];

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now + ms, callback };
    this.#pending.push(timer);
    return () => {
      this.#pending = this.#pending.filter((each) => each !== timer);
    };
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.#pending.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((each) => each !== due);
      this.now = Math.max(this.now, due.at);
      due.callback();
    }
    this.now = end;
  }
}

class MemorySlot implements SyncSlot {
  readonly #timers: Timers;
  readonly #options: SyncSlotOptions;
  #written = 0;
  #synced = 0;
  #failure: Error | undefined;
  readonly isSyncing = false;
  #isClosed = false;
  #heartbeat = 0;
  #lastBeat: number;
  /** One sync at a time, as on the real host. */
  #running: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};

  constructor(timers: Timers, options: SyncSlotOptions) {
    this.#timers = timers;
    this.#options = options;
    this.#lastBeat = timers.now;
    this.#plan();
  }

  #plan(): void {
    const { syncMs } = this.#options;
    this.#cancel = this.#timers.after(syncMs ?? durations.heartbeatMs, () => {
      this.#plan();
      this.beat();
      if (syncMs !== null && this.#written > this.#synced) this.#syncNow();
    });
  }

  #syncNow(): void {
    if (this.#failure !== undefined) return;
    const mark = this.#written;
    try {
      this.#options.vfs.sync(this.#options.segment);
      this.#synced = Math.max(this.#synced, mark);
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#options.onSync();
  }

  wrote(mark: number): void {
    this.#written = mark;
  }

  synced(): number {
    return this.#synced;
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  request(): Promise<void> {
    const mark = this.#written;
    const sync = this.#running.then(() => this.#syncTo(mark));
    this.#running = sync.catch(() => {});
    return sync;
  }

  async #syncTo(target: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (target <= this.#synced) return;
    if (this.#isClosed) throw new Error('the segment was closed');
    const mark = this.#written;
    try {
      await this.#options.vfs.syncLater(this.#options.segment);
      this.#synced = Math.max(this.#synced, mark);
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    } finally {
      if (!this.#isClosed) this.#options.onSync();
    }
  }

  beat(): void {
    const { vfs, fence, heartbeatOffset } = this.#options;
    if (this.#isClosed || this.#timers.now - this.#lastBeat < durations.heartbeatMs) return;
    this.#lastBeat = this.#timers.now;
    this.#heartbeat = Math.max(this.#heartbeat + 1, WALL_CLOCK_START + this.#timers.now);
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setBigUint64(0, BigInt(this.#heartbeat), true);
    try {
      vfs.write(fence, new Uint8Array(bytes.buffer), heartbeatOffset);
    } catch {
      // As on the real host: it costs a successor's patience, never data.
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }
}
