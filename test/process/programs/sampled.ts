// Opens a run that samples the machine every 100 ms, and ends in the way of its argument once the first
// sample of the stand-in nvidia-smi, if there is one on PATH, is recorded.
//
// Arguments: how, repo. The run hash is the word for how.

import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

import { Repo, Run } from 'runlog';

const [how = '', repo = ''] = isMainThread
  ? process.argv.slice(2)
  : (workerData as [string, string]);
const say = (value: unknown): number => writeSync(1, `${JSON.stringify(value)}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function isSampled(name: string): Promise<boolean> {
  const view = await (await Repo.open(repo)).run(how);
  return view?.metrics().some((metric) => metric.name === name) ?? false;
}

async function waitFor(name: string): Promise<void> {
  for (let round = 0; round < 2400 && !(await isSampled(name)); round += 1) await sleep(25);
}

async function main(): Promise<void> {
  if (how === 'worker' && isMainThread) {
    const worker = new Worker(new URL(import.meta.url), { workerData: [how, repo] });
    worker.once('exit', (code) => say({ opened: 'worker', count: code }));
    return;
  }
  await Run.open({ repo, runHash: how, systemTrackingInterval: 0.1 });
  await waitFor(how === 'worker' || how === 'left' ? '__system__cpu' : '__system__gpu');
  if (how === 'worker') return;
  say({ opened: how });
  if (how === 'exit') process.exit(0);
  if (how === 'killed') setInterval(() => {}, 1000);
}

await main();
