// One of several writers of a run, killed by its test. Point n of a writer has the step n and the
// value n; what else is done follows from n alone, so that the test knows it too: see rank-rules.ts.
// After each flush that was true it says up to which n that was.
//
// Arguments: repo, run hash, writer, seed, first n.

import { writeSync } from 'node:fs';

import { Run } from 'runlog';

import { BLOCK, isColumns, isRewound, nameOf, rewoundFrom } from './rank-rules.ts';

const [repo = '', runHash = '', writer = '', seed = '1', first = '0'] = process.argv.slice(2);

let state = Number(seed) >>> 0;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const durability = { syncMs: 20 };
const run = await Run.open({ repo, runHash, writer, durability, systemTrackingInterval: null });
let next = Number(first);

/** From n to the end of its block, or one point of it. */
function advance(): void {
  if (isColumns(next)) {
    const steps = Float64Array.from({ length: BLOCK - (next % BLOCK) }, (_, index) => next + index);
    run.sequence(nameOf(next)).trackColumns({ values: steps, steps });
    next += steps.length;
  } else {
    run.track(next, { name: nameOf(next), step: next });
    next += 1;
  }
  if (next % BLOCK !== 0) return;
  run.set(['progress', writer], next);
  run.set('shared', [writer, next]);
  if (isRewound(next)) run.rewind({ step: rewoundFrom(next) });
}

function say(): void {
  try {
    writeSync(1, `${next}\n`);
  } catch {
    // The pipe is full: what is said later says more.
  }
}

run.addTag(writer);
for (;;) {
  for (let count = Math.floor(random() * 120); count >= 0; count -= 1) advance();
  if (run.flush()) say();
  if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
  if (random() < 0.02) await run.sync();
}
