// SQLite, a plain table that is only appended to. `better-sqlite3-keyed` has a primary key.

import { join } from 'node:path';

import Database from 'better-sqlite3';
import { versionOf } from '../version.js';

const columns = 'sequence INTEGER, step INTEGER, value REAL, time INTEGER';
const open = (directory) => new Database(join(directory, 'points.sqlite'));

export const openStore = (directory, mode) => openTable(directory, mode, false);

export async function openTable(directory, mode, isKeyed) {
  const database = open(directory);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF');
  const key = isKeyed ? ', PRIMARY KEY(sequence, step)) WITHOUT ROWID' : ')';
  database.exec(`CREATE TABLE point(${columns}${key}`);
  const insert = database.prepare('INSERT INTO point VALUES (?, ?, ?, ?)');
  const begin = database.prepare('BEGIN');
  const end = database.prepare('COMMIT');
  return {
    version: versionOf('better-sqlite3'),
    settings: `WAL, synchronous OFF, ${mode === 'step' ? 100 : '10,000'} rows a transaction, ${isKeyed ? 'primary key without row id' : 'no key'}`,
    add(sequence, step, value, time) {
      if (!database.inTransaction) begin.run();
      insert.run(sequence, step, value, time);
    },
    commit() {
      if (database.inTransaction) end.run();
    },
    close: () => database.close(),
  };
}

export async function readSequence(directory, sequence) {
  const database = open(directory);
  const rows = database
    .prepare('SELECT step, value, time FROM point WHERE sequence = ? ORDER BY step')
    .raw()
    .all(sequence);
  database.close();
  return rows.length;
}
