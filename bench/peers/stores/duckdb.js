// DuckDB through its appender, which commits, and syncs, when it is flushed; data chunks at its best.

import { join } from 'node:path';

import { DOUBLE, DuckDBDataChunk, DuckDBInstance, INTEGER } from '@duckdb/node-api';
import { versionOf } from '../version.js';

const CHUNK = 2048;

async function connect(directory) {
  const instance = await DuckDBInstance.create(join(directory, 'points.duckdb'), { threads: '1' });
  return { instance, connection: await instance.connect() };
}

function end({ instance, connection }) {
  connection.closeSync();
  instance.closeSync();
}

export async function openStore(directory, mode) {
  const opened = await connect(directory);
  const { connection } = opened;
  await connection.run(
    'CREATE TABLE point(sequence INTEGER, step INTEGER, value DOUBLE, time DOUBLE)',
  );
  const appender = await connection.createAppender('point');
  const version = versionOf('@duckdb/node-api');
  const close = async () => {
    appender.closeSync();
    await connection.run('CHECKPOINT');
    end(opened);
  };
  if (mode === 'step') {
    return {
      version,
      settings: 'row appender, flushed: a sync a commit, there is no setting without',
      add(sequence, step, value, time) {
        appender.appendInteger(sequence);
        appender.appendInteger(step);
        appender.appendDouble(value);
        appender.appendDouble(time);
        appender.endRow();
      },
      commit: () => appender.flushSync(),
      close,
    };
  }
  let columns = [[], [], [], []];
  const append = () => {
    const chunk = DuckDBDataChunk.create([INTEGER, INTEGER, DOUBLE, DOUBLE]);
    chunk.setColumns(columns);
    appender.appendDataChunk(chunk);
    columns = [[], [], [], []];
  };
  return {
    version,
    settings: 'data chunks of 2,048 rows, the appender flushes as it likes',
    add(sequence, step, value, time) {
      columns[0].push(sequence);
      columns[1].push(step);
      columns[2].push(value);
      columns[3].push(time);
      if (columns[0].length === CHUNK) append();
    },
    commit() {},
    async close() {
      if (columns[0].length > 0) append();
      await close();
    },
  };
}

export async function readSequence(directory, sequence) {
  const opened = await connect(directory);
  const reader = await opened.connection.runAndReadAll(
    `SELECT step, value, time FROM point WHERE sequence = ${sequence} ORDER BY step`,
  );
  const [steps] = reader.getColumns();
  end(opened);
  return steps.length;
}
