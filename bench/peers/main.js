// The same points into each store, each in a process of its own: `node main.js RUNLOG SIZE` prints one
// object a line, as the bench does. RUNLOG is the address of the module to import for runlog.
//
// Twice: committed after each step of 100 points, as runlog's flush does; and as the store likes it
// best. A store that is not installed or fails is reported as skipped.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const [runlog = '', size = 'usual'] = process.argv.slice(2);
const child = fileURLToPath(new URL('child.js', import.meta.url));
const stores = [
  'raw-writes',
  'runlog',
  'better-sqlite3',
  'better-sqlite3-keyed',
  'lmdb',
  'classic-level',
  'duckdb',
  'sonic-boom',
];
const units = { speed: 'M points/s', size: 'bytes/point', 'read of one': 'M points/s' };
const repetitions = size === 'small' ? 1 : 3;

const median = (samples) => [...samples].sort((a, b) => a - b)[samples.length >> 1];
const print = (workload, metric, unit, samples) =>
  console.log(JSON.stringify({ workload, metric, value: median(samples), unit, samples }));

function measure(store, mode) {
  const found = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [child, store, mode, size, runlog],
      { encoding: 'utf8' },
    );
    if (status !== 0) return /^\w*Error.*$/m.exec(stderr)?.[0] ?? `it ended with ${status}`;
    found.push(JSON.parse(stdout));
  }
  return found;
}

for (const [mode, workload] of [
  ['step', 'peers-a-step'],
  ['best', 'peers-at-best'],
]) {
  for (const store of stores) {
    const found = measure(store, mode);
    if (typeof found === 'string') {
      print(workload, `skipped: ${store}: ${found}`, '', [0]);
      continue;
    }
    const name = `${store} ${found[0].version} (${found[0].settings})`;
    for (const [what, unit] of Object.entries(units)) {
      const samples = found.map((each) => each[what]).filter((each) => typeof each === 'number');
      if (samples.length > 0) print(workload, `${what}: ${name}`, unit, samples);
    }
  }
}
