// Runs are listed at once and opened one by one: what happens to a run between the two is seen when
// its turn comes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Repo, Run } from 'runlog';
import { afterEach, beforeEach, expect, it } from 'vitest';

let directory = '';

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'runlog-runs-'));
  for (const [index, runHash] of ['first', 'second'].entries()) {
    const options = { repo: directory, runHash, systemTrackingInterval: null };
    const run = await Run.open({ ...options, name: 'as created', createdAt: index });
    run.track(index, { name: 'loss' });
    await run.close();
  }
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The second run as a listing gives it, after `change` in the turn of the first. */
async function afterListing(change: (repo: Repo) => Promise<void>) {
  const repo = await Repo.open(directory);
  const runs = repo.runs({ order: 'oldest' });
  expect((await runs.next()).value?.hash).toBe('first');
  await change(repo);
  const { value } = await runs.next();
  return value ?? undefined;
}

it('shows a run as it was listed where nothing happened', async () => {
  const view = await afterListing(async () => {});
  expect([view?.hash, view?.name]).toEqual(['second', 'as created']);
});

it('shows an edit that was published meanwhile', async () => {
  const view = await afterListing(async (repo) => {
    await (await repo.run('second'))?.edit({ name: 'renamed' });
  });
  expect(view?.name).toBe('renamed');
});

it('shows edits that were folded meanwhile', async () => {
  const view = await afterListing(async () => {
    // Opening to write folds the edits of earlier ones, and each opening of these adds one.
    for (let edit = 0; edit < 40; edit += 1) {
      const run = await Run.open({
        repo: directory,
        runHash: 'second',
        name: `edit ${edit}`,
        systemTrackingInterval: null,
      });
      await run.close();
    }
  });
  expect(view?.name).toBe('edit 39');
});

it('leaves out a run that was deleted meanwhile', async () => {
  expect(await afterListing((repo) => repo.delete('second'))).toBe(undefined);
});

it('leaves out an archived run, and shows it again once it is not', async () => {
  const repo = await Repo.open(directory);
  const view = await repo.run('second');
  const hashes = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { hash } of repo.runs({ order: 'oldest' })) found.push(hash);
    return found;
  };
  await view?.edit({ archived: true });
  expect(await hashes()).toEqual(['first']);
  await view?.edit({ archived: false });
  expect(await hashes()).toEqual(['first', 'second']);
});
