// Bodies of a run's records: what was recorded comes back, through msgpack, and a body of another shape
// is CORRUPT: a checksum says that it is what was written, not that it was written by us.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBody, unpackBody } from '../../src/engine/format/msgpack.ts';
import {
  bodyFields,
  bytesOf,
  type Close,
  decodeClose,
  decodeOpening,
  decodeParams,
  decodeRewind,
  encodeClose,
  encodeOpening,
  encodeParams,
  encodeRewind,
  hexOf,
  type Opening,
  type ParamsChange,
  type Rewind,
  recordType,
} from '../../src/store/record.ts';
import { outcome } from '../support/format-page.ts';
import { seeded } from '../support/random.ts';
import { exact, storable } from '../support/values.ts';

/** As a body goes to disk and comes from it. */
const stored = (body: unknown): unknown => unpackBody(packBody(body).slice());

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const time = fc.double({ noNaN: true, noDefaultInfinity: true });
const hex16 = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(hexOf);
const natural = fc.maxSafeInteger().map(Math.abs);

const opening: fc.Arbitrary<Opening> = fc.record({
  life: hex16,
  openedAt: time,
  host: text,
  pid: fc.nat(),
  thread: fc.nat(),
  resumed: fc.boolean(),
  nodeVersion: text,
  packageVersion: text,
  before: fc.option(
    fc.record({ state: fc.constantFrom('dead', 'alive', 'unknown'), seenAt: time }),
    {
      nil: undefined,
    },
  ),
});
const keptError = fc.record({ name: text, message: text, stack: text });
const close: fc.Arbitrary<Close> = fc.record({
  closedAt: time,
  outcome: fc.constantFrom('finished', 'failed'),
  error: fc.option(
    fc
      .tuple(keptError, fc.array(keptError, { minLength: 1, maxLength: 8 }), fc.boolean())
      .map(([error, causes, isCaused]) => (isCaused ? { ...error, causes } : error)),
    { nil: undefined },
  ),
  how: fc.constantFrom(undefined, 'dispose', 'exit', 'uncaught'),
  exitCode: fc.option(fc.integer(), { nil: undefined }),
  origin: fc.constantFrom(undefined, 'uncaughtException', 'unhandledRejection'),
});
const change: fc.Arbitrary<ParamsChange> = fc
  .tuple(natural, fc.array(text, { maxLength: 4 }), fc.option(storable, { nil: undefined }))
  .map(([lamport, path, value]) =>
    value === undefined ? { lamport, path } : { lamport, path, value },
  );
const rewind: fc.Arbitrary<Rewind> = fc.record({
  id: hex16,
  step: fc.maxSafeInteger(),
  name: fc.option(text, { nil: undefined }),
  contextText: fc.option(text, { nil: undefined }),
  targets: fc.array(fc.record({ writer: text, position: natural, number: natural }), {
    maxLength: 5,
  }),
  time,
});

const OPENING: Opening = {
  life: '0011223344556677',
  openedAt: 1700000000000.5,
  host: 'machine',
  pid: 7,
  thread: 0,
  resumed: true,
  nodeVersion: 'v20',
  packageVersion: '0.1.0',
};
const CLOSE: Close = {
  closedAt: 5,
  outcome: 'failed',
  error: { name: 'A', message: 'b', stack: 'c' },
};
const REWIND: Rewind = {
  id: '0123456789abcdef',
  step: -3,
  name: 'loss',
  contextText: '{}',
  targets: [{ writer: 'main', position: 10, number: 20 }],
  time: 9,
};

describe('round trip', () => {
  it.each<[string, fc.Arbitrary<unknown>, (given: never) => unknown, (body: unknown) => unknown]>([
    ['opening', opening, encodeOpening, decodeOpening],
    ['close', close, encodeClose, decodeClose],
    ['params', change, encodeParams, decodeParams],
    ['rewind', rewind, encodeRewind, decodeRewind],
  ])('any %s', (name, arbitrary, encode, decode) => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const found = decode(stored(encode(given as never)));
        expect(found).toEqual(given);
        if (name === 'params') expect(exact(found)).toBe(exact(given));
      }),
      { seed: seeded(`record ${name}`).seed, numRuns: 200 },
    );
  });

  it('unset is not set to nil', () => {
    expect(decodeParams(stored(encodeParams({ lamport: 1, path: ['a'] })))).not.toHaveProperty(
      'value',
    );
    expect(decodeParams(stored(encodeParams({ lamport: 1, path: ['a'], value: null })))).toEqual({
      lamport: 1,
      path: ['a'],
      value: null,
    });
  });

  it('hex digits and bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        expect(bytesOf(hexOf(bytes))).toEqual(bytes);
        expect(hexOf(Uint8Array.from([9, ...bytes, 9]).subarray(1, bytes.length + 1))).toBe(
          hexOf(bytes),
        );
      }),
      { seed: seeded('hex').seed },
    );
  });
});

describe('spec/records.md', () => {
  it('fields stand in the order of the page', () => {
    expect(encodeOpening(OPENING)).toEqual([
      new Uint8Array([0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]),
      1700000000000.5,
      'machine',
      7,
      0,
      true,
      'v20',
      '0.1.0',
      null,
    ]);
    expect(encodeClose(CLOSE)).toEqual([5, 'failed', ['A', 'b', 'c'], null]);
    expect(encodeClose({ ...CLOSE, outcome: 'finished', error: undefined })).toEqual([
      5,
      'finished',
      null,
      null,
    ]);
    expect(encodeParams({ lamport: 3, path: ['a', 'b'], value: 1 })).toEqual([3, ['a', 'b'], 1]);
    expect(encodeParams({ lamport: 3, path: [] })).toEqual([3, []]);
    expect(encodeRewind(REWIND)).toEqual([
      '0123456789abcdef',
      -3,
      'loss',
      '{}',
      [['main', 10, 20]],
      9,
    ]);
    expect(encodeRewind({ ...REWIND, name: undefined, contextText: undefined })).toEqual([
      '0123456789abcdef',
      -3,
      null,
      null,
      [['main', 10, 20]],
      9,
    ]);
  });

  it('no type is given out twice, and all are the layer above the engine', () => {
    const types = Object.values(recordType);
    expect(new Set(types).size).toBe(types.length);
    expect(types.every((type) => type >= 16 && type <= 127)).toBe(true);
  });

  it('an end that is more than a close says so in a map', () => {
    const causes = [{ name: 'B', message: 'c', stack: 'd' }];
    const error = { name: 'A', message: 'b', stack: 'c', causes };
    const more = { how: 'uncaught', exitCode: 1, origin: 'unhandledRejection' } as const;
    expect(encodeClose({ ...CLOSE, error, ...more })).toEqual([
      5,
      'failed',
      ['A', 'b', 'c'],
      { ...more, causes: [['B', 'c', 'd']] },
    ]);
    const before = { state: 'dead', seenAt: 7 } as const;
    expect(encodeOpening({ ...OPENING, before })).toMatchObject({ 8: { before: ['dead', 7] } });
  });

  it('what is not known there, or not in this shape, is passed over', () => {
    const odd = [
      { how: 'vanished', exitCode: '3', origin: 1, causes: [['A', 'b']] },
      { how: null, causes: 'many', exitCode: 1n },
      5,
      'text',
      [1],
    ];
    for (const more of odd)
      expect(decodeClose((encodeClose(CLOSE) as unknown[]).with(3, more))).toEqual(CLOSE);
    for (const before of [null, [], ['dead'], ['gone', 5], ['dead', '5'], {}])
      expect(decodeOpening((encodeOpening(OPENING) as unknown[]).with(8, { before }))).toEqual(
        OPENING,
      );
  });

  it('what stands in the place for later is passed over', () => {
    const later = (body: unknown): unknown[] => [...(body as unknown[]).slice(0, -1), { later: 1 }];
    expect(decodeOpening(later(encodeOpening(OPENING)))).toEqual(OPENING);
    expect(decodeClose(later(encodeClose(CLOSE)))).toEqual(CLOSE);
  });
});

describe('refused', () => {
  const openingBody = encodeOpening(OPENING) as unknown[];
  const closeBody = encodeClose(CLOSE) as unknown[];
  const rewindBody = encodeRewind(REWIND) as unknown[];

  it.each<[string, (body: unknown) => unknown, unknown]>([
    ...[null, 5, 'text', {}, [], new Uint8Array(9)].flatMap((body) =>
      (
        [
          ['opening', decodeOpening],
          ['close', decodeClose],
          ['params', decodeParams],
          ['rewind', decodeRewind],
        ] as const
      ).map(([name, decode]): [string, (given: unknown) => unknown, unknown] => [
        `${name}: ${JSON.stringify(body)}`,
        decode,
        body,
      ]),
    ),
    ['opening: too short', decodeOpening, openingBody.slice(0, 7)],
    ['opening: a life of 7 bytes', decodeOpening, openingBody.with(0, new Uint8Array(7))],
    ['opening: a life that is text', decodeOpening, openingBody.with(0, '0011223344556677')],
    ['opening: a time that is text', decodeOpening, openingBody.with(1, 'now')],
    ['opening: a host that is nil', decodeOpening, openingBody.with(2, null)],
    ['opening: a pid of 64 bits', decodeOpening, openingBody.with(3, 7n)],
    ['opening: resumed is 1', decodeOpening, openingBody.with(5, 1)],
    ['opening: a version that is a number', decodeOpening, openingBody.with(7, 1)],
    ['close: too short', decodeClose, closeBody.slice(0, 2)],
    ['close: a time that is nil', decodeClose, closeBody.with(0, null)],
    ['close: an unknown outcome', decodeClose, closeBody.with(1, 'paused')],
    ['close: an outcome that is a number', decodeClose, closeBody.with(1, 1)],
    ['close: an error that is text', decodeClose, closeBody.with(2, 'bad')],
    ['close: an error of two texts', decodeClose, closeBody.with(2, ['A', 'b'])],
    ['close: an error with a number', decodeClose, closeBody.with(2, ['A', 'b', 3])],
    ['params: too short', decodeParams, [1]],
    ['params: a lamport that is text', decodeParams, ['1', ['a'], 1]],
    ['params: a lamport of 64 bits', decodeParams, [1n, ['a'], 1]],
    ['params: a path that is text', decodeParams, [1, 'a', 1]],
    ['params: a path with a number', decodeParams, [1, ['a', 0], 1]],
    ['rewind: too short', decodeRewind, rewindBody.slice(0, 5)],
    ['rewind: an id that is a number', decodeRewind, rewindBody.with(0, 5)],
    ['rewind: a step that is nil', decodeRewind, rewindBody.with(1, null)],
    ['rewind: a name that is a number', decodeRewind, rewindBody.with(2, 1)],
    ['rewind: a context that is an object', decodeRewind, rewindBody.with(3, {})],
    ['rewind: targets that are nil', decodeRewind, rewindBody.with(4, null)],
    ['rewind: a target that is text', decodeRewind, rewindBody.with(4, ['main'])],
    ['rewind: a target of two', decodeRewind, rewindBody.with(4, [['main', 10]])],
    ['rewind: a target without a writer', decodeRewind, rewindBody.with(4, [[0, 10, 20]])],
    ['rewind: a time that is text', decodeRewind, rewindBody.with(5, 'now')],
  ])('%s', (_, decode, body) => {
    expect(outcome(() => decode(body))).toMatch(/^CORRUPT: (opening|close|params|rewind): /);
  });

  it('anything else that msgpack holds, without another error', () => {
    fc.assert(
      fc.property(storable, (body) => {
        for (const decode of [decodeOpening, decodeClose, decodeParams, decodeRewind])
          outcome(() => decode(body));
      }),
      { seed: seeded('record of anything').seed, numRuns: 200 },
    );
  });

  it('fields are at least as many as are asked for', () => {
    expect(bodyFields([1, 2, 3], 2, 'thing')).toEqual([1, 2, 3]);
    expect(outcome(() => bodyFields([1], 2, 'thing'))).toBe(
      'CORRUPT: thing: not the shape of its type',
    );
  });
});
