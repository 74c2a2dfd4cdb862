// Options of asking: how many rows, in which order, and what becomes of rows that fail.
//
// Test: test/sdk/query.test.ts.

import type { RunlogError } from '../errors.ts';
import { checkMembers, checkSignal, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import type { FailureCount } from '../query/query.ts';

export type { FailureCount } from '../query/query.ts';

/** Order, window and failures of a question to a repo. */
export interface QueryOptions {
  /** At most so many. Default: all. */
  readonly limit?: number | undefined;
  /** So many are passed over first. Default 0. */
  readonly offset?: number | undefined;
  /**
   * 'newest' (default) or 'oldest': by `createdAt`; else an expression, as `run.metrics['loss'].min`, by
   * whose value rows ascend. What has no value comes last, whichever way.
   */
  readonly order?: string | undefined;
  /** With an expression as `order`: from the greatest value down. Default false. */
  readonly descending?: boolean | undefined;
  /** Ends the listing with ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /** Also archived runs, as if the query named `run.archived`. Default false. */
  readonly archived?: boolean | undefined;
  /** A row in which an expression fails ends everything with QUERY_EVALUATION. Default false. */
  readonly strict?: boolean | undefined;
  /**
   * Who asks again and again may take what the same `Repo` has looked at within so many milliseconds: what
   * others have changed in a run since then may show that much later; runs that came or went show at once.
   * Default 0: each run is looked at each time, 10 us a run.
   */
  readonly maxAgeMs?: number | undefined;
  /** Told of each run that is left out because it cannot be read. */
  readonly onUnreadable?: ((hash: string, error: RunlogError) => void) | undefined;
  /**
   * Told, before the first row is given, of the kinds of failures: of rows that were left out, and of
   * those that are given without a value to order or group by.
   */
  readonly onFailures?: ((failures: readonly FailureCount[]) => void) | undefined;
}

const names = new Set([
  'limit',
  'offset',
  'order',
  'descending',
  'signal',
  'archived',
  'strict',
  'maxAgeMs',
  'onUnreadable',
  'onFailures',
]);

type WithDefault = 'limit' | 'offset' | 'order' | 'archived' | 'strict';

export type CheckedQueryOptions = Omit<QueryOptions, WithDefault> & {
  readonly [Name in WithDefault]: NonNullable<QueryOptions[Name]>;
};

/** @throws TypeError, RangeError naming the option. */
export function checkQueryOptions(
  options: QueryOptions,
  others: readonly string[] = [],
): CheckedQueryOptions {
  checkMembers(options, 'options', others.length === 0 ? names : new Set([...names, ...others]));
  const {
    limit = Number.POSITIVE_INFINITY,
    offset = 0,
    order = 'newest',
    archived = false,
    strict = false,
    signal,
  } = options;
  checkCount(limit, 'limit');
  checkCount(offset, 'offset');
  checkAge(options.maxAgeMs);
  if (typeof order !== 'string' || order.trim() === '')
    throw new TypeError(`order: expected 'newest', 'oldest' or an expression, got ${given(order)}`);
  for (const name of ['descending', 'archived', 'strict'] as const)
    checkType(options[name], 'boolean', name);
  for (const name of ['onUnreadable', 'onFailures'] as const)
    checkType(options[name], 'function', name);
  checkSignal(signal);
  return { ...options, limit, offset, order, archived, strict };
}

function checkCount(value: unknown, argument: string): void {
  const isCount = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (!isCount || (value as number) < 0)
    throw new RangeError(`${argument}: expected an integer from 0 on, got ${given(value)}`);
}

function checkAge(value: unknown): void {
  if (value !== undefined && !(typeof value === 'number' && value >= 0))
    throw new RangeError(`maxAgeMs: expected milliseconds, 0 or more, got ${given(value)}`);
}

/** @throws TypeError naming the argument. */
export function checkExpressions(value: unknown, argument: string): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const each of all)
    if (typeof each !== 'string')
      throw new TypeError(`${argument}: expected an expression or several, got ${given(value)}`);
  return all as string[];
}
