// Rewriting while a run goes on, with segments so small that it happens all the time: whatever was
// rolled, rewritten, merged and opened again, every point is read as it was tracked, by its number, and a
// follower that goes on from a cursor taken anywhere has each point once, in order.

import { beforeAll, describe, expect, it } from 'vitest';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { type WriterCursor, WriterEvents } from '../../src/sdk/writer-events.ts';
import { LogContents } from '../../src/store/log-contents.ts';
import type { RunWriter } from '../../src/store/run-writer.ts';
import { DIRECTORY, LIFE, openMemoryWriter } from '../support/memory-writer.ts';
import { seeded } from '../support/random.ts';

beforeAll(() => loadXxhash());

const open = (vfs: MemoryVfs): Promise<RunWriter> =>
  openMemoryWriter(vfs, { segmentSize: 1500, stateInterval: 700 });
const names = ['a', 'b', 'c'];

/** 'step value time epoch' of each point, by name, in order of arrival. */
type Model = Map<string, string[]>;

function readAll(vfs: MemoryVfs): Model {
  const contents = new LogContents(Log.snapshot(DIRECTORY, { vfs }), 'main');
  const model: Model = new Map();
  for (const key of contents.keys()) {
    const { steps, values, times, epochs, numbers } = contents.rows(key);
    const order = [...numbers.keys()].sort(
      (x, y) => (numbers[x] as number) - (numbers[y] as number),
    );
    model.set(
      key.split('\0')[0] as string,
      order.map((row) => `${steps[row]} ${values[row]} ${times[row]} ${epochs[row]}`),
    );
  }
  return model;
}

const START: WriterCursor = { life: LIFE, position: 0, points: 0 };

/** Up to `most` events behind the cursor: where it is then, and the points in order of arrival. */
function follow(
  vfs: MemoryVfs,
  from: WriterCursor,
  most: number,
): { cursor: WriterCursor; points: Model } {
  const events = new WriterEvents({ vfs, directory: DIRECTORY, writer: 'main', cursor: from });
  const points: Model = new Map();
  let count = 0;
  for (const record of Log.snapshot(DIRECTORY, { vfs }).records(from.position)) {
    for (const change of events.of(record)) {
      count += 1;
      if (change.type === 'points') {
        const own = points.get(change.name) ?? [];
        points.set(change.name, own);
        for (const [row, step] of change.steps.entries())
          own.push(`${step} ${change.values[row]} ${change.times[row]} ${change.epochs[row]}`);
      }
      if (count === most) return { cursor: events.cursor, points };
    }
  }
  return { cursor: events.cursor, points };
}

async function play(round: number): Promise<Set<string>> {
  const { integer, random, pick, seed } = seeded(`rewrite run ${round}`);
  const vfs = memoryVfs();
  vfs.makeDirectory(DIRECTORY);
  vfs.syncDirectory('/');
  const model: Model = new Map();
  const followed: Model = new Map();
  let cursor = START;
  const kinds = new Set<string>();
  let writer = await open(vfs);
  for (let action = 0; action < 60; action += 1) {
    const where = `seed ${seed}, round ${round}, action ${action}`;
    for (let count = 1 + integer(40); count > 0; count -= 1) {
      const name = pick(names);
      const sequence = writer.sequence(name, '{}');
      const step = random() < 0.7 ? undefined : integer(60) - 10;
      const at = step ?? writer.nextStep(sequence);
      const [value, time, epoch] = [
        random(),
        integer(1000),
        random() < 0.5 ? Number.NaN : integer(3),
      ];
      writer.track(sequence, value, step, epoch, time);
      model.set(name, [...(model.get(name) ?? []), `${at} ${value} ${time} ${epoch}`]);
    }
    const chance = random();
    if (chance < 0.1)
      writer.rewind({
        step: integer(50),
        name: pick(names),
        contextText: undefined,
        targets: [writer.target()],
        time: 1,
      });
    else if (chance < 0.2) writer.setParams([[['p'], action]]);
    expect(writer.flush()).toBe(true);
    if (chance > 0.6) await writer.sync();
    if (chance > 0.8) await writer.log.rewrite();
    if (chance > 0.9) {
      await writer.close(
        chance > 0.95 ? { closedAt: 1, outcome: 'finished', error: undefined } : undefined,
      );
      writer = await open(vfs);
      writer.flush();
    }
    for (const name of vfs.list(DIRECTORY)) kinds.add(name.split('-')[0] as string);
    expect(readAll(vfs), where).toEqual(model);
    // Goes on from where it was left, in the middle of what was tracked together, hot then or not.
    const part = follow(vfs, cursor, 1 + integer(8));
    cursor = JSON.parse(JSON.stringify(part.cursor)) as WriterCursor;
    for (const [name, own] of part.points)
      followed.set(name, [...(followed.get(name) ?? []), ...own]);
    for (const [name, own] of followed)
      expect(model.get(name)?.slice(0, own.length), where).toEqual(own);
  }
  const rest = follow(vfs, cursor, Number.POSITIVE_INFINITY);
  for (const [name, own] of rest.points)
    followed.set(name, [...(followed.get(name) ?? []), ...own]);
  expect(followed, `seed ${seed}, round ${round}`).toEqual(model);
  expect(follow(vfs, START, Number.POSITIVE_INFINITY).points).toEqual(model);
  await writer.close(undefined);
  const report = await Log.verify(DIRECTORY, { vfs });
  expect(report.damaged).toEqual([]);
  return kinds;
}

describe('a run that is rewritten while it goes on', () => {
  it('keeps every point, its number and its columns, for readers and followers', async () => {
    const rounds = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0 ? 300 : 12;
    const kinds = new Set<string>();
    for (let round = 0; round < rounds; round += 1)
      for (const kind of await play(round)) kinds.add(kind);
    expect(kinds.has('rewritten') && kinds.has('segment')).toBe(true);
  }, 600_000);
});
