// Every name of a log's directory is built and parsed in one place: what is built is parsed back, and
// a name that would not be built is foreign, however near it comes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fenceName,
  LOCK_NAME,
  manifestName,
  newest,
  parseListing,
  type SegmentName,
  segmentName,
  temporaryName,
} from '../../../src/engine/format/names.ts';
import { chanceOf } from '../../support/columns.ts';
import { seeded } from '../../support/random.ts';

const NOTHING = { fences: [], manifests: [], segments: [], temporary: [], probes: [], foreign: [] };
const U32_MAX = 0xffff_ffff;

const u32 = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 1, max: U32_MAX }),
  fc.constantFrom(999_999, 1_000_000, 99_999_999, 100_000_000, U32_MAX),
);
const segment: fc.Arbitrary<SegmentName> = fc.record({
  fence: u32,
  number: u32,
  rewritten: fc.boolean(),
});

describe('spec/directory.md', () => {
  it.each([
    [fenceName(1), 'fence-00000001'],
    [manifestName(42), 'manifest-00000042'],
    [segmentName({ fence: 3, number: 4, rewritten: false }), 'segment-00000003-000004'],
    [segmentName({ fence: 3, number: 4, rewritten: true }), 'rewritten-00000003-000004'],
    [fenceName(123_456_789), 'fence-123456789'],
    [
      segmentName({ fence: 123_456_789, number: 1_234_567, rewritten: false }),
      'segment-123456789-1234567',
    ],
  ])('%s', (name, expected) => {
    expect(name).toBe(expected);
  });

  it('a temporary name is 16 hex digits, another each time', () => {
    expect(temporaryName()).toMatch(/^temporary-[0-9a-f]{16}$/);
    expect(temporaryName()).not.toBe(temporaryName());
  });
});

describe('what is built is parsed back', () => {
  it('any names in any order, numbers ascending', () => {
    const counter = fc.oneof(u32, fc.integer({ min: 1, max: 999_999_999_999_999 }));
    const distinct = fc.record({
      fences: fc.uniqueArray(u32, { maxLength: 8 }),
      manifests: fc.uniqueArray(counter, { maxLength: 8 }),
      segments: fc.uniqueArray(segment, { maxLength: 8, selector: segmentName }),
    });
    fc.assert(
      fc.property(distinct, fc.nat(), ({ fences, manifests, segments }, seed) => {
        const names = [
          ...fences.map(fenceName),
          ...manifests.map(manifestName),
          ...segments.map(segmentName),
        ];
        const { integer } = chanceOf(seed);
        for (let index = names.length - 1; index > 0; index -= 1) {
          const other = integer(index + 1);
          [names[index], names[other]] = [names[other] as string, names[index] as string];
        }
        const found = parseListing(names);
        const ascending = (a: number, b: number): number => a - b;
        expect(found.fences).toEqual([...fences].sort(ascending));
        expect(found.manifests).toEqual([...manifests].sort(ascending));
        expect(found.segments.map(segmentName).sort()).toEqual(segments.map(segmentName).sort());
        const order = found.segments.map(({ fence, number }) => [fence, number]);
        expect(order).toEqual(
          [...order].sort(([a, b], [c, d]) => Number(a) - Number(c) || Number(b) - Number(d)),
        );
        expect(found.foreign).toEqual([]);
      }),
      { seed: seeded('names').seed },
    );
  });

  it('as numbers, not as text', () => {
    expect(parseListing(['fence-100000000', 'fence-99999999', 'fence-00000002']).fences).toEqual([
      2, 99_999_999, 100_000_000,
    ]);
  });

  it('temporary files and probes keep their names', () => {
    const temporary = temporaryName();
    expect(parseListing(['probe-0123abcd', temporary])).toEqual({
      ...NOTHING,
      temporary: [temporary],
      probes: ['probe-0123abcd'],
    });
  });

  it('the polite lock is nothing of ours and nothing foreign', () => {
    expect(parseListing([LOCK_NAME])).toEqual(NOTHING);
  });
});

describe('foreign', () => {
  it.each([
    'fence',
    'fence-',
    'fence-1',
    'fence-0000001',
    'fence-000000001', // one zero too many: it is not the name of fence 1
    'fence-0000000a',
    'fence-00000001 ',
    'fence-00000001\n',
    ' fence-00000001',
    'Fence-00000001',
    'fence-00000001.bak',
    'fence_00000001',
    'fence--0000001',
    'fence-00000NaN',
    'fence-4294967296', // over the 32 bits that a segment's header has for it
    'fence-999999999999999',
    'manifest-0000001',
    'manifest-012345678',
    'manifest-1234567890123456', // over what is exact
    'segment-00000001',
    'segment-00000001-00001',
    'segment-00000001-0000001',
    'segment-000000001-000001',
    'segment-00000001-000001-1',
    'segment-4294967296-000001',
    'segment-00000001-4294967296',
    'rewritten-00000001-0000001',
    'rewritten-0000001-000001',
    'damaged-segment-00000001-000001',
    'temporary-0123456789abcde',
    'temporary-0123456789abcdef0',
    'temporary-0123456789ABCDEF',
    'probe-0123abc',
    'probe-0123ABCD',
    '.lock2',
    'lock',
    '.nfs000001',
    '',
    '..',
    'constructor',
  ])('%j', (name) => {
    expect(parseListing([name])).toEqual({ ...NOTHING, foreign: [name] });
  });

  it('any name is either built again from what it was parsed to, or foreign', () => {
    const near = fc
      .tuple(
        fc.constantFrom(
          'fence-',
          'manifest-',
          'segment-',
          'rewritten-',
          'temporary-',
          'probe-',
          '',
        ),
        fc.oneof(
          fc.stringMatching(/^0{0,9}[1-9]?\d{0,9}$/),
          fc.stringMatching(/^0{0,8}[1-9]?\d{0,9}-0{0,6}[1-9]?\d{0,9}$/),
          fc.stringMatching(/^[0-9a-fA-F]{7,17}$/),
          fc.constantFrom('00000NaN', 'NaN', '0Infinity', '00001e10', '000000-1', '00000000'),
        ),
      )
      .map(([kind, rest]) => kind + rest);
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (name) => {
        fc.pre(name !== LOCK_NAME);
        const found = parseListing([name]);
        expect([
          ...found.fences.map(fenceName),
          ...found.manifests.map(manifestName),
          ...found.segments.map(segmentName),
          ...found.temporary,
          ...found.probes,
          ...found.foreign,
        ]).toEqual([name]);
      }),
      { seed: seeded('near names').seed, numRuns: 2000 },
    );
  });
});

it('the newest is the last of an ascending list, or 0', () => {
  expect(newest([])).toBe(0);
  expect(newest([3])).toBe(3);
  expect(newest([3, 5, 90])).toBe(90);
});
