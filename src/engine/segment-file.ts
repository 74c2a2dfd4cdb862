// One segment file, read: windows of bytes, frames judged, the search for the next valid frame.
//
// 1. Bytes are read with `read`, never mapped: a mapped live tail hides failed writes.
// 2. A window is never written again once read, so bodies handed out stay what they were.
// 3. Nothing here decides what a bad frame means: tail.ts and log-reader.ts do.
// 4. A scan that leaves a body out reads little behind it at first: the next may be left out too.
//
// Spec: spec/segment.md. Test: test/engine/recovery.test.ts, test/engine/corruption.test.ts.

import { RunlogError } from '../errors.ts';
import {
  checkFrameBody,
  FRAME_HEADER_SIZE,
  FRAME_MARKER,
  type FrameHeader,
  headerSum,
  paddedSize,
  readFrameHeader,
} from './format/frame.ts';
import { type SegmentName, segmentName } from './format/names.ts';
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from './format/segment-header.ts';
import { dataViewOf } from './format/version.ts';
import type { FileHandle, Vfs } from './vfs/vfs.ts';

/** A frame whose header and body hold. */
export interface Frame {
  readonly offset: number;
  /** Where the next one begins. */
  readonly end: number;
  readonly header: FrameHeader;
  readonly sum: bigint;
  /** As stored. */
  readonly body: Uint8Array;
}

/** What was read of a small segment: its header, and all frames behind it. */
export interface SegmentContent extends Pick<SegmentFile, 'header' | 'headerChecksum' | 'size'> {
  readonly frames: Uint8Array<ArrayBuffer>;
}

/**
 * Contents of small segments, as long as what lists them: opening a short run folds what its tail was
 * judged by, and its points lie there too. Only log-reader.ts asks; verify and repair read the file.
 */
const contents = new WeakMap<SegmentName, SegmentContent>();
const CONTENT_SIZE_MAX = 16 * 1024;

/** Undefined also where it is not all that the segment has become since. */
export function contentOf(segment: SegmentName & { length: number }): SegmentContent | undefined {
  const content = contents.get(segment);
  const size = SEGMENT_HEADER_SIZE + (content?.frames.length ?? 0);
  const isWhole = Math.min(size, content?.size ?? 0) >= segment.length;
  return isWhole ? content : undefined;
}

/** `file` has been read up to the segment's length. */
export function rememberContent(
  segment: SegmentName & { length: number },
  file: SegmentFile,
): void {
  const content = file.contentUpTo(segment.length);
  if (content !== undefined) contents.set(segment, content);
}

const SCAN_WINDOW = 1024 * 1024;
/** Behind a body that was left out; doubles from window to window. */
const JUMP_WINDOW = 4 * 1024;
/** Holds an index page and most single frames. */
const LOOKUP_WINDOW = 20 * 1024;

export class SegmentFile {
  readonly path: string;
  /** Or why there is none. */
  readonly header: SegmentHeader | string;
  readonly headerChecksum: bigint;
  readonly size: number;
  readonly #vfs: Vfs;
  /** Undefined: its content is known. */
  #file: FileHandle | undefined;
  /** Of the next window; of a scan up to SCAN_WINDOW. */
  #windowSize: number;
  readonly #isScan: boolean;
  #window = new Uint8Array(0);
  #view = dataViewOf(this.#window);
  #windowOffset = 0;

  /** @throws Node's error when the file cannot be opened or read. */
  constructor(
    vfs: Vfs,
    directory: string,
    name: SegmentName,
    use: 'scan' | 'lookup' = 'scan',
    content?: SegmentContent,
  ) {
    this.path = `${directory}/${segmentName(name)}`;
    this.#vfs = vfs;
    this.#isScan = use === 'scan';
    this.#windowSize = this.#isScan ? SCAN_WINDOW : LOOKUP_WINDOW;
    if (content !== undefined) {
      this.size = content.size;
      this.header = content.header;
      this.headerChecksum = content.headerChecksum;
      this.#useWindow(content.frames, SEGMENT_HEADER_SIZE);
      return;
    }
    const file = vfs.open(this.path, 'read');
    this.#file = file;
    try {
      this.size = vfs.facts(file).size;
      // Of a small one all is read at once.
      const isSmall = this.#isScan && this.size <= CONTENT_SIZE_MAX;
      const bytes = new Uint8Array(Math.max(SEGMENT_HEADER_SIZE, isSmall ? this.size : 0));
      const read = vfs.read(file, bytes, 0);
      const head = bytes.subarray(0, SEGMENT_HEADER_SIZE);
      this.header = decodeSegmentHeader(head.subarray(0, read), this.path);
      this.headerChecksum = dataViewOf(head).getBigUint64(SEGMENT_HEADER_SIZE - 8, true);
      if (read > SEGMENT_HEADER_SIZE)
        this.#useWindow(bytes.subarray(SEGMENT_HEADER_SIZE, read), SEGMENT_HEADER_SIZE);
    } catch (error) {
      vfs.close(file);
      throw error;
    }
  }

  get #open(): FileHandle {
    this.#file ??= this.#vfs.open(this.path, 'read');
    return this.#file;
  }

  close(): void {
    if (this.#file !== undefined) this.#vfs.close(this.#file);
  }

  sync(): void {
    this.#vfs.sync(this.#open);
  }

  /** All of it below `length`, where that is little and in one window. */
  contentUpTo(length: number): SegmentContent | undefined {
    const { header, headerChecksum, size } = this;
    const end = Math.min(length, size);
    if (end > CONTENT_SIZE_MAX || this.#windowOffset !== SEGMENT_HEADER_SIZE) return undefined;
    if (this.#windowOffset + this.#window.length < end) return undefined;
    return { header, headerChecksum, size, frames: this.#window };
  }

  #useWindow(bytes: Uint8Array<ArrayBuffer>, offset: number): void {
    this.#window = bytes;
    this.#view = dataViewOf(bytes);
    this.#windowOffset = offset;
  }

  /** The salt; only of a file whose header holds. */
  get #salt(): bigint {
    if (typeof this.header === 'string') {
      throw new RunlogError('CORRUPT', `${this.path}: ${this.header}`, {
        file: this.path,
        offset: 0,
        size: this.size,
      });
    }
    return this.header.salt;
  }

  /** Makes the window hold [offset, offset + size) as far as the file goes; returns the window's end. */
  #load(offset: number, size: number, limit: number): number {
    const windowEnd = this.#windowOffset + this.#window.length;
    if (offset >= this.#windowOffset && Math.min(offset + size, limit) <= windowEnd)
      return windowEnd;
    if (this.#isScan && this.#window.length > 0)
      this.#windowSize =
        offset > windowEnd ? JUMP_WINDOW : Math.min(this.#windowSize * 2, SCAN_WINDOW);
    const wanted = Math.max(0, Math.min(Math.max(size, this.#windowSize), limit - offset));
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(wanted).buffer, 0, wanted);
    const read = this.#vfs.read(this.#open, bytes, offset);
    this.#useWindow(bytes.subarray(0, read), offset);
    return offset + read;
  }

  /** The frame at `offset` in the bytes below `limit`, or why there is none. */
  frameAt(offset: number, limit: number): Frame | string {
    const header = this.headerAt(offset, limit);
    return typeof header === 'string' ? header : this.frameOf(header, offset, limit);
  }

  /** The header of the frame at `offset`, whose body ends below `limit`; says nothing of the body. */
  headerAt(offset: number, limit: number): FrameHeader | string {
    const end = Math.min(limit, this.#load(offset, FRAME_HEADER_SIZE, limit));
    const place = offset - this.#windowOffset;
    const windowEnd = end - this.#windowOffset;
    const header = readFrameHeader(this.#window, this.#view, place, windowEnd, this.#salt);
    if (typeof header === 'string') return header;
    return offset + paddedSize(header.bodySize) > limit ? 'ends within a frame body' : header;
  }

  /** The frame whose header `headerAt` has read, or why there is none. */
  frameOf(header: FrameHeader, offset: number, limit: number): Frame | string {
    const salt = this.#salt;
    const size = paddedSize(header.bodySize);
    const end = Math.min(limit, this.#load(offset, size, limit));
    const place = offset - this.#windowOffset;
    const wrong = checkFrameBody(
      this.#window,
      this.#view,
      place,
      end - this.#windowOffset,
      header,
      salt,
    );
    if (wrong !== undefined) return wrong;
    const body = this.#window.subarray(
      place + FRAME_HEADER_SIZE,
      place + FRAME_HEADER_SIZE + header.bodySize,
    );
    return { offset, end: offset + size, header, sum: headerSum(this.#view, place), body };
  }

  /** The first valid frame at or after `offset`, or undefined. Frames stand on multiples of 8. */
  findFrame(offset: number, limit: number): Frame | undefined {
    for (let place = (offset + 7) & ~7; place + FRAME_HEADER_SIZE <= limit; ) {
      const end = Math.min(limit, this.#load(place, FRAME_HEADER_SIZE, limit));
      if (end - place < FRAME_HEADER_SIZE) return undefined;
      for (; place + FRAME_HEADER_SIZE <= end; place += 8) {
        if (this.#view.getUint32(place - this.#windowOffset, true) !== FRAME_MARKER) continue;
        const frame = this.frameAt(place, limit);
        if (typeof frame !== 'string') return frame;
        break;
      }
      if (place + FRAME_HEADER_SIZE <= end) place += 8;
    }
    return undefined;
  }
}
