// How the golden repos of format version 1 were made. Kept to be read, not to be run again: a golden
// repo is never regenerated, a new version of the format gets new ones beside it.

import { appendFileSync, cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Run } from '../../src/index.ts';

const START = 1_700_000_000_000;
const odd = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 2 ** 53, 0.1, 1 / 3];

function trackSome(run: Run, count: number): void {
  for (let step = 0; step < count; step += 1) {
    run.track({ loss: Math.exp(-step / 100), odd: odd[step % odd.length] as number }, { step, epoch: step % 3, time: START + step * 25 });
    if (step % 10 === 0) run.track(step / count, { name: 'accuracy', step, context: { subset: 'val' }, time: START + step * 25 });
  }
}

/** Small and sealed runs, two writers, rewinds, an undo, params of every kind, folded edits. */
export async function writeClean(repo: string): Promise<void> {
  const small = await Run.open({ repo, runHash: 'small', name: 'a small run', tags: ['golden'], createdAt: START });
  small.set('hparams', { lr: 0.001, layers: [64, 64], minus: -0, big: 5n, map: new Map([['k', 1]]), set: new Set([1]), bytes: new Uint8Array([1, 2]), floats: new Float64Array([1.5]), date: new Date(5) });
  trackSome(small, 12);
  await small.close();
  const sealed = await Run.open({ repo, runHash: 'sealed', experiment: 'golden', createdAt: START + 1 });
  trackSome(sealed, 400);
  sealed.undoRewind(sealed.rewind({ step: 3 }));
  sealed.rewind({ step: 390, name: 'loss' });
  sealed.track(7, { name: 'loss', step: 395, time: START });
  await sealed.close();
  const writers = await Promise.all(['main', 'rank-1'].map((writer) => Run.open({ repo, runHash: 'two-writers', writer, createdAt: START + 2 })));
  for (const [index, run] of writers.entries()) {
    for (let step = 0; step < 20; step += 1) run.track(step + index, { name: 'loss', step, time: START });
    run.set(['by', String(index)], index);
  }
  for (let note = 0; note < 34; note += 1) {
    writers[0]?.addNote(`note ${note}`);
    writers[0]?.flush();
  }
  for (const run of writers) await run.close();
  await (await Run.open({ repo, runHash: 'two-writers' })).close();
}

/** A run whose owner was killed within a write: whole frames, and a part of one. */
export async function writeTorn(scratch: string, repo: string): Promise<void> {
  const run = await Run.open({ repo: scratch, runHash: 'killed', createdAt: START });
  for (let step = 0; step < 30; step += 1) {
    run.track(step / 8, { name: 'loss', step, time: START + step });
    run.flush();
  }
  cpSync(join(scratch, '.aim'), join(repo, '.aim'), { recursive: true, filter: (path) => !/probe-|\.lock/.test(path) });
  await run.close();
  const log = join(repo, '.aim/runs/killed/logs/main');
  appendFileSync(join(log, readdirSync(log).find((name) => name.startsWith('segment')) as string), Buffer.from('524c66722000000014000000', 'hex'));
}
