// Names in a query that no run has: found with the near one that there is; what some run has, or what a
// value has, is not among them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-missing-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let repo: Repo;
beforeAll(async () => {
  const run = await Run.open({ repo: directory, systemTrackingInterval: null });
  run.set('hparams', { learning_rate: 0.1, optimizer: { name: 'adam', betas: [0.9, 0.99] } });
  run.set('seed', 1);
  run.track(1, { name: 'loss', context: { subset: 'val' } });
  for (const rank of [0, 1]) run.track(1, { name: 'own', context: { rank } });
  run.track(1, { name: 'reward' });
  run.track(1, { name: 'learning_rate' });
  await run.close();
  const archived = await Run.open({ repo: directory, systemTrackingInterval: null });
  archived.set('old', 1);
  archived.archived = true;
  await archived.close();
  repo = await Repo.open(directory);
});

it.each([
  ['run.hparams.learning_rat > 1', 'hparams.learning_rat', 'hparams.learning_rate'],
  ["run['hparams', 'Learning_Rate'] > 1", 'hparams.Learning_Rate', 'hparams.learning_rate'],
  ['run.hparms.learning_rate > 1', 'hparms', 'hparams.learning_rate'],
  ['run.learning_rate > 1', 'learning_rate', 'hparams.learning_rate'],
  ["run.hparams.optimzer.name.startswith('a')", 'hparams.optimzer', 'hparams.optimizer'],
  ["run.exeriment == 'x'", 'exeriment', 'run.experiment'],
  ['run.sede == 1 and run.seed == 1', 'sede', 'seed'],
  ['run.warmup_ratio > 1', 'warmup_ratio', undefined],
  ['run.created > 1', 'created', 'run.created_at'],
  ['run.reward < 0.5', 'reward', "run.metrics['reward'].last"],
  ['run.loss.last < 0.5', 'loss', "run.metrics['loss', {'subset': 'val'}].last"],
  ["run['rewrad'] < 0.5", 'rewrad', "run.metrics['reward'].last"],
  ['run.hparams.reward < 0.5', 'hparams.reward', "run.metrics['reward'].last"],
])('%s', async (query, name, near) => {
  expect(await repo.missingNames(query)).toEqual([{ kind: 'param', name, near }]);
});

it.each([
  ['run', "run.metrics['los'].last < 1", { kind: 'metric', name: 'los', near: 'loss' }],
  ['metric', "metric.name == 'lsos'", { kind: 'metric', name: 'lsos', near: 'loss' }],
  ['metric', "metric.name in ('loss', 'acc')", { kind: 'metric', name: 'acc', near: undefined }],
  ['metric', 'metric.lats < 1', { kind: 'property', name: 'metric.lats', near: 'metric.last' }],
  [
    'run',
    "0 < run.metrics['own'].last and run.metrics['own'].last < 1",
    { kind: 'context', name: "run.metrics['own']", near: "run.metrics['own', {'rank': 0}]" },
  ],
  [
    'metric',
    "metric.run.metrics['own', {'rank': 7}].last < 1",
    {
      kind: 'context',
      name: "run.metrics['own', {'rank': 7}]",
      near: "run.metrics['own', {'rank': 0}]",
    },
  ],
  [
    'run',
    "run.metrics['reward', {'subset': 'val'}]",
    {
      kind: 'context',
      name: "run.metrics['reward', {'subset': 'val'}]",
      near: "run.metrics['reward']",
    },
  ],
  ['run', "run.state == 'Failed'", { kind: 'state', name: 'Failed', near: 'failed' }],
  ['run', "run.state in ('killed', 'done')", { kind: 'state', name: 'done', near: undefined }],
] as const)('of a %s: %s', async (kind, query, expected) => {
  expect(await repo.missingNames(query, kind)).toEqual([expected]);
});

it.each([
  '',
  'run.hparams.learning_rate > 1',
  "run.hparams.optimizer.name.startswith('x')",
  'run.hparams.optimizer.betas[0] > 1',
  'run.hparams == 1',
  'run.old == 2',
  "run.experiment == 'none' and run.tags == []",
  "run['hparams'].get('nope') == 1",
  "run.metrics['loss', {'subset': 'val'}].last > 1",
  "run.metrics['own', {'rank': 1}].last > 1 and run.metrics['reward'].last > 1",
  "run.metrics['own', {'rank': run.seed}].last > 1",
  `run.metrics['own', {'a': 9e999, '${'k'.repeat(5000)}': '\\0'}].last > 1`,
  `run.metrics['own', {'${'k'.repeat(5000)}': 1}].last > 1`,
  "run.state in ('finished', 'failed', 'killed', 'running', 'stalled', 'unknown')",
])('nothing is missing of %j', async (query) => {
  expect(await repo.missingNames(query)).toEqual([]);
  expect(await repo.missingNames(query, 'metric')).toEqual([]);
});

it('a wrong query is refused', async () => {
  await expect(repo.missingNames('run.a =')).rejects.toMatchObject({ code: 'QUERY_SYNTAX' });
});
