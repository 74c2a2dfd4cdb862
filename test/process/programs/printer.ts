// Prints with capture on, and tells over descriptor 3 what must survive: after each turn of the event
// loop one line with the number of whole lines printed and the text of the unfinished one. Killed by its
// test. With 'worker' it prints in a worker thread whose run captures the thread's own output, and ends.
//
// With 'exit' or 'throw' it ends in the turn that printed.
//
// Arguments: repo, run hash, seed, 'worker', 'exit', 'throw' or nothing.

import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';

import { Run } from 'runlog';

const [repo = '', runHash = '', seed = '1', how] = process.argv.slice(2);

let state = Number(seed) >>> 0;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const open = (): Promise<Run> =>
  Run.open({ repo, runHash, systemTrackingInterval: null, captureTerminalLogs: true });

async function printForEver(): Promise<void> {
  const run = await open();
  for (let count = 0; ; ) {
    const lines = Math.floor(random() * 30);
    for (let index = 0; index < lines; index += 1) {
      const stream = random() < 0.5 ? process.stdout : process.stderr;
      stream.write(`line ${count} of one stream\n`);
      count += 1;
    }
    run.track(count, { name: 'count' });
    const part = `part ${count}`;
    process.stdout.write(part);
    await turn();
    writeSync(3, `${count} ${part}\n`);
    process.stdout.write(`\r${' '.repeat(part.length)}\r`);
  }
}

/** Prints, and ends in the same turn. */
async function printAndEnd(how: string): Promise<void> {
  await open();
  await turn();
  process.on('exit', () => process.stdout.write('at exit\n'));
  process.stdout.write('last words\nand half a line');
  if (how === 'exit') process.exit(3);
  throw new Error('thrown');
}

async function printInWorker(): Promise<void> {
  const run = await open();
  process.stdout.write('of the worker\n');
  process.stderr.write('an error of the worker\n');
  await run.close();
}

if (!isMainThread) await printInWorker();
else if (how === 'worker') {
  process.stdout.write('of the main thread\n');
  new Worker(fileURLToPath(import.meta.url), { argv: process.argv.slice(2) });
} else if (how !== undefined) await printAndEnd(how);
else await printForEver();
