// The demo: a training on real data is killed with SIGKILL, resumed by its hash, and looked at; then a
// sweep of short trainings at once into the same repo. `npm run demo`, about a minute, no network.
//
// RUNLOG_DEMO_STEPS makes it smaller (the tests do). RUNLOG_DEMO_SEED repeats one.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import asciichart from 'asciichart';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { Repo, type RunView } from 'runlog';
import { seededRandom } from './network.ts';

const seed = Number(process.env['RUNLOG_DEMO_SEED'] ?? randomInt(1, 1_000_000));
const steps = Number(process.env['RUNLOG_DEMO_STEPS'] ?? 1200);
const random = seededRandom(seed);
const directory = mkdtempSync(join(tmpdir(), 'runlog-demo-'));
const print = (text: string): boolean => process.stdout.write(`${text}\n`);

interface Told {
  flushed: number;
  flushedStep: number;
  isDone: boolean;
}

interface TrainingOptions {
  readonly runHash: string;
  readonly experiment: string;
  readonly steps: number;
  readonly learningRate: number;
  readonly width: number;
  readonly seed: number;
  readonly weights: string;
}

/** A training as a child process; `killAt`: SIGKILL some milliseconds after this step was told. */
function train(
  options: TrainingOptions,
  onStep: (step: number) => void,
  killAt?: number,
): Promise<Told> {
  const program = join(import.meta.dirname, 'trainer.js');
  const child = spawn(
    process.execPath,
    [program, JSON.stringify({ repo: directory, ...options })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const told: Told = { flushed: 0, flushedStep: -1, isDone: false };
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [what, count, step] = line.split(' ');
      if (what === 'done') told.isDone = true;
      if (what !== 'flushed') continue;
      told.flushed = Number(count);
      told.flushedStep = Number(step);
      onStep(told.flushedStep);
      if (killAt !== undefined && told.flushedStep >= killAt) {
        killAt = undefined;
        // Never right after a flush: points that no flush has promised are under way by then.
        setTimeout(() => child.kill('SIGKILL'), 5 + random() * 40);
      }
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(told));
  });
}

async function viewOf(hash: string): Promise<RunView> {
  const repo = await Repo.open(directory);
  const view = await repo.run(hash);
  if (view === undefined) throw new Error(`run ${hash} is not in the repo`);
  return view;
}

const pointsOf = (view: RunView): number =>
  view.metrics().reduce((sum, metric) => sum + metric.count, 0);
const best = (view: RunView): number =>
  view.metric('accuracy', { subset: 'val' })?.max ?? Number.NaN;

function check(condition: boolean, what: string): void {
  print(`  ${condition ? 'ok' : 'FAILED'}: ${what}`);
  if (!condition) process.exitCode = 1;
}

/** A progress bar on a terminal, nothing in a pipe. */
function progress(total: number): { update(done: number): void; stop(): void } {
  if (!process.stdout.isTTY) return { update() {}, stop() {} };
  const bar = new SingleBar(
    { format: '  {bar} {value}/{total} steps', hideCursor: true },
    Presets.shades_grey,
  );
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

async function killAndResume(): Promise<RunView> {
  const options = {
    runHash: 'mnist',
    experiment: 'mnist',
    steps,
    learningRate: 0.05,
    width: 64,
    seed,
    weights: join(directory, 'weights.bin'),
  };
  const killAt = Math.floor(steps * (0.4 + 0.3 * random()));
  print(`training on MNIST, ${steps} steps; seed ${seed}; it will be killed after step ${killAt}`);
  const bar = progress(steps);
  const before = await train(options, (step) => bar.update(step), killAt);
  bar.stop();
  const killed = await viewOf('mnist');
  print(
    `killed with SIGKILL: ${before.flushed} points were told to be flushed, the repo holds ${pointsOf(killed)}; it says: ${killed.state}`,
  );
  check(!before.isDone, 'the training did not come to its end');
  check(pointsOf(killed) >= before.flushed, 'no flushed point is lost');
  check(killed.state === 'killed', 'the run is known to be killed');
  const again = progress(steps);
  const after = await train(options, (step) => again.update(step));
  again.stop();
  const resumed = await viewOf('mnist');
  const loss = resumed.metric('loss', { subset: 'train' });
  const columns = await loss?.values();
  const raw = await loss?.values({ raw: true });
  print(
    `resumed by its hash: went on from the saved weights, ${(raw?.steps.length ?? 0) - (columns?.steps.length ?? 0)} points of loss are hidden by the rewind`,
  );
  check(after.isDone && resumed.state === 'finished', 'the resumed training came to its end');
  check(
    columns?.steps.length === steps && columns.steps.every((step, index) => step === index),
    'the steps have no hole and no repeat',
  );
  print('\nloss (train), through the kill:');
  print(asciichart.plot(average(columns?.values ?? new Float64Array(), 72), { height: 10 }));
  return resumed;
}

/** Means of equal stretches, for a chart of `width` columns. */
function average(values: Float64Array, width: number): number[] {
  const size = Math.max(1, Math.floor(values.length / width));
  return Array.from({ length: Math.floor(values.length / size) }, (_, index) => {
    const part = values.subarray(index * size, (index + 1) * size);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

async function sweep(): Promise<void> {
  const short = Math.max(30, Math.floor(steps / 8));
  const settings = [0.02, 0.05, 0.1, 0.2].flatMap((learningRate) =>
    [16, 48].map((width) => ({ learningRate, width })),
  );
  print(`\na sweep: ${settings.length} trainings of ${short} steps in as many processes at once`);
  const bar = progress(settings.length * short);
  const done = settings.map(() => 0);
  const start = performance.now();
  await Promise.all(
    settings.map((each, index) =>
      train(
        {
          ...each,
          runHash: `sweep-${index}`,
          experiment: 'sweep',
          steps: short,
          seed: seed + index,
          weights: '',
        },
        (step) => {
          done[index] = step;
          bar.update(done.reduce((sum, value) => sum + value, 0));
        },
      ),
    ),
  );
  bar.stop();
  const seconds = (performance.now() - start) / 1000;
  const views = await Promise.all(settings.map((_, index) => viewOf(`sweep-${index}`)));
  check(
    views.every((view) => view.state === 'finished'),
    'every training of the sweep came to its end',
  );
  const values = views.reduce((sum, view) => sum + pointsOf(view), 0);
  const curves = await Promise.all(
    views.map(async (view) =>
      average(
        (await view.metric('loss', { subset: 'train' })?.values())?.values ?? new Float64Array(),
        60,
      ),
    ),
  );
  print(
    `${values} values in ${seconds.toFixed(1)} s of training, ${(values / seconds).toFixed(0)} values a second as tracked`,
  );
  print('\nloss of the sweep:');
  print(asciichart.plot(curves, { height: 10 }));
}

async function summary(): Promise<void> {
  const repo = await Repo.open(directory);
  const table = new Table({
    head: ['run', 'experiment', 'state', 'points', 'learning rate', 'width', 'best accuracy'],
    style: { head: [], border: [] },
  });
  let values = 0;
  for await (const view of repo.runs()) {
    const hparams = view.get('hparams') as { learningRate: number; width: number };
    values += pointsOf(view);
    table.push([
      view.hash.slice(0, 8),
      view.experiment,
      view.state,
      pointsOf(view),
      hparams.learningRate,
      hparams.width,
      best(view).toFixed(3),
    ]);
  }
  print(`\n${table.toString()}`);
  const { bytes, files } = await repo.size();
  print(
    `${values} values in ${files} files, ${bytes} bytes: ${(bytes / values).toFixed(2)} bytes a value, everything included`,
  );
  check((await repo.verify()).ok, 'every byte verifies');
}

await killAndResume();
await sweep();
await summary();
print(
  `\nthe repo is ${join(directory, '.aim')}; look at it with: npx runlog ls --repo ${directory}`,
);
