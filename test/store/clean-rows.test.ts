// Rows of blocks that their summaries call clean are read without sorting or searching them: they are
// the rows that the long way gives, and where a summary cannot speak for its rows the short way is not
// taken.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Run } from 'runlog';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { nodeVfs } from '../../src/engine/index.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import { cutsOf, newestRows, type Rows, visibleRows } from '../../src/store/rows.ts';
import { RunReader } from '../../src/store/run-reader.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runlog-clean-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (): Promise<Run> =>
  Run.open({ repo: directory, runHash: 'points', systemTrackingInterval: null });

/** Both ways to the rows of `name`; `clean` is undefined where only the long one is open. */
async function bothWays(name: string): Promise<{ clean: Rows | undefined; long: Rows }> {
  const places = runPlaces(join(directory, '.aim'), 'points');
  const reader = await RunReader.open(nodeVfs(), places);
  const sequence = [...reader.sequences().values()].find((each) => each.name === name);
  const contents = reader.logs[0]?.contents;
  if (sequence === undefined || contents === undefined) throw new Error(`no sequence ${name}`);
  const cuts = cutsOf(reader.rewinds, 'main', name, sequence.contextText);
  return {
    clean: contents.cleanRows(sequence.key, cuts),
    long: newestRows(visibleRows(contents.rows(sequence.key), cuts)),
  };
}

function expectEqual({ clean, long }: { clean: Rows | undefined; long: Rows }): void {
  for (const column of ['steps', 'values', 'times', 'epochs', 'numbers'] as const)
    expect([...(clean?.[column] ?? [])], column).toEqual([...long[column]]);
}

const COUNT = 3000;
const noise = (step: number): number => Math.sin(step * 12.9898) * 43758.5453;

it('of several openings, of sequences that share their steps, and of every other step', async () => {
  for (let opening = 0; opening < 3; opening += 1) {
    const run = await open();
    for (let step = opening * COUNT; step < (opening + 1) * COUNT; step += 1) {
      run.track({ loss: noise(step), accuracy: 1 / (step + 1) }, { step, epoch: opening });
      if (step % 2 === 0) run.track(step, { name: 'even', step, epoch: opening });
    }
    await run.close();
  }
  for (const [name, count] of [
    ['loss', 3 * COUNT],
    ['accuracy', 3 * COUNT],
    ['even', 1.5 * COUNT],
  ] as const) {
    const ways = await bothWays(name);
    expect(ways.long.steps).toHaveLength(count);
    expectEqual(ways);
  }
});

it('whose steps arrived out of order', async () => {
  const run = await open();
  for (let step = COUNT; step > 0; step -= 1) run.track(noise(step), { name: 'loss', step });
  await run.close();
  const ways = await bothWays('loss');
  expect(ways.clean?.numbers[0]).toBe(COUNT - 1);
  expectEqual(ways);
});

it('are not taken where a step repeats, in one opening or in two', async () => {
  const run = await open();
  for (let step = 0; step < COUNT; step += 1)
    run.track({ twice: noise(step), later: noise(step) }, { step });
  run.track(0, { name: 'twice', step: 7 });
  await run.close();
  const resumed = await open();
  for (let step = COUNT - 1; step < 2 * COUNT; step += 1) resumed.track({ later: step }, { step });
  await resumed.close();
  for (const name of ['twice', 'later']) expect((await bothWays(name)).clean).toBe(undefined);
});

it('are not taken where a rewind reaches, and are again above it', async () => {
  const run = await open();
  for (let step = 0; step < COUNT; step += 1) run.track({ loss: step, other: step }, { step });
  run.rewind({ step: COUNT - 10, name: 'loss' });
  await run.close();
  const { clean, long } = await bothWays('loss');
  expect(clean).toBe(undefined);
  expect(long.steps).toHaveLength(COUNT - 10);
  expectEqual(await bothWays('other'));
});
