// Many runs open at once in one process, tracked from many tasks at once; or many sequences in one
// run. Says in one line of JSON what that took.
//
// Arguments: `runs`, repo, runs, tasks, how many files idle runs may keep open. Or: `sequences`, repo, sequences, how many times the run is
// opened.

import { readdirSync, readlinkSync, writeSync } from 'node:fs';

import { Run } from 'runlog';

const [what = '', repo = '', first = '', second = '', third = ''] = process.argv.slice(2);
const say = (value: unknown): number => writeSync(1, `${JSON.stringify(value)}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(`${warning.name}: ${warning.message}`));
let workerCount = 0;
process.on('worker', () => {
  workerCount += 1;
});

/** Open files of logs; 0 where /proc does not tell. */
function openFiles(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).includes('/logs/');
    } catch {
      // That of this very reading.
      return false;
    }
  }).length;
}

const immediates = (): number =>
  process.getActiveResourcesInfo().filter((each) => each === 'Immediate').length;

/** `count` pieces of work, so many at a time. */
async function inTasks(
  count: number,
  tasks: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const task = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: tasks }, task));
}

async function runs(count: number, tasks: number, idleMax: number): Promise<void> {
  const opened: Run[] = [];
  await inTasks(count, tasks, async (index) => {
    opened[index] = await Run.open({
      repo,
      runHash: `run-${index}`,
      systemTrackingInterval: null,
    });
  });
  for (let round = 0; round < 5; round += 1) {
    await inTasks(count, tasks, async (index) => {
      for (let step = round * 4; step < round * 4 + 4; step += 1) {
        opened[index]?.track(index * 100 + step, { name: 'loss', step });
        await Promise.resolve();
      }
    });
    await sleep(300);
  }
  const before = immediates();
  for (const run of opened) run.track(0.5, { name: 'other' });
  const hooks = {
    immediate: immediates() - before,
    exit: process.listenerCount('exit'),
    beforeExit: process.listenerCount('beforeExit'),
    signals: ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name)),
    workers: workerCount,
  };
  const flushed = opened.filter((run) => run.flush() && run.recording === 'on').length;
  const busy = openFiles();
  // Until what nothing is written to is synced, and closed.
  for (let tries = 0; tries < 100 && openFiles() > idleMax; tries += 1) await sleep(100);
  const idle = openFiles();
  // Half of them are closed, half are left to the exit hook.
  await inTasks(count / 2, tasks, async (index) => opened[index]?.close());
  say({ ...hooks, flushed, busy, idle, warnings });
}

async function sequences(count: number, openings: number): Promise<void> {
  let lost = 0;
  const ms: number[] = [];
  for (let opening = 0; opening < openings; opening += 1) {
    const start = performance.now();
    const run = await Run.open({ repo, runHash: 'wide', systemTrackingInterval: null });
    ms.push(Math.round(performance.now() - start));
    // All of them once, then each hundredth.
    for (let index = 0; index < count; index += opening === 0 ? 1 : 100) {
      run.track(index + opening / 2, {
        name: `metric-${index >> 2}`,
        context: { part: index & 3 },
      });
      if (index % 10_000 === 0) await sleep(0);
    }
    await run.close();
    lost += run.lost;
  }
  say({ lost, ms, warnings });
}

if (what === 'runs') await runs(Number(first), Number(second), Number(third));
else await sequences(Number(first), Number(second));
