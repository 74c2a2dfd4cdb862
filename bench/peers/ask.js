// The questions of bench/workloads/ask.ts in SQL: `node ask.js STORE RUNLOG REPO OF DIRECTORY` fills a
// database from the repo and prints what asking it took, as an array of metrics in milliseconds.
//
// Cold is a new process, from where Node's own start ends, import in it; warm is its sixth asking. Both
// stores get the tables and indexes that suit the question; filling is not timed. What runs change after
// it they do not see.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { versionOf } from './version.js';

const [store, ...rest] = process.argv.slice(2);
const packages = { 'better-sqlite3': 'better-sqlite3', duckdb: '@duckdb/node-api' };
const self = fileURLToPath(import.meta.url);

const METRIC = 'metric_3';
const JSON_PARAM = "json_extract(params, '$.hparams.lr')";

/** Tables, and for each question its SQL. */
const tables = [
  'CREATE TABLE run(hash TEXT, experiment TEXT, created REAL, params TEXT)',
  'CREATE TABLE param(hash TEXT, path TEXT, number DOUBLE, text TEXT)',
  'CREATE TABLE point(hash TEXT, metric TEXT, step INTEGER, value DOUBLE)',
];
const indexes = [
  'CREATE INDEX param_path ON param(path, number)',
  'CREATE INDEX run_hash ON run(hash)',
  'CREATE INDEX point_key ON point(metric, hash, step)',
];
const questions = {
  params: {
    'params in JSON': `SELECT hash FROM run WHERE ${JSON_PARAM} < 1e-3 AND experiment = 'experiment-4'`,
    'params in rows': `SELECT run.hash FROM param JOIN run ON run.hash = param.hash
      WHERE path = 'hparams.lr' AND number < 1e-3 AND experiment = 'experiment-4'`,
  },
  metrics: {
    'last of a metric': `SELECT hash, value FROM point JOIN
      (SELECT hash AS run, max(step) AS last FROM point WHERE metric = '${METRIC}' GROUP BY hash)
      ON hash = run AND step = last WHERE metric = '${METRIC}' AND value < 0.2`,
    'points of a metric': `SELECT hash, step, value FROM point WHERE metric = '${METRIC}' ORDER BY hash, step`,
  },
};

async function openSqlite(directory) {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(join(directory, 'ask.sqlite'));
  return {
    run: async (sql) => database.exec(sql),
    ask: async (sql) => database.prepare(sql).raw().all().length,
    async fill(table, columns, rows) {
      const marks = columns.map(() => '?').join();
      const insert = database.prepare(`INSERT INTO ${table} VALUES (${marks})`);
      database.transaction(() => {
        for (const row of rows) insert.run(...row);
      })();
    },
    close: () => database.close(),
  };
}

async function openDuckdb(directory) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(join(directory, 'ask.duckdb'));
  const connection = await instance.connect();
  return {
    run: (sql) => connection.run(sql),
    async ask(sql) {
      const reader = await connection.runAndReadAll(sql);
      return reader.getColumns()[0]?.length ?? 0;
    },
    async fill(table, columns, rows) {
      const appender = await connection.createAppender(table);
      const append = {
        text: (value) => appender.appendVarchar(value),
        number: (value) => appender.appendDouble(value),
        integer: (value) => appender.appendInteger(value),
      };
      for (const row of rows) {
        for (const [index, kind] of columns.entries()) {
          if (row[index] === null) appender.appendNull();
          else append[kind](row[index]);
        }
        appender.endRow();
      }
      appender.closeSync();
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const open = { 'better-sqlite3': openSqlite, duckdb: openDuckdb }[store];

function* leaves(value, path) {
  for (const [key, each] of Object.entries(value)) {
    const isObject = typeof each === 'object' && each !== null && !Array.isArray(each);
    if (isObject) yield* leaves(each, [...path, key]);
    else yield [[...path, key].join('.'), each];
  }
}

async function fill(database, runlog, path, of) {
  const { Repo } = await import(runlog);
  const repo = await Repo.open(path);
  const runs = [];
  const params = [];
  const points = [];
  for await (const view of repo.runs()) {
    const tree = view.get();
    runs.push([view.hash, view.experiment, view.createdAt, JSON.stringify(tree)]);
    if (of === 'params')
      for (const [key, value] of leaves(tree, []))
        params.push([
          view.hash,
          key,
          typeof value === 'number' ? value : null,
          typeof value === 'number' ? null : JSON.stringify(value),
        ]);
    else
      for (const metric of view.metrics()) {
        const { steps, values } = await metric.values();
        steps.forEach((step, index) => {
          points.push([view.hash, metric.name, step, values[index]]);
        });
      }
  }
  for (const sql of tables) await database.run(sql);
  await database.fill('run', ['text', 'text', 'number', 'text'], runs);
  await database.fill('param', ['text', 'text', 'number', 'text'], params);
  await database.fill('point', ['text', 'text', 'integer', 'number'], points);
  for (const sql of indexes) await database.run(sql);
}

async function ask(directory, sql) {
  const database = await open(directory);
  const found = await database.ask(sql);
  const cold = performance.now() - performance.nodeTiming.bootstrapComplete;
  let warm = 0;
  for (let turn = 0; turn < 5; turn += 1) {
    const start = performance.now();
    await database.ask(sql);
    warm = performance.now() - start;
  }
  database.close();
  console.log(JSON.stringify({ found, cold, warm }));
}

const median = (samples) => [...samples].sort((a, b) => a - b)[samples.length >> 1];

async function measure(runlog, repo, of, directory) {
  const database = await open(directory);
  await fill(database, runlog, repo, of);
  database.close();
  const metrics = [];
  for (const [what, sql] of Object.entries(questions[of])) {
    const found = Array.from({ length: 5 }, () => {
      const args = [self, store, 'ask', directory, sql];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    });
    if (found[0].found === 0) throw new Error(`${what}: nothing was found`);
    const name = `${store} ${versionOf(packages[store])}, ${what}`;
    for (const of of ['cold', 'warm'])
      metrics.push({ metric: `${of}: ${name}`, value: median(found.map((each) => each[of])) });
  }
  console.log(JSON.stringify(metrics));
}

if (rest[0] === 'ask') await ask(rest[1], rest[2]);
else await measure(...rest);
