// Bodies: what goes in comes out to the last bit, and what is no body is CORRUPT, whatever it is:
// never a crash, never another value.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBody, unpackBody } from '../../src/engine/format/msgpack.ts';
import { BODY_DEPTH_MAX } from '../../src/engine/format/msgpack-scan.ts';
import { RunlogError } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { seeded } from '../support/random.ts';
import { edges, exact, nested, storable } from '../support/values.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'spec/msgpack.md'), 'utf8');

const hexOf = (value: unknown): string => Buffer.from(packBody(value)).toString('hex');
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const packed = (value: unknown): Uint8Array => Uint8Array.from(packBody(value));

/** CORRUPT, or what was decoded. */
function unpackOrCode(bytes: Uint8Array): unknown {
  try {
    return { value: unpackBody(bytes) };
  } catch (error) {
    if (error instanceof RunlogError) return error.code;
    throw error;
  }
}

describe('spec/msgpack.md', () => {
  const examples: Record<string, unknown> = {
    null: null,
    127: 127,
    '-33': -33,
    4294967295: 4294967295,
    4294967296: 4294967296,
    0.1: 0.1,
    NaN: NaN,
    '-0': -0,
    '5n': 5n,
    '18446744073709551615n': 18446744073709551615n,
    "'loss'": 'loss',
    "'\\ufeffa'": '\ufeffa',
    '[12345, 1.5, new Uint8Array([1, 2, 255])]': [12345, 1.5, new Uint8Array([1, 2, 255])],
    '{ lr: 0.5, layers: [64, 64] }': { lr: 0.5, layers: [64, 64] },
    'new Date(1700000000123)': new Date(1700000000123),
    "new Map([['a', 1], [2, null]])": new Map<unknown, unknown>([
      ['a', 1],
      [2, null],
    ]),
    "new Set([1, 'a'])": new Set([1, 'a']),
    '[new Set([new Map()])]': [new Set([new Map()])],
    'new Int16Array([1, -2])': new Int16Array([1, -2]),
    'new Float64Array([1, -0])': new Float64Array([1, -0]),
  };
  const rows = Array.from(
    page.matchAll(/^\| `(.+)` \| `([0-9a-f]+)` \|$/gm),
    ([, value, hex]) => [value, hex] as [string, string],
  );

  it('has the examples of this test', () => {
    expect(new Set(rows.map(([value]) => value))).toEqual(new Set(Object.keys(examples)));
  });

  it.each(rows)('example %s', (value, hex) => {
    expect(hexOf(examples[value])).toBe(hex);
    expect(exact(unpackBody(fromHex(hex)))).toBe(exact(examples[value]));
  });

  it('lists every extension type, and no other is read', () => {
    const listed = Array.from(page.matchAll(/^\| (0x[0-9a-f]{2}) \| (?!reserved)/gm), ([, type]) =>
      Number(type),
    );
    const known = Array.from({ length: 256 }, (_, type) => type).filter((type) => {
      const empty = fromHex(`c700${type.toString(16).padStart(2, '0')}`);
      const error = unpackOrCodeMessage(empty);
      return error === undefined || !error.includes('unknown extension');
    });
    expect(known).toEqual(listed);
  });

  it('names the depth', () => {
    expect(page).toContain(`at most ${BODY_DEPTH_MAX} arrays, maps`);
  });
});

function unpackOrCodeMessage(bytes: Uint8Array): string | undefined {
  try {
    unpackBody(bytes);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('round trip', () => {
  it.each(edges)('$name', ({ value }) => {
    expect(exact(unpackBody(packed(value)))).toBe(exact(value));
  });

  it('any value, to the last bit, and the same bytes again', () => {
    fc.assert(
      fc.property(storable, (value) => {
        const bytes = packed(value);
        const read = unpackBody(bytes);
        expect(exact(read)).toBe(exact(value));
        expect(packed(read)).toEqual(bytes);
      }),
      { seed: seeded('msgpack round trip').seed, numRuns: 500 },
    );
  });

  it('uint64', () => {
    expect(unpackBody(packed([2n ** 63n, 2n ** 64n - 1n]))).toEqual([2n ** 63n, 2n ** 64n - 1n]);
  });

  it.each([
    ['a9', '__proto__'],
    ['d909', '__proto__'],
    ['da0009', '__proto__'],
    ['db00000009', '__proto__'],
    ['a9', '__proto_x'],
    ['a8', '__proto_'],
  ])('a key under header %s that is %s', (header, key) => {
    const bytes = fromHex(`82a16100${header}${Buffer.from(key).toString('hex')}81a16201`);
    const expected = JSON.parse(`{ "a": 0, "${key}": { "b": 1 } }`) as object;
    const read = unpackBody(bytes) as object;
    expect(exact(read)).toBe(exact(expected));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('undefined members are left out', () => {
    expect(exact(unpackBody(packed({ a: undefined, b: 1 })))).toBe(exact({ b: 1 }));
  });

  it('a Buffer comes back as a Uint8Array, and bins are views of what was given', () => {
    const [bin] = unpackBody(Buffer.from(packBody([Buffer.from('ab')]))) as [Uint8Array];
    expect(exact(bin)).toBe(exact(new Uint8Array([97, 98])));
    const bytes = packed([new Uint8Array([1, 2])]);
    const [view] = unpackBody(bytes) as [Uint8Array];
    expect(view.buffer).toBe(bytes.buffer);
    expect(Object.keys(bytes)).toEqual(Object.keys(packed([new Uint8Array([1, 2])]))); // nothing is hung on it
  });

  it('values of another realm', () => {
    const foreign: unknown = runInNewContext(
      '({ a: [-0, 1], m: new Map([[1, new Set([2])]]), d: new Date(5), f: new Float32Array([1]), u: new Uint8Array([3]) })',
    );
    expect(exact(unpackBody(packed(foreign)))).toBe(
      exact({
        a: [-0, 1],
        m: new Map([[1, new Set([2])]]),
        d: new Date(5),
        f: new Float32Array([1]),
        u: new Uint8Array([3]),
      }),
    );
  });

  it('objects without a prototype come back as plain ones', () => {
    expect(exact(unpackBody(packed(Object.assign(Object.create(null), { a: 1 }))))).toBe(
      exact({ a: 1 }),
    );
  });

  it('a large body leaves no large memory behind, and keeps its own', () => {
    const large = packBody(new Uint8Array(1 << 20).fill(1));
    const copy = Uint8Array.from(large);
    const small = packBody([1, 2, 3]);
    expect(small.buffer.byteLength).toBeLessThan(64 * 1024);
    expect(Buffer.compare(large, copy)).toBe(0);
  });

  it('the depth of params fits, whatever they are made of', () => {
    let maps: unknown = 1;
    for (let depth = 0; depth < limits.paramsDepthMax; depth += 1) maps = new Map([['a', maps]]);
    expect(exact(unpackBody(packed([20, null, ['a', maps]])))).toBe(exact([20, null, ['a', maps]]));
    expect(exact(unpackBody(packed(nested(BODY_DEPTH_MAX))))).toBe(exact(nested(BODY_DEPTH_MAX)));
  });
});

describe('refused by packBody', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  class Point {
    readonly x = 1;
  }
  it.each([
    { name: 'undefined', value: undefined },
    { name: 'undefined in an array', value: [undefined] },
    { name: 'hole in an array', value: new Array(2) },
    { name: 'undefined in a Map', value: new Map([[1, undefined]]) },
    { name: 'function', value: { f() {} } },
    { name: 'symbol', value: [Symbol('s')] },
    { name: 'lone surrogate', value: 'a\ud800' },
    { name: 'lone surrogate in a long text', value: `${'a'.repeat(100)}\udfff` },
    { name: 'lone surrogate in a key', value: { '\ud800': 1 } },
    { name: 'lone surrogate after a byte order mark', value: '\ufeff\ud800' },
    { name: 'bigint below int64', value: -(2n ** 63n) - 1n },
    { name: 'bigint over uint64', value: 2n ** 64n },
    { name: 'invalid Date', value: new Date(NaN) },
    { name: 'cycle', value: cycle },
    {
      name: 'cycle through a Map',
      value: (() => {
        const map = new Map();
        return map.set(1, map);
      })(),
    },
    { name: 'too deep', value: nested(BODY_DEPTH_MAX + 1) },
    { name: 'class instance', value: new Point() },
    { name: 'RegExp', value: /a/ },
    { name: 'Error', value: new Error('x') },
    { name: 'ArrayBuffer', value: new ArrayBuffer(1) },
    { name: 'DataView', value: new DataView(new ArrayBuffer(1)) },
    { name: 'boxed number', value: Object(1) as unknown },
    { name: 'Promise', value: Promise.resolve() },
  ])('$name', ({ value }) => {
    expect(() => packBody(value)).toThrow(TypeError);
    expect(() => packBody([1, { a: [value] }])).toThrow(TypeError);
    expect(unpackBody(packed([1, -0]))).toEqual([1, -0]); // and the next one works
  });
});

describe('corrupt bytes', () => {
  const rich = packed({
    a: [1, 300, 70000, -1, -200, -40000, 1.5, 5n, -0],
    text: 'x'.repeat(40),
    unicode: '\u00e9\u20ac'.repeat(40),
    '\ufeffkey': new Map<unknown, unknown>([
      [new Set(['a', -0]), new Date(5)],
      [2, new Float64Array(3)],
    ]),
    bins: [new Uint8Array(300), new Uint8Array(2)],
    object: { b: { c: null, d: true } },
  });

  it('cut at every byte', () => {
    for (let size = 0; size < rich.length; size += 1)
      expect(unpackOrCode(rich.subarray(0, size))).toBe('CORRUPT');
  });

  it('any byte after the end', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      expect(unpackOrCode(Uint8Array.from([...rich, byte]))).toBe('CORRUPT');
      expect(unpackOrCode(Uint8Array.from([0x93, 1, 2, 3, byte]))).toBe('CORRUPT');
    }
  });

  it.each([
    { name: 'nothing', hex: '' },
    { name: 'c1', hex: 'c1' },
    { name: 'c1 in an array', hex: '91c1' },
    { name: 'fixext 1 (undefined of other writers)', hex: 'd40000' },
    { name: 'fixext of a known type', hex: 'd40101' },
    { name: 'record definition of msgpackr', hex: 'd4724091a16101' },
    { name: 'RegExp of msgpackr', hex: 'd4780092a161a0' },
    { name: 'Error of msgpackr', hex: 'd4650093a16101c0' },
    { name: 'pointer of msgpackr', hex: 'd67000000001' },
    { name: 'Set of msgpackr', hex: 'd473009101' },
    { name: 'bundled strings of msgpackr', hex: 'd66200000005' },
    { name: 'timestamp', hex: 'd6ff00000001' },
    { name: 'unknown extension', hex: 'c700061a' },
    { name: 'reserved extension', hex: 'c7001a' },
    { name: 'minus zero with a payload', hex: 'c7010100' },
    { name: 'date of 4 bytes', hex: 'c7040200000000' },
    { name: 'date that is NaN', hex: 'c70802000000000000f87f' },
    { name: 'date with a fraction', hex: 'c70802000000000000e03f' },
    { name: 'date out of range', hex: 'c70802ffffffffffffef7f' },
    { name: 'text extension without a mark', hex: 'c7010361' },
    { name: 'text extension that is no UTF-8', hex: 'c70403efbbbfff' },
    { name: 'Map of an odd count', hex: 'c702049101' },
    { name: 'Map of no array', hex: 'c7010401' },
    { name: 'Map with bytes after its content', hex: 'c702049001' },
    { name: 'Set of no array', hex: 'c7010580' },
    { name: 'Set without content', hex: 'c70005' },
    { name: 'Float64Array of 7 bytes', hex: 'c7071700000000000000' },
    { name: 'extension longer than the rest', hex: 'c70502aa' },
    { name: 'greatest length of ext 8', hex: `c7ff10${'00'.repeat(255)}` },
    { name: 'greatest length of ext 16', hex: `c8ffff10${'00'.repeat(65535)}` },
    { name: 'key that is a number', hex: '810102' },
    { name: 'key that is nil', hex: '81c002' },
    { name: 'key that is an array', hex: '819002' },
    { name: 'key that is a bin', hex: '81c4016101' },
    { name: 'key that is another extension', hex: '81c7000102' },
    { name: 'text that is no UTF-8', hex: 'a1ff' },
    { name: 'surrogate in UTF-8', hex: 'a3eda080' },
    { name: 'overlong UTF-8', hex: 'a2c080' },
    { name: 'UTF-8 cut by its length', hex: '92a1c3a1a9' },
    { name: 'text with a leading mark', hex: 'a4efbbbf61' },
    { name: 'array of 2^32 - 1', hex: 'ddffffffff' },
    { name: 'array of 2^24 nulls that are not there', hex: 'dd01000000c0' },
    { name: 'map of 2^32 - 1', hex: 'dfffffffff' },
    { name: 'bin of 2^32 - 1', hex: 'c6ffffffff' },
    { name: 'text of 2^32 - 1', hex: 'dbffffffff' },
    { name: 'extension of 2^32 - 1', hex: 'c9ffffffff10' },
  ])('$name', ({ hex }) => {
    expect(unpackOrCode(fromHex(hex))).toBe('CORRUPT');
    expect(unpackOrCode(fromHex(`91${hex}`))).toBe('CORRUPT');
    expect(unpackBody(packed([1, -0, { a: 2 }]))).toEqual([1, -0, { a: 2 }]); // and the next one works
  });

  it.each([
    { name: 'arrays', unit: '91' },
    { name: 'maps', unit: '81a161' },
    { name: 'arrays of 2^32 - 1', unit: 'ddffffffff' },
    { name: 'arrays of 2^24', unit: 'dd00ffffff' },
    { name: 'maps of 2^32 - 1', unit: 'dfffffffffa161' },
  ])('depth bomb of $name', ({ unit }) => {
    expect(unpackOrCode(fromHex(unit.repeat(200_000)))).toBe('CORRUPT');
    expect(unpackOrCode(fromHex(`${unit.repeat(200_000)}c0`))).toBe('CORRUPT');
  });

  it('depth bomb of extensions in extensions', () => {
    let bytes: Uint8Array = fromHex('90');
    for (let depth = 0; depth < 2000; depth += 1) {
      const content = Buffer.concat([fromHex('91'), bytes]);
      const header = Buffer.alloc(6);
      header[0] = 0xc9;
      header.writeUInt32BE(content.length, 1);
      header[5] = 5;
      bytes = content.length < 70_000 ? Buffer.concat([header, content]) : bytes;
    }
    expect(unpackOrCode(bytes)).toBe('CORRUPT');
  });

  it('any bytes: a value, or CORRUPT', () => {
    const likely = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x81, 0x91, 0x92, 0xa1, 0xc4, 0xc7, 0xc8, 0xd9, 0xdc, 0xde, 1, 4, 5),
    );
    fc.assert(
      fc.property(fc.array(likely, { maxLength: 40 }), (bytes) => {
        const read = unpackOrCode(Uint8Array.from(bytes));
        if (read !== 'CORRUPT') packBody((read as { value: unknown }).value);
      }),
      { seed: seeded('msgpack any bytes').seed, numRuns: 20_000 },
    );
  });

  it('every bit of a rich body flipped', () => {
    for (let bit = 0; bit < rich.length * 8; bit += 1) {
      const bytes = Uint8Array.from(rich);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const read = unpackOrCode(bytes);
      if (read !== 'CORRUPT') packBody((read as { value: unknown }).value);
    }
  });
});

// Other code of the process may load the native part of msgpackr, which then decodes the strings of
// all of its users. Compiled, since a child process of Node 20 reads no TypeScript.
describe('with and without the native part of msgpackr', () => {
  const directory = join(root, 'node_modules', '.cache', `runlog-msgpack-${process.pid}`);

  it('the same bytes and values', () => {
    mkdirSync(directory, { recursive: true });
    try {
      const configuration = {
        extends: join(root, 'tsconfig.json'),
        compilerOptions: {
          noEmit: false,
          declaration: false,
          isolatedDeclarations: false,
          outDir: directory,
          rootDir: root,
        },
        include: [],
        files: [join(root, 'src/engine/format/msgpack.ts'), join(root, 'test/support/values.ts')],
      };
      writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(configuration));
      writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
      execFileSync(process.execPath, [
        join(root, 'node_modules/typescript/bin/tsc'),
        '-p',
        directory,
      ]);
      writeFileSync(join(directory, 'child.js'), childSource);
      const seed = seeded('msgpack native part').seed;
      const [native, plain, alone] = [
        ['msgpackr', 'false'],
        ['msgpackr', 'true'],
        ['', 'false'],
      ].map(([preload, disabled]) => {
        const env = {
          ...process.env,
          MSGPACKR_NATIVE_ACCELERATION_DISABLED: disabled,
          PRELOAD: preload,
          SEED: String(seed),
        };
        return JSON.parse(
          execFileSync(process.execPath, [join(directory, 'child.js')], { env, encoding: 'utf8' }),
        ) as ChildResult;
      }) as [ChildResult, ChildResult, ChildResult];
      if (!native.native)
        process.stderr.write('msgpackr has no native part here: compared without\n');
      expect([plain.native, alone.native]).toEqual([false, false]);
      expect(native.wrong).toEqual([]);
      expect(native.digest).toBe(plain.digest);
      expect(native.digest).toBe(alone.digest);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

interface ChildResult {
  readonly native: boolean;
  readonly wrong: readonly string[];
  readonly digest: string;
}

const childSource = `
import { createHash } from 'node:crypto';
import fc from 'fast-check';
if (process.env.PRELOAD) await import(process.env.PRELOAD);
const { isNativeAccelerationEnabled: native } = await import('msgpackr/unpack');
const { packBody, unpackBody } = await import('./src/engine/format/msgpack.js');
const { edges, exact, storable } = await import('./test/support/values.js');
const sum = createHash('sha256');
const wrong = [];
const values = [...edges.map(({ value }) => value), ...fc.sample(storable, { seed: Number(process.env.SEED), numRuns: 500 })];
for (const value of values) {
  const bytes = Uint8Array.from(packBody(value));
  const read = exact(unpackBody(bytes));
  if (read !== exact(value)) wrong.push(read.slice(0, 200));
  sum.update(bytes).update(read);
}
console.log(JSON.stringify({ native, wrong, digest: sum.digest('hex') }));
`;
