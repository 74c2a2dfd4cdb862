// Golden traces: the order of calls to the file system, one a line, so that a sync that is lost or a
// check that moved is a line in a diff. And what an opening costs: counted, never timed. It must not
// grow with records, keys or earlier openings (G10).
//
// After a change that is meant: npx vitest run test/engine/trace.test.ts -u, and read the diff against
// spec/ownership.md.

import { beforeAll, describe, expect, it } from 'vitest';
import {
  fileSystemError,
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type RewriteHook,
  type VfsCall,
} from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import {
  appendNumbers,
  copyRecords,
  countAndSum,
  DIRECTORY,
  namesOf,
  numbersOf,
  optionsOf,
  upTo,
} from '../support/log-files.ts';

beforeAll(loadXxhash);

/** The name of a file without what is random in it. */
const nameOf = (path: string): string =>
  path === DIRECTORY
    ? 'log'
    : path.replace(`${DIRECTORY}/`, '').replace(/(temporary|probe)-[0-9a-f]+/, '$1-*');

function lineOf({ name, path, target, mode, offset, size }: VfsCall): string {
  const file = nameOf(path);
  if (name === 'open')
    return mode === 'create'
      ? `create ${file}`
      : `open ${file}${mode === 'write' ? ' to write' : ''}`;
  if (name === 'link' || name === 'rename') return `${name} ${file} ${nameOf(target ?? '')}`;
  if (name === 'write') return `write ${file} ${size} at ${offset}`;
  if (name === 'truncate') return `truncate ${file} to ${size}`;
  if (name === 'syncDirectory') return `sync directory ${file}`;
  if (name === 'makeDirectory') return `make directory ${file}`;
  return `${name} ${file}`;
}

/** Writes down what `work` does; a line that begins with # says what the caller asked for. */
class Trace {
  readonly lines: string[] = [];
  readonly #vfs: MemoryVfs;

  constructor(vfs: MemoryVfs) {
    this.#vfs = vfs;
  }

  async of<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    this.lines.push(`# ${what}`);
    this.#vfs.configure({ onCall: (call) => void this.lines.push(lineOf(call)) });
    try {
      return await work();
    } finally {
      this.#vfs.configure({ onCall: undefined });
    }
  }

  async matches(name: string): Promise<void> {
    await expect(`${this.lines.join('\n')}\n`).toMatchFileSnapshot(`trace/${name}.txt`);
  }
}

describe('the order of calls', () => {
  const rewriting = { rewrite: copyRecords, fold: countAndSum };
  const open = <State>(vfs: MemoryVfs, options: LogOptions<State> = {}): Promise<Log<State>> =>
    Log.open<State>(DIRECTORY, optionsOf(vfs, options));

  it('open new, flush, sync, close small', async () => {
    const vfs = memoryVfs();
    const trace = new Trace(vfs);
    const log = await trace.of('open', () => open(vfs, rewriting));
    log.append(20, [0]);
    await trace.of('flush, the first', () => log.flush());
    await trace.of('sync, the first', () => log.sync());
    log.append(20, [1]);
    await trace.of('flush', () => log.flush());
    await trace.of('sync', () => log.sync());
    await trace.of('close', () => log.close());
    await trace.matches('new');
  });

  it('open new, flush, sync where links are refused', async () => {
    const vfs = memoryVfs({ refuseLinks: true });
    const trace = new Trace(vfs);
    const log = await trace.of('open', () => open(vfs));
    log.append(20, [0]);
    await trace.of('flush, the first', () => log.flush());
    await trace.matches('new-without-links');
  });

  it('roll, seal, rewrite, close big', async () => {
    const vfs = memoryVfs();
    const trace = new Trace(vfs);
    // Each flush rolls: the segment is over twice this size.
    let log = await open(vfs, { fold: countAndSum, sizes: { segmentSize: 64 } });
    log.append(20, [0], { key: 'k' });
    await trace.of('flush that rolls', () => log.flush());
    await log.close();
    log = await open(vfs, rewriting);
    log.append(20, [1], { key: 'k' });
    log.flush();
    await trace.of('seal', async () => {
      await log.seal();
      trace.lines.push('# rewrite, which the seal has begun');
      await log.rewrite();
    });
    for (let number = 2; number < 80; number += 1) log.append(20, [number]);
    await trace.of('close of 4 KiB and more', () => log.close());
    expect(numbersOf(vfs.crash('all dropped'))).toEqual(upTo(80));
    await trace.matches('rewrite');
  });

  it('take-over of a log that was closed', async () => {
    const vfs = memoryVfs();
    const log = await open(vfs);
    appendNumbers(log, 0, 3);
    await log.close();
    const trace = new Trace(vfs);
    const next = await trace.of('open', () => open(vfs));
    next.append(20, [3]);
    await trace.of('flush, the first', () => next.flush());
    await trace.of('sync, the first', () => next.sync());
    await trace.matches('take-over-after-close');
  });

  it('take-over of a log whose owner was killed, with a tail', async () => {
    const vfs = memoryVfs();
    const log = await open(vfs);
    appendNumbers(log, 0, 3);
    await log.seal();
    appendNumbers(log, 3, 6);
    const disk = vfs.kill();
    const trace = new Trace(disk);
    const next = await trace.of('open', () => open(disk));
    next.append(20, [6]);
    await trace.of('flush, the first', () => next.flush());
    await trace.of('sync, the first', () => next.sync());
    await trace.matches('take-over-after-kill');
  });

  it('take-over where the tail cannot be synced: it is copied', async () => {
    const vfs = memoryVfs();
    const log = await open(vfs);
    appendNumbers(log, 0, 3);
    await log.sync();
    appendNumbers(log, 3, 6);
    const disk = vfs.kill();
    const trace = new Trace(disk);
    await trace.of('open', async () => {
      disk.configure({
        onCall: (call) => {
          trace.lines.push(lineOf(call));
          if (call.name !== 'sync' || !call.path.endsWith('segment-00000001-000001')) return;
          trace.lines.push('  EIO');
          throw fileSystemError('EIO', 'fdatasync');
        },
      });
      await open(disk);
    });
    expect(numbersOf(disk)).toEqual(upTo(6));
    await trace.matches('take-over-by-copy');
  });

  it('failed sync, and its repeat', async () => {
    const vfs = memoryVfs();
    const log = await open(vfs);
    appendNumbers(log, 0, 3);
    await log.sync();
    appendNumbers(log, 3, 6);
    const trace = new Trace(vfs);
    await trace.of('sync', async () => {
      let failed = false;
      vfs.configure({
        onCall: (call) => {
          trace.lines.push(lineOf(call));
          if (call.name !== 'syncLater' || failed) return;
          failed = true;
          trace.lines.push('  EIO');
          throw fileSystemError('EIO', 'fdatasync');
        },
      });
      await log.sync();
    });
    log.append(20, [6]);
    await trace.of('flush', () => log.flush());
    await trace.matches('repeat');
  });

  it('delete, and the new life that may follow', async () => {
    const vfs = memoryVfs();
    const log = await open(vfs);
    appendNumbers(log, 0, 3);
    await log.close();
    const trace = new Trace(vfs);
    const deletion = await trace.of('open as deleted, fresh', () =>
      open(vfs, { owner: 'deleted', fresh: true }),
    );
    await trace.of('close', () => deletion.close());
    const next = await trace.of('open', () => open(vfs));
    next.append(20, [0]);
    await trace.of('flush, the first', () => next.flush());
    await trace.matches('delete');
  });

  it('reading, verifying', async () => {
    const vfs = memoryVfs();
    const log = await open(vfs);
    appendNumbers(log, 0, 3);
    await log.seal();
    appendNumbers(log, 3, 6);
    const trace = new Trace(vfs);
    const reader = await trace.of('open to read', () => open(vfs, { readOnly: true }));
    await trace.of('read', () => [...reader.records()]);
    await trace.of('verify', () => Log.verify(DIRECTORY, { vfs }));
    const changes = trace.lines.filter((line) =>
      /^(create|write|truncate|sync|link|rename|unlink|make|remove)/.test(line),
    );
    expect(changes, 'nothing is changed (G6)').toEqual([]);
    await trace.matches('read');
  });
});

interface Cost {
  readonly calls: Readonly<Record<string, number>>;
  readonly total: number;
  readonly bytesRead: number;
}

/** One record a key, as layers above do: what was tracked together stands together. */
const gather: RewriteHook = async (input, output, { from, to }) => {
  const bodies = new Map<string | undefined, unknown[]>();
  for (const { key, body } of input) {
    const list = bodies.get(key) ?? [];
    list.push(body);
    bodies.set(key, list);
  }
  for (const [key, body] of bodies) output.append([{ type: 20, body, key }], from, to);
};

const options = { rewrite: gather, fold: countAndSum };

/** A closed log of so many records, each of one of the keys in turn, `once` among them once. */
async function closedLog(records: number, keys: number): Promise<MemoryVfs> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
  log.append(20, [0], { key: 'once' });
  for (let from = 0; from < records; from += 1000) {
    log.appendAll(
      upTo(1000).map((at) => ({ type: 20, body: [from + at], key: `k${(from + at) % keys}` })),
    );
    log.flush();
  }
  await log.close();
  return vfs;
}

/** What it takes to open a log again, to find a key, to append and to flush. */
async function resume(disk: MemoryVfs): Promise<Cost> {
  const calls: Record<string, number> = {};
  let bytesRead = 0;
  const vfs = disk.kill();
  vfs.configure({
    onCall: ({ name, size = 0 }) => {
      calls[name] = (calls[name] ?? 0) + 1;
      if (name === 'read') bytesRead += size;
    },
  });
  const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
  expect((await log.latest('once'))?.key).toBe('once');
  log.append(20, [0]);
  expect(log.flush()).toBe(true);
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
  return { calls, total, bytesRead };
}

const READ_MAX = 256 * 1024;

describe('a resume takes the same calls and reads at most 256 KiB', () => {
  it('of 1,000 or 100,000 records, of 10 or 100,000 keys', async () => {
    const costs: Cost[] = [];
    for (const [records, keys] of [
      [1000, 10],
      [100_000, 10],
      [100_000, 100_000],
    ] as const)
      costs.push(await resume(await closedLog(records, keys)));
    const [small, ...large] = costs as [Cost, Cost, Cost];
    for (const cost of large) {
      expect(cost.bytesRead).toBeLessThan(READ_MAX);
      // A large segment is asked through its index: root and page instead of the whole.
      expect(Math.abs(cost.total - small.total)).toBeLessThanOrEqual(3);
      for (const name of ['sync', 'syncDirectory', 'link', 'write', 'list', 'open'])
        expect(cost.calls[name], name).toBe(small.calls[name]);
    }
  });

  it('after 1 or 200 earlier openings', async () => {
    const vfs = await closedLog(1000, 10);
    const costs: Cost[] = [];
    for (let opening = 0; opening < 200; opening += 1) {
      costs.push(await resume(vfs));
      const log = await Log.open(DIRECTORY, optionsOf(vfs, options));
      appendNumbers(log, log.position, log.position + 3);
      await log.close();
    }
    // Each ninth opening gathers the small segments; of eight that were gathered one is made, which is
    // one of the next eight. The costs repeat with that period, and nothing else moves them.
    const period = (limits.unindexedSegmentCountMax + 1) * (limits.mergeCount - 1);
    const totals = costs.slice(limits.unindexedSegmentCountMax + 1).map(({ total }) => total);
    expect(totals.slice(period)).toEqual(totals.slice(0, -period));
    expect(Math.max(...costs.map(({ bytesRead }) => bytesRead))).toBeLessThan(READ_MAX);
    const syncs = costs.map(({ calls }) => (calls['sync'] ?? 0) + (calls['syncDirectory'] ?? 0));
    expect(Math.max(...syncs)).toBeLessThanOrEqual(11);
    expect(namesOf(vfs).length, 'files').toBeLessThan(40);
  });
});
