// What the sync worker and its thread share of one segment, word by word.
//
// Test: test/process/host.test.ts.

/** 64-bit words of a slot. */
export const SLOT_SIZE = 8;

export const slotField = {
  written: 0,
  synced: 1,
  failed: 2,
  heartbeat: 3,
  state: 4,
  requested: 5,
} as const;

/** busy: the worker uses the descriptors now. gone: they are not its any more. */
export const slotState = { idle: 0n, busy: 1n, gone: 2n } as const;

export interface SyncMessage {
  readonly words: BigInt64Array;
  readonly segment: number;
  readonly fence: number;
  readonly heartbeatOffset: number;
  /** 0: beats only. */
  readonly syncMs: number;
}
