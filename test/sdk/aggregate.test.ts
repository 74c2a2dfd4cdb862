// Groups of metrics as numbers and as curves: equal to what is counted by hand, and, at random, to the
// definitions of the statistics.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { align, statisticsOf } from '../../src/sdk/aggregate.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-aggregate-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(async () => {
  const curves = { a: [4, 2], b: [6, 4, 3], c: [1, Number.NaN] };
  for (const [name, values] of Object.entries(curves)) {
    const run = await Run.open({ repo: directory, name, systemTrackingInterval: null });
    run.set('width', name === 'c' ? 32 : 64);
    for (const value of values) run.track(value, { name: 'loss' });
    await run.close();
  }
});

it('a number of each metric, by groups', async () => {
  const repo = await Repo.open(directory);
  const groups = await repo.aggregate("metric.name == 'loss'", {
    groupBy: 'run.width',
    order: 'run.width',
  });
  expect(groups).toEqual([
    { group: [32], metrics: 1, ...none },
    {
      group: [64],
      metrics: 2,
      count: 2,
      mean: 2.5,
      median: 2.5,
      std: Math.SQRT1_2,
      min: 2,
      max: 3,
    },
  ]);
  const [all] = await repo.aggregate('', { value: 'metric.min' });
  expect(all).toEqual({
    group: [],
    metrics: 3,
    count: 3,
    mean: 2,
    median: 2,
    std: 1,
    min: 1,
    max: 3,
  });
});

const none = {
  count: 0,
  mean: Number.NaN,
  median: Number.NaN,
  std: Number.NaN,
  min: Number.NaN,
  max: Number.NaN,
};

it('curves aligned by step, by groups, in a window', async () => {
  const repo = await Repo.open(directory);
  const options = { groupBy: ['run.width'], order: 'run.width', descending: true };
  const [wide] = await repo.aggregateCurves("metric.name == 'loss'", options);
  expect(wide?.group).toEqual([64]);
  expect([...(wide?.steps ?? [])]).toEqual([0, 1, 2]);
  expect([...(wide?.count ?? [])]).toEqual([2, 2, 1]);
  expect([...(wide?.mean ?? [])]).toEqual([5, 3, 3]);
  expect([...(wide?.min ?? [])]).toEqual([4, 2, 3]);
  const [part] = await repo.aggregateCurves('', { fromStep: 1, toStep: 2 });
  expect([[...(part?.steps ?? [])], [...(part?.mean ?? [])]]).toEqual([[1], [3]]);
});

describe('groups stand', () => {
  const groups = async (options: object): Promise<unknown[]> => {
    const repo = await Repo.open(directory);
    const asked = { groupBy: 'run.width', ...options };
    const found = (await repo.aggregate('', asked)).map(({ group }) => group[0]);
    const curves = (await repo.aggregateCurves('', asked)).map(({ group }) => group[0]);
    expect(curves).toEqual(found);
    return found;
  };

  it('by their own values, what has none last', async () => {
    expect(await groups({})).toEqual([32, 64]);
    expect(await groups({ descending: true })).toEqual([64, 32]);
    const repo = await Repo.open(directory);
    const by = async (groupBy: string | string[], descending = false): Promise<unknown[]> =>
      (await repo.aggregate('', { groupBy, descending })).map(({ group }) => group);
    const mixed = "10 if run.name == 'a' else 9 if run.name == 'b' else None";
    expect(await by(mixed)).toEqual([[9], [10], [null]]);
    expect(await by(mixed, true)).toEqual([[10], [9], [null]]);
    expect(await by(['run.width', 'run.name'])).toEqual([
      [32, 'c'],
      [64, 'a'],
      [64, 'b'],
    ]);
  });

  it('by what they come to', async () => {
    expect(await groups({ order: 'metrics' })).toEqual([32, 64]);
    expect(await groups({ order: 'count', descending: true })).toEqual([64, 32]);
    // The one of 32 has a mean of NaN: it is none.
    expect(await groups({ order: 'mean' })).toEqual([64, 32]);
    expect(await groups({ order: 'mean', descending: true })).toEqual([64, 32]);
    const repo = await Repo.open(directory);
    const means = (await repo.aggregate('', { groupBy: 'run.name', order: 'mean' })).map(
      ({ group }) => group[0],
    );
    expect(means).toEqual(['a', 'b', 'c']);
  });

  it('by their first metric in an order of metrics', async () => {
    expect(await groups({ order: 'newest' })).toEqual([32, 64]);
    expect(await groups({ order: 'oldest' })).toEqual([64, 32]);
    expect(await groups({ order: 'run.name', descending: true })).toEqual([32, 64]);
  });
});

const numbers = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });

it('statistics are what their definitions say', () => {
  fc.assert(
    fc.property(numbers, (given) => {
      const { count, mean, median, std, min, max } = statisticsOf(Float64Array.from(given));
      expect([count, min, max]).toEqual([given.length, Math.min(...given), Math.max(...given)]);
      const average = given.reduce((sum, each) => sum + each, 0) / given.length;
      expect(mean).toBeCloseTo(average, 5);
      expect(given.filter((each) => each < median).length).toBeLessThanOrEqual(given.length / 2);
      expect(given.filter((each) => each > median).length).toBeLessThanOrEqual(given.length / 2);
      if (given.length === 1) expect(std).toBeNaN();
      else {
        const variance = given.reduce((sum, each) => sum + (each - average) ** 2, 0);
        expect(std).toBeCloseTo(Math.sqrt(variance / (given.length - 1)), 3);
      }
    }),
  );
});

it('aligned curves have each step once, in order, with the values that stand there', () => {
  const curve = fc
    .dictionary(fc.integer({ min: -9, max: 9 }).map(String), fc.integer(), { maxKeys: 9 })
    .map((points) => {
      const steps = Object.keys(points)
        .map(Number)
        .sort((a, b) => a - b);
      return {
        steps: Float64Array.from(steps),
        values: Float64Array.from(steps, (step) => points[step] as number),
      };
    });
  fc.assert(
    fc.property(fc.array(curve), (curves) => {
      const { steps, count, max } = align(curves);
      const all = curves.flatMap((each) => [...each.steps]);
      expect([...steps]).toEqual([...new Set(all)].sort((a, b) => a - b));
      for (const [index, step] of steps.entries()) {
        const here = curves.flatMap((each) =>
          [...each.values].filter((_, place) => each.steps[place] === step),
        );
        expect(count[index]).toBe(here.length);
        expect(max[index]).toBe(Math.max(...here));
      }
    }),
  );
});
