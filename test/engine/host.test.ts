// What the host says and does within one process: liveness of made-up holders, probes, the polite
// lock, syncs on the thread pool; and the host of simulated tests. What takes seconds, or a process of
// its own to die, stop or never yield, is in test/process/host.test.ts.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { check } from 'proper-lockfile';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../src/engine/host/node-host.ts';
import { Slot, type SlotScheduler } from '../../src/engine/host/slot.ts';
import { SLOT_SIZE, slotField, slotState } from '../../src/engine/host/sync-slot.ts';
import type { OwnerRecord, SyncSlot, SyncSlotOptions } from '../../src/engine/host.ts';
import { memoryVfs } from '../../src/engine/vfs/memory-vfs.ts';
import { nodeVfs } from '../../src/engine/vfs/node-vfs.ts';
import type { Vfs } from '../../src/engine/vfs/vfs.ts';
import { limits } from '../../src/limits.ts';
import { memoryHost, nonceHex } from '../support/memory-host.ts';

// Short: a probe's path has at most 100 bytes.
const root = fs.mkdtempSync(path.join(tmpdir(), 'rl-host-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const host = nodeHost();
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let directoryCount = 0;

function makeDirectory(name = ''): string {
  directoryCount += 1;
  const directory = path.join(root, `${directoryCount}${name}`);
  fs.mkdirSync(directory);
  return directory;
}

const owner = (change: Partial<OwnerRecord> = {}): OwnerRecord => ({
  ...host.liveness.self(),
  ...change,
});

describe('liveness', () => {
  // Where the machine does not tell boots and pid namespaces, nothing is proved by a pid.
  const isTold = process.platform === 'linux';
  const [dead, alive] = isTold ? ['dead', 'alive'] : ['unknown', 'unknown'];
  const gone = (): number => spawnSync(process.execPath, ['--version']).pid;

  it.each<[string, string, () => Partial<OwnerRecord>]>([
    ['this thread', alive, () => ({})],
    ['a process that ended', dead, () => ({ pid: gone() })],
    ['a thread of a process that ended', dead, () => ({ pid: gone(), thread: 3 })],
    ['an earlier process of the same pid', dead, () => ({ startTime: '1' })],
    ['another process', alive, () => ({ pid: process.ppid, startTime: startOf(process.ppid) })],
    ['another thread of this process without a probe', 'unknown', () => ({ thread: 3 })],
    ['a process whose start is not told', 'unknown', () => ({ startTime: '' })],
    ['another pid namespace', 'unknown', () => ({ pidNamespace: 'pid:[1]', pid: gone() })],
    ['a pid namespace that is not told', 'unknown', () => ({ pidNamespace: '', pid: gone() })],
    ['another boot of this machine', 'unknown', () => ({ bootId: 'other', pid: gone() })],
    ['a boot that is not told', 'unknown', () => ({ bootId: '', pid: gone() })],
    ['another host', 'unknown', () => ({ host: 'other', bootId: 'other', pid: gone() })],
    ['a probe whose file is gone', 'unknown', () => ({ thread: 3, probe: 'probe-00000000' })],
    ['a probe whose name leads elsewhere', 'unknown', () => ({ thread: 3, probe: '../probe' })],
  ])('%s: %s', async (_name, expected, change) => {
    expect(await host.liveness.state(owner(change()), makeDirectory())).toBe(expected);
  });

  it('a zombie is dead, though its pid is taken', async ({ skip }) => {
    skip(!isTold, 'there is no /proc to tell it by');
    // What it becomes does not wait for its child.
    const child = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    try {
      const text = await new Promise<string>((resolve) => child.stdout.once('data', resolve));
      const pid = Number(text);
      const record = owner({ pid, startTime: startOf(pid) });
      expect(await host.liveness.state(record, root)).toBe('alive');
      process.kill(pid, 'SIGKILL');
      while (!fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) await sleep(20);
      expect(await host.liveness.state(record, root)).toBe('dead');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('gives each fence another nonce', () => {
    expect(nonceHex(owner())).not.toBe(nonceHex(owner()));
    expect(owner().nonce).toHaveLength(16);
  });

  function startOf(pid: number): string {
    if (!isTold) return '';
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  }
});

describe('a probe', () => {
  /** A socket of which only the file is left, as after the death of a process. */
  async function leaveProbe(directory: string): Promise<string> {
    const probe = await host.liveness.announce(directory);
    const name = probe?.name ?? '';
    probe?.close();
    const server: Server = createServer();
    const draft = path.join(directory, 'draft');
    await new Promise<void>((resolve) => server.listen(draft, resolve));
    fs.renameSync(draft, path.join(directory, name));
    await new Promise((resolve) => server.close(resolve));
    expect(fs.lstatSync(path.join(directory, name)).isSocket()).toBe(true);
    return name;
  }

  it('lives until it is closed, and leaves nothing', async () => {
    const directory = makeDirectory();
    const probe = await host.liveness.announce(directory);
    expect(probe?.name).toMatch(/^probe-[0-9a-f]{8}$/);
    expect(fs.readdirSync(directory)).toEqual([probe?.name]);
    const record = owner({ thread: 3, probe: probe?.name ?? '' });
    expect(await host.liveness.state(record, directory)).toBe('alive');
    probe?.close();
    probe?.close();
    expect(fs.readdirSync(directory)).toEqual([]);
    expect(await host.liveness.state(record, directory)).toBe('unknown');
  });

  it.each<[string, string, Partial<OwnerRecord>]>([
    ['a thread of a living process', 'dead', {}],
    [
      'another pid namespace of this kernel',
      'dead',
      { pidNamespace: 'pid:[1]', host: 'container' },
    ],
    ['this machine before it was started anew', 'dead', { bootId: 'other' }],
    ['another kernel, which would not tell us', 'unknown', { bootId: 'other', host: 'other' }],
  ])('that refuses, of %s: %s', async (_name, expected, change) => {
    const directory = makeDirectory();
    const probe = await leaveProbe(directory);
    const state = await host.liveness.state(owner({ thread: 3, probe, ...change }), directory);
    expect(state).toBe(expected);
  });

  it('in a copy of the directory says nothing', async () => {
    const directory = makeDirectory();
    const copy = makeDirectory();
    const probe = await leaveProbe(directory);
    fs.renameSync(path.join(directory, probe), path.join(copy, probe));
    expect(await host.liveness.state(owner({ thread: 3, probe }), copy)).toBe('unknown');
    expect(await host.liveness.state(owner({ probe }), copy)).toBe('unknown');
  });

  it('that is a plain file says nothing, though it refuses', async () => {
    const directory = makeDirectory();
    const probe = await leaveProbe(directory);
    fs.unlinkSync(path.join(directory, probe));
    fs.writeFileSync(path.join(directory, probe), '');
    expect(await host.liveness.state(owner({ thread: 3, probe }), directory)).toBe('unknown');
  });

  it('is not had where its path is too long, a link, or missing', async () => {
    const long = makeDirectory('-'.repeat(limits.probePathSizeMax));
    const link = path.join(root, 'link');
    fs.symlinkSync(makeDirectory(), link);
    const missing = path.join(root, 'missing');
    for (const directory of [long, link, missing]) {
      expect(await host.liveness.announce(directory), directory).toBeUndefined();
    }
    expect(fs.readdirSync(long)).toEqual([]);
  });

  it('fits to the byte', async () => {
    const base = makeDirectory();
    const rest =
      limits.probePathSizeMax - Buffer.byteLength(base) - '/'.length - '/probe-00000000'.length;
    const just = path.join(base, 'd'.repeat(rest));
    const over = path.join(base, 'd'.repeat(rest + 1));
    fs.mkdirSync(just);
    fs.mkdirSync(over);
    const probe = await host.liveness.announce(just);
    const record = owner({ thread: 3, probe: probe?.name ?? '' });
    expect(await host.liveness.state(record, just)).toBe('alive');
    probe?.close();
    expect(await host.liveness.announce(over)).toBeUndefined();
  });

  it(`is had ${limits.probeCountMax} times at once, also when asked for together`, async () => {
    const directories = Array.from({ length: limits.probeCountMax + 5 }, () => makeDirectory());
    const probes = await Promise.all(directories.map(host.liveness.announce));
    expect(probes.filter((probe) => probe !== undefined)).toHaveLength(limits.probeCountMax);
    for (const probe of probes) probe?.close();
    const again = await host.liveness.announce(makeDirectory());
    expect(again).toBeDefined();
    again?.close();
  });
});

describe('the polite lock', () => {
  const isLocked = (directory: string): Promise<boolean> =>
    check(directory, { realpath: false, lockfilePath: path.join(directory, '.lock') });
  const age = (directory: string, ms: number): void => {
    const then = new Date(Date.now() - ms);
    fs.utimesSync(path.join(directory, '.lock'), then, then);
  };

  it('is seen by proper-lockfile at once, until it is released', async () => {
    const directory = makeDirectory();
    const lock = await host.politeLock(directory);
    expect(await isLocked(directory)).toBe(true);
    lock?.release();
    expect(fs.readdirSync(directory)).toEqual([]);
    lock?.release();
    const next = await host.politeLock(directory);
    lock?.release();
    expect(await isLocked(directory), 'released twice, by its own holder').toBe(true);
    next?.release();
  });

  it('is refused while another holds it, and taken when that one is stale', async () => {
    const directory = makeDirectory();
    fs.mkdirSync(path.join(directory, '.lock'));
    expect(await host.politeLock(directory)).toBeUndefined();
    age(directory, 11_000);
    expect(await isLocked(directory)).toBe(false);
    const lock = await host.politeLock(directory);
    expect(await isLocked(directory)).toBe(true);
    lock?.release();
  });

  it('that was taken over is left to its taker', async () => {
    const directory = makeDirectory();
    const lock = await host.politeLock(directory);
    fs.rmdirSync(path.join(directory, '.lock'));
    const later = new Date(Date.now() + 20_000);
    fs.mkdirSync(path.join(directory, '.lock'));
    // Its inode may be the same: then the time tells.
    fs.utimesSync(path.join(directory, '.lock'), later, later);
    lock?.release();
    await sleep(50);
    expect(fs.existsSync(path.join(directory, '.lock'))).toBe(true);
  });

  it('is not had in a directory that is missing', async () => {
    expect(await host.politeLock(path.join(root, 'missing'))).toBeUndefined();
  });
});

describe('a sync slot', () => {
  const open: SyncSlot[] = [];
  afterEach(() => {
    for (const slot of open.splice(0)) slot.close();
  });

  function watch(change: Partial<SyncSlotOptions> = {}): {
    slot: SyncSlot;
    options: SyncSlotOptions;
  } {
    const directory = makeDirectory();
    const vfs = nodeVfs();
    const segment = vfs.open(`${directory}/segment`, 'create');
    const fence = vfs.open(`${directory}/fence`, 'create');
    vfs.write(fence, new Uint8Array(64), 0);
    const options = {
      vfs,
      segment,
      fence,
      heartbeatOffset: 16,
      syncMs: 50,
      onSync: () => {},
      ...change,
    };
    const slot = host.schedule.watch(options);
    open.push(slot);
    return { slot, options };
  }

  it('syncs on request, and by itself while something is behind', async () => {
    let calls = 0;
    const { slot } = watch({ onSync: () => (calls += 1) });
    await slot.request();
    expect(calls, 'nothing is written').toBe(0);
    slot.wrote(2 ** 53 - 1);
    expect(slot.synced()).toBe(0);
    await slot.request();
    expect(slot.synced()).toBe(2 ** 53 - 1);
    expect(calls).toBe(1);
    const { slot: other } = watch();
    other.wrote(3);
    while (other.synced() < 3) await sleep(20);
  });

  it('beats in a loop that never yields, also where segments come and go faster than a beat', () => {
    const vfs = { ...nodeVfs() };
    let beats = 0;
    const slots: SyncSlotOptions = {
      ...watch().options,
      vfs: {
        ...vfs,
        write: (handle, bytes, offset) => {
          if (offset === 16) beats += 1;
          return vfs.write(handle, bytes, offset);
        },
      },
      syncMs: null,
    };
    for (const slot of open.splice(0)) slot.close();
    const start = performance.now();
    while (beats === 0 && performance.now() - start < 10_000) {
      const slot = host.schedule.watch(slots);
      const begun = performance.now();
      while (performance.now() - begun < 20) slot.beat();
      slot.close();
    }
    expect(beats).toBe(1);
  });

  it('claims only what was written before its sync began', async () => {
    let finish = (): void => {};
    const vfs: Vfs = {
      ...nodeVfs(),
      syncLater: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    };
    const { slot } = watch({ vfs, syncMs: null });
    slot.wrote(5);
    const first = slot.request();
    await sleep(20);
    slot.wrote(9);
    const second = slot.request();
    finish();
    await first;
    expect(slot.synced()).toBe(5);
    await sleep(20);
    finish();
    await second;
    expect(slot.synced()).toBe(9);
  });

  it('has at most two syncs on the thread pool, and one of each segment', async () => {
    let running = 0;
    let most = 0;
    const vfs: Vfs = {
      ...nodeVfs(),
      syncLater: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(5);
        running -= 1;
      },
    };
    const slots = Array.from({ length: 20 }, () => watch({ vfs, syncMs: null }).slot);
    for (const slot of slots) slot.wrote(1);
    await Promise.all(slots.flatMap((slot) => [slot.request(), slot.request()]));
    expect(most).toBe(2);
    expect(slots.map((slot) => slot.synced())).toEqual(slots.map(() => 1));
  });

  it('begins no sync of a segment before the one under way has ended', async () => {
    let running = 0;
    let most = 0;
    const vfs: Vfs = {
      ...nodeVfs(),
      syncLater: async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(700);
        running -= 1;
      },
    };
    const { slot } = watch({ vfs, syncMs: 1 });
    for (let mark = 1; mark < 40; mark += 1) {
      slot.wrote(mark);
      slot.beat();
      slot.request().catch(() => {});
      await sleep(25);
    }
    expect(most).toBe(1);
    expect(slot.synced()).toBeGreaterThan(0);
  });

  it('answers for itself when another segment has its place', async () => {
    const { slot } = watch({ syncMs: null });
    slot.wrote(5);
    await slot.request();
    slot.close();
    const { slot: next } = watch({ syncMs: null });
    expect(next.synced()).toBe(0);
    next.wrote(9);
    await next.request();
    expect([slot.synced(), next.synced()]).toEqual([5, 9]);
  });

  it('is closed only when the worker has let go of the descriptors', async () => {
    const words = new BigInt64Array(new SharedArrayBuffer(SLOT_SIZE * 8));
    const returned: boolean[] = [];
    const scheduler: SlotScheduler = {
      forget: (_slot, _words, isReusable) => returned.push(isReusable),
      isLoopTurning: () => true,
      beat: () => {},
      offer: () => false,
      wake: () => {},
      checkWorker: () => {},
      addWaiting: () => {},
      limited: (sync) => sync(),
    };
    const { options } = watch();
    const slot = new Slot(scheduler, options, words, 0n);
    slot.giveToWorker();
    // As the worker does around a system call, here one of 300 ms.
    Atomics.store(words, slotField.state, slotState.busy);
    const text = `const { workerData: [words, field, state] } = require('node:worker_threads');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      Atomics.store(words, field.synced, 8n);
      Atomics.compareExchange(words, field.state, state.busy, state.idle);
      Atomics.notify(words, field.state);`;
    const worker = new Worker(text, { eval: true, workerData: [words, slotField, slotState] });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    await new Promise((resolve) => worker.once('online', resolve));
    slot.close();
    expect(slot.synced(), 'what the worker did last counts').toBe(8);
    expect(Atomics.load(words, slotField.state)).toBe(slotState.own);
    expect(returned).toEqual([true]);
    await ended;
  });

  it('is over after a failed sync, and tells everybody', async () => {
    let calls = 0;
    let syncs = 0;
    const failure = Object.assign(new Error('EIO'), { code: 'EIO' });
    const vfs: Vfs = {
      ...nodeVfs(),
      syncLater: () => {
        syncs += 1;
        return Promise.reject(failure);
      },
    };
    const { slot } = watch({ vfs, onSync: () => (calls += 1) });
    slot.wrote(1);
    await expect(slot.request()).rejects.toBe(failure);
    expect(slot.failure()).toBe(failure);
    await expect(slot.request()).rejects.toBe(failure);
    await sleep(600);
    expect([slot.synced(), syncs, calls]).toEqual([0, 1, 1]);
  });

  it('that is closed answers those who wait, and starts nothing', async () => {
    let syncs = 0;
    const vfs: Vfs = {
      ...nodeVfs(),
      syncLater: async () => {
        syncs += 1;
      },
    };
    const { slot } = watch({ vfs });
    slot.wrote(1);
    const request = slot.request();
    slot.close();
    slot.close();
    await expect(request).rejects.toThrow('closed');
    await expect(slot.request()).rejects.toThrow('closed');
    await sleep(300);
    expect(syncs).toBe(0);
  });
});

describe('the host of simulated tests', () => {
  it('calls timers in order of time, also those that others set', () => {
    const memory = memoryHost();
    const seen: string[] = [];
    const note = (name: string) => (): void => void seen.push(`${name} ${memory.monotonic()}`);
    const start = memory.monotonic();
    memory.schedule.after(30, note('last'));
    memory.schedule.after(10, () => {
      note('first')();
      memory.schedule.after(5, note('second'));
    });
    memory.schedule.after(20, note('never'))();
    memory.advance(100);
    expect(seen).toEqual([`first ${start + 10}`, `second ${start + 15}`, `last ${start + 30}`]);
    expect(memory.monotonic()).toBe(start + 100);
  });

  it('says of a holder what the table says', async () => {
    const memory = memoryHost();
    const self = memory.liveness.self();
    expect(await memory.liveness.state(self, '/log')).toBe('alive');
    memory.states.set(nonceHex(self), 'dead');
    expect(await memory.liveness.state(self, '/log')).toBe('dead');
    expect(await memory.liveness.state(memory.liveness.self(), '/log')).toBe('alive');
  });

  it('syncs and beats as the clock moves, and on request', async () => {
    const memory = memoryHost();
    const vfs = memoryVfs();
    vfs.makeDirectory('/log');
    const [segment, fence] = ['segment', 'fence'].map((name) => vfs.open(`/log/${name}`, 'create'));
    const options = { vfs, segment: segment ?? 0, fence: fence ?? 0, heartbeatOffset: 16 };
    let calls = 0;
    const slot = memory.schedule.watch({ ...options, syncMs: 1000, onSync: () => (calls += 1) });
    slot.wrote(3);
    memory.advance(999);
    expect([slot.synced(), calls, vfs.facts(options.fence).size]).toEqual([0, 0, 0]);
    memory.advance(1);
    expect([slot.synced(), calls, vfs.facts(options.fence).size]).toEqual([3, 1, 24]);
    slot.wrote(4);
    await slot.request();
    expect([slot.synced(), calls]).toEqual([4, 2]);
    slot.close();
    slot.wrote(5);
    memory.advance(5000);
    expect(slot.synced()).toBe(4);
    await expect(slot.request()).rejects.toThrow('closed');
  });

  it('grants the polite lock once, or never', async () => {
    const memory = memoryHost();
    const lock = await memory.politeLock('/log');
    expect(await memory.politeLock('/log')).toBeUndefined();
    lock?.release();
    expect(await memory.politeLock('/log')).toBeDefined();
    expect(await memoryHost({ politeLock: false }).politeLock('/log')).toBeUndefined();
  });
});
