// Records of a snapshot, in order, and single frames by place.
//
// 1. Sealed segments end at their sealed length, whatever the file holds.
// 2. Damage is reported and passed over; everything undamaged is delivered (G7).
// 3. Frames that nobody asked for are passed over by their header, which has a checksum of its own: a
//    damaged body among them is found by who asks for it, and by verify.
//
// Spec: spec/segment.md, How a reader reads. Test: test/engine/log.test.ts, test/engine/recovery.test.ts.

import { errorCode, RunlogError } from '../errors.ts';
import { type FrameHeader, paddedSize, SKIPPABLE } from './format/frame.ts';
import type { FramePlace } from './format/index-page.ts';
import type { SealedSegment } from './format/manifest.ts';
import { segmentName } from './format/names.ts';
import { SEGMENT_HEADER_SIZE } from './format/segment-header.ts';
import { type LogRecord, unpackRecords } from './record.ts';
import { contentOf, type Frame, rememberContent, SegmentFile } from './segment-file.ts';
import type { Damage } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

/** What a reading is over: sealed segments, then those of the tail. */
export type ReadSegment = Omit<SealedSegment, 'sum'>;

/** Whether frames of a type are read: of its one record, or 0 for a batch of several. */
export type IsWanted = (type: number) => boolean;

/**
 * The valid frames of a segment from byte `offset` on, to its sealed length. A hot segment's frames
 * are checked for their order as well.
 *
 * @throws Node's error: ENOENT when a rewriting has taken the file away since the snapshot.
 */
export function* readFrames(
  vfs: Vfs,
  directory: string,
  segment: ReadSegment,
  damage: Damage[],
  offset: number = SEGMENT_HEADER_SIZE,
  isWanted: IsWanted = () => true,
): Generator<Frame> {
  const file = new SegmentFile(vfs, directory, segment, 'scan', contentOf(segment));
  try {
    const { header, size } = file;
    if (typeof header === 'string') {
      damage.push({ file: file.path, offset: 0, size: segment.length, reason: header });
      return;
    }
    if (
      header.fence !== segment.fence ||
      header.number !== segment.number ||
      header.first !== segment.first
    ) {
      damage.push({
        file: file.path,
        offset: 0,
        size: segment.length,
        reason: 'header of another segment',
      });
      return;
    }
    const limit = Math.min(segment.length, size);
    let position = offset === SEGMENT_HEADER_SIZE ? segment.first : undefined;
    for (let place = offset; place < limit; ) {
      const header = file.headerAt(place, limit);
      const inOrder = typeof header !== 'string' && isInOrder(header, segment, position);
      const isRead = inOrder && isWanted(header.type & ~SKIPPABLE);
      const frame = isRead ? file.frameOf(header, place, limit) : header;
      if (typeof frame !== 'string' && inOrder) {
        position = header.first + header.count;
        place += paddedSize(header.bodySize);
        if ('body' in frame) yield frame;
        continue;
      }
      const found = nextInOrder(file, place + 1, limit, segment, position);
      const end = found?.offset ?? limit;
      const reason = typeof frame === 'string' ? frame : 'position out of order';
      damage.push({ file: file.path, offset: place, size: end - place, reason });
      place = end;
      position = found?.header.first;
    }
    if (size < segment.length) {
      damage.push({
        file: file.path,
        offset: size,
        size: segment.length - size,
        reason: 'the file is too short',
      });
    }
  } finally {
    rememberContent(segment, file);
    file.close();
  }
}

function isInOrder(
  { first, count }: FrameHeader,
  segment: ReadSegment,
  position: number | undefined,
): boolean {
  if (segment.rewritten) return first >= segment.first && first + count <= segment.end;
  return (position === undefined || first === position) && first + count <= segment.end;
}

function nextInOrder(
  file: SegmentFile,
  offset: number,
  limit: number,
  segment: ReadSegment,
  position: number | undefined,
): Frame | undefined {
  let frame = file.findFrame(offset, limit);
  while (frame !== undefined && !segment.rewritten && frame.header.first < (position ?? 0)) {
    frame = file.findFrame(frame.end, limit);
  }
  return frame;
}

/** The records of a frame; a body that is not what its type says is damage. */
export function recordsOf(
  frame: Frame,
  segment: ReadSegment,
  file: string,
  damage: Damage[],
): LogRecord[] {
  const { fence, number, rewritten } = segment;
  try {
    return unpackRecords(
      frame.header,
      frame.body,
      { fence, number, rewritten, offset: frame.offset },
      file,
    );
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    damage.push({ file, offset: frame.offset, size: frame.end - frame.offset, reason: 'body' });
    return [];
  }
}

/** @throws RangeError naming what is no position. */
export function checkRange(from: number, to: number = Number.POSITIVE_INFINITY): void {
  for (const [name, value] of Object.entries({ from, to })) {
    const isPosition = Number.isSafeInteger(value) && value >= 0;
    if (!isPosition && !(name === 'to' && value === Number.POSITIVE_INFINITY))
      throw new RangeError(
        `${name}: ${String(value)}, expected a position: 0 or a greater integer`,
      );
  }
}

/** @throws RunlogError POSITION_GONE. */
export function checkNotGone(
  directory: string,
  from: number,
  manifest: { readonly first: number } | undefined,
): void {
  const first = manifest?.first ?? 0;
  if (from >= first) return;
  throw new RunlogError(
    'POSITION_GONE',
    `${directory}: position ${from} was dropped; the first is ${first}`,
  );
}

/** Records with a position in [from, to), oldest first; rewritten ones that overlap it are whole. */
export function* readRecords(
  vfs: Vfs,
  directory: string,
  segments: readonly ReadSegment[],
  damage: Damage[],
  from = 0,
  to: number = Number.POSITIVE_INFINITY,
  isWanted?: IsWanted,
): Generator<LogRecord> {
  for (const segment of segments) {
    if (segment.end <= from || segment.first >= to) continue;
    const file = `${directory}/${segmentName(segment)}`;
    for (const frame of readFrames(vfs, directory, segment, damage, undefined, isWanted)) {
      const { first, count } = frame.header;
      if (first + count <= from) continue;
      if (first >= to && !segment.rewritten) break;
      for (const record of recordsOf(frame, segment, file, damage)) {
        if (record.end > from && record.position < to) yield record;
      }
    }
  }
}

/**
 * The frame at a place that an index or a layer above remembers.
 *
 * @throws RunlogError CORRUPT when it does not verify; Node's error.
 */
export function readFrameAt(vfs: Vfs, directory: string, place: FramePlace): Frame {
  const file = new SegmentFile(vfs, directory, place, 'lookup');
  try {
    const frame = file.frameAt(place.offset, file.size);
    if (typeof frame !== 'string') return frame;
    throw new RunlogError(
      'CORRUPT',
      `${file.path}: ${frame} at byte ${place.offset}; run verify for the extent`,
      {
        file: file.path,
        offset: place.offset,
      },
    );
  } finally {
    file.close();
  }
}
