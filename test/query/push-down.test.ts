// A run that is left out before its metrics are opened has no metric that matches, and neither has a name that
// is left out before anything else of its sequences is read: by chance, and in the cases where Aim leaves out
// too much or breaks.

import { describe, expect, it } from 'vitest';
import { MetricObject, parseQuery, RowFailures, RunObject } from '../../src/query/query.ts';
import { seeded } from '../support/random.ts';
import { type MemoryRun, memoryRun } from './memory-facts.ts';
import { condition } from './random-condition.ts';

const labelled = (run: number, metric: string): string => `${run} ${metric}`;

interface Scan {
  readonly rows: readonly string[];
  /** Runs whose metrics were opened. */
  readonly opened: number;
  /** Metrics of them that were evaluated. */
  readonly read: number;
  /** By message, of the rows that were evaluated. */
  readonly failures: Record<string, number>;
}

type Pushes = 'nothing' | 'runs' | 'names';

async function scan(text: string, runs: readonly MemoryRun[], pushes: Pushes): Promise<Scan> {
  const query = await parseQuery(text, 'metric');
  const rows: string[] = [];
  const failures = new RowFailures();
  let opened = 0;
  let read = 0;
  for (const [number, facts] of runs.entries()) {
    const run = new RunObject(facts);
    if (pushes === 'runs' && !query.mayMatch(run)) continue;
    opened += 1;
    for (const each of facts.metrics) {
      if (pushes === 'names' && !query.mayMatchName(each)) continue;
      read += 1;
      if (query.matches(run, new MetricObject(each, run), failures))
        rows.push(labelled(number, each.name));
    }
  }
  const counts = failures.kinds.map(({ message, count }) => [message, count]);
  return { rows, opened, read, failures: Object.fromEntries(counts) };
}

const threeRuns = [1, 2, 3].map((a) =>
  memoryRun({
    params: { a, opt: a === 3 ? undefined : 'adam' },
    archived: a === 2,
    tags: a === 1 ? ['best'] : [],
    sequences: [
      { name: 'x', values: [a] },
      { name: 'y', values: [1] },
    ],
  }),
);

describe('what the run decides', () => {
  it.each([
    ["run.a == 1 and metric.name == 'x'", ['0 x'], 1],
    ["metric.name == 'x' and run.a == 1", ['0 x'], 1],
    [
      "not (run.a == 1 and metric.name == 'x') and run.archived != 5",
      ['0 y', '1 x', '1 y', '2 x', '2 y'],
      3,
    ],
    ["not (run.a == 1 or metric.name == 'x')", ['2 y'], 1],
    ["run.a == 1 or metric.name == 'x'", ['0 x', '0 y', '2 x'], 2],
    ["any(metric.name == n for n in ['x', 'z'])", ['0 x', '2 x'], 2],
    ["run.a in [1, 2] and (run.archived == True or metric.name == 'x')", ['0 x', '1 x', '1 y'], 2],
    ["(metric.last if metric.name == 'x' else run.a) == 3", ['2 x', '2 y'], 2],
    ["(metric.name == 'x') if run.a == 3 else False", ['2 x'], 1],
    ['run.none + 1 > 0 and metric.last', [], 0],
    ['metric.last == 3 or run.none + 1', ['2 x'], 2],
    ["any(t == 'best' for t in run.tags) and metric.name == 'y'", ['0 y'], 1],
    ["run.opt.startswith('a') and metric.last == 1", ['0 x', '0 y'], 1],
    ['metric.run.a == 1 and run.a == 1', ['0 x', '0 y'], 1],
    ['False and metric.last', [], 0],
    ['run.a < metric.last + 5 and not run.a == 3', ['0 x', '0 y'], 1],
  ])('%s', async (text, rows, opened) => {
    const pushed = await scan(text, threeRuns, 'runs');
    expect(pushed.rows).toEqual(rows);
    expect((await scan(text, threeRuns, 'nothing')).rows).toEqual(rows);
    expect(pushed.opened).toBe(opened);
  });

  it('leaves a failure that is to be thrown to the row', async () => {
    const query = await parseQuery("run.none + 1 > 0 and metric.name == 'x'", 'metric');
    const run = new RunObject(threeRuns[0] as MemoryRun);
    expect([query.mayMatch(run), query.mayMatch(run, true)]).toEqual([false, true]);
  });

  it('leaves a limit to the row', async () => {
    const run = new RunObject(threeRuns[0] as MemoryRun);
    const query = await parseQuery("metric.name == 'none' and 9 ** 9 ** run.a ** 9", 'metric');
    expect(query.mayMatch(run)).toBe(true);
    const hits = await parseQuery(
      "10 ** 10 ** (run.a * 9) > 1 and metric.name == 'none'",
      'metric',
    );
    expect(hits.mayMatch(run)).toBe(true);
  });

  it('of runs there is nothing to push down', async () => {
    expect((await parseQuery('run.a == 1')).runCondition).toBeUndefined();
    expect((await parseQuery('metric.last == 1', 'metric')).runCondition).toBeUndefined();
  });
});

describe('what name and context decide', () => {
  const named = ['loss', 'accuracy'].flatMap((name) =>
    ['train', 'val'].map((subset) => ({ name, context: { subset }, values: [1, 2] })),
  );
  const runs = [memoryRun({ params: { target: 'loss' }, sequences: named })];

  it.each([
    ["metric.name == 'loss' and metric.last < 3", 2, 2],
    ["metric.last < 3 and metric.name == 'loss'", 2, 2],
    ["0 < metric.mean <= 2 and metric.context.subset == 'val'", 2, 2],
    ["metric.context['subset'] == 'val' and metric.name.startswith('l')", 1, 1],
    ["not (metric.name == 'loss' or metric.count == 1)", 2, 2],
    ["metric.name in ['loss'] or metric.last > 5", 2, 4],
    ["metric.last > 0 if metric.name == 'loss' else False", 2, 2],
    ["any(metric.name == n for n in ['accuracy'])", 2, 2],
    ["metric.context.none.deep == 1 or metric.name == 'loss'", 2, 2],
    ['metric.name == run.target', 2, 4],
    ['metric.last < 3', 4, 4],
    ["(lambda m: m.name == 'loss')(metric)", 2, 4],
    ["[metric for metric in [1]] == [1] and metric.name == 'loss'", 2, 4],
    ["metric.run.target == 'loss'", 4, 4],
  ])('%s', async (text, rows, read) => {
    const pushed = await scan(text, runs, 'names');
    expect([pushed.rows.length, pushed.read]).toEqual([rows, read]);
    expect((await scan(text, runs, 'nothing')).rows).toEqual(pushed.rows);
  });

  it('a row that fails is looked at, whatever it is called', async () => {
    for (const text of [
      "metric.name + 1 == 2 and metric.name == 'none'",
      "metric.last + 'a' == 2 and metric.name == 'none'",
      "metric.last < 'a' and metric.name == 'none'",
    ]) {
      const { rows, failures } = await scan(text, runs, 'names');
      expect([rows.length, Object.values(failures)], text).toEqual([0, [4]]);
    }
  });

  it('leaves a limit to the row', async () => {
    const query = await parseQuery("9 ** 9 ** 99 > 1 and metric.name == 'none'", 'metric');
    expect(query.mayMatchName({ kind: 'metric', name: 'loss', context: {} })).toBe(true);
  });

  it('is nothing where something else has to be known', async () => {
    expect((await parseQuery('metric.last == 1', 'metric')).nameCondition).toBeUndefined();
    expect((await parseQuery("run.a == 'x'", 'metric')).nameCondition).toBeUndefined();
    expect((await parseQuery("run.name == 'x'")).nameCondition).toBeUndefined();
  });
});

it('a scan that pushes down gives the rows of one that opens everything', async () => {
  const by = seeded('push-down');
  const runs = Array.from({ length: 12 }, () =>
    memoryRun({
      params: { a: by.integer(3), b: by.pick([true, false, '', 'b']) },
      archived: by.integer(3) === 0,
      tags: by.pick([[], ['best']]),
      sequences: [
        { name: 'x', values: [by.integer(3)] },
        { name: 'y', values: [by.integer(3)] },
      ],
    }),
  );
  let saved = 0;
  let unread = 0;
  for (let round = 0; round < 1500; round += 1) {
    const text = condition(by, 3);
    const whole = await scan(text, runs, 'nothing');
    const pushed = await scan(text, runs, 'runs');
    expect(pushed.rows, text).toEqual(whole.rows);
    const byName = await scan(text, runs, 'names');
    expect([byName.rows, byName.failures], text).toEqual([whole.rows, whole.failures]);
    saved += runs.length - pushed.opened;
    unread += whole.read - byName.read;
  }
  expect(saved).toBeGreaterThan(1500);
  expect(unread).toBeGreaterThan(100);
});
