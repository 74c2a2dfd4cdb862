// One store, one way: `node child.js STORE MODE SIZE RUNLOG` prints what it measured.
//
// Speed is from the first point to the return of the last commit; size after close; then the store is
// opened again and one sequence read.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const METRICS = 100;
const [storeName, mode, size, runlog] = process.argv.slice(2);
const { openStore, readSequence } = await import(`./stores/${storeName}.js`);

/** As in bench/inputs.ts. */
let high = 1;
let low = 2;
function noise() {
  high = (Math.imul(high, 1664525) + 1013904223) | 0;
  low = (Math.imul(low, 22695477) + 1) | 0;
  return high * 2 ** -31 + low * 2 ** -53;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** At most so many steps, and no more than are done in the time. */
const [stepsMax, milliseconds] = size === 'small' ? [20, 1000] : [10_000, 3000];

async function write(store) {
  const every = mode === 'step' ? 1 : 100;
  const start = performance.now();
  let step = 0;
  while (step < stepsMax && performance.now() - start < milliseconds) {
    const time = Date.now();
    for (let sequence = 0; sequence < METRICS; sequence += 1)
      store.add(sequence, step, noise(), time);
    step += 1;
    if (step % every === 0) await store.commit();
    await turn();
  }
  await store.commit();
  return { steps: step, speed: (step * METRICS) / (performance.now() - start) / 1000 };
}

function sizeOf(directory) {
  return (
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)))
      // A mapped file is as long as its map, and mostly a hole.
      .reduce((sum, { size, blocks }) => sum + Math.min(size, blocks * 512), 0)
  );
}

const directory = mkdtempSync(join(tmpdir(), 'runlog-peers-'));
try {
  const store = await openStore(directory, mode, { metrics: METRICS, runlog });
  const { steps, speed } = await write(store);
  await store.close();
  const found = { version: store.version, settings: store.settings, speed };
  found.size = sizeOf(directory) / (steps * METRICS);
  if (readSequence !== undefined) {
    const start = performance.now();
    const count = await readSequence(directory, 7, { runlog });
    found['read of one'] = count / (performance.now() - start) / 1000;
    if (count !== steps) throw new Error(`${count} points read of ${steps}`);
  }
  console.log(JSON.stringify(found));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
