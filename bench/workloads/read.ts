// Reading in a new process: one long sequence, one metric of many runs, params of many runs.

import { Repo, type Values } from 'runlog';

import { type Figure, inChild, sized, type Tasks, type Workload } from '../harness.ts';
import { copyRuns, removeRuns, writeClosed, writeRuns } from '../inputs.ts';

interface Read {
  readonly repo: string;
  readonly runHash?: string;
}

/** Steps and values, and then times and epochs too, which are unpacked when they are asked for. */
async function sequence({ repo: path, runHash = '' }: Read): Promise<Record<string, number>> {
  const repo = await Repo.open(path);
  const start = performance.now();
  const view = await repo.run(runHash);
  const metric = view?.metric('loss');
  const read = await metric?.values();
  const cold = performance.now() - start;
  lengthsOf(read);
  const coldAll = performance.now() - start;
  const again = performance.now();
  const readAgain = await metric?.values();
  const warm = performance.now() - again;
  const [count = 0] = lengthsOf(readAgain);
  return { count, cold, coldAll, warm, warmAll: performance.now() - again };
}

const lengthsOf = (read: Values | undefined): (number | undefined)[] => [
  read?.times.length,
  read?.epochs.length,
];

async function everyRun({ repo: path }: Read): Promise<Record<string, number>> {
  const repo = await Repo.open(path);
  const start = performance.now();
  let points = 0;
  for await (const view of repo.runs()) {
    const metric = view.metric('val_loss');
    if (metric !== undefined) points += (await metric.values()).values.length;
  }
  return { ms: performance.now() - start, points };
}

async function params({ repo: path }: Read): Promise<Record<string, number>> {
  const repo = await Repo.open(path);
  const start = performance.now();
  let found = 0;
  for await (const view of repo.runs())
    if (view.get(['hparams', 'vocabulary']) === 50257) found += 1;
  return { ms: performance.now() - start, found };
}

export const tasks: Tasks<Read> = { sequence, everyRun, params };

export const readSequence: Workload = {
  async prepare({ directory, size }) {
    await writeClosed(directory, 'long', { points: sized(size, 10_000, 2_000_000) });
  },
  async measure({ directory }) {
    const found = inChild(import.meta.url, 'sequence', { repo: directory, runHash: 'long' });
    const speed = (metric: string, ms = 0): Figure => ({
      metric,
      value: (found['count'] ?? 0) / ms / 1000,
      unit: 'M points/s',
    });
    return [
      speed('steps and values, cold', found['cold']),
      speed('steps and values once more', found['warm']),
      speed('all columns, cold', found['coldAll']),
      speed('all columns once more', found['warmAll']),
    ];
  },
};

const RUNS = 1000;

export const readMetric: Workload = {
  prepare: ({ directory, size }) => writeRuns(directory, sized(size, 10, RUNS)),
  async measure({ directory, size }) {
    const { ms = 0, points = 0 } = inChild(import.meta.url, 'everyRun', { repo: directory });
    return [
      { metric: `one metric of ${sized(size, 10, RUNS)} runs`, value: ms, unit: 'ms' },
      { metric: 'points read', value: points, unit: 'points' },
    ];
  },
};

export const paramScan: Workload = {
  prepare: ({ directory, size }) => writeRuns(directory, sized(size, 10, RUNS)),
  async measure({ directory, size }) {
    const scan = (runs: number): Figure => {
      const { ms = 0 } = inChild(import.meta.url, 'params', { repo: directory });
      return { metric: `params of ${runs} runs`, value: ms, unit: 'ms' };
    };
    if (size === 'small') return [scan(10)];
    const few = scan(RUNS);
    copyRuns(directory, RUNS, 10 * RUNS);
    const many = scan(10 * RUNS);
    removeRuns(directory, RUNS, 10 * RUNS);
    return [few, many];
  },
};
