// LMDB: key (sequence, step) as 8 bytes, value and time as 16.

import { open } from 'lmdb';
import { versionOf } from '../version.js';

const options = {
  keyEncoding: 'binary',
  encoding: 'binary',
  noSync: true,
  useWritemap: true,
  mapSize: 2 ** 30,
};

function makeKey(sequence, step) {
  const key = Buffer.alloc(8);
  key.writeUInt32BE(sequence, 0);
  key.writeUInt32BE(step, 4);
  return key;
}

export async function openStore(directory, mode) {
  const database = open({ path: directory, ...options });
  let points = [];
  const put = () => {
    for (const [key, value] of points) database.putSync(key, value);
  };
  return {
    version: versionOf('lmdb'),
    settings: `noSync, useWritemap, ${mode === 'step' ? 100 : '10,000'} puts a transaction`,
    add(sequence, step, value, time) {
      const bytes = Buffer.allocUnsafe(16);
      bytes.writeDoubleLE(value, 0);
      bytes.writeDoubleLE(time, 8);
      points.push([makeKey(sequence, step), bytes]);
    },
    commit() {
      database.transactionSync(put);
      points = [];
    },
    close: () => database.close(),
  };
}

export async function readSequence(directory, sequence) {
  const database = open({ path: directory, ...options });
  let count = 0;
  const range = { start: makeKey(sequence, 0), end: makeKey(sequence + 1, 0) };
  for (const { value } of database.getRange(range)) {
    value.readDoubleLE(0);
    count += 1;
  }
  await database.close();
  return count;
}
