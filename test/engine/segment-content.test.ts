// A snapshot reads a small segment once: what its tail was judged by is what is folded and delivered.
// What it remembers ends where it ends. That verify reads the file stands in trace/read.txt.

import { beforeAll, expect, it } from 'vitest';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import {
  appendNumbers,
  countAndSum,
  DIRECTORY,
  numbersOf,
  optionsOf,
  readFile,
  upTo,
} from '../support/log-files.ts';

beforeAll(loadXxhash);

const NAME = 'segment-00000001-000001';
const reader = (vfs: MemoryVfs): Log<[number, number]> =>
  Log.snapshot(DIRECTORY, { vfs, fold: countAndSum });
const positionsOf = (log: Log<[number, number]>): number[] =>
  [...log.records()].map(({ position }) => position);

async function flushed(count: number): Promise<{ vfs: MemoryVfs; log: Log }> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs));
  appendNumbers(log, 0, count);
  log.flush();
  return { vfs, log };
}

function opensIn(vfs: MemoryVfs, work: () => void): number {
  let opens = 0;
  vfs.configure({
    onCall: ({ name, path }) => {
      if (name === 'open' && path.endsWith(NAME)) opens += 1;
    },
  });
  work();
  vfs.configure({ onCall: undefined });
  return opens;
}

it('is opened once for the tail, the state and the records', async () => {
  const { vfs } = await flushed(20);
  const opens = opensIn(vfs, () => {
    const log = reader(vfs);
    expect(log.state).toEqual(countAndSumOf(20));
    expect(positionsOf(log)).toEqual(upTo(20));
    expect(positionsOf(log)).toEqual(upTo(20));
  });
  expect(opens).toBe(1);
});

it('is not kept when it is large', async () => {
  const { vfs } = await flushed(2000);
  expect(readFile(vfs, NAME).length).toBeGreaterThan(16 * 1024);
  const opens = opensIn(vfs, () => expect(positionsOf(reader(vfs))).toEqual(upTo(2000)));
  expect(opens).toBe(3);
});

it('ends where its snapshot ends, while the owner goes on; a renewed one has the rest', async () => {
  const { vfs, log } = await flushed(5);
  const view = reader(vfs);
  appendNumbers(log, 5, 9);
  log.flush();
  expect(positionsOf(view)).toEqual(upTo(5));
  view.renew();
  expect(positionsOf(view)).toEqual(upTo(9));
  expect(view.state).toEqual(countAndSumOf(9));
});

it('of an owner has what was appended since, however often it is read', async () => {
  const { vfs, log } = await flushed(3);
  expect(numbersOf(vfs)).toEqual(upTo(3));
  for (const end of [4, 6, 9]) {
    appendNumbers(log, end - 1, end);
    log.flush();
    expect([...log.records()].length).toBe(log.position);
  }
});

/** What the fold of the numbers below `count` is. */
function countAndSumOf(count: number): [number, number] {
  return [count, (count * (count - 1)) / 2];
}
