// A disk that is full, that refuses larger files, that is read-only, or that is gone, each a real one:
// nothing throws and nothing ends the job (G1); what was accepted within the bound is kept, and goes
// on to the disk as soon as there is room; what could not be kept is counted.

import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Run, RunlogError } from '../../src/index.ts';
import {
  type Answer,
  type Child,
  type ChildOptions,
  endChildren,
  sleep,
  startChild,
  temporaryDirectory,
} from './child.ts';

afterAll(endChildren);

const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;
const noMount = 'nothing can be mounted here: it needs Linux and root';

/** A recorder that alone sees what is mounted at `directory`. */
function startWithMount(directory: string, mount: string, options: ChildOptions = {}): Child {
  const script = `${mount} && exec "$@"`;
  const before = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  return startChild('recorder', { ...options, before, env: { AT: directory, ...options.env } });
}

async function until(isSo: () => Promise<boolean>, ms = 60_000): Promise<void> {
  const start = performance.now();
  while (!(await isSo())) {
    if (performance.now() - start > ms) throw new Error('it did not come to that');
    await sleep(100);
  }
}

/** The values of the run, which its writer numbered: how many there are. */
async function read(child: Child, repo: string): Promise<number> {
  const { count, isPrefix } = await child.ask({ do: 'read', repo, hash: 'full' });
  expect(isPrefix).toBe(true);
  return count ?? 0;
}

/** Tracks until there is no room, then more; frees the room by `free`; all of it must be there. */
async function fillAndFree(
  child: Child,
  repo: string,
  free: () => Promise<unknown>,
): Promise<Answer> {
  await child.ask({ do: 'open', options: { repo, runHash: 'full' } });
  // Until the package of the polite lock is loaded: it must not make SIGXFSZ deadly.
  await sleep(1500);
  await until(async () => (await child.ask({ do: 'track', count: 2000 })).recording === 'paused');
  // Twenty more flushes, none of which finds room.
  let paused: Answer = {};
  for (let index = 0; index < 20; index += 1) {
    paused = await child.ask({ do: 'track', count: 2000 });
  }
  expect(paused).toMatchObject({ flushed: false, recording: 'paused', lost: 0 });
  expect(await read(child, repo)).toBeLessThan(paused.count ?? 0);
  await free();
  // Nothing more is tracked: it tries again by itself.
  await until(async () => (await read(child, repo)) === paused.count);
  const answer = await child.ask({ do: 'track', count: 1000 });
  expect(answer).toMatchObject({ flushed: true, recording: 'on', lost: 0 });
  expect(await read(child, repo)).toBe((paused.count ?? 0) + 1000);
  expect(await child.ask({ do: 'close' })).toMatchObject({ lost: 0 });
  expect(await read(child, repo)).toBe((paused.count ?? 0) + 1000);
  return paused;
}

it.concurrent('a file system of 1 MiB, full and then freed: paused, and nothing is lost', async ({
  skip,
}) => {
  skip(!mayMount, noMount);
  const directory = temporaryDirectory();
  // Most of it is somebody else's.
  const child = startWithMount(
    directory,
    'mount -t tmpfs -o size=1m none "$AT" && head -c 800000 /dev/zero > "$AT/ballast"',
  );
  const free = (): Promise<unknown> =>
    child.ask({ do: 'unlink', path: join(directory, 'ballast') });
  const paused = await fillAndFree(child, directory, free);
  expect(paused.errors).toEqual(['IO ENOSPC']);
});

it.concurrent('a file system that is full when the run closes: what is not there is counted', async ({
  skip,
}) => {
  skip(!mayMount, noMount);
  const directory = temporaryDirectory();
  const child = startWithMount(
    directory,
    'mount -t tmpfs -o size=1m none "$AT" && head -c 800000 /dev/zero > "$AT/ballast"',
  );
  await child.ask({ do: 'open', options: { repo: directory, runHash: 'full' } });
  await until(async () => (await child.ask({ do: 'track', count: 2000 })).recording === 'paused');
  const { count = 0 } = await child.ask({ do: 'track', count: 2000 });
  expect(await child.ask({ do: 'close' })).toMatchObject({ refused: 'IO' });
  const { lost } = await child.ask({ do: 'facts' });
  const kept = await read(child, directory);
  expect(kept).toBeLessThan(count);
  expect(lost).toBe(count - kept);
});

const limitOf = (pid: number | undefined, size: string): number | null =>
  spawnSync('prlimit', ['--pid', String(pid), `--fsize=${size}`]).status;
const mayLimit = limitOf(process.pid, 'unlimited:unlimited') === 0;

it.concurrent('a limit on the size of files, reached and then lifted: paused, and nothing is lost', async ({
  skip,
}) => {
  skip(!mayLimit, 'no prlimit here: it is a program of Linux');
  const directory = temporaryDirectory();
  const child = startChild('recorder', {
    before: ['sh', '-c', 'ulimit -S -f 256; exec "$@"', 'sh'],
  });
  const free = async (): Promise<unknown> => limitOf(child.process.pid, 'unlimited');
  const paused = await fillAndFree(child, directory, free);
  expect(paused.errors).toEqual(['IO EFBIG']);
});

it.concurrent('a directory that is mounted read-only: read as ever, refused to who writes', async ({
  skip,
}) => {
  skip(!mayMount, noMount);
  const directory = temporaryDirectory();
  const run = await Run.open({ repo: directory, runHash: 'full', systemTrackingInterval: null });
  for (let index = 0; index < 500; index += 1) run.track(index, { name: 'loss' });
  await run.close();
  const child = startWithMount(
    directory,
    'mount --bind "$AT" "$AT" && mount -o remount,ro,bind "$AT"',
  );
  expect(await read(child, directory)).toBe(500);
  for (const runHash of ['full', 'new']) {
    const refused = await child.ask({ do: 'open', options: { repo: directory, runHash } });
    expect(refused.refused).toBe('IO');
    expect(refused.message).toContain('EROFS');
    expect(refused.message).toContain(directory);
  }
  const readOnly = { repo: directory, runHash: 'full', readOnly: true };
  expect(await child.ask({ do: 'open', options: readOnly })).toMatchObject({ opened: 'full' });
  expect(await read(child, directory)).toBe(500);
});

it.concurrent.for([
  { what: 'the run is removed', remove: (_repo: string, at: string) => gone(at) },
  { what: 'the repo is removed', remove: (repo: string) => gone(join(repo, '.aim')) },
  { what: 'the edits are removed', remove: (_repo: string, at: string) => gone(join(at, 'edits')) },
  {
    what: 'the run is moved away',
    remove: (_repo: string, at: string) => renameSync(at, `${at}-x`),
  },
  { what: 'a file takes its place', remove: (_repo: string, at: string) => replaced(at) },
])(
  'under a live run $what: nothing throws, and it says what is lost',
  async ({ what, remove }, { expect }) => {
    const repo = temporaryDirectory();
    const errors: RunlogError[] = [];
    const run = await Run.open({
      repo,
      runHash: 'removed',
      systemTrackingInterval: null,
      onError: (error) => errors.push(error),
    });
    for (let index = 0; index < 100; index += 1) run.track(index, { name: 'loss' });
    expect(run.flush()).toBe(true);
    remove(repo, join(repo, '.aim/runs/removed'));
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 100; index += 1) run.track(index, { name: 'loss' });
      run.set('key', round);
      run.name = `round ${round}`;
      run.addTag('tag');
      run.rewind({ step: 1000, writers: 'all' });
      expect(run.flush()).toBe(false);
      await sleep(50);
    }
    if (what !== 'the edits are removed') {
      expect(run.recording).toBe('failed');
      expect(run.lost).toBe(500);
    } else {
      expect(run.recording).toBe('on');
      expect(run.lost).toBe(0);
    }
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toBeInstanceOf(RunlogError);
    await expect(run.sync()).rejects.toBeInstanceOf(RunlogError);
    await expect(run.close()).rejects.toBeInstanceOf(RunlogError);
    expect(run.recording).toBe('closed');
    run.flush();
  },
);

const gone = (path: string): void => rmSync(path, { recursive: true });

function replaced(path: string): void {
  gone(path);
  writeFileSync(path, 'a file');
}
