// What capturing program and machine takes: until it is recorded, its processor time, and how long it keeps
// the event loop. Of the repository and packages that the bench runs in, and of 3,000 packages.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { inChild, inDirectory, median, sized, type Tasks, type Workload } from '../harness.ts';
import { openRun } from '../inputs.ts';

interface Captures {
  readonly count: number;
  /** Where the entry file is said to be; '' where it is. */
  readonly entry: string;
}

const LIMIT_MS = 5000;

const capturing = ({ count, entry }: Captures): Promise<Record<string, number>> =>
  inDirectory(async (repo) => {
    if (entry !== '') process.argv[1] = entry;
    const ready: number[] = [];
    const cpu: number[] = [];
    let packages = 0;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    for (let round = 0; round <= count; round += 1) {
      const run = await openRun(repo, { logSystemParams: true });
      if (round > 0) delay.enable();
      const start = performance.now();
      const used = process.cpuUsage();
      while (run.get(['__system_params', 'captured_at']) === undefined) {
        if (performance.now() - start > LIMIT_MS) throw new Error('nothing was captured');
        await sleep(2);
      }
      delay.disable();
      const { user, system } = process.cpuUsage(used);
      // The first compiles code.
      if (round > 0) {
        ready.push(performance.now() - start);
        cpu.push((user + system) / 1000);
      }
      const found = run.get(['__system_params', 'packages']) as object | undefined;
      packages = Object.keys(found ?? {}).length;
      await run.close();
    }
    return { ready: median(ready), cpu: median(cpu), longest: delay.max / 1e6, packages };
  });

export const tasks: Tasks<Captures> = { capturing };

/** An entry file beside so many packages. */
function entryWith(directory: string, count: number): string {
  for (let index = 0; index < count; index += 1) {
    const path = join(directory, 'node_modules', `package-${index}`);
    mkdirSync(path, { recursive: true });
    writeFileSync(
      join(path, 'package.json'),
      JSON.stringify({ name: `package-${index}`, version: `1.${index}.0` }),
    );
  }
  const entry = join(directory, 'entry.js');
  writeFileSync(entry, '');
  return entry;
}

export const capture: Workload = {
  measure: ({ size }) =>
    inDirectory((directory) => {
      const count = sized(size, 1, 10);
      const here = inChild(import.meta.url, 'capturing', { count, entry: '' });
      const wanted = sized(size, 30, 3000);
      const entry = entryWith(directory, wanted);
      const many = inChild(import.meta.url, 'capturing', { count, entry });
      if (many['packages'] !== wanted)
        throw new Error(`${many['packages']} packages of ${wanted} were found`);
      return Promise.resolve([
        { metric: 'until it is recorded', value: here['ready'] ?? 0, unit: 'ms' },
        { metric: 'processor time', value: here['cpu'] ?? 0, unit: 'ms' },
        { metric: 'longest delay of the loop', value: here['longest'] ?? 0, unit: 'ms' },
        { metric: '3,000 packages: until it is recorded', value: many['ready'] ?? 0, unit: 'ms' },
        { metric: '3,000 packages: longest delay', value: many['longest'] ?? 0, unit: 'ms' },
      ]);
    }),
};
