// What the sync worker and its thread share: a page of words for every so many segments, and two
// control words. All that the worker knows of a segment stands in its slot, so that a slot that was
// given to another segment carries nothing over.
//
// Spec: spec/liveness.md, Background syncs. Test: test/engine/host.test.ts, test/process/host.test.ts.

/** 64-bit words of a slot: two cache lines. */
export const SLOT_SIZE = 16;

/** Slots of a page. */
export const PAGE_SLOT_COUNT = 256;

export const slotField = {
  state: 0,
  written: 1,
  synced: 2,
  /** Number of the error that ended the slot, negative as libuv has it; 0 for none. */
  failed: 3,
  requested: 4,
  heartbeat: 5,
  segment: 6,
  fence: 7,
  heartbeatOffset: 8,
  /** 0: on request only. */
  syncMs: 9,
  /** When the next background sync may begin: `process.hrtime`, which all threads share. */
  dueAt: 10,
  /** How long the worker may look away. */
  lookMs: 11,
} as const;

/**
 * own: the descriptors are its thread's alone. idle: the worker may take them. busy: the worker is in
 * one system call on them.
 */
export const slotState = { own: 0n, idle: 1n, busy: 2n } as const;

/** wake: counts what the worker should look at. booted: 1 once the worker runs. */
export const controlField = { wake: 0, booted: 1 } as const;

/** What the worker is started with: it is text in another thread and can import nothing of ours. */
export interface SyncWorkerSetup {
  readonly control: Int32Array;
  readonly controlField: typeof controlField;
  readonly slotField: typeof slotField;
  readonly slotState: typeof slotState;
  readonly slotSize: number;
  readonly heartbeatMs: number;
}

/** Bounds how late it is seen that something was written: nobody is woken for it. */
export const LOOK_MS_MAX = 250;
export const LOOK_MS_MIN = 5;
