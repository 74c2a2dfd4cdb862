// The extension types of a body: a type byte and a payload for each value that msgpack has no form
// for. Numbers are part of the format and never reused.
//
// Spec: spec/msgpack.md. Test: test/engine/msgpack.test.ts.

import { types } from 'node:util';
import { dataViewOf } from './version.ts';

const MINUS_ZERO = 0x01;
const DATE = 0x02;
/** A string that begins with U+FEFF, which decoders drop. */
export const TEXT = 0x03;
const MAP = 0x04;
const SET = 0x05;

interface TypedArrayKind {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): ArrayBufferView;
}

/** Elements are little-endian, as in memory. 0x1a is kept for Float16Array. */
const typedArrays = new Map<number, TypedArrayKind>([
  [0x10, Int8Array],
  [0x11, Uint8ClampedArray],
  [0x12, Int16Array],
  [0x13, Uint16Array],
  [0x14, Int32Array],
  [0x15, Uint32Array],
  [0x16, Float32Array],
  [0x17, Float64Array],
  [0x18, BigInt64Array],
  [0x19, BigUint64Array],
]);
const typedArrayType = new Map<string, number>(
  Array.from(typedArrays, ([type, { name }]) => [name, type]),
);

export const isExtensionType = (type: number): boolean =>
  (type >= MINUS_ZERO && type <= SET) || typedArrays.has(type);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Type byte and payload where `value` needs an extension, else undefined. `pack` encodes the
 * content of a Map or Set; its result is copied at once.
 */
export function encodeExtension(
  value: unknown,
  pack: (content: unknown) => Uint8Array,
): Uint8Array | undefined {
  if (typeof value === 'number')
    return Object.is(value, -0) ? typed(MINUS_ZERO, new Uint8Array(0)) : undefined;
  if (typeof value === 'string') {
    // An ill-formed one has no UTF-8.
    return value.charCodeAt(0) === 0xfeff && value.isWellFormed()
      ? typed(TEXT, encoder.encode(value))
      : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (types.isMap(value)) return typed(MAP, pack(Array.from(value).flat(1)));
  if (types.isSet(value)) return typed(SET, pack(Array.from(value)));
  if (types.isDate(value)) {
    const time = value.getTime();
    if (Number.isNaN(time)) throw new TypeError('body: invalid Date');
    const payload = new Uint8Array(8);
    dataViewOf(payload).setFloat64(0, time, true);
    return typed(DATE, payload);
  }
  if (!types.isTypedArray(value)) return undefined;
  const type = typedArrayType.get(value[Symbol.toStringTag]);
  return type === undefined
    ? undefined
    : typed(type, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function typed(type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + payload.length);
  bytes[0] = type;
  bytes.set(payload, 1);
  return bytes;
}

/**
 * The value of an extension, or undefined where the payload is none of its type. `unpack` decodes
 * the content of a Map or Set.
 */
export function decodeExtension(
  type: number,
  payload: Uint8Array,
  unpack: (content: Uint8Array) => unknown,
): unknown {
  switch (type) {
    case MINUS_ZERO:
      return payload.length === 0 ? -0 : undefined;
    case DATE:
      return payload.length === 8 ? dateOf(dataViewOf(payload).getFloat64(0, true)) : undefined;
    case TEXT:
      return textOf(payload);
    case MAP:
      return mapOf(unpack(payload));
    case SET: {
      const content = unpack(payload);
      return Array.isArray(content) ? new Set(content) : undefined;
    }
    default: {
      const kind = typedArrays.get(type);
      if (kind === undefined || payload.length % kind.BYTES_PER_ELEMENT !== 0) return undefined;
      return new kind(Uint8Array.from(payload).buffer);
    }
  }
}

function dateOf(time: number): Date | undefined {
  const date = new Date(time);
  return date.getTime() === time ? date : undefined; // never for NaN
}

function textOf(payload: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(payload);
    return text.charCodeAt(0) === 0xfeff ? text : undefined;
  } catch {
    return undefined; // no UTF-8
  }
}

function mapOf(content: unknown): Map<unknown, unknown> | undefined {
  if (!Array.isArray(content) || content.length % 2 !== 0) return undefined;
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < content.length; index += 2)
    map.set(content[index], content[index + 1]);
  return map;
}
