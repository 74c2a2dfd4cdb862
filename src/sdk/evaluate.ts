// Values of expressions for each run or metric that matches: what a table shows beside its rows.
//
// Spec: spec/query.md. Test: test/sdk/evaluate.test.ts.

import type { Context } from '../model/context.ts';
import { type AskedRepo, rowsOf } from './ask.ts';
import { checkExpressions, type QueryOptions } from './query-options.ts';

/** What the expressions came to for one run. */
export interface EvaluatedRun {
  /** Its hash. */
  readonly run: string;
  /**
   * In the order of the expressions, as plain values: null for None, numbers where they are exact, bigints
   * beyond. Undefined: the expression failed, which `onFailures` is told.
   */
  readonly values: readonly unknown[];
}

/** What the expressions came to for one metric. */
export interface EvaluatedMetric extends EvaluatedRun {
  readonly name: string;
  readonly context: Context;
}

export async function evaluateRuns(
  repo: AskedRepo,
  expressions: string | readonly string[],
  query?: string,
  options: QueryOptions = {},
): Promise<EvaluatedRun[]> {
  const wanted = checkExpressions(expressions, 'expressions');
  const { rows } = await rowsOf(repo, 'run', [query, options], wanted);
  return rows.map(({ entry, values }) => ({
    run: entry.hash,
    values: values.slice(0, wanted.length),
  }));
}

export async function evaluateMetrics(
  repo: AskedRepo,
  expressions: string | readonly string[],
  query?: string,
  options: QueryOptions = {},
): Promise<EvaluatedMetric[]> {
  const wanted = checkExpressions(expressions, 'expressions');
  const { rows } = await rowsOf(repo, 'metric', [query, options], wanted);
  return rows.map(({ entry, sequence, values }) => {
    const { name, context } = sequence as { name: string; context: Context };
    return { run: entry.hash, name, context, values: values.slice(0, wanted.length) };
  });
}
