// Logs artifacts as fast as it can, several at once, and tells how many were recorded, one line each.
// Killed by its test.
//
// Arguments: repo, run hash, directory to write sources to.

import { mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { Run } from 'runlog';

const [repo = '', runHash = '', directory = ''] = process.argv.slice(2);

const run = await Run.open({ repo, runHash, systemTrackingInterval: null });
const first = Number(run.get('next') ?? 0);
let count = 0;
async function log(worker: number): Promise<void> {
  for (let turn = first; ; turn += 1) {
    const tree = join(directory, `${worker}-${turn}`);
    mkdirSync(tree, { recursive: true });
    // One that all trees share, and one of its own.
    writeFileSync(join(tree, 'shared'), 'the same');
    writeFileSync(join(tree, 'own'), `${worker} ${turn} `.repeat(20_000));
    await run.logArtifact(tree, { name: `${worker}-${turn}` });
    count += 1;
    run.set('next', turn + 1);
    writeSync(1, `${count}\n`);
  }
}
await Promise.all([0, 1, 2].map(log));
