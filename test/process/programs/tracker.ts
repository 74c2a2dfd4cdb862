// Tracks as fast as it can and tells over its standard output what it was acknowledged: one line
// with the number of points tracked after each flush that was true. Killed by its test.
//
// Arguments: repo, run hash, seed, points a turn at most.

import { writeSync } from 'node:fs';

import { Run, Text } from 'runlog';

const [repo = '', runHash = '', seed = '1', burst = '200'] = process.argv.slice(2);

let state = Number(seed) >>> 0;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const run = await Run.open({ repo, runHash, systemTrackingInterval: null });
let next = Number(run.get('count') ?? 0);
const names = ['loss', 'accuracy', 'norm'];
for (;;) {
  const count = 1 + Math.floor(random() * Number(burst));
  for (let index = 0; index < count; index += 1) {
    run.track(next * 0.5, {
      name: names[next % 3] as string,
      step: next,
      context: { subset: next % 2 === 0 ? 'train' : 'val' },
    });
    // Of few contents, so that most stand in the log already.
    if (next % 100 === 0)
      run.track(new Text(`${next % 500} `.repeat(100)), { name: 'said', step: next });
    next += 1;
  }
  if (random() < 0.05) run.set('count', next);
  if (run.flush()) writeSync(1, `${next}\n`);
  if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
  if (random() < 0.02) await run.sync();
}
