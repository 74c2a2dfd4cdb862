// The 128 bytes at the start of a segment.
//
// Spec: spec/segment.md, Header. Test: test/engine/format/segment-header.test.ts.

import { dataViewOf, FORMAT_VERSION, faultOfStart, fileLetter, writeMagic } from './version.ts';
import { xxh64 } from './xxhash.ts';

export const SEGMENT_HEADER_SIZE = 128;
const CHECKSUM_OFFSET = 120;
const REWRITTEN = 1;
const REPEAT = 2;

export interface SegmentHeader {
  readonly rewritten: boolean;
  /** Begins by repeating what its predecessor could not sync. */
  readonly repeat: boolean;
  readonly logId: bigint;
  readonly fence: number;
  readonly number: number;
  readonly first: number;
  readonly salt: bigint;
  /** Fence 0: none. */
  readonly predecessor: {
    readonly fence: number;
    readonly number: number;
    readonly length: number;
    readonly sum: bigint;
  };
  /** 16 bytes, of the owner's fence. */
  readonly nonce: Uint8Array;
}

export const NO_PREDECESSOR = { fence: 0, number: 0, length: 0, sum: 0n } as const;

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_SIZE);
  writeMagic(bytes, fileLetter.segment);
  const view = dataViewOf(bytes);
  view.setUint16(8, FORMAT_VERSION, true);
  view.setUint16(10, SEGMENT_HEADER_SIZE, true);
  view.setUint32(12, (header.rewritten ? REWRITTEN : 0) | (header.repeat ? REPEAT : 0), true);
  view.setBigUint64(16, header.logId, true);
  view.setUint32(24, header.fence, true);
  view.setUint32(28, header.number, true);
  view.setBigUint64(32, BigInt(header.first), true);
  view.setBigUint64(40, header.salt, true);
  view.setUint32(48, header.predecessor.fence, true);
  view.setUint32(52, header.predecessor.number, true);
  view.setBigUint64(56, BigInt(header.predecessor.length), true);
  view.setBigUint64(64, header.predecessor.sum, true);
  bytes.set(header.nonce, 72);
  view.setBigUint64(CHECKSUM_OFFSET, xxh64(bytes.subarray(0, CHECKSUM_OFFSET), 0n), true);
  return bytes;
}

/**
 * The header, or why the bytes are none: a torn header is a normal mark of a crash, so this is a
 * value and not an exception.
 *
 * @throws RunlogError FORMAT_TOO_NEW.
 */
export function decodeSegmentHeader(bytes: Uint8Array, file: string): SegmentHeader | string {
  const fault = faultOfStart(bytes, fileLetter.segment, SEGMENT_HEADER_SIZE, file);
  if (fault !== undefined) return fault;
  const view = dataViewOf(bytes);
  if (view.getUint16(10, true) !== SEGMENT_HEADER_SIZE) return 'header size';
  if (view.getBigUint64(CHECKSUM_OFFSET, true) !== xxh64(bytes.subarray(0, CHECKSUM_OFFSET), 0n)) {
    return 'header checksum';
  }
  const flags = view.getUint32(12, true);
  const reserved = bytes.subarray(88, CHECKSUM_OFFSET).some((byte) => byte !== 0);
  if (flags > (REWRITTEN | REPEAT) || reserved) return 'reserved bytes are not zero';
  return {
    rewritten: (flags & REWRITTEN) !== 0,
    repeat: (flags & REPEAT) !== 0,
    logId: view.getBigUint64(16, true),
    fence: view.getUint32(24, true),
    number: view.getUint32(28, true),
    first: Number(view.getBigUint64(32, true)),
    salt: view.getBigUint64(40, true),
    predecessor: {
      fence: view.getUint32(48, true),
      number: view.getUint32(52, true),
      length: Number(view.getBigUint64(56, true)),
      sum: view.getBigUint64(64, true),
    },
    nonce: bytes.slice(72, 88),
  };
}
