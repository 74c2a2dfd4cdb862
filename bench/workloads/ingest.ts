// Tracking as fast as it goes: by name and context, by hot handle, by columns.
//
// Each repetition is a process of its own: what another workload made hot or large does not count.

import type { Run } from 'runlog';

import { inChild, inDirectory, sized, type Tasks, type Workload } from '../harness.ts';
import { METRICS, Noise, names, openRun, trackSteps, turn } from '../inputs.ts';

interface Ingest {
  readonly steps: number;
  readonly isDefault?: boolean;
  readonly isBusy?: boolean;
}

/** Speed while `body` tracks into a new run, and the time of its close, which seals. */
const timed = (body: (run: Run) => Promise<number>, isDefault = false) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo, isDefault ? { systemTrackingInterval: 10 } : {});
    const start = performance.now();
    const points = await body(run);
    const tracked = performance.now();
    await run.close();
    return { speed: points / (tracked - start) / 1000, close: performance.now() - tracked };
  });

/** The same loop without a run: turns and noise are not free. */
async function loopAlone({ steps }: Ingest): Promise<Record<string, number>> {
  const noise = new Noise();
  const contexts: object[] = [];
  const start = performance.now();
  for (let step = 0; step < steps; step += 1) {
    for (const name of names)
      contexts[step % METRICS] = {
        value: noise.next(),
        options: { name, step, context: { subset: 'train' } },
      };
    await turn();
  }
  return { speed: (steps * METRICS) / (performance.now() - start) / 1000 };
}

async function throughHandles(run: Run, { steps, isBusy }: Ingest): Promise<number> {
  const noise = new Noise();
  const handles = names.map((name) => run.sequence(name, { subset: 'train' }));
  for (let step = 0; step < steps; step += 1) {
    for (const handle of handles) handle.track(noise.next(), step);
    if (!isBusy) await turn();
  }
  return steps * METRICS;
}

const COLUMN = 100_000;

async function inColumns(run: Run, rounds: number): Promise<number> {
  const values = new Noise().column(COLUMN);
  const handle = run.sequence('loss');
  for (let round = 0; round < rounds; round += 1) {
    handle.trackColumns({ values });
    await turn();
  }
  return rounds * COLUMN;
}

export const tasks: Tasks<Ingest> = {
  track: ({ steps, isDefault }) =>
    timed(async (run) => {
      await trackSteps(run, 0, steps);
      return steps * METRICS;
    }, isDefault),
  loopAlone,
  handles: (options) => timed((run) => throughHandles(run, options)),
  columns: ({ steps }) => timed((run) => inColumns(run, steps)),
};

const child = (task: string, argument: Ingest): Record<string, number> =>
  inChild(import.meta.url, task, argument);

const speedOf = (metric: string, { speed = Number.NaN }: Record<string, number>) => ({
  metric,
  value: speed,
  unit: 'M points/s',
});

const closeOf = ({ close = Number.NaN }: Record<string, number>) => ({
  metric: 'close',
  value: close,
  unit: 'ms',
});

export const track: Workload = {
  async measure({ size }) {
    const steps = sized(size, 50, 60_000);
    const found = child('track', { steps });
    return [
      speedOf('speed', found),
      speedOf('all defaults', child('track', { steps, isDefault: true })),
      speedOf('the loop alone', child('loopAlone', { steps })),
      closeOf(found),
    ];
  },
};

export const hotHandle: Workload = {
  async measure({ size }) {
    const steps = sized(size, 50, 60_000);
    const found = child('handles', { steps });
    return [
      speedOf('a turn each 100 points', found),
      speedOf('never yields', child('handles', { steps: steps * 2, isBusy: true })),
      closeOf(found),
    ];
  },
};

export const trackColumns: Workload = {
  async measure({ size }) {
    const found = child('columns', { steps: sized(size, 1, 100) });
    return [speedOf('100,000 points a call', found), closeOf(found)];
  },
};
