// The demo: a small network learns handwritten digits, is killed with SIGKILL, resumed by the hash of
// its run, and looked at; then a sweep of short trainings at once into the same repo; then questions to it
// through the command.
//
//   npm run demo                    a few seconds, less than a minute on a slow machine; no network
//   npm run demo -- --seed 7        the same trainings and the same moment of the kill again
//   npm run demo -- --small         a few seconds: what test/examples/mnist.test.ts runs
//
// Works in a temporary directory, which it names at the end and leaves. The exit code is 0 only if
// every check held.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import Table from 'cli-table3';
import type { Repo } from 'runlog';
import { killAndResume } from './kill-and-resume.ts';
import { bestAccuracyOf, createPlace, pointCountOf } from './place.ts';
import { check, failedCheckCount, formatCount, print } from './print.ts';
import { askQuestions, commandFor } from './questions.ts';
import { createRandom } from './random.ts';
import { FULL_SIZE, SMALL_SIZE } from './settings.ts';
import { showSurroundings } from './surroundings.ts';
import { sweep } from './sweep.ts';

const SEED_LIMIT = 1_000_000;

interface Arguments {
  readonly seed: number;
  readonly isSmall: boolean;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, small: { type: 'boolean', default: false } },
  });
  const seed = values.seed === undefined ? randomInt(SEED_LIMIT) : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEED_LIMIT)
    throw new RangeError(`--seed ${values.seed}: an integer from 0 to ${SEED_LIMIT - 1} is asked`);
  return { seed, isSmall: values.small };
}

async function printRuns(repo: Repo): Promise<void> {
  const table = new Table({
    head: ['run', 'experiment', 'state', 'points', 'rate', 'width', 'seed', 'best accuracy'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right'],
    // Without styles it writes no colours: NO_COLOR and pipes need no case of their own.
    style: { head: [], border: [], compact: true },
  });
  let pointCount = 0;
  for await (const view of repo.runs({ order: 'oldest' })) {
    pointCount += pointCountOf(view);
    table.push([
      view.hash.slice(0, 8),
      view.experiment,
      view.state,
      formatCount(pointCountOf(view)),
      String(view.get(['hparams', 'learningRate'])),
      String(view.get(['hparams', 'width'])),
      String(view.get(['hparams', 'seed'])),
      bestAccuracyOf(view).toFixed(3),
    ]);
  }
  print(`\n${table.toString()}`);
  const { runs, files, bytes } = await repo.size();
  print(
    `${runs} runs, ${formatCount(pointCount)} points in ${files} files of ${formatCount(bytes)} ` +
      `bytes: ${(bytes / pointCount).toFixed(2)} bytes a point, everything included`,
  );
}

async function main(): Promise<void> {
  const start = performance.now();
  const { seed, isSmall } = readArguments();
  const size = isSmall ? SMALL_SIZE : FULL_SIZE;
  const place = await createPlace();
  print(`MNIST: ${formatCount(place.imageCount)} handwritten digits; seed ${seed}`);
  const view = await killAndResume(place, size.main, seed, createRandom(seed));
  await showSurroundings(view);
  await sweep(place, size.sweep, seed);
  await printRuns(place.repo);
  check((await place.repo.verify()).ok, 'every byte of the repo verifies');
  askQuestions(place);
  await place.repo.close();
  const seconds = (performance.now() - start) / 1000;
  const failed = failedCheckCount();
  print(
    `\n${failed === 0 ? 'Every check held' : `${failed} checks FAILED`}, ${seconds.toFixed(1)} s`,
  );
  print(`The repo is in ${place.directory}; look at it with:`);
  print(`  ${commandFor(place)}`);
  if (failed > 0) process.exitCode = 1;
}

await main();
