// Much at once in one process: 1,000 open runs tracked from 200 tasks share one hook of the turn, one
// of the exit and one worker, keep few files open, and lose nothing; 100,000 sequences in one run are kept, resumed, read.

import { afterAll, expect, it } from 'vitest';
import { Repo } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { endChildren, startChild, temporaryDirectory } from './child.ts';

const runCount = 1000;
/** A segment and a fence each. */
const idleMax = 2 * limits.openSegmentCountMax;
const sequenceCount = 100_000;

const runsRepo = temporaryDirectory();
const sequencesRepo = temporaryDirectory();
afterAll(endChildren);

it.concurrent(`${runCount} open runs, tracked from 200 tasks`, async () => {
  const args = ['runs', runsRepo, String(runCount), '200', String(idleMax)];
  const child = startChild('crowd', { arguments: args });
  const facts = (await child.next()) as Record<string, unknown>;
  expect(facts).toMatchObject({
    immediate: 1,
    beforeExit: 1,
    signals: [0, 0, 0],
    workers: 1,
    flushed: runCount,
    warnings: [],
  });
  // Twice as many while all of them are written to.
  expect(facts['busy']).toBeLessThanOrEqual(2 * idleMax);
  expect(facts['idle']).toBeLessThanOrEqual(idleMax);
  expect(await child.ended()).toBe(0);
  const steps = Array.from({ length: 20 }, (_, step) => step);
  const states = new Map<string, number>();
  let count = 0;
  for await (const view of (await Repo.open(runsRepo)).runs()) {
    count += 1;
    states.set(view.state, (states.get(view.state) ?? 0) + 1);
    const base = Number(view.hash.slice('run-'.length)) * 100;
    const { values } = (await view.metric('loss')?.values()) ?? { values: [] };
    expect([...values]).toEqual(steps.map((step) => base + step));
    expect(view.metric('other')?.count).toBe(1);
  }
  expect(count).toBe(runCount);
  // By close, or by the exit of the process with 0.
  expect(Object.fromEntries(states)).toEqual({ finished: runCount });
});

it.concurrent(`${sequenceCount} sequences in one run, resumed and read`, async () => {
  const args = ['sequences', sequencesRepo, String(sequenceCount), '3'];
  const child = startChild('crowd', { arguments: args });
  const facts = (await child.next()) as Record<string, unknown>;
  expect(facts).toMatchObject({ lost: 0, warnings: [] });
  expect(await child.ended()).toBe(0);
  const view = await (await Repo.open(sequencesRepo)).run('wide');
  const metrics = view?.metrics() ?? [];
  expect(metrics).toHaveLength(sequenceCount);
  expect(metrics.reduce((sum, metric) => sum + metric.count, 0)).toBe(
    sequenceCount + (2 * sequenceCount) / 100,
  );
  for (let index = 0; index < sequenceCount; index += 9950) {
    const metric = view?.metric(`metric-${index >> 2}`, { part: index & 3 });
    const { steps, values } = (await metric?.values()) ?? { steps: [], values: [] };
    // Each opening goes on at the step after the largest.
    const isResumed = index % 100 === 0;
    expect([...steps]).toEqual(isResumed ? [0, 1, 2] : [0]);
    expect([...values]).toEqual(isResumed ? [index, index + 0.5, index + 1] : [index]);
  }
});
