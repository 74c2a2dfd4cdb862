// Every bit of every file of a small log flipped, every file cut at every byte and deleted, segments
// swapped with those of another log and of an earlier life. Whatever is read is a record that was
// appended, at its position; and what is missing is reported, or lies in the end of the tail that no
// watermark covers, or the flip is outside live data (the heartbeat, owner records, old manifests).

import { beforeAll, expect, it } from 'vitest';
import {
  Log,
  type LogOptions,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type RewriteHook,
  RunlogError,
} from '../../src/engine/index.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const DIRECTORY = '/log';
const COUNT = 24;

const rewrite: RewriteHook = async (input, output) => {
  for (const { type, body, key, position, end } of input)
    output.append([{ type, body, key }], position, end);
};

const optionsOf = (vfs: MemoryVfs): LogOptions => ({
  vfs,
  host: simulatedHost(),
  rewrite,
  durability: { syncMs: null },
  sizes: { segmentSize: 600 },
});

const bodyOf = (index: number): unknown => [index, `text ${index}`, index / 3];

/** `synced`: everything is covered by a watermark or a seal; else the tail was never synced. */
async function makeLog(end: 'closed' | 'synced' | 'killed'): Promise<MemoryVfs> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, optionsOf(vfs));
  for (let index = 0; index < COUNT; index += 1) {
    log.append(20, bodyOf(index), { key: `k${index % 4}` });
    log.flush();
    if (index === 15) await log.rewrite();
    if (end === 'synced' && index % 5 === 4) await log.sync();
  }
  if (end === 'closed') await log.close();
  vfs.detach();
  return vfs;
}

interface File {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function filesOf(vfs: MemoryVfs): File[] {
  return vfs
    .list(DIRECTORY)
    .sort()
    .map((name) => {
      const file = vfs.open(`${DIRECTORY}/${name}`, 'read');
      const bytes = new Uint8Array(vfs.facts(file).size);
      vfs.read(file, bytes, 0);
      vfs.close(file);
      return { name, bytes };
    });
}

/** The same log with one file replaced; undefined: deleted. */
function withFile(vfs: MemoryVfs, name: string, bytes: Uint8Array | undefined): MemoryVfs {
  const changed = vfs.clone();
  changed.unlink(`${DIRECTORY}/${name}`);
  if (bytes === undefined) return changed;
  const file = changed.open(`${DIRECTORY}/${name}`, 'create');
  if (bytes.length > 0) changed.write(file, bytes, 0);
  changed.close(file);
  return changed;
}

interface Reading {
  readonly positions: readonly number[];
  readonly damage: number;
  readonly torn: boolean;
}

/** Reads everything; a record that was not appended at its position is the one thing that must not be. */
function read(vfs: MemoryVfs): Reading {
  const log = Log.snapshot(DIRECTORY, { vfs });
  const positions: number[] = [];
  for (const record of log.records()) {
    const [index] = record.body as [number];
    if (index !== record.position) throw new Error(`position ${record.position} holds ${index}`);
    expect(record.body).toEqual(bodyOf(index));
    positions.push(index);
  }
  return { positions, damage: log.damage.length, torn: false };
}

async function judge(vfs: MemoryVfs, what: string, synced: boolean): Promise<void> {
  let reading: Reading;
  try {
    reading = read(vfs);
  } catch (error) {
    if (error instanceof RunlogError && error.code === 'FORMAT_TOO_NEW') return;
    throw new Error(what, { cause: error });
  }
  const isWhole = reading.positions.length === COUNT;
  if (isWhole) return;
  const report = await Log.verify(DIRECTORY, { vfs });
  const isReported = reading.damage > 0 && report.damaged.length > 0;
  const isPrefix = reading.positions.every((position, index) => position === index);
  // Cut exactly behind a frame, an unsynced tail is a shorter log that is whole.
  const isTorn = !synced && (report.torn !== undefined || what.includes('cut')) && isPrefix;
  // An undecided log says so: a reader is told that the next owner decides.
  const isUndecided = !Log.snapshot(DIRECTORY, { vfs }).decided && isPrefix;
  if (!isReported && !isTorn && !isUndecided)
    throw new Error(`${what}: ${reading.positions.length} of ${COUNT} records, and nobody says so`);
}

beforeAll(loadXxhash);

for (const end of ['closed', 'synced', 'killed'] as const) {
  it(`every bit of every file of a ${end} log`, async () => {
    const vfs = await makeLog(end);
    expect(read(vfs).positions).toHaveLength(COUNT);
    for (const { name, bytes } of filesOf(vfs)) {
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        await judge(
          withFile(vfs, name, flipped),
          `${name}, bit ${bit}`,
          // Frames that a watermark covers. Without its header a tail segment tells nothing: torn.
          end !== 'killed' &&
            bit >= 128 * 8 &&
            (end === 'closed' || bit < (bytes.length - 400) * 8),
        );
      }
    }
  });

  it(`every file of a ${end} log cut at every byte, and deleted`, async () => {
    const vfs = await makeLog(end);
    for (const { name, bytes } of filesOf(vfs)) {
      for (let size = 0; size < bytes.length; size += 1) {
        await judge(withFile(vfs, name, bytes.slice(0, size)), `${name} cut at ${size}`, false);
      }
    }
  });
}

it('segments of another log, and of the same log under another name, are not read', async () => {
  const vfs = await makeLog('killed');
  const other = filesOf(await makeLog('killed'));
  for (const { name } of filesOf(vfs).filter((each) => /^(segment|rewritten)/.test(each.name))) {
    for (const foreign of [...other, ...filesOf(vfs)].filter((each) =>
      /^(segment|rewritten)/.test(each.name),
    )) {
      if (
        filesOf(vfs).some(
          (each) => each.name === name && Buffer.compare(each.bytes, foreign.bytes) === 0,
        )
      )
        continue;
      const { positions } = read(withFile(vfs, name, foreign.bytes));
      expect(positions.length).toBeLessThanOrEqual(COUNT);
    }
  }
});

it('a damaged newest manifest: reading goes on undecided from the last valid one, writing is CORRUPT until repaired', async () => {
  const vfs = await makeLog('closed');
  const newest = vfs
    .list(DIRECTORY)
    .filter((name) => name.startsWith('manifest'))
    .sort()
    .at(-1) as string;
  const damaged = withFile(vfs, newest, Buffer.from('not a manifest'));
  const log = Log.snapshot(DIRECTORY, { vfs: damaged });
  expect(log.decided).toBe(false);
  expect(log.damage.map((each) => each.file)).toContain(`${DIRECTORY}/${newest}`);
  await expect(Log.open(DIRECTORY, optionsOf(damaged))).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(await Log.repair(DIRECTORY, { vfs: damaged, host: simulatedHost() })).toEqual([
    `${DIRECTORY}/damaged-${newest}`,
  ]);
  expect(read(damaged).positions).toHaveLength(COUNT);
  const again = await Log.open(DIRECTORY, optionsOf(damaged));
  expect(again.append(20, bodyOf(COUNT))).toBe(COUNT);
  expect(again.flush()).toBe(true);
});
