// A definition stands in the segment of its points, in the frame of the first of them or before it, also
// where making room for a frame begins a new segment.

import { beforeAll, expect, it } from 'vitest';
import { Log, loadXxhash, memoryVfs } from '../../src/engine/index.ts';
import { decodeBatch } from '../../src/store/format/batch.ts';
import { decodePoints, recordType, sequenceIdOf } from '../../src/store/record.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const LOG = '/log';

beforeAll(() => loadXxhash());

it('of columns that are more than may wait for a flush', async () => {
  const vfs = memoryVfs();
  const writer = await RunWriter.open({
    directory: LOG,
    writer: 'main',
    log: {
      vfs,
      host: simulatedHost(),
      force: true,
      durability: { syncMs: null },
      sizes: { segmentSize: 256 * 1024, pausedSizeMax: 1024 * 1024 },
    },
    others: [],
    rewinds: [],
    undone: [],
    onError(error) {
      throw error;
    },
  });
  const values = Float64Array.from({ length: 400_000 }, (_, index) => Math.sin(index));
  for (const name of ['loss', 'accuracy'])
    writer.trackColumns(writer.sequence(name, '{}'), { values, time: 0 });
  expect(writer.flush()).toBe(true);
  expect(writer.lost).toBe(0);
  const log = await Log.open(LOG, { vfs, readOnly: true });
  const defined = new Map<number, Set<number>>();
  let points = 0;
  for (const record of log.records()) {
    const known = defined.get(record.place.number) ?? new Set();
    defined.set(record.place.number, known);
    if (record.type === recordType.sequence) known.add(sequenceIdOf(record) as number);
    if (record.type !== recordType.points) continue;
    const [, count, columns] = decodePoints(record.body);
    points += count;
    for (const id of new Set(decodeBatch(columns, count).sequences))
      expect(known, `segment ${record.place.number}`).toContain(id);
  }
  expect(points).toBe(2 * values.length);
  expect(defined.size).toBeGreaterThan(2);
  writer.closeSync(undefined);
});
