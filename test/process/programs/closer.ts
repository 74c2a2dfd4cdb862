// Closes a run while its background rewriting rests, with nothing else to keep the process alive.
//
// Arguments: repo.

import { Run } from 'runlog';

const run = await Run.open({ repo: process.argv[2] ?? '', systemTrackingInterval: null });
const handle = run.sequence('loss');
const values = Float64Array.from({ length: 100_000 }, (_, index) => Math.sin(index));
for (let round = 0; round < 20; round += 1) {
  handle.trackColumns({ values });
  await new Promise((resolve) => setImmediate(resolve));
}
await run.close();
process.stdout.write('closed\n');
