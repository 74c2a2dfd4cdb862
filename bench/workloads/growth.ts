// Whether a point costs the same in a long run as in a short one, and among many sequences as alone.

import { inChild, inDirectory, sized, type Tasks, type Workload } from '../harness.ts';
import { METRICS, Noise, openRun, trackSteps, turn } from '../inputs.ts';

interface Growth {
  /** Points, or sequences, at which to look; ascending. */
  readonly at: readonly number[];
  readonly points?: number;
}

/** Nanoseconds a point of the last tenth before each length. */
const byLength = ({ at }: Growth) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo);
    const found: Record<string, number> = {};
    let step = 0;
    for (const length of at) {
      const end = length / METRICS;
      const from = Math.max(step, Math.floor(end * 0.9));
      await trackSteps(run, step, from);
      const start = performance.now();
      await trackSteps(run, from, end);
      found[`${length} points`] = ((performance.now() - start) * 1e6) / ((end - from) * METRICS);
      step = end;
    }
    await run.close();
    return found;
  });

/** Nanoseconds a point, tracked round robin; the first round, which defines them, apart. */
const bySequences = ({ at, points = 0 }: Growth) =>
  inDirectory(async (repo) => {
    const found: Record<string, number> = {};
    for (const count of at) {
      const run = await openRun(repo);
      const noise = new Noise();
      const sequenceNames = Array.from({ length: count }, (_, index) => `metric_${index}`);
      let done = 0;
      const round = async (step: number): Promise<void> => {
        for (const name of sequenceNames) {
          run.track(noise.next(), { name, step });
          done += 1;
          if (done % METRICS === 0) await turn();
        }
      };
      const begin = performance.now();
      await round(0);
      const start = performance.now();
      for (let step = 1; done < points + count; step += 1) await round(step);
      const rest = done - count;
      found[`${count} sequences`] = ((performance.now() - start) * 1e6) / rest;
      found[`${count} sequences, first use`] = ((start - begin) * 1e6) / count;
      await run.close();
    }
    return found;
  });

export const tasks: Tasks<Growth> = { byLength, bySequences };

const nanoseconds = (task: string, argument: Growth) =>
  Object.entries(inChild(import.meta.url, task, argument)).map(([metric, value]) => ({
    metric,
    value,
    unit: 'ns/point',
  }));

export const lengthCost: Workload = {
  async measure({ size }) {
    const usual = [10_000, 100_000, 1_000_000, 10_000_000];
    return nanoseconds('byLength', {
      at: sized(size, [1000, 2000], usual, [...usual, 100_000_000]),
    });
  },
};

export const sequencesCost: Workload = {
  async measure({ size }) {
    return nanoseconds('bySequences', {
      at: sized(size, [1, 50], [1, 100, 10_000, 100_000]),
      points: sized(size, 1000, 300_000),
    });
  },
};
