// How far the segment that is appended to is durable, and the syncs that make it so.
//
// 1. The watermark counts once the names that lead to the segment are durable too, and never goes back.
// 2. Of two syncs at once one may be told that all is well with what the other was told is lost: who
//    syncs on this thread lets the worker go first.
//
// Spec: spec/ownership.md, Sync. Test: test/engine/appender.test.ts, test/engine/power-loss.test.ts.

import { errorCode } from '../errors.ts';
import type { AppenderOptions } from './appender-options.ts';
import { DirectoryEntries } from './directory-entries.ts';
import { HEARTBEAT_OFFSET } from './format/document.ts';
import type { SyncSlot } from './host.ts';
import { DirectoryFailure, SyncFailure } from './trouble.ts';
import type { FileHandle } from './vfs/vfs.ts';

export class SegmentSync {
  readonly entries: DirectoryEntries;
  /** Undefined while the segment's file is not open. */
  slot: SyncSlot | undefined;
  readonly #options: AppenderOptions;
  readonly #onSync: () => void;
  /** Positions synced by slots that are closed, or without one. */
  #durableBefore = 0;

  constructor(options: AppenderOptions, onSync: () => void) {
    const { vfs, directory, parents } = options;
    this.#options = options;
    this.#onSync = onSync;
    this.entries = new DirectoryEntries(vfs, directory, parents);
  }

  /** Of a segment that begins at `first`: what lies before is synced. */
  durable(first: number): number {
    const synced = this.slot === undefined || this.entries.isDue ? 0 : this.slot.synced();
    return Math.max(first, this.#durableBefore, synced);
  }

  /** `acknowledged`: what a sync of the segment covers. */
  watch(segment: FileHandle, fence: FileHandle, acknowledged: number): void {
    const { vfs, host, onFlush } = this.#options;
    // A flush that syncs leaves nothing to the background, and must be alone at it.
    const syncMs = onFlush === 'sync' ? null : this.#options.syncMs;
    this.slot = host.schedule.watch({
      vfs,
      segment,
      fence,
      heartbeatOffset: HEARTBEAT_OFFSET,
      syncMs,
      onSync: this.#onSync,
    });
    this.slot.wrote(acknowledged);
  }

  /** Asks for a background sync; its failure is seen by the next flush. */
  request(): void {
    this.slot?.request().catch(() => {});
  }

  /** After a background sync of a segment that begins at `first`. */
  settle(first: number): void {
    if (!this.entries.isDue || this.slot === undefined || this.slot.synced() <= first) return;
    try {
      this.entries.sync();
    } catch {
      // The watermark stays where it is; the next sync tries again and reports.
    }
  }

  /** On this thread. @throws SyncFailure: the handle is dead; DirectoryFailure. */
  now(segment: FileHandle | undefined): void {
    if (segment === undefined) return;
    try {
      this.#options.vfs.sync(segment);
    } catch (error) {
      throw new SyncFailure('sync', { cause: error });
    }
    this.syncEntries();
  }

  /** @throws DirectoryFailure. */
  syncEntries(): void {
    try {
      this.entries.sync();
    } catch (error) {
      const message = `the directory could not be synced (${errorCode(error)})`;
      throw new DirectoryFailure(message, { cause: error });
    }
  }

  /** Every position below is durable: a sync and the check after it said so. */
  cover(position: number): void {
    this.#durableBefore = Math.max(this.#durableBefore, position);
  }

  /** As `now`, with nobody else at it; `acknowledged` is durable then. */
  alone(segment: FileHandle | undefined, first: number, acknowledged: number): void {
    const { slot } = this;
    const isShared = slot?.isSyncing ?? false;
    this.close(first);
    const failure = slot?.failure();
    if (failure !== undefined) throw new SyncFailure('sync', { cause: failure });
    this.now(segment);
    if (!isShared) this.cover(acknowledged);
  }

  close(first: number): void {
    this.#durableBefore = this.durable(first);
    this.slot?.close();
    this.slot = undefined;
  }
}
