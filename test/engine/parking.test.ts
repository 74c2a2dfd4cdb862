// Logs that nothing is written to close their files when too many are open, and lose nothing by it.

import { beforeAll, describe, expect, it } from 'vitest';
import { Log, loadXxhash, memoryVfs, type Vfs } from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import { type MemoryHost, memoryHost } from '../support/memory-host.ts';

beforeAll(() => loadXxhash());

/** Logs in one file system, and how many of its files are open. */
class Shelf {
  readonly host: MemoryHost = memoryHost();
  readonly vfs: Vfs;
  readonly logs: Log[] = [];
  openCount = 0;
  openCountMax = 0;

  constructor() {
    const vfs = memoryVfs();
    vfs.makeDirectory('/logs');
    this.vfs = new Proxy<Vfs>(vfs, {
      get: (target, name: keyof Vfs) => {
        const call = target[name] as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          const result = call.apply(target, args);
          if (name === 'open') this.openCount += 1;
          if (name === 'close') this.openCount -= 1;
          this.openCountMax = Math.max(this.openCountMax, this.openCount);
          return result;
        };
      },
    });
  }

  async open(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1)
      this.logs.push(
        await Log.open(`/logs/${this.logs.length}`, { vfs: this.vfs, host: this.host }),
      );
  }

  append(value: number): boolean[] {
    return this.logs.map((log) => {
      log.append(20, value);
      return log.flush();
    });
  }

  async read(index: number): Promise<unknown[]> {
    const log = await Log.open(`/logs/${index}`, { vfs: this.vfs, readOnly: true });
    return [...log.records()].map((record) => record.body);
  }

  async close(): Promise<void> {
    // One that was taken over says so once more.
    for (const log of this.logs) await log.close().catch(() => {});
  }
}

/** Parks what was opened before it: nothing of it was used since the last look. */
async function crowd(shelf: Shelf): Promise<Log[]> {
  const first = shelf.logs.length;
  await shelf.open(2 * limits.openSegmentCountMax + 2);
  for (const log of shelf.logs.slice(first)) {
    log.append(20, 'crowd');
    log.flush();
  }
  shelf.host.advance(5000);
  for (const log of shelf.logs.slice(first)) {
    log.append(20, 'crowd');
    log.flush();
  }
  return shelf.logs.slice(first);
}

describe('open files', () => {
  it('of logs that are synced now and then stay at two for each of the limit', async () => {
    const shelf = new Shelf();
    await shelf.open(3 * limits.openSegmentCountMax);
    for (let round = 0; round < 3; round += 1) {
      for (const log of shelf.logs) {
        log.append(20, round);
        expect(log.flush()).toBe(true);
        shelf.host.advance(20);
      }
    }
    shelf.host.advance(5000);
    expect(shelf.openCount).toBeLessThanOrEqual(2 * limits.openSegmentCountMax);
    for (const index of [0, 1, shelf.logs.length - 1])
      expect(await shelf.read(index)).toEqual([0, 1, 2]);
    await shelf.close();
    expect(shelf.openCount).toBe(0);
  });

  it('of logs that are all in use at once stay at twice that: each more costs a sync', async () => {
    const shelf = new Shelf();
    await shelf.open(3 * limits.openSegmentCountMax);
    for (let round = 0; round < 4; round += 1)
      expect(new Set(shelf.append(round))).toEqual(new Set([true]));
    expect(shelf.openCountMax).toBeLessThanOrEqual(4 * limits.openSegmentCountMax + 8);
    for (const index of [0, 300, 700]) expect(await shelf.read(index)).toEqual([0, 1, 2, 3]);
    await shelf.close();
    expect(shelf.openCount).toBe(0);
  });
});

describe('a parked log', () => {
  async function parked(): Promise<{ shelf: Shelf; log: Log; others: Log[] }> {
    const shelf = new Shelf();
    await shelf.open(1);
    const [log] = shelf.logs as [Log];
    log.append(20, 'before');
    log.flush();
    await log.sync();
    const before = shelf.openCount;
    const others = await crowd(shelf);
    expect(before).toBe(2);
    return { shelf, log, others };
  }

  it('says how far it is durable in its file, before it closes it', async () => {
    const { shelf, log } = await parked();
    const reader = await Log.open('/logs/0', { vfs: shelf.vfs, readOnly: true });
    expect([log.durable, reader.durable]).toEqual([1, 1]);
    await shelf.close();
  });

  it('goes on where it was', async () => {
    const { shelf, log } = await parked();
    expect(log.append(20, 'after')).toBe(1);
    expect(log.flush()).toBe(true);
    await log.sync();
    expect(log.durable).toBe(2);
    expect(await shelf.read(0)).toEqual(['before', 'after']);
    await shelf.close();
  });

  it('still beats', async () => {
    const { shelf } = await parked();
    const beat = (): bigint | undefined => {
      const file = shelf.vfs.open('/logs/0/fence-00000001', 'read');
      const bytes = new Uint8Array(4096);
      const size = shelf.vfs.read(file, bytes, 0);
      shelf.vfs.close(file);
      return [...bytes.subarray(0, size)].reduce((sum, each) => sum * 31n + BigInt(each), 0n);
    };
    const first = beat();
    shelf.host.advance(20_000);
    const second = beat();
    shelf.host.advance(20_000);
    expect(new Set([first, second, beat()]).size).toBe(3);
    await shelf.close();
  });

  it('that was taken over is told so by its next flush, and nothing of it is read', async () => {
    const { shelf, log } = await parked();
    const successor = await Log.open('/logs/0', { vfs: shelf.vfs, host: shelf.host, force: true });
    log.append(20, 'too late');
    expect([log.flush(), log.recording]).toEqual([false, 'fenced']);
    successor.append(20, 'mine');
    successor.flush();
    expect(await shelf.read(0)).toEqual(['before', 'mine']);
    await successor.close();
    await shelf.close();
  });

  it('whose fence was collected, and its number taken by another, is not fooled by the name', async () => {
    const { shelf, log } = await parked();
    const { vfs } = shelf;
    const fence = '/logs/0/fence-00000001';
    vfs.unlink(fence);
    vfs.link('/logs/1/fence-00000001', fence);
    log.append(20, 'too late');
    expect([log.flush(), log.recording]).toEqual([false, 'fenced']);
    await shelf.close();
  });

  it('is released by close', async () => {
    const { shelf, log } = await parked();
    await log.close();
    const next = await Log.open('/logs/0', { vfs: shelf.vfs, host: shelf.host });
    expect(next.position).toBe(1);
    await next.close();
    await shelf.close();
  });

  it('whose files are gone ends without a throw', async () => {
    const { shelf, log } = await parked();
    for (const name of shelf.vfs.list('/logs/0')) shelf.vfs.unlink(`/logs/0/${name}`);
    log.append(20, 'nowhere');
    expect([log.flush(), log.recording]).toEqual([false, 'fenced']);
    await shelf.close();
  });
});
