// Real training runs: 1,082 logs of a public speed-run. Bytes a value of the whole repo.
//
// They lie beside the project, not in it; where they are absent the figure says so.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

import { Repo } from 'runlog';

import { type Figure, inDirectory, sized, type Workload } from '../harness.ts';
import { openRun } from '../inputs.ts';

const CORPUS = resolve('../shared/data/nanogpt');

interface CorpusRun {
  readonly run: number;
  readonly date: string;
  readonly record: string;
  readonly hparams: object;
}

/** Lines of points.csv by the number of their run, and the names of its columns. */
function readPoints(): { columns: string[]; byRun: Map<number, string[]> } {
  const [head = '', ...lines] = brotliDecompressSync(readFileSync(join(CORPUS, 'points.csv.br')))
    .toString()
    .trim()
    .split('\n');
  const byRun = new Map<number, string[]>();
  for (const line of lines) {
    const run = Number(line.slice(0, line.indexOf(',')));
    const known = byRun.get(run);
    if (known === undefined) byRun.set(run, [line]);
    else known.push(line);
  }
  return { columns: head.split(',').slice(2), byRun };
}

/** One `track` of an object a line, at the time at which the run logged it. Returns the values. */
async function writeRun(
  repo: string,
  { date, record, hparams }: CorpusRun,
  columns: readonly string[],
  lines: readonly string[],
): Promise<number> {
  const createdAt = Date.parse(date);
  const run = await openRun(repo, { name: record, createdAt });
  run.set('hparams', hparams);
  let values = 0;
  for (const line of lines) {
    const [, step, ...cells] = line.split(',');
    const point: Record<string, number> = {};
    columns.forEach((name, index) => {
      if (cells[index] === '') return;
      point[name] = Number(cells[index]);
      values += 1;
    });
    run.track(point, { step: Number(step), time: createdAt + (point['train_time_ms'] ?? 0) });
  }
  await run.close();
  return values;
}

export const hasCorpus = (): boolean => existsSync(CORPUS);

export const NO_CORPUS: Figure[] = [
  { metric: 'skipped: ../shared/data/nanogpt is not there', value: 0, unit: '' },
];

/** The real runs, or so many of them, into a repo. Requires: they are there. */
export async function writeCorpus(
  repo: string,
  count: number | undefined,
): Promise<{ runs: number; values: number }> {
  const runs = readFileSync(join(CORPUS, 'runs.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .slice(0, count)
    .map((line) => JSON.parse(line) as CorpusRun);
  const { columns, byRun } = readPoints();
  let values = 0;
  for (const run of runs) values += await writeRun(repo, run, columns, byRun.get(run.run) ?? []);
  return { runs: runs.length, values };
}

export const corpus: Workload = {
  repetitions: 1,
  async measure({ size }): Promise<Figure[]> {
    if (!hasCorpus()) return NO_CORPUS;
    return inDirectory(async (repo) => {
      const start = performance.now();
      const { runs, values } = await writeCorpus(repo, sized(size, 20, undefined));
      const seconds = (performance.now() - start) / 1000;
      const { bytes, files } = await (await Repo.open(repo)).size();
      return [
        { metric: 'size of the whole repo', value: bytes / values, unit: 'bytes/value' },
        { metric: 'values', value: values, unit: 'values' },
        { metric: 'files', value: files / runs, unit: 'files/run' },
        { metric: 'written, with open and close', value: values / seconds, unit: 'values/s' },
      ];
    });
  },
};
