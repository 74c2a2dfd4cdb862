// Checking every byte of a log, changing nothing.
//
// 1. Names every damaged extent; the torn end of a tail is listed apart, it is no damage.
// 2. Sums of sealed segments are compared with what their manifest says.
// 3. Of a log that is written meanwhile, a file that an owner has rewritten or collected since is none that
//    is missing: from the start, without what was read and is sound.
//
// Spec: spec/recovery.md. Test: test/engine/verify-repair.test.ts.

import { errorCode } from '../errors.ts';
import { SegmentSum } from './format/frame.ts';
import type { SealedSegment } from './format/manifest.ts';
import { fenceName, segmentName } from './format/names.ts';
import { readFrames, recordsOf } from './log-reader.ts';
import { findLostManifest, LOST_MANIFEST } from './lost-manifest.ts';
import { SegmentFile } from './segment-file.ts';
import { READ_TRIES, readFence, readSnapshot } from './snapshot.ts';
import { type Damage, readTail, STRANGE, type Tail } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

export interface VerifyReport {
  readonly ok: boolean;
  readonly damaged: readonly Damage[];
  /** The unfinished end of a tail that no watermark covers: the mark of a crash. */
  readonly torn: Tail['torn'];
  readonly records: number;
  readonly bytes: number;
  /** Names that are none of a log's. */
  readonly foreign: readonly string[];
}

const FIRST_FENCE = 1;

/** @throws RunlogError FORMAT_TOO_NEW; Node's error when the directory cannot be read. */
export function verifyLog(vfs: Vfs, directory: string): VerifyReport {
  const sound = new Set<string>();
  for (let tries = 1; ; tries += 1) {
    try {
      return verifyNow(vfs, directory, sound);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || tries === READ_TRIES) throw error;
      if (vfs.stat(directory) === undefined) throw error;
    }
  }
}

/** `sound`: segments that were read before. Throws ENOENT where a file of the listing is gone. */
function verifyNow(vfs: Vfs, directory: string, sound: Set<string>): VerifyReport {
  const snapshot = readSnapshot(vfs, directory);
  const damaged: Damage[] = [...snapshot.damage];
  // Of a log that is not decided the tail is left out, but for what keeps owners from deciding it.
  if (!snapshot.decided && snapshot.manifest !== undefined)
    damaged.push(
      ...readTail(vfs, directory, snapshot.manifest).damage.filter(
        ({ reason }) => reason === STRANGE,
      ),
    );
  let bytes = 0;
  const unlisted = snapshot.decided ? undefined : findLostManifest(vfs, directory);
  if (unlisted !== undefined)
    damaged.push({
      file: unlisted,
      offset: 0,
      size: vfs.stat(unlisted)?.size ?? 0,
      reason: LOST_MANIFEST,
    });
  for (const segment of snapshot.manifest?.segments ?? []) {
    bytes += segment.length;
    if (damaged.some((each) => each.file === `${directory}/${segmentName(segment)}`)) continue;
    const known = `${segmentName(segment)} ${segment.length} ${segment.sum}`;
    if (sound.has(known)) continue;
    const before = damaged.length;
    verifySegment(vfs, directory, segment, damaged);
    if (damaged.length === before) sound.add(known);
  }
  for (const segment of snapshot.tail.segments) {
    bytes += segment.length;
    readBodies(vfs, directory, segment, damaged);
  }
  for (const number of snapshot.listing.fences) {
    // Case 16: the first one is linked before it is synced, so that a crash may leave it torn.
    if (readFence(vfs, directory, number) !== undefined || number === FIRST_FENCE) continue;
    const file = `${directory}/${fenceName(number)}`;
    const size = vfs.stat(file)?.size;
    // Collected since by an owner that came later, or a name that is about to be filled (publish.ts).
    if (size === undefined || size === 0) continue;
    damaged.push({ file, offset: 0, size, reason: 'a fence that does not verify' });
  }
  return {
    ok: damaged.length === 0,
    damaged,
    torn: snapshot.tail.torn,
    records: snapshot.end,
    bytes,
    foreign: snapshot.listing.foreign,
  };
}

function verifySegment(
  vfs: Vfs,
  directory: string,
  segment: SealedSegment,
  damaged: Damage[],
): void {
  const before = damaged.length;
  const file = `${directory}/${segmentName(segment)}`;
  const sum = readBodies(vfs, directory, segment, damaged);
  if (damaged.length === before && sum !== segment.sum) {
    damaged.push({
      file,
      offset: 0,
      size: segment.length,
      reason: 'whole frames, but not the ones that were sealed',
    });
  }
}

/** Reads every frame and body; the segment's sum. */
function readBodies(
  vfs: Vfs,
  directory: string,
  segment: SealedSegment,
  damaged: Damage[],
): bigint {
  const path = `${directory}/${segmentName(segment)}`;
  const file = new SegmentFile(vfs, directory, segment);
  const sum = new SegmentSum(file.headerChecksum);
  file.close();
  const found: Damage[] = [];
  // A copy: of the listed segment its reader may remember what it read.
  for (const frame of readFrames(vfs, directory, { ...segment }, found)) {
    sum.add(frame.sum);
    recordsOf(frame, segment, path, found);
  }
  for (const each of found) {
    if (!damaged.some((known) => known.file === each.file && known.offset === each.offset))
      damaged.push(each);
  }
  return sum.digest();
}
