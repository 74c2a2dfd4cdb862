// Opens a run, tracks a thousand points, and leaves it alone: neither closed nor awaited. How its
// process (or thread) ends is the argument; that all points are kept is what its test looks at.
//
// Arguments: how, repo. The run hash is the word for how.

import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

import type { Run } from 'runlog';

const [how = '', repo = ''] = isMainThread
  ? process.argv.slice(2)
  : (workerData as [string, string]);
const say = (value: unknown): number => writeSync(1, `${JSON.stringify(value)}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function open(flush: 'turn' | 'batch' = 'turn'): Promise<Run> {
  const { Run } = await import('runlog');
  const options = { repo, runHash: how, systemTrackingInterval: null, durability: { flush } };
  return await Run.open(options);
}

function track(run: Run, count = 1000): void {
  for (let index = 0; index < count; index += 1) run.track(index, { name: 'loss' });
}

/** Listeners of the process, by event. */
function listeners(): Record<string, number> {
  const names = [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    'exit',
    'beforeExit',
    'uncaughtException',
    'unhandledRejection',
    'uncaughtExceptionMonitor',
  ];
  return Object.fromEntries(names.map((name) => [name, process.listenerCount(name)]));
}

async function countListeners(): Promise<void> {
  // The wait of this very module for its end is one of them.
  await sleep(0);
  const before = listeners();
  const { Run } = await import('runlog');
  const imported = listeners();
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => Run.open({ repo, systemTrackingInterval: null })),
  );
  for (const run of runs) track(run);
  // Until the worker runs and the package of the polite lock is loaded.
  await sleep(1700);
  const open = listeners();
  await Promise.all(runs.map((run) => run.close()));
  say({ before, imported, open, closed: listeners() });
}

/** Never yields; says how many points a flush has acknowledged, not so often that the pipe is full. */
async function forever(): Promise<void> {
  const run = await open();
  track(run);
  await sleep(1700);
  let saidAt = 0;
  for (let count = 1000; ; count += 1000) {
    const now = performance.now();
    if (run.flush() && now - saidAt > 20) {
      say(count);
      saidAt = now;
    }
    track(run);
    for (const rest = performance.now(); performance.now() - rest < 1; );
  }
}

const ways: Record<string, () => Promise<void>> = {
  async falls() {
    track(await open());
  },
  async batch() {
    track(await open('batch'));
  },
  async later() {
    const run = await open();
    track(run, 500);
    await sleep(1700);
    for (let index = 500; index < 1000; index += 1) run.track(index, { name: 'loss' });
  },
  async exits() {
    track(await open());
    process.exit(3);
  },
  async syncs() {
    const run = await open();
    track(run);
    void run.sync();
  },
  async closes() {
    const run = await open();
    track(run);
    void run.close();
  },
  async aborts() {
    const run = await open();
    track(run);
    // The turn ends first.
    setImmediate(() => setImmediate(() => process.abort()));
  },
  listeners: countListeners,
  forever,
};

/** In a thread that ends by itself, or by process.exit, which ends the thread alone there. */
function inThread(): void {
  const worker = new Worker(new URL(import.meta.url), { workerData: [how, repo] });
  worker.on('error', (error) => say(String(error)));
  worker.on('exit', (code) => say(code));
}

if (isMainThread && how.startsWith('thread-')) inThread();
else await ways[how.replace('thread-', '').replace(/-.*/, '')]?.();
