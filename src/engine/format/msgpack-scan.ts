// Finds the extent of one msgpack value in bytes that may be anything, before a decoder believes
// them: whole, of known kinds, with keys that are strings, well-formed text, and not too deep.
// Counts are never used to allocate.
//
// Spec: spec/msgpack.md. Test: test/engine/msgpack.test.ts.

import { isUtf8 } from 'node:buffer';
import { RunlogError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isExtensionType, TEXT } from './msgpack-extension.ts';

/**
 * Containers inside each other in one body: params, in which a Map or Set counts twice, and what
 * wraps them.
 */
export const BODY_DEPTH_MAX: number = 3 * limits.paramsDepthMax;

/** What a scan met that a decoder has to be prepared for. */
export interface Found {
  maps: boolean;
  /** A key may be `__proto__`, which a decoder that makes objects would spell otherwise. */
  specialKeys: boolean;
  /** Places of the headers of extensions, ascending. */
  extensions: number[];
  /** Places of the headers of bins, for the encoder, whose extensions (and so keys) are still bins. */
  bins?: number[];
}

export function corruptBody(reason: string, offset: number, cause?: unknown): RunlogError {
  return new RunlogError('CORRUPT', `body: ${reason} at byte ${offset}`, { cause });
}

/** @throws RunlogError CORRUPT unless `bytes` is exactly one value whose containers fit below `depth`. */
export function scanBody(bytes: Uint8Array, found: Found, depth: number): void {
  const end = scanValue(bytes, 0, found, depth);
  if (end !== bytes.length) throw corruptBody(`${bytes.length - end} bytes after the value`, end);
}

function scanValue(bytes: Uint8Array, place: number, found: Found, depth: number): number {
  if (place >= bytes.length) throw corruptBody('ends within a value', place);
  const token = bytes[place] as number;
  if (token < 0x80 || token >= 0xe0) return place + 1;
  if (token >= 0xa0 && token < 0xc0) return endOfText(bytes, place + 1, token - 0xa0);
  if (token < 0x90) return scanMap(bytes, place + 1, token - 0x80, found, depth);
  if (token < 0xa0) return scanArray(bytes, place + 1, token - 0x90, found, depth);
  switch (token) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return place + 1;
    case 0xc4:
    case 0xc5:
    case 0xc6: {
      found.bins?.push(place);
      const size = lengthSize(token, 0xc4);
      return endOf(bytes, place + 1 + size, lengthAt(bytes, place + 1, size));
    }
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return scanExtension(bytes, place, lengthSize(token, 0xc7), found);
    case 0xcc:
    case 0xd0:
      return endOf(bytes, place + 1, 1);
    case 0xcd:
    case 0xd1:
      return endOf(bytes, place + 1, 2);
    case 0xca:
    case 0xce:
    case 0xd2:
      return endOf(bytes, place + 1, 4);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return endOf(bytes, place + 1, 8);
    case 0xd9:
    case 0xda:
    case 0xdb: {
      const size = lengthSize(token, 0xd9);
      return endOfText(bytes, place + 1 + size, lengthAt(bytes, place + 1, size));
    }
    case 0xdc:
    case 0xdd: {
      const size = token === 0xdc ? 2 : 4;
      return scanArray(bytes, place + 1 + size, lengthAt(bytes, place + 1, size), found, depth);
    }
    case 0xde:
    case 0xdf: {
      const size = token === 0xde ? 2 : 4;
      return scanMap(bytes, place + 1 + size, lengthAt(bytes, place + 1, size), found, depth);
    }
    default:
      // 0xc1 is no msgpack; fixext (0xd4 to 0xd8) is a second form of what ext says.
      throw corruptBody(`byte 0x${token.toString(16)} begins no value`, place);
  }
}

function scanArray(
  bytes: Uint8Array,
  start: number,
  count: number,
  found: Found,
  depth: number,
): number {
  if (depth >= BODY_DEPTH_MAX) throw corruptBody('nested too deep', start);
  let place = start;
  for (let index = 0; index < count; index += 1) place = scanValue(bytes, place, found, depth + 1);
  return place;
}

function scanMap(
  bytes: Uint8Array,
  start: number,
  count: number,
  found: Found,
  depth: number,
): number {
  if (depth >= BODY_DEPTH_MAX) throw corruptBody('nested too deep', start);
  found.maps = true;
  let place = start;
  for (let index = 0; index < count; index += 1) {
    if (!isKey(bytes, place, found)) throw corruptBody('a key that is no string', place);
    found.specialKeys ||= mayBeSpecial(bytes[place] as number, bytes[place + 1]);
    place = scanValue(bytes, scanValue(bytes, place, found, depth + 1), found, depth + 1);
  }
  return place;
}

/** True for a key of nine bytes that begins as `__proto__` does, and for every one of the longer forms. */
const mayBeSpecial = (token: number, first: number | undefined): boolean =>
  token === 0xa9 ? first === 0x5f : token >= 0xc0;

/** True where a string begins, plain or as an extension; false also past the end. */
function isKey(bytes: Uint8Array, place: number, found: Found): boolean {
  if (found.bins !== undefined) return true;
  const token = bytes[place] ?? 0;
  if ((token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb)) return true;
  return token >= 0xc7 && token <= 0xc9 && bytes[place + 1 + lengthSize(token, 0xc7)] === TEXT;
}

function scanExtension(bytes: Uint8Array, place: number, size: number, found: Found): number {
  const length = lengthAt(bytes, place + 1, size);
  // The decoder sees a bin of one byte more, under a header of the same size.
  if (length + 1 >= 2 ** (8 * size)) throw corruptBody('extension length', place);
  const type = place + 1 + size;
  const end = endOf(bytes, type, length + 1);
  if (!isExtensionType(bytes[type] as number))
    throw corruptBody(`unknown extension ${bytes[type]}`, place);
  found.extensions.push(place);
  return end;
}

/** Bytes of the length field of the three forms that begin at `first`. */
const lengthSize = (token: number, first: number): number => 1 << (token - first);

function lengthAt(bytes: Uint8Array, place: number, size: number): number {
  if (place + size > bytes.length) throw corruptBody('ends within a length', place);
  let length = 0;
  for (let index = 0; index < size; index += 1)
    length = length * 256 + (bytes[place + index] as number);
  return length;
}

function endOf(bytes: Uint8Array, place: number, length: number): number {
  const end = place + length;
  if (end > bytes.length) throw corruptBody('ends within a value', place);
  return end;
}

function endOfText(bytes: Uint8Array, place: number, length: number): number {
  const end = endOf(bytes, place, length);
  for (let index = place; index < end; index += 1) {
    if ((bytes[index] as number) < 0x80) continue;
    if (!isUtf8(bytes.subarray(index, end))) throw corruptBody('text that is no UTF-8', place);
    break;
  }
  // A mark at the beginning is dropped by some decoders: such text is an extension.
  if (
    length >= 3 &&
    bytes[place] === 0xef &&
    bytes[place + 1] === 0xbb &&
    bytes[place + 2] === 0xbf
  ) {
    throw corruptBody('text with a leading byte order mark', place);
  }
  return end;
}
