// The workloads. Each returns its figures for one repetition; `small` is the size that a test runs.
//
// Rows are with systemTrackingInterval: null. One process does all: cold rows start children.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

import { Packr } from 'msgpackr/pack';
import { Repo, Run } from 'runlog';

export interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

type Workload = (small: boolean) => Promise<Figure[]>;

const METRICS = 100;
const names = Array.from({ length: METRICS }, (_, index) => `metric_${index}`);
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'runlog-bench-'));
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Millions a second while `body` tracks into a new run, and the time of its close. */
const ingest = (
  body: (run: Run) => Promise<number>,
  options: object = { systemTrackingInterval: null },
): Promise<Figure[]> =>
  inDirectory(async (repo) => {
    const run = await Run.open({ repo, ...options });
    const start = performance.now();
    const points = await body(run);
    const tracked = performance.now();
    await run.close();
    return [
      { metric: 'speed', value: points / (tracked - start) / 1000, unit: 'M points/s' },
      { metric: 'close', value: performance.now() - tracked, unit: 'ms' },
    ];
  });

async function track(run: Run, steps: number): Promise<number> {
  let value = 0.1;
  for (let step = 0; step < steps; step += 1) {
    for (const name of names) {
      value = value * 0.999 + 0.0123;
      run.track(value, { name, step, context: { subset: 'train' } });
    }
    await turn();
  }
  return steps * METRICS;
}

async function hotHandle(run: Run, steps: number, yields: boolean): Promise<number> {
  const handles = names.map((name) => run.sequence(name, { subset: 'train' }));
  let value = 0.1;
  for (let step = 0; step < steps; step += 1) {
    for (const handle of handles) {
      value = value * 0.999 + 0.0123;
      handle.track(value, step);
    }
    if (yields) await turn();
  }
  return steps * METRICS;
}

async function trackColumns(run: Run, rounds: number): Promise<number> {
  const values = Float64Array.from({ length: 100_000 }, (_, index) => Math.sin(index));
  const handle = run.sequence('loss');
  for (let round = 0; round < rounds; round += 1) {
    handle.trackColumns({ values });
    await turn();
  }
  return rounds * values.length;
}

const flush: Workload = (small) =>
  inDirectory(async (repo) => {
    const run = await Run.open({ repo, systemTrackingInterval: null });
    const times: number[] = [];
    for (let step = 0; step < (small ? 100 : 5000); step += 1) {
      for (const name of names) run.track(Math.sin(step), { name, step });
      const start = performance.now();
      run.flush();
      times.push((performance.now() - start) * 1000);
      await turn();
    }
    await run.close();
    times.sort((a, b) => a - b);
    const at = (part: number): number => times[Math.floor(times.length * part)] as number;
    return [
      { metric: 'p50', value: at(0.5), unit: 'us' },
      { metric: 'p99', value: at(0.99), unit: 'us' },
      { metric: 'longest', value: times.at(-1) as number, unit: 'us' },
    ];
  });

/** What writing the bytes of a flush of 100 points costs without anything around it. */
const floorWrite: Workload = (small) =>
  inDirectory(async (directory) => {
    const file = openSync(join(directory, 'floor'), 'w');
    const bytes = new Uint8Array(1000);
    const rounds = small ? 100 : 20_000;
    const start = performance.now();
    for (let round = 0; round < rounds; round += 1) {
      writeSync(file, bytes);
      await turn();
    }
    const us = ((performance.now() - start) * 1000) / rounds;
    closeSync(file);
    return [
      { metric: 'writeSync and a turn', value: us, unit: 'us' },
      { metric: 'as points', value: METRICS / us, unit: 'M points/s' },
    ];
  });

const floorMsgpackr: Workload = async (small) => {
  const packr = new Packr({ useRecords: false });
  const count = small ? 1000 : 500_000;
  const start = performance.now();
  for (let step = 0; step < count; step += 1)
    packr.pack({ name: 'metric_1', step, value: 0.5, time: 1_700_000_000_000 });
  return [
    {
      metric: 'one map a point',
      value: count / (performance.now() - start) / 1000,
      unit: 'M points/s',
    },
  ];
};

const CORPUS = resolve('../shared/data/nanogpt');

/** The real runs, one `track` a line, with parameters and times: bytes a value of the whole repo. */
const corpus: Workload = async (small) => {
  if (!existsSync(CORPUS))
    return [{ metric: 'skipped: the corpus is not here', value: 0, unit: '' }];
  const runs = readFileSync(join(CORPUS, 'runs.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .slice(0, small ? 5 : undefined)
    .map(
      (line) => JSON.parse(line) as { run: number; date: string; record: string; hparams: object },
    );
  const [head = '', ...lines] = brotliDecompressSync(readFileSync(join(CORPUS, 'points.csv.br')))
    .toString()
    .trim()
    .split('\n');
  const columns = head.split(',').slice(2);
  const byRun = groupByRun(lines);
  return inDirectory(async (repo) => {
    let values = 0;
    const start = performance.now();
    for (const { run: number, date, record, hparams } of runs) {
      const createdAt = Date.parse(date);
      const run = await Run.open({ repo, name: record, createdAt, systemTrackingInterval: null });
      run.set('hparams', hparams);
      for (const line of byRun.get(number) ?? []) {
        const [, step, ...cells] = line.split(',');
        const point: Record<string, number> = {};
        columns.forEach((name, index) => {
          if (cells[index] !== '') point[name] = Number(cells[index]);
        });
        values += Object.keys(point).length;
        run.track(point, { step: Number(step), time: createdAt + (point['train_time_ms'] ?? 0) });
      }
      await run.close();
    }
    const seconds = (performance.now() - start) / 1000;
    const { bytes } = await (await Repo.open(repo)).size();
    return [
      { metric: 'size', value: bytes / values, unit: 'bytes/value' },
      { metric: 'written', value: values / seconds, unit: 'values/s' },
    ];
  });
};

function groupByRun(lines: readonly string[]): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const line of lines) {
    const run = Number(line.slice(0, line.indexOf(',')));
    const group = groups.get(run);
    if (group === undefined) groups.set(run, [line]);
    else group.push(line);
  }
  return groups;
}

/** A program in a new process, with what it prints as JSON. */
function inProcess(program: string): Record<string, number> {
  const source = `import { Run, Repo } from ${JSON.stringify(import.meta.resolve('runlog'))};\n${program}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, number>;
}

const importing: Workload = async () => {
  const source = `const start = performance.now(); await import(${JSON.stringify(import.meta.resolve('runlog'))}); console.log(performance.now() - start)`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  return [{ metric: "import 'runlog'", value: Number(stdout), unit: 'ms' }];
};

const openClose: Workload = () =>
  inDirectory(async (repo) => {
    const { ms } = inProcess(`
      await (await Run.open({ repo: ${JSON.stringify(repo)}, systemTrackingInterval: null })).close();
      const start = performance.now();
      const run = await Run.open({ repo: ${JSON.stringify(repo)}, systemTrackingInterval: null });
      for (let step = 0; step < 10; step += 1) run.track(step, { name: 'loss' });
      await run.close();
      console.log(JSON.stringify({ ms: performance.now() - start }));`);
    return [{ metric: 'new run, 10 values, close', value: ms as number, unit: 'ms' }];
  });

async function writeLong(repo: string, runHash: string, points: number): Promise<void> {
  const run = await Run.open({ repo, runHash, systemTrackingInterval: null });
  const values = Float64Array.from(
    { length: 10_000 },
    (_, index) => Math.round(Math.sin(index) * 1000) / 1000,
  );
  const handle = run.sequence('loss');
  for (let done = 0; done < points; done += values.length) handle.trackColumns({ values });
  await run.close();
}

const resume: Workload = (small) =>
  inDirectory(async (repo) => {
    const figures: Figure[] = [];
    for (const points of small ? [1e4] : [1e4, 1e6]) {
      await writeLong(repo, `long-${points}`, points);
      const { ms } = inProcess(`
        await (await Run.open({ repo: ${JSON.stringify(repo)}, runHash: 'other' })).close();
        const start = performance.now();
        const run = await Run.open({ repo: ${JSON.stringify(repo)}, runHash: 'long-${points}', systemTrackingInterval: null });
        console.log(JSON.stringify({ ms: performance.now() - start }));
        await run.close();`);
      figures.push({ metric: `after ${points} points`, value: ms as number, unit: 'ms' });
    }
    return figures;
  });

const readSequence: Workload = (small) =>
  inDirectory(async (repo) => {
    const points = small ? 1e4 : 2e6;
    await writeLong(repo, 'long', points);
    const { ms, count } = inProcess(`
      const repo = await Repo.open(${JSON.stringify(repo)});
      const start = performance.now();
      const { values } = await (await repo.run('long')).metric('loss').values();
      console.log(JSON.stringify({ ms: performance.now() - start, count: values.length }));`);
    return [
      {
        metric: 'one sealed sequence, cold',
        value: (count as number) / (ms as number) / 1000,
        unit: 'M points/s',
      },
    ];
  });

export const workloads: Readonly<Record<string, Workload>> = {
  track: (small) => ingest((run) => track(run, small ? 50 : 20_000)),
  'track-defaults': (small) => ingest((run) => track(run, small ? 50 : 20_000), {}),
  'hot-handle': (small) => ingest((run) => hotHandle(run, small ? 50 : 20_000, true)),
  'hot-handle-busy': (small) => ingest((run) => hotHandle(run, small ? 50 : 40_000, false)),
  'track-columns': (small) => ingest((run) => trackColumns(run, small ? 1 : 50)),
  flush,
  'floor-write': floorWrite,
  'floor-msgpackr': floorMsgpackr,
  corpus,
  import: importing,
  'open-close': openClose,
  resume,
  'read-sequence': readSequence,
};
