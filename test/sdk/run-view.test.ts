// A view of a run: a snapshot that stays as it is until it is refreshed, and edits from outside.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run, type RunView } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-view-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string, more: object = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    ...more,
  });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

it('is a snapshot until it is refreshed, also of metrics that it gave', async () => {
  const run = await open('snapshot');
  run.track(1, { name: 'loss' });
  run.set('lr', 1);
  run.flush();
  const view = await viewOf('snapshot');
  const before = view.metric('loss');
  run.track(2, { name: 'loss' });
  run.track(3, { name: 'other' });
  run.set('lr', 2);
  run.name = 'named';
  run.flush();
  expect([before?.count, view.metric('loss')?.count, view.metrics().length]).toEqual([1, 1, 1]);
  expect([view.get('lr'), view.name]).toEqual([1, undefined]);
  await view.refresh();
  expect([before?.count, view.metric('loss')?.count, view.metrics().length]).toEqual([1, 2, 2]);
  expect([view.get('lr'), view.name]).toEqual([2, 'named']);
  await run.close();
});

it('reads on through a rewriting of the files that it began with', async () => {
  const run = await open('rewritten');
  for (let step = 0; step < 3000; step += 1) run.track(Math.cos(step), { name: 'loss' });
  run.flush();
  const view = await viewOf('rewritten');
  const metric = view.metric('loss');
  await run.close();
  await (await Repo.open(directory)).compact();
  expect(metric?.count).toBe(3000);
  expect((await metric?.values())?.values[2999]).toBe(Math.cos(2999));
  expect(view.metrics().length).toBe(1);
});

it('edits what it is told and nothing else, also while the run is live, and shows it', async () => {
  const run = await open('edited', { name: 'first', tags: ['a', 'b'], description: 'text' });
  const view = await viewOf('edited');
  await view.edit({ tags: { add: ['c'], remove: ['a'] }, archived: true, note: 'seen' });
  expect(view).toMatchObject({
    name: 'first',
    description: 'text',
    tags: ['b', 'c'],
    archived: true,
    experiment: 'default',
  });
  expect(view.notes.map((each) => each.text)).toEqual(['seen']);
  run.experiment = 'other';
  await run.close();
  await view.edit({ name: null, description: null });
  expect(view).toMatchObject({ name: undefined, description: undefined, experiment: 'other' });
  await view.edit({});
  const again = await open('edited');
  expect([again.name, again.tags, again.archived]).toEqual([undefined, ['b', 'c'], true]);
  await again.close();
});

it('lists each opening of each writer, oldest first', async () => {
  for (const writer of ['main', 'helper', 'main'])
    await (await open('openings', { writer })).close();
  const { openings, writers } = await viewOf('openings');
  expect(writers).toEqual(['helper', 'main']);
  expect(openings.map(({ writer, resumed }) => [writer, resumed])).toEqual([
    ['main', false],
    ['helper', false],
    ['main', true],
  ]);
  for (const { pid, nodeVersion, outcome, openedAt, closedAt } of openings) {
    expect([pid, nodeVersion, outcome]).toEqual([process.pid, process.version, 'finished']);
    expect(closedAt).toBeGreaterThanOrEqual(openedAt);
  }
});

it('of a deleted run says so when it is refreshed or edited', async () => {
  await (await open('gone')).close();
  const view = await viewOf('gone');
  await (await Repo.open(directory)).delete('gone');
  await expect(view.refresh()).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  await expect(view.edit({ name: 'x' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
});
