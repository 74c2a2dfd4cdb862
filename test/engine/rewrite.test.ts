// Rewriting: positions stay, each state between is legal, what is damaged or half done is left as it
// was, and the event loop gets its turns.

import { beforeAll, describe, expect, it } from 'vitest';
import type { SealedSegment } from '../../src/engine/format/manifest.ts';
import {
  fileSystemError,
  Log,
  type LogOptions,
  type LogRecord,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  nodeHost,
  type RewriteHook,
} from '../../src/engine/index.ts';
import { planRewrite } from '../../src/engine/rewrite.ts';
import { limits } from '../../src/limits.ts';
import {
  appendNumbers,
  copyRecords,
  countAndSum,
  DIRECTORY,
  flip,
  framesOf,
  namesOf,
  numbersOf,
  optionsOf,
  readFile,
  upTo,
} from '../support/log-files.ts';
import { memoryHost } from '../support/memory-host.ts';

beforeAll(loadXxhash);

/** One record for the whole stretch: the sum of the numbers. */
const sum: RewriteHook = async (input, output, { from, to }) => {
  let total = 0;
  for (const { body } of input) total += (body as [number])[0];
  output.append([{ type: 21, body: [total], key: 'sum' }], from, to);
};

/** A log of `segments` sealed segments of three records. */
async function sealedLog(segments: number, options: LogOptions = {}): Promise<[Log, MemoryVfs]> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
  for (let number = 0; number < segments; number += 1) {
    appendNumbers(log, number * 3, number * 3 + 3);
    await log.seal();
  }
  return [log, vfs];
}

const rangesOf = (records: Iterable<LogRecord>): unknown[] =>
  Array.from(records, ({ position, end, body, rewritten }) => [position, end, body, rewritten]);

describe('the plan', () => {
  const segment = (first: number, length: number, rewritten = false): SealedSegment => ({
    fence: 1,
    number: first + 1,
    rewritten,
    first,
    end: first + 1,
    length,
    sum: 0n,
    index: 0,
    state: 0,
  });
  const list = (...given: readonly (readonly [number, boolean?])[]): SealedSegment[] =>
    given.map(([length, rewritten], first) => segment(first, length, rewritten));
  const none = new Set<string>();

  it.each([
    ['nothing', list(), undefined],
    ['one hot segment', list([500]), { start: 0, end: 1 }],
    ['hot neighbours, up to the size', list([600], [600], [100]), { start: 0, end: 1 }],
    ['hot neighbours that fit', list([300], [300], [300]), { start: 0, end: 3 }],
    ['one that does not fit alone', list([5000], [10]), { start: 0, end: 1 }],
    ['hot behind rewritten', list([100, true], [100]), { start: 1, end: 2 }],
    ['hot neighbours, not over a rewritten one', list([1], [1, true], [1]), { start: 0, end: 1 }],
    ['seven rewritten', list(...new Array(7).fill([100, true])), undefined],
    ['eight rewritten of a class', list(...new Array(8).fill([100, true])), { start: 0, end: 8 }],
    ['eight rewritten that do not fit', list(...new Array(8).fill([200, true])), undefined],
    [
      'seven small ones before a large one',
      list(...new Array(7).fill([100, true]), [64 * 8 * 1024, true]),
      undefined,
    ],
  ] as const)('of %s', (_what, segments, plan) => {
    expect(planRewrite(segments, none, 1000)).toEqual(plan);
  });

  it('leaves what was refused alone, and does not reach over it', () => {
    const segments = list([1], [1], [1]);
    expect(planRewrite(segments, new Set(['segment-00000001-000002']), 1000)).toEqual({
      start: 0,
      end: 1,
    });
    const refused = new Set(segments.map((each) => `segment-00000001-00000${each.number}`));
    expect(planRewrite(segments, refused, 1000)).toBeUndefined();
  });

  it('ends: no plan plans its own output for ever', () => {
    let segments = list(...new Array(100).fill([100]));
    for (let round = 0; round < 200; round += 1) {
      const plan = planRewrite(segments, none, 1000);
      if (plan === undefined) return;
      const inputs = segments.slice(plan.start, plan.end);
      const length = inputs.reduce((total, each) => total + each.length, 0);
      const output = { ...segment(plan.start, length, true), number: 1000 + round };
      segments = [...segments.slice(0, plan.start), output, ...segments.slice(plan.end)];
    }
    throw new Error('still something to do');
  });
});

describe('after it', () => {
  it('read yields the output, each record with the range that it stands for', async () => {
    const [log, vfs] = await sealedLog(2, { rewrite: sum });
    await log.rewrite();
    appendNumbers(log, 6, 8);
    const expected = [
      [0, 3, [0 + 1 + 2], true],
      [3, 6, [3 + 4 + 5], true],
      [6, 7, [6], false],
      [7, 8, [7], false],
    ];
    expect(rangesOf(log.records())).toEqual(expected);
    expect(rangesOf(Log.snapshot(DIRECTORY, { vfs }).records())).toEqual(expected);
    expect(rangesOf(log.records(4, 7)), 'whole where it overlaps').toEqual(expected.slice(1, 3));
    expect(log.find('sum').map(({ position }) => position)).toEqual([0, 3]);
    expect(log.find('k0').map(({ position }) => position)).toEqual([6]);
    expect(log.position).toBe(8);
  });

  it('the inputs are gone, the output is whole on the disk, verify finds nothing', async () => {
    const [log, vfs] = await sealedLog(2, { rewrite: copyRecords });
    await log.rewrite();
    expect(namesOf(vfs, 'segment')).toEqual([]);
    const disk = vfs.crash('all dropped');
    expect(numbersOf(disk)).toEqual(upTo(6));
    expect(await Log.verify(DIRECTORY, { vfs: disk })).toMatchObject({ ok: true, records: 6 });
  });

  it('a state that was folded before it is not folded again', async () => {
    const vfs = memoryVfs();
    let log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: sum, fold: countAndSum }));
    appendNumbers(log, 0, 200);
    await log.close();
    let applied = 0;
    const counting = {
      ...countAndSum,
      apply: (state: [number, number], record: LogRecord): [number, number] => {
        applied += 1;
        return countAndSum.apply(state, record);
      },
    };
    log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: sum, fold: counting }));
    expect([log.state, applied]).toEqual([[200, 19_900], 0]);
    appendNumbers(log, 200, 210);
    await log.seal();
    await log.close();
    applied = 0;
    log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: sum, fold: counting }));
    expect([log.state, applied]).toEqual([[210, 21_945], 0]);
  });

  it('a large output has an index, a small one is read through; both find every key', async () => {
    for (const size of [10, 2000]) {
      const vfs = memoryVfs();
      const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
      for (let number = 0; number < 60; number += 1)
        log.append(20, [number, new Uint8Array(size)], { key: `key ${number}` });
      await log.close();
      const [segment] = log.manifest?.segments ?? [];
      expect(segment?.rewritten).toBe(true);
      expect((segment?.index ?? 0) > 0).toBe((segment?.length ?? 0) >= limits.indexSizeMin);
      const reader = Log.snapshot(DIRECTORY, { vfs });
      for (let number = 0; number < 60; number += 1)
        expect(reader.find(`key ${number}`).map(({ position }) => position)).toEqual([number]);
    }
  });

  it('bodies are deflated where it pays, and read the same', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    const text = 'again and '.repeat(500);
    for (let number = 0; number < 10; number += 1) log.append(20, [number, text]);
    await log.close();
    const [segment] = log.manifest?.segments ?? [];
    expect(segment?.length).toBeLessThan(5000);
    const bodies = Array.from(Log.snapshot(DIRECTORY, { vfs }).records(), ({ body }) => body);
    expect(bodies).toEqual(upTo(10).map((number) => [number, text]));
  });
});

describe('a stretch is left as it is', () => {
  it('where it is damaged: nothing that may still be read is thrown away', async () => {
    const [log, vfs] = await sealedLog(1);
    await log.close();
    const name = namesOf(vfs, 'segment')[0] as string;
    flip(vfs, name, framesOf(readFile(vfs, name))[1]?.offset ?? 0);
    const bytes = readFile(vfs, name);
    const next = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    await next.rewrite();
    await next.rewrite();
    expect(readFile(vfs, name)).toEqual(bytes);
    expect(namesOf(vfs, 'rewritten')).toEqual([]);
    expect(numbersOf(vfs)).toEqual([0, 2]);
    appendNumbers(next, 3, 5);
    await next.seal();
    await next.rewrite();
    expect(namesOf(vfs, 'rewritten'), 'what is beside it is rewritten').toHaveLength(1);
    expect(numbersOf(vfs)).toEqual([0, 2, 3, 4]);
  });

  it('where the hook throws: rewrite rejects with its error, nothing of the output stays', async () => {
    let wrong: Error | undefined = new Error('a mistake of the hook');
    const hook: RewriteHook = async (input, output, range) => {
      await copyRecords(input, output, range);
      if (wrong !== undefined) throw wrong;
    };
    const [log, vfs] = await sealedLog(2, { rewrite: hook });
    await expect(log.rewrite()).rejects.toThrow('a mistake of the hook');
    expect(namesOf(vfs, 'rewritten')).toEqual([]);
    expect([numbersOf(vfs), log.recording]).toEqual([upTo(6), 'on']);
    wrong = undefined;
    await log.rewrite();
    expect(namesOf(vfs, 'segment')).toEqual([]);
    expect(numbersOf(vfs)).toEqual(upTo(6));
  });

  it.each(['open', 'write', 'syncLater', 'link'] as const)(
    'where the disk refuses %s: recording goes on, the next attempt succeeds',
    async (refused) => {
      const [log, vfs] = await sealedLog(2);
      await log.close();
      const next = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
      vfs.configure({
        onCall: ({ name, path, mode, target }) => {
          const isOutput = path.includes('rewritten') || target?.includes('manifest');
          if (name === refused && isOutput && mode !== 'read')
            throw fileSystemError('ENOSPC', name, path);
        },
      });
      await expect(next.rewrite()).rejects.toMatchObject({ code: 'ENOSPC' });
      vfs.configure({ onCall: undefined });
      expect(namesOf(vfs, 'rewritten')).toEqual([]);
      appendNumbers(next, 6, 7);
      expect([next.recording, numbersOf(vfs)]).toEqual(['on', upTo(7)]);
      await next.rewrite();
      expect(namesOf(vfs, 'rewritten')).toHaveLength(1);
      expect(numbersOf(vfs)).toEqual(upTo(7));
    },
  );

  it('where another owner has taken over meanwhile: fenced, its own output is all that it removes', async () => {
    let other: Log | undefined;
    let disk: MemoryVfs | undefined;
    const hook: RewriteHook = async (input, output, range) => {
      await copyRecords(input, output, range);
      if (disk !== undefined) other = await Log.open(DIRECTORY, optionsOf(disk.attach()));
    };
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: hook }));
    appendNumbers(log, 0, 6);
    disk = vfs;
    await log.seal();
    await log.rewrite();
    expect(log.recording).toBe('fenced');
    expect(namesOf(vfs, 'rewritten')).toEqual([]);
    if (other === undefined) throw new Error('another owner');
    appendNumbers(other, 6, 8);
    expect(numbersOf(vfs)).toEqual(upTo(8));
    expect((await Log.verify(DIRECTORY, { vfs })).ok).toBe(true);
  });
});

describe('readers meanwhile', () => {
  it('whose snapshot names a file that is gone look again, or are told', async () => {
    const [log, vfs] = await sealedLog(2);
    await log.close();
    const reader = Log.snapshot(DIRECTORY, { vfs });
    const next = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    await next.rewrite();
    expect(() => [...reader.records()]).toThrow(/ENOENT/);
    expect(reader.find('k1').map(({ position }) => position)).toEqual([1, 4]);
    expect([...reader.records()], 'find has renewed it').toHaveLength(6);
  });

  it('who have opened a file read it to its end', async () => {
    const [log, vfs] = await sealedLog(1);
    await log.close();
    const reading = Log.snapshot(DIRECTORY, { vfs }).records();
    expect(reading.next().value?.position).toBe(0);
    const next = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    await next.rewrite();
    expect(Array.from(reading, ({ position }) => position)).toEqual([1, 2]);
  });
});

it('an opening that finds more than eight segments without an index gathers them first', async () => {
  const vfs = memoryVfs();
  for (let opening = 0; opening <= limits.unindexedSegmentCountMax; opening += 1) {
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    expect(namesOf(vfs, 'rewritten')).toEqual([]);
    appendNumbers(log, opening, opening + 1);
    await log.close();
  }
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
  expect(namesOf(vfs, 'rewritten')).toHaveLength(1);
  expect(numbersOf(vfs)).toEqual(upTo(log.position));
});

it('in the background it works in slices: timers of the job are not kept waiting', async () => {
  const { monotonic } = nodeHost();
  const hook: RewriteHook = async (input, output) => {
    for (const { type, body, position, end } of input) {
      const until = monotonic() + 2;
      while (monotonic() < until);
      output.append([{ type, body }], position, end);
      await output.pause();
    }
  };
  const [log, vfs] = await sealedLog(0, {
    rewrite: hook,
    host: { ...nodeHost(), politeLock: async () => undefined },
  });
  for (let number = 0; number < 40; number += 1) log.append(20, [number]);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  await log.seal();
  while (namesOf(vfs, 'rewritten').length === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(timer);
  // 80 ms of work in slices of five.
  expect(turns).toBeGreaterThan(8);
  await log.rewrite();
  expect(numbersOf(vfs)).toEqual(upTo(40));
  await log.close();
});

it('in the background it does not rest for the time in which the job held the event loop', async () => {
  const memory = memoryHost();
  const rests: number[] = [];
  const rest = async (ms: number): Promise<void> => {
    rests.push(ms);
  };
  const hook: RewriteHook = async (input, output) => {
    for (const { type, body, position, end } of input) {
      output.append([{ type, body }], position, end);
      // As while something is deflated in the thread pool and the job does not yield.
      await Promise.resolve();
      memory.advance(60_000);
      await output.pause();
    }
  };
  const host = { ...memory, schedule: { ...memory.schedule, rest } };
  const [log, vfs] = await sealedLog(0, { rewrite: hook, host });
  appendNumbers(log, 0, 3);
  await log.seal();
  while (namesOf(vfs, 'rewritten').length === 0)
    await new Promise((resolve) => setImmediate(resolve));
  expect(rests.length).toBeGreaterThan(0);
  expect(Math.max(...rests)).toBeLessThanOrEqual(20);
  await log.close();
});
