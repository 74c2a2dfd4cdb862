// The first part of the demo: a training is killed with SIGKILL between two flushes, and its points
// are counted on both sides. Then it is started again with the hash of its run, goes on from the
// weights that it saved, and comes to its end as if nothing had happened.

import type { Metric, RunView } from 'runlog';
import { type Place, pointCountOf, readRun, trackedMetrics } from './place.ts';
import {
  check,
  columnsOfChart,
  formatCount,
  print,
  printChart,
  printMarks,
  startProgress,
} from './print.ts';
import { randomInteger } from './random.ts';
import {
  type DemoSize,
  MAIN_LEARNING_RATE,
  MAIN_WIDTH,
  type TrainingSettings,
} from './settings.ts';
import { type Kill, runTraining, type Told } from './training-process.ts';

// Soon enough after a flush that the next one is still to come when the signal arrives.
const KILL_OFFSET_MAX = 12;
const KILL_DELAY_MAX_MS = 10;

export async function killAndResume(
  place: Place,
  size: DemoSize['main'],
  seed: number,
  random: () => number,
): Promise<RunView> {
  const settings: TrainingSettings = {
    ...size,
    repo: place.directory,
    runHash: null,
    experiment: 'mnist',
    digitsPath: place.digitsPath,
    weightsPath: place.weightsPath,
    seed,
    learningRate: MAIN_LEARNING_RATE,
    width: MAIN_WIDTH,
  };
  const kill = chooseKill(size, random);
  print(
    `\nTraining, ${size.stepCount} steps; to be killed between two flushes at step ${kill.step}`,
  );
  const killed = await train(settings, kill);
  await examineKilled(place, killed);
  print(`\nThe same training again, with runHash ${killed.hash}`);
  const resumed = await train({ ...settings, runHash: killed.hash });
  await examineResumed(place, size, killed, resumed);
  return readRun(place.repo, killed.hash);
}

/**
 * A random moment in the middle half of the training: some steps after a flush, and more than one
 * flush after the weights were saved, so that there is something to rewind.
 */
function chooseKill(size: DemoSize['main'], random: () => number): Kill {
  const { stepCount, flushEvery, saveEvery } = size;
  const quarter = Math.floor(stepCount / 4 / saveEvery);
  const saveIndex = randomInteger(random, quarter, 3 * quarter);
  const flushIndex = randomInteger(random, 1, saveEvery / flushEvery);
  const offset = randomInteger(random, 2, KILL_OFFSET_MAX);
  return {
    step: saveIndex * saveEvery + flushIndex * flushEvery + offset,
    delayMs: random() * KILL_DELAY_MAX_MS,
  };
}

async function train(settings: TrainingSettings, kill?: Kill): Promise<Told> {
  const progress = startProgress(settings.stepCount);
  try {
    return await runTraining(settings, (step) => progress.update(step + 1), kill);
  } finally {
    progress.stop();
  }
}

async function examineKilled(place: Place, told: Told): Promise<void> {
  const view = await readRun(place.repo, told.hash);
  const held = pointCountOf(view);
  print(`Killed with SIGKILL in step ${told.stepCount - 1}. Points, counted on both sides:`);
  print(`  told to be flushed  ${formatCount(told.flushedCount)}`);
  print(`  held by the repo    ${formatCount(held)}`);
  print(`  begun to be tracked ${formatCount(told.trackedCount)}`);
  check(told.isKilled && !told.isClosed, 'the training was killed before its end');
  check(held >= told.flushedCount, 'no flushed point is lost');
  check(held <= told.trackedCount, 'there is no point that was not tracked');
  check(view.state === 'killed', `the repo knows that the run was killed (${view.state})`);
}

async function examineResumed(
  place: Place,
  size: DemoSize['main'],
  killed: Told,
  resumed: Told,
): Promise<void> {
  const { stepCount } = size;
  const view = await readRun(place.repo, killed.hash);
  const train = await requireMetric(view, 'loss', 'train').values();
  const validation = await requireMetric(view, 'loss', 'val').values();
  const { hiddenCount, isSame } = await compareHidden(view);
  print(
    `Went on at step ${resumed.firstStep}, where its weights were saved; the rewind hides ` +
      `${formatCount(hiddenCount)} points, which were tracked again`,
  );
  check(resumed.hash === killed.hash, 'it is the same run');
  check(
    resumed.firstStep > 0 && resumed.firstStep < killed.stepCount,
    'it went on from saved weights',
  );
  check(resumed.isClosed && view.state === 'finished', `it came to its end (${view.state})`);
  check(await hasAllSteps(view, size), 'the steps have no hole and no repeat, in every metric');
  check(hiddenCount > 0 && isSame, 'points tracked again are equal to the last bit');
  printChart(
    `Loss through the kill, ${stepCount} steps: train, and above it at the end validation`,
    [columnsOfChart(validation, stepCount), columnsOfChart(train, stepCount)],
  );
  printMarks(
    [
      [resumed.firstStep, `weights saved before step ${resumed.firstStep}: resumed from here`],
      [killed.stepCount - 1, `killed in step ${killed.stepCount - 1}`],
    ],
    stepCount,
  );
}

function requireMetric(view: RunView, name: string, subset: string): Metric {
  const metric = view.metric(name, { subset });
  if (metric === undefined) throw new Error(`${name} of ${subset} is not in run ${view.hash}`);
  return metric;
}

/** Whether every metric has each step that it should have, once. */
async function hasAllSteps(view: RunView, size: DemoSize['main']): Promise<boolean> {
  for (const metric of trackedMetrics(view)) {
    const every = metric.context['subset'] === 'val' ? size.validateEvery : 1;
    const { steps } = await metric.values();
    if (steps.length !== Math.floor(size.stepCount / every)) return false;
    if (steps.some((step, index) => step !== (index + 1) * every - 1)) return false;
  }
  return true;
}

/** Compares the points that a rewind hides with those that took their place. */
async function compareHidden(view: RunView): Promise<{ hiddenCount: number; isSame: boolean }> {
  let hiddenCount = 0;
  let isSame = true;
  for (const metric of trackedMetrics(view)) {
    const { steps, values } = await metric.values({ raw: true });
    hiddenCount += steps.length - metric.count;
    for (let index = 1; index < steps.length; index += 1)
      if (steps[index] === steps[index - 1] && !Object.is(values[index], values[index - 1]))
        isSame = false;
  }
  return { hiddenCount, isSame };
}
