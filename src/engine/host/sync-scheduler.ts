// Background syncs and heartbeats of every open segment of this thread.
//
// 1. For the first second syncs run on the thread pool; then one worker thread does them, so that
//    watermark and heartbeat advance in a loop that never yields.
// 2. A mark is sampled before its fdatasync begins: what is written meanwhile is not claimed.
// 3. A slot whose sync failed is over: the worker never touches its file again.
// 4. A descriptor is closed only after the worker has let go of its slot: the number may be another
//    file's the moment after.
//
// Spec: spec/liveness.md, Heartbeat. Test: test/process/host.test.ts.

import { Worker } from 'node:worker_threads';

import { durations } from '../../limits.ts';
import type { SyncSlot, SyncSlotOptions } from '../host.ts';
import { nodeVfs } from '../vfs/node-vfs.ts';
import { SLOT_SIZE, type SyncMessage, slotField, slotState } from './sync-slot.ts';

const IN_FLIGHT_MAX = 2;
const WORKER_AFTER_MS = 1000;
/** Slots of one shared page. */
const PAGE_SLOTS = 256;

class Scheduler {
  readonly #slots = new Set<Slot>();
  readonly #queue: (() => void)[] = [];
  #inFlight = 0;
  worker: Worker | undefined;
  #workerFailed = false;
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  readonly #pages: BigInt64Array[] = [];
  readonly #free: { page: number; index: number }[] = [];

  watch(options: SyncSlotOptions): SyncSlot {
    const slot = new Slot(this, options);
    this.#slots.add(slot);
    if (this.#startedAt === 0) this.#startedAt = performance.now();
    this.#timer ??= setInterval(() => this.#tick(), durations.syncMs / 4).unref();
    return slot;
  }

  forget(slot: Slot): void {
    this.#slots.delete(slot);
    if (this.#slots.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.maybeStartWorker();
    for (const slot of this.#slots) slot.tick();
  }

  /** Also called from the flush path: a loop that never yields has no ticks. */
  maybeStartWorker(): void {
    if (
      this.worker !== undefined ||
      this.#workerFailed ||
      performance.now() - this.#startedAt < WORKER_AFTER_MS
    )
      return;
    try {
      const isSource = import.meta.url.endsWith('.ts');
      if (isSource)
        throw new Error('sources are not run by worker threads on every Node; the build is');
      const worker = new Worker(new URL('./sync-worker.js', import.meta.url), {
        stdin: false,
        stdout: false,
        stderr: false,
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
      });
      worker.on('error', () => this.#lostWorker());
      worker.on('exit', () => this.#lostWorker());
      worker.on('message', () => this.#tick());
      // Last: a listener added later would keep the process alive again.
      worker.unref();
      this.worker = worker;
      for (const slot of this.#slots) slot.handOver(worker);
    } catch {
      // Flush itself then syncs once a second (SyncSlot.beat).
      this.#workerFailed = true;
    }
  }

  #lostWorker(): void {
    this.#workerFailed = true;
    this.worker = undefined;
    for (const slot of this.#slots) slot.takeBack();
  }

  /** A place in shared memory. */
  allocate(): { page: number; index: number; words: BigInt64Array } {
    let place = this.#free.pop();
    if (place === undefined) {
      const page = this.#pages.length;
      const bytes = new SharedArrayBuffer(PAGE_SLOTS * SLOT_SIZE * 8);
      this.#pages.push(new BigInt64Array(bytes));
      for (let index = PAGE_SLOTS - 1; index > 0; index -= 1) this.#free.push({ page, index });
      place = { page, index: 0 };
    }
    const words = this.#pages[place.page] as BigInt64Array;
    return {
      ...place,
      words: words.subarray(place.index * SLOT_SIZE, (place.index + 1) * SLOT_SIZE),
    };
  }

  release(place: { page: number; index: number }): void {
    this.#free.push({ page: place.page, index: place.index });
  }

  /** Runs `sync` when fewer than two are under way. */
  async limited(sync: () => Promise<void>): Promise<void> {
    if (this.#inFlight >= IN_FLIGHT_MAX)
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#inFlight += 1;
    try {
      await sync();
    } finally {
      this.#inFlight -= 1;
      this.#queue.shift()?.();
    }
  }
}

const scheduler = new Scheduler();

class Slot implements SyncSlot {
  readonly #scheduler: Scheduler;
  readonly #options: SyncSlotOptions;
  readonly #place: ReturnType<Scheduler['allocate']>;
  readonly #words: BigInt64Array;
  #failure: Error | undefined;
  #isWithWorker = false;
  #isClosed = false;
  #running: Promise<void> | undefined;
  #reported = 0n;
  #lastSync: number;
  #lastBeat = 0;
  #waiting: { mark: bigint; resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(owner: Scheduler, options: SyncSlotOptions) {
    this.#scheduler = owner;
    this.#options = options;
    this.#place = owner.allocate();
    this.#words = this.#place.words.fill(0n);
    this.#lastSync = performance.now();
    if (owner.worker !== undefined) this.handOver(owner.worker);
  }

  wrote(mark: number): void {
    Atomics.store(this.#words, slotField.written, BigInt(mark));
  }

  synced(): number {
    return Number(Atomics.load(this.#words, slotField.synced));
  }

  failure(): Error | undefined {
    if (this.#failure === undefined && Atomics.load(this.#words, slotField.failed) !== 0n) {
      const errno = Number(Atomics.load(this.#words, slotField.failed));
      this.#failure = Object.assign(new Error(`fdatasync failed (errno ${errno})`), {
        code: 'EIO',
        errno,
      });
    }
    return this.#failure;
  }

  /** Only the real file system's handles are descriptors that a worker can use. */
  handOver(worker: Worker): void {
    const { vfs, segment, fence, heartbeatOffset, syncMs } = this.#options;
    if (this.#isClosed || this.#running !== undefined || vfs !== nodeVfs()) return;
    Atomics.store(this.#words, slotField.state, slotState.idle);
    this.#isWithWorker = true;
    const message: SyncMessage = {
      words: this.#words,
      segment,
      fence,
      heartbeatOffset,
      syncMs: syncMs ?? 0,
    };
    worker.postMessage(message);
  }

  takeBack(): void {
    this.#isWithWorker = false;
    Atomics.store(this.#words, slotField.state, slotState.idle);
  }

  tick(): void {
    if (this.#isClosed) return;
    this.#settle();
    this.beat();
    const { syncMs } = this.#options;
    const isBehind =
      Atomics.load(this.#words, slotField.written) > Atomics.load(this.#words, slotField.synced);
    if (
      this.#isWithWorker ||
      !isBehind ||
      syncMs === null ||
      performance.now() - this.#lastSync < syncMs
    )
      return;
    this.#sync();
  }

  /** Tells whoever waits what has become of it. */
  #settle(): void {
    const failure = this.failure();
    const synced = Atomics.load(this.#words, slotField.synced);
    const isNew = synced > this.#reported || failure !== undefined;
    this.#reported = synced;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((each) => failure === undefined && each.mark > synced);
    for (const each of waiting) {
      if (failure !== undefined) each.reject(failure);
      else if (each.mark <= synced) each.resolve();
    }
    if (isNew && !this.#isClosed) this.#options.onSync();
  }

  #sync(): void {
    if (this.#running !== undefined || this.failure() !== undefined) return;
    const { vfs, segment } = this.#options;
    this.#lastSync = performance.now();
    this.#running = this.#scheduler
      .limited(async () => {
        if (this.#isClosed) return;
        const mark = Atomics.load(this.#words, slotField.written);
        await vfs.syncLater(segment);
        if (mark > Atomics.load(this.#words, slotField.synced))
          Atomics.store(this.#words, slotField.synced, mark);
      })
      .catch((error: Error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#running = undefined;
        this.#settle();
        if (!this.#isClosed && this.#scheduler.worker !== undefined && !this.#isWithWorker)
          this.handOver(this.#scheduler.worker);
        if (this.#waiting.length > 0) this.#sync();
      });
  }

  request(): Promise<void> {
    const failure = this.failure();
    if (failure !== undefined) return Promise.reject(failure);
    const mark = Atomics.load(this.#words, slotField.written);
    if (mark <= Atomics.load(this.#words, slotField.synced)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mark, resolve, reject });
      if (!this.#isWithWorker) {
        this.#sync();
        return;
      }
      // A request keeps the process alive by this turn's own work: the worker answers within its round.
      Atomics.store(this.#words, slotField.requested, 1n);
      this.#takeForOwn();
    });
  }

  /** Takes the slot from the worker for one sync of our own: nobody should wait for its round. */
  #takeForOwn(): void {
    this.#letGo();
    this.#sync();
  }

  beat(): void {
    const now = performance.now();
    this.#scheduler.maybeStartWorker();
    const { vfs, segment, fence, heartbeatOffset, syncMs } = this.#options;
    if (now - this.#lastBeat >= durations.heartbeatMs && !this.#isWithWorker) {
      this.#lastBeat = now;
      const bytes = new Uint8Array(8);
      const before = Atomics.load(this.#words, slotField.heartbeat);
      const beat = BigInt(Date.now()) > before ? BigInt(Date.now()) : before + 1n;
      Atomics.store(this.#words, slotField.heartbeat, beat);
      new DataView(bytes.buffer).setBigInt64(0, beat, true);
      try {
        vfs.write(fence, bytes, heartbeatOffset);
      } catch {
        // A heartbeat that could not be written costs a successor's patience, never data.
      }
    }
    // Without a worker a loop that never yields is synced here.
    const isOverdue =
      !this.#isWithWorker &&
      this.#running === undefined &&
      syncMs !== null &&
      now - this.#lastSync >= 2 * syncMs;
    if (!isOverdue || this.failure() !== undefined) return;
    this.#lastSync = now;
    const mark = Atomics.load(this.#words, slotField.written);
    if (mark <= Atomics.load(this.#words, slotField.synced)) return;
    try {
      vfs.sync(segment);
      Atomics.store(this.#words, slotField.synced, mark);
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  /** After it the worker does not touch the descriptors: it holds `busy` while it does. */
  #letGo(): void {
    if (!this.#isWithWorker) return;
    this.#isWithWorker = false;
    while (
      Atomics.compareExchange(this.#words, slotField.state, slotState.idle, slotState.gone) ===
      slotState.busy
    ) {
      Atomics.wait(this.#words, slotField.state, slotState.busy, 100);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    this.#scheduler.forget(this);
    const failure = this.failure() ?? new Error('the segment was closed');
    for (const each of this.#waiting) each.reject(failure);
    this.#waiting = [];
    // A sync under way on the thread pool holds the file until it ends; its place is then free.
    if (this.#running === undefined) this.#scheduler.release(this.#place);
  }
}

export const watchSegment = (options: SyncSlotOptions): SyncSlot => scheduler.watch(options);
