// Params: what may be stored is stored as it is, what may not is named, and nobody changes what is
// stored from outside.

import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBody, unpackBody } from '../../src/engine/format/msgpack.ts';
import {
  checkParamsPath,
  getParam,
  type ParamsTree,
  readParams,
  setParam,
  spellParams,
  unsetParam,
} from '../../src/model/params.ts';
import { seeded } from '../support/random.ts';
import { edges, exact, nested, objectOf, storable } from '../support/values.ts';

describe('spellParams', () => {
  it.each(edges)('$name: kept through packing', ({ value }) => {
    const spelled = spellParams(value);
    expect(exact(spelled)).toBe(exact(value));
    expect(exact(readParams(spelled))).toBe(exact(value));
    expect(exact(readParams(unpackBody(packBody(spelled))))).toBe(exact(value));
  });

  it('any storable value, to the last bit, through packing', () => {
    fc.assert(
      fc.property(storable, (value) => {
        const spelled = spellParams(value, ['hparams']);
        expect(exact(spelled)).toBe(exact(value));
        expect(exact(readParams(unpackBody(packBody(spelled))))).toBe(exact(value));
      }),
      { seed: seeded('params').seed, numRuns: 300 },
    );
  });

  it('leaves undefined members out', () => {
    expect(exact(spellParams({ a: undefined, b: { c: undefined }, d: 1 }))).toBe(
      exact({ b: {}, d: 1 }),
    );
  });

  it('takes values of another realm, a Buffer, an object without prototype, a derived typed array', () => {
    expect(
      exact(
        spellParams(
          runInNewContext('({ a: [1], m: new Map([[1, 2]]), s: new Set([3]), d: new Date(4) })'),
        ),
      ),
    ).toBe(exact({ a: [1], m: new Map([[1, 2]]), s: new Set([3]), d: new Date(4) }));
    expect(exact(spellParams(Buffer.from('ab')))).toBe(exact(new Uint8Array([97, 98])));
    expect(exact(spellParams(Object.assign(Object.create(null), { a: 1 })))).toBe(exact({ a: 1 }));
    expect(exact(spellParams(new (class extends Float32Array {})([1])))).toBe(
      exact(new Float32Array([1])),
    );
  });

  const cycle: Record<string, unknown> = { a: 1 };
  cycle['self'] = cycle;
  const mapCycle = new Map<unknown, unknown>();
  mapCycle.set('self', mapCycle);
  class Point {
    readonly x = 1;
    move(): void {}
  }
  it.each([
    { name: 'undefined', value: undefined, message: 'params.hparams: undefined cannot be stored' },
    {
      name: 'undefined in an array',
      value: { layers: [1, 2, 3, undefined] },
      message: 'params.hparams.layers[3]: undefined cannot be stored',
    },
    {
      name: 'hole',
      value: [new Array(1)],
      message: 'params.hparams[0][0]: undefined cannot be stored',
    },
    {
      name: 'undefined in a Map',
      value: new Map([[1, undefined]]),
      message: 'params.hparams.values()[0]: undefined cannot be stored',
    },
    {
      name: 'undefined in a Set',
      value: new Set([1, undefined]),
      message: 'params.hparams.values()[1]: undefined cannot be stored',
    },
    {
      name: 'function',
      value: { 'a b': () => 1 },
      message: 'params.hparams["a b"]: a function cannot be stored',
    },
    {
      name: 'toJSON',
      value: { a: { toJSON: () => 1 } },
      message: 'params.hparams.a.toJSON: a function cannot be stored',
    },
    {
      name: 'symbol',
      value: [Symbol('s')],
      message: 'params.hparams[0]: a symbol cannot be stored',
    },
    {
      name: 'symbol as a key',
      value: { [Symbol('s')]: 1 },
      message: 'params.hparams: a key that is a symbol cannot be stored',
    },
    {
      name: 'class instance',
      value: { a: new Point() },
      message: 'params.hparams.a: an instance of Point cannot be stored',
    },
    {
      name: 'class without a name',
      value: new (class {
        move(): void {}
      })(),
      message: 'params.hparams: an instance of a class cannot be stored',
    },
    {
      name: 'object made from one without prototype',
      value: Object.create(Object.create(null)),
      message: 'cannot be stored',
    },
    {
      name: 'object made from another',
      value: Object.create({ a: 1 }),
      message: 'cannot be stored',
    },
    {
      name: 'derived Map',
      value: new (class Registry extends Map {})(),
      message: 'params.hparams: an instance of Registry cannot be stored',
    },
    {
      name: 'derived Date',
      value: new (class Moment extends Date {})(0),
      message: 'an instance of Moment cannot be stored',
    },
    {
      name: 'derived array',
      value: new (class List extends Array {})(),
      message: 'cannot be stored',
    },
    { name: 'RegExp', value: /a/, message: 'an instance of RegExp cannot be stored' },
    { name: 'Error', value: new Error('x'), message: 'an instance of Error cannot be stored' },
    { name: 'URL', value: new URL('file:///'), message: 'an instance of URL cannot be stored' },
    {
      name: 'ArrayBuffer',
      value: new ArrayBuffer(1),
      message: 'an instance of ArrayBuffer cannot be stored',
    },
    {
      name: 'DataView',
      value: new DataView(new ArrayBuffer(1)),
      message: 'an instance of DataView cannot be stored',
    },
    {
      name: 'boxed string',
      value: Object('a') as unknown,
      message: 'an instance of String cannot be stored',
    },
    {
      name: 'Promise',
      value: Promise.resolve(1),
      message: 'an instance of Promise cannot be stored',
    },
    { name: 'WeakMap', value: new WeakMap(), message: 'an instance of WeakMap cannot be stored' },
    {
      name: 'invalid Date',
      value: [new Date(NaN)],
      message: 'params.hparams[0]: an invalid Date cannot be stored',
    },
    {
      name: 'bigint over int64',
      value: 2n ** 63n,
      message:
        'params.hparams: an integer beyond 64 bits cannot be stored, got 9223372036854775808n',
    },
    {
      name: 'bigint below int64',
      value: -(2n ** 63n) - 1n,
      message: 'an integer beyond 64 bits cannot be stored',
    },
    {
      name: 'lone surrogate',
      value: { a: 'x\udc00' },
      message: 'params.hparams.a: not well-formed Unicode, got "x\\udc00"',
    },
    {
      name: 'lone surrogate in a key',
      value: { '\ud800': 1 },
      message: 'params.hparams["\\ud800"]: the key is not well-formed Unicode',
    },
    {
      name: 'lone surrogate in a key of a Map',
      value: new Map([['\ud800', 1]]),
      message: 'params.hparams.keys()[0]: not well-formed Unicode',
    },
    { name: 'cycle', value: cycle, message: 'nested deeper than 64 (paramsDepthMax), or a cycle' },
    {
      name: 'cycle through a Map',
      value: mapCycle,
      message: 'nested deeper than 64 (paramsDepthMax), or a cycle',
    },
    {
      name: 'depth, the path counted',
      value: nested(64),
      message: 'nested deeper than 64 (paramsDepthMax), or a cycle',
    },
  ])('refuses $name', ({ value, message }) => {
    expect(() => spellParams(value, ['hparams'])).toThrow(TypeError);
    expect(() => spellParams(value, ['hparams'])).toThrow(message);
  });

  it('takes the greatest depth, and the engine takes it too', () => {
    let maps: unknown = 1;
    for (let depth = 0; depth < 60; depth += 1) maps = new Map([['a', maps]]);
    const path = ['a', 'b', 'c', 'd'];
    const tree: ParamsTree = {};
    setParam(tree, path, spellParams(maps, path));
    expect(exact(unpackBody(packBody([[3, [tree]]])))).toBe(exact([[3, [tree]]]));
    expect(() => spellParams(maps, [...path, 'e'])).toThrow(TypeError);
    expect(exact(spellParams(nested(64)))).toBe(exact(nested(64)));
  });

  it('is a copy, frozen', () => {
    const bytes = new Uint8Array([1]);
    const value = { list: [1], map: new Map([[1, 2]]), date: new Date(0), bytes };
    const spelled = spellParams(value) as typeof value;
    const before = exact(value);
    value.list.push(2);
    value.map.set(3, 4);
    value.date.setTime(9);
    bytes[0] = 9;
    expect(exact(spelled)).toBe(before);
    expect(Object.isFrozen(spelled) && Object.isFrozen(spelled.list)).toBe(true);
  });

  it('a small view does not keep a large buffer', () => {
    const spelled = spellParams(Buffer.allocUnsafe(1 << 20).subarray(5, 7)) as Uint8Array;
    expect(spelled.buffer.byteLength).toBe(2);
  });

  it('a key like __proto__ changes no prototype', () => {
    const hostile = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    ) as unknown;
    const read = readParams(unpackBody(packBody(spellParams(hostile)))) as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('checkParamsPath', () => {
  it('a string is one key, an array a path', () => {
    expect(checkParamsPath('a.b')).toEqual(['a.b']);
    expect(checkParamsPath(['a', 'b.c', ''])).toEqual(['a', 'b.c', '']);
    const given = ['a'];
    expect(checkParamsPath(given)).not.toBe(given);
  });

  it.each([
    { value: 5, error: TypeError, message: 'key: expected a string, got 5' },
    { value: undefined, error: TypeError, message: 'key: expected a string, got undefined' },
    { value: ['a', 0], error: TypeError, message: 'key[1]: expected a string, got 0' },
    { value: new Array(2), error: TypeError, message: 'key[0]: expected a string, got undefined' },
    { value: [], error: RangeError, message: 'key: expected at least one key, got an empty array' },
    {
      value: new Array(65).fill('a'),
      error: RangeError,
      message: 'key: 65 keys, at most 64 (paramsDepthMax)',
    },
    { value: '\ud800', error: TypeError, message: 'key: not well-formed Unicode, got "\\ud800"' },
  ])('refuses $value', ({ value, error, message }) => {
    expect(() => checkParamsPath(value)).toThrow(error);
    expect(() => checkParamsPath(value)).toThrow(message);
  });
});

describe('the tree', () => {
  const treeOf = (...sets: readonly (readonly [readonly string[], unknown])[]): ParamsTree => {
    const tree: ParamsTree = {};
    for (const [path, value] of sets) setParam(tree, path, spellParams(value, path));
    return tree;
  };

  it.each([
    { name: 'parents are made', sets: [[['a', 'b', 'c'], 1]], expected: { a: { b: { c: 1 } } } },
    {
      name: 'the subtree is replaced',
      sets: [
        [['a'], { b: 1, c: 2 }],
        [['a'], { d: 3 }],
      ],
      expected: { a: { d: 3 } },
    },
    {
      name: 'neighbours stay',
      sets: [
        [['a'], { b: 1, c: 2 }],
        [['a', 'b'], 9],
      ],
      expected: { a: { b: 9, c: 2 } },
    },
    {
      name: 'order is kept',
      sets: [
        [['b'], 1],
        [['a'], 2],
        [['b'], 3],
      ],
      expected: { b: 3, a: 2 },
    },
    {
      name: 'a parent that is a number',
      sets: [
        [['a'], 5],
        [['a', 'b'], 1],
      ],
      expected: { a: { b: 1 } },
    },
    {
      name: 'a parent that is an array',
      sets: [
        [['a'], [1, 2]],
        [['a', '0'], 9],
      ],
      expected: { a: { 0: 9 } },
    },
    {
      name: 'a parent that is a Map',
      sets: [
        [['a'], new Map([['b', 1]])],
        [['a', 'b'], 9],
      ],
      expected: { a: { b: 9 } },
    },
    {
      name: 'keys of Object.prototype',
      sets: [
        [['constructor', 'name'], 1],
        [['toString'], 2],
      ],
      expected: { constructor: { name: 1 }, toString: 2 },
    },
    {
      name: '__proto__',
      sets: [
        [['__proto__', 'a'], 1],
        [['__proto__', 'b'], 2],
      ],
      expected: objectOf([['__proto__', { a: 1, b: 2 }]]),
    },
    {
      name: 'a dot in a key',
      sets: [
        [['a.b'], 1],
        [['a', 'b'], 2],
      ],
      expected: { 'a.b': 1, a: { b: 2 } },
    },
    { name: 'the empty key', sets: [[[''], 1]], expected: { '': 1 } },
  ] as { name: string; sets: (readonly [string[], unknown])[]; expected: unknown }[])(
    'set: $name',
    ({ sets, expected }) => {
      expect(exact(getParam(treeOf(...sets), []))).toBe(exact(expected));
    },
  );

  it('shares no spelled value that is changed later', () => {
    const spelled = spellParams({ b: { c: 1 } });
    const one: ParamsTree = {};
    const other: ParamsTree = {};
    setParam(one, ['a'], spelled);
    setParam(other, ['a'], spelled);
    setParam(one, ['a', 'b', 'c'], 2);
    unsetParam(other, ['a', 'b', 'c']);
    expect(spelled).toEqual({ b: { c: 1 } });
    expect(one).toEqual({ a: { b: { c: 2 } } });
    expect(other).toEqual({ a: { b: {} } });
  });

  it('gives copies', () => {
    const tree = treeOf([
      ['a'],
      { list: [1], map: new Map([[1, [2]]]), bytes: new Uint8Array([1]), date: new Date(0) },
    ]);
    const before = exact(tree);
    const read = getParam(tree, ['a']) as {
      list: number[];
      map: Map<number, number[]>;
      bytes: Uint8Array;
      date: Date;
    };
    read.list.push(9);
    read.map.get(1)?.push(9);
    read.bytes[0] = 9;
    read.date.setTime(9);
    expect(exact(tree)).toBe(before);
  });

  it.each([
    { path: ['a', 'layers', 1], expected: 65 },
    { path: ['a', 'layers'], expected: [64, 65] },
    { path: ['a', 'none'], expected: undefined },
    { path: ['a', 'none', 'none'], expected: undefined },
    { path: ['a', 'layers', 2], expected: undefined },
    { path: ['a', 'layers', -1], expected: undefined },
    { path: ['a', 'layers', '1'], expected: undefined },
    { path: ['a', 'layers', 'length'], expected: undefined },
    { path: ['a', 'layers', 0.5], expected: undefined },
    { path: ['toString'], expected: undefined },
    { path: ['__proto__'], expected: undefined },
    { path: ['a', 'map', 'k'], expected: undefined },
    { path: ['a', 'text', 0], expected: undefined },
    { path: ['a', 'text', 'length'], expected: undefined },
    { path: ['a', 'nothing'], expected: null },
    { path: ['a', 'nothing', 'b'], expected: undefined },
  ])('get $path', ({ path, expected }) => {
    const tree = treeOf([
      ['a'],
      { layers: [64, 65], map: new Map([['k', 1]]), text: 'abc', nothing: null },
    ]);
    expect(getParam(tree, path)).toEqual(expected);
  });

  it('unset removes one place', () => {
    const tree = treeOf([['a'], { b: 1, c: { d: 2 } }], [['e'], [1]]);
    expect(unsetParam(tree, ['a', 'c', 'x'])).toBe(false);
    expect(unsetParam(tree, ['e', '0'])).toBe(false);
    expect(unsetParam(tree, ['toString'])).toBe(false);
    expect(unsetParam(tree, ['a', 'c', 'd'])).toBe(true);
    expect(unsetParam(tree, ['a', 'c', 'd'])).toBe(false);
    expect(getParam(tree, [])).toEqual({ a: { b: 1, c: {} }, e: [1] });
    expect(unsetParam(tree, ['a'])).toBe(true);
    expect(getParam(tree, [])).toEqual({ e: [1] });
  });

  it('any sets and unsets, as a plain model has them', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '__proto__', '1'), {
      minLength: 1,
      maxLength: 3,
    });
    const value = fc.oneof(
      fc.integer(),
      fc.constant({ a: { b: 1 } }),
      fc.constant([1]),
      fc.constant({}),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.option(value)), { maxLength: 20 }), (changes) => {
        const tree: ParamsTree = {};
        const model = new Map<string, unknown>();
        for (const [keys, change] of changes) {
          if (change === null) unsetParam(tree, keys);
          else setParam(tree, keys, spellParams(change, keys));
          applyToModel(model, keys, change);
        }
        expect(exact(getParam(tree, []))).toBe(exact(modelValue(model)));
      }),
      { seed: seeded('params tree').seed, numRuns: 500 },
    );
  });
});

/** Objects as Maps; keys like integers are few enough that their order is put right in modelValue. */
function applyToModel(model: Map<string, unknown>, path: readonly string[], change: unknown): void {
  let parent = model;
  for (const key of path.slice(0, -1)) {
    const member = parent.get(key);
    if (member instanceof Map) {
      parent = member as Map<string, unknown>;
    } else {
      if (change === null) return;
      const made = new Map<string, unknown>();
      parent.set(key, made);
      parent = made;
    }
  }
  const last = path[path.length - 1] as string;
  if (change === null) parent.delete(last);
  else parent.set(last, toModel(change));
}

function toModel(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return new Map(Object.entries(value).map(([key, each]) => [key, toModel(each)]));
}

function modelValue(value: unknown): unknown {
  return value instanceof Map
    ? objectOf(Array.from(value as Map<string, unknown>, ([key, each]) => [key, modelValue(each)]))
    : value;
}
