// Becoming the owner of a log, staying it, and proving it at each flush.
//
// 1. The order of calls is the one that was model-checked; a change here is first a change there.
// 2. A contender links exactly the number after the one that it probed, and one that lost removes
//    nothing.
// 3. Checked in this order: the next fence is absent, *then* mine is there and is mine.
// 4. Recovery truncates nothing: it publishes lengths.
//
// Spec: spec/ownership.md (step numbers below are its). Test: test/engine/interleaving.test.ts.

import { randomBytes } from 'node:crypto';

import { type ErrorDetails, errorCode, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { HEARTBEAT_OFFSET } from './format/document.ts';
import { encodeFence, type Fence, type FenceKind, RELEASED } from './format/fence.ts';
import { encodeFrame, FRAME_HEADER_SIZE, SegmentSum } from './format/frame.ts';
import { encodeManifest, type Manifest, type SealedSegment } from './format/manifest.ts';
import { fenceName, type Listing, manifestName, newest, segmentName } from './format/names.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_SIZE } from './format/segment-header.ts';
import { dataViewOf } from './format/version.ts';
import type { OwnerRecord } from './host.ts';
import { refuseLostManifest } from './lost-manifest.ts';
import {
  closeQuietly,
  publish,
  publishOpen,
  readWhole,
  unlinkQuietly,
  writeWhole,
} from './publish.ts';
import { SegmentFile } from './segment-file.ts';
import { listLog, readFence, readNewestManifest } from './snapshot.ts';
import { readTail, strangeError, type Tail, type TailSegment } from './tail.ts';
import type { FileHandle, Vfs } from './vfs/vfs.ts';

/** Who holds the log now, as far as its files tell (steps 1 and 2). */
export interface Holder {
  /** The number to go beyond. 0: nobody ever held it. */
  readonly number: number;
  /** Undefined when its file is gone or does not verify. */
  readonly fence: Fence | undefined;
  /** Whether a file of this number exists. */
  readonly present: boolean;
  /**
   * It exists and holds nothing, or zeros: a power loss took the content before it was synced, or its
   * publisher died (or is paused) between taking the name and filling it.
   */
  readonly isBlank: boolean;
}

/** What a successful take-over hands to the appender. */
export interface Ownership {
  readonly fence: number;
  readonly handle: FileHandle;
  readonly identity: string;
  readonly owner: OwnerRecord;
  readonly manifest: Manifest;
  /** Segments sealed by this opening, their keys and damage. */
  readonly tail: Tail;
  /** Directories whose entries are not durable yet: due before the first sync resolves. */
  readonly directorySyncDue: boolean;
}

export interface Contender {
  readonly kind: FenceKind;
  readonly owner: OwnerRecord;
  /** A new life: nothing of what the directory held is part of the log from here on. */
  readonly fresh?: boolean;
}

/** @throws RunlogError CORRUPT when the newest manifest does not verify; FORMAT_TOO_NEW. */
export function findHolder(vfs: Vfs, directory: string): Holder {
  for (;;) {
    const listing = listLog(vfs, directory);
    try {
      const manifest = readNewestManifest(vfs, directory, listing);
      const number = greatestFence(listing, manifest);
      const present = listing.fences.includes(number);
      const fence = present ? readFence(vfs, directory, number) : undefined;
      const isBlank = present && fence === undefined && holdsNothing(vfs, directory, number);
      return { number, present, fence, isBlank };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

function holdsNothing(vfs: Vfs, directory: string, number: number): boolean {
  const bytes = readWhole(vfs, `${directory}/${fenceName(number)}`, limits.documentSizeMax);
  return bytes.every((byte) => byte === 0);
}

const greatestFence = (listing: Listing, manifest: Manifest | undefined): number =>
  Math.max(
    newest(listing.fences),
    manifest?.fence ?? 0,
    ...listing.segments.map((each) => each.fence),
  );

/** True when its owner closed the log: the next one may take it at once. */
export const isReleased = (fence: Fence | undefined): boolean => fence?.heartbeat === RELEASED;

/**
 * Steps 3 to 11. Undefined: another was faster, or has taken over since; begin again with
 * `findHolder`, liveness included.
 *
 * @throws Node's error of the call that failed; RunlogError CORRUPT.
 */
export function acquire(
  vfs: Vfs,
  directory: string,
  holder: Holder,
  contender: Contender,
): Ownership | undefined {
  const number = holder.number + 1;
  const bytes = encodeFence(contender.kind, contender.owner);
  const handle = publishOpen(vfs, directory, fenceName(number), bytes, { sync: holder.number > 0 });
  if (handle === undefined) return undefined;
  try {
    const identity = vfs.facts(handle).identity;
    const decided = decide(vfs, directory, number, contender);
    if (decided === undefined || !checkFence(vfs, directory, number, identity)) {
      closeQuietly(vfs, handle);
      return undefined;
    }
    collect(vfs, directory, holder.number, decided, contender.owner.probe);
    return { fence: number, handle, identity, owner: contender.owner, ...decided };
  } catch (error) {
    // The fence stays: unlinking it would let its predecessor believe that it was never fenced.
    // Released, so that the next owner need not wait for us.
    writeHeartbeat(vfs, handle, RELEASED);
    closeQuietly(vfs, handle);
    throw error;
  }
}

type Decision = Pick<Ownership, 'manifest' | 'tail' | 'directorySyncDue'>;

/** Steps 4 to 9: what the log held before us, decided once and for all. */
function decide(
  vfs: Vfs,
  directory: string,
  number: number,
  contender: Contender,
): Decision | undefined {
  // Copies that we have made of a tail. Those of an attempt that another's manifest overtook stay
  // below the tail number: they are part of nothing.
  let copies = 0;
  for (;;) {
    const listing = listLog(vfs, directory);
    if (newest(listing.fences) !== number) return undefined;
    const counter = newest(listing.manifests);
    const read = unlessGone(() => ({ newest: readNewestManifest(vfs, directory, listing) }));
    if (read === undefined) continue;
    const previous = read.newest;
    if (previous !== undefined && previous.fence >= number) return undefined;
    if (!contender.fresh) refuseLostManifest(vfs, directory, listing, previous);
    const start = previous === undefined || contender.fresh ? NEW_LOG() : previous;
    const tail = unlessGone(() => readTail(vfs, directory, start));
    if (tail === undefined) continue;
    if (tail.strange !== undefined) throw strangeError(tail.strange);
    const hasTail = tail.segments.some((each) => each.end > each.first);
    const own = { number, start, nonce: contender.owner.nonce, copy: copies + 1 };
    const sealed = hasTail ? unlessGone(() => sealTail(vfs, directory, tail, own)) : [];
    if (sealed === undefined) continue;
    if (hasTail) vfs.syncDirectory(directory);
    copies += sealed.filter((each) => each.fence === number).length;
    const manifest: Manifest = {
      ...start,
      counter: counter + 1,
      fence: number,
      tailNumber: copies + 1,
      end: tail.end,
      segments: [...start.segments, ...sealed].filter((each) => each.end > each.first),
      damage: [...start.damage, ...damageOf(tail)],
    };
    if (
      !publish(vfs, directory, manifestName(counter + 1), encodeManifest(manifest), { sync: true })
    )
      continue;
    if (hasTail) vfs.syncDirectory(directory);
    return { manifest, tail, directorySyncDue: !hasTail };
  }
}

/** Undefined where a later owner has deleted a file that we have read: the next listing says so. */
function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const NEW_LOG = (): Manifest => ({
  counter: 0,
  logId: dataViewOf(randomBytes(8)).getBigUint64(0, true),
  fence: 0,
  tailNumber: 1,
  first: 0,
  end: 0,
  segments: [],
  damage: [],
});

const damageOf = (tail: Tail): Manifest['damage'] =>
  tail.segments.flatMap(({ fence, number, damage }) =>
    damage.map((each) => ({ fence, number, ...each })),
  );

interface Copier {
  /** Of the fence. */
  readonly number: number;
  readonly start: Manifest;
  readonly nonce: Uint8Array;
  /** Number of the segment that a copy goes to. */
  readonly copy: number;
}

/** Step 6: every byte that the manifest is about to promise is on stable storage. */
function sealTail(vfs: Vfs, directory: string, tail: Tail, own: Copier): SealedSegment[] {
  const sealed: SealedSegment[] = [];
  for (const [index, segment] of tail.segments.entries()) {
    const file = vfs.open(`${directory}/${segmentName(segment)}`, 'write');
    try {
      vfs.sync(file);
      sealed.push(segment);
    } catch {
      // The pages may be marked clean with the data lost: never tried again on this file.
      const rest = tail.segments.slice(index);
      return [...sealed, ...copyTail(vfs, directory, rest, tail.watermark, own)];
    } finally {
      closeQuietly(vfs, file);
    }
  }
  return sealed;
}

/** Copies the records from the watermark on into an own, synced file; what is below it stays. */
function copyTail(
  vfs: Vfs,
  directory: string,
  segments: readonly TailSegment[],
  watermark: number,
  own: Copier,
): SealedSegment[] {
  const name = { fence: own.number, number: own.copy, rewritten: false };
  const salt = dataViewOf(randomBytes(8)).getBigUint64(0, true);
  const kept: SealedSegment[] = [];
  const frames: Uint8Array[] = [];
  const sums: bigint[] = [];
  let first: number | undefined;
  for (const segment of segments) {
    const file = new SegmentFile(vfs, directory, segment);
    const sum = new SegmentSum(file.headerChecksum);
    let end = segment.first;
    let offset = SEGMENT_HEADER_SIZE;
    let length = offset;
    try {
      while (offset < segment.length) {
        const frame = file.frameAt(offset, segment.length) as Exclude<
          ReturnType<SegmentFile['frameAt']>,
          string
        >;
        if (typeof frame === 'string') {
          offset = file.findFrame(offset + 1, segment.length)?.offset ?? segment.length;
          continue;
        }
        const after = frame.header.first + frame.header.count;
        if (after <= watermark && first === undefined) {
          sum.add(frame.sum);
          end = after;
          length = frame.end;
        } else {
          first ??= frame.header.first;
          const copy = encodeFrame(frame.header, frame.body, salt);
          frames.push(copy);
          sums.push(dataViewOf(copy).getBigUint64(FRAME_HEADER_SIZE - 8, true));
        }
        offset = frame.end;
      }
    } finally {
      file.close();
    }
    kept.push({
      ...segment,
      end,
      length,
      sum: sum.digest(),
      state: segment.state < length ? segment.state : 0,
    });
  }
  if (first === undefined) return kept;
  const before = kept.findLast((each) => each.end > each.first);
  const header = encodeSegmentHeader({
    rewritten: false,
    repeat: false,
    logId: own.start.logId,
    fence: own.number,
    number: own.copy,
    first,
    salt,
    predecessor: before ?? { fence: 0, number: 0, length: 0, sum: 0n },
    nonce: own.nonce,
  });
  const sum = new SegmentSum(dataViewOf(header).getBigUint64(SEGMENT_HEADER_SIZE - 8, true));
  for (const each of sums) sum.add(each);
  const bytes = Buffer.concat([header, ...frames]);
  const file = vfs.open(`${directory}/${segmentName(name)}`, 'create');
  try {
    writeWhole(vfs, file, bytes, 0);
    vfs.sync(file);
  } finally {
    vfs.close(file);
  }
  const end = segments.at(-1)?.end ?? first;
  return [
    ...kept,
    { ...name, first, end, length: bytes.length, sum: sum.digest(), index: 0, state: 0 },
  ];
}

/** Step 10, and at every flush. By identity, for which the fence's handle must be open. */
export function checkFence(vfs: Vfs, directory: string, number: number, identity: string): boolean {
  if (vfs.stat(`${directory}/${fenceName(number + 1)}`) !== undefined) return false;
  return vfs.stat(`${directory}/${fenceName(number)}`)?.identity === identity;
}

/**
 * Step 11. Nothing here is needed by anybody who follows the protocol; failures are left behind. An
 * unlink may survive a power loss that the manifest before it does not: the directory is synced
 * between the two.
 */
function collect(
  vfs: Vfs,
  directory: string,
  previous: number,
  decided: Decision,
  probe: string,
): void {
  const { manifest, directorySyncDue } = decided;
  const listing = listLog(vfs, directory);
  const listed = new Set(manifest.segments.map(segmentName));
  const fences = listing.fences.filter((number) => number < previous).map(fenceName);
  const manifests = listing.manifests
    .filter((counter) => counter < manifest.counter - 1)
    .map(manifestName);
  const segments = listing.segments
    .filter((segment) => segment.fence < manifest.fence && !listed.has(segmentName(segment)))
    .map(segmentName);
  const others = [...listing.temporary, ...listing.probes].filter((name) => name !== probe);
  if (directorySyncDue && manifests.length + segments.length > 0) vfs.syncDirectory(directory);
  // Lowest first: an owner that finds its own gone must not find the next one gone as well.
  for (const name of fences) {
    try {
      vfs.unlink(`${directory}/${name}`);
    } catch (error) {
      // Collected by another already; with any other error the higher ones have to stay.
      if (errorCode(error) !== 'ENOENT') break;
    }
  }
  for (const name of [...manifests, ...segments, ...others])
    unlinkQuietly(vfs, `${directory}/${name}`);
}

/** Overwrites the heartbeat of an own fence; its loss costs a successor time, never data. */
export function writeHeartbeat(vfs: Vfs, fence: FileHandle, heartbeat: bigint): void {
  const bytes = new Uint8Array(8);
  dataViewOf(bytes).setBigUint64(0, heartbeat, true);
  try {
    vfs.write(fence, bytes, HEARTBEAT_OFFSET);
  } catch {
    // The holder is then judged by pid, probe, or an unchanging heartbeat.
  }
}

/** The furthest day of a Date, milliseconds. */
const DATE_MAX = 8.64e15;

export function lockedError(directory: string, { fence }: Holder): RunlogError {
  if (fence === undefined) return locked(directory, 'an owner that left no record', {});
  const { host, pid, thread, since } = fence.owner;
  // 0: it has not beaten yet. No checksum covers it: what is no date is not shown as one.
  const beat = Number(fence.heartbeat);
  const isDate = beat > 0 && beat <= DATE_MAX;
  const holder = { host, pid, thread, since, ...(isDate && { lastHeartbeat: beat }) };
  const last = isDate ? `, last heartbeat ${new Date(beat).toISOString()}` : '';
  const who = `process ${pid} (thread ${thread}) on ${host} since ${new Date(since).toISOString()}`;
  return locked(directory, `${who}${last}`, { holder });
}

const locked = (directory: string, who: string, details: ErrorDetails): RunlogError =>
  new RunlogError(
    'RUN_LOCKED',
    `${directory}: held by ${who}; choose another \`writer\` to write beside it, ` +
      'or take the log from it (`forceResume` of a run, `force` of a log)',
    details,
  );
