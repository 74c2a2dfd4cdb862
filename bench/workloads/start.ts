// What a short program pays: import, and a run with ten values.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { loadRunlog, runlogOf } from '../bundle.ts';
import { Calls } from '../calls.ts';
import { inChild, inDirectory, median, sized, type Tasks, type Workload } from '../harness.ts';
import { openRun } from '../inputs.ts';

interface Opening {
  readonly repo: string;
  readonly runlog: string;
}

/** The first run of a process in a repo that is there; then another, and one whose calls are counted. */
async function openClose({ repo, runlog }: Opening): Promise<Record<string, number>> {
  const { Run } = await loadRunlog(runlog);
  const tenValues = async (): Promise<number> => {
    const start = performance.now();
    const run = await Run.open({ repo, systemTrackingInterval: null });
    for (let step = 0; step < 10; step += 1) run.track(step / 3, { name: 'loss', step });
    await run.close();
    return performance.now() - start;
  };
  const cold = await tenValues();
  const warm = await tenValues();
  const calls = new Calls();
  await tenValues();
  return { cold, warm, syncs: calls.syncCount, calls: calls.count };
}

export const tasks: Tasks<Opening> = { openClose };

export const openCloseRun: Workload = {
  async prepare({ directory }) {
    await (await openRun(directory)).close();
  },
  async measure({ directory, size }) {
    const {
      cold = 0,
      warm = 0,
      syncs = 0,
      calls = 0,
    } = inChild(import.meta.url, 'openClose', {
      repo: directory,
      runlog: runlogOf(size === 'small'),
    });
    return [
      { metric: 'new run, 10 values, close: first of a process', value: cold, unit: 'ms' },
      { metric: 'the second', value: warm, unit: 'ms' },
      { metric: 'sync calls', value: syncs, unit: 'calls' },
      { metric: 'file system calls', value: calls, unit: 'calls' },
    ];
  },
};

const wall = (program: string): number => {
  const start = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
};

/** What users import is a bundle; what the other workloads run is a file a module. */
const built = resolve('dist/index.js');

export const importing: Workload = {
  measure: ({ size }) =>
    inDirectory(async () => {
      const times: number[] = [];
      const bare: number[] = [];
      const isBuilt = existsSync(built);
      const module = isBuilt ? pathToFileURL(built).href : import.meta.resolve('runlog');
      for (let pair = 0; pair < sized(size, 1, 5); pair += 1) {
        bare.push(wall(''));
        times.push(wall(`await import(${JSON.stringify(module)})`));
      }
      return [
        {
          metric: `import 'runlog'${isBuilt ? '' : ' (not built)'}, less bare node`,
          value: median(times) - median(bare),
          unit: 'ms',
        },
        { metric: 'bare node', value: median(bare), unit: 'ms' },
      ];
    }),
};
