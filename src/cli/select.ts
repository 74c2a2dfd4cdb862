// The one place where words of the command line become runs and metrics.
//
// 1. Words are runs (hash, prefix, -1), or one query; none are all runs.
// 2. A run that cannot be read does not end the others: it is said, and in the exit code.
// 3. Metrics of the machine are left out unless they are asked for, by an option or by name.
//
// Test: test/cli/select.test.ts.

import { type Metric, type QueryOptions, type Repo, RunlogError, type RunView } from '../index.ts';
import { isSystemMetric, textOf } from './facts.ts';
import { findRun } from './open.ts';
import type { WantedContext } from './options.ts';
import { tellFailures, tellUnreadable } from './trouble.ts';
import { queryIn } from './words.ts';

export interface WantedRuns {
  readonly archived?: boolean;
  /** 'newest', 'oldest', or an expression. */
  readonly order?: string;
  readonly descending?: boolean;
  /** A row in which the query fails ends the command. */
  readonly strict?: boolean;
  /** Runs that cannot be read are left out without a word: they are said in another pass. */
  readonly isQuiet?: boolean;
}

export interface WantedMetrics extends WantedRuns {
  readonly system?: boolean;
  readonly metric?: readonly string[];
  readonly context?: WantedContext;
}

const queryOptions = ({
  archived = false,
  order = 'newest',
  descending = false,
  strict = false,
  isQuiet = false,
}: WantedRuns): QueryOptions => ({
  archived,
  order,
  strict,
  // Only an expression has a direction of its own.
  ...(isExpression(order) ? { descending } : {}),
  ...(isQuiet ? {} : { onUnreadable: tellUnreadable, onFailures: tellFailures }),
});

/** Runs that the words name, in their order, each once; of a query in its order. */
export async function* selectRuns(
  repo: Repo,
  words: readonly string[],
  wanted: WantedRuns = {},
): AsyncGenerator<RunView> {
  const query = queryIn(words);
  // Named runs stand as they were named, unless an expression says how.
  if (query !== undefined || isExpression(wanted.order)) {
    yield* repo.runs(...(await questionOf(repo, words, wanted)));
    return;
  }
  yield* namedRuns(repo, words, wanted);
}

/** The order is that of the values of an expression. */
export const isExpression = (order: string | undefined): order is string =>
  order !== undefined && !['newest', 'oldest'].includes(order);

async function* namedRuns(
  repo: Repo,
  words: readonly string[],
  wanted: WantedRuns,
): AsyncGenerator<RunView> {
  const given = new Set<string>();
  for (const word of words) {
    const view = await readable(repo, word, wanted.isQuiet ? () => {} : tellUnreadable);
    if (view === undefined || given.has(view.hash)) continue;
    given.add(view.hash);
    yield view;
  }
}

/** The question that the words are: of runs, one for those hashes; and its options. */
export async function questionOf(
  repo: Repo,
  words: readonly string[],
  wanted: WantedRuns,
): Promise<[string, QueryOptions]> {
  const query = queryIn(words);
  if (query !== undefined) return [query, queryOptions(wanted)];
  const hashes: string[] = [];
  for await (const { hash } of namedRuns(repo, words, wanted)) hashes.push(hash);
  // Who names a run means it, archived or not.
  return [`run.hash in ${JSON.stringify(hashes)}`, queryOptions({ ...wanted, archived: true })];
}

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

/** Metrics of the runs that the words name, those of a run together; of a query those that match it. */
export async function* selectMetrics(
  repo: Repo,
  words: readonly string[],
  wanted: WantedMetrics = {},
): AsyncGenerator<Metric> {
  // An expression as order may ask of the metric; without one, metrics of a run stay together.
  if (!isExpression(wanted.order) && (queryIn(words) ?? '') === '') {
    for await (const view of selectRuns(repo, words, wanted)) yield* metricsOf(view, wanted);
    return;
  }
  const [query, options] = await questionOf(repo, words, wanted);
  // What the query names is asked for, of the machine too.
  const system = wanted.system === true || query.includes('__system__');
  for await (const metric of repo.metrics(query, options))
    if (isWanted(metric, { ...wanted, system })) yield metric;
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
