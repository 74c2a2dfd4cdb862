// Calls of the kernel that fail, or in which the process is killed, by strace: links refused
// throughout, a sync that fails, a write that fails, SIGKILL inside the nth call of a kind. What was
// acknowledged is there, in order and without a hole, and who comes next goes on.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { type Child, endChildren, sleep, startChild, temporaryDirectory } from './child.ts';

afterAll(endChildren);

const strace = ['strace', '-f', '-qq'];
const mayTrace = spawnSync('strace', [...strace.slice(1), '-e', 'trace=link', 'true']).status === 0;
const noTrace = 'strace does not work here: it needs Linux, the program, and leave to trace';

interface Traced {
  readonly child: Child;
  /** What strace wrote of the calls that it looked at. */
  calls(): string[];
}

interface TraceOptions {
  /** Only calls on this file. */
  readonly file?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A recorder to which the kernel gives what `inject` says; calls are those of its kind. */
function startTraced(inject: string, options: TraceOptions = {}): Traced {
  const output = join(temporaryDirectory(), 'calls');
  const { file, env } = options;
  const before = [
    // Stops at calls of this kind only. (With it no signal can be injected.)
    ...[
      ...strace,
      '--seccomp-bpf',
      '-o',
      output,
      '-e',
      `trace=${inject.split(':')[0]}`,
      '-e',
      `inject=${inject}`,
    ],
    ...(file === undefined ? [] : ['-P', file]),
  ];
  const child = startChild('recorder', env === undefined ? { before } : { before, env });
  return { child, calls: () => readFileSync(output, 'utf8').split('\n').filter(Boolean) };
}

const logOf = (repo: string, hash: string): string => join(repo, '.aim/runs', hash, 'logs/main');

async function valuesOf(repo: string, hash: string): Promise<number[]> {
  const view = await (await Repo.open(repo)).run(hash);
  const values: number[] = [];
  for (const metric of view?.metrics() ?? []) {
    values.push(...(await metric.values({ raw: true })).values);
  }
  return values.sort((a, b) => a - b);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it.concurrent('links are refused throughout: owners are refused, replaced and resumed all the same', async ({
  skip,
  expect,
}) => {
  skip(!mayTrace, noTrace);
  const repo = temporaryDirectory();
  const traced = Array.from({ length: 4 }, () => startTraced('link,linkat:error=EPERM'));
  const open = { do: 'open', options: { repo, runHash: 'links' } };
  // They race for a run that is not there.
  const answers = await Promise.all(traced.map(({ child }) => child.ask(open)));
  const told = JSON.stringify(answers);
  expect(
    answers.filter((each) => each.opened === 'links'),
    told,
  ).toHaveLength(1);
  expect(answers.filter((each) => each.refused === 'RUN_LOCKED')).toHaveLength(3);
  const index = answers.findIndex((each) => each.opened === 'links');
  const first = traced[index] as Traced;
  const [second, third] = traced.filter((each) => each !== first) as [Traced, Traced, Traced];
  expect(await first.child.ask({ do: 'track', count: 100 })).toMatchObject({ flushed: true });
  await first.child.ask({ do: 'sync' });

  // One that is killed is replaced at once.
  process.kill(answers[index]?.pid ?? 0, 'SIGKILL');
  await first.child.ended();
  expect(await second.child.ask({ ...open, base: 100 })).toMatchObject({ opened: 'links' });
  expect(await second.child.ask({ do: 'track', count: 100 })).toMatchObject({ flushed: true });
  // One that lives is fenced, by order.
  const force = { repo, runHash: 'links', forceResume: true };
  expect(await third.child.ask({ do: 'open', options: force, base: 200 })).toMatchObject({
    opened: 'links',
  });
  expect(await second.child.ask({ do: 'track', count: 100 })).toMatchObject({
    flushed: false,
    recording: 'fenced',
    lost: 100,
  });
  expect(await third.child.ask({ do: 'track', count: 100 })).toMatchObject({ flushed: true });
  await third.child.ask({ do: 'close' });

  expect(await valuesOf(repo, 'links')).toEqual(upTo(300));
  expect((await (await Repo.open(repo)).verify()).damaged).toEqual([]);
  for (const { calls } of [first, second, third]) {
    expect(calls().length).toBeGreaterThan(0);
    expect(calls().every((call) => call.includes('(INJECTED)') || !call.includes('link'))).toBe(
      true,
    );
  }
});

const firstSegment = 'segment-00000001-000001';

interface FailedSync {
  readonly who: string;
  readonly inject: string;
  readonly durability: object;
  /** Before the first order to sync. */
  readonly pause: number;
}

it.concurrent.for<FailedSync>([
  // One thread, so that its second call is the second.
  { who: 'the thread pool', inject: 'when=2', durability: { syncMs: null }, pause: 0 },
  { who: 'the flush itself', inject: 'when=2', durability: { onFlush: 'sync' }, pause: 0 },
  // Its first: nothing is synced before it runs.
  { who: 'the worker', inject: 'when=1', durability: { syncMs: 20_000 }, pause: 1700 },
])(
  'a sync that fails in $who: the range is repeated, the file is never synced again',
  async ({ inject, durability, pause }, { skip, expect }) => {
    skip(!mayTrace, noTrace);
    const repo = temporaryDirectory();
    const directory = logOf(repo, 'failed');
    const { child, calls } = startTraced(`fdatasync:error=EIO:${inject}`, {
      file: join(directory, firstSegment),
      env: { UV_THREADPOOL_SIZE: '1' },
    });
    const options = { repo, runHash: 'failed', durability };
    const { pid = 0 } = await child.ask({ do: 'open', options });
    await sleep(pause);
    for (let round = 0; round < 3; round += 1) {
      await child.ask({ do: 'track', count: 100 });
      expect(await child.ask({ do: 'sync' })).toMatchObject({ recording: 'on', lost: 0 });
    }
    expect(await child.ask({ do: 'track', count: 100 })).toMatchObject({ flushed: true, lost: 0 });
    process.kill(pid, 'SIGKILL');
    await child.ended();
    const syncs = calls().filter((call) => call.includes('fdatasync('));
    expect(syncs.length).toBe(Number(inject.slice(-1)));
    expect(syncs.at(-1)).toContain('(INJECTED)');
    expect(readdirSync(directory)).toContain('segment-00000001-000002');
    expect(await valuesOf(repo, 'failed')).toEqual(upTo(400));
    expect((await (await Repo.open(repo)).verify()).damaged).toEqual([]);
    const run = await Run.open({ repo, runHash: 'failed', systemTrackingInterval: null });
    run.track(400, { name: 'loss' });
    await run.close();
    expect(await valuesOf(repo, 'failed')).toEqual(upTo(401));
  },
);

it.concurrent.for([
  { call: 'pwrite64', code: 'ENOSPC', when: 'when=3..4', errors: ['IO ENOSPC'] },
  { call: 'pwrite64', code: 'EDQUOT', when: 'when=3..4', errors: ['IO EDQUOT'] },
  { call: 'pwrite64', code: 'EIO', when: 'when=3', errors: [] },
  { call: 'openat', code: 'EMFILE', when: 'when=1..2', errors: ['IO EMFILE'] },
])(
  '$call that fails with $code: what was accepted is kept, and goes on',
  async ({ call, code, when, errors }, { skip, expect }) => {
    skip(!mayTrace, noTrace);
    const repo = temporaryDirectory();
    const directory = logOf(repo, 'writes');
    const { child, calls } = startTraced(`${call}:error=${code}:${when}`, {
      file: join(directory, firstSegment),
    });
    await child.ask({ do: 'open', options: { repo, runHash: 'writes' } });
    let answer = {};
    for (let round = 0; round < 25; round += 1) {
      answer = await child.ask({ do: 'track', count: 100 });
      await sleep(100);
    }
    expect(answer).toMatchObject({ flushed: true, recording: 'on', lost: 0, count: 2500, errors });
    expect(await child.ask({ do: 'close' })).toMatchObject({ lost: 0 });
    expect(calls().some((line) => line.includes('(INJECTED)'))).toBe(true);
    expect(await valuesOf(repo, 'writes')).toEqual(upTo(2500));
    expect((await (await Repo.open(repo)).verify()).damaged).toEqual([]);
  },
);

/** Calls in which the process is killed; how many of each a life makes is found out. */
const kinds = ['fdatasync', 'fsync', 'link', 'pwrite64', 'unlink', 'mkdir', 'rename', 'rmdir'];
const fuzzSeconds = Number(process.env['FUZZ_SECONDS'] ?? 0);

/** A life that is killed in the nth call of a kind. False: it had fewer, and came to its end. */
async function killInCall(kind: string, nth: number): Promise<boolean> {
  const what = `${kind}, call ${nth}`;
  const repo = temporaryDirectory();
  const inject = ['-e', `trace=${kind}`, '-e', `inject=${kind}:signal=KILL:when=${nth}`];
  const before = [...strace, '-o', '/dev/null', ...inject];
  const child = startChild('life', { before, arguments: [repo] });
  const isKilled = (await child.ended()) !== 0;
  const acknowledged = Number(child.lines.at(-1) ?? 0);
  const run = await Run.open({ repo, runHash: 'life', systemTrackingInterval: null });
  const found = await valuesOf(repo, 'life');
  expect(found, what).toEqual(upTo(found.length));
  expect(found.length, what).toBeGreaterThanOrEqual(acknowledged);
  run.track(found.length, { name: 'loss' });
  expect(run.flush(), what).toBe(true);
  await run.close();
  expect(await valuesOf(repo, 'life'), what).toEqual(upTo(found.length + 1));
  expect((await (await Repo.open(repo)).verify()).damaged, what).toEqual([]);
  return isKilled;
}

it('killed inside the nth call of a kind: what was acknowledged is there, and the next goes on', async ({
  skip,
}) => {
  skip(!mayTrace, noTrace);
  const { integer, pick } = seeded('strace-kill');
  // Ordinary runs take twenty at random; FUZZ_SECONDS takes every one.
  const places =
    fuzzSeconds > 0
      ? kinds.map((kind) => ({ kind, from: 1, to: 1000 }))
      : Array.from({ length: 20 }, () => {
          const nth = 1 + integer(12);
          return { kind: pick(kinds), from: nth, to: nth };
        });
  let killed = 0;
  const work = async (): Promise<void> => {
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      for (let nth = place.from; nth <= place.to; nth += 1) {
        if (!(await killInCall(place.kind, nth))) break;
        killed += 1;
      }
    }
  };
  await Promise.all([work(), work(), work()]);
  expect(killed).toBeGreaterThan(0);
}, 1_200_000);
