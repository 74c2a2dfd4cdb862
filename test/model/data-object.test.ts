// Which objects hold data alone: plain ones and instances of classes of fields. Whatever may hide more
// than its fields is none.

import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

import { canonicalContext } from '../../src/model/context.ts';
import { isDataObject } from '../../src/model/data-object.ts';
import { spellParams } from '../../src/model/params.ts';

class Settings {
  readonly lr = 0.1;
  readonly layers: readonly number[] = [64, 64];
}
class More extends Settings {
  readonly seed = 7;
}
class WithMethod {
  readonly lr = 0.1;
  half(): number {
    return this.lr / 2;
  }
}
class WithAccessor {
  readonly lr = 0.1;
  get half(): number {
    return this.lr / 2;
  }
}
class WithSymbol {
  readonly lr = 0.1;
  static {
    Object.defineProperty(WithSymbol.prototype, Symbol.toStringTag, { value: 'x' });
  }
}
class BelowMethod extends WithMethod {
  readonly seed = 7;
}
function Old(this: { lr: number }): void {
  this.lr = 0.1;
}

describe('is data', () => {
  it.each([
    ['a plain object', { lr: 1 }],
    ['one without a prototype', Object.create(null)],
    ['one of another realm', runInNewContext('({ lr: 1 })')],
    ['an instance of another realm', runInNewContext('new (class { lr = 1 })()')],
    ['an instance of a class of fields', new Settings()],
    ['of one derived from it', new More()],
    ['of a constructor function', Reflect.construct(Old, [])],
    [
      'of a class without a name',
      new (class {
        lr = 1;
      })(),
    ],
  ])('%s', (_, value) => {
    expect(isDataObject(value)).toBe(true);
  });
});

describe('is not data', () => {
  it.each([
    ['null', null],
    ['a text', 'x'],
    ['a function', () => 1],
    ['a class', Settings],
    ['an array', [1]],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['an Error', new Error('x')],
    ['a regular expression', /x/],
    ['a promise', Promise.resolve()],
    ['a boxed number', Object(1)],
    ['a URL', new URL('https://example.com')],
    ['a generator', (function* () {})()],
    ['an instance of a class with a method', new WithMethod()],
    [
      'of one that shows no field',
      new (class {
        #lr = 1;
        static lr(of: object): boolean {
          return #lr in of;
        }
      })(),
    ],
    ['with an accessor', new WithAccessor()],
    ['with a symbol', new WithSymbol()],
    ['below a class with a method', new BelowMethod()],
    ['of a derived Map', new (class extends Map {})()],
    ['of a derived Error', new (class extends Error {})()],
    ['an object made from another', Object.create({ lr: 1 })],
    ['made from an empty one', Object.create({})],
    ['made from one without a prototype', Object.create(Object.create(null))],
    ['with a constructor that is none', Object.create({ constructor: Settings })],
  ])('%s', (_, value) => {
    expect(isDataObject(value)).toBe(false);
  });
});

it('an instance is stored as its fields, at any depth, also as a context', () => {
  expect(spellParams({ model: new More() })).toEqual({
    model: { lr: 0.1, layers: [64, 64], seed: 7 },
  });
  expect(Object.getPrototypeOf(spellParams(new Settings()))).toBe(Object.prototype);
  expect(canonicalContext(new Settings())).toBe(canonicalContext({ lr: 0.1, layers: [64, 64] }));
  expect(canonicalContext({ model: new Settings() })).toBe(
    canonicalContext({ model: { lr: 0.1, layers: [64, 64] } }),
  );
});

it('one with methods is refused at its place, with what to give instead', () => {
  expect(() => spellParams({ model: new WithMethod() }, ['hparams'])).toThrow(
    'params.hparams.model: an instance of WithMethod cannot be stored; give its fields, as { ...value }',
  );
  expect(() => canonicalContext({ model: new WithMethod() })).toThrow(
    'context.model: expected a plain object, got an instance of WithMethod',
  );
});
