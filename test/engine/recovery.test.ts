// The decision table of spec/recovery.md: each case has a test with its number. What is read, what is
// reported (file, offset, extent), what is torn; and that an owner who takes the log over decides the
// same and changes no byte of another (G6, G7).

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';
import { encodeManifest, type Manifest } from '../../src/engine/format/manifest.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from '../../src/engine/format/segment-header.ts';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { HandMadeSegment } from '../support/hand-made.ts';
import {
  appendNumbers,
  DIRECTORY,
  flip,
  framesOf,
  namesOf,
  optionsOf,
  readFile,
  upTo,
  writeFile,
} from '../support/log-files.ts';
import { simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

const FIRST = 'segment-00000001-000001';
const SECOND = 'segment-00000001-000002';

/** A log of one owner who was killed: what `work` left. */
async function killedLog(work: (log: Log) => Promise<void> | void): Promise<MemoryVfs> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs));
  await work(log);
  return vfs.kill();
}

/** Six records, sealed; three more in the tail. */
const sealedAndTail = (): Promise<MemoryVfs> =>
  killedLog(async (log) => {
    for (let number = 0; number < 6; number += 1) appendNumbers(log, number, number + 1);
    await log.seal();
    for (let number = 6; number < 9; number += 1) appendNumbers(log, number, number + 1);
  });

/** A tail of eight records: a sync after each of the first `synced` ones. */
const tailOf = (synced: number): Promise<MemoryVfs> =>
  killedLog(async (log) => {
    for (let number = 0; number < 8; number += 1) {
      appendNumbers(log, number, number + 1);
      if (number < synced) await log.sync();
    }
  });

interface Reading {
  readonly numbers: number[];
  readonly damage: readonly (readonly [file: string, offset: number, size: number])[];
  readonly torn: readonly [file: string, offset: number, size: number] | undefined;
  readonly decided: boolean;
}

const short = (file: string): string => file.slice(DIRECTORY.length + 1);

/** What reader, verify and (once more, on a copy) a new owner say: they must agree. */
async function read(vfs: MemoryVfs): Promise<Reading> {
  const log = Log.snapshot(DIRECTORY, { vfs });
  const records = [...log.records()];
  for (const { position, body } of records)
    expect(body, `position ${position}`).toEqual([position]);
  const { damaged, torn } = await Log.verify(DIRECTORY, { vfs });
  const places = new Map(
    damaged.map(({ file, offset, size }) => [
      `${file} ${offset}`,
      [short(file), offset, size] as const,
    ]),
  );
  expect(log.damage.every(({ file, offset }) => places.has(`${file} ${offset}`))).toBe(true);
  expect(log.damage.length > 0).toBe(damaged.length > 0);
  return {
    numbers: records.map(({ position }) => position),
    damage: [...places.values()],
    torn: torn && [short(torn.file), torn.offset, torn.size],
    decided: log.decided,
  };
}

/** A new owner takes the log over: reads the same, and leaves every segment as it was. */
async function takeOver(vfs: MemoryVfs, expected: readonly number[]): Promise<Log> {
  const before = namesOf(vfs, 'segment').map((name) => [name, readFile(vfs, name)] as const);
  const log = await Log.open(DIRECTORY, optionsOf(vfs));
  const numbers = Array.from(log.records(), ({ position }) => position);
  expect(numbers).toEqual(expected);
  for (const [name, bytes] of before)
    if (vfs.stat(`${DIRECTORY}/${name}`) !== undefined)
      expect(Buffer.compare(readFile(vfs, name), bytes), name).toBe(0);
  return log;
}

/** Appends after the take-over, closes, and finds it all again. */
async function goOn(log: Log, vfs: MemoryVfs, expected: readonly number[]): Promise<void> {
  const { position } = log;
  appendNumbers(log, position, position + 2);
  await log.close();
  const numbers = Array.from(Log.snapshot(DIRECTORY, { vfs }).records(), (each) => each.position);
  expect(numbers).toEqual([...expected, position, position + 1]);
}

const frameAt = (vfs: MemoryVfs, name: string, index: number): { offset: number; end: number } =>
  framesOf(readFile(vfs, name))[index] as { offset: number; end: number };

const cut = (vfs: MemoryVfs, name: string, size: number): void =>
  writeFile(vfs, name, readFile(vfs, name).slice(0, size));

/** The header of a segment with something else in it, its checksum right. */
function withHeader(vfs: MemoryVfs, name: string, change: Partial<SegmentHeader>): void {
  const bytes = readFile(vfs, name);
  const header = decodeSegmentHeader(bytes, name) as SegmentHeader;
  bytes.set(encodeSegmentHeader({ ...header, ...change }));
  writeFile(vfs, name, bytes);
}

const without = (end: number, ...missing: number[]): number[] =>
  upTo(end).filter((number) => !missing.includes(number));

describe('sealed segments', () => {
  it('case 1: a bad frame below the length is corrupt, to the next valid one; reading goes on behind it', async () => {
    for (const place of [0, 20, 48]) {
      const vfs = await sealedAndTail();
      const { offset, end } = frameAt(vfs, FIRST, 2);
      flip(vfs, FIRST, offset + place);
      expect(await read(vfs)).toEqual({
        numbers: without(9, 2),
        damage: [[FIRST, offset, end - offset]],
        torn: undefined,
        decided: true,
      });
      await goOn(await takeOver(vfs, without(9, 2)), vfs, without(9, 2));
    }
  });

  it('case 1: the last frame too, to the length', async () => {
    const vfs = await sealedAndTail();
    const frames = framesOf(readFile(vfs, FIRST));
    const { offset } = frameAt(vfs, FIRST, 5);
    for (let place = offset; place < (frames.at(-1)?.end ?? 0); place += 8) flip(vfs, FIRST, place);
    const { numbers, damage } = await read(vfs);
    expect(numbers).toEqual(without(9, 5));
    expect(damage).toEqual([[FIRST, offset, (frames.at(-1)?.end ?? 0) - offset]]);
  });

  it('case 2: the length is the end, whatever the file holds behind it', async () => {
    const vfs = await sealedAndTail();
    const bytes = readFile(vfs, FIRST);
    const { offset, end } = frameAt(vfs, FIRST, 0);
    writeFile(vfs, FIRST, Buffer.concat([bytes, bytes.subarray(offset, end)]));
    expect(await read(vfs)).toEqual({
      numbers: upTo(9),
      damage: [],
      torn: undefined,
      decided: true,
    });
  });

  it('case 3: a file that is too short: the missing bytes are corrupt', async () => {
    const vfs = await sealedAndTail();
    const { offset } = frameAt(vfs, FIRST, 4);
    const { length } = readFile(vfs, FIRST);
    cut(vfs, FIRST, offset);
    const expected = without(9, 4, 5);
    expect(await read(vfs)).toEqual({
      numbers: expected,
      damage: [[FIRST, offset, length - offset]],
      torn: undefined,
      decided: true,
    });
    await goOn(await takeOver(vfs, expected), vfs, expected);
  });

  it('case 4: a file that is gone: all of it is corrupt, the rest is read and written on', async () => {
    const vfs = await sealedAndTail();
    const { length } = readFile(vfs, FIRST);
    vfs.unlink(`${DIRECTORY}/${FIRST}`);
    const expected = [6, 7, 8];
    expect(await read(vfs)).toEqual({
      numbers: expected,
      damage: [[FIRST, 0, length]],
      torn: undefined,
      decided: true,
    });
    await goOn(await takeOver(vfs, expected), vfs, expected);
  });
});

describe('the tail', () => {
  it('case 5: no valid frame behind it and nothing promised: torn, at every byte, and silent', async () => {
    const whole = await tailOf(3);
    const bytes = readFile(whole, FIRST);
    const last = frameAt(whole, FIRST, 7);
    for (let size = last.offset + 1; size < last.end; size += 1) {
      const vfs = whole.clone();
      cut(vfs, FIRST, size);
      expect(await read(vfs)).toEqual({
        numbers: upTo(7),
        damage: [],
        torn: [FIRST, last.offset, size - last.offset],
        decided: true,
      });
    }
    const flipped = whole.clone();
    flip(flipped, FIRST, bytes.length - 1);
    await goOn(await takeOver(flipped, upTo(7)), flipped, upTo(7));
    expect((await read(flipped)).damage, 'nor later').toEqual([]);
  });

  it('case 6: valid frames behind it that were never promised: torn, they are not read', async () => {
    const vfs = await tailOf(3);
    const { offset } = frameAt(vfs, FIRST, 5);
    flip(vfs, FIRST, offset);
    expect(await read(vfs)).toEqual({
      numbers: upTo(5),
      damage: [],
      torn: [FIRST, offset, readFile(vfs, FIRST).length - offset],
      decided: true,
    });
    const log = await takeOver(vfs, upTo(5));
    expect(log.damage).toEqual([]);
    await goOn(log, vfs, upTo(5));
  });

  it('case 7: a watermark behind it covers it: corrupt, the log goes on behind it', async () => {
    const vfs = await tailOf(6);
    const { offset, end } = frameAt(vfs, FIRST, 2);
    flip(vfs, FIRST, offset + 50);
    const expected = without(8, 2);
    expect(await read(vfs)).toEqual({
      numbers: expected,
      damage: [[FIRST, offset, end - offset]],
      torn: undefined,
      decided: true,
    });
    const log = await takeOver(vfs, expected);
    expect(log.damage.map((each) => each.offset)).toEqual([offset]);
    await goOn(log, vfs, expected);
    const { manifest } = Log.snapshot(DIRECTORY, { vfs });
    expect(manifest?.damage, 'the decision says what was known').toEqual([
      { fence: 1, number: 1, from: offset, to: end },
    ]);
    expect((await read(vfs)).damage, 'still reported').toEqual([[FIRST, offset, end - offset]]);
  });

  it('case 7: and ends at the last frame without a gap above the watermark', async () => {
    const vfs = await tailOf(5);
    const damaged = frameAt(vfs, FIRST, 1);
    const behind = frameAt(vfs, FIRST, 6);
    flip(vfs, FIRST, damaged.offset);
    flip(vfs, FIRST, behind.offset);
    expect(await read(vfs)).toEqual({
      numbers: without(6, 1),
      damage: [[FIRST, damaged.offset, damaged.end - damaged.offset]],
      torn: [FIRST, behind.offset, readFile(vfs, FIRST).length - behind.offset],
      decided: true,
    });
  });

  it('case 8: promised and nothing is there: corrupt, the log ends there', async () => {
    const vfs = memoryVfs();
    vfs.makeDirectory(DIRECTORY);
    const sealed = new HandMadeSegment({ logId: 7n });
    sealed.records([{ type: 20, body: [0] }]);
    writeFile(vfs, FIRST, sealed.bytes);
    // The manifest promises three records; the tail begins with the second, and holds no other.
    const tail = new HandMadeSegment({ logId: 7n, number: 2, first: 1, repeat: true });
    tail.records([{ type: 20, body: [1] }]);
    const garbage = new Uint8Array(40).fill(7);
    writeFile(vfs, SECOND, Buffer.concat([tail.bytes, garbage]));
    const manifest: Manifest = {
      counter: 1,
      logId: 7n,
      fence: 1,
      tailNumber: 2,
      first: 0,
      end: 3,
      segments: [sealed.sealed({ end: 3 })],
      damage: [],
    };
    writeFile(vfs, 'manifest-00000001', encodeManifest(manifest));
    const report = await Log.verify(DIRECTORY, { vfs });
    expect(report.damaged.map(({ file, offset, size }) => [short(file), offset, size])).toEqual([
      [SECOND, tail.bytes.length, garbage.length],
    ]);
    expect(report.damaged[0]?.reason).toContain('up to 3 were synced');
    expect(report.torn).toBeUndefined();
    expect(Log.snapshot(DIRECTORY, { vfs }).position).toBe(2);
  });

  it.each([0, 1, SEGMENT_HEADER_SIZE - 1, 'flipped'] as const)(
    'case 9: a header of %s bytes and no successor: torn, the tail ends before it',
    async (size) => {
      const vfs = await sealedAndTail();
      if (size === 'flipped') flip(vfs, SECOND, 60);
      else cut(vfs, SECOND, size);
      const { length } = readFile(vfs, SECOND);
      expect(await read(vfs)).toEqual({
        numbers: upTo(6),
        damage: [],
        torn: [SECOND, 0, length],
        decided: true,
      });
      const log = await takeOver(vfs, upTo(6));
      expect(log.damage).toEqual([]);
      await goOn(log, vfs, upTo(6));
    },
  );

  /** Two segments in the tail: the second repeats what of the first was never synced. */
  async function repeated(synced: number): Promise<MemoryVfs> {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, synced);
    await log.sync();
    for (let number = synced; number < 6; number += 1) appendNumbers(log, number, number + 1);
    let failed = false;
    let disk: MemoryVfs | undefined;
    vfs.configure({
      onCall: ({ name, target }) => {
        if (name === 'syncLater' && !failed) {
          failed = true;
          throw Object.assign(new Error('EIO'), { code: 'EIO' });
        }
        if (name === 'link' && target?.includes('manifest')) disk ??= vfs.kill();
      },
    });
    await log.sync();
    if (disk === undefined) throw new Error('killed before the manifest of the repeat');
    return disk;
  }

  it('case 10: an invalid header and a valid successor: the file is corrupt, the log goes on there', async () => {
    const vfs = await repeated(3);
    const { length } = readFile(vfs, FIRST);
    flip(vfs, FIRST, 40);
    expect(await read(vfs)).toEqual({
      numbers: [3, 4, 5],
      damage: [[FIRST, 0, length]],
      torn: undefined,
      decided: true,
    });
    await goOn(await takeOver(vfs, [3, 4, 5]), vfs, [3, 4, 5]);
  });

  it('case 11: a repeat is there: its predecessor ends at the length in its header', async () => {
    const vfs = await repeated(3);
    const header = decodeSegmentHeader(readFile(vfs, SECOND), SECOND) as SegmentHeader;
    expect([header.repeat, header.first, header.predecessor.length]).toEqual([
      true,
      3,
      frameAt(vfs, FIRST, 3).offset,
    ]);
    const expected = { numbers: upTo(6), damage: [], torn: undefined, decided: true };
    expect(await read(vfs)).toEqual(expected);
    // What the failed sync left behind the length may be anything.
    flip(vfs, FIRST, header.predecessor.length + 20);
    expect(await read(vfs)).toEqual(expected);
    const log = await takeOver(vfs, upTo(6));
    expect(log.manifest?.segments.map(({ first, end }) => [first, end])).toEqual([
      [0, 3],
      [3, 6],
    ]);
    await goOn(log, vfs, upTo(6));
  });

  it('case 11: below that length a bad frame is corrupt, as in a sealed segment', async () => {
    const vfs = await repeated(3);
    const { offset, end } = frameAt(vfs, FIRST, 1);
    flip(vfs, FIRST, offset);
    expect(await read(vfs)).toEqual({
      numbers: without(6, 1),
      damage: [[FIRST, offset, end - offset]],
      torn: undefined,
      decided: true,
    });
  });

  it.each<[string, Partial<SegmentHeader>]>([
    ['log id', { logId: 1n }],
    ['fence', { fence: 2 }],
    ['number', { number: 3 }],
    ['first position', { first: 7 }],
    ['kind', { rewritten: true }],
  ])('case 12: a valid header with another %s is as an invalid one', async (_what, change) => {
    const vfs = await sealedAndTail();
    withHeader(vfs, SECOND, change);
    expect(await read(vfs)).toEqual({
      numbers: upTo(6),
      damage: [],
      torn: [SECOND, 0, readFile(vfs, SECOND).length],
      decided: true,
    });
    await takeOver(vfs, upTo(6));
  });

  it('case 17: a valid header with a first position where the log has been already is of another history', async () => {
    const vfs = await sealedAndTail();
    withHeader(vfs, SECOND, { first: 5 });
    expect(await read(vfs)).toEqual({
      numbers: upTo(6),
      damage: [[SECOND, 0, readFile(vfs, SECOND).length]],
      torn: undefined,
      decided: true,
    });
    await expect(Log.open(DIRECTORY, optionsOf(vfs))).rejects.toMatchObject({ code: 'CORRUPT' });
    await Log.repair(DIRECTORY, { vfs, host: simulatedHost() });
    await takeOver(vfs, upTo(6));
  });

  it('case 11: damage at the end of what a successor says is whole hides nothing of the successor', async () => {
    const vfs = memoryVfs();
    vfs.makeDirectory(DIRECTORY);
    const one = new HandMadeSegment({ logId: 7n });
    for (let number = 0; number < 3; number += 1) one.records([{ type: 20, body: [number] }]);
    const { length } = one.bytes;
    const predecessor = { fence: 1, number: 1, length, sum: 0n };
    const two = new HandMadeSegment({ logId: 7n, number: 2, first: 3, repeat: true, predecessor });
    for (let number = 3; number < 6; number += 1) two.records([{ type: 20, body: [number] }]);
    writeFile(vfs, FIRST, one.bytes);
    writeFile(vfs, SECOND, two.bytes);
    const manifest = { counter: 1, logId: 7n, fence: 1, tailNumber: 1, first: 0, end: 0 };
    writeFile(vfs, 'manifest-00000001', encodeManifest({ ...manifest, segments: [], damage: [] }));
    const { offset } = frameAt(vfs, FIRST, 2);
    flip(vfs, FIRST, offset + 50);
    const found = { numbers: without(6, 2), damage: [[FIRST, offset, length - offset]] };
    expect(await read(vfs)).toEqual({ ...found, torn: undefined, decided: true });
    await takeOver(vfs, without(6, 2));
  });

  it.each([
    { how: 'missing, of one who closed', isClosed: true, isEmptied: false },
    { how: 'emptied, of one who closed', isClosed: true, isEmptied: true },
    { how: 'missing, of one who was killed behind a sync', isClosed: false, isEmptied: false },
    { how: 'emptied, of one who was killed behind a sync', isClosed: false, isEmptied: true },
  ])(
    'case 18: the manifest of an owner is $how: nobody takes its records away',
    async ({ isClosed, isEmptied }) => {
      const vfs = memoryVfs();
      for (const end of [3, 6, 9]) {
        const log = await Log.open(DIRECTORY, optionsOf(vfs, { force: true }));
        appendNumbers(log, end - 3, end - 1);
        if (!isClosed) await log.sync();
        appendNumbers(log, end - 1, end);
        if (isClosed) await log.close();
      }
      const name = namesOf(vfs, 'manifest').at(-1) as string;
      if (isEmptied) writeFile(vfs, name, new Uint8Array(0));
      else vfs.unlink(`${DIRECTORY}/${name}`);
      const segment = namesOf(vfs, 'segment').at(-1) as string;
      const corrupt = { code: 'CORRUPT', message: expect.stringContaining('runlog repair') };
      for (let tries = 0; tries < 2; tries += 1) {
        const { damaged } = await Log.verify(DIRECTORY, { vfs });
        expect(damaged.map(({ file }) => short(file))).toEqual([segment]);
        await expect(Log.open(DIRECTORY, optionsOf(vfs, { force: true }))).rejects.toMatchObject(
          corrupt,
        );
      }
      await Log.repair(DIRECTORY, { vfs, host: simulatedHost() });
      expect((await Log.verify(DIRECTORY, { vfs })).damaged).toEqual([]);
      await takeOver(vfs, upTo(9));
    },
  );

  it('case 18: not without a mark of a sync: its owner was killed before any, and the power went', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 3);
    log.flush();
    vfs.unlink(`${DIRECTORY}/${namesOf(vfs, 'manifest')[0]}`);
    expect((await Log.verify(DIRECTORY, { vfs })).damaged).toEqual([]);
    await takeOver(vfs, []);
  });

  it('case 12: so is a sealed one: damage there', async () => {
    const vfs = await sealedAndTail();
    const { length } = readFile(vfs, FIRST);
    writeFile(vfs, FIRST, readFile(vfs, SECOND));
    const { numbers, damage } = await read(vfs);
    expect(numbers).toEqual([6, 7, 8]);
    expect(damage).toEqual([[FIRST, 0, length]]);
  });

  it('case 15: zeros to the end are torn, never a frame', async () => {
    for (const zeros of [1, 8, 47, 48, 4096]) {
      const vfs = await tailOf(3);
      const bytes = readFile(vfs, FIRST);
      writeFile(vfs, FIRST, Buffer.concat([bytes, new Uint8Array(zeros)]));
      expect(await read(vfs)).toEqual({
        numbers: upTo(8),
        damage: [],
        torn: [FIRST, bytes.length, zeros],
        decided: true,
      });
      await goOn(await takeOver(vfs, upTo(8)), vfs, upTo(8));
    }
  });
});

describe('manifests', () => {
  it('case 13: the newest is invalid: writing is CORRUPT; reading uses the last valid one, undecided', async () => {
    for (const bytes of [new Uint8Array([1]), new Uint8Array(100)]) {
      const vfs = await sealedAndTail();
      const newest = namesOf(vfs, 'manifest').at(-1) as string;
      writeFile(vfs, newest, bytes);
      expect(await read(vfs)).toMatchObject({
        numbers: [],
        damage: [[newest, 0, expect.any(Number)]],
        decided: false,
      });
      await expect(Log.open(DIRECTORY, optionsOf(vfs))).rejects.toMatchObject({ code: 'CORRUPT' });
      expect(namesOf(vfs, 'fence'), 'nothing was touched').toEqual(['fence-00000001']);
    }
  });

  it('case 14: a fence and no manifest: its owner died before; a new log, empty', async () => {
    let disk: MemoryVfs | undefined;
    const vfs = memoryVfs({
      onCall: ({ name, target }) => {
        if (name === 'link' && target?.includes('manifest')) disk ??= vfs.kill();
      },
    });
    await Log.open(DIRECTORY, optionsOf(vfs));
    if (disk === undefined) throw new Error('killed before its first manifest');
    expect(await read(disk)).toEqual({
      numbers: [],
      damage: [],
      torn: undefined,
      decided: false,
    });
    await goOn(await takeOver(disk, []), disk, []);
  });
});

describe('fences', () => {
  it('case 16: the first one is linked before it is synced: what a power loss leaves of it is torn', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 3);
    await log.sync();
    for (const rule of [
      'all dropped',
      'names kept content dropped',
      'zeroed',
      'garbled',
    ] as const) {
      const disk = vfs.crash(rule);
      expect(await read(disk), rule).toMatchObject({ numbers: upTo(3), damage: [] });
      await goOn(await takeOver(disk, upTo(3)), disk, upTo(3));
    }
  });

  it('case 16: another is synced before it is linked: one that does not verify is corrupt', async () => {
    const vfs = memoryVfs();
    for (let opening = 0; opening < 2; opening += 1) {
      const log = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(log, opening, opening + 1);
    }
    const { length } = readFile(vfs, 'fence-00000002');
    flip(vfs, 'fence-00000002', 40);
    const { damaged } = await Log.verify(DIRECTORY, { vfs });
    expect(damaged.map(({ file, offset, size }) => [short(file), offset, size])).toEqual([
      ['fence-00000002', 0, length],
    ]);
    await goOn(await takeOver(vfs, upTo(2)), vfs, upTo(2));
  });
});

it('each case of the table has its test here', () => {
  const page = fileURLToPath(new URL('../../spec/recovery.md', import.meta.url));
  const numbers = [...readFileSync(page, 'utf8').matchAll(/^\| (\d+) \|/gm)].map(
    ([, each]) => each,
  );
  const own = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  expect(numbers.length).toBeGreaterThanOrEqual(15);
  for (const number of numbers) expect(own).toMatch(new RegExp(`'case ${number}:`));
});
