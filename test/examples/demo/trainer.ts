// One training, as a process that may be killed at any moment. Tells its parent what was flushed: a
// line `flushed <points>` after each flush that was true, `step <n>` now and then, `done` at the end.
//
// The weights are saved with their step, atomically, each 50 steps. Started again with the same run
// hash it loads them, rewinds the metrics to their step, and goes on.
//
// Arguments: JSON { repo, runHash, experiment, steps, learningRate, width, seed, weights }.

import { existsSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

import { Run } from 'runlog';
import { loadDigits, PIXELS } from './digits.ts';
import { Network, seededRandom } from './network.ts';

interface Settings {
  readonly repo: string;
  readonly runHash: string;
  readonly experiment: string;
  readonly steps: number;
  readonly learningRate: number;
  readonly width: number;
  readonly seed: number;
  /** Where the model's weights are saved; '' for nowhere. */
  readonly weights: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings;
const BATCH = 32;
const SAVE_EVERY = 50;
const VALIDATE_EVERY = 25;
const VALIDATION_IMAGES = 200;

const random = seededRandom(settings.seed);
const { train, validation } = loadDigits(random);
const network = new Network([PIXELS, settings.width, 32, 10], random);
const run = await Run.open({
  repo: settings.repo,
  runHash: settings.runHash,
  experiment: settings.experiment,
  systemTrackingInterval: null,
});
run.set('hparams', {
  learningRate: settings.learningRate,
  width: settings.width,
  seed: settings.seed,
  batch: BATCH,
});

let start = 0;
if (settings.weights !== '' && existsSync(settings.weights)) {
  const bytes = readFileSync(settings.weights);
  start = bytes.readUInt32LE(0);
  network.load(
    new Float32Array(bytes.buffer.slice(bytes.byteOffset + 4, bytes.byteOffset + bytes.length)),
  );
  // Metrics of steps that the saved weights know nothing of will be tracked again.
  run.rewind({ step: start });
}

function saveWeights(step: number): void {
  if (settings.weights === '') return;
  const weights = network.save();
  const bytes = Buffer.alloc(4 + weights.byteLength);
  bytes.writeUInt32LE(step, 0);
  bytes.set(new Uint8Array(weights.buffer), 4);
  writeFileSync(`${settings.weights}.new`, bytes);
  renameSync(`${settings.weights}.new`, settings.weights);
}

let tracked = 0;
const say = (line: string): number => writeSync(1, `${line}\n`);

for (let step = start; step < settings.steps; step += 1) {
  const pick = seededRandom(settings.seed * 100_003 + step);
  const batch = Array.from({ length: BATCH }, () => {
    const image = Math.floor(pick() * train.count);
    return {
      input: train.pixels.subarray(image * PIXELS, (image + 1) * PIXELS),
      label: train.labels[image] as number,
    };
  });
  const { loss, accuracy, gradientNorms } = network.train(batch, settings.learningRate);
  const epoch = Math.floor((step * BATCH) / train.count);
  run.track({ loss, accuracy }, { step, epoch, context: { subset: 'train' } });
  for (const [layer, norm] of gradientNorms.entries()) {
    run.track(norm, { name: 'gradient_norm', step, epoch, context: { layer } });
  }
  tracked += 2 + gradientNorms.length;
  if (step % VALIDATE_EVERY === 0 || step === settings.steps - 1) {
    const pixels = validation.pixels.subarray(0, VALIDATION_IMAGES * PIXELS);
    run.track(network.evaluate(pixels, validation.labels.subarray(0, VALIDATION_IMAGES), PIXELS), {
      step,
      epoch,
      context: { subset: 'val' },
    });
    tracked += 2;
  }
  // What the parent is told is what a flush has promised; in between points wait for their turn's end.
  if (step % 7 === 0 && run.flush()) say(`flushed ${tracked} ${step}`);
  if ((step + 1) % SAVE_EVERY === 0) saveWeights(step + 1);
  if (step % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
}
const trackedAt = performance.now();
await run.close();
say(`done ${tracked} ${(performance.now() - trackedAt).toFixed(0)}`);
