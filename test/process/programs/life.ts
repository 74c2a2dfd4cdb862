// A run from its first opening to its second close, with every kind of call on the way. It says how
// many points a flush has acknowledged, after each; killed somewhere by its test.
//
// Arguments: repo, the value of its first point.

import { writeSync } from 'node:fs';

import { Run } from 'runlog';

const [repo = '', first = '0'] = process.argv.slice(2);
const ROUNDS = 4;
let next = Number(first);

for (let opening = 0; opening < 2; opening += 1) {
  const run = await Run.open({ repo, runHash: 'life', systemTrackingInterval: null });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let index = 0; index < 100; index += 1) {
      run.track(next, { name: 'loss', context: { round } });
      next += 1;
    }
    run.set('next', next);
    run.addTag(`tag-${round}`);
    if (run.flush()) writeSync(1, `${next}\n`);
    if (round % 2 === 0) await run.sync();
  }
  await run.close();
}
