// Files of several runs, of several times of one, and of copies of it that went on apart, mixed in one
// directory, cut, renamed, doubled: whoever opens, reads, scans, verifies, repairs, copies or deletes is told
// by a RunlogError if by anything, an opening takes no point away that a reader had before, and what repair has
// been through is opened.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadXxhash, type MemoryVfs, memoryVfs, RunlogError } from '../../src/engine/index.ts';
import { asRunlogError } from '../../src/errors.ts';
import { Repo, Run } from '../../src/index.ts';
import { copyRun } from '../../src/sdk/copy-run.ts';
import { deleteRun } from '../../src/sdk/delete-run.ts';
import { holdRun } from '../../src/sdk/hold-run.ts';
import { repairRepo } from '../../src/sdk/repair-repo.ts';
import { verifyRepo } from '../../src/sdk/repo-maintenance.ts';
import { Catalogue } from '../../src/store/catalogue.ts';
import { makeDirectories, runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-mixed-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => loadXxhash());

const HASH = 'one';
const places = runPlaces('/repo', HASH);
const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;

/** Content by path below the run's directory. */
type Files = ReadonlyMap<string, Uint8Array>;

function filesOf(repo: string): Files {
  const root = join(directory, repo, '.aim/runs', HASH);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  // The socket of a live owner is no file.
  const files = names.filter((name) => statSync(join(root, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(root, name))]));
}

/** Opens, tracks and closes; the files in between and at the end. */
async function record(repo: string, name: string, counts: readonly number[]): Promise<Files[]> {
  const taken: Files[] = [];
  const run = await Run.open({ repo: join(directory, repo), runHash: HASH, ...quiet });
  for (const [index, count] of counts.entries()) {
    for (let step = 0; step < count; step += 1) run.track(step / 3, { name });
    run.addTag(`${repo} ${name} ${index} ${count}`);
    run.flush();
    if (index === 1) await run.sync();
    taken.push(filesOf(repo));
  }
  await run.close();
  return [...taken, filesOf(repo)];
}

/** Of two runs; of one at several times; of copies of it that went on apart. */
async function sources(): Promise<Files[]> {
  const all = [
    ...(await record('first', 'loss', [20, 5])),
    ...(await record('first', 'loss', [900, 5])),
  ];
  for (const copy of ['second', 'third'])
    cpSync(join(directory, 'first'), join(directory, copy), { recursive: true });
  for (const [repo, count] of [
    ['first', 20],
    ['second', 7],
    ['third', 700],
  ] as const)
    for (let opening = 0; opening < 3; opening += 1)
      all.push(...(await record(repo, 'loss', [count, 3])));
  const other = { repo: join(directory, 'other'), runHash: HASH, writer: 'helper', ...quiet };
  await (await Run.open(other)).close();
  return [...all, ...(await record('other', 'other', [30, 30]))];
}

function diskOf(files: Files): MemoryVfs {
  const vfs = memoryVfs();
  for (const path of [places.edits, places.logs]) makeDirectories(vfs, path);
  for (const [name, bytes] of files) {
    const path = `${places.directory}/${name}`;
    makeDirectories(vfs, dirname(path));
    const file = vfs.open(path, 'create');
    if (bytes.length > 0) vfs.write(file, bytes, 0);
    vfs.close(file);
  }
  return vfs;
}

interface Chance {
  integer(below: number): number;
  random(): number;
}

function mixed(base: Files, over: Files, { integer, random }: Chance): Files {
  const files = new Map(base);
  const share = [1, 0.5, 0][integer(3)] as number;
  for (const [name, bytes] of over) if (random() < share) files.set(name, bytes);
  for (let count = share === 0 ? 1 + integer(4) : integer(2); count > 0; count -= 1) {
    const names = [...files.keys()];
    const name = names[integer(names.length)];
    if (name === undefined) break;
    const other = names[integer(names.length)] as string;
    const bytes = files.get(name) as Uint8Array;
    const next = name.replace(/\d{8}/, (digits) => String(Number(digits) + 1).padStart(8, '0'));
    const isGone = random() < 0.5;
    if (isGone) files.delete(name);
    const changes = [
      () => {},
      () => files.set(name, bytes.slice(0, integer(bytes.length + 1))),
      () => files.set(other, bytes),
      () => files.set(next, bytes),
      () => files.set(name.replace(/logs\/\w+/, 'logs/helper'), bytes),
      () => files.set(name, flipped(bytes, integer(8 * bytes.length))),
    ];
    changes[integer(changes.length)]?.();
  }
  return files;
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  if (bytes.length > 0) copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

async function pointsOf(vfs: MemoryVfs): Promise<{ points: Set<string>; life: unknown }> {
  const reader = await RunReader.open(vfs, places);
  const points = new Set<string>();
  for (const sequence of reader.sequences().values())
    for (const { writer, rows } of reader.rowsByWriter(sequence, true))
      for (const [index, step] of rows.steps.entries())
        points.add(
          [writer, sequence.name, step, rows.values[index], rows.numbers[index]].join(' '),
        );
  return { points, life: reader.facts?.life };
}

async function openAndTrack(vfs: MemoryVfs): Promise<void> {
  const { writer } = await holdRun(vfs, places, {
    repo: '/repo',
    hash: HASH,
    made: [],
    onError() {},
    options: { ...quiet, forceResume: true },
  });
  writer.track(writer.sequence('loss', '{}'), 1, undefined, Number.NaN, 0);
  await writer.close(undefined);
}

/** What is done to a mixture; what comes of it that must not be. */
const deeds: Readonly<Record<string, (vfs: MemoryVfs) => Promise<string | undefined>>> = {
  async verify(vfs) {
    await verifyRepo(vfs, '/repo');
    return undefined;
  },
  async scan(vfs) {
    for (const entry of new Catalogue(vfs, '/repo').scan({ sequences: true })) entry.sequences();
    return undefined;
  },
  async open(vfs) {
    const before = await pointsOf(vfs);
    await openAndTrack(vfs);
    const after = await pointsOf(vfs);
    if (before.life !== after.life) return `life ${before.life} became ${after.life}`;
    const lost = [...before.points].filter((each) => !after.points.has(each));
    return lost.length === 0 ? undefined : `${lost.length} points are gone: ${lost[0]}`;
  },
  async repair(vfs) {
    const [failed] = (await repairRepo(vfs, '/repo')).failed;
    if (failed !== undefined) throw failed.error;
    await verifyRepo(vfs, '/repo');
    try {
      await openAndTrack(vfs);
      return undefined;
    } catch (error) {
      const isCorrupt = error instanceof RunlogError && error.code === 'CORRUPT';
      return isCorrupt ? `repaired, and ${error.message}` : undefined;
    }
  },
  async copy(vfs) {
    await copyRun(vfs, places, runPlaces('/other', HASH), HASH, async () => {});
    return undefined;
  },
  async delete(vfs) {
    await deleteRun({ vfs, host: simulatedHost(), places, hash: HASH });
    return undefined;
  },
};

it('in any mixture nobody meets anything but a RunlogError, and opening loses nothing', async () => {
  const { integer, random, seed } = seeded('mixed files');
  const all = await sources();
  const one = (): Files => all[integer(all.length)] as Files;
  const end = Date.now() + Number(process.env['FUZZ_SECONDS'] ?? 0) * 1000;
  for (let round = 0; round < 120 || Date.now() < end; round += 1) {
    const disk = diskOf(mixed(one(), one(), { integer, random }));
    for (const [name, deed] of Object.entries(deeds)) {
      let fault: string | undefined;
      try {
        fault = await deed(disk.clone());
      } catch (thrown) {
        const error = asRunlogError(thrown, HASH);
        if (!(error instanceof RunlogError)) fault = (error as Error).stack;
      }
      if (fault !== undefined) throw new Error(`seed ${seed}, round ${round}, ${name}: ${fault}`);
    }
  }
}, 600_000);

it('whichever one file is missing, emptied or cut, no point that stands in another is lost', async () => {
  await record('one-file', 'loss', [20, 5]);
  await record('one-file', 'loss', [900, 5]);
  const times = await record('one-file', 'loss', [20, 5, 3]);
  // Killed with a frame behind its sync, and closed: before that nothing tells that there was a sync.
  for (const files of times.slice(2)) {
    const whole = await pointsOf(diskOf(files));
    for (const [name, bytes] of files) {
      for (const size of [undefined, 0, bytes.length >> 1]) {
        const damaged = new Map(files);
        if (size === undefined) damaged.delete(name);
        else damaged.set(name, bytes.slice(0, size));
        const disk = diskOf(damaged);
        const where = `${name}, ${size ?? 'missing'}`;
        const isOfPoints = /\/(segment|rewritten)-/.test(name);
        const before = isOfPoints ? await pointsOf(disk) : whole;
        try {
          await openAndTrack(disk);
        } catch (error) {
          expect(error, where).toMatchObject({ code: 'CORRUPT' });
          await repairRepo(disk, '/repo');
          await openAndTrack(disk);
        }
        const { points, life } = await pointsOf(disk);
        expect(life, where).toBe(whole.life);
        expect([...before.points].filter((each) => !points.has(each)).length, where).toBe(0);
      }
    }
  }
});

it('a sealed segment that is missing hides no other: an opener goes on at the step behind them', async () => {
  const repo = join(directory, 'missing');
  await record('missing', 'loss', [30]);
  await record('missing', 'loss', [3000]);
  await record('missing', 'loss', [30]);
  const log = join(repo, '.aim/runs', HASH, 'logs/main');
  const sealed = readdirSync(log).find((name) => name.startsWith('rewritten-')) as string;
  rmSync(join(log, sealed));
  const stepsOf = async (): Promise<number[]> => {
    const view = await (await Repo.open(repo)).run(HASH);
    return [...((await view?.metric('loss')?.values())?.steps ?? [])];
  };
  const before = await stepsOf();
  expect(before).toEqual(Array.from({ length: 30 }, (_, index) => 3030 + index));
  const errors: RunlogError[] = [];
  const onError = (error: RunlogError): void => {
    errors.push(error);
  };
  const run = await Run.open({ repo, runHash: HASH, ...quiet, onError });
  for (let step = 0; step < 3000; step += 1) run.track(step, { name: 'loss' });
  run.flush();
  expect((await stepsOf()).length).toBe(3030);
  await run.close();
  expect(errors).toEqual([]);
  expect((await stepsOf()).slice(0, 31)).toEqual([...before, 3060]);
  // What stands behind it is rewritten all the same.
  expect(readdirSync(log).filter((name) => name.startsWith('rewritten-'))).toHaveLength(1);
});
