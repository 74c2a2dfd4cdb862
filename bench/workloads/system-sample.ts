// What sampling the machine costs: processor time a sample, how long it keeps the event loop, and what it
// adds to opening a run.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RunOptions } from 'runlog';

import { inChild, inDirectory, median, sized, type Tasks, type Workload } from '../harness.ts';
import { openRun } from '../inputs.ts';

interface Amount {
  readonly seconds: number;
}

const INTERVAL = 0.1;
const PAIRS = 20;

/** Milliseconds of processor time of the whole process, all threads, in a run that does nothing. */
async function idleCost(repo: string, seconds: number, options: RunOptions): Promise<number> {
  const run = await openRun(repo, options);
  await sleep(300);
  const start = process.cpuUsage();
  await sleep(seconds * 1000);
  const { user, system } = process.cpuUsage(start);
  await run.close();
  return (user + system) / 1000;
}

/** Of nothing, and of 10 samples a second; the flush and the sync of what they record is part of it. */
const sampleCost = ({ seconds }: Amount): Promise<Record<string, number>> =>
  inDirectory(async (repo) => {
    const syncMs = null;
    // Compiled code, files in caches.
    await idleCost(repo, seconds, { systemTrackingInterval: INTERVAL });
    const idle = await idleCost(repo, seconds, { durability: { syncMs } });
    const interval = { systemTrackingInterval: INTERVAL };
    const sampled = await idleCost(repo, seconds, { durability: { syncMs }, ...interval });
    const synced = await idleCost(repo, seconds, interval);
    const count = seconds / INTERVAL;
    return {
      'a sample': (sampled - idle) / count,
      'with its syncs': (synced - idle) / count,
      longest: await longestDelay(repo, seconds, interval),
      'without a sample': await longestDelay(repo, seconds, {}),
    };
  });

async function longestDelay(repo: string, seconds: number, options: RunOptions): Promise<number> {
  const run = await openRun(repo, options);
  await sleep(300);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(seconds * 1000);
  delay.disable();
  await run.close();
  return delay.percentile(99.9) / 1e6;
}

/** Open, ten values, close, in a process that has done it before; with a sample if there is time for one. */
const openCost = (): Promise<Record<string, number>> =>
  inDirectory(async (repo) => {
    const once = async (options: RunOptions): Promise<number> => {
      const start = performance.now();
      const run = await openRun(repo, options);
      for (let step = 0; step < 10; step += 1) run.track(step, { name: 'loss', step });
      await run.close();
      return performance.now() - start;
    };
    const [off, on]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      off.push(await once({}));
      on.push(await once({ systemTrackingInterval: 10 }));
    }
    return { off: median(off), on: median(on) };
  });

export const tasks: Tasks<Amount> = { sampleCost, openCost };

export const systemSample: Workload = {
  async measure({ size }) {
    const amount = { seconds: sized(size, 0.2, 5) };
    const found = inChild(import.meta.url, 'sampleCost', amount);
    const opened = inChild(import.meta.url, 'openCost', amount);
    return [
      { metric: 'a sample, processor time', value: found['a sample'] ?? 0, unit: 'ms' },
      { metric: 'with its share of the syncs', value: found['with its syncs'] ?? 0, unit: 'ms' },
      {
        metric: 'loop delay, p99.9, at 10 samples a second',
        value: found['longest'] ?? 0,
        unit: 'ms',
      },
      { metric: 'loop delay without', value: found['without a sample'] ?? 0, unit: 'ms' },
      { metric: 'open, 10 values, close, without', value: opened['off'] ?? 0, unit: 'ms' },
      { metric: 'the same with the default interval', value: opened['on'] ?? 0, unit: 'ms' },
    ];
  },
};
