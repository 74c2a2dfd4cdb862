// What the engine asks of the machine besides files: clocks, who is alive, polite locking, timers
// and background syncs. `nodeHost()` is the real one; tests give their own.
//
// 1. Nothing here decides ownership: fences do (spec/ownership.md). Liveness only chooses between
//    taking over at once, waiting, and RUN_LOCKED.
// 2. No timer, socket, worker or lock keeps the process alive, and no signal listener stays behind.
//
// Spec: spec/liveness.md. Test: test/engine/host.test.ts, test/process/host.test.ts.

import type { FileHandle, Vfs } from './vfs/vfs.ts';

/** Who holds a log, as its fence records it. */
export interface OwnerRecord {
  readonly host: string;
  /** Changes at every boot of the machine; '' where it cannot be read. */
  readonly bootId: string;
  /** The pid namespace: a pid means something only within one. '' where it cannot be read. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** Start of the process in ticks since boot: tells a reused pid. '' where it cannot be read. */
  readonly startTime: string;
  /** 0 for the main thread. */
  readonly thread: number;
  /** 16 random bytes, new for every fence. */
  readonly nonce: Uint8Array;
  /** Wall clock in milliseconds when the fence was made. */
  readonly since: number;
  /** Name of the probe socket in the log's directory, '' where there is none. */
  readonly probe: string;
}

export type OwnerState = 'dead' | 'alive' | 'unknown';

/** A socket in a log's directory that the kernel closes with this thread. */
export interface Probe {
  readonly name: string;
  close(): void;
}

/** Keeps polite processes apart; held means that proper-lockfile.check() finds the log locked. */
export interface PoliteLock {
  release(): void;
}

/**
 * The background syncs and heartbeats of one open segment. Runs on the thread pool at first, on the
 * process's sync worker once it is up, so that marks advance in a loop that never yields.
 */
export interface SyncSlot {
  /** Says that everything below `mark` is written and its fence check has passed. Never goes back. */
  wrote(mark: number): void;
  /** The greatest mark that a completed sync covers: one that was set before the sync began. */
  synced(): number;
  /** The error that ended this slot: the handle is dead, no sync is tried again. */
  failure(): Error | undefined;
  /** A sync on the thread pool is under way: its answer is still to come, and cannot be waited for. */
  readonly isSyncing: boolean;
  /** Asks for a sync now; resolves when the newest mark at the call is synced, rejects on failure. */
  request(): Promise<void>;
  /** Called from the flush path: beats the heartbeat if the last beat is a second old. */
  beat(): void;
  /**
   * After it returns nothing is written to the two handles: they may be closed. Waits for the worker to
   * let go. A sync that the thread pool has begun may still run; its outcome is dropped.
   */
  close(): void;
}

export interface SyncSlotOptions {
  readonly vfs: Vfs;
  readonly segment: FileHandle;
  readonly fence: FileHandle;
  /** Byte place of the 8-byte little-endian heartbeat counter in the fence file. */
  readonly heartbeatOffset: number;
  /** Milliseconds between two background syncs while there is something to sync; null for none. */
  readonly syncMs: number | null;
  /** Called on the event loop after a sync ended, well or not, if the loop turns. */
  readonly onSync: () => void;
}

export interface Host {
  /** Wall clock, milliseconds. Only written into records, never compared. */
  now(): number;
  /** Monotonic clock, milliseconds. */
  monotonic(): number;
  readonly liveness: {
    /** This thread, with a new nonce and without a probe. */
    self(): OwnerRecord;
    /** Opens a probe socket in `directory`, or undefined where none can be had. */
    announce(directory: string): Promise<Probe | undefined>;
    /** Whether the holder of a fence lives. Rules: spec/liveness.md, Decision. */
    state(owner: OwnerRecord, directory: string): Promise<OwnerState>;
  };
  /**
   * Takes `<directory>/.lock` if it is free or stale; undefined when another holds it. Answers without
   * waiting for anything: a caller may await it on the way to a short run's close.
   */
  politeLock(directory: string): Promise<PoliteLock | undefined>;
  readonly schedule: {
    /** Calls once after `ms`; the returned function cancels. Never keeps the process alive. */
    after(ms: number, callback: () => void): () => void;
    /** Resolves after `ms`. A caller waits for it, so it does keep the process alive. */
    wait(ms: number): Promise<void>;
    /**
     * Resolves when background work that took `ms` of the event loop may go on: after as long again
     * where the loop is idle, after nine times as long where it is busy. Never keeps the process alive.
     */
    rest(ms: number): Promise<void>;
    /**
     * Watches one open segment: syncs it about every `syncMs` while `wrote` is ahead of `synced`,
     * and beats its fence at most once a second. At most two syncs of a thread are on the thread pool.
     */
    watch(options: SyncSlotOptions): SyncSlot;
  };
}
