// The one place where words of the command line become runs and metrics.
//
// 1. Words are runs (hash, prefix, -1), or one query; none are all runs.
// 2. A run that cannot be read does not end the others: it is said, and in the exit code.
// 3. Metrics of the machine are left out unless they are asked for, by an option or by name.
//
// Test: test/cli/select.test.ts.

import { type Metric, type Repo, RunlogError, type RunView } from '../index.ts';
import { isSystemMetric, textOf } from './facts.ts';
import { findRun } from './open.ts';
import type { WantedContext } from './options.ts';
import { tellUnreadable } from './trouble.ts';

export interface WantedRuns {
  readonly archived?: boolean;
  /** Runs that cannot be read are left out without a word: they are said in another pass. */
  readonly isQuiet?: boolean;
}

export interface WantedMetrics extends WantedRuns {
  readonly system?: boolean;
  readonly metric?: readonly string[];
  readonly context?: WantedContext;
}

/** `run.archived` is a query, `run-3.b` a hash. */
const isReference = (word: string): boolean =>
  /^-[1-9]\d*$/.test(word) || (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(word) && !/^run\./.test(word));

/** Runs that the words name, in their order, each once; of all runs the newest first. */
export async function* selectRuns(
  repo: Repo,
  words: readonly string[],
  { archived = false, isQuiet = false }: WantedRuns = {},
): AsyncGenerator<RunView> {
  const onUnreadable = isQuiet ? () => {} : tellUnreadable;
  if (words.length === 0) {
    yield* repo.runs({ archived, onUnreadable });
    return;
  }
  // A query that a shell took apart is one all the same.
  if (!words.every(isReference)) throw noQuery(words.join(' '));
  const given = new Set<string>();
  for (const word of words) {
    const view = await readable(repo, word, onUnreadable);
    if (view === undefined || given.has(view.hash)) continue;
    given.add(view.hash);
    yield view;
  }
}

const noQuery = (query: string): RunlogError =>
  new RunlogError('QUERY_SYNTAX', `${query}: expected runs: hashes, prefixes or -1`);

/** Undefined: it is damaged, and that was said. A run that is not there ends the command. */
async function readable(
  repo: Repo,
  word: string,
  onUnreadable: typeof tellUnreadable,
): Promise<RunView | undefined> {
  try {
    return await findRun(repo, word);
  } catch (error) {
    if (!(error instanceof RunlogError) || !['CORRUPT', 'IO'].includes(error.code)) throw error;
    onUnreadable(word, error);
    return undefined;
  }
}

/** Metrics of the runs that the words name, those of a run together. */
export async function* selectMetrics(
  repo: Repo,
  words: readonly string[],
  wanted: WantedMetrics = {},
): AsyncGenerator<Metric> {
  for await (const view of selectRuns(repo, words, wanted)) yield* metricsOf(view, wanted);
}

/** The metrics of a run that are asked for. */
export const metricsOf = (view: RunView, wanted: WantedMetrics = {}): Metric[] =>
  view.metrics().filter((metric) => isWanted(metric, wanted));

export function isWanted(
  { name, context }: Pick<Metric, 'name' | 'context'>,
  wanted: WantedMetrics,
): boolean {
  const isNamed = wanted.metric === undefined || wanted.metric.includes(name);
  if (!isNamed) return false;
  if (isSystemMetric(name) && !wanted.system && wanted.metric === undefined) return false;
  return Object.entries(wanted.context ?? {}).every(
    ([key, text]) => Object.hasOwn(context, key) && textOf(context[key]) === text,
  );
}
