// A process, or a worker thread, that records runs as it is told: one order a line of JSON on its
// standard input (or a message to the thread), one answer for each. It ends with its input.
//
// Each order names a run by `id` (default 'run'), so that one process can hold several.
// open: `options` of Run.open; `from`: the copy of the package to open it with; `base`: what is added
// to the ordinal of a point to make its value. track: `count` points, then a flush. flush, sync,
// rewind, set, close: as the Run has them. facts: how it stands. block: does not yield for `ms`; tracks meanwhile if
// `isTracking`. read: how many values of `hash` a reader sees, and whether they are 0, 1, 2 and so on. unlink: removes a file.

import { unlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, threadId } from 'node:worker_threads';

import { Repo, Run, RunlogError, type RunOptions } from 'runlog';

interface Order {
  readonly do: string;
  readonly id?: string;
  readonly options?: RunOptions;
  readonly from?: string;
  readonly base?: number;
  readonly count?: number;
  readonly ms?: number;
  readonly isTracking?: boolean;
  readonly repo?: string;
  readonly hash?: string;
  readonly path?: string;
}

interface Opened {
  readonly run: Run;
  readonly base: number;
  count: number;
}

const runs = new Map<string, Opened>();
const errors: string[] = [];

async function open({ id = 'run', options, from, base = 0 }: Order): Promise<object> {
  const copy = from === undefined ? { Run } : ((await import(from)) as { Run: typeof Run });
  const run = await copy.Run.open({
    systemTrackingInterval: null,
    ...options,
    onError: (error) => {
      errors.push(`${error.code} ${/\((E[A-Z]+)\)/.exec(error.message)?.[1] ?? ''}`.trim());
    },
  });
  runs.set(id, { run, base, count: 0 });
  return { opened: run.hash, pid: process.pid, thread: threadId };
}

function facts({ run, count }: Opened): object {
  return { recording: run.recording, lost: run.lost, count, errors };
}

function track(opened: Opened, count: number): void {
  for (let index = 0; index < count; index += 1) {
    opened.run.track(opened.base + opened.count, { name: 'loss' });
    opened.count += 1;
  }
}

function block(opened: Opened, ms: number, isTracking: boolean): void {
  for (const start = performance.now(); performance.now() - start < ms; ) {
    if (!isTracking) continue;
    track(opened, 1);
    for (const rest = performance.now(); performance.now() - rest < 1; );
  }
}

async function read({ repo, hash = '' }: Order): Promise<object> {
  const view = await (await Repo.open(repo)).run(hash);
  const columns = await view?.metric('loss')?.values({ raw: true });
  const values = columns?.values ?? new Float64Array();
  return { count: values.length, isPrefix: values.every((value, index) => value === index) };
}

async function withRun(opened: Opened, order: Order): Promise<object> {
  const { run } = opened;
  if (order.do === 'track') track(opened, order.count ?? 1);
  else if (order.do === 'rewind') run.rewind({ step: 0 });
  else if (order.do === 'set') run.set('key', 'value');
  else if (order.do === 'block') block(opened, order.ms ?? 0, order.isTracking ?? false);
  else if (order.do === 'sync') await run.sync();
  else if (order.do === 'close') await run.close();
  if (['sync', 'close', 'facts'].includes(order.do)) return facts(opened);
  const flushed = run.flush();
  return { flushed, ...facts(opened) };
}

async function obey(order: Order): Promise<object> {
  try {
    if (order.do === 'open') return await open(order);
    if (order.do === 'read') return await read(order);
    if (order.do === 'unlink') {
      unlinkSync(order.path ?? '');
      return {};
    }
    const opened = runs.get(order.id ?? 'run');
    if (opened === undefined) throw new Error(`${order.id}: not opened`);
    return await withRun(opened, order);
  } catch (error) {
    const { message } = error as Error;
    if (!(error instanceof RunlogError)) {
      // Of another copy of the package, or no error of ours.
      const { code, details } = error as { code?: string; details?: { holder?: object } };
      return { refused: code ?? String(error), message, holder: details?.holder, errors };
    }
    return { refused: error.code, message, holder: error.details.holder, errors };
  }
}

let queue: Promise<void> = Promise.resolve();
function take(order: Order): void {
  queue = queue.then(async () => {
    const answer = await obey(order);
    if (isMainThread) process.stdout.write(`${JSON.stringify(answer)}\n`);
    else parentPort?.postMessage(answer);
  });
}

if (isMainThread) {
  createInterface({ input: process.stdin })
    .on('line', (line) => take(JSON.parse(line) as Order))
    .on('close', () => process.exit());
} else parentPort?.on('message', take);
