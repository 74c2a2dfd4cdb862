// What `Run.open` takes until it returns, with each of the options that record around a run, and with all
// of them; what they do afterwards is background work.

import type { RunOptions } from 'runlog';

import { loadRunlog, runlogOf } from '../bundle.ts';
import { inChild, inDirectory, median, sized, type Tasks, type Workload } from '../harness.ts';

interface Rounds {
  readonly count: number;
  readonly runlog: string;
}

const cases: Readonly<Record<string, RunOptions>> = {
  'no option': {},
  systemTrackingInterval: { systemTrackingInterval: 10 },
  logSystemParams: { logSystemParams: true },
  captureTerminalLogs: { captureTerminalLogs: true },
  'everything on': {
    systemTrackingInterval: 10,
    logSystemParams: true,
    captureTerminalLogs: { redact: true },
  },
};

/** Milliseconds until open returned, by case: in turn, so that a slow moment hits them alike. */
const opening = ({ count, runlog }: Rounds): Promise<Record<string, number>> =>
  inDirectory(async (repo) => {
    const { Run } = await loadRunlog(runlog);
    const times = Object.fromEntries(Object.keys(cases).map((name) => [name, [] as number[]]));
    for (let round = 0; round <= count; round += 1) {
      for (const [name, options] of Object.entries(cases)) {
        const start = performance.now();
        const run = await Run.open({ repo, systemTrackingInterval: null, ...options });
        const time = performance.now() - start;
        // The first of each compiles code.
        if (round > 0) times[name]?.push(time);
        await run.close();
      }
    }
    return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
  });

const first = ({ runlog }: Rounds): Promise<Record<string, number>> =>
  inDirectory(async (directory) => {
    const { Repo, Run } = await loadRunlog(runlog);
    await Repo.create(directory);
    const start = performance.now();
    const run = await Run.open({ repo: directory, ...cases['everything on'] });
    const time = performance.now() - start;
    await run.close();
    return { time };
  });

export const tasks: Tasks<Rounds> = { opening, first };

export const openingOptions: Workload = {
  measure({ size }) {
    const rounds = { count: sized(size, 2, 20), runlog: runlogOf(size === 'small') };
    const found = inChild(import.meta.url, 'opening', rounds);
    const { time = Number.NaN } = inChild(import.meta.url, 'first', rounds);
    return Promise.resolve([
      ...Object.keys(cases).map((name) => ({
        metric: `open: ${name}`,
        value: found[name] ?? Number.NaN,
        unit: 'ms',
      })),
      { metric: 'open: everything on, first of a process', value: time, unit: 'ms' },
    ]);
  },
};
