// Who is an owner: a process, a thread, a copy of the package. Each keeps the other from its log, names
// itself to it, and is replaced at once only when it is dead; never, alive, without force: not in
// another namespace, not in a loop that blocks, not by who opens a copy of its directory.

import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { HEARTBEAT_OFFSET } from '../../src/engine/format/document.ts';
import { Log, loadXxhash, nodeHost, nodeVfs, readHolder } from '../../src/engine/index.ts';
import { Repo, Run, RunlogError } from '../../src/index.ts';
import {
  type Answer,
  type Child,
  endChildren,
  pathOfProgram,
  sleep,
  startChild,
  temporaryDirectory,
} from './child.ts';

/** Less than the minute that an unknown holder is waited for, on any machine. */
const SOON_MS = 50_000;
const fuzzSeconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
const repo = temporaryDirectory();
beforeAll(() => loadXxhash());
afterAll(endChildren);

const logOf = (hash: string, writer = 'main', root = repo): string =>
  join(root, '.aim/runs', hash, 'logs', writer);

const valuesOf = async (hash: string, root = repo): Promise<number[]> => {
  const view = await (await Repo.open(root)).run(hash);
  const columns = await view?.metric('loss')?.values({ raw: true });
  return [...(columns?.values ?? [])];
};

/** Opens here, in the process of the tests; what came of it. */
async function contend(runHash: string, options: object = {}): Promise<string> {
  try {
    const run = await Run.open({ repo, runHash, systemTrackingInterval: null, ...options });
    await run.close();
    return 'opened';
  } catch (error) {
    if (error instanceof RunlogError) return error.code;
    throw error;
  }
}

interface Thread {
  ask(order: object): Promise<Answer>;
  terminate(): Promise<unknown>;
}

const threads: Worker[] = [];
afterAll(() => Promise.all(threads.map((thread) => thread.terminate())));

function startThread(): Thread {
  const worker = new Worker(pathOfProgram('recorder'));
  threads.push(worker);
  return {
    async ask(order) {
      const answer = new Promise<Answer>((resolve) => worker.once('message', resolve));
      worker.postMessage(order);
      return await answer;
    },
    terminate: () => worker.terminate(),
  };
}

// Side by side: these mostly wait.
it.concurrent('RUN_LOCKED names the holder, since when, its last heartbeat, and both ways out', async () => {
  const owner = startChild('recorder');
  const before = Date.now();
  const { pid } = await owner.ask({ do: 'open', options: { repo, runHash: 'named' } });
  await owner.ask({ do: 'track', count: 1 });
  const refusal = async (): Promise<RunlogError> => {
    const error = await Run.open({ repo, runHash: 'named' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunlogError);
    return error as RunlogError;
  };
  let error = await refusal();
  // Until it has beaten once.
  while (error.details.holder?.lastHeartbeat === undefined) {
    await sleep(100);
    error = await refusal();
  }
  const { code, message, details } = error;
  expect(code).toBe('RUN_LOCKED');
  expect(details.holder).toMatchObject({ pid, thread: 0, host: hostname() });
  expect(details.holder?.since).toBeGreaterThanOrEqual(before);
  for (const part of [String(pid), hostname(), 'writer', 'forceResume']) {
    expect(message).toContain(part);
  }
  const { since = 0, lastHeartbeat = 0 } = details.holder ?? {};
  expect(message).toContain(`since ${new Date(since).toISOString()}`);
  expect(lastHeartbeat).toBeGreaterThan(since);
  expect(message).toContain(`last heartbeat ${new Date(lastHeartbeat).toISOString()}`);
  await owner.ask({ do: 'close' });
  expect(await contend('named')).toBe('opened');
});

it.concurrent('a heartbeat that is no date, as a torn write may leave it, is not shown', async () => {
  const owner = startChild('recorder');
  await owner.ask({ do: 'open', options: { repo, runHash: 'no-date' } });
  owner.process.kill('SIGSTOP');
  const fence = openSync(join(logOf('no-date'), 'fence-00000001'), 'r+');
  writeSync(fence, new Uint8Array(8).fill(0x7f), 0, 8, HEARTBEAT_OFFSET);
  closeSync(fence);
  const error = await Run.open({ repo, runHash: 'no-date' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'RUN_LOCKED' });
  expect((error as RunlogError).message).not.toContain('heartbeat');
  owner.process.kill('SIGCONT');
  await owner.ask({ do: 'close' });
});

it.concurrent('two threads of one process are two owners, each of its own writer, neither of the other', async () => {
  const [first, second] = [startThread(), startThread()];
  const open = (writer: string): object => ({
    do: 'open',
    id: writer,
    options: { repo, runHash: 'threads', writer },
  });
  const { thread } = await first.ask(open('a'));
  expect(thread).toBeGreaterThan(0);
  const refused = await second.ask(open('a'));
  expect(refused).toMatchObject({
    refused: 'RUN_LOCKED',
    holder: { pid: process.pid, thread },
  });
  expect(await contend('threads', { writer: 'a' }), 'nor of the main thread').toBe('RUN_LOCKED');
  expect((await second.ask(open('b'))).opened).toBe('threads');
  const tracked = await Promise.all([
    first.ask({ do: 'track', id: 'a', count: 500 }),
    second.ask({ do: 'track', id: 'b', count: 500 }),
  ]);
  expect(tracked.map((each) => each.flushed)).toEqual([true, true]);
  expect(await valuesOf('threads')).toHaveLength(1000);
  await first.ask({ do: 'close', id: 'a' });
  expect((await second.ask({ ...open('a'), id: 'later' })).opened).toBe('threads');
  await second.ask({ do: 'close', id: 'b' });
  await second.ask({ do: 'close', id: 'later' });
});

it.concurrent('a thread that was terminated is replaced at once, and what it flushed is there', async () => {
  const thread = startThread();
  await thread.ask({ do: 'open', options: { repo, runHash: 'ended-thread' } });
  expect(await thread.ask({ do: 'track', count: 300 })).toMatchObject({ flushed: true });
  expect(await contend('ended-thread')).toBe('RUN_LOCKED');
  await thread.terminate();
  const start = performance.now();
  expect(await contend('ended-thread')).toBe('opened');
  // Not after the minute that an unknown holder is waited for.
  expect(performance.now() - start).toBeLessThan(SOON_MS);
  expect(await valuesOf('ended-thread')).toHaveLength(300);
});

it.concurrent('two copies of the package in one process are two owners', async () => {
  const tools = inject('toolsDirectory');
  const copy = join(tools, 'copy');
  cpSync(join(tools, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(tools, 'package.json'), join(copy, 'package.json'));
  const from = pathToFileURL(join(copy, 'src/index.js')).href;
  const owner = startChild('recorder');
  const open = (id: string, writer: string, source?: string): object => ({
    do: 'open',
    id,
    from: source,
    options: { repo, runHash: 'copies', writer },
  });
  const { pid } = await owner.ask(open('first', 'a'));
  expect(await owner.ask(open('refused', 'a', from))).toMatchObject({
    refused: 'RUN_LOCKED',
    holder: { pid, thread: 0 },
  });
  expect((await owner.ask(open('second', 'b', from))).opened).toBe('copies');
  for (const id of ['first', 'second']) {
    expect(await owner.ask({ do: 'track', id, count: 100 })).toMatchObject({ flushed: true });
  }
  await owner.ask({ do: 'close', id: 'first' });
  expect((await owner.ask(open('third', 'a', from))).opened).toBe('copies');
  expect(await owner.ask({ do: 'track', id: 'third', count: 100 })).toMatchObject({
    flushed: true,
    recording: 'on',
  });
  await owner.kill();
  expect(await valuesOf('copies')).toHaveLength(300);
});

const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const mayUnshare = spawnSync(unshare[0] ?? '', [...unshare.slice(1), 'true']).status === 0;
const noUnshare = 'unshare makes no namespaces here: it needs Linux and root';

/** A repo whose path leaves no room for a probe. */
function distantRepo(): string {
  return join(temporaryDirectory(), 'x'.repeat(60));
}

async function untilOpened(hash: string, root: string): Promise<number> {
  const start = performance.now();
  // --kill-child: the holder gets its signal when unshare has died.
  while ((await contend(hash, { repo: root })) !== 'opened') {
    if (performance.now() - start > SOON_MS) break;
    await sleep(20);
  }
  return performance.now() - start;
}

it.concurrent('an owner in another pid namespace keeps its run until it is dead', async ({
  skip,
}) => {
  skip(!mayUnshare, noUnshare);
  const inside = startChild('recorder', { before: unshare });
  const outside = startChild('recorder');
  const open = (hash: string): object => ({ do: 'open', options: { repo, runHash: hash } });
  expect((await inside.ask(open('inside'))).opened).toBe('inside');
  expect((await outside.ask({ ...open('outside'), id: 'own' })).opened).toBe('outside');
  await inside.ask({ do: 'track', count: 100 });
  expect(await outside.ask(open('inside'))).toMatchObject({ refused: 'RUN_LOCKED' });
  expect(await inside.ask({ ...open('outside'), id: 'other' })).toMatchObject({
    refused: 'RUN_LOCKED',
  });
  expect(await inside.ask({ do: 'track', count: 100 })).toMatchObject({ recording: 'on' });
  await inside.kill();
  expect(await untilOpened('inside', repo)).toBeLessThan(SOON_MS);
  expect(await valuesOf('inside')).toHaveLength(200);
});

/** What somebody else sees of a log of the run: the heartbeat of its fence, the watermark of its tail. */
async function marksOf(
  hash: string,
  root: string,
): Promise<{ heartbeat: number; durable: number }> {
  const directory = logOf(hash, 'main', root);
  const holder = await readHolder(nodeVfs(), nodeHost(), directory);
  const { durable } = await Log.open(directory, { readOnly: true });
  return { heartbeat: holder?.heartbeat ?? 0, durable };
}

const blockMs = fuzzSeconds > 0 ? 15_000 : 6000;

/** The owner blocks its loop; meanwhile somebody asks for its run, again and again. */
async function contendWhileBlocked(
  owner: Child,
  root: string,
  isTracking: boolean,
): Promise<{ answers: Set<string>; heartbeats: number; marks: number; end: Answer }> {
  await owner.ask({ do: 'open', options: { repo: root, runHash: 'blocked' } });
  await owner.ask({ do: 'track', count: 100 });
  // Until the worker runs.
  await sleep(1700);
  const end = owner.ask({ do: 'block', ms: blockMs, isTracking });
  const seen = { heartbeats: new Set<number>(), marks: new Set<number>() };
  const answers = new Set<string>();
  let isOver = false;
  const over = end.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const marks = await marksOf('blocked', root);
    seen.heartbeats.add(marks.heartbeat);
    seen.marks.add(marks.durable);
    answers.add(await contend('blocked', { repo: root }));
    await Promise.race([sleep(400), over]);
  }
  return {
    answers,
    heartbeats: seen.heartbeats.size,
    marks: seen.marks.size,
    end: await end,
  };
}

it.concurrent.each(['with its sockets', 'without'])(
  'a copy of a live run, %s, is another run',
  async (how) => {
    const hash = how === 'without' ? 'copied-less' : 'copied';
    const owner = startChild('recorder');
    await owner.ask({ do: 'open', options: { repo, runHash: hash } });
    await owner.ask({ do: 'track', count: 200 });
    const copy = join(temporaryDirectory(), 'copy');
    expect(spawnSync('cp', ['-a', repo, copy]).status).toBe(0);
    const sockets = readdirSync(logOf(hash, 'main', copy)).filter((name) =>
      name.startsWith('probe'),
    );
    expect(sockets).toHaveLength(1);
    if (how === 'without') rmSync(join(logOf(hash, 'main', copy), sockets[0] ?? ''));

    // The holder that the copy names lives; what it holds is not this.
    const waiting = contend(hash, { repo: copy });
    expect(await Promise.race([waiting, sleep(1500)])).toBeUndefined();
    expect(await contend(hash, { repo: copy, forceResume: true })).toBe('opened');
    // The one that had waited finds it closed, or held by one that lives.
    expect(['opened', 'RUN_LOCKED']).toContain(await waiting);
    expect(await valuesOf(hash, copy)).toHaveLength(200);

    expect(await contend(hash), 'of the original nothing was given up').toBe('RUN_LOCKED');
    expect(await owner.ask({ do: 'track', count: 100 })).toMatchObject({
      flushed: true,
      recording: 'on',
      lost: 0,
    });
    await owner.ask({ do: 'close' });
    expect(await valuesOf(hash)).toHaveLength(300);
    expect((await (await Repo.open(copy)).verify()).damaged).toEqual([]);
  },
);

// Ordinary runs block for 6 s, FUZZ_SECONDS for 15.
it.concurrent.for([
  { who: 'this namespace', before: [], isDistant: false, isTracking: true },
  {
    who: 'this namespace, without a call of ours',
    before: [],
    isDistant: false,
    isTracking: false,
  },
  { who: 'another namespace', before: unshare, isDistant: false, isTracking: true },
  { who: 'another namespace, without a probe', before: unshare, isDistant: true, isTracking: true },
])(
  'a loop that blocks, in $who, is alive: nobody takes its run',
  async ({ before, isDistant, isTracking }, { skip }) => {
    skip(before.length > 0 && !mayUnshare, noUnshare);
    const root = isDistant ? distantRepo() : temporaryDirectory();
    const owner = startChild('recorder', { before });
    const { answers, heartbeats, marks, end } = await contendWhileBlocked(owner, root, isTracking);
    const names = readdirSync(logOf('blocked', 'main', root));
    expect(names.some((name) => name.startsWith('probe'))).toBe(!isDistant);
    expect([...answers]).toEqual(['RUN_LOCKED']);
    // Once a second; half as often on a machine under load, and seen as often as we looked.
    const least = Math.floor(blockMs / 2000);
    expect(heartbeats).toBeGreaterThanOrEqual(least);
    if (isTracking) expect(marks).toBeGreaterThanOrEqual(least);
    expect(end).toMatchObject({ flushed: true, recording: 'on', lost: 0 });
    await owner.ask({ do: 'close' });
    expect(await valuesOf('blocked', root)).toHaveLength(end.count ?? 0);
  },
);
