// Keys: the newest record of one, and every record of one, whatever the index knows: pages, none,
// equal hashes, keys of many pages, entries that are void, pages that do not hold.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  findEntries,
  findPages,
  hashKey,
  type IndexEntry,
} from '../../src/engine/format/index-page.ts';
import { encodeManifest } from '../../src/engine/format/manifest.ts';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { writeIndex } from '../../src/engine/index-writer.ts';
import { HotKeys, KeyLookup } from '../../src/engine/lookup.ts';
import { limits } from '../../src/limits.ts';
import { HandMadeSegment } from '../support/hand-made.ts';
import {
  appendNumbers,
  copyRecords,
  DIRECTORY,
  flip,
  namesOf,
  numbersOf,
  optionsOf,
  upTo,
  writeFile,
} from '../support/log-files.ts';

beforeAll(loadXxhash);

const positionsOf = (log: Log, key: string): number[] =>
  log.find(key).map(({ position }) => position);

/** Bytes that `work` reads. */
async function bytesRead(vfs: MemoryVfs, work: () => Promise<unknown>): Promise<number> {
  let bytes = 0;
  vfs.configure({
    onCall: ({ name, size = 0 }) => {
      if (name === 'read') bytes += size;
    },
  });
  await work();
  vfs.configure({ onCall: undefined });
  return bytes;
}

describe('a key', () => {
  it('is found in what is not flushed, flushed, sealed, rewritten; the newest is the latest', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs(), { rewrite: copyRecords }));
    const check = async (what: string): Promise<void> => {
      expect(positionsOf(log, 'a'), what).toEqual(upTo(log.position).filter((at) => at % 2 === 0));
      expect((await log.latest('a'))?.position, what).toBe(log.position - 2);
      expect(await log.latest('none'), what).toBeUndefined();
    };
    for (const what of ['appended', 'again', 'and again']) {
      log.append(20, [1], { key: 'a' });
      log.append(20, [2], { key: 'b' });
      await check(what);
      log.flush();
      await check(`${what}, flushed`);
      await log.seal();
      await check(`${what}, sealed`);
      await log.rewrite();
      await check(`${what}, rewritten`);
    }
  });

  it('that a batch has more than once is found so often', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    log.appendAll(['a', 'b', 'a', undefined].map((key, at) => ({ type: 20, body: [at], key })));
    expect(positionsOf(log, 'a'), 'in memory').toEqual([0, 2]);
    expect((await log.latest('a'))?.position).toBe(2);
    log.flush();
    expect(positionsOf(Log.snapshot(DIRECTORY, { vfs }), 'a'), 'by a reader').toEqual([0, 2]);
    await log.seal();
    expect(positionsOf(log, 'a'), 'sealed').toEqual([0, 2]);
  });

  it('is found by a reader that is renewed, in a tail that has grown since it was asked', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 3);
    const reader = Log.snapshot(DIRECTORY, { vfs });
    expect(positionsOf(reader, 'k0')).toEqual([0]);
    appendNumbers(log, 3, 6);
    expect(positionsOf(reader, 'k0'), 'a snapshot').toEqual([0]);
    reader.renew();
    expect(positionsOf(reader, 'k0')).toEqual([0, 3]);
    await log.seal();
    appendNumbers(log, 6, 9);
    await reader.refresh();
    expect(positionsOf(reader, 'k0')).toEqual([0, 3, 6]);
    expect((await reader.latest('k0'))?.position).toBe(6);
  });

  it('is text of any kind', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    const keys = ['', '\0', 'a\0{}', '\ufeffa', '\u{1f600}', '__proto__', 'k'.repeat(10_000)];
    for (const key of keys) log.append(20, [key], { key });
    await log.seal();
    for (const [position, key] of keys.entries()) expect(positionsOf(log, key)).toEqual([position]);
  });

  it('of a hundred thousand records: the latest is read, not all of them', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    for (let number = 0; number < 1000; number += 1)
      log.appendAll(upTo(100).map((each) => ({ type: 20, body: [each], key: 'same' })));
    await log.seal();
    const reader = Log.snapshot(DIRECTORY, { vfs });
    let found: number | undefined;
    const bytes = await bytesRead(vfs, async () => {
      found = (await reader.latest('same'))?.position;
    });
    expect(found).toBe(99_999);
    expect(bytes).toBeLessThan(128 * 1024);
  });

  it('of tens of thousands is found through few pages', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    const count = 20_000;
    for (let from = 0; from < count; from += 500)
      log.appendAll(
        upTo(500).map((each) => ({ type: 20, body: [from + each], key: `key ${from + each}` })),
      );
    await log.seal();
    expect(count).toBeGreaterThan(limits.indexPageEntryCount * 10);
    for (let number = 0; number < count; number += 997)
      expect(positionsOf(log, `key ${number}`)).toEqual([number]);
    const reader = Log.snapshot(DIRECTORY, { vfs });
    expect(await bytesRead(vfs, () => reader.latest('key 777'))).toBeLessThan(128 * 1024);
    expect(await bytesRead(vfs, () => reader.latest('none'))).toBeLessThan(64 * 1024);
  });
});

describe('an index', () => {
  const place = { fence: 1, number: 1, rewritten: false };

  it('of more equal hashes than a page holds gives them all', () => {
    const entries: IndexEntry[] = upTo(limits.indexPageEntryCount * 3).map((at) => ({
      ...place,
      hash: at < 100 ? 1n : at < 1900 ? 5n : 9n,
      offset: at + 1,
    }));
    const bodies: Uint8Array[] = [new Uint8Array(0)];
    const root = writeIndex(entries.toReversed(), (_type, body) => bodies.push(body.slice()) - 1);
    for (const hash of [0n, 1n, 2n, 5n, 6n, 9n, 10n]) {
      const found = findPages(bodies[root] as Uint8Array, hash).flatMap(
        ({ offset }) => findEntries(bodies[offset] as Uint8Array, hash) ?? [],
      );
      expect(found.map(({ offset }) => offset)).toEqual(
        entries.filter((each) => each.hash === hash).map(({ offset }) => offset),
      );
    }
  });

  it('that could not be written whole is none', () => {
    const entries = upTo(1000).map((at) => ({ ...place, hash: BigInt(at), offset: at + 1 }));
    for (const refused of [0, 1, 2]) {
      let count = 0;
      const root = writeIndex(entries, () => (count++ === refused ? undefined : count));
      expect(root).toBe(0);
    }
    expect(
      writeIndex([], () => 7),
      'of no keys',
    ).toBe(0);
  });

  it.each(['mine', 'other', 'third', 'none'])(
    'where all keys have one hash, %s is told by the key in the frame',
    async (key) => {
      const vfs = memoryVfs();
      vfs.makeDirectory(DIRECTORY);
      const segment = new HandMadeSegment({ logId: 7n });
      const hash = hashKey(key);
      const frames = [['mine'], ['other', 'mine'], ['third'], ['mine', 'third']];
      const entries = frames.flatMap((keys) => {
        const offset = segment.records(keys.map((each) => ({ type: 20, body: each, key: each })));
        return keys.map((): IndexEntry => ({ ...place, hash, offset }));
      });
      const index = writeIndex(entries, (type, body) => segment.frame({ type }, body));
      writeFile(vfs, 'segment-00000001-000001', segment.bytes);
      const sealed = segment.sealed({ index });
      const manifest = { counter: 1, logId: 7n, fence: 1, tailNumber: 2, first: 0, damage: [] };
      writeFile(
        vfs,
        'manifest-00000001',
        encodeManifest({ ...manifest, end: sealed.end, segments: [sealed] }),
      );
      expect((await Log.verify(DIRECTORY, { vfs })).ok, 'the files are as the format says').toBe(
        true,
      );
      const expected = frames.flat().flatMap((each, at) => (each === key ? [at] : []));
      const reader = Log.snapshot(DIRECTORY, { vfs });
      expect(positionsOf(reader, key)).toEqual(expected);
      expect((await reader.latest(key))?.position).toBe(expected.at(-1));
    },
  );

  it('that does not hold is passed over: its segment, and those that it covers, are read through', async () => {
    const vfs = memoryVfs();
    // Segments 1 and 2 have no index of their own: their owners were killed.
    for (let owner = 0; owner < 3; owner += 1) {
      const log = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(log, owner * 4, owner * 4 + 4);
      if (owner === 2) await log.seal();
      vfs.detach();
    }
    const { manifest } = Log.snapshot(DIRECTORY, { vfs });
    expect(manifest?.segments.map(({ index }) => index > 0)).toEqual([false, false, true]);
    const root = manifest?.segments[2]?.index ?? 0;
    const expected = upTo(12).filter((at) => at % 3 === 1);
    expect(positionsOf(Log.snapshot(DIRECTORY, { vfs }), 'k1')).toEqual(expected);
    for (const offset of [root, root + 60]) {
      const damaged = vfs.clone();
      flip(damaged, namesOf(damaged, 'segment').at(-1) as string, offset);
      expect(positionsOf(Log.snapshot(DIRECTORY, { vfs: damaged }), 'k1')).toEqual(expected);
      const next = await Log.open(DIRECTORY, optionsOf(damaged));
      expect(positionsOf(next, 'k1')).toEqual(expected);
      appendNumbers(next, 12, 14);
      await next.seal();
      expect(positionsOf(next, 'k1'), 'after the next index').toEqual([...expected, 13]);
      expect(numbersOf(damaged)).toEqual(upTo(14));
    }
  });

  it('names no file that the manifest does not list', async () => {
    const vfs = memoryVfs();
    for (let owner = 0; owner < 2; owner += 1) {
      const log = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(log, owner * 4, owner * 4 + 4);
      if (owner === 1) await log.seal();
      vfs.detach();
    }
    const segments = Log.snapshot(DIRECTORY, { vfs }).manifest?.segments ?? [];
    const lookup = new KeyLookup(vfs, DIRECTORY);
    expect(lookup.places('k1', segments).map(({ fence }) => fence)).toEqual([1, 2, 2]);
    expect(lookup.places('k1', segments.slice(1)).map(({ fence }) => fence)).toEqual([2, 2]);
  });
});

it('hot keys: what was written again stands at its new place, what was before stays', () => {
  const keys = new HotKeys();
  const entry = (number: number, offset: number, hash = 1n): IndexEntry => ({
    fence: 1,
    number,
    rewritten: false,
    offset,
    hash,
  });
  for (const [number, offset] of [
    [1, 128],
    [2, 128],
    [2, 200],
  ] as const)
    keys.add(entry(number, offset));
  keys.replace({ fence: 1, number: 2, rewritten: false }, 200, [entry(3, 128), entry(3, 256, 2n)]);
  expect(keys.get(1n).map(({ number, offset }) => [number, offset])).toEqual([
    [1, 128],
    [2, 128],
    [3, 128],
  ]);
  expect(keys.get(2n)).toHaveLength(1);
  keys.clear();
  expect(keys.all()).toEqual([]);
});
