// Rewind and undo: what is hidden, of which sequences and writers, what comes back, and where steps
// go on.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-rewind-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let count = 0;
let hash = '';
beforeEach(() => {
  count += 1;
  hash = `run-${count}`;
});

const open = (writer = 'main'): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash: hash,
    writer,
    systemTrackingInterval: null,
    durability: { syncMs: null },
  });

async function stepsOf(name: string, context = {}, options = {}): Promise<number[]> {
  const view = await (await Repo.open(directory)).run(hash);
  return [...((await view?.metric(name, context)?.values(options))?.steps ?? [])];
}

const trackEach = (run: Run, name: string, steps: readonly number[], context = {}): void => {
  for (const step of steps) run.track(step * 10, { name, step, context });
};

/** What a test says of a live run, it says of the closed and of the compacted one. */
async function inEachForm(
  runs: readonly Run[],
  check: (form: string) => Promise<void>,
): Promise<void> {
  for (const run of runs) expect(run.flush()).toBe(true);
  await check('live');
  for (const run of runs) await run.close();
  await check('closed');
  await (await Repo.open(directory)).compact();
  await check('compacted');
}

describe('a rewind', () => {
  it('hides what was tracked before it at its step and beyond, not what comes after', async () => {
    const run = await open();
    trackEach(run, 'loss', [0, 1, 2, 3, 4]);
    run.rewind({ step: 3 });
    trackEach(run, 'loss', [3, 7]);
    await inEachForm([run], async (form) => {
      expect(await stepsOf('loss'), form).toEqual([0, 1, 2, 3, 7]);
      expect(await stepsOf('loss', {}, { raw: true }), form).toEqual([0, 1, 2, 3, 3, 4, 7]);
    });
  });

  it('leaves what the library tracks alone, unless it is named', async () => {
    const run = await open();
    trackEach(run, '__system__cpu', [0, 1, 2]);
    trackEach(run, '__system__disk', [0, 1, 2]);
    trackEach(run, 'loss', [0, 1, 2]);
    run.rewind({ step: 1 });
    run.rewind({ step: 2, name: '__system__disk' });
    await inEachForm([run], async (form) => {
      expect(await stepsOf('__system__cpu'), form).toEqual([0, 1, 2]);
      expect(await stepsOf('__system__disk'), form).toEqual([0, 1]);
      expect(await stepsOf('loss'), form).toEqual([0]);
    });
  });

  it('of a name reaches each context of it, of a name and a context that sequence', async () => {
    const run = await open();
    for (const subset of ['train', 'val'])
      for (const name of ['loss', 'accuracy']) trackEach(run, name, [0, 1, 2, 3], { subset });
    run.rewind({ step: 2, name: 'loss' });
    run.rewind({ step: 1, name: 'accuracy', context: { subset: 'val' } });
    await inEachForm([run], async (form) => {
      expect(await stepsOf('loss', { subset: 'train' }), form).toEqual([0, 1]);
      expect(await stepsOf('loss', { subset: 'val' }), form).toEqual([0, 1]);
      expect(await stepsOf('accuracy', { subset: 'train' }), form).toEqual([0, 1, 2, 3]);
      expect(await stepsOf('accuracy', { subset: 'val' }), form).toEqual([0]);
    });
  });

  it('that is undone has never been; another one stands', async () => {
    const run = await open();
    trackEach(run, 'loss', [0, 1, 2, 3]);
    const first = run.rewind({ step: 1 });
    const second = run.rewind({ step: 3 });
    trackEach(run, 'loss', [2]);
    run.undoRewind(first);
    expect(() => run.undoRewind(first)).toThrow(RangeError);
    run.track(1, { name: 'loss' });
    await inEachForm([run], async (form) =>
      expect(await stepsOf('loss'), form).toEqual([0, 1, 2, 3]),
    );
    const resumed = await open();
    resumed.undoRewind(second);
    resumed.track(1, { name: 'loss' });
    await inEachForm([resumed], async (form) =>
      expect(await stepsOf('loss'), form).toEqual([0, 1, 2, 3, 4]),
    );
  });

  it("hides the own log's points, with writers: 'all' those of each log as it was seen", async () => {
    const runs = [await open('a'), await open('b'), await open('c')] as const;
    const [a, b, c] = runs;
    for (const run of runs) trackEach(run, 'loss', [0, 1, 2, 3]);
    for (const run of runs) run.flush();
    a.rewind({ step: 3 });
    b.rewind({ step: 1, writers: 'all' });
    trackEach(c, 'loss', [2]);
    await inEachForm(runs, async (form) => {
      for (const [writer, steps] of [
        ['a', [0]],
        ['b', [0]],
        ['c', [0, 2]],
      ] as const)
        expect(await stepsOf('loss', {}, { writer }), `${form} ${writer}`).toEqual(steps);
      expect(await stepsOf('loss'), form).toEqual([0, 0, 0, 2]);
    });
  });
});

describe('an undo by another writer', () => {
  it('counts for the one who made the rewind, when it comes back', async () => {
    const main = await open();
    trackEach(main, 'loss', [0, 1, 2, 3]);
    const id = main.rewind({ step: 1 });
    await main.close();
    const helper = await open('helper');
    helper.undoRewind(id);
    await helper.close();
    const again = await open();
    expect(() => again.undoRewind(id)).toThrow(RangeError);
    again.track(1, { name: 'loss' });
    await again.close();
    expect(await stepsOf('loss')).toEqual([0, 1, 2, 3, 4]);
  });

  it('counts for the one who undid it, when it comes back', async () => {
    const main = await open();
    trackEach(main, 'loss', [0, 1, 2, 3]);
    main.flush();
    const helper = await open('helper');
    const id = helper.rewind({ step: 1, writers: 'all' });
    await helper.close();
    await main.close();
    const resumed = await open();
    resumed.undoRewind(id);
    await resumed.close();
    const again = await open();
    expect(() => again.undoRewind(id)).toThrow(RangeError);
    again.track(1, { name: 'loss' });
    await again.close();
    expect(await stepsOf('loss')).toEqual([0, 1, 2, 3, 4]);
  });
});

it('a rewind of all writers does not reach a log of an earlier life', async () => {
  const helper = await open('helper');
  trackEach(helper, 'loss', [0, 1, 2, 3, 4]);
  await helper.close();
  const repo = await Repo.open(directory);
  await repo.delete(hash);
  // As a crash in the middle of deleting leaves it: the log of the helper still holds its points.
  const other = `${hash}-kept`;
  const kept = await Run.open({
    repo: directory,
    runHash: other,
    writer: 'helper',
    systemTrackingInterval: null,
  });
  trackEach(kept, 'loss', [0, 1, 2, 3, 4]);
  await kept.close();
  const logs = (of: string): string => join(directory, '.aim/runs', of, 'logs/helper');
  rmSync(logs(hash), { recursive: true });
  cpSync(logs(other), logs(hash), { recursive: true });
  const main = await open();
  main.rewind({ step: 0, writers: 'all' });
  await main.close();
  const again = await open('helper');
  trackEach(again, 'loss', [0, 1]);
  await again.close();
  expect(await stepsOf('loss')).toEqual([0, 1]);
});
