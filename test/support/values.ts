// Values that bodies and params hold: comparison to the last bit, arbitrary ones, and named edges.

import fc from 'fast-check';

const bitsOf = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
};

/**
 * One text for each value: type, order of members, bits of typed arrays, sign of zero. Two values
 * with the same text are the same to whoever reads them. (A NaN outside typed arrays is one value.)
 */
export function exact(value: unknown): string {
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : bitsOf(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value);
  if (Array.isArray(value)) return `[${value.map(exact).join()}]`;
  if (value instanceof Map)
    return `Map(${Array.from(value, ([key, each]) => `${exact(key)}=>${exact(each)}`).join()})`;
  if (value instanceof Set) return `Set(${Array.from(value, exact).join()})`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}(${bytes.toString('hex')})`;
  }
  const prototype = Object.getPrototypeOf(value) === Object.prototype ? '' : 'not plain ';
  const members = Object.keys(value).map((key) => {
    return `${JSON.stringify(key)}:${exact((value as Record<string, unknown>)[key])}`;
  });
  return `${prototype}{${members.join()}}`;
}

interface TypedArrayKind {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset?: number): ArrayBufferView;
}

export const typedArrayKinds: readonly TypedArrayKind[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** An object with own members in this order, whatever their keys are. */
export function objectOf(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return object;
}

/** Strings of all kinds and lengths: decoders treat them by length and by content. */
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .tuple(fc.string({ unit: 'binary', maxLength: 4 }), fc.integer({ min: 1, max: 60 }))
    .map(([unit, count]) => unit.repeat(count)),
  fc.string({ maxLength: 10 }).map((rest) => `\ufeff${rest.repeat(9)}`),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'toJSON',
    'hasOwnProperty',
    '0',
    '10',
    '-1',
    '\0',
    '\u{10ffff}',
  ),
);

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, -(2 ** 31), 2 ** 53, 5e-324),
);

const typedArray = fc
  .tuple(fc.constantFrom(...typedArrayKinds), fc.uint8Array({ maxLength: 80 }), fc.boolean())
  .map(([Kind, bytes, aligned]) => {
    const size = bytes.length - (bytes.length % Kind.BYTES_PER_ELEMENT);
    const offset = aligned ? 0 : Kind.BYTES_PER_ELEMENT;
    const buffer = new ArrayBuffer(offset + size);
    new Uint8Array(buffer, offset).set(bytes.subarray(0, size));
    return new Kind(buffer, offset);
  });

const leaf = fc.oneof(
  fc.constantFrom(null, true, false),
  number,
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.date({ noInvalidDate: true }),
  typedArray,
);

/** Any value that params hold. */
export const storable: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 8 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 8 }).map(objectOf),
    fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 })
      .map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((members) => new Set(members)),
  ),
})).value;

/** A value inside `count` arrays. */
export function nested(count: number, value: unknown = 1): unknown {
  let result = value;
  for (let index = 0; index < count; index += 1) result = [result];
  return result;
}

/** What has been lost before, and what is nearest to a limit of a form. */
export const edges: readonly { readonly name: string; readonly value: unknown }[] = [
  { name: 'minus zero', value: -0 },
  { name: 'minus zero in containers', value: [-0, { a: -0 }, new Map([[1, -0]])] },
  { name: 'NaN', value: NaN },
  { name: 'infinities', value: [Infinity, -Infinity] },
  { name: 'least and greatest double', value: [5e-324, Number.MAX_VALUE, -Number.MAX_VALUE] },
  {
    name: 'integers around 7, 8, 16, 31, 32, 53 bits',
    value: [
      127,
      128,
      255,
      256,
      65535,
      65536,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 53,
      2 ** 53 - 1,
      2 ** 53 + 2,
      -1,
      -32,
      -33,
      -128,
      -129,
      -32768,
      -32769,
      -(2 ** 31),
      -(2 ** 31) - 1,
      -(2 ** 53),
    ],
  },
  { name: 'small bigint stays a bigint', value: [0n, 5n, -1n] },
  { name: 'bigints of 64 bits', value: [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n] },
  { name: 'empty containers', value: [[], {}, new Map(), new Set(), ''] },
  {
    name: '__proto__ as a key',
    value: objectOf([
      ['__proto__', { polluted: true }],
      ['a', 1],
    ]),
  },
  {
    name: 'constructor and toJSON as keys',
    value: { constructor: 'Map', toJSON: null, hasOwnProperty: 1 },
  },
  { name: 'order of keys', value: { b: 1, a: 2, Z: 3 } },
  { name: 'keys like integers', value: { 10: 'a', 9: 'b', '-1': 'c', '01': 'd' } },
  { name: 'key with a byte order mark', value: { '\ufeffa': 1, a: 2 } },
  { name: 'short text with a byte order mark', value: '\ufeffa' },
  { name: 'long text with a byte order mark', value: `\ufeff${'a'.repeat(100)}` },
  { name: 'byte order mark alone, and inside', value: ['\ufeff', 'a\ufeffb'] },
  {
    name: 'text of 31, 32, 255, 256, 65535, 65536 bytes',
    value: [31, 32, 255, 256, 65535, 65536].map((size) => 'x'.repeat(size)),
  },
  {
    name: 'text of two, three and four bytes a character',
    value: ['\u00e9', '\u20ac', '\u{1f600}'].flatMap((each) => [
      each,
      each.repeat(30),
      each.repeat(70),
    ]),
  },
  { name: 'NUL and controls in text', value: '\0\u0001\u001f\u007f' },
  {
    name: 'bins of 0, 255, 256, 65535, 65536 bytes',
    value: [0, 255, 256, 65535, 65536].map((size) => new Uint8Array(size).fill(7)),
  },
  {
    name: 'extensions of 253 to 256 bytes',
    value: [253, 254, 255, 256].map((size) => new Int8Array(size).fill(-7)),
  },
  {
    name: 'extensions of 65533 to 65536 bytes',
    value: [65533, 65534, 65535, 65536].map((size) => new Int8Array(size)),
  },
  {
    name: 'typed arrays of each kind',
    value: typedArrayKinds.map(
      (Kind) => new Kind(new Uint8Array(16).map((_, index) => index * 17).buffer),
    ),
  },
  {
    name: 'empty typed arrays',
    value: typedArrayKinds.map((Kind) => new Kind(new ArrayBuffer(0))),
  },
  {
    name: 'bits of a NaN in a typed array',
    value: new Float64Array(
      new BigUint64Array([0x7ff8_0000_0000_0001n, 0xfff0_0000_0000_0001n]).buffer,
    ),
  },
  { name: 'view into a larger buffer', value: new Float32Array(new ArrayBuffer(64), 8, 3) },
  {
    name: 'Map with keys of any type',
    value: new Map<unknown, unknown>([
      [NaN, 1],
      [null, 2],
      ['1', 3],
      [1, 4],
      [{ a: 1 }, 5],
      [new Uint8Array(2), 6],
      [[1], 7],
    ]),
  },
  {
    name: 'Map in Map in Set',
    value: new Set([new Map([[new Map([[1, 2]]), new Set([new Set()])]])]),
  },
  { name: 'Map and object with the same members', value: [new Map([['a', 1]]), { a: 1 }] },
  {
    name: 'bin beside extensions',
    value: [new Uint8Array([4, 0x90]), new Map(), new Uint8Array([1]), -0, new Uint8Array(0), -0],
  },
  {
    name: 'dates',
    value: [
      new Date(0),
      new Date(-1),
      new Date(8.64e15),
      new Date(-8.64e15),
      new Date(1700000000123),
    ],
  },
  {
    name: 'array of 15, 16, 65535, 65536 elements',
    value: [15, 16, 65535, 65536].map((length) => new Array(length).fill(1)),
  },
  {
    name: 'object of 16 and 65536 members',
    value: [16, 65536].map((size) =>
      objectOf(Array.from({ length: size }, (_, index) => [`k${index}`, index])),
    ),
  },
];
