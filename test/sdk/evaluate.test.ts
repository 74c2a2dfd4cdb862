// Values of expressions: beside each run or metric that matches, in their order, as plain values.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FailureCount, Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-evaluate-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let repo: Repo;
beforeAll(async () => {
  for (const [index, runHash] of ['run-a', 'run-b', 'run-c'].entries()) {
    const run = await Run.open({
      repo: directory,
      runHash,
      createdAt: 1000 * (index + 1),
      systemTrackingInterval: null,
    });
    if (index > 0) run.set('hparams', { lr: index / 10, layers: [64, index] });
    run.track({ loss: index, accuracy: 1 - index }, { step: 0, context: { subset: 'val' } });
    await run.close();
  }
  repo = await Repo.open(directory);
});

it('of runs, newest first, null where a param is missing', async () => {
  expect(await repo.evaluateRuns(['run.hparams.lr', 'run.hparams.layers'])).toEqual([
    { run: 'run-c', values: [0.2, [64, 2]] },
    { run: 'run-b', values: [0.1, [64, 1]] },
    { run: 'run-a', values: [null, null] },
  ]);
});

it('of the runs that match, in the order that was asked for, which is no value of its own', async () => {
  const options = { order: 'run.hparams.lr', limit: 1 };
  expect(await repo.evaluateRuns('run.hash', 'run.hparams.lr > 0', options)).toEqual([
    { run: 'run-b', values: ['run-b'] },
  ]);
});

it('of metrics', async () => {
  const options = { order: 'metric.last', descending: true };
  const wanted = "metric.name == 'loss' and metric.last > 0";
  expect(await repo.evaluateMetrics('metric.last * 2', wanted, options)).toEqual([
    { run: 'run-c', name: 'loss', context: { subset: 'val' }, values: [4] },
    { run: 'run-b', name: 'loss', context: { subset: 'val' }, values: [2] },
  ]);
});

it('what fails is undefined, and told', async () => {
  let told: readonly FailureCount[] = [];
  const values = await repo.evaluateRuns("run.hparams.lr + 'a'", 'run.hparams.lr > 0.1', {
    onFailures: (failures) => {
      told = failures;
    },
  });
  expect(values).toEqual([{ run: 'run-c', values: [undefined] }]);
  expect(told).toMatchObject([{ count: 1, example: 'run-c', isMissing: false }]);
});

it('wrong arguments are refused by name', async () => {
  await expect(repo.evaluateRuns(1 as never)).rejects.toThrow(/^expressions: /);
  await expect(repo.evaluateRuns('run.')).rejects.toMatchObject({ code: 'QUERY_SYNTAX' });
  await expect(repo.evaluateRuns('metric.last')).rejects.toMatchObject({ code: 'QUERY_SYNTAX' });
});
