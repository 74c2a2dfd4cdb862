// Refusals that come late: after the write, after the repeat stands, while another sync is under way.
// Nothing that was acknowledged is lost, nothing is promised that nobody knows, and what may go on does.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  nodeHost,
  type Vfs,
} from '../../src/engine/index.ts';
import {
  appendNumbers,
  copyRecords,
  DIRECTORY,
  numbersOf,
  optionsOf,
  upTo,
} from '../support/log-files.ts';
import { simulatedHost } from '../support/simulated-host.ts';

beforeAll(loadXxhash);

/** Two records, the first of which is synced; the next sync fails once with EIO. */
async function beforeRepeat(options: LogOptions = {}) {
  const vfs = memoryVfs();
  const host = simulatedHost();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, ...options }));
  appendNumbers(log, 0, 1);
  await log.sync();
  appendNumbers(log, 1, 2);
  return { vfs, host, log };
}

/** Refuses the first sync, then the first call that is `which`. */
function refuseThen(vfs: MemoryVfs, code: string, which: (name: string, path: string) => boolean) {
  let syncs = 1;
  let others = 1;
  vfs.configure({
    onCall: ({ name, path }) => {
      if (syncs > 0 && (name === 'sync' || name === 'syncLater')) {
        syncs -= 1;
        throw fileSystemError('EIO', 'fdatasync', path);
      }
      if (syncs > 0 || others === 0 || !which(name, path)) return;
      others -= 1;
      throw fileSystemError(code, name, path);
    },
  });
}

describe('a repeat that stands is brought to its end when there is room again', () => {
  it.each([
    ['EMFILE', 'the sync of its directory', (name: string) => name === 'syncDirectory'],
    ['ENOSPC', 'the sync of its directory', (name: string) => name === 'syncDirectory'],
    ['EIO', 'the sync of its directory', (name: string) => name === 'syncDirectory'],
  ])('%s at %s', async (code, _, which) => {
    const { vfs, host, log } = await beforeRepeat();
    refuseThen(vfs, code, which);
    await expect(log.sync()).rejects.toMatchObject({ code: 'IO' });
    expect(log.recording).toBe('paused');
    expect(log.append(20, [2])).toBe(2);
    host.advance(1000);
    expect([log.flush(), log.recording, log.lost]).toEqual([true, 'on', 0]);
    await log.sync();
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(3));
  });

  it('ENOSPC at the link of its manifest', async () => {
    const { vfs, host, log } = await beforeRepeat();
    let links = 0;
    refuseThen(vfs, 'ENOSPC', (name) => name === 'link' && ++links === 2);
    await expect(log.sync()).rejects.toMatchObject({ code: 'IO' });
    expect(log.recording).toBe('paused');
    host.advance(1000);
    expect([log.flush(), log.recording]).toEqual([true, 'on']);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(2));
    expect((await Log.verify(DIRECTORY, { vfs })).damaged).toEqual([]);
  });
});

describe('a refusal after the write', () => {
  it('of a directory, where each flush syncs, pauses and is tried again', async () => {
    const vfs = memoryVfs();
    const host = simulatedHost();
    const durability = { syncMs: null, onFlush: 'sync' } as const;
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { host, durability }));
    let once = true;
    vfs.configure({
      onCall: ({ name, path }) => {
        if (!once || name !== 'syncDirectory') return;
        once = false;
        throw fileSystemError('EIO', 'fsync', path);
      },
    });
    log.append(20, [0]);
    expect([log.flush(), log.recording]).toEqual([false, 'paused']);
    host.advance(1000);
    expect([log.flush(), log.recording]).toEqual([true, 'on']);
    expect(log.nextSegment(), 'nothing is repeated: the file is well').toBe(1);
    expect(numbersOf(vfs.crash('all dropped'))).toEqual([0]);
  });
});

interface Overlapping {
  readonly vfs: Vfs;
  readonly seen: { inFlight: number; overlaps: number };
  /** Resolves when a sync of the thread pool is under way. */
  begun(): Promise<void>;
  /** Ends it. */
  finish(): void;
}

/** The thread pool's sync takes its time and is told EIO; another meanwhile is told that all is well. */
function overlapping(): Overlapping {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const memory = memoryVfs();
  memory.makeDirectory('/overlap');
  const seen = { inFlight: 0, overlaps: 0 };
  const vfs: Vfs = new Proxy<Vfs>(memory, {
    get(target, name: keyof Vfs) {
      if (name === 'syncLater')
        return async () => {
          seen.inFlight += 1;
          await finished;
          seen.inFlight -= 1;
          throw fileSystemError('EIO', 'fdatasync');
        };
      const call = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        if (name === 'sync' && seen.inFlight > 0) seen.overlaps += 1;
        return call.apply(target, args);
      };
    },
  });
  const begun = async (): Promise<void> => {
    while (seen.inFlight === 0) await shortly();
  };
  return { vfs, seen, begun, finish };
}

const shortly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('while a sync of the thread pool is under way', () => {
  it('nothing is rolled: its answer would be lost', async () => {
    const { vfs, begun, finish } = overlapping();
    const sizes = { segmentSize: 1000 };
    const log = await Log.open('/overlap/log', { vfs, host: nodeHost(), sizes });
    appendNumbers(log, 0, 1);
    log.sync().catch(() => {});
    await begun();
    for (let number = 1; number < 60; number += 1) {
      log.append(20, [number, 'x'.repeat(100)]);
      log.flush();
    }
    expect([log.durable, log.nextSegment()]).toEqual([0, 1]);
    expect(log.manifest?.segments).toEqual([]);
    log.closeSync();
    finish();
  });

  it('closeSync says that it does not know', async () => {
    const { vfs, begun, finish } = overlapping();
    const log = await Log.open('/overlap/log', { vfs, host: nodeHost() });
    appendNumbers(log, 0, 1);
    log.sync().catch(() => {});
    await begun();
    expect(log.closeSync()).toBe(false);
    finish();
  });

  it('there is none where each flush syncs', async () => {
    const { vfs, seen } = overlapping();
    const durability = { syncMs: 1, onFlush: 'sync' } as const;
    const log = await Log.open('/overlap/log', { vfs, host: nodeHost(), durability });
    for (let number = 0; number < 10; number += 1) {
      appendNumbers(log, number, number + 1);
      await shortly();
    }
    await log.sync();
    expect(seen).toEqual({ inFlight: 0, overlaps: 0 });
    expect(log.durable).toBe(10);
    log.closeSync();
  });
});

describe('what is derived and does not fit', () => {
  it('a state larger than a frame may be is left out; the log verifies', async () => {
    const vfs = memoryVfs();
    const fold = { initial: () => '', apply: (state: string) => `${state}${'x'.repeat(6 << 20)}` };
    const sizes = { segmentSize: 2000, stateInterval: 100 };
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { fold, rewrite: copyRecords, sizes }));
    for (let number = 0; number < 5; number += 1) {
      log.append(20, [number, 'y'.repeat(1000)]);
      log.flush();
      await log.sync();
    }
    await log.close();
    expect((await Log.verify(DIRECTORY, { vfs })).damaged).toEqual([]);
    const again = await Log.open<string>(DIRECTORY, optionsOf(vfs, { fold }) as LogOptions<string>);
    expect(again.state?.length).toBe(5 * (6 << 20));
  });

  it('a rewriting that no manifest lists closes its file once', async () => {
    const memory = memoryVfs();
    const open = new Set<unknown>();
    let doubles = 0;
    const vfs = new Proxy(memory, {
      get(target, name: keyof MemoryVfs) {
        const call = target[name] as unknown;
        if (typeof call !== 'function') return call;
        return (...args: unknown[]) => {
          if (name === 'close' && !open.delete(args[0])) doubles += 1;
          const result = call.apply(target, args) as unknown;
          if (name === 'open') open.add(result);
          return result;
        };
      },
    });
    const log = await Log.open(DIRECTORY, optionsOf(vfs, { rewrite: copyRecords }));
    appendNumbers(log, 0, 100);
    await log.sync();
    memory.configure({
      onCall: ({ name, path }) => {
        if (name === 'link') throw fileSystemError('EIO', 'link', path);
      },
    });
    await log.rewrite().catch(() => {});
    await log.seal().catch(() => {});
    memory.configure({ onCall: () => {} });
    await log.seal();
    memory.configure({
      onCall: ({ name, path }) => {
        if (name === 'link') throw fileSystemError('EIO', 'link', path);
      },
    });
    await log.rewrite().catch(() => {});
    expect(doubles).toBe(0);
  });
});
