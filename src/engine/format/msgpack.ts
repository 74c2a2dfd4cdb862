// Bodies of records and small files: msgpack, and the only importer of msgpackr.
//
// msgpackr loses some values without a word (minus zero, Map against object, typed arrays, a
// leading byte order mark, `__proto__`, ill-formed strings), and its extension tables belong to the
// process, shared with whoever else uses it. Therefore:
//
// 1. What it would change is handed to it as a bin of a type byte and a payload. The header of that
//    bin is turned into the header of an extension, which has the same size, and back before
//    decoding. Nothing is registered with msgpackr.
// 2. It sees only bytes that msgpack-scan.ts has found whole: no depth, count or length of damaged
//    bytes reaches it.
// 3. It is imported without its native part. Where other code of the process has loaded that, the
//    results are the same.
//
// Spec: spec/msgpack.md. Test: test/engine/msgpack.test.ts.

import { types } from 'node:util';
import { Packr, RESET_BUFFER_MODE } from 'msgpackr/pack';
import { decodeExtension, encodeExtension } from './msgpack-extension.ts';
import { BODY_DEPTH_MAX, corruptBody, type Found, scanBody } from './msgpack-scan.ts';

const options = {
  useRecords: false,
  structuredClone: false,
  moreTypes: false,
  mapsAsObjects: false,
  variableMapSize: true,
  useToJSON: false,
  int64AsType: 'bigint',
} as const;
const packr = new Packr(options);
/** Makes objects at once, which is right where no key is `__proto__` and nothing an extension. */
const objectUnpackr = new Packr({ ...options, mapsAsObjects: true });

/** A result above this size keeps its memory for itself, and msgpackr begins with a small one. */
const SLAB_SIZE_MAX = 256 * 1024;
const SLAB_SIZE = 8 * 1024;

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_END = 2n ** 64n;

/**
 * Encodes null, boolean, number, bigint of 64 bits, string, array, plain object, Map, Set, Date,
 * Uint8Array and the other typed arrays to the last bit. A member of an object that is undefined is
 * left out. A Buffer is read back as a Uint8Array.
 *
 * The result is a view of shared memory, valid until anyone in this thread uses msgpackr again:
 * write or copy it before other code runs.
 *
 * @throws TypeError for any other value, ill-formed strings, and nesting over BODY_DEPTH_MAX.
 */
export function packBody(value: unknown): Uint8Array {
  return pack(value, 0);
}

function pack(value: unknown, depth: number): Uint8Array {
  if (isPlain(value, depth)) return encode(value);
  const bins: Bins = { count: 0, extensions: [] };
  const bytes = encode(spell(value, depth, bins));
  if (bins.extensions.length === 0) return bytes;
  const places: number[] = [];
  scanBody(bytes, { ...nothingFound(), bins: places }, depth);
  for (const ordinal of bins.extensions) binToExtension(bytes, places[ordinal] as number);
  return bytes;
}

function encode(value: unknown): Uint8Array {
  const bytes = packr.pack(value, RESET_BUFFER_MODE);
  if (bytes.length > SLAB_SIZE_MAX) packr.useBuffer(Buffer.allocUnsafeSlow(SLAB_SIZE));
  // A Buffer's slice() is no copy: nobody should hold one unawares.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** True for a string that every decoder gives back as it was. */
const isPlainText = (text: string): boolean => text.charCodeAt(0) !== 0xfeff && text.isWellFormed();

/** True for what msgpackr writes and reads back as it is: nothing has to be copied. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'number':
      return value !== 0 || 1 / value > 0;
    case 'string':
      return isPlainText(value);
    case 'boolean':
      return true;
    case 'bigint':
      return value >= INTEGER_MIN && value < INTEGER_END;
    case 'object':
      return value === null || isPlainContainer(value, depth);
    default:
      return false;
  }
}

function isPlainContainer(value: object, depth: number): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) return true;
  if (depth >= BODY_DEPTH_MAX) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      if (!isPlain(value[index], depth + 1)) return false;
    }
    return true;
  }
  if (prototype !== Object.prototype) return false;
  for (const key of Object.keys(value)) {
    if (!isPlainText(key) || !isPlain((value as Record<string, unknown>)[key], depth + 1))
      return false;
  }
  return true;
}

/** The bins of a spelled value in the order of its bytes, and which of them are extensions. */
interface Bins {
  count: number;
  readonly extensions: number[];
}

/** The same value made of what msgpackr keeps: extensions as bins, objects as Maps. */
function spell(value: unknown, depth: number, bins: Bins): unknown {
  const extension = encodeExtension(value, (content) => pack(content, depth + 1));
  if (extension !== undefined) {
    bins.extensions.push(bins.count);
    bins.count += 1;
    return extension;
  }
  if (types.isUint8Array(value)) {
    bins.count += 1;
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (typeof value !== 'object' || value === null) {
    if (!isPlain(value, depth)) throw new TypeError(`body: ${describe(value)} cannot be stored`);
    return value;
  }
  if (depth >= BODY_DEPTH_MAX)
    throw new TypeError(`body: nested deeper than ${BODY_DEPTH_MAX}, or a cycle`);
  if (Array.isArray(value)) return Array.from(value, (each) => spell(each, depth + 1, bins));
  if (!isPlainObject(value)) throw new TypeError(`body: ${describe(value)} cannot be stored`);
  const members = new Map<unknown, unknown>();
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.set(spell(key, depth, bins), spell(member, depth + 1, bins));
  }
  return members;
}

/** True for an object that is no instance of a class: its prototype is null or that of some realm's Object. */
function isPlainObject(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
}

function describe(value: unknown): string {
  if (typeof value === 'string') return 'an ill-formed string';
  if (typeof value === 'bigint') return 'an integer over 64 bits';
  if (typeof value !== 'object') return `a value of type ${typeof value}`;
  return `an instance of ${(value as object).constructor?.name || 'a class'}`;
}

/**
 * Decodes the one value that `bytes` holds. Maps become plain objects, in which `__proto__` is a
 * member like any other; 64-bit integers become bigints. Bins are views of `bytes`, or of a copy
 * where there are extensions: keeping one keeps the whole.
 *
 * @throws RunlogError CORRUPT unless it is exactly one value of spec/msgpack.md.
 */
export function unpackBody(bytes: Uint8Array): unknown {
  return unpack(bytes, 0);
}

const nothingFound = (): Found => ({ maps: false, specialKeys: false, extensions: [] });

/** Replaced when a scan has found something: most bodies hold neither maps nor extensions. */
let scanned = nothingFound();

function unpack(bytes: Uint8Array, depth: number): unknown {
  if (scanned.maps || scanned.extensions.length > 0) scanned = nothingFound();
  scanBody(bytes, scanned, depth);
  const { maps, specialKeys, extensions } = scanned;
  if (extensions.length === 0)
    return maps && specialKeys ? restore(decode(bytes), depth) : decode(bytes, objectUnpackr);
  const copy = Uint8Array.from(bytes);
  const contents = new Set<number>();
  for (const header of extensions) contents.add(extensionToBin(copy, header));
  return restore(decode(copy), depth, contents);
}

function decode(bytes: Uint8Array, unpackr = packr): unknown {
  try {
    // A view of our own: msgpackr hangs a property on what it is given, and a Buffer would make
    // Buffers of the bins.
    return unpackr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw corruptBody('not decoded', 0, cause);
  }
}

/** Undoes `spell`. `contents` are the places of the bins that were extensions. */
function restore(value: unknown, depth: number, contents?: ReadonlySet<number>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1)
      value[index] = restore(value[index], depth + 1, contents);
    return value;
  }
  if (value instanceof Uint8Array) {
    if (!contents?.has(value.byteOffset)) return value;
    const restored = decodeExtension(value[0] as number, value.subarray(1), (content) =>
      unpack(content, depth + 1),
    );
    if (restored === undefined)
      throw corruptBody(`content of extension ${value[0]}`, value.byteOffset);
    return restored;
  }
  const object: Record<string, unknown> = {};
  for (const [key, member] of value as Map<unknown, unknown>) {
    const name = restore(key, depth, contents) as string;
    const restored = restore(member, depth + 1, contents);
    if (name === '__proto__') {
      Object.defineProperty(object, name, {
        value: restored,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    } else object[name] = restored;
  }
  return object;
}

/** Header codes bin 8, 16, 32 are followed by ext 8, 16, 32. */
const EXTENSION_FROM_BIN = 3;
const BIN_8 = 0xc4;

/** The content begins with the type byte, which an extension does not count. */
function binToExtension(bytes: Uint8Array, header: number): void {
  const size = 1 << ((bytes[header] as number) - BIN_8);
  bytes[header] = (bytes[header] as number) + EXTENSION_FROM_BIN;
  writeLength(bytes, header + 1, size, readLength(bytes, header + 1, size) - 1);
}

/** Returns where the content of the bin begins. */
function extensionToBin(bytes: Uint8Array, header: number): number {
  bytes[header] = (bytes[header] as number) - EXTENSION_FROM_BIN;
  const size = 1 << ((bytes[header] as number) - BIN_8);
  writeLength(bytes, header + 1, size, readLength(bytes, header + 1, size) + 1);
  return header + 1 + size;
}

function readLength(bytes: Uint8Array, place: number, size: number): number {
  let length = 0;
  for (let index = 0; index < size; index += 1)
    length = length * 256 + (bytes[place + index] as number);
  return length;
}

function writeLength(bytes: Uint8Array, place: number, size: number, length: number): void {
  let rest = length;
  for (let index = size - 1; index >= 0; index -= 1) {
    bytes[place + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
