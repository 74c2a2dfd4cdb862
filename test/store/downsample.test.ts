// Columns of a plot are what brute force over the visible values gives: any window and width, several
// writers, repeated steps, rewinds, gaps, what is sealed and what is hot; asked again, and when little of
// what was decoded may be kept, the same.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { type Metric, Repo, Run, type RunView } from '../../src/index.ts';
import { columnEdges, isLess } from '../../src/store/downsample.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-downsample-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const fields = ['first', 'last', 'min', 'max'] as const;

interface Window {
  readonly width: number;
  readonly fromStep?: number;
  readonly toStep?: number;
  readonly writer?: string;
}

async function expectBruteForce(metric: Metric, window: Window): Promise<void> {
  const got = await metric.downsample(window);
  const { writer, width } = window;
  const { steps, values } = await metric.values(writer === undefined ? {} : { writer });
  const from = Number.isFinite(window.fromStep) ? (window.fromStep ?? 0) : (steps[0] ?? 0);
  const to = Number.isFinite(window.toStep) ? (window.toStep ?? 0) : (steps.at(-1) ?? from - 1) + 1;
  expect(got.fromStep).toBe(Math.ceil(from));
  const columns = Array.from({ length: width }, () => ({
    counts: 0,
    nanCounts: 0,
    first: Number.NaN,
    firstStep: Number.NaN,
    last: Number.NaN,
    lastStep: Number.NaN,
    min: Number.NaN,
    minStep: Number.NaN,
    max: Number.NaN,
    maxStep: Number.NaN,
  }));
  const [start, end] = [Math.ceil(from), Math.ceil(to)];
  // Exact: the test's numbers are small.
  expect((end - start) * width).toBeLessThan(Number.MAX_SAFE_INTEGER);
  for (const [index, step] of steps.entries()) {
    if (step < start || step >= end) continue;
    const place = Math.floor(((step - start) * width) / (end - start));
    const column = columns[place] as (typeof columns)[number];
    const value = values[index] as number;
    column.counts += 1;
    if (column.counts === 1) Object.assign(column, { first: value, firstStep: step });
    Object.assign(column, { last: value, lastStep: step });
    if (Number.isNaN(value)) {
      column.nanCounts += 1;
      continue;
    }
    if (Number.isNaN(column.min) || isLess(value, column.min))
      Object.assign(column, { min: value, minStep: step });
    if (Number.isNaN(column.max) || isLess(column.max, value))
      Object.assign(column, { max: value, maxStep: step });
  }
  for (const name of ['counts', 'nanCounts', ...fields, ...fields.map((each) => `${each}Step`)]) {
    const column = name as keyof (typeof columns)[number];
    expect([...got[column]], column).toEqual(columns.map((each) => each[column]));
  }
}

const odd = [
  Number.NaN,
  Number.NaN,
  -0,
  0,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0.1,
];

async function randomRun(name: string): Promise<RunView> {
  const { integer, random, pick } = seeded(name);
  const options = {
    repo: directory,
    runHash: name.replace(' ', '-'),
    systemTrackingInterval: null,
  };
  const writers = integer(3) === 0 ? ['main', 'second'] : ['main'];
  for (let opening = 0; opening < 3; opening += 1) {
    for (const writer of writers) {
      const run = await Run.open({ ...options, writer });
      const loss = run.sequence('loss');
      for (let part = 0; part < 2; part += 1) {
        const start = integer(4) === 0 ? integer(3000) : opening * 3000 + part * 1500;
        const count = 1 + integer(1400);
        const stride = 1 + integer(2);
        loss.trackColumns({
          steps: Float64Array.from({ length: count }, (_, index) => start + index * stride),
          values: Float64Array.from({ length: count }, () =>
            integer(8) === 0 ? pick(odd) : random(),
          ),
        });
        run.flush();
      }
      if (integer(4) === 0) run.rewind({ step: integer(6000) });
      await run.close();
    }
  }
  const view = await (await Repo.open(directory)).run(options.runHash);
  return view as RunView;
}

describe('downsample', () => {
  it.each(Array.from({ length: 8 }, (_, index) => index))(
    'of random run %i is what brute force gives in any window',
    async (number) => {
      const name = `downsample ${number}`;
      const view = await randomRun(name);
      const metric = view.metric('loss');
      const { integer, pick } = seeded(`${name} windows`);
      if (metric === undefined) return;
      for (let time = 0; time < 12; time += 1) {
        const fromStep =
          integer(3) === 0 ? {} : { fromStep: integer(10_000) - 500 + pick([0, 0.5]) };
        const toStep = integer(3) === 0 ? {} : { toStep: integer(10_000) + pick([0, 0.25]) };
        const writer = integer(4) === 0 ? { writer: pick(view.writers) } : {};
        const width = pick([1, 2, 3, 7, 100, 1000, 20_000]);
        if ((fromStep.fromStep ?? -1e9) >= (toStep.toStep ?? 1e9)) continue;
        await expectBruteForce(metric, { width, ...fromStep, ...toStep, ...writer });
      }
    },
  );

  it('of blocks that lie in a column whole reads them only for the step of an extreme', async () => {
    const run = await Run.open({
      repo: directory,
      runHash: 'many',
      systemTrackingInterval: null,
    });
    const loss = run.sequence('loss');
    const { random, integer } = seeded('downsample whole blocks');
    for (let part = 0; part < 4; part += 1) {
      const values = Float64Array.from({ length: 65_536 }, () => Math.round(random() * 500) / 7);
      values[integer(65_536)] = Number.NaN;
      loss.trackColumns({ values });
    }
    await run.close();
    // A tail that is hot, behind what is sealed.
    const again = await Run.open({
      repo: directory,
      runHash: 'many',
      systemTrackingInterval: null,
    });
    again.sequence('loss').trackColumns({ values: [-5, Number.NaN, 5000] });
    again.flush();
    const metric = (await (await Repo.open(directory)).run('many'))?.metric('loss') as Metric;
    for (const window of [
      { width: 1 },
      { width: 4, fromStep: 0, toStep: 4 * 65_536 },
      { width: 1000 },
      { width: 3, fromStep: 65_000, toStep: 200_000 },
      { width: 5, fromStep: 262_140 },
    ])
      await expectBruteForce(metric, window);
    await again.close();
  });

  it('of an empty window, and of columns narrower than a step, is empty there', async () => {
    const view = await randomRun('downsample empty');
    const metric = view.metric('loss') as Metric;
    const empty = await metric.downsample({ width: 3, fromStep: 1e9 });
    expect([...empty.counts]).toEqual([0, 0, 0]);
    expect([...empty.first, ...empty.minStep].every(Number.isNaN)).toBe(true);
    expect([...(await metric.downsample({ width: 2, fromStep: 10, toStep: 5 })).counts]).toEqual([
      0, 0,
    ]);
    const narrow = await metric.downsample({ width: 10, fromStep: 0, toStep: 4 });
    expect(narrow.counts.filter((each) => each > 0).length).toBeLessThanOrEqual(4);
  });

  it('refuses what is no window', async () => {
    const metric = (await randomRun('downsample refused')).metric('loss') as Metric;
    const call = (options: object) => metric.downsample(options as { width: number });
    await expect(call({})).rejects.toThrow(/^width: expected a number/);
    for (const width of [0, -1, 1.5, 65_537, Number.NaN])
      await expect(call({ width })).rejects.toThrow(RangeError);
    await expect(call({ width: 1, fromStep: Number.NaN })).rejects.toThrow(/^fromStep/);
    await expect(call({ width: 1, toStep: '3' })).rejects.toThrow(/^toStep/);
    await expect(call({ width: 1, tostep: 3 })).rejects.toThrow(/tostep/);
  });
});

it('columns divide a window evenly, also where numbers are not exact', () => {
  const { integer } = seeded('column edges');
  const most = Number.MAX_SAFE_INTEGER;
  for (const [from, to] of [
    [0, 10],
    [-7, 1000],
    [most - 10, most + 1],
    [-most, most],
    [0, most],
  ] as const)
    for (const width of [1, 3, 1000, 65_536]) {
      const edges = columnEdges(from, to, width);
      for (let time = 0; time < 50; time += 1) {
        const column = integer(width);
        const exact =
          BigInt(from) +
          (BigInt(column) * (BigInt(to) - BigInt(from)) + BigInt(width) - 1n) / BigInt(width);
        expect(edges[column]).toBe(Number(exact));
      }
      expect(edges[width]).toBe(to);
    }
});
