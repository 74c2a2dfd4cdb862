// verify names every damaged extent and changes nothing; repair, on order, makes a log writable whose
// newest manifest is damaged, loses nothing that can be read, and puts aside instead of deleting.

import { beforeAll, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../src/engine/format/frame.ts';
import { packBody } from '../../src/engine/format/msgpack.ts';
import {
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  namedCrashRules,
  type VerifyReport,
} from '../../src/engine/index.ts';
import { Coroutine } from '../support/coroutine.ts';
import { deaths } from '../support/deaths.ts';
import {
  appendNumbers,
  copyRecords,
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

/** Twelve records: two owners, sealed segments, the last one hot. */
async function makeLog(options: LogOptions = {}, close = true): Promise<MemoryVfs> {
  const vfs = memoryVfs();
  for (let owner = 0; owner < 2; owner += 1) {
    const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
    for (let part = 0; part < 2; part += 1) {
      appendNumbers(log, log.position, log.position + 3);
      if (part === 0) await log.seal();
    }
    if (close) await log.close();
  }
  return vfs;
}

const host = simulatedHost();
const verify = (vfs: MemoryVfs) => Log.verify(DIRECTORY, { vfs });
const newestManifest = (vfs: MemoryVfs): string => namesOf(vfs, 'manifest').at(-1) as string;
const garble = (vfs: MemoryVfs, name: string): void =>
  writeFile(vfs, name, new Uint8Array(readFile(vfs, name).length).fill(0x55));

describe('verify', () => {
  it('of a log that others open, rewrite and close at any of its calls finds no damage', async () => {
    for (let steps = 1, isOver = false; !isOver; steps += 1) {
      const vfs = await makeLog();
      let report: VerifyReport | undefined;
      const verifying = new Coroutine('verify', vfs.attach(), async (stage) => {
        report = await Log.verify(DIRECTORY, { vfs: stage.vfs });
      });
      isOver = await verifying.go(steps);
      for (let owner = 0; owner < 3; owner += 1) {
        const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
        appendNumbers(log, log.position, log.position + 3);
        await log.seal();
        await log.rewrite();
        await log.close();
      }
      await verifying.go(Number.POSITIVE_INFINITY);
      expect(report, `after ${steps} calls`).toMatchObject({ ok: true, damaged: [], foreign: [] });
    }
  });

  it('at any call of an owner finds no damage, also where links are refused and names come first', async () => {
    for (const refuseLinks of [false, true]) {
      for (let at = 0, isOver = false; !isOver; at += 1) {
        const disk = memoryVfs({ refuseLinks });
        await (await Log.open(DIRECTORY, optionsOf(disk))).close();
        let calls = 0;
        const then: MemoryVfs[] = [];
        const onCall = (): void => {
          if (calls++ === at) then.push(disk.clone());
        };
        const vfs = disk.attach({ refuseLinks, onCall });
        const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
        appendNumbers(log, 0, 3);
        await log.seal();
        await log.rewrite();
        await log.close();
        for (const each of then)
          expect((await verify(each)).damaged, `call ${at}, ${refuseLinks}`).toEqual([]);
        isOver = then.length === 0;
      }
    }
  });

  it('of a sound log: ok, with what it has read', async () => {
    for (const [vfs, end] of [
      [await makeLog(), 'closed'],
      [await makeLog({}, false), 'not closed'],
      [await makeLog({ rewrite: copyRecords }), 'rewritten'],
    ] as const) {
      const report = await verify(vfs);
      expect(report, end).toMatchObject({ ok: true, damaged: [], records: 12, foreign: [] });
      const sizes = [...namesOf(vfs, 'segment'), ...namesOf(vfs, 'rewritten')].map(
        (name) => readFile(vfs, name).length,
      );
      expect(report.bytes).toBe(sizes.reduce((sum, each) => sum + each, 0));
    }
  });

  it('of a log that is empty, or has none of its files', async () => {
    const vfs = memoryVfs();
    vfs.makeDirectory(DIRECTORY);
    expect(await verify(vfs)).toMatchObject({ ok: true, records: 0, bytes: 0 });
    await Log.open(DIRECTORY, optionsOf(vfs));
    expect(await verify(vfs)).toMatchObject({ ok: true, records: 0, bytes: 0 });
  });

  it('calls nothing that changes anything', async () => {
    const vfs = await makeLog();
    flip(vfs, namesOf(vfs, 'segment')[0] as string, 150);
    garble(vfs, newestManifest(vfs));
    vfs.configure({ readOnly: true });
    const before = vfs.hash();
    expect((await verify(vfs)).ok).toBe(false);
    expect(vfs.hash()).toBe(before);
    expect(vfs.openFileCount).toBe(0);
  });

  it('names every extent, once, of every file', async () => {
    const vfs = await makeLog();
    const [first, second] = namesOf(vfs, 'segment') as [string, string];
    const frames = framesOf(readFile(vfs, first));
    for (const index of [0, 2]) flip(vfs, first, frames[index]?.offset ?? 0);
    flip(vfs, second, (framesOf(readFile(vfs, second))[1]?.offset ?? 0) + 50);
    const { damaged } = await verify(vfs);
    expect(damaged.map(({ file, offset, size }) => [file, offset, size])).toEqual([
      ...[0, 2].map((index) => {
        const { offset, end } = frames[index] as { offset: number; end: number };
        return [`${DIRECTORY}/${first}`, offset, end - offset];
      }),
      [`${DIRECTORY}/${second}`, expect.any(Number), expect.any(Number)],
    ]);
    for (const { reason } of damaged) expect(reason).not.toBe('');
  });

  it('whole frames in the place of those that were sealed are found by the sum', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 3);
    const other = vfs.kill();
    appendNumbers(log, 3, 4);
    await log.seal();
    // The same segment went on in another way: same header and salt, another fourth record.
    const sealed = readFile(vfs, 'segment-00000001-000001');
    expect((await verify(vfs)).ok).toBe(true);
    const bytes = readFile(other, 'segment-00000001-000001');
    expect(Buffer.compare(bytes, sealed.subarray(0, bytes.length))).toBe(0);
    const swapped = sealed.slice();
    const salt = new DataView(sealed.buffer, sealed.byteOffset).getBigUint64(40, true);
    const body = packBody(['k0', [7]]);
    swapped.set(
      encodeFrame({ type: 20, flags: 1, count: 1, first: 3, watermark: 0 }, body, salt),
      framesOf(sealed)[3]?.offset,
    );
    writeFile(vfs, 'segment-00000001-000001', swapped);
    expect(numbersOf(vfs)).toEqual([0, 1, 2, 7]);
    const { damaged } = await verify(vfs);
    expect(damaged.map(({ reason }) => reason)).toEqual([
      'whole frames, but not the ones that were sealed',
    ]);
  });

  it('the torn end of a tail is told apart: it is no damage', async () => {
    const vfs = await makeLog({}, false);
    const last = namesOf(vfs, 'segment').at(-1) as string;
    const bytes = readFile(vfs, last);
    writeFile(vfs, last, bytes.slice(0, -5));
    const report = await verify(vfs);
    expect(report).toMatchObject({ ok: true, records: 11 });
    expect(report.torn?.file).toBe(`${DIRECTORY}/${last}`);
  });

  it('a file of a newer version is FORMAT_TOO_NEW, and nothing else is judged', async () => {
    for (const prefix of ['segment', 'manifest']) {
      const vfs = await makeLog();
      const name = namesOf(vfs, prefix).at(-1) as string;
      const bytes = readFile(vfs, name);
      bytes[8] = 2;
      writeFile(vfs, name, bytes);
      await expect(verify(vfs)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
      await expect(Log.open(DIRECTORY, optionsOf(vfs))).rejects.toMatchObject({
        code: 'FORMAT_TOO_NEW',
      });
      // Repair looks at segments only where a manifest is lost.
      if (prefix === 'segment') garble(vfs, newestManifest(vfs));
      await expect(Log.repair(DIRECTORY, { vfs, host })).rejects.toMatchObject({
        code: 'FORMAT_TOO_NEW',
      });
    }
  });
});

describe('a log of which two copies went on apart, one copied over the other', () => {
  it('is CORRUPT to who opens or copies it, named, and goes on once repair has put the stranger aside', async () => {
    const one = await makeLog();
    const two = one.clone();
    // As many openings, not as many records.
    for (const [vfs, count] of [
      [one, 5],
      [two, 2],
    ] as const) {
      const log = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(log, log.position, log.position + count);
      await log.close();
      const last = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(last, last.position, last.position + 1);
      await last.close();
    }
    const name = namesOf(one, 'segment').at(-1) as string;
    expect(namesOf(two, 'segment').at(-1)).toBe(name);
    one.unlink(`${DIRECTORY}/${name}`);
    const bytes = readFile(two, name);
    const file = one.open(`${DIRECTORY}/${name}`, 'create');
    one.write(file, bytes, 0);
    one.close(file);
    const stranger = { file: `${DIRECTORY}/${name}`, offset: 0, size: bytes.length };
    const corrupt = { code: 'CORRUPT', message: expect.stringContaining('runlog repair') };
    one.makeDirectory('/target');
    for (let tries = 0; tries < 2; tries += 1) {
      expect((await verify(one)).damaged).toMatchObject([stranger]);
      expect(numbersOf(one)).toEqual(upTo(17));
      if (tries === 0)
        await expect(Log.copy(DIRECTORY, '/target', { vfs: one, host })).rejects.toMatchObject(
          corrupt,
        );
      await expect(Log.open(DIRECTORY, optionsOf(one))).rejects.toMatchObject(corrupt);
    }
    expect(await Log.repair(DIRECTORY, { vfs: one, host })).toEqual([
      `${DIRECTORY}/damaged-${name}`,
    ]);
    expect(readFile(one, `damaged-${name}`)).toEqual(bytes);
    expect(await Log.repair(DIRECTORY, { vfs: one, host })).toEqual([]);
    const log = await Log.open(DIRECTORY, optionsOf(one));
    expect(log.position).toBe(17);
    await log.close();
    expect((await verify(one)).damaged).toEqual([]);
  });
});

describe('repair', () => {
  it('that dies at any of its calls, also with the power, loses nothing: who repairs again has it all', async () => {
    for (const options of [{}, { rewrite: copyRecords }]) {
      const start = await makeLog(options);
      // Of an owner who was killed: what only its tail holds.
      const last = await Log.open(DIRECTORY, optionsOf(start, options));
      appendNumbers(last, 12, 15);
      await last.sync();
      const damaged = newestManifest(start);
      garble(start, damaged);
      const file = start.open(`${DIRECTORY}/${damaged}`, 'write');
      start.sync(file);
      start.close(file);
      start.syncDirectory(DIRECTORY);
      for await (const { vfs, at } of deaths(start, (on) =>
        Log.repair(DIRECTORY, { vfs: on, host }),
      )) {
        for (const rule of [undefined, ...Object.values(namedCrashRules)]) {
          const after = rule === undefined ? vfs.kill() : vfs.crash(rule);
          await Log.repair(DIRECTORY, { vfs: after, host });
          const log = await Log.open(DIRECTORY, optionsOf(after, { ...options, force: true }));
          await log.close();
          expect(numbersOf(after), `call ${at}`).toEqual(upTo(15));
          expect((await verify(after)).damaged, `call ${at}`).toEqual([]);
        }
      }
    }
  });

  it('of a log that needs none changes nothing', async () => {
    const vfs = await makeLog();
    const before = vfs.hash();
    expect(await Log.repair(DIRECTORY, { vfs, host })).toEqual([]);
    expect(vfs.hash()).toBe(before);
  });

  it.each(['closed', 'killed', 'rewritten'] as const)(
    'of a %s log whose newest manifest is lost: every record is there, the log goes on',
    async (how) => {
      const vfs = await makeLog(
        how === 'rewritten' ? { rewrite: copyRecords } : {},
        how !== 'killed',
      );
      const newest = newestManifest(vfs);
      garble(vfs, newest);
      await expect(Log.open(DIRECTORY, optionsOf(vfs))).rejects.toMatchObject({ code: 'CORRUPT' });
      const aside = `${DIRECTORY}/damaged-${newest}`;
      expect(await Log.repair(DIRECTORY, { vfs, host })).toEqual([aside]);
      expect(vfs.stat(aside), 'kept').toBeDefined();
      expect(numbersOf(vfs)).toEqual(upTo(12));
      const log = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(log, 12, 14);
      await log.close();
      expect(numbersOf(vfs)).toEqual(upTo(14));
      expect((await verify(vfs)).ok).toBe(true);
      const foreign = (await verify(vfs)).foreign;
      expect(foreign).toEqual([`damaged-${newest}`]);
    },
  );

  it('with every manifest lost: what the headers tell', async () => {
    const vfs = await makeLog();
    const manifests = namesOf(vfs, 'manifest');
    for (const name of manifests) garble(vfs, name);
    expect(await Log.repair(DIRECTORY, { vfs, host })).toHaveLength(manifests.length);
    expect(numbersOf(vfs)).toEqual(upTo(12));
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    expect(log.position).toBe(12);
    expect(log.find('k1').map(({ position }) => position)).toEqual([1, 4, 7, 10]);
  });

  it('a segment that is lost as well leaves a gap, which reading reports; positions stay', async () => {
    const vfs = await makeLog();
    const [, lost] = namesOf(vfs, 'segment');
    vfs.unlink(`${DIRECTORY}/${lost}`);
    for (const name of namesOf(vfs, 'manifest')) garble(vfs, name);
    await Log.repair(DIRECTORY, { vfs, host });
    expect(numbersOf(vfs)).toEqual(upTo(12).filter((at) => at < 3 || at >= 6));
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    expect(log.position).toBe(12);
  });

  it('is durable when it returns, and may be cut short at every call', async () => {
    const damaged = await makeLog();
    const newest = newestManifest(damaged);
    garble(damaged, newest);
    for (const name of namesOf(damaged)) {
      const file = damaged.open(`${DIRECTORY}/${name}`, 'read');
      damaged.sync(file);
      damaged.close(file);
    }
    damaged.syncDirectory(DIRECTORY);
    for (let at = 0; ; at += 1) {
      const vfs = damaged.clone();
      let calls = 0;
      let disk: MemoryVfs | undefined;
      vfs.configure({
        onCall: () => {
          if (calls++ === at) disk = vfs.crash('all dropped');
        },
      });
      await Log.repair(DIRECTORY, { vfs, host });
      vfs.configure({ onCall: undefined });
      const after = disk ?? vfs.crash('all dropped');
      await Log.repair(DIRECTORY, { vfs: after, host });
      expect(numbersOf(after), `call ${at}`).toEqual(upTo(12));
      if (disk === undefined) break;
    }
  });

  it('is RUN_LOCKED while a writer is alive', async () => {
    const vfs = memoryVfs();
    const alive = memoryHost({ state: 'alive' });
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { host: alive }));
    appendNumbers(log, 0, 3);
    await expect(Log.repair(DIRECTORY, { vfs, host: alive })).rejects.toMatchObject({
      code: 'RUN_LOCKED',
    });
    await log.close();
    expect(await Log.repair(DIRECTORY, { vfs, host: alive })).toEqual([]);
  });
});
