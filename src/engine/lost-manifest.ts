// A manifest that is lost, emptied or missing: told by the segment of the owner who had published it.
//
// 1. An owner appends behind its manifest. Records of an owner whose manifest is not there are the mark of a
//    crash while no sync covered them; where one did, the manifest was durable too, and is lost.
// 2. Not of a copy of the tail that a take-over made which then failed: it begins below the tail's end. Not of
//    what a copy of the log leaves that was cut short: the fences of its segments are not copied.
//
// Spec: spec/recovery.md, case 18. Test: test/engine/recovery.test.ts, test/engine/verify-repair.test.ts.

import { errorCode, RunlogError } from '../errors.ts';
import { RELEASED } from './format/fence.ts';
import type { Manifest } from './format/manifest.ts';
import { type Listing, type SegmentName, segmentName } from './format/names.ts';
import { SEGMENT_HEADER_SIZE } from './format/segment-header.ts';
import { SegmentFile } from './segment-file.ts';
import { listLog, newestValid, readFence } from './snapshot.ts';
import { readTail } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

export const LOST_MANIFEST = 'the manifest of its owner is lost';

/**
 * A segment with synced records of an owner whose manifest is not there. `manifest` is the newest, `end` that
 * of its tail.
 */
export function segmentWithoutManifest(
  vfs: Vfs,
  directory: string,
  listing: Listing,
  manifest: Pick<Manifest, 'fence' | 'logId'> | undefined,
  end: number,
): SegmentName | undefined {
  return listing.segments.find((name) => {
    if (name.rewritten || name.fence <= (manifest?.fence ?? 0)) return false;
    const fence = readFence(vfs, directory, name.fence);
    if (fence?.kind !== 'writer') return false;
    const file = new SegmentFile(vfs, directory, name);
    try {
      const { header, size } = file;
      if (typeof header === 'string' || header.first < end) return false;
      if (manifest !== undefined && header.logId !== manifest.logId) return false;
      const isReleased = fence.heartbeat === RELEASED;
      for (let from = SEGMENT_HEADER_SIZE; ; ) {
        const frame = file.findFrame(from, size);
        if (frame === undefined) return false;
        if (frame.header.watermark > end || (isReleased && frame.header.count > 0)) return true;
        from = frame.end;
      }
    } finally {
      file.close();
    }
  });
}

/** As it is now; undefined where nothing is lost. Throws Node's error. */
export function findLostManifest(vfs: Vfs, directory: string): string | undefined {
  for (;;) {
    const listing = listLog(vfs, directory);
    try {
      const { manifest, damage } = newestValid(vfs, directory, listing);
      // One that is damaged is told as such.
      const isLater = listing.segments.some((each) => each.fence > (manifest?.fence ?? 0));
      if (damage.length > 0 || !isLater) return undefined;
      const end = manifest === undefined ? 0 : readTail(vfs, directory, manifest).end;
      const name = segmentWithoutManifest(vfs, directory, listing, manifest, end);
      if (name === undefined) return undefined;
      // A listing made while files are linked may miss one and show the next.
      const again = listLog(vfs, directory);
      if (again.manifests.join() === listing.manifests.join())
        return `${directory}/${segmentName(name)}`;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

/**
 * `listing` and `manifest` are those of who takes the log over.
 *
 * @throws RunlogError CORRUPT where a manifest is lost: what its owner has recorded would be taken away.
 */
export function refuseLostManifest(
  vfs: Vfs,
  directory: string,
  listing: Listing,
  manifest: Manifest | undefined,
): void {
  if (!listing.segments.some((each) => each.fence > (manifest?.fence ?? 0))) return;
  const file = findLostManifest(vfs, directory);
  if (file === undefined) return;
  const message = `${file}: ${LOST_MANIFEST}; \`runlog repair\` makes another`;
  throw new RunlogError('CORRUPT', message, { file });
}
