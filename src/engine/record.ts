// Records as the layer above sees them, and their spelling in a frame's body.
//
// 1. One frame is one atomic batch: its records appear together or not at all.
// 2. A body is the caller's: the engine packs it and looks at nothing but type and key.
//
// Spec: spec/segment.md, Body. Test: test/engine/record.test.ts.

import { inflateRawSync } from 'node:zlib';

import { errorCode, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  FRAME_HEADER_SIZE,
  type FrameHeader,
  frameFlag,
  frameType,
  SKIPPABLE,
} from './format/frame.ts';
import type { FramePlace } from './format/index-page.ts';
import { packBody, unpackBody } from './format/msgpack.ts';

/** What `append` takes. */
export interface RecordInput {
  /** 16 to 127. */
  readonly type: number;
  /** What `packBody` takes (spec/msgpack.md). Packed before `append` returns. */
  readonly body: unknown;
  /** The newest record of a key is found by `latest(key)`. */
  readonly key?: string | undefined;
  /** A reader that does not know the type passes it over instead of stopping. */
  readonly skippable?: boolean | undefined;
}

/** What reading yields. */
export interface LogRecord {
  /** Number of the record in its log; of a rewritten one the first that it stands for. */
  readonly position: number;
  /** One past the last position that it stands for. */
  readonly end: number;
  readonly type: number;
  readonly skippable: boolean;
  readonly key: string | undefined;
  readonly body: unknown;
  /** The frame that holds it. */
  readonly place: FramePlace;
  /** The output of the rewrite hook. */
  readonly rewritten: boolean;
}

const typeByte = (record: RecordInput): number => record.type | (record.skippable ? SKIPPABLE : 0);

/** @throws TypeError, RangeError naming what is wrong with `record`. */
export function checkRecord(record: RecordInput): void {
  const { type, key } = record;
  if (!Number.isInteger(type) || type < limits.recordTypeMin || type > limits.recordTypeMax) {
    throw new RangeError(
      `type: ${String(type)}, expected ${limits.recordTypeMin} to ${limits.recordTypeMax}`,
    );
  }
  if (key === undefined) return;
  if (typeof key !== 'string') throw new TypeError(`key: ${typeof key}, expected text`);
  if (!key.isWellFormed()) throw new TypeError('key: not well-formed Unicode');
  if (key.length * 3 <= limits.keySizeMax) return;
  const size = Buffer.byteLength(key);
  if (size > limits.keySizeMax)
    throw new RangeError(`key: ${size} bytes, at most ${limits.keySizeMax} (keySizeMax)`);
}

/** @throws RunlogError LIMIT, for what no frame may hold. */
export function checkFrame(size: number, count: number): void {
  const [limit, what] =
    size > limits.frameBodySizeMax
      ? (['frameBodySizeMax', `the records take ${size} bytes`] as const)
      : (['frameRecordCountMax', `${count} records`] as const);
  if (size <= limits.frameBodySizeMax && count <= limits.frameRecordCountMax) return;
  throw new RunlogError('LIMIT', `${limit}: ${what}, at most ${limits[limit]}`, { limit });
}

/** Type and flags of a frame of these records, and its packed body (valid until the next pack). */
export function packRecords(records: readonly RecordInput[]): {
  type: number;
  flags: number;
  body: Uint8Array;
} {
  const [only] = records;
  if (records.length === 1 && only !== undefined) {
    if (only.key === undefined)
      return { type: typeByte(only), flags: 0, body: packBody(only.body) };
    return { type: typeByte(only), flags: frameFlag.keyed, body: packBody([only.key, only.body]) };
  }
  const holdsKeys = records.some((each) => each.key !== undefined);
  const skippable = records.every((each) => each.skippable);
  return {
    type: frameType.batch | (skippable ? SKIPPABLE : 0),
    flags: holdsKeys ? frameFlag.holdsKeys : 0,
    body: packBody(records.map((each) => [typeByte(each), each.key ?? null, each.body])),
  };
}

export const isDerived = (header: FrameHeader): boolean => {
  const type = header.type & ~SKIPPABLE;
  return type !== frameType.batch && type < limits.recordTypeMin;
};

/**
 * The body as it was packed. `stored` is the body of a frame whose checksum holds.
 *
 * @throws RunlogError CORRUPT when it does not inflate, or to more than any body is.
 */
export function inflateBody(header: FrameHeader, stored: Uint8Array): Uint8Array {
  if ((header.flags & frameFlag.deflated) === 0) return stored;
  try {
    return inflateRawSync(stored, { maxOutputLength: limits.frameBodySizeMax * 4 });
  } catch (error) {
    throw new RunlogError('CORRUPT', 'a body that does not inflate', { cause: error });
  }
}

/**
 * The records of a valid frame; none for the engine's own.
 *
 * @throws RunlogError FORMAT_TOO_NEW for an unknown engine type that may not be skipped, CORRUPT for
 * a body that its checksum covers and that is not what its type says.
 */
export function unpackRecords(
  header: FrameHeader,
  stored: Uint8Array,
  place: FramePlace,
  file: string,
): LogRecord[] {
  const type = header.type & ~SKIPPABLE;
  const skippable = (header.type & SKIPPABLE) !== 0;
  if (isDerived(header)) {
    if (skippable) return [];
    throw new RunlogError(
      'FORMAT_TOO_NEW',
      `${file}: record type ${type} at byte ${place.offset}; upgrade runlog`,
      {
        file,
        offset: place.offset,
      },
    );
  }
  if (header.bodySize === 0 && header.count === 0) return [];
  const corrupt = (): RunlogError =>
    new RunlogError(
      'CORRUPT',
      `${file}: body of the frame at byte ${place.offset} is not what its type says`,
      {
        file,
        offset: place.offset,
        size: FRAME_HEADER_SIZE + header.bodySize,
      },
    );
  const { first, count } = header;
  const { rewritten } = place;
  let body: unknown;
  try {
    body = unpackBody(inflateBody(header, stored));
  } catch (error) {
    if (errorCode(error) === 'CORRUPT') throw corrupt();
    throw error;
  }
  if (type !== frameType.batch) {
    const keyed = (header.flags & frameFlag.keyed) !== 0;
    if (keyed && (!Array.isArray(body) || body.length !== 2 || typeof body[0] !== 'string'))
      throw corrupt();
    const [key, inner] = keyed ? (body as [string, unknown]) : [undefined, body];
    return [
      { position: first, end: first + count, type, skippable, key, body: inner, place, rewritten },
    ];
  }
  if (!Array.isArray(body) || (!rewritten && body.length !== count)) throw corrupt();
  return body.map((each: unknown, index): LogRecord => {
    if (!Array.isArray(each) || each.length !== 3) throw corrupt();
    const [innerType, key, inner] = each as [number, string | null, unknown];
    if (typeof innerType !== 'number' || (key !== null && typeof key !== 'string')) throw corrupt();
    const position = rewritten ? first : first + index;
    return {
      position,
      end: rewritten ? first + count : position + 1,
      type: innerType & ~SKIPPABLE,
      skippable: (innerType & SKIPPABLE) !== 0,
      key: key ?? undefined,
      body: inner,
      place,
      rewritten,
    };
  });
}
