// The second part of the demo: short trainings with other learning rates, widths and seeds, each in a
// process of its own, all at once into one repo.

import type { RunView } from 'runlog';
import { bestAccuracyOf, type Place, pointCountOf, readRun } from './place.ts';
import { check, columnsOfChart, formatCount, print, printChart, startProgress } from './print.ts';
import { type DemoSize, SWEEP } from './settings.ts';
import { runTraining, type Told } from './training-process.ts';

export async function sweep(place: Place, size: DemoSize['sweep'], seed: number): Promise<void> {
  print(`\nA sweep: ${SWEEP.length} trainings of ${size.stepCount} steps, all at once`);
  const before = await place.repo.size();
  const start = performance.now();
  const told = await trainAll(place, size, seed);
  const seconds = (performance.now() - start) / 1000;
  const after = await place.repo.size();
  const views = await Promise.all(told.map(({ hash }) => readRun(place.repo, hash)));
  const valueCount = views.reduce((sum, view) => sum + pointCountOf(view), 0);
  const trackedCount = told.reduce((sum, { trackedCount }) => sum + trackedCount, 0);
  const trackSeconds = told.reduce((sum, each) => sum + each.trackMicroseconds, 0) / 1e6;
  print(`  values              ${formatCount(valueCount)}`);
  print(`  bytes a value       ${((after.bytes - before.bytes) / valueCount).toFixed(2)} on disk`);
  print(
    `  values a second     ${formatCount(valueCount / seconds)} in ${seconds.toFixed(1)} s of ` +
      `training; ${formatCount(valueCount / trackSeconds)} in a second of tracking calls alone`,
  );
  check(
    views.every((view) => view.state === 'finished'),
    'every training came to its end',
  );
  check(valueCount === trackedCount, 'the repo holds every value that was tracked');
  await printBestAndWorst(views, size.stepCount);
}

async function trainAll(place: Place, size: DemoSize['sweep'], seed: number): Promise<Told[]> {
  const progress = startProgress(SWEEP.length * size.stepCount);
  let doneCount = 0;
  const onStep = (): void => {
    doneCount += 1;
    progress.update(doneCount);
  };
  try {
    return await Promise.all(
      SWEEP.map((setting) =>
        runTraining(
          {
            ...size,
            repo: place.directory,
            runHash: null,
            experiment: 'sweep',
            digitsPath: place.digitsPath,
            weightsPath: null,
            learningRate: setting.learningRate,
            width: setting.width,
            seed: seed + setting.seed,
          },
          onStep,
        ),
      ),
    );
  } finally {
    progress.stop();
  }
}

async function printBestAndWorst(views: readonly RunView[], stepCount: number): Promise<void> {
  const sorted = [...views].sort((left, right) => bestAccuracyOf(right) - bestAccuracyOf(left));
  const best = sorted[0] as RunView;
  const worst = sorted.at(-1) as RunView;
  const curves: number[][] = [];
  for (const view of [best, worst]) {
    const loss = view.metric('loss', { subset: 'train' });
    if (loss !== undefined) curves.push(columnsOfChart(await loss.values(), stepCount));
  }
  printChart(
    `Loss of the sweep, ${stepCount} steps: the best (${best.hash.slice(0, 8)}), ` +
      `and above it the worst (${worst.hash.slice(0, 8)})`,
    curves,
  );
}
