// Many metrics as few numbers, or as few curves: by groups, over a number of each, or step by step.
//
// 1. NaN and what is missing is left out, and so is not counted. The standard deviation is that of a
//    sample: divided by one less than the count; of one value it is NaN.
// 2. Groups stand by their own values: that of the newest run first would say nothing of a group.
//
// Test: test/sdk/aggregate.test.ts.

import { throwIfAborted } from '../errors.ts';
import { type AskedRepo, rowsOf, taken, Views } from './ask.ts';
import { checkExpressions, type QueryOptions } from './query-options.ts';
import type { Row } from './scan.ts';

interface Grouping extends Omit<QueryOptions, 'limit' | 'offset' | 'order'> {
  /** Expressions over run and metric: those with equal values are a group. Default: one group of all. */
  readonly groupBy?: string | readonly string[] | undefined;
  /**
   * Default: groups ascend by their values, the first expression first. A name of what a group comes to
   * (metrics, count, mean, median, std, min, max): by that; of curves by the last there is. 'newest',
   * 'oldest' or an expression over run and metric: by the metric of the group that is first in that order.
   * What has no value comes last, also with `descending`.
   */
  readonly order?: string | undefined;
}

/** How `repo.aggregate` groups metrics, and which number of each it takes. */
export interface AggregateOptions extends Grouping {
  /** The number of each metric: an expression. Default `metric.last`. */
  readonly value?: string | undefined;
}

/** How `repo.aggregateCurves` groups metrics, and which steps it takes. */
export interface AggregateCurvesOptions extends Grouping {
  /** First step; default the first there is. */
  readonly fromStep?: number | undefined;
  /** One past the last step. */
  readonly toStep?: number | undefined;
}

/** The numbers of one group. NaN where it has none. */
export interface Aggregate {
  /** Values of the expressions of `groupBy`. */
  readonly group: readonly unknown[];
  /** Metrics of the group, also those without a number. */
  readonly metrics: number;
  /** Numbers that the others are made of. */
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/** Columns of equal length: one number a step that any of the curves has. */
export interface AggregateCurve {
  readonly group: readonly unknown[];
  readonly metrics: number;
  readonly steps: Float64Array;
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly median: Float64Array;
  readonly std: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

type Statistics = Omit<Aggregate, 'group' | 'metrics'>;

/** Requires: no NaN. Sorts what it is given. */
export function statisticsOf(numbers: Float64Array): Statistics {
  const count = numbers.length;
  if (count === 0) {
    const none = Number.NaN;
    return { count, mean: none, median: none, std: none, min: none, max: none };
  }
  numbers.sort();
  const at = (index: number): number => numbers[index] as number;
  const mean = numbers.reduce((sum, each) => sum + each, 0) / count;
  const squares = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const middle = count >> 1;
  return {
    count,
    mean,
    median: count % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    std: count === 1 ? Number.NaN : Math.sqrt(squares / (count - 1)),
    min: at(0),
    max: at(count - 1),
  };
}

/** Rows by the values of the first `size` expressions. */
function groupsOf(rows: Iterable<Row>, size: number): { group: unknown[]; rows: Row[] }[] {
  const groups = new Map<string, { group: unknown[]; rows: Row[] }>();
  for (const row of rows) {
    const group = row.values.slice(0, size);
    const key = keyOf(group);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { group, rows: [row] });
    else known.rows.push(row);
  }
  return [...groups.values()];
}

/** Equal for equal values: a number and a text that looks like it are two. */
const keyOf = (group: readonly unknown[]): string =>
  JSON.stringify(group, (_, value: unknown) => {
    if (typeof value === 'bigint') return { bigint: String(value) };
    if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
    return value === undefined ? null : value;
  });

/** What a group comes to, by which groups may be ordered. */
const groupNames = ['metrics', 'count', 'mean', 'median', 'std', 'min', 'max'] as const;

type GroupOrder = 'group' | (typeof groupNames)[number];

/**
 * By which of their own values groups are ordered, undefined where by that of a metric; and the options
 * of the rows. `mean` and `min` alone are no values of a metric.
 */
function groupOrderOf<Options extends { order?: string | undefined }>(
  options: Options,
): [GroupOrder | undefined, Omit<Options, 'order'> & { order?: string | undefined }] {
  const { order, ...others } = options;
  if (order === undefined) return ['group', others];
  const named = groupNames.find((name) => name === String(order).trim());
  return named === undefined ? [undefined, options] : [named, others];
}

/** Sorts the groups in place; those of equal values stay as they stood. */
async function sortGroups<Group extends { readonly group: readonly unknown[] }>(
  groups: Group[],
  descending: boolean,
  valuesOf: (group: Group) => readonly unknown[],
): Promise<Group[]> {
  const { orderPlain } = await import('../query/query.ts');
  const compare = (a: readonly unknown[], b: readonly unknown[]): number => {
    for (const [index, value] of a.entries()) {
      const order = orderPlain(value, b[index], descending);
      if (order !== 0) return order;
    }
    return 0;
  };
  return groups.sort((a, b) => compare(valuesOf(a), valuesOf(b)));
}

export async function aggregateMetrics(
  repo: AskedRepo,
  query: string | undefined,
  { groupBy, value = 'metric.last', ...others }: AggregateOptions = {},
): Promise<Aggregate[]> {
  const by = checkExpressions(groupBy ?? [], 'groupBy');
  const [number] = checkExpressions(value, 'value') as [string];
  const [order, options] = groupOrderOf(others);
  const { rows } = await rowsOf(repo, 'metric', [query, options], [...by, number]);
  const groups = groupsOf(rows, by.length).map(({ group, rows: own }) => {
    const numbers = own.map((row) => row.values[by.length]).filter(isNumber);
    return { group, metrics: own.length, ...statisticsOf(Float64Array.from(numbers, Number)) };
  });
  if (order === undefined) return groups;
  return await sortGroups(groups, options.descending ?? false, (each) =>
    order === 'group' ? each.group : [each[order], ...each.group],
  );
}

const isNumber = (value: unknown): boolean =>
  (typeof value === 'number' && !Number.isNaN(value)) ||
  typeof value === 'bigint' ||
  typeof value === 'boolean';

export async function aggregateCurves(
  repo: AskedRepo,
  query: string | undefined,
  { groupBy, fromStep, toStep, ...others }: AggregateCurvesOptions = {},
): Promise<AggregateCurve[]> {
  const by = checkExpressions(groupBy ?? [], 'groupBy');
  const [order, options] = groupOrderOf(others);
  const { rows, signal } = await rowsOf(repo, 'metric', [query, options], by);
  const views = new Views(repo);
  const window = {
    ...(fromStep === undefined ? {} : { fromStep }),
    ...(toStep === undefined ? {} : { toStep }),
  };
  const curves: AggregateCurve[] = [];
  for (const { group, rows: own } of groupsOf(taken(rows), by.length)) {
    const points: { steps: Float64Array; values: Float64Array }[] = [];
    const count = own.length;
    for (const row of taken(own)) {
      throwIfAborted(signal);
      const metric = await views.metricOf(row);
      if (metric !== undefined) points.push(await metric.values(window));
    }
    curves.push({ group, metrics: count, ...align(points) });
  }
  if (order === undefined) return curves;
  const lastOf = (each: AggregateCurve): unknown =>
    order === 'metrics' ? each.metrics : order === 'group' ? undefined : each[order].at(-1);
  return await sortGroups(curves, options.descending ?? false, (each) => [
    ...(order === 'group' ? [] : [lastOf(each)]),
    ...each.group,
  ]);
}

/** Each step that a curve has, with what the curves amount to there. */
export function align(
  curves: readonly { readonly steps: Float64Array; readonly values: Float64Array }[],
): Omit<AggregateCurve, 'group' | 'metrics'> {
  const steps = Float64Array.from(new Set(curves.flatMap((each) => [...each.steps]))).sort();
  const column = (): Float64Array => new Float64Array(steps.length);
  const result = {
    steps,
    count: column(),
    mean: column(),
    median: column(),
    std: column(),
    min: column(),
    max: column(),
  };
  const places = curves.map(() => 0);
  for (const [index, step] of steps.entries()) {
    const here: number[] = [];
    for (const [number, curve] of curves.entries()) {
      let place = places[number] as number;
      // Several writers may have one step.
      for (; curve.steps[place] === step; place += 1) {
        const value = curve.values[place] as number;
        if (!Number.isNaN(value)) here.push(value);
      }
      places[number] = place;
    }
    const statistics = statisticsOf(Float64Array.from(here));
    for (const name of ['count', 'mean', 'median', 'std', 'min', 'max'] as const)
      result[name][index] = statistics[name];
  }
  return result;
}
