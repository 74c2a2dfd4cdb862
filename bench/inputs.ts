// What the workloads track: fixed seeds, the same points each time.
//
// Values are noise in all 53 bits: the worst case of every encoding, and of background rewriting.

import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Run, type RunOptions } from 'runlog';

export const METRICS = 100;
export const names: readonly string[] = Array.from(
  { length: METRICS },
  (_, index) => `metric_${index}`,
);

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run as the goals mean it: no system metrics. */
export const openRun = (repo: string, options: RunOptions = {}): Promise<Run> =>
  Run.open({ repo, systemTrackingInterval: null, ...options });

/** Numbers in [-1, 1) with a fixed seed. */
export class Noise {
  #high = 1;
  #low = 2;

  next(): number {
    this.#high = (Math.imul(this.#high, 1664525) + 1013904223) | 0;
    this.#low = (Math.imul(this.#low, 22695477) + 1) | 0;
    return this.#high * 2 ** -31 + this.#low * 2 ** -53;
  }

  column(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => this.next());
  }
}

/** Like a logged loss: falls, and is rounded to four places. */
export const roundedColumn = (count: number): Float64Array =>
  Float64Array.from(
    { length: count },
    (_, index) => Math.round((8 / (1 + index / 500) + Math.sin(index) / 4) * 10_000) / 10_000,
  );

/** 100 metrics a step, by name and context; one turn of the event loop a step. */
export async function trackSteps(
  run: Run,
  from: number,
  to: number,
  afterTurn: (step: number) => void = () => {},
): Promise<void> {
  const noise = new Noise();
  for (let step = from; step < to; step += 1) {
    for (const name of names) run.track(noise.next(), { name, step, context: { subset: 'train' } });
    await turn();
    afterTurn(step);
  }
}

/** A closed run of one sequence, `loss`, or of several that share its steps. */
export async function writeClosed(
  repo: string,
  runHash: string,
  { points, sequences = 1 }: { points: number; sequences?: number },
): Promise<void> {
  const run = await openRun(repo, { runHash });
  const each = Math.ceil(points / sequences);
  const values = roundedColumn(Math.min(each, 10_000));
  for (let index = 0; index < sequences; index += 1) {
    const handle = run.sequence(index === 0 ? 'loss' : `loss_${index}`);
    for (let done = 0; done < each; done += values.length) {
      handle.trackColumns({ values });
      if (done % 100_000 === 0) await turn();
    }
  }
  await run.close();
}

const TEMPLATES = 100;

/** Runs with params and five short metrics. Beyond the first hundred they are copies, params too. */
export async function writeRuns(repo: string, count: number): Promise<void> {
  const hashes = Array.from({ length: Math.min(count, TEMPLATES) }, (_, index) => `run-${index}`);
  await Promise.all(hashes.map((hash, index) => writeShort(repo, hash, index)));
  copyRuns(repo, TEMPLATES, count);
}

/** Copies of the first hundred runs, numbered `from` to `to`. */
export function copyRuns(repo: string, from: number, to: number): void {
  const folder = join(repo, '.aim/runs');
  for (let index = from; index < to; index += 1)
    cpSync(join(folder, `run-${index % TEMPLATES}`), join(folder, `run-${index}`), {
      recursive: true,
    });
}

export function removeRuns(repo: string, from: number, to: number): void {
  for (let index = from; index < to; index += 1)
    rmSync(join(repo, '.aim/runs', `run-${index}`), { recursive: true });
}

async function writeShort(repo: string, runHash: string, index: number): Promise<void> {
  const run = await openRun(repo, { runHash });
  run.set('hparams', {
    lr: 10 ** -(index % 5),
    layers: [64, 64],
    vocabulary: index % 7 === 0 ? 50257 : 50304,
    optimizer: { name: 'adam', beta1: 0.9, beta2: 0.999 },
  });
  const values = roundedColumn(20);
  for (const name of ['train_loss', 'val_loss', 'accuracy', 'step_ms', 'gradient_norm'])
    run.sequence(name).trackColumns({ values: values.map((value) => value + index) });
  await run.close();
}

/** Paths of every file below a directory. */
export function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));
}
