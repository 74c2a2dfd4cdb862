// A new process that asks one question: `node asking.js RUNLOG QUESTION` prints what it took, in
// milliseconds from where Node's own start ends, so that the import is in it.
//
// It imports nothing else: what a program pays that does only this.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

import type { Repo } from 'runlog';

export interface Question {
  readonly repo: string;
  /** What is counted: runs, metrics, points of metrics; or the columns of a plot; or the calls of the floor. */
  readonly of: 'runs' | 'metrics' | 'points' | 'columns' | 'stats';
  readonly query: string;
  /** Asked so many times more, in the same process. */
  readonly again?: number;
  /** Of queries after the first: what they may take for granted (`maxAgeMs`). */
  readonly maxAgeMs?: number;
  /** Files that are open at once are counted, which costs time. */
  readonly countsFiles?: boolean;
}

const [address = '', text = '{}'] = process.argv.slice(2);
const question = JSON.parse(text) as Question;
const opened = question.countsFiles ? countOpen() : { most: 0 };

function countOpen(): { most: number } {
  const { openSync, closeSync } = fs;
  const counted = { most: 0 };
  let now = 0;
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const handle = openSync(...args);
    now += 1;
    counted.most = Math.max(counted.most, now);
    return handle;
  };
  fs.closeSync = (handle) => {
    now -= 1;
    closeSync(handle);
  };
  syncBuiltinESMExports();
  return counted;
}

async function answer(repo: Repo, { of, query, maxAgeMs = 0 }: Question): Promise<number> {
  let found = 0;
  if (of === 'runs') for await (const _ of repo.runs(query, { maxAgeMs })) found += 1;
  else
    for await (const metric of repo.metrics(query, { maxAgeMs }))
      found += of === 'points' ? (await metric.values()).values.length : 1;
  return found;
}

/** The calls that a question about known runs cannot do without (spec/catalogue.md), and nothing else. */
function stats({ repo, again = 0 }: Question): number[] {
  const runs = join(repo, '.aim/runs');
  const paths = fs.readdirSync(runs).flatMap((hash) => {
    const [edit = ''] = fs.readdirSync(join(runs, hash, 'edits'));
    return ['edits', 'logs', join('edits', edit), 'logs/main'].map((each) =>
      join(runs, hash, each),
    );
  });
  return Array.from({ length: again + 1 }, () => {
    const start = performance.now();
    for (const path of paths) fs.lstatSync(path, { throwIfNoEntry: false });
    return performance.now() - start;
  });
}

const WIDTH = 1000;

/** The whole of it, then windows. */
async function columns(repo: Repo, { query, again = 0 }: Question): Promise<number[]> {
  const times: number[] = [];
  for await (const metric of repo.metrics(query)) {
    const count = (metric.lastStep ?? 0) + 1;
    for (let turn = 0; turn <= again; turn += 1) {
      const start = performance.now();
      const fromStep = turn < 2 ? 0 : Math.floor((count * turn) / (again * 4));
      await metric.downsample({ width: WIDTH, fromStep, toStep: count - fromStep });
      times.push(performance.now() - start);
    }
  }
  return times;
}

const runlog = (await import(address)) as typeof import('runlog');
const repo = await runlog.Repo.open(question.repo);
const warm: number[] = [];
let found = 0;
let cold = 0;
if (question.of === 'columns' || question.of === 'stats') {
  const times = question.of === 'stats' ? stats(question) : await columns(repo, question);
  const [first = 0, ...others] = times;
  cold = first;
  warm.push(...others);
} else {
  found = await answer(repo, question);
  cold = performance.now() - performance.nodeTiming.bootstrapComplete;
  for (let turn = 0; turn < (question.again ?? 0); turn += 1) {
    const start = performance.now();
    await answer(repo, question);
    warm.push(performance.now() - start);
  }
}
warm.sort((a, b) => a - b);
const { maxRSS } = process.resourceUsage();
const longest = warm.at(-1) ?? 0;
console.log(
  JSON.stringify({
    found,
    cold,
    warm: warm[warm.length >> 1] ?? 0,
    longest,
    rss: maxRSS / 1024,
    files: opened.most,
  }),
);
