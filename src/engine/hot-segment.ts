// The segment that an owner appends to: frames built in memory, written in order, held until they
// are durable.
//
// 1. Frames stand in memory exactly as in the file. What is not synced is held, so that a failed
//    sync can be answered by repeating it elsewhere.
// 2. Bytes below `written` never change; a failed write is cut back to the last whole frame.
// 3. The file is created by the first write: an owner that appends nothing leaves no segment.
//
// Spec: spec/segment.md. Test: test/engine/appender.test.ts.

import { randomBytes } from 'node:crypto';

import { assert } from '../assert.ts';
import {
  FRAME_HEADER_SIZE,
  type FrameHeader,
  headerSum,
  paddedSize,
  SegmentSum,
  sealFrame,
} from './format/frame.ts';
import { type SegmentName, segmentName } from './format/names.ts';
import {
  encodeSegmentHeader,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from './format/segment-header.ts';
import { dataViewOf } from './format/version.ts';
import { closeQuietly, writeWhole } from './publish.ts';
import type { FileHandle, Vfs } from './vfs/vfs.ts';

/** Frames in a row, as they stand in the file. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Byte place of `bytes[0]` in the file. */
  readonly offset: number;
  size: number;
  /** Position after its last frame. */
  end: number;
}

const CHUNK_SIZE_FIRST = 16 * 1024;
const CHUNK_SIZE = 512 * 1024;

/** Chunks of CHUNK_SIZE that no segment of the thread uses: fresh memory costs more than filling it. */
const spares: Uint8Array[] = [];
const SPARE_COUNT_MAX = 8;

function takeChunk(size: number): Uint8Array {
  return (size === CHUNK_SIZE ? spares.pop() : undefined) ?? new Uint8Array(size);
}

function giveBack({ bytes }: Chunk): void {
  if (bytes.length === CHUNK_SIZE && spares.length < SPARE_COUNT_MAX) spares.push(bytes);
}

export type HotSegmentOptions = Pick<
  SegmentHeader,
  'logId' | 'fence' | 'number' | 'first' | 'predecessor' | 'nonce'
>;

export class HotSegment {
  readonly name: SegmentName;
  readonly first: number;
  readonly salt: bigint;
  readonly path: string;
  handle: FileHandle | undefined;
  /** Bytes in the file that are whole frames. */
  written = 0;
  /** Bytes built. */
  size: number = SEGMENT_HEADER_SIZE;
  /** Position after the last frame built. */
  end: number;
  readonly #vfs: Vfs;
  readonly #header: Uint8Array;
  readonly #sum: SegmentSum;
  #chunks: Chunk[] = [];

  constructor(vfs: Vfs, directory: string, options: HotSegmentOptions, repeat = false) {
    this.#vfs = vfs;
    this.name = { fence: options.fence, number: options.number, rewritten: false };
    this.path = `${directory}/${segmentName(this.name)}`;
    this.first = options.first;
    this.end = options.first;
    this.salt = dataViewOf(randomBytes(8)).getBigUint64(0, true);
    this.#header = encodeSegmentHeader({ ...options, rewritten: false, repeat, salt: this.salt });
    this.#sum = new SegmentSum(this.headerChecksum);
  }

  /** Builds a frame; its byte place. */
  append(header: FrameHeader, body: Uint8Array): number {
    assert(header.first === this.end, 'frames are consecutive');
    const size = paddedSize(header.bodySize);
    const chunk = this.#chunkFor(size);
    chunk.bytes.set(body, chunk.size + FRAME_HEADER_SIZE);
    const end = sealFrame(chunk.bytes, chunk.view, chunk.size, header, this.salt);
    this.#sum.add(headerSum(chunk.view, chunk.size));
    const offset = chunk.offset + chunk.size;
    chunk.size = end;
    this.end = header.first + header.count;
    chunk.end = this.end;
    this.size += size;
    return offset;
  }

  #chunkFor(size: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.size + size <= last.bytes.length) return last;
    const wanted = Math.max(size, this.size < CHUNK_SIZE_FIRST ? CHUNK_SIZE_FIRST : CHUNK_SIZE);
    const bytes = takeChunk(wanted);
    const chunk = { bytes, view: dataViewOf(bytes), offset: this.size, size: 0, end: this.end };
    this.#chunks.push(chunk);
    return chunk;
  }

  get headerChecksum(): bigint {
    return dataViewOf(this.#header).getBigUint64(SEGMENT_HEADER_SIZE - 8, true);
  }

  sum(): bigint {
    return this.#sum.digest();
  }

  get pending(): number {
    return this.size - Math.max(this.written, SEGMENT_HEADER_SIZE);
  }

  /**
   * Writes what is built. On an error `written` stands behind the last whole frame that reached the
   * file, and what follows it is cut off.
   */
  write(): void {
    this.handle ??= this.#vfs.open(this.path, this.written === 0 ? 'create' : 'write');
    if (this.written === 0) {
      writeWhole(this.#vfs, this.handle, this.#header, 0);
      this.written = SEGMENT_HEADER_SIZE;
    }
    for (const chunk of this.#chunks) {
      const end = chunk.offset + chunk.size;
      if (end <= this.written) continue;
      this.#writeChunk(chunk, this.handle);
    }
  }

  /** Where the name had to appear first: without a header the file is not part of the log. */
  writeHeaderLast(): void {
    const handle = this.handle;
    assert(handle !== undefined, 'the file is open');
    for (const chunk of this.#chunks)
      writeWhole(this.#vfs, handle, chunk.bytes.subarray(0, chunk.size), chunk.offset);
    this.#vfs.sync(handle);
    writeWhole(this.#vfs, handle, this.#header, 0);
    this.#vfs.sync(handle);
    this.written = this.size;
  }

  #writeChunk(chunk: Chunk, handle: FileHandle): void {
    let place = this.written;
    const end = chunk.offset + chunk.size;
    try {
      while (place < end) {
        place += this.#vfs.write(
          handle,
          chunk.bytes.subarray(place - chunk.offset, chunk.size),
          place,
        );
      }
      this.written = end;
    } catch (error) {
      // A reader may have seen the whole frames: those stay. A part of one must not be followed by
      // others, and would waste what little room there is.
      let whole = this.written - chunk.offset;
      for (;;) {
        const next = whole + paddedSize(chunk.view.getUint32(whole + 4, true));
        if (chunk.offset + next > place) break;
        whole = next;
      }
      this.written = chunk.offset + whole;
      if (place > this.written) this.#cut(handle);
      throw error;
    }
  }

  #cut(handle: FileHandle): void {
    try {
      this.#vfs.truncate(handle, this.written);
    } catch {
      // Overwritten by the next write at the same place, or a torn end.
    }
  }

  /** Bytes of the chunks that hold frames from `position` on. */
  held(position: number): number {
    const first = this.#chunks.find((chunk) => chunk.end > position);
    return first === undefined ? 0 : this.size - first.offset;
  }

  /** Drops what is durable, and more from the front while over `sizeMax`. */
  release(durable: number, sizeMax: number): void {
    let total = this.held(-1);
    while (this.#chunks.length > 1) {
      const chunk = this.#chunks[0] as Chunk;
      const isWritten = chunk.offset + chunk.size <= this.written;
      if (!isWritten || (chunk.end > durable && total <= sizeMax)) return;
      total -= chunk.size;
      this.#chunks.shift();
      giveBack(chunk);
    }
  }

  /** The frames from `position` on, or undefined when some of them are held no longer. */
  framesFrom(position: number): { header: FrameHeader; body: Uint8Array }[] | undefined {
    const frames: { header: FrameHeader; body: Uint8Array }[] = [];
    let expected = position;
    for (const { bytes, view, size } of this.#chunks) {
      for (let place = 0; place < size; ) {
        const bodySize = view.getUint32(place + 4, true);
        const first = Number(view.getBigUint64(place + 16, true));
        const count = view.getUint32(place + 12, true);
        if (first >= position) {
          if (first !== expected) return undefined;
          const header = {
            type: view.getUint8(place + 8),
            flags: view.getUint8(place + 9),
            bodySize,
            count,
            first,
            watermark: Number(view.getBigUint64(place + 24, true)),
          };
          const body = bytes.subarray(
            place + FRAME_HEADER_SIZE,
            place + FRAME_HEADER_SIZE + bodySize,
          );
          frames.push({ header, body });
          expected = first + count;
        }
        place += paddedSize(bodySize);
      }
    }
    return expected === this.end ? frames : undefined;
  }

  /** The body of a frame that is still in memory, for reading back what is not written yet. */
  frameAt(offset: number): { header: FrameHeader; body: Uint8Array } | undefined {
    const chunk = this.#chunks.find(
      (each) => offset >= each.offset && offset < each.offset + each.size,
    );
    if (chunk === undefined) return undefined;
    const place = offset - chunk.offset;
    const { view } = chunk;
    const bodySize = view.getUint32(place + 4, true);
    const header = {
      type: view.getUint8(place + 8),
      flags: view.getUint8(place + 9),
      bodySize,
      count: view.getUint32(place + 12, true),
      first: Number(view.getBigUint64(place + 16, true)),
      watermark: Number(view.getBigUint64(place + 24, true)),
    };
    return {
      header,
      body: chunk.bytes.slice(place + FRAME_HEADER_SIZE, place + FRAME_HEADER_SIZE + bodySize),
    };
  }

  close(): void {
    closeQuietly(this.#vfs, this.handle);
    this.handle = undefined;
  }
}
