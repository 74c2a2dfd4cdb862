// The sync worker: syncs segments and beats fences while its thread may be busy.
//
// 1. A mark is read before its fdatasync: what is written meanwhile is not claimed.
// 2. A slot is used in state busy only, for one system call at a time, which a closing owner waits
//    out; it may be another segment's a moment later.
// 3. A file whose sync failed is never synced again.
// 4. Runs as text in another thread: it refers to nothing but its parameters and what JavaScript has.
//    So it starts from the sources, from the build and from a bundle alike.
//
// Spec: spec/liveness.md, Background syncs. Test: test/engine/host.test.ts, test/process/host.test.ts.

import type { SyncWorkerSetup } from './sync-slot.ts';

type Files = Pick<typeof import('node:fs'), 'fdatasyncSync' | 'writeSync'>;
type Threads = Pick<typeof import('node:worker_threads'), 'parentPort' | 'receiveMessageOnPort'>;

/** Never returns. */
export function runSyncWorker(setup: SyncWorkerSetup, files: Files, threads: Threads): never {
  const { control, controlField, slotField: field, slotState: state } = setup;
  const port = threads.parentPort as NonNullable<Threads['parentPort']>;
  const slots: BigInt64Array[] = [];
  const beatBytes = new DataView(new ArrayBuffer(8));
  let lastBeat = 0n;
  let hasNews = false;

  const use = (words: BigInt64Array, call: () => void): void => {
    const before = Atomics.compareExchange(words, field.state, state.idle, state.busy);
    if (before !== state.idle) return;
    call();
    Atomics.compareExchange(words, field.state, state.busy, state.idle);
    Atomics.notify(words, field.state);
  };
  const sync = (words: BigInt64Array): void => {
    const mark = Atomics.load(words, field.written);
    try {
      files.fdatasyncSync(Number(words[field.segment]));
      Atomics.store(words, field.synced, mark);
    } catch (error) {
      Atomics.store(words, field.failed, BigInt((error as NodeJS.ErrnoException).errno ?? -5));
    }
    hasNews = true;
  };
  const beat = (words: BigInt64Array): void => {
    const before = Atomics.load(words, field.heartbeat);
    const now = BigInt(Date.now());
    const next = now > before ? now : before + 1n;
    Atomics.store(words, field.heartbeat, next);
    beatBytes.setBigInt64(0, next, true);
    try {
      files.writeSync(
        Number(words[field.fence]),
        beatBytes,
        0,
        8,
        Number(words[field.heartbeatOffset]),
      );
    } catch {
      // A heartbeat that could not be written costs a successor's patience, never data.
    }
  };
  const beatAll = (): void => {
    const now = process.hrtime.bigint();
    if (now - lastBeat < BigInt(setup.heartbeatMs) * 1_000_000n) return;
    lastBeat = now;
    for (const words of slots) use(words, () => beat(words));
  };
  const look = (words: BigInt64Array): void => {
    const isRequested = Atomics.exchange(words, field.requested, 0n) !== 0n;
    const syncMs = words[field.syncMs] as bigint;
    const now = process.hrtime.bigint();
    const isDue = isRequested || (syncMs > 0n && now >= (words[field.dueAt] as bigint));
    // Whoever asked is told, also when there is nothing left to do.
    if (isRequested) hasNews = true;
    if (!isDue || Atomics.load(words, field.failed) !== 0n) return;
    if (Atomics.load(words, field.written) <= Atomics.load(words, field.synced)) return;
    words[field.dueAt] = now + syncMs * 1_000_000n;
    sync(words);
  };

  Atomics.store(control, controlField.booted, 1);
  for (;;) {
    const seen = Atomics.load(control, controlField.wake);
    for (;;) {
      const page = threads.receiveMessageOnPort(port)?.message as BigInt64Array | undefined;
      if (page === undefined) break;
      for (let start = 0; start < page.length; start += setup.slotSize) {
        slots.push(page.subarray(start, start + setup.slotSize));
      }
    }
    let pause = Number.POSITIVE_INFINITY;
    for (const words of slots) {
      // Between any two syncs: a slow disk and many segments must not keep the heartbeats waiting.
      beatAll();
      if (Atomics.load(words, field.state) !== state.idle) continue;
      use(words, () => look(words));
      pause = Math.min(pause, Number(words[field.lookMs]));
    }
    if (hasNews) port.postMessage(0);
    hasNews = false;
    Atomics.wait(control, controlField.wake, seen, pause);
  }
}
