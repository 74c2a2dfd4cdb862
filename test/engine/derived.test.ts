// Derived is disposable (G8): index pages, their roots and state frames may all be damaged, in every
// segment, in every combination; every answer stays the same, only slower. They stand inside segments,
// so that deleting one means making its frame invalid.

import { beforeAll, describe, expect, it } from 'vitest';
import { SKIPPABLE } from '../../src/engine/format/frame.ts';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import {
  appendNumbers,
  copyRecords,
  countAndSum,
  DIRECTORY,
  flip,
  framesOf,
  namesOf,
  optionsOf,
  readFile,
  upTo,
} from '../support/log-files.ts';

beforeAll(loadXxhash);

const kinds = { 'index pages': 1, 'index roots': 2, 'state frames': 3 } as const;
type Kind = keyof typeof kinds;

const KEYS = 400;
/** Keys that are asked for: some of each segment, and one that is in none. */
const ASKED = [...upTo(20).map((each) => `key ${each * 21}`), 'once', 'none'];

/**
 * Large and rewritten, with an index of its own; sealed, with one; sealed by a successor, without, and
 * covered by the index of the next; a tail.
 */
async function makeLog(): Promise<MemoryVfs> {
  const vfs = memoryVfs();
  const options = { fold: countAndSum, sizes: { stateInterval: 20_000 } };
  let log = await Log.open(DIRECTORY, optionsOf(vfs, { ...options, rewrite: copyRecords }));
  const append = (count: number): void => {
    const { position } = log;
    for (let number = position; number < position + count; number += 1)
      log.append(20, [number, 'x'.repeat(100)], { key: `key ${number % KEYS}` });
    log.flush();
  };
  append(1000);
  log.append(20, [1000], { key: 'once' });
  await log.close();
  log = await Log.open(DIRECTORY, optionsOf(vfs, options));
  append(500);
  await log.seal();
  append(300);
  vfs.detach();
  log = await Log.open(DIRECTORY, optionsOf(vfs, options));
  append(60);
  await log.seal();
  append(40);
  await log.sync();
  return vfs;
}

/** Damages every frame of these kinds, in header or body. */
function damage(vfs: MemoryVfs, which: readonly Kind[], place: number): number {
  let count = 0;
  for (const name of [...namesOf(vfs, 'segment'), ...namesOf(vfs, 'rewritten')]) {
    for (const { offset, type } of framesOf(readFile(vfs, name))) {
      if (!which.some((kind) => type === (kinds[kind] | SKIPPABLE))) continue;
      flip(vfs, name, offset + place);
      count += 1;
    }
  }
  return count;
}

interface Answers {
  readonly state: unknown;
  readonly records: readonly unknown[];
  readonly found: Readonly<Record<string, readonly number[]>>;
  readonly latest: Readonly<Record<string, number | undefined>>;
}

async function answersOf(log: Log<[number, number]>): Promise<Answers> {
  const latest: Record<string, number | undefined> = {};
  for (const key of ASKED) latest[key] = (await log.latest(key))?.position;
  return {
    state: log.state,
    records: Array.from(log.records(), ({ position, key, body }) => [position, key, body]),
    found: Object.fromEntries(
      ASKED.map((key) => [key, log.find(key).map(({ position }) => position)]),
    ),
    latest,
  };
}

/** Bytes that are read to open a log to read and to find one key. */
async function costOf(vfs: MemoryVfs): Promise<number> {
  let bytes = 0;
  const reader = vfs.attach({
    onCall: ({ name, size = 0 }) => {
      if (name === 'read') bytes += size;
    },
  });
  await Log.snapshot(DIRECTORY, { vfs: reader, fold: countAndSum }).latest('key 21');
  return bytes;
}

describe.each<{ which: readonly Kind[] }>([
  { which: ['index pages'] },
  { which: ['index roots'] },
  { which: ['state frames'] },
  { which: ['index pages', 'index roots', 'state frames'] },
])('without $which', ({ which }) => {
  it.each([
    { what: 'headers', place: 41 },
    { what: 'bodies', place: 50 },
  ])('every answer is the same, only slower: $what', async ({ place }) => {
    const sound = await makeLog();
    const large = Log.snapshot(DIRECTORY, { vfs: sound }).manifest?.segments ?? [];
    expect(large.filter(({ index }) => index > 0).map(({ rewritten }) => rewritten)).toEqual([
      true,
      false,
      false,
    ]);
    expect(large.map(({ index }) => index > 0)).toEqual([true, true, false, true]);
    expect(large[0]?.length).toBeGreaterThan(limits.indexSizeMin);
    const expected = await answersOf(Log.snapshot(DIRECTORY, { vfs: sound, fold: countAndSum }));
    expect(expected.records).toHaveLength(1901);
    expect(expected.state).toEqual([1901, 1900 * 950.5]);
    expect(expected.found['key 21']).toHaveLength(5);

    const vfs = sound.clone();
    expect(damage(vfs, which, place)).toBeGreaterThanOrEqual(2);
    const read = await answersOf(Log.snapshot(DIRECTORY, { vfs, fold: countAndSum }));
    expect(read).toEqual(expected);
    expect(await costOf(vfs)).toBeGreaterThan(await costOf(sound));
  });

  it('a new owner has the same answers, and goes on', async () => {
    const vfs = await makeLog();
    const expected = await answersOf(Log.snapshot(DIRECTORY, { vfs, fold: countAndSum }));
    damage(vfs, which, 41);
    const options = { fold: countAndSum, rewrite: copyRecords };
    const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
    expect(await answersOf(log)).toEqual(expected);
    appendNumbers(log, 1901, 1904);
    await log.seal();
    await log.rewrite();
    await log.close();
    const next = await Log.open(DIRECTORY, optionsOf(vfs, options));
    const answers = await answersOf(next);
    expect(answers.found).toEqual(expected.found);
    expect(answers.latest).toEqual(expected.latest);
    expect(answers.records.slice(0, 1901)).toEqual(expected.records);
    expect(answers.state).toEqual([1904, 1900 * 950.5 + 1901 + 1902 + 1903]);
  });
});
