// Opening to write: who is waited for, who is replaced, who is told RUN_LOCKED; and that whoever was
// replaced, or did not get it, can do no harm. Liveness comes from a table; what decides is the fence.

import { beforeAll, describe, expect, it } from 'vitest';
import { encodeFence, type FenceKind, RELEASED } from '../../src/engine/format/fence.ts';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type OwnerState,
  readHolder,
} from '../../src/engine/index.ts';
import { durations } from '../../src/limits.ts';
import {
  appendNumbers,
  DIRECTORY,
  namesOf,
  numbersOf,
  optionsOf,
  readFile,
  upTo,
  writeFile,
} from '../support/log-files.ts';
import { memoryHost, nonceHex } from '../support/memory-host.ts';
import { type SimulatedHost, simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

const locked = expect.objectContaining({ code: 'RUN_LOCKED' });

/** A log with an owner who is as `kind` says, and three records. */
async function heldLog(kind: FenceKind = 'writer'): Promise<{ vfs: MemoryVfs; log: Log }> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { owner: kind }));
  appendNumbers(log, 0, 3);
  return { vfs, log };
}

/** Another process asks for the log; `state` is what is known of the holder. */
function ask(
  vfs: MemoryVfs,
  state: OwnerState,
  options: LogOptions & { host?: SimulatedHost } = {},
): Promise<Log> {
  const host = simulatedHost({ state: () => state });
  return Log.open(DIRECTORY, optionsOf(vfs.attach(), { host, ...options }));
}

describe('after a power loss', () => {
  it('a first fence whose content was never synced keeps nobody waiting for a minute', async () => {
    const vfs = memoryVfs();
    const log = await Log.open(DIRECTORY, optionsOf(vfs));
    appendNumbers(log, 0, 3);
    await log.sync();
    const crashed = vfs.crash('all dropped');
    const host = simulatedHost({ state: () => 'unknown' });
    const before = host.monotonic();
    const next = await Log.open(DIRECTORY, optionsOf(crashed, { host }));
    expect(host.monotonic() - before).toBeLessThanOrEqual(2 * durations.blankFenceMs);
    appendNumbers(next, 3, 4);
    expect(numbersOf(crashed)).toEqual(upTo(4));
  });
});

describe('a holder', () => {
  it('that is dead is replaced at once; its records go on', async () => {
    const { vfs } = await heldLog();
    const host = simulatedHost({ state: () => 'dead' });
    const before = host.monotonic();
    const next = await ask(vfs, 'dead', { host });
    expect(host.monotonic()).toBe(before);
    appendNumbers(next, 3, 5);
    expect(numbersOf(vfs)).toEqual(upTo(5));
  });

  it('that is alive keeps the log: RUN_LOCKED names it and both ways out', async () => {
    const { vfs, log } = await heldLog();
    const files = namesOf(vfs);
    await expect(ask(vfs, 'alive')).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      details: { holder: { host: 'simulated', pid: expect.any(Number), thread: 0 } },
      message: expect.stringMatching(/process \d+ .* on simulated since .*`writer`.*`forceResume`/),
    });
    expect(namesOf(vfs), 'nothing was touched').toEqual(files);
    appendNumbers(log, 3, 4);
  });

  it('that is alive is waited for as long as lockTimeoutMs says', async () => {
    const { vfs, log } = await heldLog();
    const host = simulatedHost({ state: () => 'alive' });
    const start = host.monotonic();
    await expect(ask(vfs, 'alive', { host, lockTimeoutMs: 5000 })).rejects.toEqual(locked);
    expect(host.monotonic() - start).toBeGreaterThanOrEqual(5000);
    expect(host.monotonic() - start).toBeLessThan(6000);
    // It goes while it is waited for.
    const waiting = simulatedHost({ state: () => 'alive' });
    const { wait } = waiting.schedule;
    const schedule = {
      ...waiting.schedule,
      wait: async (ms: number) => {
        await wait(ms);
        if (waiting.monotonic() > 3000) await log.close();
      },
    };
    const next = await ask(vfs, 'alive', { host: { ...waiting, schedule }, lockTimeoutMs: 5000 });
    expect(next.position).toBe(3);
  });

  it('that is unknown is replaced when its heartbeat has stood still for a minute', async () => {
    const { vfs } = await heldLog();
    const host = simulatedHost();
    const start = host.monotonic();
    const next = await ask(vfs, 'unknown', {
      host: { ...host, liveness: { ...host.liveness, state: async () => 'unknown' } },
    });
    expect(host.monotonic() - start).toBeGreaterThanOrEqual(durations.takeOverMs);
    expect(host.monotonic() - start).toBeLessThan(durations.takeOverMs + 1000);
    expect(next.position).toBe(3);
  });

  it('that was alive in between has stood still only since then', async () => {
    const { vfs } = await heldLog();
    const waiting = simulatedHost();
    const start = waiting.monotonic();
    const aliveAt = durations.takeOverMs / 2;
    const state = async (): Promise<'alive' | 'unknown'> => {
      const passed = waiting.monotonic() - start;
      return passed >= aliveAt && passed < aliveAt + 1000 ? 'alive' : 'unknown';
    };
    const host = { ...waiting, liveness: { ...waiting.liveness, state } };
    const next = await ask(vfs, 'unknown', { host, lockTimeoutMs: durations.takeOverMs });
    const passed = waiting.monotonic() - start;
    expect(passed).toBeGreaterThanOrEqual(aliveAt + 1000 + durations.takeOverMs);
    expect(passed).toBeLessThan(aliveAt + 2000 + durations.takeOverMs);
    expect(next.position).toBe(3);
  });

  it('that is unknown and beats keeps the log', async () => {
    const vfs = memoryVfs();
    const owner = memoryHost();
    const log = await Log.open(
      DIRECTORY,
      optionsOf(vfs, { host: owner, durability: { syncMs: 1000 } }),
    );
    appendNumbers(log, 0, 3);
    const host = simulatedHost({ state: () => 'unknown' });
    const { wait } = host.schedule;
    const schedule = {
      ...host.schedule,
      wait: async (ms: number) => {
        await wait(ms);
        owner.advance(ms);
      },
    };
    const start = host.monotonic();
    await expect(ask(vfs, 'unknown', { host: { ...host, schedule } })).rejects.toEqual(locked);
    expect(host.monotonic() - start, 'no longer than a beat or two').toBeLessThan(5000);
    appendNumbers(log, 3, 4);
  });

  it.each([
    { how: 'unknown, and replaced by a live one', blank: false },
    { how: 'about to fill its fence, and lives', blank: true },
  ])('that is $how keeps nobody waiting who did not ask for it', async ({ blank }) => {
    const { vfs } = await heldLog();
    const name = `fence-0000000${blank ? 1 : 2}`;
    if (blank) writeFile(vfs, name, new Uint8Array(0));
    const live = simulatedHost().liveness.self();
    const host = simulatedHost({ state: ({ pid }) => (pid === live.pid ? 'alive' : 'unknown') });
    const { wait } = host.schedule;
    let waits = 0;
    const schedule = {
      ...host.schedule,
      wait: async (ms: number) => {
        await wait(ms);
        if (waits === 1) writeFile(vfs, name, encodeFence('writer', live));
        waits += 1;
        if (waits > 100) throw new Error('it waits for a live holder');
      },
    };
    await expect(ask(vfs, 'alive', { host: { ...host, schedule } })).rejects.toEqual(locked);
    expect(waits).toBe(2);
  });

  it('that has closed the log is replaced at once, whatever is known of its process', async () => {
    for (const state of ['alive', 'unknown', 'dead'] as const) {
      const { vfs, log } = await heldLog();
      await log.close();
      expect((await ask(vfs, state)).position).toBe(3);
    }
  });

  it('is replaced by force, whoever it is', async () => {
    for (const state of ['alive', 'unknown'] as const) {
      const { vfs, log } = await heldLog();
      const next = await ask(vfs, state, { force: true });
      appendNumbers(next, 3, 5);
      log.append(20, ['late']);
      expect(log.flush()).toBe(false);
      expect(log.recording).toBe('fenced');
      expect(numbersOf(vfs)).toEqual(upTo(5));
    }
  });
});

describe('kinds', () => {
  const cases: { held: FenceKind; asks: FenceKind; state: OwnerState; gets: boolean }[] = [
    { held: 'maintenance', asks: 'writer', state: 'alive', gets: true },
    { held: 'maintenance', asks: 'writer', state: 'unknown', gets: true },
    { held: 'maintenance', asks: 'maintenance', state: 'alive', gets: false },
    { held: 'maintenance', asks: 'maintenance', state: 'dead', gets: true },
    { held: 'writer', asks: 'maintenance', state: 'alive', gets: false },
    { held: 'writer', asks: 'maintenance', state: 'dead', gets: true },
    { held: 'writer', asks: 'deleted', state: 'alive', gets: false },
    { held: 'deleted', asks: 'writer', state: 'alive', gets: true },
    { held: 'deleted', asks: 'maintenance', state: 'alive', gets: true },
  ];
  it.each(cases)(
    '$asks asks a $held that is $state: $gets',
    async ({ held, asks, state, gets }) => {
      const { vfs, log } = await heldLog(held);
      if (!gets) {
        await expect(ask(vfs, state, { owner: asks })).rejects.toEqual(locked);
        appendNumbers(log, 3, 4);
        return;
      }
      const next = await ask(vfs, state, { owner: asks });
      expect(next.position).toBe(3);
      log.append(20, ['late']);
      expect(log.flush(), 'the one before is fenced').toBe(false);
    },
  );
});

describe('a fence', () => {
  it('whose body does not hold counts as one: its holder is unknown', async () => {
    const { vfs } = await heldLog();
    writeFile(vfs, 'fence-00000001', new Uint8Array(40).fill(7));
    const host = simulatedHost({ state: () => 'alive' });
    const start = host.monotonic();
    const next = await ask(vfs, 'alive', { host });
    expect(host.monotonic() - start).toBeGreaterThanOrEqual(durations.takeOverMs);
    expect(next.position).toBe(3);
    expect(namesOf(vfs, 'fence')).toContain('fence-00000002');
  });

  it('that is gone: the number goes on from the manifest, or from the names of segments', async () => {
    for (const kept of ['manifest', 'segment']) {
      const vfs = memoryVfs();
      for (let opening = 0; opening < 4; opening += 1) {
        const log = await Log.open(DIRECTORY, optionsOf(vfs));
        appendNumbers(log, log.position, log.position + 1);
        await log.close();
      }
      for (const name of namesOf(vfs))
        if (!name.startsWith(kept)) vfs.unlink(`${DIRECTORY}/${name}`);
      await Log.open(DIRECTORY, optionsOf(vfs));
      expect(namesOf(vfs, 'fence')).toEqual(['fence-00000005']);
    }
  });

  it('that another linked first: begins again with its liveness, and takes the next number', async () => {
    const { vfs, log } = await heldLog();
    await log.close();
    let other: Uint8Array | undefined = encodeFence('writer', {
      ...simulatedHost().liveness.self(),
      pid: 77,
    });
    const contender = vfs.attach({
      onCall: ({ name, target }) => {
        if (name !== 'link' || other === undefined || !target?.includes('fence')) return;
        writeFile(vfs, 'fence-00000002', other);
        other = undefined;
      },
    });
    const asked: number[] = [];
    const host = simulatedHost({
      state: ({ pid }) => {
        asked.push(pid);
        return 'dead';
      },
    });
    const next = await Log.open(DIRECTORY, optionsOf(contender, { host }));
    expect(asked).toEqual([77]);
    expect(namesOf(vfs, 'fence')).toEqual(['fence-00000002', 'fence-00000003']);
    expect(next.position).toBe(3);
  });

  it('older than the newest two is collected, manifests too; names that are none of ours stay', async () => {
    const vfs = memoryVfs();
    for (let opening = 0; opening < 6; opening += 1) {
      const log = await Log.open(DIRECTORY, optionsOf(vfs));
      appendNumbers(log, opening, opening + 1);
      if (opening === 0) {
        writeFile(vfs, 'notes.txt', new Uint8Array(1));
        writeFile(vfs, 'temporary-0123456789abcdef', new Uint8Array(1));
        writeFile(vfs, 'probe-01234567', new Uint8Array(1));
      }
    }
    expect(namesOf(vfs).filter((name) => !name.startsWith('segment'))).toEqual([
      'fence-00000005',
      'fence-00000006',
      'manifest-00000005',
      'manifest-00000006',
      'notes.txt',
    ]);
    expect((await Log.verify(DIRECTORY, { vfs })).foreign).toEqual(['notes.txt']);
    expect(numbersOf(vfs)).toEqual(upTo(6));
  });

  it('is released by close, and by an opening that failed after it was made', async () => {
    const heartbeat = (vfs: MemoryVfs, name: string): bigint =>
      Buffer.from(readFile(vfs, name)).readBigUInt64LE(16);
    const { vfs, log } = await heldLog();
    expect(heartbeat(vfs, 'fence-00000001')).not.toBe(RELEASED);
    await log.close();
    expect(heartbeat(vfs, 'fence-00000001')).toBe(RELEASED);
    const failing = vfs.attach({
      onCall: ({ name, target }) => {
        if (name === 'link' && target?.includes('manifest')) throw fileSystemError('EIO', 'link');
      },
    });
    await expect(Log.open(DIRECTORY, optionsOf(failing))).rejects.toMatchObject({ code: 'IO' });
    expect(failing.openFileCount).toBe(0);
    expect(heartbeat(vfs, 'fence-00000002')).toBe(RELEASED);
    expect((await ask(vfs, 'alive')).position, 'the next need not wait').toBe(3);
  });
});

describe('who only looks', () => {
  it('is told who holds the log, since when, and whether it lives', async () => {
    const vfs = memoryVfs();
    const host = memoryHost({ state: 'alive' });
    vfs.makeDirectory(DIRECTORY);
    expect(await readHolder(vfs, host, DIRECTORY)).toBeUndefined();
    expect(await readHolder(vfs, host, '/none')).toBeUndefined();
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, owner: 'maintenance' }));
    const holder = await readHolder(vfs, host, DIRECTORY);
    expect(holder).toMatchObject({ kind: 'maintenance', state: 'alive', heartbeat: 0 });
    expect(holder?.owner).toMatchObject({ host: 'memory', pid: 1 });
    appendNumbers(log, 0, 1);
    host.advance(1500);
    appendNumbers(log, 1, 2);
    expect((await readHolder(vfs, host, DIRECTORY))?.heartbeat).toBeGreaterThan(1_700_000_000_000);
    if (holder !== undefined) host.states.set(nonceHex(holder.owner), 'dead');
    expect((await readHolder(vfs, host, DIRECTORY))?.state).toBe('dead');
    await log.close();
    expect((await readHolder(vfs, host, DIRECTORY))?.state).toBe('released');
    writeFile(vfs, 'fence-00000001', new Uint8Array(3));
    expect(await readHolder(vfs, host, DIRECTORY)).toBeUndefined();
  });
});

it('a polite lock is held while the log is open, and given back; a log is had without it too', async () => {
  const vfs = memoryVfs();
  const host = memoryHost();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { host }));
  await Promise.resolve();
  expect([...host.locks]).toEqual([DIRECTORY]);
  await log.close();
  expect([...host.locks]).toEqual([]);
  const refused = memoryHost({ politeLock: false });
  const next = await Log.open(DIRECTORY, optionsOf(vfs, { host: refused }));
  appendNumbers(next, 0, 1);
  await next.close();
  expect(numbersOf(vfs)).toEqual([0]);
});
