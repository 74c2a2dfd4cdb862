// Index pages are sorted, and give every entry of a hash back, also where several keys have one hash
// and where equal hashes cross from one page into the next. Nothing else is ever found.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeIndexPages,
  encodeIndexRoot,
  findEntries,
  findPages,
  hashKey,
  INDEX_ENTRY_SIZE,
  type IndexEntry,
  type PagePlace,
} from '../../../src/engine/format/index-page.ts';
import { loadXxhash, xxh64 } from '../../../src/engine/format/xxhash.ts';
import { limits } from '../../../src/limits.ts';
import { chanceOf } from '../../support/columns.ts';
import { byteTable, changed, numberAt } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

await loadXxhash();

const PAGE = limits.indexPageEntryCount;
const HASH_MAX = 2n ** 64n - 1n;
const entry = (hash: bigint, offset = 0, fence = 1, number = 1, rewritten = false): IndexEntry => ({
  hash,
  fence,
  number,
  rewritten,
  offset,
});

/** Pages and root as they stand in a segment, each page at a byte place of its own. */
function built(entries: readonly IndexEntry[]): {
  pages: Uint8Array[];
  root: Uint8Array;
  find: (hash: bigint) => IndexEntry[];
} {
  const encoded = encodeIndexPages(entries);
  const byOffset = new Map<number, Uint8Array>();
  const places = encoded.map(({ first, count, bytes }, index): PagePlace => {
    const offset = 128 + index * 16384;
    byOffset.set(offset, bytes);
    return { hash: first, offset, count };
  });
  const root = encodeIndexRoot(places);
  const find = (hash: bigint): IndexEntry[] =>
    findPages(root, hash).flatMap((place) => {
      const page = byOffset.get(place.offset) as Uint8Array;
      expect(page.length).toBe(place.count * INDEX_ENTRY_SIZE);
      return findEntries(page, hash) ?? [];
    });
  return { pages: encoded.map(({ bytes }) => bytes), root, find };
}

/** All entries of pages, in the order of their bytes, read by the table of spec/segment.md. */
function entriesOf(pages: readonly Uint8Array[]): IndexEntry[] {
  const [hash, fence, number, offset] = byteTable('segment', '### Index') as [
    never,
    never,
    never,
    never,
  ];
  return pages.flatMap((page) =>
    Array.from({ length: page.length / INDEX_ENTRY_SIZE }, (_, index) => {
      const bytes = page.subarray(index * INDEX_ENTRY_SIZE, (index + 1) * INDEX_ENTRY_SIZE);
      const raw = Number(numberAt(bytes, number));
      return {
        hash: numberAt(bytes, hash),
        fence: Number(numberAt(bytes, fence)),
        number: raw % 2 ** 31,
        rewritten: raw >= 2 ** 31,
        offset: Number(numberAt(bytes, offset)),
      };
    }),
  );
}

const compare = (a: IndexEntry, b: IndexEntry): number =>
  Number(a.hash > b.hash) - Number(a.hash < b.hash) ||
  a.fence - b.fence ||
  a.number - b.number ||
  a.offset - b.offset;
const sorted = (entries: readonly IndexEntry[]): IndexEntry[] => [...entries].sort(compare);

/** Few hashes, so that equal ones are the rule; among them the least and the greatest. */
const collidingHash = fc.oneof(
  fc.bigInt({ min: 0n, max: 5n }),
  fc.constantFrom(0n, 1n, 2n ** 32n, 2n ** 63n - 1n, 2n ** 63n, HASH_MAX - 1n, HASH_MAX),
);
const colliding = fc.array(
  fc.record({
    hash: collidingHash,
    fence: fc.integer({ min: 0, max: 0xffff_ffff }),
    number: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    rewritten: fc.boolean(),
    offset: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
  { maxLength: 60 },
);

it('an entry stands where spec/segment.md says', () => {
  const [page] = built([
    entry(0x0102_0304_0506_0708n, 0xa1b2_c3d4, 0xf1f2_f3f4, 0x0a0b_0c0d, true),
  ]).pages;
  expect(Buffer.from(page as Uint8Array).toString('hex')).toBe(
    '0807060504030201f4f3f2f10d0c0b8ad4c3b2a100000000',
  );
  expect(byteTable('segment', '### Index').map(({ offset, size }) => [offset, size])).toEqual([
    [0, 8],
    [8, 4],
    [12, 4],
    [16, 4],
    [20, 4],
  ]);
});

it('a root entry is hash, byte place, count', () => {
  expect(
    Buffer.from(
      encodeIndexRoot([{ hash: 0x0102_0304_0506_0708n, offset: 9, count: 680 }]),
    ).toString('hex'),
  ).toBe('080706050403020109000000a8020000');
});

it('a key is hashed as UTF-8 with seed 0', () => {
  expect(hashKey('')).toBe(0xef46_db37_51d8_e999n);
  expect(hashKey('abc')).toBe(0x44bc_2cf5_ad77_0999n);
  expect(hashKey('loss\0{"\u00e9":1}')).toBe(xxh64(Buffer.from('loss\0{"\u00e9":1}', 'utf8'), 0n));
});

it('no entries make no pages, and an empty root finds nothing', () => {
  expect(encodeIndexPages([])).toEqual([]);
  expect(encodeIndexRoot([]).length).toBe(0);
  expect(findPages(new Uint8Array(0), 5n)).toEqual([]);
  expect(findEntries(new Uint8Array(0), 5n)).toEqual([]);
});

describe('sorted, whole, and found', () => {
  it('entries of few hashes, each with all its places in order', () => {
    fc.assert(
      fc.property(colliding, collidingHash, (entries, other) => {
        const { pages, find } = built(entries);
        expect(entriesOf(pages)).toEqual(sorted(entries));
        for (const hash of new Set([...entries.map((each) => each.hash), other]))
          expect(find(hash)).toEqual(sorted(entries.filter((each) => each.hash === hash)));
      }),
      { seed: seeded('index entries').seed, numRuns: 200 },
    );
  });

  it('entries over several pages', () => {
    const counts = fc.constantFrom(PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE);
    fc.assert(
      fc.property(counts, fc.constantFrom(1, 3, 100, 10_000), fc.nat(), (count, variety, seed) => {
        const { integer } = chanceOf(seed);
        const entries = Array.from({ length: count }, (_, offset) =>
          entry(
            BigInt(integer(variety)) * 0x1_0000_0001n,
            offset * 8,
            integer(3) + 1,
            integer(4) + 1,
            integer(2) === 1,
          ),
        );
        const { pages, find } = built(entries);
        expect(pages.map((page) => page.length / INDEX_ENTRY_SIZE)).toEqual(
          Array.from({ length: Math.ceil(count / PAGE) }, (_, index) =>
            Math.min(PAGE, count - index * PAGE),
          ),
        );
        expect(entriesOf(pages)).toEqual(sorted(entries));
        const hashes = [...new Set(entries.map((each) => each.hash))].slice(0, 50);
        for (const hash of [...hashes, (hashes[0] as bigint) + 1n, HASH_MAX])
          expect(find(hash)).toEqual(sorted(entries.filter((each) => each.hash === hash)));
      }),
      { seed: seeded('index pages').seed, numRuns: 30 },
    );
  });

  it('does not change the order of what it was given', () => {
    const entries = [entry(3n), entry(1n), entry(2n)];
    encodeIndexPages(entries);
    expect(entries.map((each) => each.hash)).toEqual([3n, 1n, 2n]);
  });
});

describe('forced collisions', () => {
  it('keys of one hash stand beside each other, by fence, number, place', () => {
    const places = [
      entry(7n, 300, 2, 1),
      entry(7n, 100, 1, 2, true),
      entry(7n, 200, 1, 2, true),
      entry(7n, 900, 1, 1),
      entry(6n, 1),
      entry(8n, 1),
    ];
    const { find } = built(places);
    expect(find(7n)).toEqual([places[3], places[1], places[2], places[0]]);
  });

  it('one hash more often than a page holds', () => {
    const count = 2 * PAGE + 5;
    const entries = Array.from({ length: count }, (_, offset) => entry(7n, offset));
    const { find, root } = built([entry(6n), ...entries, entry(8n)]);
    expect(findPages(root, 7n)).toHaveLength(3);
    expect(find(7n)).toEqual(entries);
    expect(find(6n)).toEqual([entry(6n)]);
    expect(find(8n)).toEqual([entry(8n)]);
  });

  it('one hash on both sides of a border', () => {
    const before = Array.from({ length: PAGE - 1 }, (_, offset) => entry(1n, offset));
    const { find } = built([...before, entry(7n, 1), entry(7n, 2)]);
    expect(find(7n)).toEqual([entry(7n, 1), entry(7n, 2)]);
  });

  it('a page that begins with the hash: the one before may end with it and is asked too', () => {
    const before = Array.from({ length: PAGE }, (_, offset) => entry(1n, offset));
    const { root, find } = built([...before, entry(7n)]);
    expect(findPages(root, 7n).map((place) => place.hash)).toEqual([1n, 7n]);
    expect(find(7n)).toEqual([entry(7n)]);
  });
});

describe('asks as few pages as there are', () => {
  const entries = Array.from({ length: 5 * PAGE }, (_, index) => entry(BigInt(index) * 2n + 10n));
  const { root, find } = built(entries);

  it('one for any hash inside a page, present or not', () => {
    for (const index of [1, PAGE - 1, PAGE + 1, 3 * PAGE + 5, 5 * PAGE - 1]) {
      const hash = BigInt(index) * 2n + 10n;
      expect(findPages(root, hash)).toHaveLength(1);
      expect(find(hash)).toEqual([entries[index]]);
      expect(find(hash + 1n)).toEqual([]);
    }
  });

  it('none for a hash below the first, the last for one above all', () => {
    expect(findPages(root, 9n)).toEqual([]);
    expect(find(10n)).toEqual([entries[0]]);
    expect(findPages(root, HASH_MAX)).toHaveLength(1);
    expect(find(HASH_MAX)).toEqual([]);
  });
});

describe('a page that does not hold is no page', () => {
  const [page] = built([entry(1n, 8), entry(1n, 16), entry(2n, 24)]).pages as [Uint8Array];

  it('whose reserved bytes are not zero', () => {
    for (let index = 0; index < 3; index += 1) {
      for (let place = 20; place < 24; place += 1)
        expect(findEntries(changed(page, index * 24 + place, 1), 1n)).toBeUndefined();
    }
  });

  it('that is no whole number of entries', () => {
    expect(findEntries(page.subarray(0, 71), 1n)).toBeUndefined();
    expect(findEntries(page.subarray(0, 48), 1n)).toEqual([entry(1n, 8), entry(1n, 16)]);
  });
});
