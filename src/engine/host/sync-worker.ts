// The sync worker: syncs segments and beats fences while its thread may be busy.
//
// 1. The mark is read before fdatasync; what is written meanwhile is not claimed.
// 2. The descriptors are used only in state busy, which a closing owner waits out.
// 3. A file whose sync failed is never synced again.
//
// Test: test/process/host.test.ts.

import { fdatasyncSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

import { type SyncMessage, slotField, slotState } from './sync-slot.ts';

interface Watched extends SyncMessage {
  syncedAt: number;
}

const watched = new Set<Watched>();
const ROUND_MS = 250;
const HEARTBEAT_MS = 1000;

parentPort?.on('message', (message: SyncMessage) => {
  watched.add({ ...message, syncedAt: performance.now() });
});

function work(slot: Watched, beatsNow: boolean): boolean {
  const { words, segment, fence, heartbeatOffset, syncMs } = slot;
  if (
    Atomics.compareExchange(words, slotField.state, slotState.idle, slotState.busy) ===
    slotState.gone
  ) {
    watched.delete(slot);
    return false;
  }
  let hasSynced = false;
  const mark = Atomics.load(words, slotField.written);
  const isDue = syncMs > 0 && performance.now() - slot.syncedAt >= syncMs;
  if (
    isDue &&
    mark > Atomics.load(words, slotField.synced) &&
    Atomics.load(words, slotField.failed) === 0n
  ) {
    slot.syncedAt = performance.now();
    try {
      fdatasyncSync(segment);
      Atomics.store(words, slotField.synced, mark);
    } catch (error) {
      Atomics.store(
        words,
        slotField.failed,
        BigInt(Math.abs((error as { errno?: number }).errno ?? 5)),
      );
    }
    hasSynced = true;
  }
  if (beatsNow) beat(words, fence, heartbeatOffset);
  Atomics.store(words, slotField.state, slotState.idle);
  Atomics.notify(words, slotField.state);
  return hasSynced;
}

function beat(words: BigInt64Array, fence: number, offset: number): void {
  const before = Atomics.load(words, slotField.heartbeat);
  const now = BigInt(Date.now());
  const next = now > before ? now : before + 1n;
  Atomics.store(words, slotField.heartbeat, next);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, next, true);
  try {
    writeSync(fence, bytes, 0, 8, offset);
  } catch {
    // A heartbeat that could not be written costs a successor's patience, never data.
  }
}

let lastBeat = 0;
setInterval(() => {
  const beatsNow = performance.now() - lastBeat >= HEARTBEAT_MS;
  if (beatsNow) lastBeat = performance.now();
  let hasSynced = false;
  for (const slot of watched) hasSynced = work(slot, beatsNow) || hasSynced;
  if (hasSynced) parentPort?.postMessage('synced');
}, ROUND_MS);
