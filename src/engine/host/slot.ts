// One open segment as its thread sees it: what is written, what is synced, who waits.
//
// 1. A slot is its thread's own (thread pool, flush path) or the worker's, never both: see
//    sync-scheduler.ts, 2.
// 2. After a failed sync it is over: the handle is never synced again.
// 3. Nothing here throws but what `request` was asked for.
//
// Spec: spec/liveness.md, Background syncs. Test: test/engine/host.test.ts, test/process/host.test.ts.

import { getSystemErrorName } from 'node:util';

import type { SyncSlot, SyncSlotOptions } from '../host.ts';
import type { Vfs } from '../vfs/vfs.ts';
import { LOOK_MS_MAX, LOOK_MS_MIN, slotField, slotState } from './sync-slot.ts';

/** A sync that takes longer has lost its disk: closing goes on without its answer. */
const LET_GO_MS_MAX = 60_000;

export interface SlotScheduler {
  forget(slot: Slot, words: BigInt64Array, isReusable: boolean): void;
  isLoopTurning(now: number): boolean;
  beat(now: number): void;
  offer(slot: Slot): boolean;
  wake(): void;
  checkWorker(): void;
  addWaiting(count: number): void;
  limited(sync: () => Promise<void>): Promise<void>;
}

interface Waiting {
  readonly mark: bigint;
  resolve(): void;
  reject(error: Error): void;
}

export class Slot implements SyncSlot {
  isWithWorker = false;
  readonly vfs: Vfs;
  readonly #scheduler: SlotScheduler;
  readonly #options: SyncSlotOptions;
  #words: BigInt64Array;
  #failure: Error | undefined;
  #isClosed = false;
  isSyncing = false;
  #isPlanned = false;
  /** What `onSync` was called for last. */
  #reported = 0n;
  #hasReportedFailure = false;
  #lastSync = performance.now();
  #waiting: Waiting[] = [];

  constructor(
    owner: SlotScheduler,
    options: SyncSlotOptions,
    words: BigInt64Array,
    heartbeat: bigint,
  ) {
    this.#scheduler = owner;
    this.#options = options;
    this.vfs = options.vfs;
    this.#words = words;
    words[slotField.heartbeat] = heartbeat;
  }

  #load(field: number): bigint {
    return Atomics.load(this.#words, field);
  }

  wrote(mark: number): void {
    Atomics.store(this.#words, slotField.written, BigInt(mark));
  }

  synced(): number {
    return Number(this.#load(slotField.synced));
  }

  failure(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const errno = Number(this.#load(slotField.failed));
    if (errno !== 0) this.#failure = errorOf(errno);
    return this.#failure;
  }

  #isBehind(): boolean {
    return this.#load(slotField.written) > this.#load(slotField.synced);
  }

  /** False while a sync of our own is under way: it is offered again after it. */
  giveToWorker(): boolean {
    if (this.isWithWorker || this.#isClosed || this.isSyncing || this.#failure !== undefined) {
      return this.isWithWorker;
    }
    const { segment, fence, heartbeatOffset, syncMs } = this.#options;
    const words = this.#words;
    words[slotField.segment] = BigInt(segment);
    words[slotField.fence] = BigInt(fence);
    words[slotField.heartbeatOffset] = BigInt(heartbeatOffset);
    const pause = syncMs === null ? 0 : Math.max(1, Math.round(syncMs));
    words[slotField.syncMs] = BigInt(pause);
    const look = syncMs === null ? LOOK_MS_MAX : Math.max(LOOK_MS_MIN, Math.round(pause / 4));
    words[slotField.lookMs] = BigInt(Math.min(look, LOOK_MS_MAX));
    const rest = Math.max(0, pause - (performance.now() - this.#lastSync));
    words[slotField.dueAt] = process.hrtime.bigint() + BigInt(Math.round(rest * 1e6));
    Atomics.store(words, slotField.requested, this.#waiting.length > 0 ? 1n : 0n);
    this.isWithWorker = true;
    this.#scheduler.addWaiting(this.#waiting.length);
    Atomics.store(words, slotField.state, slotState.idle);
    return true;
  }

  /** After it the worker does not touch the descriptors. False: it never answered. */
  #takeFromWorker(): boolean {
    if (!this.isWithWorker) return true;
    this.isWithWorker = false;
    this.#scheduler.addWaiting(-this.#waiting.length);
    const words = this.#words;
    const deadline = performance.now() + LET_GO_MS_MAX;
    const { state } = slotField;
    const { own, idle, busy } = slotState;
    while (Atomics.compareExchange(words, state, idle, own) === busy) {
      if (performance.now() > deadline) {
        Atomics.store(words, state, own);
        return false;
      }
      Atomics.wait(words, state, busy, 1000);
    }
    return true;
  }

  takeFromLostWorker(): void {
    if (!this.isWithWorker) return;
    this.isWithWorker = false;
    this.#scheduler.addWaiting(-this.#waiting.length);
    const before = Atomics.exchange(this.#words, slotField.state, slotState.own);
    // Its answer will never be known, and a second sync may not be told what the first one was.
    if (before === slotState.busy) this.#failure ??= errorOf(-5);
    this.settle();
    if (this.#waiting.length > 0) this.#plan();
  }

  /** On the event loop. */
  tick(now: number): void {
    this.settle();
    const { syncMs } = this.#options;
    if (this.isWithWorker || syncMs === null || !this.#isBehind()) return;
    if (now - this.#lastSync >= syncMs) this.#start();
  }

  /** On the event loop: tells whoever waits what has become of it. */
  settle(): void {
    if (this.#isClosed) return;
    const failure = this.failure();
    const synced = this.#load(slotField.synced);
    const isNews = synced > this.#reported || (failure !== undefined && !this.#hasReportedFailure);
    this.#reported = synced;
    this.#hasReportedFailure = failure !== undefined;
    this.#answer(failure, synced);
    if (isNews) this.#options.onSync();
  }

  #answer(failure: Error | undefined, synced: bigint): void {
    const before = this.#waiting;
    if (before.length === 0) return;
    this.#waiting = [];
    for (const each of before) {
      if (each.mark <= synced) each.resolve();
      else if (failure !== undefined) each.reject(failure);
      else this.#waiting.push(each);
    }
    if (this.isWithWorker) this.#scheduler.addWaiting(this.#waiting.length - before.length);
  }

  request(): Promise<void> {
    const failure = this.failure();
    if (failure !== undefined) return Promise.reject(failure);
    if (this.#isClosed) return Promise.reject(new Error('the segment was closed'));
    const mark = this.#load(slotField.written);
    if (mark <= this.#load(slotField.synced)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mark, resolve, reject });
      if (!this.isWithWorker) {
        this.#plan();
        return;
      }
      this.#scheduler.addWaiting(1);
      Atomics.store(this.#words, slotField.requested, 1n);
      this.#scheduler.wake();
    });
  }

  /** A sync in the next turn of the loop: where there is none, nothing is begun that cannot end. */
  #plan(): void {
    if (this.#isPlanned || this.isSyncing) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      if (!this.isWithWorker) this.#start();
    });
  }

  #start(): void {
    if (this.isSyncing || this.#isClosed || this.failure() !== undefined) return;
    this.isSyncing = true;
    this.#scheduler
      .limited(() => this.#sync())
      .then(() => {
        this.isSyncing = false;
        this.settle();
        if (this.#isClosed || this.#scheduler.offer(this)) return;
        if (this.#waiting.length > 0 && this.#failure === undefined) this.#plan();
      })
      .catch(() => {
        // Nothing above throws but `onSync`, which reports its own trouble.
      });
  }

  async #sync(): Promise<void> {
    if (this.#isClosed) return;
    this.#lastSync = performance.now();
    const mark = this.#load(slotField.written);
    try {
      await this.vfs.syncLater(this.#options.segment);
      // Closed meanwhile: the words may be another segment's.
      if (!this.#isClosed) Atomics.store(this.#words, slotField.synced, mark);
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  beat(): void {
    if (this.isWithWorker) {
      this.#scheduler.checkWorker();
      return;
    }
    const now = performance.now();
    this.#scheduler.beat(now);
    const { syncMs, segment } = this.#options;
    if (syncMs === null || now - this.#lastSync < syncMs || this.isWithWorker) return;
    if (this.isSyncing || this.#scheduler.isLoopTurning(now) || !this.#isBehind()) return;
    if (this.failure() !== undefined) return;
    this.#lastSync = now;
    const mark = this.#load(slotField.written);
    try {
      this.vfs.sync(segment);
      Atomics.store(this.#words, slotField.synced, mark);
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  /** Nothing where the worker beats. */
  writeHeartbeat(): void {
    if (this.isWithWorker || this.#isClosed) return;
    const before = this.#load(slotField.heartbeat);
    const now = BigInt(Date.now());
    const next = now > before ? now : before + 1n;
    Atomics.store(this.#words, slotField.heartbeat, next);
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setBigInt64(0, next, true);
    const { fence, heartbeatOffset } = this.#options;
    try {
      this.vfs.write(fence, new Uint8Array(bytes.buffer), heartbeatOffset);
    } catch {
      // A heartbeat that could not be written costs a successor's patience, never data.
    }
  }

  /**
   * A sync that the thread pool has begun cannot be waited for here: it may still run, on whatever
   * has the number by then, which syncing does no harm. Its answer is dropped.
   */
  close(): void {
    if (this.#isClosed) return;
    const isReusable = this.#takeFromWorker();
    this.#answer(
      this.failure() ?? new Error('the segment was closed'),
      this.#load(slotField.synced),
    );
    this.#isClosed = true;
    const words = this.#words;
    // Whoever still asks is told how it ended, not how the next segment does.
    this.#words = words.slice();
    this.#scheduler.forget(this, words, isReusable);
  }
}

function errorOf(errno: number): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: fdatasync`), { code, errno, syscall: 'fdatasync' });
}
