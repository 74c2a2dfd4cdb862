// The tail of a log: how far its unsealed segments are read, and whether a bad frame is torn or
// corrupt.
//
// 1. What a watermark covers and does not verify is corrupt, reported, and passed over; what none
//    covers is torn, silent, and the end.
// 2. Reads only.
//
// Spec: spec/recovery.md (case numbers below are its). Test: test/engine/recovery.test.ts.

import { errorCode, RunlogError } from '../errors.ts';
import { frameFlag, frameType, SegmentSum, SKIPPABLE } from './format/frame.ts';
import { hashKey, type IndexEntry } from './format/index-page.ts';
import type { Manifest, SealedSegment } from './format/manifest.ts';
import type { SegmentName } from './format/names.ts';
import { SEGMENT_HEADER_SIZE, type SegmentHeader } from './format/segment-header.ts';
import { unpackRecords } from './record.ts';
import { type Frame, rememberContent, SegmentFile } from './segment-file.ts';
import type { Vfs } from './vfs/vfs.ts';

/** Bytes of a file that do not hold and that a watermark or a seal covers. */
export interface Damage {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
  readonly reason: string;
}

/** A segment of the tail as a seal would describe it, and the damage inside. */
export interface TailSegment extends SealedSegment {
  readonly damage: readonly { readonly from: number; readonly to: number }[];
}

export interface Tail {
  readonly segments: readonly TailSegment[];
  /** One past the last record. */
  readonly end: number;
  readonly watermark: number;
  readonly damage: readonly Damage[];
  /** Keyed frames of the tail, oldest first. */
  readonly keys: readonly IndexEntry[];
  /** Bytes behind the end that nothing covers: the mark of a crash. */
  readonly torn:
    | { readonly file: string; readonly offset: number; readonly size: number }
    | undefined;
  /** A segment of this name and log from another history of it: nothing can be decided until it is put aside. */
  readonly strange: string | undefined;
}

export const STRANGE = 'a segment of another history of this log, copied over it';

/** Two copies of a log that went on apart, one over the other: what is right nobody can tell. */
export const strangeError = (file: string): RunlogError =>
  new RunlogError('CORRUPT', `${file}: ${STRANGE}; \`runlog repair\` puts it aside`, { file });

/** What the log knows before its tail: of `undefined` manifests, an empty log. */
export type TailStart = Pick<Manifest, 'logId' | 'fence' | 'tailNumber' | 'end'>;

interface Scan {
  end: number;
  watermark: number;
  damage: Damage[];
  keys: IndexEntry[];
  torn: Tail['torn'];
  strange: Tail['strange'];
}

/** @throws Node's error when a file cannot be read; ENOENT ends the tail and is not one. */
export function readTail(vfs: Vfs, directory: string, start: TailStart): Tail {
  const scan: Scan = {
    end: start.end,
    watermark: start.end,
    damage: [],
    keys: [],
    torn: undefined,
    strange: undefined,
  };
  const segments: TailSegment[] = [];
  let file = openTail(vfs, directory, start, start.tailNumber);
  for (let number = start.tailNumber; file !== undefined; number += 1) {
    const next: SegmentFile | undefined = closingOnError(file, () =>
      openTail(vfs, directory, start, number + 1),
    );
    const isLast = closingOnError(next, () => {
      let current = file as SegmentFile;
      if (next !== undefined && typeof current.header === 'string') {
        // Met before its header was written, and its owner has gone on since.
        current.close();
        current = new SegmentFile(vfs, directory, { fence: start.fence, number, rewritten: false });
      }
      try {
        return readTailSegment(current, next, { start, number, scan, segments });
      } finally {
        current.close();
      }
    });
    if (isLast) {
      next?.close();
      break;
    }
    file = next;
  }
  return { segments, ...scan };
}

/** Runs `work`; closes the file that waits for its turn when it throws. */
function closingOnError<T>(waiting: SegmentFile | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    waiting?.close();
    throw error;
  }
}

function openTail(
  vfs: Vfs,
  directory: string,
  start: TailStart,
  number: number,
): SegmentFile | undefined {
  try {
    return new SegmentFile(vfs, directory, { fence: start.fence, number, rewritten: false });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

interface TailState {
  readonly start: TailStart;
  readonly number: number;
  readonly scan: Scan;
  readonly segments: TailSegment[];
}

/** Reads one segment of the tail into `state`; true when the log ends in it. */
function readTailSegment(
  file: SegmentFile,
  next: SegmentFile | undefined,
  state: TailState,
): boolean {
  const { start, number, scan, segments } = state;
  const name: SegmentName = { fence: start.fence, number, rewritten: false };
  const successor = next === undefined ? undefined : headerOf(next, start, number + 1);
  const limit = successor === undefined ? file.size : successor.predecessor.length;
  const header = headerOf(file, start, number);
  if (header === undefined || header.first > scan.end) {
    // Cases 9, 10 and 12: not part of this log, or never finished.
    if (successor === undefined) {
      scan.torn = { file: file.path, offset: 0, size: file.size };
      return true;
    }
    // Without a record that it could have held it is an unfinished one, which its repeat went past.
    if (successor.first === scan.end) return false;
    scan.damage.push({ file: file.path, offset: 0, size: file.size, reason: 'segment header' });
    const lost = {
      first: scan.end,
      end: successor.first,
      length: file.size,
      sum: 0n,
      index: 0,
      state: 0,
    };
    segments.push({ ...name, ...lost, damage: [{ from: 0, to: file.size }] });
    scan.end = successor.first;
    return false;
  }
  if (header.first < (segments.at(-1)?.end ?? start.end)) {
    // Case 17. A predecessor is read up to the length in the header after it, that of a repeat included.
    scan.strange = file.path;
    if (!header.repeat) {
      scan.damage.push({ file: file.path, offset: 0, size: file.size, reason: STRANGE });
      return true;
    }
  }
  // Case 11: a repeat begins where its predecessor's promise ended, below what that one still holds.
  scan.end = header.first;
  const before = scan.damage.length;
  const sealed = scanSegment(file, name, header, limit, successor !== undefined, scan);
  const damage = scan.damage
    .slice(before)
    .map((each) => ({ from: each.offset, to: each.offset + each.size }));
  // Damaged to its end: the successor says where what is lost ends.
  if (successor !== undefined && damage.length > 0) scan.end = Math.max(scan.end, successor.first);
  const segment = { ...sealed, end: scan.end, damage };
  rememberContent(segment, file);
  segments.push(segment);
  return successor === undefined;
}

/** The header of the file if it is the segment that the log expects under this number. */
function headerOf(file: SegmentFile, start: TailStart, number: number): SegmentHeader | undefined {
  const { header } = file;
  if (typeof header === 'string' || header.logId !== start.logId) return undefined;
  if (header.fence !== start.fence || header.number !== number || header.rewritten)
    return undefined;
  return header;
}

/** Reads frames to the end of the segment; `whole` when a successor says that it is whole. */
function scanSegment(
  file: SegmentFile,
  name: SegmentName,
  header: SegmentHeader,
  limit: number,
  whole: boolean,
  scan: Scan,
): SealedSegment {
  const sum = new SegmentSum(file.headerChecksum);
  let offset = SEGMENT_HEADER_SIZE;
  let state = 0;
  let later: Later[] | undefined;
  while (offset < limit) {
    let frame = file.frameAt(offset, limit);
    const reason = typeof frame === 'string' ? frame : 'position out of order';
    if (typeof frame === 'string' || frame.header.first !== scan.end) {
      later ??= framesAfter(file, offset, limit);
      const found = later.find(
        (each) => each.frame.offset > offset && each.frame.header.first >= scan.end,
      );
      const covered = whole || (found !== undefined && found.watermark > scan.end);
      if (!covered) {
        // Cases 5, 6, 8.
        const lost = scan.end < scan.watermark;
        const rest = { file: file.path, offset, size: limit - offset };
        if (lost)
          scan.damage.push({
            ...rest,
            reason: `${reason}; records up to ${scan.watermark} were synced`,
          });
        else scan.torn = rest;
        break;
      }
      const end = found?.frame.offset ?? limit;
      scan.damage.push({ file: file.path, offset, size: end - offset, reason });
      if (found === undefined) {
        offset = limit;
        break;
      }
      frame = found.frame;
    }
    sum.add(frame.sum);
    scan.end = frame.header.first + frame.header.count;
    scan.watermark = Math.max(scan.watermark, frame.header.watermark);
    if (frame.header.type === (frameType.state | SKIPPABLE)) state = frame.offset;
    collectKeys(frame, name, file.path, scan.keys);
    offset = frame.end;
  }
  const length = Math.min(offset, limit);
  return {
    ...name,
    first: header.first,
    end: scan.end,
    length,
    sum: sum.digest(),
    index: 0,
    state,
  };
}

interface Later {
  readonly frame: Frame;
  /** The greatest watermark in this frame and those behind it. */
  watermark: number;
}

/** Every valid frame behind a bad one: what tells damage from the mark of a crash. */
function framesAfter(file: SegmentFile, offset: number, limit: number): Later[] {
  const later: Later[] = [];
  let frame = file.findFrame(offset + 1, limit);
  for (; frame !== undefined; frame = file.findFrame(frame.end, limit)) {
    later.push({ frame, watermark: frame.header.watermark });
  }
  for (let index = later.length - 2; index >= 0; index -= 1) {
    const each = later[index] as Later;
    each.watermark = Math.max(each.watermark, (later[index + 1] as Later).watermark);
  }
  return later;
}

/** Notes where the keyed records of a frame stand. */
export function collectKeys(
  frame: Pick<Frame, 'header' | 'body' | 'offset'>,
  name: SegmentName,
  file: string,
  keys: IndexEntry[],
): void {
  if ((frame.header.flags & (frameFlag.keyed | frameFlag.holdsKeys)) === 0) return;
  const place = { ...name, offset: frame.offset };
  for (const { key } of unpackRecords(frame.header, frame.body, place, file)) {
    if (key !== undefined) keys.push({ ...place, hash: hashKey(key) });
  }
}
