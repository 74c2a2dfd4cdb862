// compact: points that a rewind hides are kept by every rewriting and taken away only on order; and what is
// compact stays as it is.

import { cpSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { nodeVfs } from '../../src/engine/index.ts';
import { Repo, Run } from '../../src/index.ts';
import { compactRepo } from '../../src/sdk/repo-maintenance.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-drop-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** 2,000 steps in two openings, the second of which rewinds to step 500 and tracks them again. */
async function rewound(runHash: string): Promise<{ repo: Repo; rewindId: string }> {
  const open = () => Run.open({ repo: directory, runHash, systemTrackingInterval: null });
  const first = await open();
  for (const step of upTo(2000)) {
    first.track(Math.sin(step), { name: 'loss', step });
    first.track(step / 7, { name: '__system__cpu', step });
  }
  await first.close();
  const second = await open();
  const rewindId = second.rewind({ step: 500 });
  for (const step of upTo(2000).slice(500)) second.track(-step, { name: 'loss', step });
  await second.close();
  return { repo: await Repo.open(directory), rewindId };
}

async function columns(repo: Repo, hash: string, name: string, raw: boolean) {
  const view = await repo.run(hash);
  const found = await view?.metric(name)?.values({ raw });
  return { steps: [...(found?.steps ?? [])], values: [...(found?.values ?? [])] };
}

describe('compact', () => {
  it('keeps hidden points', async () => {
    const { repo } = await rewound('kept');
    await repo.compact();
    expect((await columns(repo, 'kept', 'loss', true)).steps.length).toBe(3500);
  });

  it('with dropHidden takes them away, and nothing else', async () => {
    const { repo, rewindId } = await rewound('dropped');
    const shown = await columns(repo, 'dropped', 'loss', false);
    const system = await columns(repo, 'dropped', '__system__cpu', true);
    const before = await repo.size();
    await repo.compact({ dropHidden: true });
    expect((await repo.size()).bytes).toBeLessThan(before.bytes);
    expect(await columns(repo, 'dropped', 'loss', false)).toEqual(shown);
    expect(await columns(repo, 'dropped', 'loss', true)).toEqual(shown);
    expect(await columns(repo, 'dropped', '__system__cpu', true)).toEqual(system);
    expect((await repo.verify()).ok).toBe(true);
    const view = await repo.run('dropped');
    expect([view?.metric('loss')?.count, view?.metric('loss')?.last]).toEqual([2000, -1999]);

    const run = await Run.open({
      repo: directory,
      runHash: 'dropped',
      systemTrackingInterval: null,
    });
    run.undoRewind(rewindId);
    run.track(1, { name: 'loss' });
    await run.close();
    const after = await columns(repo, 'dropped', 'loss', true);
    expect(after.steps).toEqual(upTo(2001));
  });

  it('refuses what is no option', async () => {
    const { repo } = await rewound('refused');
    const options = { dropHiden: true } as object;
    await expect(repo.compact(options)).rejects.toThrow(TypeError);
    await expect(repo.compact({ dropHidden: 1 as unknown as boolean })).rejects.toThrow(
      /dropHidden/,
    );
  });
});

describe('compact of what is compact', () => {
  it('changes nothing, however often it is called', async () => {
    const own = mkdtempSync(join(directory, 'own-'));
    for (const step of upTo(5)) {
      const run = await Run.open({
        repo: own,
        runHash: `small-${step}`,
        systemTrackingInterval: null,
      });
      run.track(step, { name: 'loss' });
      await run.close();
    }
    const large = await Run.open({ repo: own, runHash: 'large', systemTrackingInterval: null });
    for (const step of upTo(5000)) large.track(Math.sin(step), { name: 'loss', step });
    await large.close();
    const repo = await Repo.open(own);
    const before = await repo.size();
    expect(await repo.compact()).toMatchObject({ rewritten: 0, skipped: 0, reclaimed: 0 });
    expect(await repo.size()).toEqual(before);
  });

  it('is what a run opened often becomes, once', async () => {
    const own = mkdtempSync(join(directory, 'often-'));
    for (const step of upTo(4)) {
      const run = await Run.open({ repo: own, runHash: 'often', systemTrackingInterval: null });
      run.track(step, { name: 'loss' });
      await run.close();
    }
    const repo = await Repo.open(own);
    expect((await repo.compact()).rewritten).toBe(1);
    const after = await repo.size();
    expect((await repo.compact()).rewritten).toBe(0);
    expect(await repo.size()).toEqual(after);
  });
});

it('holders of whom nobody knows whether they live are waited for together', async () => {
  const live = join(directory, 'live');
  const left = join(directory, 'left');
  const hashes = upTo(5).map((index) => `run-${index}`);
  const runs: Run[] = [];
  for (const runHash of hashes) {
    const run = await Run.open({ repo: live, runHash, systemTrackingInterval: null });
    for (const step of upTo(2000)) run.track(Math.sin(step), { name: 'loss', step });
    await run.sync();
    runs.push(run);
  }
  // Sockets tell that their owner lives, and cannot be copied.
  cpSync(live, left, { recursive: true, filter: (path) => !lstatSync(path).isSocket() });
  for (const run of runs) await run.close();
  const host = simulatedHost({ state: () => 'unknown' });
  const start = host.monotonic();
  const { rewritten } = await compactRepo(nodeVfs(), join(left, '.aim'), {}, host);
  expect(rewritten).toBe(hashes.length);
  expect(host.monotonic() - start).toBeLessThan(2 * 60_000);
  const repo = await Repo.open(left);
  expect((await repo.verify()).ok).toBe(true);
  for (const hash of hashes) expect((await repo.run(hash))?.metric('loss')?.count).toBe(2000);
});
