// The last part of the demo: questions to the repo, put to the command as a person would type them.

import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Place } from './place.ts';
import { check, print } from './print.ts';

/** As it was compiled with this demo: a fresh checkout has no other. */
const program = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

const BEST = "run.metrics['accuracy', {'subset': 'val'}].max";

const questions: readonly (readonly string[])[] = [
  ['ls', "run.experiment == 'sweep' and run.hparams.width == 64", '--order', BEST, '--descending'],
  ['query', "metric.name == 'loss' and metric.context.subset == 'val'", '-g', 'run.hparams.width'],
  [
    'plot',
    "run.experiment == 'sweep' and run.hparams.seed % 2 == 0 and metric.name == 'loss' and metric.context.subset == 'train'",
  ],
];

export function askQuestions(place: Place): void {
  for (const words of questions) {
    print(`\n$ runlog ${words.map(quoted).join(' ')}`);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program, ...words, '--repo', place.directory],
      // On a terminal the command draws for it, else plain text comes out of it.
      { encoding: 'utf8', stdio: ['ignore', process.stdout.isTTY ? 'inherit' : 'pipe', 'pipe'] },
    );
    if (stdout) print(stdout.trimEnd());
    check(status === 0 && stderr === '', `it was answered${stderr === '' ? '' : `: ${stderr}`}`);
  }
}

const quoted = (word: string): string => (/^[\w-]+$/.test(word) ? word : `"${word}"`);

/** How to look on. */
export function commandFor(place: Place): string {
  return `node ${relative(process.cwd(), program)} ls --repo ${place.directory}`;
}
