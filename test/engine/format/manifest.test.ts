// A manifest gives back which segments are sealed and at which length, and refuses what contradicts
// itself: it is the one place that says what the log is.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/assert.ts';
import { encodeDocument } from '../../../src/engine/format/document.ts';
import {
  type DamagedRange,
  decodeManifest,
  encodeManifest,
  type Manifest,
  type SealedSegment,
} from '../../../src/engine/format/manifest.ts';
import { unpackBody } from '../../../src/engine/format/msgpack.ts';
import { loadXxhash } from '../../../src/engine/format/xxhash.ts';
import { limits } from '../../../src/limits.ts';
import { changed, outcome } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

await loadXxhash();

const U32_MAX = 0xffff_ffff;
const EMPTY: Manifest = {
  counter: 1,
  logId: 0x0807_0605_0403_0201n,
  fence: 1,
  tailNumber: 1,
  first: 0,
  end: 0,
  segments: [],
  damage: [],
};
const SEGMENT: SealedSegment = {
  fence: 2,
  number: 3,
  rewritten: true,
  first: 5,
  end: 9,
  length: 4096,
  sum: 0x1817_1615_1413_1211n,
  index: 300,
  state: 200,
};
const TWO: Manifest = {
  ...EMPTY,
  counter: 7,
  fence: 4,
  tailNumber: 6,
  first: 5,
  end: 2 ** 40,
  segments: [
    SEGMENT,
    { ...SEGMENT, number: 4, rewritten: false, first: 9, end: 2 ** 40, index: 0, state: 0 },
  ],
  damage: [{ fence: 2, number: 4, from: 128, to: 256 }],
};

const read = (bytes: Uint8Array, counter: number): Manifest | string =>
  outcome(() => decodeManifest(bytes, counter, 'manifest-x'));
const roundTrip = (manifest: Manifest): Manifest | string =>
  read(encodeManifest(manifest), manifest.counter);

/** The greatest manifest that a log can need: as many segments as are allowed, numbers at their ends. */
function largest(segmentCount: number, damage: readonly DamagedRange[] = []): Manifest {
  const first = Number.MAX_SAFE_INTEGER - segmentCount;
  const segments = Array.from({ length: segmentCount }, (_, index) => ({
    fence: U32_MAX,
    number: U32_MAX - index,
    rewritten: index % 2 === 0,
    first: first + index,
    end: first + index + 1,
    length: limits.segmentFileSizeMax,
    sum: 2n ** 64n - 1n,
    index: U32_MAX,
    state: U32_MAX,
  }));
  const counter = Number.MAX_SAFE_INTEGER;
  const end = first + segmentCount;
  return {
    counter,
    logId: 2n ** 64n - 1n,
    fence: U32_MAX,
    tailNumber: U32_MAX,
    first,
    end,
    segments,
    damage,
  };
}

const u32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: U32_MAX }));
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const segmentFacts = fc.record({
  fence: u32,
  number: u32,
  rewritten: fc.boolean(),
  length: u32,
  sum: u64,
  index: u32,
  state: u32,
  count: fc.oneof(fc.nat(3), fc.nat(2 ** 31 - 1)),
});
const manifest: fc.Arbitrary<Manifest> = fc
  .record({
    counter: fc.maxSafeInteger().map(Math.abs),
    logId: u64,
    fence: u32,
    tailNumber: u32,
    first: fc.oneof(
      fc.constant(0),
      fc.nat(),
      fc.nat(2 ** 31 - 1).map((high) => high * 2 ** 20),
    ),
    facts: fc.array(segmentFacts, { maxLength: 12 }),
    damage: fc.array(fc.record({ fence: u32, number: u32, from: u32, to: u32 }), { maxLength: 4 }),
  })
  .map(({ facts, ...rest }) => {
    let end = rest.first;
    const segments = facts.map(({ count, ...each }) => {
      const first = end;
      end += count;
      return { ...each, first, end };
    });
    return { ...rest, segments, end };
  });

describe('round trip', () => {
  it('any manifest', () => {
    fc.assert(
      fc.property(manifest, (given) => {
        expect(roundTrip(given)).toEqual(given);
      }),
      { seed: seeded('manifest round trip').seed, numRuns: 200 },
    );
  });

  it.each<[string, Manifest]>([
    ['no segment', EMPTY],
    ['no segment, its first records dropped', { ...EMPTY, first: 12, end: 12 }],
    ['one segment', { ...TWO, end: 9, segments: [SEGMENT] }],
    ['one segment without a record', { ...TWO, end: 5, segments: [{ ...SEGMENT, end: 5 }] }],
    ['two segments and damage', TWO],
    ['as many segments as are allowed, every number at its end', largest(limits.segmentCountMax)],
  ])('%s', (_, given) => {
    expect(roundTrip(given)).toEqual(given);
  });

  it('fields stand in the order of spec/document.md', () => {
    expect(unpackBody(encodeManifest(TWO).subarray(32))).toEqual([
      7,
      new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
      4,
      6,
      5,
      2 ** 40,
      [
        [2, 3, 1, 5, 9, 4096, Uint8Array.from({ length: 8 }, (_, index) => 0x11 + index), 300, 200],
        [
          2,
          4,
          0,
          9,
          2 ** 40,
          4096,
          Uint8Array.from({ length: 8 }, (_, index) => 0x11 + index),
          0,
          0,
        ],
      ],
      [[2, 4, 128, 256]],
      null,
    ]);
  });
});

describe('size', () => {
  it('the greatest manifest leaves room for 400 damaged ranges', () => {
    const range = { fence: U32_MAX, number: U32_MAX, from: U32_MAX, to: U32_MAX };
    const damage = new Array<DamagedRange>(400).fill(range);
    const given = largest(limits.segmentCountMax, damage);
    expect(encodeManifest(given).length).toBeLessThanOrEqual(limits.documentSizeMax);
    expect(roundTrip(given)).toEqual(given);
  });

  it('one that does not fit into a document is LIMIT', () => {
    const given = largest(limits.segmentCountMax + 200);
    expect(outcome(() => encodeManifest(given))).toContain('LIMIT: documentSizeMax');
  });
});

describe('our own mistake is not written', () => {
  it.each<[string, Manifest]>([
    [
      'a gap between segments',
      { ...TWO, segments: [{ ...SEGMENT, end: 8 }, ...TWO.segments.slice(1)] },
    ],
    ['an end that no segment has', { ...TWO, end: TWO.end + 1 }],
    ['an end without a segment', { ...EMPTY, end: 1 }],
  ])('%s', (_, given) => {
    expect(() => encodeManifest(given)).toThrow(AssertionError);
  });
});

describe('refused', () => {
  const body = unpackBody(encodeManifest(TWO).subarray(32).slice()) as unknown[];
  const segments = body[6] as unknown[][];
  const segment = segments[0] as unknown[];
  const withField = (index: number, value: unknown): unknown[] => body.with(index, value);
  const withSegment = (index: number, value: unknown): unknown[] =>
    withField(6, [segment.with(index, value), segments[1]]);
  const SHAPE = 'not the shape of a manifest';

  it('the unedited body is not', () => {
    expect(read(encodeDocument('M', 0, body), 7)).toEqual(TWO);
  });

  it.each<[string, unknown, string]>([
    ['nil', null, SHAPE],
    ['an object', {}, SHAPE],
    ['one field short', body.slice(0, 8), SHAPE],
    ['one field more', [...body, null], SHAPE],
    ['something in the place for later', withField(8, 1), 'reserved fields are not empty'],
    ['a negative counter', withField(0, -1), SHAPE],
    ['a counter with a fraction', withField(0, 7.5), SHAPE],
    ['a counter of 64 bits', withField(0, 7n), SHAPE],
    ['a position beyond 2^53 - 1', withField(5, 2 ** 53), SHAPE],
    ['a log id of 7 bytes', withField(1, new Uint8Array(7)), SHAPE],
    ['a log id of 9 bytes', withField(1, new Uint8Array(9)), SHAPE],
    ['a log id that is a number', withField(1, 5), SHAPE],
    ['segments that are no array', withField(6, 1), SHAPE],
    ['a segment of 8 fields', withField(6, [segment.slice(0, 8)]), SHAPE],
    ['a segment of 10 fields', withField(6, [[...segment, 0]]), SHAPE],
    ['reserved bit 1 of a segment', withSegment(2, 2), 'reserved bits are not zero'],
    ['all bits of a segment', withSegment(2, 0xffff_ffff), 'reserved bits are not zero'],
    ['flags of a segment that are true', withSegment(2, true), 'reserved bits are not zero'],
    ['a negative length', withSegment(5, -1), SHAPE],
    ['a length that is NaN', withSegment(5, Number.NaN), SHAPE],
    ['a sum of 7 bytes', withSegment(6, new Uint8Array(7)), SHAPE],
    ['damage that is nil', withField(7, null), SHAPE],
    ['a damaged range of 3 fields', withField(7, [[2, 4, 128]]), SHAPE],
    ['a damaged range with text', withField(7, [[2, 4, 128, '256']]), SHAPE],
    ['a first segment that begins late', withField(4, 4), 'segment at position 5, expected 4'],
    ['a first segment that begins early', withField(4, 6), 'segment at position 5, expected 6'],
    ['a gap', withSegment(4, 8), 'segment at position 9, expected 8'],
    ['an overlap', withSegment(4, 10), 'segment at position 9, expected 10'],
    [
      'a segment that ends before it begins',
      withSegment(4, 4),
      'segment at position 5, expected 5',
    ],
    [
      'segments in another order',
      withField(6, [...segments].reverse()),
      'segment at position 9, expected 5',
    ],
    [
      'a segment twice',
      withField(6, [segment, segment, segments[1]]),
      'segment at position 5, expected 9',
    ],
    [
      'an end behind its segments',
      withField(5, 2 ** 41),
      `ends at position ${2 ** 41}, its segments at ${2 ** 40}`,
    ],
    ['an end without segments', withField(6, []), `ends at position ${2 ** 40}, its segments at 5`],
  ])('%s', (_, given, reason) => {
    expect(read(encodeDocument('M', 0, given), 7)).toBe(`CORRUPT: manifest-x: ${reason}`);
  });

  it('under another number: a copied file', () => {
    expect(read(encodeManifest(TWO), 8)).toBe('CORRUPT: manifest-x: holds number 7: a copied file');
  });

  it('of another kind', () => {
    expect(read(encodeDocument('M', 1, body), 7)).toBe('CORRUPT: manifest-x: unknown kind 1');
  });

  it('any byte changed to any other value', () => {
    const bytes = encodeManifest(TWO);
    for (let place = 0; place < bytes.length; place += 1) {
      for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 0xff])
        expect(typeof read(changed(bytes, place, mask), 7), `byte ${place} ^ ${mask}`).toBe(
          'string',
        );
    }
  });
});
