// A repo of many runs, of the shape that users of trackers report: fifty experiments, 150 params, tags,
// twenty metrics each.
//
// A few hundred runs are recorded, the others are copies of their files under names of their own: what is
// in a run decides what reading it costs, not how it came there. Experiments, params and values differ among
// those that were recorded.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openRun } from './inputs.ts';

const RECORDED = 250;
const EXPERIMENTS = 50;
const GROUPS = 10;
const PARAMS = 150;
const METRICS = 20;
const POINTS = 20;

/** What is asked of them. */
export const questions = {
  params: `run.hparams.lr < 1e-3 and run.experiment == 'experiment-4'`,
  last: `metric.name == 'metric_3' and metric.last < 0.2`,
  points: `metric.name == 'metric_3'`,
} as const;

/** Kinds of params in turn: measured, counted, named, switched, the same in every run. */
function param(run: number, index: number): unknown {
  const kinds = [
    Math.sin(run * 31 + index),
    (run * (index + 1)) % 17,
    `value-${(run + index) % 9}`,
    (run + index) % 2 === 0,
    index,
  ];
  return kinds[index % kinds.length];
}

function paramsOf(run: number): Record<string, Record<string, unknown>> {
  const hparams = { lr: 10 ** -(1 + (run % 5)), layers: [64, 64], seed: run };
  const params: Record<string, Record<string, unknown>> = { hparams };
  for (let index = 3; index < PARAMS; index += 1) {
    const group = `group_${index % GROUPS}`;
    params[group] ??= {};
    params[group][`param_${index}`] = param(run, index);
  }
  return params;
}

const hashOf = (index: number): string => `run-${index}`;

async function record(repo: string, index: number): Promise<void> {
  const run = await openRun(repo, {
    runHash: hashOf(index),
    name: `trial ${index}`,
    experiment: `experiment-${index % EXPERIMENTS}`,
    tags: [`tag-${index % 7}`, `stage-${index % 11}`],
  });
  run.set(paramsOf(index));
  for (let metric = 0; metric < METRICS; metric += 1) {
    const sequence = run.sequence(`metric_${metric}`, { subset: metric % 2 ? 'val' : 'train' });
    const value = (_: unknown, step: number): number =>
      Math.round((1 / (step + 1) + Math.abs(Math.sin(index + metric + step)) / 2) * 1e4) / 1e4;
    sequence.trackColumns({ values: Float64Array.from({ length: POINTS }, value) });
  }
  await run.close();
}

type Tree = readonly (readonly [name: string, content: Buffer | Tree])[];

const readTree = (directory: string): Tree =>
  readdirSync(directory, { withFileTypes: true }).map((each) => {
    const path = join(directory, each.name);
    return [each.name, each.isDirectory() ? readTree(path) : readFileSync(path)] as const;
  });

function writeTree(directory: string, tree: Tree): void {
  mkdirSync(directory);
  for (const [name, content] of tree) {
    if (Buffer.isBuffer(content)) writeFileSync(join(directory, name), content);
    else writeTree(join(directory, name), content);
  }
}

/** Numbered `from` to `to`; those before `from` are there. */
export async function writeManyRuns(repo: string, from: number, to: number): Promise<void> {
  const recorded = Math.min(RECORDED, to);
  for (let index = from; index < recorded; index += 1) await record(repo, index);
  const folder = join(repo, '.aim/runs');
  const trees = Array.from({ length: recorded }, (_, index) =>
    readTree(join(folder, hashOf(index))),
  );
  for (let index = Math.max(from, recorded); index < to; index += 1)
    writeTree(join(folder, hashOf(index)), trees[index % recorded] as Tree);
}
