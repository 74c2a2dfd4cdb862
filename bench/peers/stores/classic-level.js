// LevelDB: key (sequence, step) as 8 bytes, value and time as 16.

import { ClassicLevel } from 'classic-level';
import { versionOf } from '../version.js';

const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' };

function makeKey(sequence, step) {
  const key = Buffer.alloc(8);
  key.writeUInt32BE(sequence, 0);
  key.writeUInt32BE(step, 4);
  return key;
}

export async function openStore(directory, mode) {
  const database = new ClassicLevel(directory, encodings);
  await database.open();
  let operations = [];
  return {
    version: versionOf('classic-level'),
    settings: `no sync, ${mode === 'step' ? 100 : '10,000'} puts a batch`,
    add(sequence, step, value, time) {
      const bytes = Buffer.allocUnsafe(16);
      bytes.writeDoubleLE(value, 0);
      bytes.writeDoubleLE(time, 8);
      operations.push({ type: 'put', key: makeKey(sequence, step), value: bytes });
    },
    async commit() {
      const batch = operations;
      operations = [];
      if (batch.length > 0) await database.batch(batch);
    },
    close: () => database.close(),
  };
}

export async function readSequence(directory, sequence) {
  const database = new ClassicLevel(directory, encodings);
  const range = { gte: makeKey(sequence, 0), lt: makeKey(sequence + 1, 0) };
  const values = await database.values(range).all();
  for (const value of values) value.readDoubleLE(0);
  await database.close();
  return values.length;
}
