// Copying a log: the copy is a log of its own with everything that was there; the source is not
// touched; a copy that was cut short is an empty log, never half of one.

import { beforeAll, expect, it } from 'vitest';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
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
import { simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

const TARGET = '/copy';
const host = simulatedHost();

function makeTarget(vfs: MemoryVfs): void {
  vfs.makeDirectory(TARGET);
  vfs.syncDirectory('/');
}

const copiedNumbers = (vfs: MemoryVfs): number[] =>
  Array.from(Log.snapshot(TARGET, { vfs }).records(), ({ body }) => (body as [number])[0]);

/** Rewritten, sealed and hot segments; the owner goes on. */
async function makeLog(): Promise<[MemoryVfs, Log]> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
  appendNumbers(log, 0, 5);
  await log.seal();
  await log.rewrite();
  await log.close();
  const next = await Log.open(DIRECTORY, optionsOf(vfs));
  appendNumbers(next, 5, 8);
  await next.seal();
  appendNumbers(next, 8, 10);
  return [vfs, next];
}

it('has every record, is sound, durable, and goes on by itself; the source goes on by itself', async () => {
  const [vfs, log] = await makeLog();
  makeTarget(vfs);
  const before = namesOf(vfs).map((name) => [
    name,
    Buffer.from(readFile(vfs, name)).toString('hex'),
  ]);
  await Log.copy(DIRECTORY, TARGET, { vfs, host });
  expect(
    namesOf(vfs).map((name) => [name, Buffer.from(readFile(vfs, name)).toString('hex')]),
  ).toEqual(before);
  const disk = vfs.crash('all dropped');
  expect(copiedNumbers(disk)).toEqual(upTo(10));
  expect(await Log.verify(TARGET, { vfs: disk })).toMatchObject({ ok: true, records: 10 });
  const copy = await Log.open(TARGET, {
    ...optionsOf(vfs, { fold: countAndSum }),
    host: simulatedHost({ state: () => 'alive' }),
  });
  expect(copy.state).toEqual([10, 45]);
  expect(copy.find('k1').map(({ position }) => position)).toEqual([1, 4, 7]);
  appendNumbers(copy, 10, 12);
  await copy.close();
  appendNumbers(log, 10, 11);
  expect([copiedNumbers(vfs), numbersOf(vfs)]).toEqual([upTo(12), upTo(11)]);
});

it('of a log that is empty, or has no manifest, is an empty log', async () => {
  const vfs = memoryVfs();
  vfs.makeDirectory(DIRECTORY);
  makeTarget(vfs);
  await Log.copy(DIRECTORY, TARGET, { vfs, host });
  expect(vfs.list(TARGET)).toEqual([]);
  await Log.open(DIRECTORY, optionsOf(vfs));
  await Log.copy(DIRECTORY, TARGET, { vfs, host });
  expect(copiedNumbers(vfs)).toEqual([]);
});

it('cut short by a power loss at any call it is empty or whole', async () => {
  const [source] = await makeLog();
  makeTarget(source);
  let whole = 0;
  for (let at = 0; ; at += 1) {
    const vfs = source.clone();
    let calls = 0;
    const disks: MemoryVfs[] = [];
    vfs.configure({
      onCall: () => {
        if (calls++ === at)
          disks.push(
            ...(['all kept', 'all dropped', 'garbled'] as const).map((each) => vfs.crash(each)),
          );
      },
    });
    await Log.copy(DIRECTORY, TARGET, { vfs, host });
    if (disks.length === 0) break;
    for (const disk of disks) {
      const numbers = copiedNumbers(disk);
      if (numbers.length > 0) {
        expect(numbers, `call ${at}`).toEqual(upTo(10));
        whole += 1;
      }
    }
  }
  expect(whole, 'the last calls come after the manifest').toBeGreaterThan(0);
});

it('damage is copied as damage, a missing file refused: a copy hides nothing', async () => {
  const [vfs, log] = await makeLog();
  await log.close();
  makeTarget(vfs);
  const [first] = namesOf(vfs, 'segment') as [string];
  const frame = framesOf(readFile(vfs, first))[1];
  flip(vfs, first, frame?.offset ?? 0);
  await Log.copy(DIRECTORY, TARGET, { vfs, host });
  expect(copiedNumbers(vfs)).toEqual(upTo(10).filter((each) => each !== 6));
  expect((await Log.verify(TARGET, { vfs })).damaged).toMatchObject([
    { file: `${TARGET}/${first}`, offset: frame?.offset },
  ]);
  vfs.unlink(`${DIRECTORY}/${first}`);
  vfs.makeDirectory('/other');
  await expect(Log.copy(DIRECTORY, '/other', { vfs, host })).rejects.toMatchObject({
    code: 'CORRUPT',
    details: { file: `${DIRECTORY}/${first}` },
  });
});

it('of a log whose end is not decided, or whose newest manifest is damaged, is refused: it would lack the tail', async () => {
  const [vfs] = await makeLog();
  const killed = vfs.kill();
  for (const what of ['an owner that was killed before its manifest', 'a damaged manifest']) {
    const disk = killed.clone();
    makeTarget(disk);
    if (what === 'a damaged manifest') flip(disk, namesOf(disk, 'manifest').at(-1) as string, 40);
    else {
      let isDead = false;
      const dying = disk.attach({
        onCall: ({ name, target = '' }) => {
          isDead ||= name === 'link' && target.includes('manifest-');
          if (isDead) throw new Error('died');
        },
      });
      await expect(Log.open(DIRECTORY, optionsOf(dying, { force: true }))).rejects.toThrow('died');
    }
    const code = what === 'a damaged manifest' ? 'CORRUPT' : 'RUN_LOCKED';
    await expect(Log.copy(DIRECTORY, TARGET, { vfs: disk, host })).rejects.toMatchObject({ code });
    if (code === 'CORRUPT') await Log.repair(DIRECTORY, { vfs: disk, host });
    else await (await Log.open(DIRECTORY, optionsOf(disk, { force: true }))).close();
    await Log.copy(DIRECTORY, TARGET, { vfs: disk, host });
    expect(copiedNumbers(disk), what).toEqual(upTo(10));
  }
});

it('a target that is missing is IO', async () => {
  const [vfs] = await makeLog();
  await expect(Log.copy(DIRECTORY, '/none', { vfs, host })).rejects.toMatchObject({ code: 'IO' });
});

it('is refused where somebody has opened the target: it would be empty, and look like a copy', async () => {
  const [vfs] = await makeLog();
  makeTarget(vfs);
  const other = await Log.open(TARGET, optionsOf(vfs));
  await other.close();
  await expect(Log.copy(DIRECTORY, TARGET, { vfs, host })).rejects.toMatchObject({
    code: 'RUN_LOCKED',
  });
});
