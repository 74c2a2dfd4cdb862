// Contexts: equal ones have one text, and the cache never gives the entry of another.

import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Context,
  ContextCache,
  canonicalContext,
  parseContext,
} from '../../src/model/context.ts';
import { seeded } from '../support/random.ts';
import { nested, objectOf } from '../support/values.ts';

const leaf = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -2, max: 3 }),
  fc.boolean(),
  fc.constantFrom(null, -0, '0', '', 'true', 'null'),
);
const key = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('subset', 'a', 'b', '1', '0', '__proto__', 'constructor'),
);
const { object } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  object: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(objectOf),
}));
const context = object as fc.Arbitrary<Context>;

/** The same content, members in reverse order, everything made anew. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return objectOf(
    Object.entries(value)
      .reverse()
      .map(([name, each]) => [name, reversed(each)]),
  );
}

describe('canonicalContext', () => {
  it.each([
    { name: 'none', value: undefined, text: '{}' },
    {
      name: 'members that are undefined',
      value: { a: undefined, b: { c: undefined } },
      text: '{"b":{}}',
    },
    { name: 'empty', value: {}, text: '{}' },
    { name: 'order of keys', value: { b: 1, a: 'x' }, text: '{"a":"x","b":1}' },
    { name: 'keys like integers', value: { b: 1, 10: 2, 9: 3 }, text: '{"10":2,"9":3,"b":1}' },
    { name: 'minus zero', value: { a: -0 }, text: '{"a":0}' },
    { name: '1.0', value: { a: Number('1.0') }, text: '{"a":1}' },
    {
      name: 'large and small numbers',
      value: { a: 1e21, b: 1e-7, c: 0.1 },
      text: '{"a":1e+21,"b":1e-7,"c":0.1}',
    },
    {
      name: 'nested',
      value: { a: { d: null, c: [true, { y: 1, x: 2 }] } },
      text: '{"a":{"c":[true,{"x":2,"y":1}],"d":null}}',
    },
    { name: 'text', value: { a: '"\\\u00e9\0\u2028' }, text: '{"a":"\\"\\\\\u00e9\\u0000\u2028"}' },
    { name: '__proto__', value: objectOf([['__proto__', 1]]), text: '{"__proto__":1}' },
    { name: 'no prototype', value: Object.assign(Object.create(null), { a: 1 }), text: '{"a":1}' },
    {
      name: 'another realm',
      value: runInNewContext('({ a: [1, { b: 2 }] })') as unknown,
      text: '{"a":[1,{"b":2}]}',
    },
    { name: 'symbol as a key', value: { a: 1, [Symbol('s')]: 2 }, text: '{"a":1}' },
  ])('$name', ({ value, text }) => {
    expect(canonicalContext(value)).toBe(text);
    expect(canonicalContext(parseContext(text))).toBe(text);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([
    { name: 'null', value: null, message: 'context: expected an object, got null' },
    { name: 'string', value: 'train', message: 'context: expected an object, got "train"' },
    { name: 'array', value: [], message: 'context: expected an object, got an array' },
    {
      name: 'Map',
      value: new Map(),
      message: 'context: expected an object, got an instance of Map',
    },
    { name: 'NaN', value: { a: NaN }, message: 'context.a: expected a finite number, got NaN' },
    {
      name: 'infinity',
      value: { a: { b: -Infinity } },
      message: 'context.a.b: expected a finite number, got -Infinity',
    },
    {
      name: 'undefined in an array',
      value: { a: [undefined] },
      message: 'context.a[0]: expected a string, number',
    },
    {
      name: 'hole',
      value: { a: new Array(1) },
      message: 'context.a[0]: expected a string, number',
    },
    {
      name: 'function',
      value: { 'a b': () => 1 },
      message: 'context["a b"]: expected a string, number',
    },
    { name: 'symbol', value: { a: Symbol('x') }, message: 'got a symbol' },
    { name: 'bigint', value: { a: 1n }, message: 'got 1n' },
    {
      name: 'Date',
      value: { a: new Date(0) },
      message: 'context.a: expected a plain object, got an instance of Date',
    },
    {
      name: 'class instance',
      value: { a: [new (class Layer extends Map {})()] },
      message: 'context.a[0]: expected a plain object, got an instance of Layer',
    },
    {
      name: 'lone surrogate',
      value: { a: '\ud800' },
      message: 'context.a: not well-formed Unicode',
    },
    {
      name: 'lone surrogate in a key',
      value: { '\ud800': 1 },
      message: 'context["\\ud800"]: the key is not well-formed Unicode',
    },
    { name: 'cycle', value: cycle, message: 'nested deeper than 64 (paramsDepthMax), or a cycle' },
    {
      name: 'depth',
      value: { a: nested(64) },
      message: 'nested deeper than 64 (paramsDepthMax), or a cycle',
    },
  ])('refuses $name', ({ value, message }) => {
    expect(() => canonicalContext(value)).toThrow(TypeError);
    expect(() => canonicalContext(value)).toThrow(message);
    expect(() => new ContextCache().get(value as Context)).toThrow(message);
  });

  it('accepts the greatest size and depth, no more', () => {
    const filled = (size: number): Context => ({ a: 'x'.repeat(size - '{"a":""}'.length) });
    expect(canonicalContext(filled(4096))).toHaveLength(4096);
    expect(() => canonicalContext(filled(4097))).toThrow(RangeError);
    expect(() => canonicalContext(filled(4097))).toThrow(
      'context: 4097 bytes, at most 4096 (contextSizeMax)',
    );
    expect(() => canonicalContext({ a: '\u20ac'.repeat(1400) })).toThrow(RangeError);
    expect(canonicalContext({ a: nested(63) })).toContain('[[1]]');
  });

  it('has one text for equal contexts, and other texts for others', () => {
    fc.assert(
      fc.property(context, context, (one, other) => {
        const text = canonicalContext(one);
        expect(canonicalContext(reversed(one))).toBe(text);
        expect(canonicalContext(parseContext(text))).toBe(text);
        const normal = JSON.parse(JSON.stringify(one)) as unknown;
        const same =
          fc.stringify(sorted(normal)) === fc.stringify(sorted(JSON.parse(JSON.stringify(other))));
        expect(canonicalContext(other) === text).toBe(same);
      }),
      { seed: seeded('canonical context').seed, numRuns: 1000 },
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // Not the entries alone: {} is not [].
  return {
    entries: Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  };
}

it('parseContext gives a frozen object', () => {
  const parsed = parseContext('{"a":{"b":[1]},"__proto__":2}');
  expect(Object.keys(parsed)).toEqual(['a', '__proto__']);
  expect(() => {
    (parsed['a'] as unknown as { b: number[] }).b[0] = 2;
  }).toThrow(TypeError);
});

describe('ContextCache', () => {
  it('gives one entry for equal contexts', () => {
    const cache = new ContextCache<number>();
    const entry = cache.get({ subset: 'train', layer: 1 });
    expect(cache.get({ layer: 1, subset: 'train' })).toBe(entry);
    expect(cache.get({ subset: 'train', layer: 1 })).toBe(entry);
    expect(cache.getByText('{"layer":1,"subset":"train"}')).toBe(entry);
    expect(entry).toMatchObject({ text: '{"layer":1,"subset":"train"}', id: 0 });
    expect(cache.get({ subset: 'val', layer: 1 }).id).toBe(1);
    expect(cache.get(undefined)).toBe(cache.get({}));
    expect(cache.size).toBe(3);
  });

  it('sees that an object was changed', () => {
    const cache = new ContextCache<number>();
    const changing: { subset: string; list: number[]; inner: Record<string, number> } = {
      subset: 'train',
      list: [1],
      inner: {},
    };
    const texts: string[] = [];
    const look = (): void => void texts.push(cache.get(changing).text);
    look();
    changing.subset = 'val';
    look();
    changing.list.push(2);
    look();
    changing.inner['b'] = 1;
    look();
    changing.subset = 'train';
    look();
    expect(texts).toEqual([
      '{"inner":{},"list":[1],"subset":"train"}',
      '{"inner":{},"list":[1],"subset":"val"}',
      '{"inner":{},"list":[1,2],"subset":"val"}',
      '{"inner":{"b":1},"list":[1,2],"subset":"val"}',
      '{"inner":{"b":1},"list":[1,2],"subset":"train"}',
    ]);
  });

  it('tells apart what looks alike', () => {
    const cache = new ContextCache<number>();
    const alike: Context[] = [
      { a: 1 },
      { a: '1' },
      { a: true },
      { a: null },
      { a: 'null' },
      { a: [] },
      { a: {} },
      { a: '' },
      { a: [1] },
      { a: [[1]] },
      { a: { 0: 1 } },
      { a: ['a', 1] },
      { a: { a: 1 } },
      { a: { b: 1 }, c: 1 },
      { a: { b: 1, c: 1 } },
      { a: [1, 2] },
      { a: [1], b: 2 },
      {},
      { b: 1 },
      { 0: 1 },
    ];
    for (let pass = 0; pass < 3; pass += 1)
      expect(new Set(alike.map((each) => cache.get(each).id)).size).toBe(alike.length);
  });

  it('refuses a class instance that looks like a context it has seen', () => {
    const cache = new ContextCache<number>();
    cache.get({ subset: 'train' });
    class Labels {
      readonly subset = 'train';
      text(): string {
        return this.subset;
      }
    }
    class Fields {
      readonly subset = 'train';
    }
    expect(() => cache.get(new Labels() as unknown as Context)).toThrow(TypeError);
    expect(cache.get(new Fields())).toBe(cache.get({ subset: 'train' }));
    cache.get({ a: { subset: 'train' } });
    expect(() => cache.get({ a: new Labels() } as unknown as Context)).toThrow(
      'context.a: expected a plain object',
    );
  });

  it('leaves out a member that is undefined, whatever was met before it', () => {
    const cache = new ContextCache<number>();
    const plain = cache.get({ subset: 'train' });
    for (let pass = 0; pass < 3; pass += 1) {
      expect(cache.get({ fold: undefined })).toBe(cache.get({}));
      expect(cache.get({ subset: 'train', fold: undefined })).toBe(plain);
      expect(cache.get({ fold: undefined, subset: 'train' })).toBe(plain);
      expect(cache.get({ subset: 'train', fold: 1 })).not.toBe(plain);
      expect(cache.get({ subset: undefined, fold: 1 })).toBe(cache.get({ fold: 1 }));
    }
  });

  it('always agrees with the canonical text', () => {
    fc.assert(
      fc.property(
        fc.array(context, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(29), { maxLength: 60 }),
        (contexts, order) => {
          const cache = new ContextCache<number>();
          for (const pick of order) {
            const each = contexts[pick % contexts.length] as Context;
            expect(cache.get(each).text).toBe(canonicalContext(each));
            expect(cache.get(reversed(each) as Context)).toBe(cache.get(each));
          }
        },
      ),
      { seed: seeded('context cache').seed, numRuns: 100 },
    );
  });

  it('stays right, and of bounded memory, beyond what it remembers', () => {
    const cache = new ContextCache<number>();
    for (let index = 0; index < 140_000; index += 1) cache.get({ index });
    expect(cache.get({ index: 0 }).id).toBe(0);
    expect(cache.get({ index: 139_999 }).id).toBe(139_999);
    expect(cache.size).toBe(140_000);
  });
});
