// Whatever is thrown can be kept: name, message, stack and causes, bounded and well-formed, and keeping
// it throws nothing.

import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBody, unpackBody } from '../../src/engine/format/msgpack.ts';
import { keepError } from '../../src/store/kept-error.ts';
import { decodeClose, encodeClose } from '../../src/store/record.ts';
import { seeded } from '../support/random.ts';

describe('an error is kept, whatever was thrown', () => {
  it('name, message and stack of an Error', () => {
    const kept = keepError(new RangeError('too far'));
    expect(kept).toMatchObject({ name: 'RangeError', message: 'too far' });
    expect(kept.stack).toContain('kept-error.test.ts');
  });

  it('of another realm too', () => {
    const foreign: unknown = runInNewContext("new TypeError('there')");
    expect(keepError(foreign)).toMatchObject({ name: 'TypeError', message: 'there' });
    expect(keepError(foreign).stack).toContain('there');
  });

  it.each<[string, unknown, string]>([
    ['text', 'plain', 'plain'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 5, '5'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object', { code: 5 }, '[object Object]'],
    ['text that is ill-formed', 'a\ud800b', 'a\ufffdb'],
  ])('%s', (_, thrown, message) => {
    expect(keepError(thrown)).toEqual({ name: 'Error', message, stack: '' });
  });

  it('and goes into a body, even from what has no text', () => {
    const getter = (): never => {
      throw new Error('no');
    };
    const error = new Error('x');
    const hostile = [
      Object.create(null),
      { toString: getter },
      { toString: () => ({}) },
      Object.defineProperty(new Error('x'), 'message', { get: getter }),
      Object.defineProperty(new Error('x'), 'stack', { get: getter }),
      Object.assign(error, { name: 5, message: { a: 1 }, stack: null }),
      Object.assign(new Error('\ud800'), { name: '\udfff' }),
      new Proxy({}, { get: getter, getPrototypeOf: getter }),
    ];
    for (const thrown of hostile) {
      const kept = keepError(thrown);
      const body = packBody(encodeClose({ closedAt: 1, outcome: 'failed', error: kept })).slice();
      expect(decodeClose(unpackBody(body)).error).toEqual(kept);
    }
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
        const { causes = [], ...texts } = keepError(thrown);
        expect(causes.length).toBeLessThanOrEqual(8);
        expect(Object.values(texts).every((part) => part.isWellFormed())).toBe(true);
      }),
      { seed: seeded('thrown').seed },
    );
  });
});

describe('causes', () => {
  const messages = (error: unknown): string[] | undefined =>
    keepError(error).causes?.map((each) => each.message);

  it('nearest first: the cause, and the errors of an AggregateError', () => {
    const deepest = new Error('deepest');
    const error = new Error('top', {
      cause: new AggregateError([new Error('one', { cause: deepest }), 'two'], 'several'),
    });
    expect(messages(error)).toEqual(['several', 'one', 'two', 'deepest']);
    expect(keepError(error).causes?.[0]).toMatchObject({ name: 'AggregateError' });
    expect(keepError(new Error('alone'))).not.toHaveProperty('causes');
  });

  it('each once in a circle, and eight of a long chain or list', () => {
    const circle = new Error('a');
    circle.cause = new Error('b', { cause: circle });
    expect(messages(circle)).toEqual(['b']);
    let chain = new Error('0');
    for (let depth = 1; depth < 10_000; depth += 1) chain = new Error(`${depth}`, { cause: chain });
    expect(messages(chain)).toEqual(Array.from({ length: 8 }, (_, index) => String(9998 - index)));
    const list = new AggregateError(Array.from({ length: 1e5 }, (_, index) => index));
    expect(messages(list)).toHaveLength(8);
  });

  it('texts of any size are cut, and fit a frame', () => {
    const huge = 'x'.repeat(10_000_000);
    const error = Object.assign(new Error(huge, { cause: huge }), { stack: huge, name: huge });
    const kept = keepError(error);
    expect([kept.name, kept.message, kept.stack].map((text) => text.length)).toEqual(
      Array(3).fill(65_536),
    );
    expect(kept.causes?.[0]?.message).toHaveLength(8192);
  });

  it('that cannot be read are none', () => {
    const get = (): never => {
      throw new Error('no');
    };
    const error = Object.defineProperty(new Error('x'), 'cause', { get });
    expect(keepError(Object.defineProperty(error, 'errors', { get }))).not.toHaveProperty('causes');
  });
});
