// What tracking takes from the program around it: the event loop, memory, open files, disk writes.

import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { Repo, type Run } from 'runlog';

import { Calls } from '../calls.ts';
import { figures, inChild, inDirectory, sized, type Tasks, type Workload } from '../harness.ts';
import { METRICS, Noise, names, openRun, trackSteps } from '../inputs.ts';

interface Amount {
  readonly steps: number;
  readonly seconds?: number;
}

const STEPS_A_SECOND = 500;

/** 50,000 points a second, or the same turns without a run. The greatest delays of the event loop. */
async function paced(run: Run | undefined, seconds: number): Promise<Record<string, number>> {
  const noise = new Noise();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  let step = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - start) / 1000) * STEPS_A_SECOND);
      // A late timer catches up a little at a time: the delay is to be the library's, not ours.
      for (let rest = Math.min(due - step, 4); rest > 0; rest -= 1, step += 1)
        for (const name of names) run?.track(noise.next(), { name, step: 1e6 + step });
      if (performance.now() - start < seconds * 1000) return;
      clearInterval(timer);
      resolve();
    }, 1000 / STEPS_A_SECOND);
  });
  delay.disable();
  return { longest: delay.max / 1e6, p999: delay.percentile(99.9) / 1e6 };
}

/** Sealed segments are waiting to be rewritten when it begins: the background is never idle. */
const loopDelay = ({ steps, seconds = 0 }: Amount) =>
  inDirectory(async (repo) => {
    const control = await paced(undefined, seconds / 4);
    const run = await openRun(repo);
    await trackSteps(run, 0, steps);
    const calls = new Calls();
    const found = await paced(run, seconds);
    const { longest } = calls;
    await run.close();
    return {
      'longest delay': found['longest'] ?? 0,
      'p99.9': found['p999'] ?? 0,
      'longest file system call': longest,
      'longest delay without a run': control['longest'] ?? 0,
    };
  });

const MiB = 1024 * 1024;

/** How far the resident set grows over its start while `steps` are tracked. */
async function rssGrowth(run: Run, steps: number): Promise<number> {
  await trackSteps(run, 0, 10);
  globalThis.gc?.();
  const start = process.memoryUsage().rss;
  let most = start;
  await trackSteps(run, 10, steps, (step) => {
    if (step % 500 === 0) most = Math.max(most, process.memoryUsage().rss);
  });
  return (Math.max(most, process.memoryUsage().rss) - start) / MiB;
}

const memory = ({ steps }: Amount) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo);
    const growth = await rssGrowth(run, steps);
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    await run.close();
    return { growth, heap: heapUsed / MiB, external: external / MiB };
  });

/** The loop makes garbage of its own, for which V8 lets its young generation grow. */
async function memoryAlone({ steps }: Amount): Promise<Record<string, number>> {
  const nothing = { track() {} } as unknown as Run;
  return { growth: await rssGrowth(nothing, steps) };
}

/** Open files of this process beyond `before`, where the system tells. */
const openFileCount = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
};

const openFiles = ({ steps: count }: Amount) =>
  inDirectory(async (repo) => {
    const before = openFileCount();
    const runs: Run[] = [];
    const track = async (): Promise<number> => {
      for (const run of runs) run.track(1, { name: 'loss' });
      await Promise.all(runs.map((run) => run.sync()));
      return openFileCount() - before;
    };
    runs.push(await openRun(repo));
    const one = await track();
    while (runs.length < count) runs.push(await openRun(repo));
    const many = await track();
    await Promise.all(runs.map((run) => run.close()));
    return { 'one run': one, [`${count} runs`]: many, 'after close': openFileCount() - before };
  });

const writeAmplification = ({ steps }: Amount) =>
  inDirectory(async (repo) => {
    const calls = new Calls();
    const run = await openRun(repo);
    await trackSteps(run, 0, steps);
    const { bytes: hot } = calls.of('writeSync');
    await run.close();
    const { bytes: written } = calls.of('writeSync');
    const { bytes } = await (await Repo.open(repo)).size();
    const points = steps * METRICS;
    return { hot: hot / points, written: written / points, kept: bytes / points };
  });

/** The size of a run's files before any of it is sealed. */
const bytesHot = ({ steps }: Amount) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo);
    await trackSteps(run, 0, steps);
    const { bytes } = await (await Repo.open(repo)).size();
    await run.close();
    const sealed = await (await Repo.open(repo)).size();
    const points = steps * METRICS;
    return { hot: bytes / points, sealed: sealed.bytes / points };
  });

export const tasks: Tasks<Amount> = {
  loopDelay,
  memory,
  memoryAlone,
  openFiles,
  writeAmplification,
  bytesHot,
};

const child = (task: string, argument: Amount): Record<string, number> =>
  inChild(import.meta.url, task, argument);

export const loopDelays: Workload = {
  async measure({ size }) {
    const argument = { steps: sized(size, 10, 20_000), seconds: sized(size, 0.2, 10) };
    return figures('ms', child('loopDelay', argument));
  },
};

export const memoryGrowth: Workload = {
  repetitions: 3,
  async measure({ size }) {
    const steps = sized(size, 100, 100_000, 1_000_000);
    const { growth = 0, heap = 0, external = 0 } = child('memory', { steps });
    const alone = child('memoryAlone', { steps });
    const over = `over ${(steps * METRICS) / 1e6} M points`;
    return figures('MiB', {
      [`growth of RSS ${over}`]: growth,
      'the same loop without a run': alone['growth'] ?? 0,
      'heap at the end': heap,
      'external at the end': external,
    });
  },
};

export const openFilesCount: Workload = {
  async measure({ size }) {
    return figures('files', child('openFiles', { steps: sized(size, 5, 1000) }));
  },
};

export const amplification: Workload = {
  async measure({ size }) {
    const {
      hot = 0,
      written = 0,
      kept = 0,
    } = child('writeAmplification', {
      steps: sized(size, 50, 20_000),
    });
    return [
      ...figures('bytes/point', {
        'written while tracking': hot,
        'written until closed': written,
        kept,
      }),
      { metric: 'written for a byte kept', value: written / kept, unit: 'bytes' },
    ];
  },
};

export const bytesOfHot: Workload = {
  async measure({ size }) {
    const { hot = 0, sealed = 0 } = child('bytesHot', { steps: sized(size, 50, 5000) });
    return figures('bytes/point', { 'hot, 100 points a frame': hot, 'sealed, noise': sealed });
  },
};
