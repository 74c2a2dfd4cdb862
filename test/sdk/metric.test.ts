// A metric of a run: what a view of it says and reads, live, from another process and after the end.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, describe, expect, inject, it } from 'vitest';
import { type Metric, Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-metric-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string, more: object = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    ...more,
  });

async function metricOf(hash: string, name = 'loss'): Promise<Metric> {
  const metric = (await (await Repo.open(directory)).run(hash))?.metric(name);
  if (metric === undefined) throw new Error(`${hash}: no ${name}`);
  return metric;
}

/** The same facts live, closed and compacted. */
async function inEachForm(
  run: Run,
  check: (metric: Metric, form: string) => Promise<void>,
): Promise<void> {
  expect(run.flush()).toBe(true);
  await check(await metricOf(run.hash), 'live');
  await run.close();
  await check(await metricOf(run.hash), 'closed');
  await (await Repo.open(directory)).compact();
  await check(await metricOf(run.hash), 'compacted');
}

describe('values', () => {
  it('stand in a half open range of steps, replaced ones only when raw', async () => {
    const run = await open('range');
    for (const step of [5, -3, 8, 5, 0])
      run.track(step * 2, { name: 'loss', step, epoch: 1, time: step });
    run.track(99, { name: 'loss', step: 8, time: 1 });
    await inEachForm(run, async (metric, form) => {
      const steps = async (options?: object) => [...(await metric.values(options)).steps];
      expect(await steps(), form).toEqual([-3, 0, 5, 8]);
      expect(await steps({ fromStep: 0, toStep: 8 }), form).toEqual([0, 5]);
      expect(await steps({ fromStep: 1 }), form).toEqual([5, 8]);
      expect(await steps({ toStep: -3 }), form).toEqual([]);
      expect(await steps({ fromStep: 8, toStep: 0 }), form).toEqual([]);
      expect(await steps({ raw: true }), form).toEqual([-3, 0, 5, 5, 8, 8]);
      expect(await steps({ writer: 'nobody' }), form).toEqual([]);
      const { values, times, epochs } = await metric.values({ fromStep: 5 });
      expect([[...values], [...times], [...epochs]], form).toEqual([
        [10, 99],
        [5, 1],
        [1, Number.NaN],
      ]);
    });
  });

  it('have times and epochs that are unpacked when somebody asks: once, from memory, part of a copy', async () => {
    const run = await open('late');
    for (let step = 0; step < 3000; step += 1)
      run.track(1 / (step + 1), { name: 'loss', step, epoch: step >> 8, time: 1000 + step });
    await run.close();
    const metric = await metricOf('late');
    const late = [await metric.values(), await metric.values({ fromStep: 10, toStep: 20 })];
    for await (const block of metric.blocks()) late.push(block);
    await (await Repo.open(directory)).delete('late');
    for (const values of late) {
      expect(Object.keys(values)).toEqual(['steps', 'values', 'times', 'epochs']);
      expect(values.times).toBe(values.times);
      const { steps, times, epochs } = structuredClone(values);
      expect(steps.length).toBeGreaterThan(0);
      expect(times).toEqual(steps.map((step) => 1000 + step));
      expect(epochs).toEqual(steps.map((step) => step >> 8));
    }
  });

  it('come in blocks that make the same columns', async () => {
    const run = await open('blocks');
    run
      .sequence('loss')
      .trackColumns({ values: new Float64Array(150_000).map((_, index) => index / 7) });
    await inEachForm(run, async (metric, form) => {
      const sizes: number[] = [];
      const values: number[] = [];
      for await (const block of metric.blocks({ fromStep: 10 })) {
        sizes.push(block.steps.length);
        for (const value of block.values) values.push(value);
      }
      expect(
        sizes.every((size) => size > 0 && size <= 65_536),
        form,
      ).toBe(true);
      expect(values.length, form).toBe(149_990);
      expect(
        values.every((value, index) => value === (index + 10) / 7),
        form,
      ).toBe(true);
    });
  });

  it('are what another process reads while they are written, and after the end', async () => {
    const run = await open('elsewhere');
    for (let step = 0; step < 500; step += 1) run.track(Math.sqrt(step), { name: 'loss' });
    await inEachForm(run, async (metric, form) => {
      const source = pathToFileURL(join(inject('toolsDirectory'), 'src/index.js')).href;
      const program = `import { Repo } from '${source}';
        const view = await (await Repo.open('${directory}')).run('elsewhere');
        const { values } = await view.metric('loss').values();
        process.stdout.write(JSON.stringify([view.state, [...values]]));`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
      });
      const [state, values] = JSON.parse(stdout) as [string, number[]];
      expect(state).toBe(form === 'live' ? 'running' : 'finished');
      expect(values, form).toEqual([...(await metric.values()).values]);
    });
  });
});

describe('a summary', () => {
  it('is that of what is shown: without NaN, with -0 below 0, last by step', async () => {
    const run = await open('summary');
    for (const [step, value] of [
      [3, 7],
      [1, 0],
      [2, Number.NaN],
      [0, -0],
      [1, -5],
    ] as const)
      run.track(value, { name: 'loss', step });
    await inEachForm(run, async (metric, form) => {
      const { count, first, firstStep, last, lastStep, min, max, sum, mean } = metric;
      expect([count, first, firstStep, last, lastStep, min, max, sum, mean], form).toEqual([
        4,
        -0,
        0,
        7,
        3,
        -5,
        7,
        2,
        2 / 3,
      ]);
    });
  });

  it('of nothing shown, or of NaN alone, has no value', async () => {
    const hidden = await open('hidden');
    hidden.track(1, { name: 'loss' });
    hidden.rewind({ step: 0 });
    await inEachForm(hidden, async ({ count, first, last, min, max, sum, lastStep }, form) => {
      const none = Number.NaN;
      expect([count, first, last, min, max, sum, lastStep], form).toEqual([
        0,
        none,
        none,
        none,
        none,
        0,
        undefined,
      ]);
    });
    const nan = await open('nan');
    nan.track(Number.NaN, { name: 'loss' });
    await inEachForm(nan, async ({ count, last, min, max, sum }, form) => {
      expect([count, last, min, max, sum], form).toEqual([
        1,
        Number.NaN,
        Number.NaN,
        Number.NaN,
        0,
      ]);
    });
  });
});
