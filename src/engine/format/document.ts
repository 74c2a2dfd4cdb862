// The envelope of the small files: fence, manifest, edit, snapshot.
//
// 1. Decoding believes nothing before the checksum but the version.
// 2. The heartbeat (bytes 16 to 23) is outside the checksum: its owner overwrites it in place.
//
// Spec: spec/document.md. Test: test/engine/format/document.test.ts.

import { errorCode, RunlogError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { packBody, unpackBody } from './msgpack.ts';
import {
  dataViewOf,
  type FileLetter,
  FORMAT_VERSION,
  faultOfStart,
  fileLetter,
  writeMagic,
} from './version.ts';
import { xxh64 } from './xxhash.ts';

export const DOCUMENT_HEADER_SIZE = 32;
export const HEARTBEAT_OFFSET = 16;
const CHECKSUM_OFFSET = 24;

export interface Document {
  readonly kind: number;
  readonly heartbeat: bigint;
  readonly body: unknown;
}

function checksumOf(bytes: Uint8Array): bigint {
  const copy = bytes.slice();
  copy.fill(0, HEARTBEAT_OFFSET, DOCUMENT_HEADER_SIZE);
  return xxh64(copy, 0n);
}

/** A snapshot of edits holds every note of a run. */
const sizeLimitOf = (letter: FileLetter): 'propertiesSizeMax' | 'documentSizeMax' =>
  letter === fileLetter.snapshot ? 'propertiesSizeMax' : 'documentSizeMax';

/** @throws RunlogError LIMIT when the body is too large. */
export function encodeDocument(letter: FileLetter, kind: number, body: unknown): Uint8Array {
  const packed = packBody(body);
  const size = DOCUMENT_HEADER_SIZE + packed.length;
  const limit = sizeLimitOf(letter);
  if (size > limits[limit])
    throw new RunlogError('LIMIT', `${limit}: ${size} bytes, at most ${limits[limit]}`, { limit });
  const bytes = new Uint8Array(size);
  writeMagic(bytes, letter);
  const view = dataViewOf(bytes);
  view.setUint16(8, FORMAT_VERSION, true);
  view.setUint16(10, kind, true);
  view.setUint32(12, packed.length, true);
  bytes.set(packed, DOCUMENT_HEADER_SIZE);
  view.setBigUint64(CHECKSUM_OFFSET, checksumOf(bytes), true);
  return bytes;
}

/**
 * @throws RunlogError CORRUPT naming `file` and why, FORMAT_TOO_NEW.
 */
export function decodeDocument(bytes: Uint8Array, letter: FileLetter, file: string): Document {
  const corrupt = (reason: string, cause?: unknown): RunlogError =>
    new RunlogError('CORRUPT', `${file}: ${reason}`, {
      file,
      offset: 0,
      size: bytes.length,
      cause,
    });
  const fault = faultOfStart(bytes, letter, DOCUMENT_HEADER_SIZE, file);
  if (fault !== undefined) throw corrupt(fault);
  const sizeMax = limits[sizeLimitOf(letter)];
  if (bytes.length > sizeMax) throw corrupt(`${bytes.length} bytes, at most ${sizeMax}`);
  const view = dataViewOf(bytes);
  if (DOCUMENT_HEADER_SIZE + view.getUint32(12, true) !== bytes.length)
    throw corrupt('size and header differ');
  if (view.getBigUint64(CHECKSUM_OFFSET, true) !== checksumOf(bytes)) throw corrupt('checksum');
  const heartbeat = view.getBigUint64(HEARTBEAT_OFFSET, true);
  const kind = view.getUint16(10, true);
  // A fence's kinds are known to fence.ts.
  if (letter !== fileLetter.fence) {
    if (heartbeat !== 0n) throw corrupt('reserved bytes are not zero');
    if (kind !== 0) throw corrupt(`unknown kind ${kind}`);
  }
  try {
    const body = unpackBody(bytes.subarray(DOCUMENT_HEADER_SIZE));
    return { kind, heartbeat, body };
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    throw corrupt('body', error);
  }
}
