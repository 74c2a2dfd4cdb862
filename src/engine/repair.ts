// Repair, on order: makes a log whose manifest was lost writable again from what is left.
//
// 1. Keeps every damaged file aside under `damaged-<name>`; deletes nothing.
// 2. Believes the last valid manifest where its files are there, the segment headers elsewhere.
// 3. The new manifest is durable before the damaged one is put aside.
// 4. A gap between segments stays a gap: reported by reading, never closed.
//
// Spec: spec/recovery.md. Test: test/engine/verify-repair.test.ts.

import { basename } from 'node:path';

import { errorCode } from '../errors.ts';
import { SegmentSum } from './format/frame.ts';
import { encodeManifest, type Manifest, type SealedSegment } from './format/manifest.ts';
import { manifestName, newest, type SegmentName, segmentName } from './format/names.ts';
import { SEGMENT_HEADER_SIZE } from './format/segment-header.ts';
import { findLostManifest } from './lost-manifest.ts';
import { publish } from './publish.ts';
import { SegmentFile } from './segment-file.ts';
import { listLog, readManifest } from './snapshot.ts';
import { readTail } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

/** Files that were put aside; empty when there was nothing to repair. Requires: nobody owns the log. */
export function repairLog(vfs: Vfs, directory: string): string[] {
  const listing = listLog(vfs, directory);
  const invalid: number[] = [];
  let valid: Manifest | undefined;
  for (const counter of [...listing.manifests].reverse()) {
    valid = tryManifest(vfs, directory, counter);
    if (valid !== undefined) break;
    invalid.push(counter);
  }
  if (invalid.length === 0 && findLostManifest(vfs, directory) === undefined)
    return putStrangeAside(vfs, directory, valid);
  const found = listing.segments
    .map((name) => describe(vfs, directory, name))
    .filter((each) => each !== undefined);
  const logId = valid?.logId ?? found[0]?.logId ?? 0n;
  const segments = chain(
    found.filter((each) => each.logId === logId),
    valid,
  );
  const fence = Math.max(
    newest(listing.fences),
    valid?.fence ?? 0,
    ...listing.segments.map((each) => each.fence),
    1,
  );
  const numbers = listing.segments
    .filter((each) => each.fence === fence && !each.rewritten)
    .map((each) => each.number);
  const first = segments[0]?.first ?? valid?.first ?? 0;
  const manifest: Manifest = {
    counter: newest(listing.manifests) + 1,
    logId,
    fence,
    tailNumber: Math.max(0, ...numbers) + 1,
    first,
    end: segments.at(-1)?.end ?? first,
    segments,
    damage: valid?.damage ?? [],
  };
  // What it lists is on stable storage before it is, as with any manifest.
  for (const each of segments) syncSegment(vfs, `${directory}/${segmentName(each)}`);
  vfs.syncDirectory(directory);
  publish(vfs, directory, manifestName(manifest.counter), encodeManifest(manifest), { sync: true });
  vfs.syncDirectory(directory);
  // Behind the new one: without it an older manifest would be taken for the newest, and what that one does
  // not list would be collected.
  const aside = invalid.map((counter) => putAside(vfs, directory, manifestName(counter)));
  vfs.syncDirectory(directory);
  return aside;
}

function syncSegment(vfs: Vfs, path: string): void {
  const file = vfs.open(path, 'write');
  try {
    vfs.sync(file);
  } finally {
    vfs.close(file);
  }
}

function putAside(vfs: Vfs, directory: string, name: string): string {
  const path = `${directory}/damaged-${name}`;
  vfs.rename(`${directory}/${name}`, path);
  return path;
}

/** Case 17: each segment of the tail that is of another history of the log. */
function putStrangeAside(vfs: Vfs, directory: string, manifest: Manifest | undefined): string[] {
  const aside: string[] = [];
  while (manifest !== undefined) {
    const { strange } = readTail(vfs, directory, manifest);
    if (strange === undefined) break;
    aside.push(putAside(vfs, directory, basename(strange)));
  }
  if (aside.length > 0) vfs.syncDirectory(directory);
  return aside;
}

function tryManifest(vfs: Vfs, directory: string, counter: number): Manifest | undefined {
  try {
    return readManifest(vfs, directory, counter);
  } catch (error) {
    if (errorCode(error) === 'CORRUPT') return undefined;
    throw error;
  }
}

type Found = SealedSegment & { readonly logId: bigint };

/** A segment as its file tells; undefined when not even its header holds. */
function describe(vfs: Vfs, directory: string, name: SegmentName): Found | undefined {
  const file = new SegmentFile(vfs, directory, name);
  try {
    const { header, size } = file;
    if (typeof header === 'string' || header.rewritten !== name.rewritten) return undefined;
    const sum = new SegmentSum(file.headerChecksum);
    let end = header.first;
    let length = SEGMENT_HEADER_SIZE;
    for (
      let frame = file.findFrame(length, size);
      frame !== undefined;
      frame = file.findFrame(frame.end, size)
    ) {
      sum.add(frame.sum);
      end = Math.max(end, frame.header.first + frame.header.count);
      length = frame.end;
    }
    return {
      ...name,
      logId: header.logId,
      first: header.first,
      end,
      length,
      sum: sum.digest(),
      index: 0,
      state: 0,
    };
  } finally {
    file.close();
  }
}

/** Segments one behind the other: those of the manifest that are there, then the widest that fits. */
function chain(found: readonly Found[], valid: Manifest | undefined): SealedSegment[] {
  const byName = new Map(found.map((each) => [segmentName(each), each]));
  const listed = (valid?.segments ?? []).filter((each) => byName.has(segmentName(each)));
  const candidates: SealedSegment[] = [
    ...listed,
    ...found.filter((each) => !listed.some((known) => segmentName(known) === segmentName(each))),
  ];
  const result: SealedSegment[] = [];
  let position = valid?.first ?? Math.min(...candidates.map((each) => each.first), 0);
  for (;;) {
    const next = candidates
      .filter((each) => each.end > position && each.first >= position)
      .sort(
        (a, b) => a.first - b.first || Number(b.rewritten) - Number(a.rewritten) || b.end - a.end,
      )[0];
    if (next === undefined) return result;
    const before = result.at(-1);
    // The manifest knows no gap: the segment before it is said to reach up to the next.
    if (before !== undefined && before.end < next.first)
      result[result.length - 1] = { ...before, end: next.first };
    const { fence, number, rewritten, first, end, length, sum, index, state } = next;
    result.push({
      fence,
      number,
      rewritten,
      first: before === undefined ? Math.min(position, first) : first,
      end,
      length,
      sum,
      index,
      state,
    });
    position = end;
  }
}
