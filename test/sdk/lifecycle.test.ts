// From the first opening to the last: how a run ends and what is said of it, how many files it leaves,
// when it is sealed, and that its first sync covers what makes it a run.

import { spawn } from 'node:child_process';
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, inject, it } from 'vitest';
import { Repo, Run, type RunView } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-lifecycle-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;
const open = (runHash: string, more: object = {}): Promise<Run> =>
  Run.open({ repo: directory, runHash, ...quiet, ...more });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

/** Files below the run, without the sockets and locks of live owners. */
const filesOf = (hash: string): string[] =>
  readdirSync(join(directory, '.aim/runs', hash), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

async function killed(hash: string): Promise<void> {
  const program = join(inject('toolsDirectory'), 'test/process/programs/tracker.js');
  const child = spawn(process.execPath, [program, directory, hash, '1', '400'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
}

describe('an end', () => {
  it('is finished, or failed with the error, at the time given; the second close is none', async () => {
    const finished = await open('finished');
    expect((await viewOf('finished')).state).toBe('running');
    await finished.close({ endedAt: 5000 });
    await finished.close({ outcome: 'failed' });
    expect(await viewOf('finished')).toMatchObject({ state: 'finished', endedAt: 5000 });
    const failed = await open('failed');
    failed.fail(new RangeError('diverged'));
    await failed.close();
    const view = await viewOf('failed');
    expect(view.state).toBe('failed');
    expect(view.openings[0]?.error).toMatchObject({ name: 'RangeError', message: 'diverged' });
    const told = await open('told');
    await told.close({ outcome: 'failed', error: 'a text' });
    expect((await viewOf('told')).openings[0]).toMatchObject({
      outcome: 'failed',
      error: { message: 'a text' },
    });
    {
      await using disposed = await open('disposed');
      disposed.track(1, { name: 'loss' });
    }
    expect((await viewOf('disposed')).state).toBe('finished');
  });

  it('of Run.with is that of its body, whose error goes on; current() is the run inside', async () => {
    const result = await Run.with({ repo: directory, runHash: 'with', ...quiet }, async (run) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(Run.current()).toBe(run);
      return 7;
    });
    expect([result, Run.current(), (await viewOf('with')).state]).toEqual([
      7,
      undefined,
      'finished',
    ]);
    const error = new Error('out of memory');
    const failing = Run.with({ repo: directory, runHash: 'thrown', ...quiet }, () => {
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect((await viewOf('thrown')).openings[0]?.error?.message).toBe('out of memory');
  });

  it('of several writers is the worst of theirs, and running while one runs', async () => {
    const first = await open('several');
    const second = await open('several', { writer: 'helper' });
    first.fail('broken');
    await first.close({ endedAt: 1000 });
    expect(await viewOf('several')).toMatchObject({ state: 'running', endedAt: undefined });
    await second.close({ endedAt: 2000 });
    expect(await viewOf('several')).toMatchObject({ state: 'failed', endedAt: 2000 });
    await killed('dead');
    expect(await viewOf('dead')).toMatchObject({ state: 'killed', endedAt: undefined });
  });
});

describe('files', () => {
  it('of a small run that was opened once are at most four', async () => {
    const run = await open('small');
    for (let step = 0; step < 50; step += 1) run.track({ loss: step, accuracy: step });
    run.set('lr', 1);
    await run.close();
    expect(filesOf('small').length).toBeLessThanOrEqual(4);
  });

  it('of a run that was opened 80 times, and edited now and then, are fewer than fifty', async () => {
    const counts: number[] = [];
    for (let opening = 1; opening <= 80; opening += 1) {
      const run = await open('often', opening % 3 === 0 ? { tags: [`t${opening}`] } : {});
      run.track(opening, { name: 'loss' });
      await run.close();
      counts.push(filesOf('often').length);
    }
    expect(Math.max(...counts)).toBeLessThan(50);
    const view = await viewOf('often');
    expect([view.openings.length, view.metric('loss')?.count, view.tags.length]).toEqual([
      80, 80, 26,
    ]);
  });
});

describe('sealing', () => {
  it('happens at close, and of a killed run by its next owner or by compact', async () => {
    const run = await open('closed');
    for (let step = 0; step < 2000; step += 1) run.track(Math.sin(step), { name: 'loss' });
    await run.close();
    expect(filesOf('closed').some((name) => name.startsWith('rewritten-'))).toBe(true);
    for (const [hash, seal] of [
      ['killed-resumed', async () => (await open('killed-resumed')).close()],
      ['killed-compacted', async () => (await Repo.open(directory)).compact()],
    ] as const) {
      await killed(hash);
      const read = async () => {
        const metrics = (await viewOf(hash)).metrics();
        return Promise.all(
          metrics.map(async (each) => [each.name, [...(await each.values()).values]]),
        );
      };
      const before = await read();
      const opening = (await viewOf(hash)).openings[0];
      expect(opening).toMatchObject({ ending: 'killed', lastSeenAt: expect.any(Number) });
      expect(filesOf(hash).some((name) => name.startsWith('rewritten-'))).toBe(false);
      await seal();
      expect(
        filesOf(hash).some((name) => name.startsWith('rewritten-')),
        hash,
      ).toBe(true);
      expect(
        filesOf(hash).some((name) => name.startsWith('segment-')),
        hash,
      ).toBe(false);
      expect((await read()).sort()).toEqual(before.sort());
      // Its last sign of life outlives the fence that it stood in.
      expect((await viewOf(hash)).openings[0], hash).toEqual(opening);
      await (await open(hash)).close();
      expect((await viewOf(hash)).openings[0], hash).toEqual(opening);
    }
  });

  it('happens while the run goes on, and what is read stays the same', async () => {
    const { random } = seeded('sealing while running');
    const run = await open('running', { durability: { syncMs: 50 } });
    const values = new Float64Array(Math.ceil(limits.segmentSize / 5)).map(() => random());
    const loss = run.sequence('loss');
    for (let start = 0; start < values.length; start += 50_000) {
      loss.trackColumns({ values: values.subarray(start, start + 50_000) });
      expect(run.flush()).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const isSealed = (): boolean =>
      filesOf('running').some((name) => name.startsWith('rewritten-'));
    for (let tries = 0; tries < 2000 && !isSealed(); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isSealed()).toBe(true);
    const metric = (await viewOf('running')).metric('loss');
    const read = (await metric?.values())?.values as Float64Array;
    expect(Buffer.from(read.buffer).equals(Buffer.from(values.buffer))).toBe(true);
    expect(metric?.count).toBe(values.length);
    await run.close();
  });
});

it('the first sync of a run covers the folder of the edit that makes it one, also in the background', async () => {
  const opened: string[] = [];
  const { openSync } = fs;
  // A directory is opened to be synced, for nothing else.
  fs.openSync = (path, ...rest) => {
    opened.push(String(path));
    return openSync(path, ...rest);
  };
  syncBuiltinESMExports();
  try {
    const run = await open('durable', { durability: { syncMs: 20 } });
    run.track(1, { name: 'loss' });
    run.flush();
    const edits = join(directory, '.aim/runs/durable/edits');
    for (let tries = 0; tries < 2000 && !opened.includes(edits); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 25));
    expect(opened).toContain(edits);
    expect(opened).toContain(join(directory, '.aim/runs/durable'));
    await run.close();
  } finally {
    fs.openSync = openSync;
    syncBuiltinESMExports();
  }
});
