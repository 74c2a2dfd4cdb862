// One sequence of a log, found by its key without reading the whole log: everything that is there is
// found, also where some stretches of it could not be rewritten.

import { beforeAll, describe, expect, it } from 'vitest';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { fileSystemError } from '../../src/engine/vfs/memory-disk.ts';
import { LogContents } from '../../src/store/log-contents.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const LOG = '/log';

beforeAll(() => loadXxhash());

const open = (vfs: MemoryVfs): Promise<RunWriter> =>
  RunWriter.open({
    directory: LOG,
    writer: 'main',
    log: { vfs, host: simulatedHost(), force: true, durability: { syncMs: null } },
    others: [],
    rewinds: [],
    undone: [],
    onError() {},
  });

/** Steps [start, end), each with a value of its own, as one frame. */
function track(writer: RunWriter, name: string, start: number, end: number): void {
  const sequence = writer.sequence(name, '{}');
  for (let step = start; step < end; step += 1)
    writer.track(sequence, step + Math.sin(step), step, Number.NaN, 1000 + step);
  writer.flush();
}

/** Through the index, and by passing over everything. */
async function stepsOf(vfs: MemoryVfs, name: string): Promise<number[][]> {
  const log = await Log.open(LOG, { vfs, readOnly: true });
  const key = `${name}\0{}`;
  const one = new LogContents(log, 'main');
  const all = new LogContents(log, 'main');
  expect(all.keys()).toContain(key);
  return [one, all].map((contents) => [...contents.rows(key).steps]);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function segmentsOf(vfs: MemoryVfs): string[] {
  return vfs
    .list(LOG)
    .filter((name) => /^(segment|rewritten)-/.test(name))
    .sort();
}

describe('a sequence', () => {
  it('is whole where an older stretch is damaged and newer ones are rewritten', async () => {
    const vfs = memoryVfs();
    const killed = await open(vfs);
    for (const start of [0, 1000, 2000]) {
      track(killed, 'loss', start, start + 1000);
      await killed.sync();
    }
    track(killed, 'loss', 3000, 3001);
    const file = vfs.open(`${LOG}/segment-00000001-000001`, 'write');
    // In the middle of the second frame.
    vfs.write(file, new Uint8Array([1, 2, 3, 4]), Math.floor(vfs.facts(file).size / 2));
    vfs.close(file);
    const next = await open(vfs);
    track(next, 'loss', 4000, 6000);
    await next.close(undefined);
    expect(segmentsOf(vfs).map((name) => name.slice(0, 7))).toEqual(['rewritt', 'segment']);
    const expected = [...upTo(6000)].filter(
      (step) => step < 1000 || (step >= 2000 && step < 3001) || step >= 4000,
    );
    expect(await stepsOf(vfs, 'loss')).toEqual([expected, expected]);
  });

  it('is whole where a repeat after a failed sync begins between its definition and its points', async () => {
    const vfs = memoryVfs();
    const writer = await open(vfs);
    track(writer, 'rare', 0, 1);
    await writer.sync();
    let hasFailed = false;
    vfs.configure({
      onCall({ name }) {
        if (hasFailed || name !== 'syncLater') return;
        hasFailed = true;
        throw fileSystemError('EIO', 'fdatasync');
      },
    });
    track(writer, 'rare', 1, 2);
    await writer.sync();
    expect(hasFailed).toBe(true);
    // More than neighbours may hold to be rewritten together.
    for (let start = 0; start < 800_000; start += 8000) track(writer, 'loss', start, start + 8000);
    await writer.close(undefined);
    expect(segmentsOf(vfs).length).toBeGreaterThan(1);
    expect(await stepsOf(vfs, 'rare')).toEqual([upTo(2), upTo(2)]);
    const resumed = await open(vfs);
    expect(resumed.nextStep(resumed.sequence('rare', '{}'))).toBe(2);
    await resumed.close(undefined);
  });
});
