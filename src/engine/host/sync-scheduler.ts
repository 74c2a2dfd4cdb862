// Background syncs and heartbeats of every open segment of this thread.
//
// 1. For the first second syncs run on the thread pool; then one worker thread does them, so that
//    watermark and heartbeat advance in a loop that never yields. Where no worker can be had, the
//    flush path syncs once a second (`SyncSlot.beat`).
// 2. One sync of a segment at a time, whoever does it: of two at once only one is told of an error,
//    and the other would claim what was lost. So the thread pool is asked on a turn of the loop only,
//    where its answer arrives, and a segment changes hands between two syncs.
// 3. A descriptor is closed only after the worker has let go of its slot: the number may be another
//    file's the moment after.
//
// Spec: spec/liveness.md, Background syncs. Test: test/engine/host.test.ts, test/process/host.test.ts.

import { Worker } from 'node:worker_threads';

import { durations } from '../../limits.ts';
import type { SyncSlot, SyncSlotOptions } from '../host.ts';
import { nodeVfs } from '../vfs/node-vfs.ts';
import { Slot, type SlotScheduler } from './slot.ts';
import {
  controlField,
  LOOK_MS_MAX,
  PAGE_SLOT_COUNT,
  SLOT_SIZE,
  type SyncWorkerSetup,
  slotField,
  slotState,
} from './sync-slot.ts';
import { runSyncWorker } from './sync-worker.ts';

const IN_FLIGHT_MAX = 2;
const WORKER_AFTER_MS = 1000;
/** A worker that does not run by then is given up: its `exit` cannot be heard in a busy loop. */
const BOOT_MS_MAX = 5000;

class Scheduler implements SlotScheduler {
  readonly #slots = new Set<Slot>();
  readonly #queue: (() => void)[] = [];
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the first of the slots that are open now was opened. */
  #openedAt = 0;
  #turnedAt = 0;
  #lastBeat = 0;
  #heartbeat = 0n;
  #forgottenAt = Number.NEGATIVE_INFINITY;

  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #pages: BigInt64Array[] = [];
  readonly #free: BigInt64Array[] = [];
  #worker: Worker | undefined;
  #workerStartedAt = 0;
  #isWorkerRefused = false;
  #waiting = 0;

  watch(options: SyncSlotOptions): SyncSlot {
    const now = performance.now();
    // A log that begins its next segment lets go of the last one first.
    if (this.#slots.size === 0 && now - this.#forgottenAt > durations.heartbeatMs) {
      this.#openedAt = now;
      this.#lastBeat = now;
    }
    const slot = new Slot(this, options, this.#takeWords(), this.#heartbeat);
    this.#slots.add(slot);
    if (!this.offer(slot)) this.#startTicking();
    return slot;
  }

  #takeWords(): BigInt64Array {
    if (this.#free.length === 0) {
      const page = new BigInt64Array(new SharedArrayBuffer(PAGE_SLOT_COUNT * SLOT_SIZE * 8));
      this.#pages.push(page);
      for (let end = page.length; end > 0; end -= SLOT_SIZE) {
        this.#free.push(page.subarray(end - SLOT_SIZE, end));
      }
      this.#worker?.postMessage(page);
    }
    return (this.#free.pop() as BigInt64Array).fill(0n);
  }

  forget(slot: Slot, words: BigInt64Array, isReusable: boolean): void {
    this.#slots.delete(slot);
    this.#forgottenAt = performance.now();
    const heartbeat = Atomics.load(words, slotField.heartbeat);
    if (heartbeat > this.#heartbeat) this.#heartbeat = heartbeat;
    if (isReusable) this.#free.push(words);
    if (this.#slots.size === 0) this.#stopTicking();
  }

  #startTicking(): void {
    if (this.#timer !== undefined) return;
    this.#turnedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), LOOK_MS_MAX).unref();
  }

  #stopTicking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = performance.now();
    this.#turnedAt = now;
    this.beat(now);
    let hasOwn = false;
    for (const slot of this.#slots) {
      slot.tick(now);
      hasOwn ||= !slot.isWithWorker;
    }
    if (!hasOwn) this.#stopTicking();
  }

  isLoopTurning(now: number): boolean {
    return now - this.#turnedAt <= 2 * LOOK_MS_MAX;
  }

  /** One round of heartbeats a second for all that the worker does not beat. */
  beat(now: number): void {
    this.#startWorkerIfDue(now);
    if (now - this.#lastBeat < durations.heartbeatMs) return;
    this.#lastBeat = now;
    for (const slot of this.#slots) slot.writeHeartbeat();
  }

  /** Gives a slot to the worker. Only the real file system's handles are descriptors. */
  offer(slot: Slot): boolean {
    if (this.#worker === undefined || slot.vfs !== nodeVfs()) return false;
    const wasGiven = slot.giveToWorker();
    this.wake();
    return wasGiven;
  }

  wake(): void {
    Atomics.add(this.#control, controlField.wake, 1);
    Atomics.notify(this.#control, controlField.wake);
  }

  /** From the flush path: nobody else sees it while the loop does not turn. */
  checkWorker(): void {
    if (this.#workerStartedAt === 0 || this.#control[controlField.booted] === 1) return;
    if (performance.now() - this.#workerStartedAt > BOOT_MS_MAX) this.#loseWorker();
  }

  #startWorkerIfDue(now: number): void {
    if (this.#worker !== undefined || this.#isWorkerRefused) return;
    if (now - this.#openedAt < WORKER_AFTER_MS) return;
    const fit = [...this.#slots].filter((slot) => slot.vfs === nodeVfs());
    if (fit.length === 0) return;
    try {
      this.#worker = this.#makeWorker();
    } catch {
      // The permission model, or no room for a thread.
      this.#isWorkerRefused = true;
      return;
    }
    this.#workerStartedAt = now;
    for (const page of this.#pages) this.#worker.postMessage(page);
    for (const slot of fit) this.offer(slot);
  }

  #makeWorker(): Worker {
    const setup: SyncWorkerSetup = {
      control: this.#control,
      controlField,
      slotField,
      slotState,
      slotSize: SLOT_SIZE,
      heartbeatMs: durations.heartbeatMs,
    };
    const text = `const threads = process.getBuiltinModule('node:worker_threads');
      (${runSyncWorker})(threads.workerData, process.getBuiltinModule('node:fs'), threads);`;
    const worker = new Worker(text, {
      eval: true,
      name: 'runlog-sync',
      workerData: setup,
      // Without the program's own preloads, which NODE_OPTIONS and execArgv would bring along.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    });
    worker.on('error', () => this.#loseWorker());
    worker.on('exit', () => this.#loseWorker());
    worker.on('message', () => {
      for (const slot of this.#slots) slot.settle();
    });
    // Last: a listener added later would keep the process alive again.
    worker.unref();
    return worker;
  }

  #loseWorker(): void {
    if (this.#worker === undefined) return;
    this.#worker = undefined;
    this.#workerStartedAt = 0;
    this.#isWorkerRefused = true;
    for (const slot of this.#slots) slot.takeFromLostWorker();
    this.#startTicking();
  }

  /** While somebody waits for the worker's answer, the worker keeps the process alive. */
  addWaiting(count: number): void {
    this.#waiting += count;
    if (this.#waiting > 0) this.#worker?.ref();
    else this.#worker?.unref();
  }

  /** Runs `sync` when fewer than two are under way. */
  async limited(sync: () => Promise<void>): Promise<void> {
    if (this.#inFlight >= IN_FLIGHT_MAX) {
      await new Promise<void>((resolve) => {
        this.#queue.push(resolve);
      });
    } else this.#inFlight += 1;
    try {
      await sync();
    } finally {
      // Handed on: the next one takes this place.
      const next = this.#queue.shift();
      if (next === undefined) this.#inFlight -= 1;
      else next();
    }
  }
}

const scheduler = new Scheduler();

export const watchSegment = (options: SyncSlotOptions): SyncSlot => scheduler.watch(options);
