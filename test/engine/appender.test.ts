// What an owner does by itself (state, syncs, rolls) and when the disk refuses, error by error: the
// table of spec/segment.md, Disk trouble. Whatever happens, what a flush was true for is read, in
// order and without a hole; keys are found where they have moved to; and `recording`, `trouble` and
// `lost` say what happened. That every other call may fail as well: failing-calls.test.ts.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type RunlogError,
  type VfsCall,
} from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import {
  appendNumbers,
  countAndSum,
  DIRECTORY,
  framesOf,
  namesOf,
  numbersOf,
  optionsOf,
  readFile,
  upTo,
} from '../support/log-files.ts';
import { type SimulatedHost, simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

interface Opened {
  readonly vfs: MemoryVfs;
  readonly host: SimulatedHost;
  readonly log: Log;
  readonly told: RunlogError[];
}

async function open(options: LogOptions = {}, vfs = memoryVfs()): Promise<Opened> {
  const host = simulatedHost();
  const told: RunlogError[] = [];
  const onError = (error: RunlogError): void => void told.push(error);
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, onError, ...options }));
  return { vfs, host, log, told };
}

/** The next `times` calls that `which` names fail. */
function refuse(
  vfs: MemoryVfs,
  code: string,
  which: (call: VfsCall) => boolean,
  times = Number.POSITIVE_INFINITY,
): void {
  let left = times;
  vfs.configure({
    onCall: (call) => {
      if (left === 0 || !which(call)) return;
      left -= 1;
      throw fileSystemError(code, call.name, call.path);
    },
  });
}

const allow = (vfs: MemoryVfs): void => vfs.configure({ onCall: undefined });
const isSegment = ({ path }: VfsCall): boolean => /\/(segment|temporary)-/.test(path);
const isSync = ({ name }: VfsCall): boolean => name === 'sync' || name === 'syncLater';
const isSegmentSync = (call: VfsCall): boolean => isSync(call) && isSegment(call);
const isWrite = (call: VfsCall): boolean => call.name === 'write' && isSegment(call);
const isCreate = ({ name, mode }: VfsCall): boolean => name === 'open' && mode === 'create';

const sealedOf = (log: Log): unknown[] =>
  (log.manifest?.segments ?? []).map(({ number, first, end }) => [number, first, end]);

describe('by itself', () => {
  const body = 'x'.repeat(92);
  const frames = (log: Log, from: number, to: number): void => {
    for (let number = from; number < to; number += 1) log.append(20, [number, body]);
    log.flush();
  };

  it('a state frame follows each stateInterval of bytes', async () => {
    const { vfs, log } = await open({ fold: countAndSum, sizes: { stateInterval: 1000 } });
    for (let number = 0; number < 30; number += 1) frames(log, number, number + 1);
    const places = framesOf(readFile(vfs, 'segment-00000001-000001')).filter(
      ({ type }) => type === (3 | 0x80),
    );
    expect(places.length).toBeGreaterThanOrEqual(3);
    for (const [index, { offset }] of places.entries()) {
      const before = places[index - 1]?.end ?? 128;
      expect(offset - before).toBeGreaterThanOrEqual(1000 - 160);
      expect(offset - before).toBeLessThan(1000 + 160);
    }
    const again = Log.snapshot(DIRECTORY, { vfs, fold: countAndSum });
    expect(again.state).toEqual([30, 435]);
  });

  it('a sync begins when syncSize bytes are behind, whatever syncMs says', async () => {
    const { vfs, log } = await open({ sizes: { syncSize: 1000 } });
    const syncs: number[] = [];
    vfs.configure({
      onCall: (call) => void (isSegmentSync(call) && syncs.push(log.position)),
    });
    for (let number = 0; number < 6; number += 1) frames(log, number, number + 1);
    expect(syncs, 'less than 1000 bytes').toEqual([]);
    frames(log, 6, 10);
    await new Promise((resolve) => setImmediate(resolve));
    expect(syncs).toEqual([10]);
    expect(log.durable, 'for a sync of a name is due too').toBe(10);
  });

  it('a segment that nothing has synced is rolled at twice segmentSize, in the flush', async () => {
    const { vfs, log } = await open({ sizes: { segmentSize: 1000 } });
    for (let number = 0; log.nextSegment() === 1; number += 1) frames(log, number, number + 1);
    // Frames of 144 bytes behind a header of 128.
    expect(log.position).toBe(Math.ceil((2000 - 128) / 144));
    expect(sealedOf(log)).toEqual([[1, 0, log.position]]);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(log.position));
  });

  it('the roll size doubles with each quarter of the segments that a manifest may list', async () => {
    const { log } = await open({ sizes: { segmentSize: 200 } });
    for (let number = 0; number < 900; number += 1) {
      frames(log, number, number + 1);
      if (log.nextSegment() > 270) break;
    }
    const lengths = (log.manifest?.segments ?? []).map(({ length }) => length);
    expect(lengths.length).toBeGreaterThan(260);
    expect(Math.max(...lengths.slice(0, 256))).toBeLessThan(600);
    expect(Math.min(...lengths.slice(257))).toBeGreaterThan(Math.max(...lengths.slice(0, 256)));
  });

  it('appends after close, and a roll of nothing, change nothing', async () => {
    const { vfs, log } = await open();
    await log.seal();
    expect(namesOf(vfs, 'segment')).toEqual([]);
    appendNumbers(log, 0, 1);
    await log.close();
    expect(() => log.append(20, [1])).toThrow(expect.objectContaining({ code: 'RUN_CLOSED' }));
    expect(log.flush()).toBe(false);
  });
});

describe('no room', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE'])(
    '%s pauses recording; tried again each second; once it ends everything is written',
    async (code) => {
      const { vfs, host, log, told } = await open();
      appendNumbers(log, 0, 2);
      await log.seal();
      // Of a process that has no descriptor left it is the next segment that is not created.
      refuse(vfs, code, code.endsWith('FILE') ? isCreate : isWrite);
      expect(log.append(20, [2])).toBe(2);
      expect(log.flush()).toBe(false);
      expect(log.recording).toBe('paused');
      expect(told.map((each) => each.code)).toEqual(['IO']);
      expect(told[0]?.message).toContain(code);
      expect(log.append(20, [3]), 'goes on to be accepted').toBe(3);
      host.advance(999);
      allow(vfs);
      expect(log.flush(), 'not tried within a second').toBe(false);
      host.advance(1);
      expect(log.flush()).toBe(true);
      expect([log.recording, log.lost, told.length]).toEqual(['on', 0, 1]);
      expect(numbersOf(vfs)).toEqual(upTo(4));
      await log.close();
      expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(4));
    },
  );

  it('what is accepted while paused has a bound; beyond it append says -1 and counts', async () => {
    const { vfs, host, log } = await open({ sizes: { pausedSizeMax: 1000 } });
    appendNumbers(log, 0, 1);
    refuse(vfs, 'ENOSPC', isWrite);
    log.append(20, [1]);
    expect(log.flush()).toBe(false);
    let next = 2;
    while (log.append(20, [next]) >= 0) next += 1;
    expect(next).toBeGreaterThan(10);
    expect(log.appendAll([10, 11, 12].map((number) => ({ type: 20, body: [number] })))).toBe(-1);
    expect(log.lost).toBe(4);
    allow(vfs);
    host.advance(1000);
    expect(log.flush()).toBe(true);
    appendNumbers(log, next, next + 1);
    expect(log.lost).toBe(4);
    expect(numbersOf(vfs), 'no hole: a record that was refused has no position').toEqual(
      upTo(next + 1),
    );
  });

  it('a disk that is full only at the sync pauses too: the repeat is tried again, nothing is lost', async () => {
    const { vfs, host, log, told } = await open();
    appendNumbers(log, 0, 2);
    await log.sync();
    appendNumbers(log, 2, 4);
    refuse(
      vfs,
      'ENOSPC',
      ({ name }) => name === 'syncLater' || name === 'sync' || name === 'write',
    );
    await expect(log.sync()).rejects.toMatchObject({ code: 'IO' });
    expect(log.recording).toBe('paused');
    expect(log.append(20, [4]), 'goes on to be accepted').toBe(4);
    host.advance(1000);
    expect(log.flush(), 'still full').toBe(false);
    allow(vfs);
    host.advance(1000);
    expect(log.flush()).toBe(true);
    expect([log.recording, log.lost, told.length]).toEqual(['on', 0, 1]);
    await log.sync();
    expect(numbersOf(vfs)).toEqual(upTo(5));
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(5));
    await log.close();
  });

  it('a part of a frame is cut off, so that readers see whole frames alone', async () => {
    const vfs = memoryVfs({ capacity: 1000 });
    const { log } = await open({}, vfs);
    for (let number = 0; log.recording === 'on'; number += 1) {
      log.append(20, [number, 'x'.repeat(100)]);
      log.flush();
    }
    const bytes = readFile(vfs, 'segment-00000001-000001');
    expect(framesOf(bytes).at(-1)?.end).toBe(bytes.length);
    expect((await Log.verify(DIRECTORY, { vfs })).torn).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('of a roll leaves the segment as it is; tried again a quarter of a segment later', async () => {
    const { vfs, log, told } = await open();
    const sizes: number[] = [];
    vfs.configure({
      onCall: (call) => {
        if (call.name !== 'link') return;
        sizes.push(vfs.stat(`${DIRECTORY}/segment-00000001-000001`)?.size ?? 0);
        if (sizes.length === 1) throw fileSystemError('ENOSPC', 'link');
      },
    });
    const large = 'x'.repeat(128 * 1024);
    for (let number = 0; number < 240 && sizes.length < 2; number += 1) {
      log.append(20, [number, large], { key: `k${number % 3}` });
      await log.sync();
    }
    const [first = 0, second = 0] = sizes;
    expect(first).toBeGreaterThanOrEqual(limits.segmentSize);
    expect(first, 'nearly synced: there is no need to wait').toBeLessThan(limits.segmentSize * 1.1);
    expect(second - first).toBeGreaterThanOrEqual(limits.segmentSize / 4);
    expect(second - first).toBeLessThan(limits.segmentSize / 2);
    expect([log.recording, told, log.nextSegment()]).toEqual(['on', [], 2]);
    expect(numbersOf(vfs)).toEqual(upTo(log.position));
    expect(log.find('k0').length, 'its keys are in the index that did appear').toBe(
      Math.ceil(log.position / 3),
    );
  });

  it('EIO of a write is answered by a new segment that repeats what was not synced', async () => {
    const { vfs, log, told } = await open();
    appendNumbers(log, 0, 2);
    refuse(vfs, 'EIO', isWrite, 1);
    log.append(20, [2]);
    expect(log.flush(), 'it is in the kernel, elsewhere').toBe(true);
    expect([log.recording, log.acknowledged, told]).toEqual(['on', 3, []]);
    log.append(20, [3]);
    refuse(vfs, 'EIO', isWrite, 1);
    await log.sync();
    appendNumbers(log, 4, 5);
    expect(numbersOf(vfs)).toEqual(upTo(5));
    expect(namesOf(vfs, 'segment').at(-1)).toBe('segment-00000001-000003');
  });

  it.each(['EIO', 'EROFS', 'EACCES'])(
    '%s of every write ends recording, told once; what was flushed is read',
    async (code) => {
      const { vfs, host, log, told } = await open();
      appendNumbers(log, 0, 2);
      await log.sync();
      appendNumbers(log, 2, 4);
      const isChange = ({ name }: VfsCall): boolean => /write|link|truncate/.test(name);
      refuse(vfs, code, (call) => isChange(call) || isCreate(call));
      log.append(20, [4]);
      expect(log.flush()).toBe(false);
      expect(log.recording).toBe('failed');
      expect(log.trouble).toMatchObject({ code: 'IO', cause: { code } });
      expect(log.trouble?.message, 'what is in doubt').toContain('from position 2 on');
      expect(log.append(20, [5])).toBe(-1);
      expect(log.lost).toBe(1);
      host.advance(10_000);
      allow(vfs);
      expect(log.flush()).toBe(false);
      await expect(log.sync()).rejects.toBe(log.trouble);
      expect(told).toHaveLength(1);
      await expect(log.close()).rejects.toBe(log.trouble);
      expect(numbersOf(vfs)).toEqual(upTo(4));
      const next = await open({}, vfs);
      expect(next.log.position).toBe(4);
    },
  );

  it('a read-only file system: opening to write is IO, reading goes on', async () => {
    const { vfs, log } = await open();
    appendNumbers(log, 0, 2);
    await log.close();
    vfs.configure({ readOnly: true });
    await expect(open({}, vfs)).rejects.toMatchObject({ code: 'IO', cause: { code: 'EROFS' } });
    expect(numbersOf(vfs)).toEqual([0, 1]);
    expect((await Log.verify(DIRECTORY, { vfs })).ok).toBe(true);
  });

  it('the directory removed under the owner ends recording, and says so', async () => {
    const { vfs, log, told } = await open();
    appendNumbers(log, 0, 2);
    for (const name of namesOf(vfs)) vfs.unlink(`${DIRECTORY}/${name}`);
    vfs.removeDirectory(DIRECTORY);
    log.append(20, [2]);
    expect(log.flush()).toBe(false);
    expect(log.recording).toBe('failed');
    expect(told.map(({ code, message }) => [code, /directory was removed/.test(message)])).toEqual([
      ['IO', true],
    ]);
    await expect(log.close()).rejects.toBe(log.trouble);
    expect(vfs.openFileCount).toBe(0);
  });

  it('another owner has taken over: fenced, told once, and nothing that follows is read', async () => {
    const { vfs, log, told } = await open();
    appendNumbers(log, 0, 2);
    const other = await open({}, vfs.attach());
    log.append(20, ['late']);
    expect(log.flush()).toBe(false);
    expect([log.recording, log.trouble?.code, told.length]).toEqual(['fenced', 'RUN_FENCED', 1]);
    expect(log.append(20, ['later'])).toBe(-1);
    appendNumbers(other.log, 2, 3);
    await expect(log.close()).rejects.toMatchObject({ code: 'RUN_FENCED' });
    appendNumbers(other.log, 3, 4);
    expect(numbersOf(vfs)).toEqual(upTo(4));
  });
});

describe('a sync that failed', () => {
  it('is answered by a new segment that repeats what was not synced', async () => {
    const { vfs, log, told } = await open();
    appendNumbers(log, 0, 3);
    await log.sync();
    appendNumbers(log, 3, 6);
    refuse(vfs, 'EIO', isSegmentSync, 1);
    await log.sync();
    expect(sealedOf(log)).toEqual([[1, 0, 3]]);
    appendNumbers(log, 6, 8);
    expect(numbersOf(vfs)).toEqual(upTo(8));
    expect([log.recording, log.lost, told]).toEqual(['on', 0, []]);
    await log.close();
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(8));
  });

  it.each(['EIO', 'ENOSPC'])('%s: its handle is never synced again', async (code) => {
    const { vfs, log } = await open();
    appendNumbers(log, 0, 3);
    const synced: (number | undefined)[] = [];
    let failed: number | undefined;
    vfs.configure({
      onCall: (call) => {
        if (!isSegmentSync(call)) return;
        synced.push(call.handle);
        if (failed !== undefined) return;
        failed = call.handle;
        throw fileSystemError(code, call.name);
      },
    });
    await log.sync();
    await log.close();
    expect(failed).toBeDefined();
    expect(synced.filter((handle) => handle === failed)).toHaveLength(1);
    expect(synced.length).toBeGreaterThan(1);
  });

  it('where not everything unsynced is held, ends recording at the watermark', async () => {
    const { vfs, log, told } = await open({ sizes: { replaySizeMax: 64 * 1024 } });
    appendNumbers(log, 0, 2);
    await log.sync();
    const large = 'x'.repeat(400_000);
    for (let number = 2; number < 8; number += 1) {
      log.append(20, [number, large]);
      log.flush();
    }
    refuse(vfs, 'EIO', isSegmentSync, 1);
    await expect(log.sync()).rejects.toMatchObject({ code: 'IO' });
    expect([log.recording, log.durable, told.length]).toEqual(['failed', 2, 1]);
    expect(log.trouble?.message).toContain('from position 2 on are in doubt');
    expect(numbersOf(vfs.crash('all dropped'))).toEqual([0, 1]);
  });

  it('of a directory is an error of that sync alone; the next one makes good', async () => {
    const { vfs, log } = await open();
    appendNumbers(log, 0, 3);
    refuse(vfs, 'EIO', ({ name }) => name === 'syncDirectory', 1);
    // The background's own attempt may be the one that fails: then nobody hears of it.
    await log.sync().catch((error: unknown) => expect(error).toMatchObject({ code: 'IO' }));
    expect(log.recording).toBe('on');
    await log.sync();
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(3));
  });

  it('of a background sync is found by the next flush', async () => {
    const { vfs, log, told } = await open({ sizes: { syncSize: 100 } });
    refuse(vfs, 'EIO', isSegmentSync, 1);
    appendNumbers(log, 0, 3);
    await new Promise((resolve) => setImmediate(resolve));
    appendNumbers(log, 3, 4);
    expect([log.recording, told, log.nextSegment()]).toEqual(['on', [], 2]);
    expect(numbersOf(vfs)).toEqual(upTo(4));
  });

  it.each([0, 3])(
    'keys are found where they were repeated, %i records synced before',
    async (synced) => {
      const { vfs, log } = await open();
      appendNumbers(log, 0, synced);
      await log.sync();
      appendNumbers(log, synced, 6);
      log.append(20, ['only'], { key: 'once' });
      log.flush();
      refuse(vfs, 'EIO', isSegmentSync, 1);
      await log.sync();
      const found = async (from: Log): Promise<unknown> => ({
        once: (await from.latest('once'))?.body,
        k1: from.find('k1').map(({ position }) => position),
      });
      const expected = { once: ['only'], k1: [1, 4] };
      expect(await found(log), 'at once').toEqual(expected);
      await log.seal();
      expect(await found(log), 'after a roll').toEqual(expected);
      await log.close();
      // What the failed sync was to keep is gone from the disk.
      const disk = vfs.crash('all dropped');
      expect(await found(Log.snapshot(DIRECTORY, { vfs: disk })), 'by a reader').toEqual(expected);
      const next = await open({}, disk);
      expect(await found(next.log), 'in the next opening').toEqual(expected);
    },
  );

  it('where links are refused, is answered all the same', async () => {
    const { vfs, log } = await open({}, memoryVfs({ refuseLinks: true }));
    appendNumbers(log, 0, 3);
    refuse(vfs, 'EIO', isSegmentSync, 1);
    await log.sync();
    appendNumbers(log, 3, 5);
    await log.sync();
    expect([log.recording, log.nextSegment()]).toEqual(['on', 2]);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(5));
  });
});
