// An owner's appending end: flush, sync, roll, and what to do when the disk refuses.
//
// 1. Acknowledged only after written, and then checked: next fence absent, then mine there.
// 2. A handle whose sync failed is never synced again: the unsynced range is repeated in a new
//    segment, or recording ends at the last watermark.
// 3. A segment is rolled only after it was synced; a manifest seals it before the next one exists.
// 4. Nothing here throws for the disk's sake: `recording` and `trouble` say what happened (G1).
//
// Spec: spec/ownership.md, spec/segment.md. Test: test/engine/appender.test.ts.

import { RunlogError } from '../errors.ts';
import { durations, limits } from '../limits.ts';
import type { AppenderOptions, Recording } from './appender-options.ts';
import { DirectoryEntries } from './directory-entries.ts';
import { HEARTBEAT_OFFSET } from './format/document.ts';
import { RELEASED } from './format/fence.ts';
import { frameType, SKIPPABLE } from './format/frame.ts';
import type { Manifest, SealedSegment } from './format/manifest.ts';
import { NO_PREDECESSOR, type SegmentHeader } from './format/segment-header.ts';
import type { SyncSlot } from './host.ts';
import { HotSegment } from './hot-segment.ts';
import { writeIndex } from './index-writer.ts';
import { checkFence, writeHeartbeat } from './owner.ts';
import { closeQuietly } from './publish.ts';
import { collectManifest, publishManifest } from './publish-manifest.ts';
import { repeatSegment } from './repeat.ts';
import {
  failedError,
  fencedError,
  isOutOfRoom,
  pausedError,
  removedError,
  SyncFailure,
} from './trouble.ts';

export class Appender {
  recording: Recording = 'on';
  /** Why recording is not 'on'. */
  trouble: RunlogError | undefined;
  /** What `flush` has returned true for. */
  acknowledged: number;
  manifest: Manifest;
  readonly #options: AppenderOptions;
  #segment: HotSegment;
  #slot: SyncSlot | undefined;
  readonly #entries: DirectoryEntries;
  #retryAt = 0;
  #lastState: number;
  #rollAt: number;
  #lastWatermark: number;
  /** What was durable when the last handle was closed. */
  #durableBefore = 0;
  #cancelWatermark: (() => void) | undefined;

  constructor(options: AppenderOptions) {
    const { ownership, directory, vfs } = options;
    this.#options = options;
    this.manifest = ownership.manifest;
    this.acknowledged = this.manifest.end;
    this.#lastWatermark = this.manifest.end;
    this.#segment = new HotSegment(vfs, directory, this.#headerOfNext());
    this.#lastState = this.#segment.size;
    this.#rollAt = this.#segmentSize();
    this.#entries = new DirectoryEntries(vfs, directory, options.parents);
  }

  /** Position of the next record. */
  get position(): number {
    return this.#segment.end;
  }

  /** Where the first segment of this owner begins. */
  get startPosition(): number {
    return this.#options.ownership.manifest.end;
  }

  get nonce(): Uint8Array {
    return this.#options.ownership.owner.nonce;
  }

  get segment(): HotSegment {
    return this.#segment;
  }

  /** The log-wide watermark. */
  get durable(): number {
    const synced = this.#slot === undefined || this.#entries.isDue ? 0 : this.#slot.synced();
    return Math.max(this.#segment.first, this.#durableBefore, synced);
  }

  #headerOfNext(): Pick<
    SegmentHeader,
    'logId' | 'fence' | 'number' | 'first' | 'predecessor' | 'nonce'
  > {
    const { manifest } = this;
    return {
      logId: manifest.logId,
      fence: manifest.fence,
      number: manifest.tailNumber,
      first: manifest.end,
      predecessor: manifest.segments.at(-1) ?? NO_PREDECESSOR,
      nonce: this.#options.ownership.owner.nonce,
    };
  }

  /** Doubles with each quarter of the segments that a manifest may list. */
  #segmentSize(): number {
    const steps = Math.floor(this.manifest.segments.length / (limits.segmentCountMax / 4));
    return this.#options.sizes.segmentSize * 2 ** steps;
  }

  /**
   * Builds a frame of `count` records in memory. False when there is no room for it: recording is
   * paused and the bound is reached, or has ended.
   */
  append(type: number, flags: number, count: number, body: Uint8Array): number | undefined {
    if (this.recording !== 'on' && this.recording !== 'paused') return undefined;
    if (this.#segment.pending + body.length > this.#options.sizes.pausedSizeMax) return undefined;
    const watermark = this.durable;
    this.#lastWatermark = watermark;
    const header = { type, flags, bodySize: body.length, count, first: this.position, watermark };
    return this.#segment.append(header, body);
  }

  /** G2. Never throws. */
  flush(): boolean {
    if (this.recording !== 'on' && !this.#mayRetry()) return false;
    if (this.#segment.pending === 0) return this.acknowledged === this.position;
    try {
      this.#segment.write();
      this.#watch();
      if (this.#options.onFlush === 'sync') this.#syncNow();
      if (!this.#isMine()) return this.#end('fenced', undefined);
    } catch (error) {
      return this.#refused(error as Error);
    }
    if (this.recording === 'paused') this.recording = 'on';
    this.acknowledged = this.position;
    this.#slot?.wrote(this.position);
    this.#slot?.beat();
    this.#housekeeping();
    return this.recording === 'on';
  }

  #mayRetry(): boolean {
    return this.recording === 'paused' && this.#options.host.monotonic() >= this.#retryAt;
  }

  #isMine(): boolean {
    const { vfs, directory, ownership } = this.#options;
    return checkFence(vfs, directory, ownership.fence, ownership.identity);
  }

  /** Registers the segment with the sync scheduler once its file exists. */
  #watch(): void {
    const { vfs, host, ownership, syncMs } = this.#options;
    if (this.#slot !== undefined || this.#segment.handle === undefined) return;
    // The file was created just now, maybe after an earlier sync of the directory.
    this.#entries.isDue = true;
    this.#slot = host.schedule.watch({
      vfs,
      segment: this.#segment.handle,
      fence: ownership.handle,
      heartbeatOffset: HEARTBEAT_OFFSET,
      syncMs,
      onSync: () => this.#onSync(),
    });
  }

  /** What is due after a flush: late sync errors, state, room, rolling. */
  #housekeeping(): void {
    const { sizes } = this.#options;
    const failure = this.#slot?.failure();
    if (failure !== undefined) {
      this.#repeat(failure);
      return;
    }
    this.#settle();
    const segment = this.#segment;
    const durable = this.durable;
    segment.release(durable, sizes.replaySizeMax);
    if (segment.size - this.#lastState >= sizes.stateInterval) this.#appendState();
    if (segment.size >= this.#rollAt) {
      const behind = segment.held(durable);
      if (behind <= sizes.segmentSize / 8 || segment.size >= this.#rollAt * 2) this.roll();
      else this.#requestSync();
    } else if (segment.held(durable) >= sizes.syncSize) this.#requestSync();
  }

  #requestSync(): void {
    this.#slot?.request().catch(() => {
      // Seen by the next flush through failure().
    });
  }

  #appendState(): number {
    this.#lastState = this.#segment.size;
    const body = this.#options.packState();
    if (body === undefined) return 0;
    return this.append(frameType.state | SKIPPABLE, 0, 0, body) ?? 0;
  }

  /** After a background sync: the watermark counts once the entries are durable too. */
  #settle(): void {
    if (
      !this.#entries.isDue ||
      this.#slot === undefined ||
      this.#slot.synced() <= this.#segment.first
    )
      return;
    try {
      this.#entries.sync();
    } catch {
      // The watermark stays where it is; the next sync tries again and reports.
    }
  }

  #onSync(): void {
    if (this.recording !== 'on') return;
    const failure = this.#slot?.failure();
    if (failure !== undefined) {
      this.#repeat(failure);
      return;
    }
    this.#settle();
    this.#segment.release(this.durable, this.#options.sizes.replaySizeMax);
    this.#planWatermark();
  }

  /** A sync that no frame follows within a second is said by an empty frame. */
  #planWatermark(): void {
    if (this.#cancelWatermark !== undefined || this.durable <= this.#lastWatermark) return;
    this.#cancelWatermark = this.#options.host.schedule.after(durations.syncMs, () => {
      this.#cancelWatermark = undefined;
      if (this.recording !== 'on' || this.durable <= this.#lastWatermark) return;
      this.append(frameType.batch | SKIPPABLE, 0, 0, new Uint8Array(0));
      this.flush();
    });
  }

  #syncNow(): void {
    if (this.#segment.handle === undefined) return;
    try {
      this.#options.vfs.sync(this.#segment.handle);
    } catch (error) {
      throw new SyncFailure('sync', { cause: error });
    }
    this.#entries.sync();
  }

  /** G3. @throws RunlogError when it does not hold. */
  async sync(): Promise<void> {
    for (;;) {
      if (!this.flush()) throw this.#notHeld();
      const target = this.position;
      if (this.durable >= target && !this.#entries.areParentsDue) return;
      const slot = this.#slot;
      if (slot === undefined) {
        this.#entries.sync();
        return;
      }
      try {
        await slot.request();
      } catch (error) {
        if (this.#slot === slot && this.recording === 'on') this.#repeat(error as Error);
        if (this.recording !== 'on') throw this.#notHeld();
        continue;
      }
      if (this.#slot !== slot) continue;
      try {
        this.#entries.sync();
      } catch (error) {
        throw new RunlogError(
          'IO',
          `${this.#options.directory}: the directory could not be synced`,
          { cause: error },
        );
      }
      if (this.durable >= target) return;
    }
  }

  /** As `sync`, on the calling thread: for the exit path. */
  syncSync(): boolean {
    if (!this.flush()) return false;
    if (this.durable >= this.position && !this.#entries.areParentsDue) return true;
    try {
      this.#syncNow();
      return this.#isMine();
    } catch (error) {
      if (!(error instanceof SyncFailure)) return false;
      // The handle is dead: a later sync that used it again would resolve for what is lost.
      this.#repeat(error);
      return this.recording === 'on' && this.syncSync();
    }
  }

  #notHeld(): RunlogError {
    return (
      this.trouble ??
      new RunlogError('IO', `${this.#options.directory}: not everything could be written`)
    );
  }

  /** Seals the segment and goes on in the next one. False when it stays as it is. */
  roll(): boolean {
    const segment = this.#segment;
    if (segment.end === segment.first || this.recording !== 'on') return false;
    this.#rollAt = segment.size + this.#segmentSize() / 4;
    try {
      const index = this.#appendIndex();
      const state = this.#appendState();
      if (segment.pending > 0) segment.write();
      const sealed: SealedSegment = {
        ...segment.name,
        first: segment.first,
        end: segment.end,
        length: segment.written,
        sum: segment.sum(),
        index,
        state,
      };
      this.#watch();
      this.#syncNow();
      const end = segment.end;
      const segments = [...this.manifest.segments, sealed];
      if (!this.publish({ segments, end, tailNumber: segment.name.number + 1 })) return false;
    } catch (error) {
      if (error instanceof SyncFailure) return this.#refused(error as Error);
      // Tried again a quarter of a segment later; a manifest that did appear seals the segment.
      if (this.manifest.tailNumber <= segment.name.number) return false;
    }
    this.#options.keys.clear();
    segment.release(segment.end, 0);
    this.#closeSegment();
    this.#open(new HotSegment(this.#options.vfs, this.#options.directory, this.#headerOfNext()));
    this.#options.onSeal();
    return true;
  }

  /** Publishes a manifest that differs in `change`. False: fenced. Throws Node's error. */
  publish(change: Partial<Manifest>): boolean {
    const { vfs, directory } = this.#options;
    const next: Manifest = { ...this.manifest, ...change, counter: this.manifest.counter + 1 };
    if (!publishManifest(vfs, directory, next)) return this.#end('fenced', undefined);
    this.manifest = next;
    vfs.syncDirectory(directory);
    if (!this.#isMine()) return this.#end('fenced', undefined);
    collectManifest(vfs, directory, next.counter);
    return true;
  }

  /** The index of the keys that none covers yet; the byte place of its root, 0 for none. */
  #appendIndex(): number {
    return writeIndex(this.#options.keys.all(), (type, body) => this.append(type, 0, 0, body));
  }

  #open(segment: HotSegment): void {
    this.#segment = segment;
    this.#lastState = segment.size;
    this.#rollAt = this.#segmentSize();
    this.#entries.isDue = true;
  }

  #closeSegment(): void {
    this.#durableBefore = this.durable;
    this.#slot?.close();
    this.#slot = undefined;
    this.#segment.close();
  }

  /** A write or sync was refused. Always false. */
  #refused(error: Error): false {
    if (isOutOfRoom(error)) {
      this.#retryAt = this.#options.host.monotonic() + durations.pausedRetryMs;
      if (this.recording === 'paused') return false;
      this.recording = 'paused';
      this.#report(pausedError(this.#options.directory, error));
      return false;
    }
    this.#repeat(error);
    return false;
  }

  /** The handle is dead. Goes on in a new segment that holds everything unsynced, or ends. */
  #repeat(error: Error): void {
    const { vfs, directory } = this.#options;
    const old = this.#segment;
    const durable = this.durable;
    this.#closeSegment();
    try {
      const frames = old.framesFrom(durable);
      if (frames === undefined) throw error;
      const next = repeatSegment(vfs, directory, {
        old,
        durable,
        frames,
        header: { ...this.#headerOfNext(), number: old.name.number + 1 },
        keys: this.#options.keys,
      });
      const segments = [...this.manifest.segments, ...next.kept];
      this.#segment = next.segment;
      this.#entries.isDue = false;
      this.#lastState = next.segment.size;
      if (!this.#isMine()) {
        this.#end('fenced', undefined);
        return;
      }
      if (!this.publish({ segments, end: durable, tailNumber: next.segment.name.number })) return;
      this.#watch();
      this.acknowledged = this.position;
      this.#slot?.wrote(this.position);
      this.recording = 'on';
    } catch (second) {
      this.#end('failed', second as Error);
    }
  }

  #report(trouble: RunlogError): void {
    this.trouble = trouble;
    this.#options.onTrouble(trouble);
  }

  /** Recording is over. Always false. */
  #end(how: 'failed' | 'fenced', error: Error | undefined): false {
    if (this.recording === how) return false;
    const { vfs, directory } = this.#options;
    const isGone = how === 'fenced' && vfs.stat(directory) === undefined;
    const { durable } = this;
    this.recording = isGone ? 'failed' : how;
    this.#cancelWatermark?.();
    this.#closeSegment();
    if (isGone) this.#report(removedError(directory));
    else
      this.#report(
        how === 'failed' ? failedError(directory, durable, error) : fencedError(directory),
      );
    return false;
  }

  /** Gives the log up. What was not flushed before is not written. */
  close(): void {
    const { vfs, ownership } = this.#options;
    const wasOn = this.recording === 'on' || this.recording === 'paused';
    if (this.recording === 'closed') return;
    this.#cancelWatermark?.();
    this.#sayDurable();
    this.#closeSegment();
    if (wasOn && this.#isMineQuietly()) writeHeartbeat(vfs, ownership.handle, RELEASED);
    closeQuietly(vfs, ownership.handle);
    this.recording = 'closed';
  }

  /** What was synced last is covered by a watermark too: damage to it is then told from a crash. */
  #sayDurable(): void {
    const { first, end } = this.#segment;
    if (this.recording !== 'on' || end === first || this.durable <= this.#lastWatermark) return;
    this.append(frameType.batch | SKIPPABLE, 0, 0, new Uint8Array(0));
    this.flush();
  }

  #isMineQuietly(): boolean {
    try {
      return this.#isMine();
    } catch {
      return false;
    }
  }
}
