// Several writers of one run: nothing of one replaces what another tracked, every reader merges alike,
// and each goes on by its own steps.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-writers-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string, writer: string): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash,
    writer,
    systemTrackingInterval: null,
    durability: { syncMs: null },
  });

async function metricOf(hash: string, name = 'loss') {
  const metric = (await (await Repo.open(directory)).run(hash))?.metric(name);
  if (metric === undefined) throw new Error(`${hash}: no ${name}`);
  return metric;
}

it('give all their values, ordered by step and then by writer, live and sealed', async () => {
  const names = ['rank-10', 'rank-2', 'main', 'rank-1'];
  const runs = await Promise.all(names.map((name) => open('ranks', name)));
  for (const [rank, run] of runs.entries())
    for (let step = 4; step >= 0; step -= 1) run.track(rank * 100 + step, { name: 'loss', step });
  for (const run of runs) run.flush();
  const order = [...names].sort().map((name) => names.indexOf(name));
  const expected = [0, 1, 2, 3, 4].flatMap((step) => order.map((rank) => rank * 100 + step));
  for (const form of ['live', 'closed', 'compacted']) {
    const metric = await metricOf('ranks');
    expect([...(await metric.values()).values], form).toEqual(expected);
    expect(metric.writers, form).toEqual([...names].sort());
    expect([metric.count, metric.sum], form).toEqual([
      20,
      expected.reduce((sum, each) => sum + each),
    ]);
    // At the greatest step that of the last writer, at the least that of the first.
    expect([metric.first, metric.last], form).toEqual([expected[0], expected.at(-1)]);
    for (const [rank, writer] of names.entries()) {
      const { values } = await metric.values({ writer });
      expect([...values], `${form} ${writer}`).toEqual(
        [0, 1, 2, 3, 4].map((step) => rank * 100 + step),
      );
    }
    if (form === 'live') for (const run of runs) await run.close();
    if (form === 'closed') await (await Repo.open(directory)).compact();
  }
});

it('each go on by the steps of their own', async () => {
  const first = await open('steps', 'a');
  for (let count = 0; count < 5; count += 1) first.track(count, { name: 'loss' });
  first.flush();
  const second = await open('steps', 'b');
  second.track(9, { name: 'loss' });
  await second.close();
  await first.close();
  const metric = await metricOf('steps');
  expect([...(await metric.values({ writer: 'b' })).steps]).toEqual([0]);
  const again = await open('steps', 'b');
  again.track(9, { name: 'loss' });
  await again.close();
  expect([...(await (await metricOf('steps')).values({ writer: 'b' })).steps]).toEqual([0, 1]);
});

it('of one name are one at a time, of two names two, in one process as in two', async () => {
  const first = await open('names', 'a');
  await expect(open('names', 'a')).rejects.toMatchObject({ code: 'RUN_LOCKED' });
  const second = await open('names', 'b');
  await first.close();
  const again = await open('names', 'a');
  await again.close();
  await second.close();
});
