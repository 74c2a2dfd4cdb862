// What the public methods and options of a log promise: positions, order, what is visible when, what
// survives, and that each wrong argument is refused by its name and leaves nothing behind.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { encodeManifest } from '../../src/engine/format/manifest.ts';
import { manifestName } from '../../src/engine/format/names.ts';
import {
  fileSystemError,
  Log,
  type LogRecord,
  loadXxhash,
  memoryVfs,
} from '../../src/engine/index.ts';
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
  writeFile,
} from '../support/log-files.ts';
import { memoryHost } from '../support/memory-host.ts';
import { simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

async function collect(records: AsyncIterable<LogRecord>): Promise<LogRecord[]> {
  const list: LogRecord[] = [];
  for await (const record of records) list.push(record);
  return list;
}

const code = (name: string): unknown => expect.objectContaining({ code: name });

describe('append', () => {
  it('gives positions one after another, from 0; what is said of a record comes back', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    expect(log.append(16, { a: 1 })).toBe(0);
    expect(log.append(127, 'text', { key: 'k', skippable: true })).toBe(1);
    expect(log.position).toBe(2);
    log.flush();
    expect(await collect(log.read())).toMatchObject([
      { position: 0, end: 1, type: 16, skippable: false, key: undefined, body: { a: 1 } },
      { position: 1, end: 2, type: 127, skippable: true, key: 'k', body: 'text' },
    ]);
  });

  it('appendAll writes one frame: all of it is read, or nothing', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 1);
    expect(log.appendAll(upTo(5).map((index) => ({ type: 20, body: [index + 1] })))).toBe(1);
    expect(log.appendAll([])).toBe(6);
    log.flush();
    const records = await collect(log.read());
    expect(new Set(records.slice(1).map(({ place }) => place.offset)).size).toBe(1);
    expect(records.map(({ position }) => position)).toEqual(upTo(6));
    const bytes = readFile(vfs, 'segment-00000001-000001');
    for (let size = framesOf(bytes)[0]?.end ?? 0; size < bytes.length; size += 1) {
      writeFile(vfs, 'segment-00000001-000001', bytes.slice(0, size));
      expect(numbersOf(vfs)).toEqual([0]);
    }
  });

  it.each([
    ['type', 15, 'b', {}, RangeError],
    ['type', 128, 'b', {}, RangeError],
    ['type', 20.5, 'b', {}, RangeError],
    ['type', Number.NaN, 'b', {}, RangeError],
    ['type', '20', 'b', {}, RangeError],
    ['key', 20, 'b', { key: 7 }, TypeError],
    ['key', 20, 'b', { key: null }, TypeError],
    ['key', 20, 'b', { key: '\ud800' }, TypeError],
    ['key', 20, 'b', { key: 'k'.repeat(limits.keySizeMax + 1) }, RangeError],
    ['key', 20, 'b', { key: '\u20ac'.repeat(limits.keySizeMax / 3 + 1) }, RangeError],
    ['body', 20, { a: { b: () => {} } }, {}, TypeError],
    ['body', 20, [1, Symbol('s')], {}, TypeError],
  ])(
    'refuses a wrong %s, and appends nothing of its batch',
    async (name, type, body, options, kind) => {
      const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
      const wrong = { type, body, ...options } as never;
      expect(() => log.appendAll([{ type: 20, body: [0] }, wrong])).toThrow(kind);
      expect(() => log.appendAll([{ type: 20, body: [0] }, wrong])).toThrow(name);
      expect([log.position, log.lost]).toEqual([0, 0]);
      appendNumbers(log, 0, 1);
      expect(await collect(log.read())).toHaveLength(1);
    },
  );

  it('takes a key and a body of just their limit', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    const key = 'k'.repeat(limits.keySizeMax);
    expect(log.append(20, new Uint8Array(limits.frameBodySizeMax - 5))).toBe(0);
    expect(log.append(20, 1, { key })).toBe(1);
    expect(log.flush()).toBe(true);
    expect((await log.latest(key))?.position).toBe(1);
  });

  it.each([
    ['frameBodySizeMax', [{ type: 20, body: new Uint8Array(limits.frameBodySizeMax - 4) }]],
    [
      'frameRecordCountMax',
      new Array(limits.frameRecordCountMax + 1).fill({ type: 20, body: null }),
    ],
  ])('over %s is LIMIT, and names it', async (limit, records) => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    expect(() => log.appendAll(records)).toThrow(
      expect.objectContaining({ code: 'LIMIT', details: { limit } }),
    );
    expect(log.position).toBe(0);
  });

  it('without a flush loses nothing: at half of the bound of what is held it flushes itself', async () => {
    const vfs = memoryVfs();
    const sizes = { pausedSizeMax: 1000, segmentSize: 700 };
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { sizes, fold: countAndSum }));
    for (let number = 0; number < 200; number += 1)
      expect(log.append(20, [number], { key: `k${number % 3}` })).toBe(number);
    expect(log.acknowledged).toBeGreaterThan(180);
    expect([log.flush(), log.lost]).toEqual([true, 0]);
    expect(numbersOf(vfs)).toEqual(upTo(200));
    expect(log.find('k0').map(({ position }) => position)).toEqual(
      upTo(200).filter((at) => at % 3 === 0),
    );
    expect(Log.snapshot(DIRECTORY, { vfs, fold: countAndSum }).state).toEqual(log.state);
  });

  it('after close is RUN_CLOSED, of a reader RUN_READ_ONLY', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 1);
    await log.close();
    expect(() => log.append(20, [1])).toThrow(code('RUN_CLOSED'));
    expect([log.flush(), log.recording]).toEqual([false, 'closed']);
    const reader = await Log.open(DIRECTORY, optionsOf(vfs, { readOnly: true }));
    expect(() => reader.append(20, [1])).toThrow(code('RUN_READ_ONLY'));
    expect(() => reader.flush()).toThrow(code('RUN_READ_ONLY'));
    await expect(reader.sync()).rejects.toEqual(code('RUN_READ_ONLY'));
    await expect(reader.seal()).rejects.toEqual(code('RUN_READ_ONLY'));
    await expect(reader.rewrite()).rejects.toEqual(code('RUN_READ_ONLY'));
    await reader.close();
  });
});

describe('what survives', () => {
  it('appended: nothing is promised; flushed: the process may die; synced: the machine may', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 2);
    await log.sync();
    appendNumbers(log, 2, 4);
    log.append(20, [4]);
    expect([log.durable, log.acknowledged, log.position]).toEqual([2, 4, 5]);
    expect(numbersOf(vfs.kill())).toEqual(upTo(4));
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(2));
    expect(log.syncSync()).toBe(true);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(5));
    expect(log.closeSync()).toBe(true);
    expect(log.closeSync(), 'twice').toBe(true);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(5));
  });

  it('durability.onFlush sync: what flush is true for survives the machine', async () => {
    const vfs = memoryVfs();
    const durability = { syncMs: null, onFlush: 'sync' } as const;
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { durability }));
    for (let number = 0; number < 5; number += 1) {
      appendNumbers(log, number, number + 1);
      expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(number + 1));
    }
  });

  it('durability.syncMs: synced by itself so often, never with null', async () => {
    for (const syncMs of [50, 1000, null]) {
      const vfs = memoryVfs();
      const host = memoryHost();
      const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, durability: { syncMs } }));
      appendNumbers(log, 0, 3);
      host.advance((syncMs ?? 10_000) - 1);
      expect(log.durable).toBe(0);
      host.advance(2);
      expect(log.durable).toBe(syncMs === null ? 0 : 3);
      const disk = vfs.crash('all dropped');
      if (syncMs === null) expect(disk.stat(DIRECTORY)).toBeUndefined();
      else expect(numbersOf(disk)).toEqual(upTo(3));
    }
  });

  it('a sync that no frame follows for a second is said by an empty frame, once', async () => {
    const vfs = memoryVfs();
    const host = memoryHost();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, durability: { syncMs: 100 } }));
    const sizes = (): number => framesOf(readFile(vfs, 'segment-00000001-000001')).length;
    const watermark = (): number => Log.snapshot(DIRECTORY, { vfs }).durable;
    appendNumbers(log, 0, 3);
    host.advance(200);
    expect([log.durable, watermark()], 'a reader does not know yet').toEqual([3, 0]);
    host.advance(1000);
    expect([sizes(), watermark()]).toEqual([4, 3]);
    host.advance(60_000);
    expect(sizes(), 'an idle log stays as it is').toBe(4);
    expect(numbersOf(vfs)).toEqual(upTo(3));
    appendNumbers(log, 3, 4);
    expect(log.position, 'it has no position').toBe(4);
  });

  it('parents are made durable by the first sync', async () => {
    const vfs = memoryVfs();
    for (const name of ['/a', '/a/b']) vfs.makeDirectory(name);
    const log = await Log.open('/a/b/log', optionsOf(vfs, { parents: ['/a', '/'] }));
    appendNumbers(log, 0, 2);
    await log.sync();
    const disk = vfs.crash('all dropped');
    expect([...Log.snapshot('/a/b/log', { vfs: disk }).records()]).toHaveLength(2);
  });
});

describe('positions', () => {
  it('stay what they are through roll, seal, rewriting, merging and further openings', async () => {
    const vfs = memoryVfs();
    const options = { rewrite: copyRecords, fold: countAndSum, sizes: { segmentSize: 700 } };
    let log = await Log.open(DIRECTORY, optionsOf(vfs, options));
    const check = async (what: string): Promise<void> => {
      const { position } = log;
      expect(log.state, what).toEqual([position, (position * (position - 1)) / 2]);
      for (let at = 0; at < position; at += 1) {
        const [record, ...more] = await collect(log.read({ from: at, to: at + 1 }));
        expect([record?.position, record?.body, more.length], `${what}: position ${at}`).toEqual([
          at,
          [at],
          0,
        ]);
      }
      for (const key of ['k0', 'k1', 'k2'])
        expect(
          log.find(key).map((each) => each.position),
          `${what}: ${key}`,
        ).toEqual(upTo(position).filter((at) => `k${at % 3}` === key));
    };
    appendNumbers(log, 0, 40);
    await check('appended');
    await log.seal();
    await check('sealed');
    appendNumbers(log, 40, 80);
    await log.rewrite();
    expect(namesOf(vfs, 'rewritten')).not.toEqual([]);
    await check('rewritten');
    for (let opening = 0; opening < 12; opening += 1) {
      await log.close();
      log = await Log.open(DIRECTORY, optionsOf(vfs, options));
      appendNumbers(log, log.position, log.position + 5);
      await log.seal();
    }
    await log.rewrite();
    await check('merged');
    expect((await Log.verify(DIRECTORY, { vfs })).ok).toBe(true);
  });
});

describe('read', () => {
  it('gives records of [from, to), whatever the borders are', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { sizes: { segmentSize: 400 } }));
    appendNumbers(log, 0, 9);
    log.appendAll([9, 10, 11].map((number) => ({ type: 20, body: [number] })));
    log.flush();
    for (let from = 0; from <= 13; from += 1) {
      for (let to = from; to <= 13; to += 1) {
        const records = await collect(log.read({ from, to }));
        expect(records.map(({ position }) => position)).toEqual(upTo(Math.min(to, 12)).slice(from));
      }
    }
    expect(await collect(log.read({ from: 3 }))).toHaveLength(9);
    expect(await collect(log.read({ to: 3 }))).toHaveLength(3);
    expect(await collect(log.read({ from: 5, to: 2 }))).toEqual([]);
  });

  it('sees what this owner has flushed and no more; a snapshot what was there when it was taken', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 2);
    const reader = await Log.open(DIRECTORY, optionsOf(vfs, { readOnly: true }));
    log.append(20, [2]);
    expect(await collect(log.read())).toHaveLength(2);
    log.flush();
    expect(await collect(log.read())).toHaveLength(3);
    expect([(await collect(reader.read())).length, reader.position]).toEqual([2, 2]);
    await reader.refresh();
    expect([(await collect(reader.read())).length, reader.position]).toEqual([3, 3]);
  });

  it('a signal that is aborted ends it with ABORTED, whose cause is the reason', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    appendNumbers(log, 0, 10);
    const abort = new AbortController();
    const seen: number[] = [];
    const reason = new Error('enough');
    const reading = (async () => {
      for await (const { position } of log.read({ signal: abort.signal })) {
        seen.push(position);
        if (position === 3) abort.abort(reason);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    expect(seen).toEqual(upTo(4));
    const before = collect(log.read({ signal: AbortSignal.abort(reason) }));
    await expect(before).rejects.toEqual(code('ABORTED'));
  });

  it('lets the event loop turn while it is long', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    log.appendAll(upTo(3000).map((number) => ({ type: 20, body: [number] })));
    log.flush();
    let turns = 0;
    const timer = setImmediate(function turn() {
      turns += 1;
      setImmediate(turn);
    });
    await collect(log.read());
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ['from', -1],
    ['from', 0.5],
    ['from', Number.NaN],
    ['to', -1],
    ['to', Number.NaN],
  ])('refuses %s %d by its name', async (name, value) => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    appendNumbers(log, 0, 2);
    await expect(collect(log.read({ [name]: value }))).rejects.toThrow(RangeError);
    await expect(collect(log.read({ [name]: value }))).rejects.toThrow(name);
    if (name === 'from') await expect(collect(log.follow({ from: value }))).rejects.toThrow(/from/);
  });

  it('tells damage once, however often it reads it', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    for (let number = 0; number < 6; number += 1) {
      appendNumbers(log, number, number + 1);
      await log.sync();
    }
    const frames = framesOf(readFile(vfs, 'segment-00000001-000001'));
    for (const index of [1, 3]) flip(vfs, 'segment-00000001-000001', frames[index]?.offset ?? 0);
    for (let times = 0; times < 3; times += 1) {
      expect(await collect(log.read())).toHaveLength(4);
      expect([...log.records()]).toHaveLength(4);
    }
    const offsets = [1, 3].map((index) => frames[index]?.offset);
    expect(log.damage.map(({ offset }) => offset)).toEqual(offsets);
    const reader = Log.snapshot(DIRECTORY, { vfs, fold: countAndSum });
    reader.renew();
    expect([...reader.records()]).toHaveLength(4);
    expect(reader.damage.map(({ offset }) => offset)).toEqual(offsets);
  });

  it('from below the first position that is left is POSITION_GONE, and names that one', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { sizes: { segmentSize: 300 } }));
    for (let number = 0; number < 20; number += 1) appendNumbers(log, number, number + 1);
    await log.seal();
    await log.close();
    // As compaction on order would leave it: the first two segments are dropped.
    const { manifest } = log;
    if (manifest === undefined) throw new Error('a manifest');
    const segments = manifest.segments.slice(2);
    const first = segments[0]?.first ?? 0;
    const counter = manifest.counter + 1;
    const bytes = encodeManifest({ ...manifest, counter, first, segments });
    writeFile(vfs, manifestName(counter), bytes);
    const reader = await Log.open(DIRECTORY, optionsOf(vfs, { readOnly: true }));
    await expect(collect(reader.read())).rejects.toEqual(code('POSITION_GONE'));
    await expect(collect(reader.read({ from: first - 1 }))).rejects.toThrow(`${first}`);
    await expect(collect(reader.follow({ from: first - 1 }))).rejects.toEqual(
      code('POSITION_GONE'),
    );
    const left = await collect(reader.read({ from: first }));
    expect(left.map(({ body }) => body)).toEqual(
      upTo(20)
        .slice(first)
        .map((each) => [each]),
    );
  });
});

describe('the end of a log', () => {
  const kinds = [
    { what: 'under 4 KiB: one close record, nothing is rewritten', count: 20, isRewritten: false },
    { what: 'of 4 KiB and more: sealed and rewritten', count: 100, isRewritten: true },
  ];
  it.each(kinds)('$what', async ({ count, isRewritten }) => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    appendNumbers(log, 0, count);
    await log.close();
    expect(namesOf(vfs, 'rewritten').length).toBe(isRewritten ? 1 : 0);
    expect(namesOf(vfs, 'segment').length).toBe(isRewritten ? 0 : 1);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(count));
    const reader = Log.snapshot(DIRECTORY, { vfs });
    expect(reader.durable, 'covered by a watermark or a seal').toBe(count);
    expect(vfs.openFileCount).toBe(0);
    await log.close();
  });

  it('close of a log that was never written leaves fence and manifest', async () => {
    const vfs = memoryVfs();
    const host = memoryHost();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, rewrite: copyRecords }));
    await log.sync();
    await log.close();
    expect(namesOf(vfs)).toEqual(['fence-00000001', 'manifest-00000001']);
    expect([...host.locks]).toEqual([]);
  });

  it('what could not be rewritten is no failure of close: everything is on stable storage', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(
      DIRECTORY,
      optionsOf(vfs, { rewrite: () => Promise.reject(new Error('no')) }),
    );
    appendNumbers(log, 0, 100);
    await log.close();
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(100));
    expect(vfs.openFileCount).toBe(0);
  });

  it('a seal that the disk refuses says so; what was sealed is synced', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    await log.seal();
    appendNumbers(log, 0, 3);
    vfs.configure({
      onCall: ({ name }) => {
        if (name === 'link') throw fileSystemError('ENOSPC', 'link');
      },
    });
    await expect(log.seal()).rejects.toEqual(code('IO'));
    expect([log.recording, log.manifest?.segments]).toEqual(['on', []]);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(3));
    vfs.configure({ onCall: undefined });
    await log.seal();
    expect(log.manifest?.segments).toHaveLength(1);
  });

  it('durable does not go back', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    appendNumbers(log, 0, 5);
    await log.close();
    expect([log.durable, log.acknowledged, log.position]).toEqual([5, 5, 5]);
  });
});

describe('opening', () => {
  it('of a directory whose parent is missing, or to read what is not there, is IO', async () => {
    const vfs = memoryVfs();
    await expect(Log.open('/none/log', optionsOf(vfs))).rejects.toMatchObject({
      code: 'IO',
      cause: { code: 'ENOENT' },
    });
    await expect(Log.open('/none', optionsOf(vfs, { readOnly: true }))).rejects.toMatchObject({
      code: 'IO',
    });
    expect(() => Log.snapshot('/none', { vfs })).toThrow(code('IO'));
    await expect(Log.verify('/none', { vfs })).rejects.toThrow('ENOENT');
  });

  it('fresh begins a new life: nothing of the old is part of it, or is left', async () => {
    const vfs = memoryVfs();
    const old = await Log.open(DIRECTORY, optionsOf(vfs, { fold: countAndSum }));
    appendNumbers(old, 0, 8);
    await old.close();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { fold: countAndSum, fresh: true }));
    expect([log.position, log.state, log.find('k0')]).toEqual([0, [0, 0], []]);
    appendNumbers(log, 0, 2);
    await log.close();
    expect(numbersOf(vfs)).toEqual([0, 1]);
    expect(namesOf(vfs, 'segment')).toEqual(['segment-00000002-000001']);
    expect(log.manifest?.logId).not.toBe(old.manifest?.logId);
  });

  it('that fails after it has taken the log gives it back: the next one need not wait', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 3);
    await log.close();
    const fold = {
      initial: () => 0,
      apply: () => {
        throw new Error('a mistake of the fold');
      },
    };
    const host = memoryHost({ state: 'alive' });
    const options = optionsOf(vfs, { fold, host });
    await expect(Log.open(DIRECTORY, options)).rejects.toThrow('a mistake of the fold');
    expect([vfs.openFileCount, [...host.locks]]).toEqual([0, []]);
    expect((await Log.open(DIRECTORY, optionsOf(vfs, { host }))).position).toBe(3);
  });

  it('succeeds where segments cannot be gathered first: they are read through', async () => {
    const vfs = memoryVfs();
    for (let opening = 0; opening < 12; opening += 1) {
      const log = await Log.open(
        DIRECTORY,
        optionsOf(vfs, { rewrite: () => Promise.reject(new Error('no')) }),
      );
      expect(log.find('k0').map(({ position }) => position)).toEqual(
        upTo(opening).filter((at) => at % 3 === 0),
      );
      appendNumbers(log, opening, opening + 1);
      await log.close();
    }
    expect(numbersOf(vfs)).toEqual(upTo(12));
  });

  it('leaves nothing open when the log is held', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 1);
    const other = vfs.attach();
    const host = simulatedHost({ state: () => 'alive' });
    await expect(Log.open(DIRECTORY, optionsOf(other, { host }))).rejects.toEqual(
      code('RUN_LOCKED'),
    );
    expect(other.openFileCount).toBe(0);
    appendNumbers(log, 1, 2);
  });
});

describe('what was meant otherwise', () => {
  it.each<[string, unknown]>([
    ['options: expected an object, got "rw"', 'rw'],
    ['options.readonly: there is no such option', { readonly: true }],
    ['options.lockTimeout: there is no such option', { lockTimeout: 4 }],
    ['lockTimeoutMs: expected a number, got "a"', { lockTimeoutMs: 'a' }],
    ['lockTimeoutMs: expected at least 0, got -1', { lockTimeoutMs: -1 }],
    ["owner: expected 'writer' or 'maintenance', got \"reader\"", { owner: 'reader' }],
    ['force: expected a boolean, got 1', { force: 1 }],
    ['fold.apply: expected a function, got undefined', { fold: { initial: () => 0 } }],
    ['durability.sync: there is no such option', { durability: { sync: true } }],
    [
      "durability.onFlush: expected 'write' or 'sync', got \"never\"",
      { durability: { onFlush: 'never' } },
    ],
    ['durability.syncMs: expected at least 1, got NaN', { durability: { syncMs: Number.NaN } }],
  ])('is refused by open: %s', async (message, options) => {
    const vfs = memoryVfs();
    const given = typeof options === 'object' ? { ...optionsOf(vfs), ...options } : options;
    await expect(Log.open(DIRECTORY, given as object)).rejects.toThrow(message);
    expect(vfs.list('/')).toEqual([]);
  });

  it.each([undefined, 3, '', 'a\0b'])(
    'is refused by open and verify: directory %j',
    async (path) => {
      await expect(Log.open(path as string)).rejects.toThrow(/^directory: expected a path/);
      await expect(Log.verify(path as string)).rejects.toThrow(/^directory: expected a path/);
    },
  );

  it('is refused by append, appendAll and read', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    expect(() => log.append(20, 1, 'k' as unknown as object)).toThrow(
      'options: expected an object, got "k"',
    );
    expect(() => log.appendAll({} as [])).toThrow('records: expected an array, got an object');
    await expect(collect(log.read({ form: 3 } as object))).rejects.toThrow(
      'options.form: there is no such option',
    );
    expect(log.position).toBe(0);
  });

  it('sync after close is RUN_CLOSED; a log that is not there is IO', async () => {
    const log = await Log.open(DIRECTORY, optionsOf(memoryVfs()));
    await log.close();
    await expect(log.sync()).rejects.toEqual(code('RUN_CLOSED'));
    await expect(Log.verify('/nowhere', { vfs: memoryVfs() })).rejects.toEqual(code('IO'));
  });
});

it('a log stays where it was opened when the process changes its directory', async () => {
  const home = process.cwd();
  const directory = mkdtempSync(join(tmpdir(), 'runlog-chdir-'));
  process.chdir(directory);
  try {
    const log = await Log.open('account');
    process.chdir(home);
    log.append(20, 'here');
    expect(log.flush()).toBe(true);
    await log.close();
    expect(readdirSync(join(directory, 'account')).some((name) => name.startsWith('segment'))).toBe(
      true,
    );
  } finally {
    process.chdir(home);
    rmSync(directory, { recursive: true, force: true });
  }
});
