// Questions to a repo of many runs, through the API: of params, of the last values of a metric, of all its
// points; on generated runs and on real ones. Beside them the same questions in SQL.
//
// Cold is a new process, its import of the bundle in it, Node's own start not.

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Question } from '../asking.ts';
import { runlogOf } from '../bundle.ts';
import { type Figure, median, sized, type Workload } from '../harness.ts';
import { writeClosed } from '../inputs.ts';
import { questions, writeManyRuns } from '../many-runs.ts';
import { hasCorpus, NO_CORPUS, writeCorpus } from './corpus.ts';

const program = fileURLToPath(new URL('../asking.js', import.meta.url));
const peers = resolve('bench/peers');

interface Answer {
  readonly found: number;
  readonly cold: number;
  readonly warm: number;
  readonly longest: number;
  readonly rss: number;
  readonly files: number;
}

function outputOf(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

class Asked {
  readonly #runlog: string;
  readonly #times: number;

  constructor(isSmall: boolean) {
    this.#runlog = runlogOf(isSmall);
    this.#times = isSmall ? 1 : 5;
  }

  once(question: Question): Answer {
    const text = outputOf([program, this.#runlog, JSON.stringify(question)]);
    return JSON.parse(text) as Answer;
  }

  /** Cold and warm. */
  often(what: string, question: Question): Figure[] {
    const again = this.#times;
    const all = Array.from({ length: this.#times }, () => this.once({ ...question, again }));
    const ms = (metric: string, of: 'cold' | 'warm'): Figure => ({
      metric: `${metric}: ${what}`,
      value: median(all.map((each) => each[of])),
      unit: 'ms',
    });
    if (all.some(({ found }) => found === 0)) throw new Error(`${what}: nothing was found`);
    return [ms('cold', 'cold'), ms('warm', 'warm')];
  }

  /** The same in SQL, by stores that are filled from the repo. */
  peers(what: string, repo: string, of: 'params' | 'metrics', directory: string): Figure[] {
    if (!existsSync(join(peers, 'node_modules')))
      return [
        { metric: `skipped: ${what}: packages of bench/peers are missing`, value: 0, unit: '' },
      ];
    return ['better-sqlite3', 'duckdb'].flatMap((store): Figure[] => {
      const args = [join(peers, 'ask.js'), store, this.#runlog, repo, of, directory];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      const reason = /^\w*Error.*$/m.exec(stderr)?.[0] ?? `it ended with ${status}`;
      if (status !== 0)
        return [{ metric: `skipped: ${what}: ${store}: ${reason}`, value: 0, unit: '' }];
      return (JSON.parse(stdout) as { metric: string; value: number }[]).map(
        ({ metric, value }) => ({ metric: `${metric}, ${what}`, value, unit: 'ms' }),
      );
    });
  }
}

/** Without a catalogue, then with it; memory and open files. */
function askParams(asked: Asked, repo: string, count: number, isSmall = false): Figure[] {
  const question: Question = { repo, of: 'runs', query: questions.params };
  const forget = (): void => rmSync(join(repo, '.aim/catalogue'), { recursive: true, force: true });
  // What was written just now is not kept, and the files are to be in the page cache.
  asked.once(question);
  forget();
  const first = asked.once(question);
  forget();
  const { files } = asked.once({ ...question, countsFiles: true });
  const what = `params of ${count} runs`;
  return [
    { metric: `without catalogue: ${what}`, value: first.cold, unit: 'ms' },
    { metric: `RSS without catalogue: ${what}`, value: first.rss, unit: 'MiB' },
    { metric: `open files without catalogue: ${what}`, value: files, unit: 'files' },
    ...asked.often(what, question),
    {
      metric: `warm, maxAgeMs 60,000: ${what}`,
      value: asked.once({ ...question, maxAgeMs: 60_000, again: isSmall ? 1 : 5 }).warm,
      unit: 'ms',
    },
    {
      metric: `floor, stat calls alone: ${what}`,
      value: asked.once({ repo, of: 'stats', query: '', again: isSmall ? 1 : 5 }).warm,
      unit: 'ms',
    },
    { metric: `RSS: ${what}`, value: asked.once(question).rss, unit: 'MiB' },
    {
      metric: `open files: ${what}`,
      value: asked.once({ ...question, countsFiles: true }).files,
      unit: 'files',
    },
  ];
}

const USUAL = 10_000;
const FULL = 75_000;
/** A stamp counts once all of it is older than this, by the file system's clock (spec/catalogue.md). */
const SETTLED_MS = 2100;

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLED_MS));

export const askingParams: Workload = {
  repetitions: 1,
  async measure({ directory, size }) {
    const isSmall = size === 'small';
    const asked = new Asked(isSmall);
    const repo = join(directory, 'repo');
    const count = isSmall ? 10 : USUAL;
    await writeManyRuns(repo, 0, count);
    if (!isSmall) await settled();
    const found = askParams(asked, repo, count, isSmall);
    if (isSmall) return found;
    found.push(...asked.peers(`params of ${count} runs`, repo, 'params', directory));
    if (size !== 'full') return found;
    await writeManyRuns(repo, count, FULL);
    await settled();
    return [...found, ...askParams(asked, repo, FULL)];
  },
};

const METRIC_RUNS = 1000;

export const askingMetrics: Workload = {
  repetitions: 1,
  async measure({ directory, size }) {
    const asked = new Asked(size === 'small');
    const repo = join(directory, 'repo');
    const count = sized(size, 10, METRIC_RUNS);
    await writeManyRuns(repo, 0, count);
    if (size !== 'small') await settled();
    asked.once({ repo, of: 'metrics', query: questions.last });
    return [
      ...asked.often(`metric.last of ${count} runs`, {
        repo,
        of: 'metrics',
        query: questions.last,
      }),
      ...asked.often(`points of ${count} runs`, { repo, of: 'points', query: questions.points }),
      ...(size === 'small' ? [] : asked.peers(`${count} runs`, repo, 'metrics', directory)),
    ];
  },
};

export const askingCorpus: Workload = {
  repetitions: 1,
  async measure({ directory, size }) {
    if (!hasCorpus()) return NO_CORPUS;
    const asked = new Asked(size === 'small');
    const repo = join(directory, 'repo');
    const { runs } = await writeCorpus(repo, sized(size, 3, undefined));
    if (size !== 'small') await settled();
    const question = (of: Question['of'], query: string): Question => ({ repo, of, query });
    asked.once(question('metrics', `metric.name == 'val_loss'`));
    return [
      ...asked.often(
        `params of ${runs} real runs`,
        question('runs', 'run.hparams.vocab_size > 50000'),
      ),
      ...asked.often(
        `metric.last of ${runs} real runs`,
        question('metrics', `metric.name == 'val_loss' and metric.last < 3.29`),
      ),
      ...asked.often(
        `points of ${runs} real runs`,
        question('points', `metric.name == 'val_loss'`),
      ),
    ];
  },
};

export const downsampling: Workload = {
  prepare: ({ directory, size }) =>
    writeClosed(directory, 'long', { points: sized(size, 100_000, 10_000_000) }),
  async measure({ directory, size }) {
    const asked = new Asked(size === 'small');
    const points = sized(size, 100_000, 10_000_000);
    const query = `metric.name == 'loss'`;
    const found = asked.once({ repo: directory, of: 'columns', query, again: 20 });
    return [
      { metric: `${points} points, first`, value: found.cold, unit: 'ms' },
      { metric: `${points} points, once open`, value: found.warm, unit: 'ms' },
      { metric: `${points} points, longest of 20 windows`, value: found.longest, unit: 'ms' },
    ];
  },
};
