// The frame: header, body, padding. Encoding into a buffer, and the judgement of bytes that may be
// anything.
//
// 1. A length is not believed before the header sum.
// 2. Every checksum is seeded by the segment's salt: bytes of another segment never validate.
// 3. The sum of a segment is made of header sums, which cover the bodies.
//
// Spec: spec/segment.md, Frame. Test: test/engine/format/frame.test.ts.

import { limits } from '../../limits.ts';
import { dataViewOf } from './version.ts';
import { xxh64 } from './xxhash.ts';

export const FRAME_HEADER_SIZE = 48;
export const FRAME_MARKER = 0x72_66_4c_52; // 'RLfr'
const HEADER_SUM_OFFSET = 40;

/** Types below limits.recordTypeMin belong to the engine. */
export const frameType = { batch: 0, indexPage: 1, indexRoot: 2, state: 3 } as const;
/** Bit of a type: who does not know it may pass it over. */
export const SKIPPABLE = 0x80;

export const frameFlag = { keyed: 1, holdsKeys: 2, deflated: 4 } as const;
const FLAGS_KNOWN = frameFlag.keyed | frameFlag.holdsKeys | frameFlag.deflated;

export interface FrameHeader {
  /** With its skippable bit. */
  readonly type: number;
  readonly flags: number;
  readonly bodySize: number;
  readonly count: number;
  readonly first: number;
  readonly watermark: number;
}

export const paddedSize = (bodySize: number): number => FRAME_HEADER_SIZE + ((bodySize + 7) & ~7);

/**
 * Writes header and padding around a body that already stands at `offset` + FRAME_HEADER_SIZE of
 * `target`. Returns the end of the frame. The room for padding must be there.
 */
export function sealFrame(
  target: Uint8Array,
  view: DataView,
  offset: number,
  header: FrameHeader,
  salt: bigint,
): number {
  const body = offset + FRAME_HEADER_SIZE;
  const end = offset + paddedSize(header.bodySize);
  target.fill(0, body + header.bodySize, end);
  view.setUint32(offset, FRAME_MARKER, true);
  view.setUint32(offset + 4, header.bodySize, true);
  view.setUint8(offset + 8, header.type);
  view.setUint8(offset + 9, header.flags);
  view.setUint16(offset + 10, 0, true);
  view.setUint32(offset + 12, header.count, true);
  writeInteger(view, offset + 16, header.first);
  writeInteger(view, offset + 24, header.watermark);
  view.setBigUint64(offset + 32, xxh64(target.subarray(body, body + header.bodySize), salt), true);
  const sum = xxh64(target.subarray(offset, offset + HEADER_SUM_OFFSET), salt);
  view.setBigUint64(offset + HEADER_SUM_OFFSET, sum, true);
  return end;
}

/** A whole frame of its own. */
export function encodeFrame(
  header: Omit<FrameHeader, 'bodySize'>,
  body: Uint8Array,
  salt: bigint,
): Uint8Array {
  const bytes = new Uint8Array(paddedSize(body.length));
  bytes.set(body, FRAME_HEADER_SIZE);
  sealFrame(bytes, dataViewOf(bytes), 0, { ...header, bodySize: body.length }, salt);
  return bytes;
}

/**
 * The header at `offset`, or why there is none. `limit` is the end of what `view` holds. Says
 * nothing of the body.
 */
export function readFrameHeader(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  limit: number,
  salt: bigint,
): FrameHeader | string {
  if (limit - offset < FRAME_HEADER_SIZE) return 'ends within a frame header';
  if (view.getUint32(offset, true) !== FRAME_MARKER) return 'no frame marker';
  const sum = xxh64(bytes.subarray(offset, offset + HEADER_SUM_OFFSET), salt);
  if (view.getBigUint64(offset + HEADER_SUM_OFFSET, true) !== sum) return 'frame header checksum';
  const flags = view.getUint8(offset + 9);
  if ((flags & ~FLAGS_KNOWN) !== 0 || view.getUint16(offset + 10, true) !== 0) {
    return 'reserved bits are not zero';
  }
  const bodySize = view.getUint32(offset + 4, true);
  if (bodySize > limits.frameBodySizeMax) return 'body size over its bound';
  const first = readInteger(view, offset + 16);
  const watermark = readInteger(view, offset + 24);
  if (watermark > first) return 'watermark above the position';
  const count = view.getUint32(offset + 12, true);
  return { type: view.getUint8(offset + 8), flags, bodySize, count, first, watermark };
}

/** Why body and padding of a frame with this header do not hold, or undefined. */
export function checkFrameBody(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  limit: number,
  header: FrameHeader,
  salt: bigint,
): string | undefined {
  const body = offset + FRAME_HEADER_SIZE;
  const bodyEnd = body + header.bodySize;
  const end = offset + paddedSize(header.bodySize);
  if (end > limit) return 'ends within a frame body';
  for (let place = bodyEnd; place < end; place += 1)
    if (bytes[place] !== 0) return 'padding is not zero';
  const sum = xxh64(bytes.subarray(body, bodyEnd), salt);
  return view.getBigUint64(offset + 32, true) === sum ? undefined : 'frame body checksum';
}

export const headerSum = (view: DataView, offset: number): bigint =>
  view.getBigUint64(offset + HEADER_SUM_OFFSET, true);

/** Header sums that are hashed together. */
const SUM_GROUP_COUNT = 1024;

/** Sum of a segment, frame by frame. */
export class SegmentSum {
  #state: bigint;
  #count = 0;
  readonly #group = new Uint8Array(SUM_GROUP_COUNT * 8);
  readonly #view = dataViewOf(this.#group);

  /** `checksum`: the last 8 bytes of the segment's header. */
  constructor(checksum: bigint) {
    this.#state = checksum;
  }

  add(sum: bigint): void {
    this.#view.setBigUint64(this.#count * 8, sum, true);
    this.#count += 1;
    if (this.#count === SUM_GROUP_COUNT) {
      this.#state = xxh64(this.#group, this.#state);
      this.#count = 0;
    }
  }

  digest(): bigint {
    return this.#count === 0
      ? this.#state
      : xxh64(this.#group.subarray(0, this.#count * 8), this.#state);
  }
}

function writeInteger(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 0x1_0000_0000, true);
  view.setUint32(offset + 4, Math.floor(value / 0x1_0000_0000), true);
}

function readInteger(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true);
}
