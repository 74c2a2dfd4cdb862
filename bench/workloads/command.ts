// What a person waits for: the start of the command, beyond that of Node.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Figure, median, sized, type Workload } from '../harness.ts';
import { openRun } from '../inputs.ts';

const commands = [['--help'], ['ls'], ['show', '-1'], ['plot', '-1']] as const;

/** What users start is a bundle; without one the sources compiled beside the bench, a file a module. */
const built = resolve('dist/cli/main.js');

function wall(args: readonly string[], directory: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, RUNLOG_REPO: directory },
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}

export const commandStart: Workload = {
  async prepare({ directory }) {
    for (let index = 0; index < 10; index += 1) {
      const run = await openRun(directory);
      run.set('hparams', { lr: 0.1, layers: [64, 64] });
      for (let step = 0; step < 1000; step += 1)
        run.track({ loss: 1 / (step + 1), accuracy: step / 1000 }, { step });
      await run.close();
    }
  },
  async measure({ directory, size }) {
    // The test of the bench builds nothing: what lies in dist may be older than the commands.
    const isBuilt = sized(size, false, existsSync(built));
    const program = isBuilt
      ? built
      : fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
    const bare: number[] = [];
    const times = new Map<string, number[]>(commands.map(([name]) => [name, []]));
    for (let round = 0; round < sized(size, 1, 9); round += 1) {
      bare.push(wall(['--eval', ''], directory));
      for (const args of commands) times.get(args[0])?.push(wall([program, ...args], directory));
    }
    const rows = commands.map(
      ([name]): Figure => ({
        metric: `runlog ${name}${isBuilt ? '' : ' (not built)'}, less bare node`,
        value: median(times.get(name) ?? []) - median(bare),
        unit: 'ms',
      }),
    );
    return [...rows, { metric: 'bare node', value: median(bare), unit: 'ms' }];
  },
};
