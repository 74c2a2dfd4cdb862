// What queries may name: every param with its types and examples, every metric with its contexts.
//
// 1. Bounded: examples and contexts are a few, names are those that there are.
//
// Test: test/sdk/query.test.ts.

import { errorCode, throwIfAborted } from '../errors.ts';
import { type Context, parseContext } from '../model/context.ts';
import { isPlainObject } from '../model/given.ts';
import { pathText } from '../model/path-text.ts';
import { type AskedRepo, rowsOf } from './ask.ts';
import type { QueryOptions } from './query-options.ts';

export interface ParamKey {
  readonly path: readonly string[];
  /** As a query calls them: int, float, str, bool, NoneType, list, dict, ... */
  readonly types: readonly string[];
  readonly runs: number;
  /** At most five that differ, in the order in which they were met: newest first. */
  readonly examples: readonly unknown[];
}

export interface MetricKey {
  readonly name: string;
  readonly runs: number;
  /** At most a hundred that differ. */
  readonly contexts: readonly Context[];
}

/** All that queries may name: from `repo.keys()`. */
export interface RepoKeys {
  readonly runs: number;
  /** By path. */
  readonly params: readonly ParamKey[];
  /** By name; those of the machine too. */
  readonly metrics: readonly MetricKey[];
}

const EXAMPLES_MAX = 5;
/** A metric that has so many may have more. */
export const CONTEXTS_MAX = 100;
/** A dict deeper than this, or with more members, stands as one value. */
const DEPTH_MAX = 8;
const MEMBERS_MAX = 1000;

interface GatheredParam {
  readonly path: readonly string[];
  readonly types: Set<string>;
  /** By what they look like. */
  readonly examples: Map<string, unknown>;
  runs: number;
}

export async function repoKeys(
  repo: AskedRepo,
  query: string | undefined,
  options: QueryOptions = {},
): Promise<RepoKeys> {
  const { rows, signal } = await rowsOf(repo, 'run', [query, options]);
  const { fromParams, represent, startBudget, typeNameOf } = await import('../query/query.ts');
  const params = new Map<string, GatheredParam>();
  const metrics = new Map<string, { runs: number; contexts: Map<string, Context> }>();
  const addParam = (path: readonly string[], value: unknown): void => {
    const key = JSON.stringify(path);
    let known = params.get(key);
    if (known === undefined) {
      known = { path, types: new Set(), examples: new Map(), runs: 0 };
      params.set(key, known);
    }
    known.runs += 1;
    // Each has its own: what all of them cost is nothing that a row of a query would.
    startBudget();
    try {
      const stored = fromParams(value);
      known.types.add(typeNameOf(stored));
      if (known.examples.size < EXAMPLES_MAX) known.examples.set(represent(stored), value);
    } catch (error) {
      // No query can look at it either; it is there.
      if (errorCode(error) !== 'LIMIT') throw error;
      if (Array.isArray(value)) known.types.add('list');
    }
  };
  for (const { entry } of rows) {
    throwIfAborted(signal);
    for (const [path, value] of leavesOf(entry.param([]), [])) addParam(path, value);
    const named = new Map<string, string[]>();
    for (const { name, contextText } of entry.sequences())
      named.set(name, [...(named.get(name) ?? []), contextText]);
    for (const [name, contexts] of named) addMetric(metrics, name, contexts);
  }
  return {
    runs: rows.length,
    params: [...params.values()]
      .sort((a, b) => (pathText(a.path) < pathText(b.path) ? -1 : 1))
      .map(({ path, types, runs, examples }) => ({
        path,
        types: [...types].sort(),
        runs,
        examples: [...examples.values()],
      })),
    metrics: [...metrics]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { runs, contexts }]) => ({ name, runs, contexts: [...contexts.values()] })),
  };
}

function addMetric(
  metrics: Map<string, { runs: number; contexts: Map<string, Context> }>,
  name: string,
  contextTexts: readonly string[],
): void {
  const known = metrics.get(name) ?? { runs: 0, contexts: new Map<string, Context>() };
  metrics.set(name, known);
  known.runs += 1;
  for (const text of contextTexts)
    if (known.contexts.size < CONTEXTS_MAX && !known.contexts.has(text))
      known.contexts.set(text, parseContext(text));
}

function* leavesOf(
  value: unknown,
  path: readonly string[],
): Generator<readonly [path: readonly string[], value: unknown]> {
  const members = isPlainObject(value) ? Object.entries(value) : [];
  const isLeaf = members.length === 0 || members.length > MEMBERS_MAX || path.length === DEPTH_MAX;
  if (isLeaf && path.length > 0) yield [path, value];
  else for (const [key, each] of members) yield* leavesOf(each, [...path, key]);
}
