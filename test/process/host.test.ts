// What the host promises of real processes: who is dead, who only stopped, that marks and heartbeats
// advance in a loop that never yields, and that nothing of ours keeps a process alive or deaf.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { check } from 'proper-lockfile';
import { afterAll, expect, inject, it } from 'vitest';
import { nodeHost } from '../../src/engine/host/node-host.ts';
import type { OwnerRecord, SyncSlot } from '../../src/engine/host.ts';
import { nodeVfs } from '../../src/engine/vfs/node-vfs.ts';

// Short: a probe's path has at most 100 bytes.
const root = fs.mkdtempSync(path.join(tmpdir(), 'rl-host-'));
const children: ChildProcessWithoutNullStreams[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(root, { recursive: true, force: true });
});

const host = nodeHost();
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let directoryCount = 0;

function makeDirectory(): string {
  directoryCount += 1;
  const directory = path.join(root, String(directoryCount));
  fs.mkdirSync(directory);
  return directory;
}

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly directory: string;
  /** The next line it says. */
  next<Answer>(): Promise<Answer>;
  /** Its exit code, or the signal that ended it. */
  ended(): Promise<number | string | null>;
}

interface StartOptions {
  /** What stands in front of the command. */
  readonly before?: readonly string[];
  readonly argument?: number;
  /** What becomes of the sync worker. */
  readonly worker?: string;
}

function start(what: string, options: StartOptions = {}): Started {
  const directory = makeDirectory();
  const { before = [], argument = 0, worker } = options;
  const program = path.join(inject('toolsDirectory'), 'test/process/programs/holder.js');
  const command = [...before, process.execPath, program, what, directory, String(argument)];
  const [file = '', ...rest] = command;
  const env = worker === undefined ? process.env : { ...process.env, HOLDER_WORKER: worker };
  const child = spawn(file, rest, { env });
  children.push(child);
  const lines: string[] = [];
  let wake = (): void => {};
  let text = '';
  let errors = '';
  let end: number | string | null | undefined;
  child.stderr.on('data', (data: Buffer) => {
    errors += data;
  });
  child.stdout.on('data', (data: Buffer) => {
    const parts = (text + data).split('\n');
    text = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  child.once('close', (code, signal) => {
    end = code ?? signal;
    wake();
  });
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    child,
    directory,
    async next() {
      await until(() => lines.length > 0 || end !== undefined);
      const line = lines.shift();
      if (line === undefined) throw new Error(`${what} ended (${end}) and said: ${errors}`);
      return JSON.parse(line);
    },
    async ended() {
      await until(() => end !== undefined);
      return end ?? null;
    },
  };
}

/** The holder as its fence would record it. */
async function recordOf(started: Started): Promise<OwnerRecord> {
  const record = await started.next<OwnerRecord>();
  return { ...record, nonce: Uint8Array.from(record.nonce) };
}

/** As if pid and start were of no help: only the probe can tell. */
const byProbe = (record: OwnerRecord): OwnerRecord => ({ ...record, pidNamespace: '' });

async function kill(started: Started): Promise<void> {
  started.child.kill('SIGKILL');
  await started.ended();
}

it('a process is alive until it is killed, by its pid and by its probe', async () => {
  const started = start('hold');
  const record = await recordOf(started);
  expect(record.probe).not.toBe('');
  const states = (): Promise<string[]> =>
    Promise.all(
      [record, byProbe(record)].map((each) => host.liveness.state(each, started.directory)),
    );
  expect(await states()).toEqual(['alive', 'alive']);
  await kill(started);
  expect(await states()).toEqual(['dead', 'dead']);
});

it('a process that is stopped is alive, also with its probe asked a thousand times', async () => {
  const started = start('hold');
  const record = await recordOf(started);
  started.child.kill('SIGSTOP');
  expect(await host.liveness.state(record, started.directory)).toBe('alive');
  expect(await host.liveness.state(byProbe(record), started.directory)).toBe('alive');
  // Nobody accepts: the backlog is full in the end, and connecting answers EAGAIN.
  const sockets: Socket[] = [];
  const codes = new Set<string>();
  for (let index = 0; index < 1000 && codes.size === 0; index += 1) {
    const socket = connect({ path: path.join(started.directory, record.probe) });
    sockets.push(socket);
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('error', (error: NodeJS.ErrnoException) => {
        codes.add(error.code ?? '');
        resolve();
      });
    });
  }
  expect([...codes]).toEqual(['EAGAIN']);
  expect(await host.liveness.state(byProbe(record), started.directory)).toBe('alive');
  for (const socket of sockets) socket.destroy();
  await kill(started);
});

it('a worker thread is alive until it is terminated, while its process lives on', async () => {
  const started = start('threads');
  const record = await recordOf(started);
  expect(record, 'slots and polite lock serve a thread as well').toMatchObject({
    isLocked: true,
    synced: 2,
  });
  expect(record.thread).toBeGreaterThan(0);
  expect(await host.liveness.state(record, started.directory)).toBe('alive');
  const withoutProbe = { ...record, probe: '' };
  expect(await host.liveness.state(withoutProbe, started.directory)).toBe('unknown');
  started.child.stdin.write('terminate\n');
  expect(await started.next()).toBe('terminated');
  expect(await host.liveness.state(record, started.directory)).toBe('dead');
  expect(await host.liveness.state(withoutProbe, started.directory)).toBe('unknown');
  await kill(started);
});

const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--net'];
const mayUnshare = spawnSync(unshare[0] ?? '', [...unshare.slice(1), 'true']).status === 0;

it('another pid and network namespace is told by the probe alone', async ({ skip }) => {
  skip(!mayUnshare, 'unshare makes no namespaces here: it needs Linux and root');
  const started = start('hold', { before: unshare });
  const record = await recordOf(started);
  expect(record.pidNamespace).not.toBe(host.liveness.self().pidNamespace);
  const withoutProbe = { ...record, probe: '' };
  expect(await host.liveness.state(record, started.directory)).toBe('alive');
  expect(await host.liveness.state(withoutProbe, started.directory)).toBe('unknown');
  await kill(started);
  // --kill-child: the holder gets its signal when unshare has died.
  for (let tries = 0; tries < 1500; tries += 1) {
    if ((await host.liveness.state(record, started.directory)) === 'dead') break;
    await sleep(20);
  }
  expect(await host.liveness.state(record, started.directory)).toBe('dead');
  expect(await host.liveness.state(withoutProbe, started.directory)).toBe('unknown');
});

it('/proc of another namespace than ours is not believed', async ({ skip }) => {
  skip(!mayUnshare, 'unshare makes no namespaces here: it needs Linux and root');
  const started = start('hold', { before: ['unshare', '--pid', '--fork', '--kill-child'] });
  const record = await recordOf(started);
  expect(record.pidNamespace).toBe('');
  expect(await host.liveness.state(record, started.directory)).toBe('alive');
  await kill(started);
});

// Side by side: these mostly wait.

it.concurrent('the polite lock of a process that was killed is stale in ten seconds, of one that lives never', async () => {
  const [dead, alive] = [start('hold'), start('hold')];
  await Promise.all([dead.next(), alive.next()]);
  await kill(dead);
  const isLocked = ({ directory }: Started): Promise<boolean> =>
    check(directory, { realpath: false, lockfilePath: path.join(directory, '.lock') });
  expect(await Promise.all([dead, alive].map(isLocked))).toEqual([true, true]);
  expect(await host.politeLock(dead.directory)).toBeUndefined();
  await sleep(12_000);
  expect(await Promise.all([dead, alive].map(isLocked))).toEqual([false, true]);
  const lock = await host.politeLock(dead.directory);
  expect(await isLocked(dead)).toBe(true);
  lock?.release();
  expect(await isLocked(dead)).toBe(false);
  await kill(alive);
});

it.concurrent('the polite lock that was taken over while the package kept it fresh is left to its taker', async () => {
  const directory = makeDirectory();
  const lock = await host.politeLock(directory);
  await sleep(1500);
  const name = path.join(directory, '.lock');
  fs.rmdirSync(name);
  fs.mkdirSync(name);
  // Its inode may be the same: then the time tells.
  const later = new Date(Date.now() + 20_000);
  fs.utimesSync(name, later, later);
  lock?.release();
  await sleep(100);
  expect(fs.existsSync(name)).toBe(true);
});

/** What a loop saw twice a second, and how long it was. */
interface Busy {
  readonly seen: { synced: number; heartbeat: number }[];
  readonly ms: number;
}

it.concurrent('a loop of five seconds that never yields: the mark and the heartbeat advance', async () => {
  const started = start('busy', { argument: 5000 });
  const { seen, ms } = await started.next<Busy>();
  const marks = new Set(seen.map((each) => each.synced));
  const beats = new Set(seen.map((each) => each.heartbeat));
  // 0 is one of them; at most once a second after the first.
  expect(marks.size).toBeGreaterThanOrEqual(4);
  expect(beats.size).toBeGreaterThanOrEqual(4);
  expect(beats.size).toBeLessThanOrEqual(1 + ms / 1000);
  expect(await started.ended()).toBe(0);
});

it.concurrent.each([
  { worker: 'refused', ms: 5000 },
  // Given up after five seconds.
  { worker: 'silent', ms: 10_000 },
])('where the worker is $worker the flush path does its work', async ({ worker, ms }) => {
  const started = start('busy', { argument: ms, worker });
  const { seen } = await started.next<Busy>();
  expect(new Set(seen.map((each) => each.synced)).size).toBeGreaterThanOrEqual(4);
  expect(new Set(seen.map((each) => each.heartbeat)).size).toBeGreaterThanOrEqual(4);
  expect(await started.ended()).toBe(0);
});

it.concurrent.each([0, 1700])(
  'a process with slot, lock and probe open ends by itself, after %i ms',
  async (ms) => {
    const started = start('exit', { argument: ms });
    const answer = await started.next<{ isLocked: boolean; probe?: string }>();
    expect(answer.isLocked).toBe(true);
    expect(answer.probe).toBeDefined();
    // What keeps a process alive here, a timer that repeats or a thread, does so for ever.
    expect(await started.ended()).toBe(0);
  },
);

it.concurrent('a sync that is waited for is the last thing a process does, on the worker too', async () => {
  const started = start('await');
  expect(await started.next()).toEqual({ synced: 2 });
  expect(await started.ended()).toBe(0);
});

it.concurrent.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends a loop that never yields',
  async (signal) => {
    const started = start('forever');
    expect(await started.next()).toBe('busy');
    await sleep(300);
    started.child.kill(signal);
    // The loop has no end of its own.
    expect(await started.ended()).toBe(signal);
  },
);

it.concurrent('segments that come and go faster than the worker looks touch no other file', async () => {
  const started = start('churn');
  expect(await started.next()).toEqual({ wrong: 0, changed: 0 });
  expect(await started.ended()).toBe(0);
});

it.concurrent('the polite lock leaves no listener and no patch, and takes none away', async () => {
  const started = start('listeners');
  expect(await started.next()).toEqual({
    kept: true,
    isLoaded: true,
    isSame: true,
    isCalled: true,
    isHeld: true,
  });
  expect(await started.ended()).toBe(0);
  expect(fs.readdirSync(started.directory)).toEqual([]);
});

// One after the other again: these measure, or block this very process.

it('a thousand slots are synced and closed, and their numbers left to the next files', async () => {
  const started = start('close');
  const answer = await started.next<Record<string, number>>();
  // As a wait of a millisecond for each would be on this machine, and more: closing waits for nothing.
  expect(answer['ms']).toBeLessThan(60_000);
  expect(answer).toMatchObject({ synced: 1000, reused: 2000, changed: 0, next: 1, closed: 0 });
  expect(await started.ended()).toBe(0);
});

function watchFile(syncMs: number | null, segment?: number): SyncSlot {
  const directory = makeDirectory();
  const vfs = nodeVfs();
  const fence = vfs.open(`${directory}/fence`, 'create');
  return host.schedule.watch({
    vfs,
    segment: segment ?? vfs.open(`${directory}/segment`, 'create'),
    fence,
    heartbeatOffset: 16,
    syncMs,
    onSync: () => {},
  });
}

it('the worker runs from the sources as well, and fails with an error that has a code', async () => {
  const slot = watchFile(50);
  const seen = new Set<number>();
  for (const start = performance.now(); performance.now() - start < 3000; ) {
    slot.wrote(Math.ceil(performance.now() - start) + 1);
    slot.beat();
    seen.add(slot.synced());
  }
  // About 20 a second once the worker is up, against one a second without it.
  expect(seen.size).toBeGreaterThan(10);
  slot.wrote(2 ** 53 - 1);
  await slot.request();
  expect(slot.synced()).toBe(2 ** 53 - 1);

  const failing = watchFile(null, 1_000_000);
  failing.wrote(1);
  await expect(failing.request()).rejects.toMatchObject({ code: 'EBADF', syscall: 'fdatasync' });
  expect(failing.failure()).toMatchObject({ code: 'EBADF' });
  await expect(failing.request()).rejects.toMatchObject({ code: 'EBADF' });
  expect(failing.synced()).toBe(0);
  failing.close();
  slot.close();
});
