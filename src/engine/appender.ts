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
import { frameType, SKIPPABLE } from './format/frame.ts';
import type { Manifest, SealedSegment } from './format/manifest.ts';
import { NO_PREDECESSOR, type SegmentHeader } from './format/segment-header.ts';
import { HotSegment } from './hot-segment.ts';
import { writeIndex } from './index-writer.ts';
import { addOpenEnd, type OpenEnd, offerOpenEnd, removeOpenEnd } from './open-ends.ts';
import { OwnFence } from './own-fence.ts';
import { collectManifest, publishManifest } from './publish-manifest.ts';
import { repeatSegment } from './repeat.ts';
import { SegmentSync } from './segment-sync.ts';
import {
  directoryError,
  failedError,
  fencedError,
  isOutOfRoom,
  pausedError,
  removedError,
  SyncFailure,
} from './trouble.ts';

/** What a manifest has to say after a repeat. */
interface DueSeal {
  /** Of the dead segment. */
  readonly kept: readonly SealedSegment[];
  /** Where the repeat begins. */
  readonly end: number;
  /** One past the last record that it holds. */
  readonly position: number;
}

export class Appender implements OpenEnd {
  recording: Recording = 'on';
  /** Why recording is not 'on'. */
  trouble: RunlogError | undefined;
  /** What `flush` has returned true for. */
  acknowledged: number;
  manifest: Manifest;
  wasUsed = false;
  readonly #options: AppenderOptions;
  readonly #fence: OwnFence;
  #segment: HotSegment;
  readonly #syncs: SegmentSync;
  #retryAt = 0;
  /** The error of a dead handle that could not be answered yet. */
  #repeatDue: SyncFailure | undefined;
  /** What a repeat that is there has to publish. */
  #sealDue: DueSeal | undefined;
  #lastState: number;
  #rollAt: number;
  #lastWatermark: number;
  #cancelWatermark: (() => void) | undefined;

  constructor(options: AppenderOptions) {
    const { ownership, directory, vfs } = options;
    this.#options = options;
    this.#fence = new OwnFence(vfs, options.host, directory, ownership);
    this.manifest = ownership.manifest;
    this.acknowledged = this.manifest.end;
    this.#lastWatermark = this.manifest.end;
    this.#segment = new HotSegment(vfs, directory, this.#headerOfNext());
    this.#lastState = this.#segment.size;
    this.#rollAt = this.#segmentSize();
    this.#syncs = new SegmentSync(options, () => this.#onSync());
    addOpenEnd(this);
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
    return this.#syncs.durable(this.#segment.first);
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

  /** Before a batch is packed: who never flushes is flushed at half of the bound, not refused at it. */
  makeRoom(): void {
    if (this.recording === 'on' && this.#segment.pending > this.#options.sizes.pausedSizeMax / 2)
      this.flush();
  }

  /** G2. Never throws. */
  flush(): boolean {
    if (this.recording !== 'on' && !this.#mayRetry()) return false;
    if (this.#repeatDue !== undefined) return this.#refused(this.#repeatDue);
    if (this.#sealDue !== undefined && !this.#endRepeat(this.#sealDue)) return false;
    const isWhole = this.recording === 'on' && this.acknowledged === this.position;
    if (this.#segment.pending === 0 && isWhole) return true;
    try {
      // A successor may have taken a parked segment away: not a trouble of the disk.
      if (this.#isParked && !this.#fence.isMine()) return this.#end('fenced', undefined);
      this.#write();
      const isSynced = this.#options.onFlush === 'sync';
      if (isSynced) this.#syncs.now(this.#segment.handle);
      if (!this.#fence.isMine()) return this.#end('fenced', undefined);
      if (isSynced) this.#syncs.cover(this.position);
    } catch (error) {
      return this.#refused(error as Error);
    }
    if (this.recording === 'paused') this.recording = 'on';
    this.wasUsed = true;
    this.acknowledged = this.position;
    this.#syncs.slot?.wrote(this.position);
    this.#syncs.slot?.beat();
    this.#housekeeping();
    return this.recording === 'on';
  }

  #mayRetry(): boolean {
    return this.recording === 'paused' && this.#options.host.monotonic() >= this.#retryAt;
  }

  get #isParked(): boolean {
    return this.#segment.handle === undefined && this.#segment.written > 0;
  }

  #write(): void {
    // Created now, maybe after an earlier sync of the directory.
    if (this.#segment.written === 0) this.#syncs.entries.isDue = true;
    this.#segment.write();
    this.#watch();
  }

  /** Registers the segment with the sync scheduler once its file is open. */
  #watch(): void {
    const segment = this.#segment.handle;
    if (this.#syncs.slot !== undefined || segment === undefined) return;
    const fence = this.#fence.handle();
    // No longer mine: the check that follows every write says so.
    if (fence === undefined) return;
    this.#syncs.watch(segment, fence, this.acknowledged);
    addOpenEnd(this);
  }

  /** Closes the files of a log that nothing is written to; the next flush opens them again. */
  park(isUrgent: boolean): boolean {
    const { slot, entries } = this.#syncs;
    if (this.recording !== 'on' || this.#segment.pending > 0 || slot?.isSyncing) return false;
    if (slot !== undefined) {
      if (!isUrgent && (this.durable < this.position || entries.areParentsDue)) {
        this.#syncs.request();
        return false;
      }
      this.#sayDurable();
      if (!this.syncSync() || this.#segment.pending > 0) return false;
    }
    this.#cancelWatermark?.();
    this.#cancelWatermark = undefined;
    this.#closeSegment();
    this.#fence.park();
    return true;
  }

  /** What is due after a flush: late sync errors, state, room, rolling. */
  #housekeeping(): void {
    const { sizes } = this.#options;
    const failure = this.#syncs.slot?.failure();
    if (failure !== undefined) {
      this.#repeat(failure);
      return;
    }
    this.#syncs.settle(this.#segment.first);
    const segment = this.#segment;
    const durable = this.durable;
    segment.release(durable, sizes.replaySizeMax);
    if (segment.size - this.#lastState >= sizes.stateInterval) this.#appendState();
    if (segment.size >= this.#rollAt) {
      const behind = segment.held(durable);
      if (behind <= sizes.segmentSize / 8 || segment.size >= this.#rollAt * 2) this.roll();
      else this.#syncs.request();
    } else if (segment.held(durable) >= sizes.syncSize) this.#syncs.request();
  }

  #syncAlone(): void {
    this.#syncs.alone(this.#segment.handle, this.#segment.first, this.acknowledged);
  }

  #appendState(): number {
    this.#lastState = this.#segment.size;
    const body = this.#options.packState();
    // One that no frame holds is left out: it is derived, and folding begins at the one before.
    if (body === undefined || body.length > limits.frameBodySizeMax) return 0;
    return this.append(frameType.state | SKIPPABLE, 0, 0, body) ?? 0;
  }

  #onSync(): void {
    if (this.recording !== 'on') return;
    const failure = this.#syncs.slot?.failure();
    if (failure !== undefined) {
      this.#repeat(failure);
      return;
    }
    this.#syncs.settle(this.#segment.first);
    this.#segment.release(this.durable, this.#options.sizes.replaySizeMax);
    this.#planWatermark();
    offerOpenEnd(this);
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

  /** G3. @throws RunlogError when it does not hold. */
  async sync(): Promise<void> {
    for (;;) {
      if (!this.flush()) throw this.#notHeld();
      const target = this.position;
      if (this.durable >= target && !this.#syncs.entries.areParentsDue) return;
      const slot = this.#syncs.slot;
      try {
        await slot?.request();
      } catch (error) {
        if (this.#syncs.slot === slot && this.recording === 'on') this.#repeat(error as Error);
        if (this.recording !== 'on') throw this.#notHeld();
        continue;
      }
      if (this.#syncs.slot !== slot) continue;
      try {
        this.#syncs.syncEntries();
      } catch (error) {
        throw directoryError(this.#options.directory, error);
      }
      if (slot === undefined || this.durable >= target) return;
    }
  }

  /** As `sync`, on the calling thread: for the exit path. */
  syncSync(): boolean {
    if (!this.flush()) return false;
    if (this.durable >= this.position && !this.#syncs.entries.areParentsDue) return true;
    const isShared = this.#syncs.slot?.isSyncing ?? false;
    try {
      this.#syncAlone();
      if (isShared) this.#watch();
      // What the thread pool is told may be what we were not: then nobody knows.
      return this.#fence.isMine() && !isShared;
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
    // Its answer counts, and cannot be waited for; a loop that never yields does not wait for ever.
    if (this.#syncs.slot?.isSyncing && segment.size < limits.segmentFileSizeMax / 4) return false;
    this.#rollAt = segment.size + this.#segmentSize() / 4;
    try {
      const index = this.#appendIndex();
      const state = this.#appendState();
      this.#write();
      const sealed: SealedSegment = {
        ...segment.name,
        first: segment.first,
        end: segment.end,
        length: segment.written,
        sum: segment.sum(),
        index,
        state,
      };
      this.#syncAlone();
      const end = segment.end;
      const segments = [...this.manifest.segments, sealed];
      if (!this.publish({ segments, end, tailNumber: segment.name.number + 1 })) return false;
    } catch (error) {
      const isDead = error instanceof SyncFailure;
      if (isDead) this.#refused(error);
      // Tried again a quarter of a segment later; a manifest that did appear seals the segment.
      if (isDead || this.manifest.tailNumber <= segment.name.number) return false;
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
    if (!this.#fence.isMine()) return this.#end('fenced', undefined);
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
    this.#syncs.entries.isDue = true;
  }

  #closeSegment(): void {
    this.#syncs.close(this.#segment.first);
    this.#segment.close();
  }

  /** A write or sync was refused. True when everything stands, synced, in a new segment. */
  #refused(error: Error): boolean {
    if (isOutOfRoom(error)) this.#pause(error);
    else this.#repeat(error);
    return this.recording === 'on';
  }

  #pause(error: Error): void {
    this.#retryAt = this.#options.host.monotonic() + durations.pausedRetryMs;
    if (this.recording === 'paused') return;
    this.recording = 'paused';
    this.#report(pausedError(this.#options.directory, error));
  }

  /** The handle is dead. Goes on in a new segment that holds everything unsynced, or ends. */
  #repeat(error: Error): void {
    const { vfs, directory } = this.#options;
    const old = this.#segment;
    const durable = this.durable;
    this.#closeSegment();
    this.#repeatDue = undefined;
    try {
      const frames = old.framesFrom(durable);
      if (frames === undefined) {
        this.#end('failed', error);
        return;
      }
      const header = { ...this.#headerOfNext(), number: old.name.number + 1 };
      const { keys } = this.#options;
      const next = repeatSegment(vfs, directory, { old, durable, frames, header, keys });
      this.#segment = next.segment;
      this.#syncs.entries.isDue = true;
      this.#lastState = next.segment.size;
      this.#endRepeat({ kept: next.kept, end: durable, position: this.position });
    } catch (second) {
      // Without room for the repeat everything is still held: it is tried again when there may be.
      if (isOutOfRoom(second)) {
        this.#repeatDue = SyncFailure.of(error);
        this.#pause(second as Error);
      } else this.#end('failed', second as Error);
    }
  }

  /** The repeat is there: the dead segment is sealed at the watermark. True: recording goes on. */
  #endRepeat(seal: DueSeal): boolean {
    this.#sealDue = seal;
    try {
      this.#syncs.syncEntries();
      if (!this.#fence.isMine()) return this.#end('fenced', undefined);
      const segments = [...this.manifest.segments, ...seal.kept];
      const tailNumber = this.#segment.name.number;
      if (!this.publish({ segments, end: seal.end, tailNumber })) return false;
      this.#sealDue = undefined;
      this.acknowledged = seal.position;
      this.#syncs.cover(seal.position);
      this.#watch();
    } catch (error) {
      if (isOutOfRoom(error)) this.#pause(error as Error);
      else this.#end('failed', error as Error);
      return false;
    }
    this.recording = 'on';
    return true;
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
    this.#letGo();
    if (isGone) this.#report(removedError(directory));
    else
      this.#report(
        how === 'failed' ? failedError(directory, durable, error) : fencedError(directory),
      );
    return false;
  }

  /** Gives the log up. What was not flushed before is not written. */
  close(): void {
    if (this.recording === 'closed') return;
    const wasOn = this.recording === 'on' || this.recording === 'paused';
    this.#sayDurable();
    this.#letGo();
    if (wasOn) this.#fence.release();
    else this.#fence.close();
    this.recording = 'closed';
  }

  #letGo(): void {
    this.#cancelWatermark?.();
    this.#closeSegment();
    removeOpenEnd(this);
  }

  /** What was synced last is covered by a watermark too: damage to it is then told from a crash. */
  #sayDurable(): void {
    const { first, end } = this.#segment;
    if (this.recording !== 'on' || end === first || this.durable <= this.#lastWatermark) return;
    this.append(frameType.batch | SKIPPABLE, 0, 0, new Uint8Array(0));
    this.flush();
  }
}
