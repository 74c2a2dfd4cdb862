// Where the demo does its work: a temporary directory with the repo, the packed digits and the
// weights; and what is asked of the repo more than once.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Metric, Repo, type RunView } from 'runlog';
import { packDigits } from './digits.ts';

export interface Place {
  readonly directory: string;
  readonly repo: Repo;
  readonly digitsPath: string;
  readonly weightsPath: string;
  readonly imageCount: number;
}

export async function createPlace(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'runlog-demo-'));
  const digitsPath = join(directory, 'digits.bytes');
  return {
    directory,
    repo: await Repo.create(directory),
    digitsPath,
    weightsPath: join(directory, 'weights.floats'),
    imageCount: packDigits(digitsPath),
  };
}

/** A run that must be there. */
export async function readRun(repo: Repo, hash: string): Promise<RunView> {
  const view = await repo.run(hash);
  if (view === undefined) throw new Error(`run ${hash} is not in the repo`);
  return view;
}

/** Without those of the machine, which come by themselves. */
export const trackedMetrics = (view: RunView): Metric[] =>
  view.metrics().filter(({ name }) => !name.startsWith('__system__'));

/** Points of all metrics that the trainer tracks, without what a rewind hides. */
export function pointCountOf(view: RunView): number {
  return trackedMetrics(view).reduce((sum, metric) => sum + metric.count, 0);
}

export function bestAccuracyOf(view: RunView): number {
  return view.metric('accuracy', { subset: 'val' })?.max ?? Number.NaN;
}
