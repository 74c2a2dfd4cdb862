// Opening a run again: after a close, whatever its length; after a kill, with a tail to read.

import { closeSync, cpSync, fdatasyncSync, openSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { Log } from 'runlog/engine';

import { Calls } from '../calls.ts';
import {
  type Figure,
  inChild,
  type Size,
  sized,
  type Tasks,
  untilKilled,
  type Workload,
} from '../harness.ts';
import { listFiles, Noise, openRun, trackSteps, turn, writeClosed } from '../inputs.ts';

interface Resume {
  readonly repo: string;
  readonly runHash: string;
  readonly size?: number;
  readonly pointsAFrame?: number;
}

async function open({ repo, runHash }: Resume): Promise<Record<string, number>> {
  const start = performance.now();
  const run = await openRun(repo, { runHash });
  const cold = performance.now() - start;
  await run.close();
  return { cold };
}

/** The calls of an opening, in a process where one has been opened before. */
async function count({ repo, runHash }: Resume): Promise<Record<string, number>> {
  await (await openRun(repo, { runHash: 'other' })).close();
  const calls = new Calls();
  const start = performance.now();
  const run = await openRun(repo, { runHash });
  const warm = performance.now() - start;
  const found = { warm, calls: calls.count, read: calls.of('readSync').bytes / 1024 };
  await run.close();
  return found;
}

const MiB = 1024 * 1024;

/** A run that is killed when so much of it is hot. */
async function untilKilledRun({ repo, runHash, size = 0 }: Resume): Promise<never> {
  const run = await openRun(repo, { runHash });
  await trackSteps(run, 0, Math.ceil(size / 960));
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

const fold = {
  initial: (): number[] => [0],
  apply: ([sum = 0]: number[]): number[] => [sum + 1],
};

/** Never rolled: a tail as long as the goals name it. */
const sizes = { segmentSize: 4096 * MiB, syncSize: 64 * MiB };

/** A log whose tail has grown to `size` when its owner is killed; 9 bytes a point and 40 a batch. */
async function untilKilledLog({ repo, size = 0, pointsAFrame = 100 }: Resume): Promise<never> {
  const log = await Log.open(join(repo, 'log'), { fold, sizes, durability: { syncMs: null } });
  const body = new Uint8Array(new Noise().column(pointsAFrame + 5).buffer);
  for (let done = 0; done < size; done += body.length + 64) {
    log.append(30, body);
    if (log.position % 512 === 0) log.flush();
    if (log.position % 65_536 === 0) await turn();
  }
  log.flush();
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

async function openKilled({ repo, runHash }: Resume): Promise<Record<string, number>> {
  const calls = new Calls();
  const start = performance.now();
  const run = await openRun(repo, { runHash, forceResume: true });
  const cold = performance.now() - start - calls.syncTime;
  await run.close();
  return { cold };
}

async function openKilledLog({ repo }: Resume): Promise<Record<string, number>> {
  const calls = new Calls();
  const start = performance.now();
  const log = await Log.open(join(repo, 'log'), { fold, force: true, sizes });
  const cold = performance.now() - start - calls.syncTime;
  await log.close();
  return { cold };
}

export const tasks: Tasks<Resume> = {
  open,
  count,
  untilKilledRun,
  untilKilledLog,
  openKilled,
  openKilledLog,
};

interface Case {
  readonly name: string;
  readonly points: number;
  readonly sequences: number;
  readonly openings: number;
}

function casesOf(size: Size): Case[] {
  const short = sized(size, 100, 10_000);
  const long = sized(size, 1000, 1_000_000, 10_000_000);
  const many = sized(size, 20, 10_000, 100_000);
  const openings = sized(size, 2, 200, 5000);
  return [
    { name: `${short} points`, points: short, sequences: 1, openings: 1 },
    { name: `${long} points`, points: long, sequences: 1, openings: 1 },
    { name: '10 sequences', points: short, sequences: 10, openings: 1 },
    { name: `${many} sequences`, points: many * 10, sequences: many, openings: 1 },
    { name: `${openings} openings`, points: short, sequences: 1, openings },
  ];
}

const hashOf = ({ name }: Case): string => name.replace(' ', '-');

export const resume: Workload = {
  async prepare({ directory, size }) {
    for (const each of casesOf(size)) {
      await writeClosed(directory, hashOf(each), each);
      for (let opening = 1; opening < each.openings; opening += 1) {
        const run = await openRun(directory, { runHash: hashOf(each) });
        run.track(opening, { name: 'loss' });
        await run.close();
      }
    }
  },
  async measure({ directory, size }) {
    return casesOf(size).flatMap((each): Figure[] => {
      const run = `.aim/runs/${hashOf(each)}`;
      const inCopy = (task: string) =>
        withCopy(join(directory, run), join(directory, `${run}-copy`), () =>
          inChild(import.meta.url, task, { repo: directory, runHash: `${hashOf(each)}-copy` }),
        );
      const { cold = 0 } = inCopy('open');
      const { warm = 0, calls = 0, read = 0 } = inCopy('count');
      return [
        { metric: `${each.name}: first of a process`, value: cold, unit: 'ms' },
        { metric: `${each.name}: the second`, value: warm, unit: 'ms' },
        { metric: `${each.name}: file system calls`, value: calls, unit: 'calls' },
        { metric: `${each.name}: read`, value: read, unit: 'KiB' },
      ];
    });
  },
};

const killed = { run: 'run-killed', many: 'log-of-100', few: 'log-of-2' };

export const resumeKilled: Workload = {
  async prepare({ directory, size }) {
    const bytes = sized(size, 64 * 1024, 64 * MiB);
    const kill = (folder: string, task: string, pointsAFrame: number): void =>
      untilKilled(import.meta.url, task, {
        repo: join(directory, folder),
        runHash: 'killed',
        size: bytes,
        pointsAFrame,
      });
    for (const folder of Object.values(killed))
      await (await openRun(join(directory, folder), { runHash: 'other' })).close();
    kill(killed.run, 'untilKilledRun', 100);
    kill(killed.many, 'untilKilledLog', 100);
    kill(killed.few, 'untilKilledLog', 2);
  },
  async measure({ directory }) {
    return [
      measureKilled(directory, killed.run, 'openKilled', 'a run, rolled as it grew'),
      measureKilled(
        directory,
        killed.many,
        'openKilledLog',
        'a tail of 64 MiB, 100 points a frame',
      ),
      measureKilled(directory, killed.few, 'openKilledLog', 'a tail of 64 MiB, 2 points a frame'),
    ];
  },
};

function measureKilled(directory: string, folder: string, task: string, metric: string): Figure {
  const copy = join(directory, 'copy');
  const { cold = 0 } = withCopy(join(directory, folder), copy, () =>
    inChild(import.meta.url, task, { repo: copy, runHash: 'killed' }),
  );
  return { metric, value: cold, unit: 'ms' };
}

/** Works on a synced copy: what was opened once is no longer as its owner left it. */
function withCopy<T>(original: string, copy: string, work: () => T): T {
  // A killed owner leaves its probe, and a socket cannot be copied.
  const filter = (path: string): boolean => !basename(path).startsWith('probe-');
  cpSync(original, copy, { recursive: true, filter });
  for (const path of listFiles(copy)) {
    const file = openSync(path, 'r');
    fdatasyncSync(file);
    closeSync(file);
  }
  const found = work();
  rmSync(copy, { recursive: true });
  return found;
}
