// An owner's appending end: flush, sync, roll, and what to do when the disk refuses.
//
// 1. Acknowledged only after written, and then checked: next fence absent, then mine there.
// 2. A handle whose sync failed is never synced again: the unsynced range is repeated in a new
//    segment, or recording ends at the last watermark.
// 3. A segment is rolled only after it was synced; a manifest seals it before the next one exists.
// 4. Nothing here throws for the disk's sake: `recording` and `trouble` say what happened (G1).
//
// Spec: spec/ownership.md, spec/segment.md. Test: test/engine/appender.test.ts.

import { errorCode, RunlogError } from '../errors.ts';
import { durations, limits } from '../limits.ts';
import { HEARTBEAT_OFFSET } from './format/document.ts';
import { RELEASED } from './format/fence.ts';
import { frameType, SKIPPABLE } from './format/frame.ts';
import { encodeIndexPages, encodeIndexRoot } from './format/index-page.ts';
import { encodeManifest, type Manifest, type SealedSegment } from './format/manifest.ts';
import { manifestName } from './format/names.ts';
import { NO_PREDECESSOR, type SegmentHeader } from './format/segment-header.ts';
import type { Host, SyncSlot } from './host.ts';
import { HotSegment } from './hot-segment.ts';
import type { HotKeys } from './lookup.ts';
import { checkFence, type Ownership, writeHeartbeat } from './owner.ts';
import { closeQuietly, publish, readWhole } from './publish.ts';
import { repeatSegment } from './repeat.ts';
import type { Vfs } from './vfs/vfs.ts';

export type Recording = 'on' | 'paused' | 'failed' | 'fenced' | 'closed';

/** Sizes that tests lower; everything else uses limits.ts. */
export interface AppenderSizes {
  readonly segmentSize: number;
  readonly segmentSizeMax: number;
  readonly stateInterval: number;
  readonly replaySizeMax: number;
  readonly syncSize: number;
  readonly pausedSizeMax: number;
}

export interface AppenderOptions {
  readonly vfs: Vfs;
  readonly host: Host;
  readonly directory: string;
  readonly ownership: Ownership;
  readonly syncMs: number | null;
  /** 'sync': a flush is true only when its bytes are on stable storage. */
  readonly onFlush: 'write' | 'sync';
  readonly sizes: AppenderSizes;
  /** Directories whose entries must be durable before the first sync resolves, innermost first. */
  readonly parents: readonly string[];
  /** Keys of segments that have no index: they go into the next one written. */
  readonly keys: HotKeys;
  /** The packed body of a state frame, or undefined where nothing is folded. */
  readonly packState: () => Uint8Array | undefined;
  /** Called once for each change of `recording` away from 'on'. */
  readonly onTrouble: (error: RunlogError) => void;
  /** Called when a segment was sealed: there may be something to rewrite. */
  readonly onSeal: () => void;
}

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
  /** Entries of the directory (and its parents) that the first sync has to make durable. */
  #directoryDue: boolean;
  #parentsDue: boolean;
  #retryAt = 0;
  #lastState: number;
  #rollAt: number;
  #lastWatermark: number;
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
    this.#directoryDue = true;
    this.#parentsDue = options.parents.length > 0;
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
    const synced = this.#slot === undefined || this.#directoryDue ? 0 : this.#slot.synced();
    return Math.max(this.#segment.first, synced);
  }

  #headerOfNext(): Pick<SegmentHeader, 'logId' | 'fence' | 'number' | 'first' | 'predecessor' | 'nonce'> {
    const { manifest } = this;
    return {
      logId: manifest.logId, fence: manifest.fence, number: manifest.tailNumber, first: manifest.end,
      predecessor: manifest.segments.at(-1) ?? NO_PREDECESSOR, nonce: this.#options.ownership.owner.nonce,
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
    this.#directoryDue = true;
    this.#slot = host.schedule.watch({
      vfs, segment: this.#segment.handle, fence: ownership.handle, heartbeatOffset: HEARTBEAT_OFFSET,
      syncMs, onSync: () => this.#onSync(),
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

  /** Makes the directory entries durable that a completed sync needs. Throws Node's error. */
  #syncDirectories(): void {
    const { vfs, directory, parents } = this.#options;
    if (this.#directoryDue) vfs.syncDirectory(directory);
    if (this.#parentsDue) for (const parent of parents) vfs.syncDirectory(parent);
    this.#directoryDue = false;
    this.#parentsDue = false;
  }

  /** After a background sync: the watermark counts once the entries are durable too. */
  #settle(): void {
    if (!this.#directoryDue || this.#slot === undefined || this.#slot.synced() <= this.#segment.first) return;
    try {
      this.#syncDirectories();
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
    this.#syncDirectories();
  }

  /** G3. @throws RunlogError when it does not hold. */
  async sync(): Promise<void> {
    for (;;) {
      if (!this.flush()) throw this.#notHeld();
      const target = this.position;
      if (this.durable >= target && !this.#parentsDue) return;
      const slot = this.#slot;
      if (slot === undefined) {
        this.#syncDirectories();
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
        this.#syncDirectories();
      } catch (error) {
        throw new RunlogError('IO', `${this.#options.directory}: the directory could not be synced`, { cause: error });
      }
      if (this.durable >= target) return;
    }
  }

  /** As `sync`, on the calling thread: for the exit path. */
  syncSync(): boolean {
    if (!this.flush()) return false;
    if (this.durable >= this.position && !this.#parentsDue) return true;
    try {
      this.#syncNow();
      return this.#isMine();
    } catch {
      return false;
    }
  }

  #notHeld(): RunlogError {
    return this.trouble ?? new RunlogError('IO', `${this.#options.directory}: not everything could be written`);
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
        ...segment.name, first: segment.first, end: segment.end, length: segment.written,
        sum: segment.sum(), index, state,
      };
      this.#watch();
      this.#syncNow();
      const end = segment.end;
      const segments = [...this.manifest.segments, sealed];
      if (!this.publish({ segments, end, tailNumber: segment.name.number + 1 })) return false;
    } catch (error) {
      if (isDead(error)) return this.#refused(error as Error);
      // Tried again a quarter of a segment later; a manifest that did appear seals the segment.
      if (this.manifest.tailNumber <= segment.name.number) return false;
    }
    this.#options.keys.clear();
    this.#closeSegment();
    this.#open(new HotSegment(this.#options.vfs, this.#options.directory, this.#headerOfNext()));
    this.#options.onSeal();
    return true;
  }

  /** Publishes a manifest that differs in `change`. False: fenced. Throws Node's error. */
  publish(change: Partial<Manifest>): boolean {
    const { vfs, directory } = this.#options;
    const next: Manifest = { ...this.manifest, ...change, counter: this.manifest.counter + 1 };
    const name = manifestName(next.counter);
    const bytes = encodeManifest(next);
    try {
      if (!publish(vfs, directory, name, bytes, { sync: true })) return this.#end('fenced', undefined);
    } catch (error) {
      // A call that failed may have had its effect: what stands there now counts.
      if (!holds(vfs, `${directory}/${name}`, bytes)) throw error;
    }
    this.manifest = next;
    vfs.syncDirectory(directory);
    if (!this.#isMine()) return this.#end('fenced', undefined);
    closeOldManifest(vfs, directory, next.counter);
    return true;
  }

  /** Index pages of the keys that no index covers yet; the byte place of their root, 0 for none. */
  #appendIndex(): number {
    const keys = this.#options.keys.all();
    if (keys.length === 0) return 0;
    const derived = (type: number, body: Uint8Array): number => this.append(type | SKIPPABLE, 0, 0, body) ?? 0;
    const pages = encodeIndexPages(keys).map((page) => ({
      hash: page.first, count: page.count, offset: derived(frameType.indexPage, page.bytes),
    }));
    return derived(frameType.indexRoot, encodeIndexRoot(pages));
  }

  #open(segment: HotSegment): void {
    this.#segment = segment;
    this.#lastState = segment.size;
    this.#rollAt = this.#segmentSize();
    this.#directoryDue = true;
  }

  #closeSegment(): void {
    this.#slot?.close();
    this.#slot = undefined;
    this.#segment.close();
  }

  /** A write or sync was refused. Always false. */
  #refused(error: Error): false {
    const code = errorCode(error) ?? '';
    if (OUT_OF_ROOM.has(code) && !isDead(error)) {
      this.#retryAt = this.#options.host.monotonic() + durations.pausedRetryMs;
      if (this.recording === 'paused') return false;
      this.recording = 'paused';
      this.#report(`no room (${code}); recording is paused and tried again each second`, error);
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
        old, durable, frames, header: { ...this.#headerOfNext(), number: old.name.number + 1 },
      });
      const segments = [...this.manifest.segments, ...next.kept];
      this.#segment = next.segment;
      this.#directoryDue = false;
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

  #report(what: string, cause: Error | undefined): void {
    const { directory } = this.#options;
    this.trouble = new RunlogError('IO', `${directory}: ${what}`, { cause });
    this.#options.onTrouble(this.trouble);
  }

  /** Recording is over. Always false. */
  #end(how: 'failed' | 'fenced', error: Error | undefined): false {
    if (this.recording === how) return false;
    const isGone = how === 'fenced' && this.#options.vfs.stat(this.#options.directory) === undefined;
    this.recording = isGone ? 'failed' : how;
    this.#cancelWatermark?.();
    this.#closeSegment();
    if (isGone) {
      this.#report('the directory was removed; recording has ended', error);
    } else if (how === 'failed') {
      this.#report(
        `the disk refused (${errorCode(error) ?? error?.message}); recording has ended, records from position ${this.durable} on are in doubt`,
        error,
      );
    } else {
      const message = `${this.#options.directory}: another owner has taken this log over; nothing that follows is recorded`;
      this.trouble = new RunlogError('RUN_FENCED', message);
      this.#options.onTrouble(this.trouble);
    }
    return false;
  }

  /** Gives the log up. What was not flushed before is not written. */
  close(): void {
    const { vfs, ownership } = this.#options;
    const wasOn = this.recording === 'on' || this.recording === 'paused';
    if (this.recording === 'closed') return;
    this.#cancelWatermark?.();
    this.#closeSegment();
    if (wasOn && this.#isMineQuietly()) writeHeartbeat(vfs, ownership.handle, RELEASED);
    closeQuietly(vfs, ownership.handle);
    this.recording = 'closed';
  }

  #isMineQuietly(): boolean {
    try {
      return this.#isMine();
    } catch {
      return false;
    }
  }
}

const OUT_OF_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** An error after which a handle is never trusted again. */
class SyncFailure extends Error {}
const isDead = (error: unknown): boolean => error instanceof SyncFailure;

function holds(vfs: Vfs, path: string, bytes: Uint8Array): boolean {
  try {
    return Buffer.compare(readWhole(vfs, path, limits.documentSizeMax), bytes) === 0;
  } catch {
    return false;
  }
}

/** Keeps the newest two, as a successor would. */
function closeOldManifest(vfs: Vfs, directory: string, counter: number): void {
  if (counter <= 2) return;
  try {
    vfs.unlink(`${directory}/${manifestName(counter - 2)}`);
  } catch {
    // Collected already, or left for the next owner.
  }
}
