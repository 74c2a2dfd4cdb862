// One training in a process of its own, which may be killed at any moment.
//
// Started again with the hash of its run it loads the weights that it saved, rewinds the metrics to
// the step of those weights, and goes on. The same steps then give the same numbers: weights,
// velocities and the order of the images come from the file and the seed alone.

import { setImmediate as nextTurn } from 'node:timers/promises';

import { Run } from 'runlog';
import { BATCH_SIZE, Batches } from './batches.ts';
import { MOMENTUM } from './dense-layer.ts';
import { PIXEL_COUNT, readDigits } from './digits.ts';
import { Network, type Score, type StepResult } from './network.ts';
import { createRandom } from './random.ts';
import type { TrainingMessage, TrainingSettings } from './settings.ts';
import { loadWeights, saveWeights } from './weights-file.ts';

const LAST_HIDDEN_WIDTH = 32;
const CLASS_COUNT = 10;

const settings = JSON.parse(process.argv[2] ?? '{}') as TrainingSettings;

// Without its parent nobody would look: a training left behind would only take the processor.
const endAlone = (): never => process.exit(1);
process.once('disconnect', endAlone);

function tell(message: TrainingMessage): void {
  process.send?.(message);
}

/**
 * Tracks what the steps gave, counts the points, and keeps the time that it took. Processor time: with
 * eight trainings on two cores a clock would mostly measure the wait for a core.
 */
class Tracker {
  pointCount = 0;
  trackMicroseconds = 0;
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  track(step: number, epoch: number, result: StepResult, validation: Score | undefined): void {
    this.pointCount += 2 + result.gradientNorms.length + (validation === undefined ? 0 : 2);
    // Told before it is done: the parent must never find more points than it was told of.
    tell({ kind: 'tracking', step, pointCount: this.pointCount });
    const start = process.cpuUsage();
    const { loss, accuracy, gradientNorms } = result;
    this.#run.track({ loss, accuracy }, { step, epoch, context: { subset: 'train' } });
    for (const [layer, norm] of gradientNorms.entries())
      this.#run.track(norm, { name: 'gradient_norm', step, epoch, context: { layer } });
    if (validation !== undefined)
      this.#run.track({ ...validation }, { step, epoch, context: { subset: 'val' } });
    const { user, system } = process.cpuUsage(start);
    this.trackMicroseconds += user + system;
  }
}

async function openRun(): Promise<Run> {
  const { repo, experiment, runHash, seed, learningRate, width } = settings;
  const options = {
    repo,
    experiment,
    // The trainings take seconds, where the default of 10 would give one sample.
    systemTrackingInterval: 0.25,
    logSystemParams: { diffSizeMax: 0 },
    captureTerminalLogs: true,
  };
  const run = await Run.open(runHash === null ? options : { ...options, runHash, mustExist: true });
  if (runHash === null)
    run.set('hparams', { learningRate, width, seed, batchSize: BATCH_SIZE, momentum: MOMENTUM });
  return run;
}

/** The first step to train: that of the saved weights. Metrics of later steps come again. */
function resume(run: Run, network: Network): number {
  if (settings.runHash === null || settings.weightsPath === null) return 0;
  const step = loadWeights(settings.weightsPath, network.state);
  run.rewind({ step });
  return step;
}

async function train(run: Run, network: Network, firstStep: number): Promise<Tracker> {
  const { stepCount, validateEvery, flushEvery, saveEvery, weightsPath, learningRate } = settings;
  const digits = readDigits(settings.digitsPath);
  const batches = new Batches(digits.train, settings.seed);
  const tracker = new Tracker(run);
  for (let step = firstStep; step < stepCount; step += 1) {
    batches.load(step);
    const result = network.train(batches.pixels, batches.labels, learningRate);
    const done = step + 1;
    const { pixels, labels } = digits.validation;
    const validation = done % validateEvery === 0 ? network.evaluate(pixels, labels) : undefined;
    tracker.track(step, batches.epochOf(step), result, validation);
    if (validation !== undefined)
      console.log(`step ${step}: validation accuracy ${validation.accuracy.toFixed(3)}`);
    if (done % flushEvery !== 0) continue;
    if (run.flush()) {
      tell({ kind: 'flushed', pointCount: tracker.pointCount });
      // Only now: weights that are ahead of the metrics would leave a hole after a kill, because
      // the steps between them are never trained again.
      if (weightsPath !== null && done % saveEvery === 0)
        saveWeights(weightsPath, done, network.state);
    }
    await nextTurn();
  }
  return tracker;
}

const sizes = [PIXEL_COUNT, settings.width, LAST_HIDDEN_WIDTH, CLASS_COUNT];
const network = new Network(sizes, createRandom(settings.seed));
const run = await openRun();
const firstStep = resume(run, network);
tell({ kind: 'opened', hash: run.hash, step: firstStep });
const { pointCount, trackMicroseconds } = await train(run, network, firstStep);
await run.close();
tell({ kind: 'closed', pointCount, trackMicroseconds });
process.off('disconnect', endAlone);
process.disconnect();
