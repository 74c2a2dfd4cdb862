// What a query compares with texts, and which metrics of a run it names: for saying why nothing matched.
//
// Only what stands in the query as it is meant: what is computed is not known before there is a row.
//
// Test: test/sdk/missing-names.test.ts.

import { canonicalContext } from '../model/context.ts';
import { withoutSelect } from '../query/lexical.ts';
import type { Expression, Spread } from '../query/syntax.ts';

export interface ComparedNames {
  /** Of `metric.name == 'loss'` and `in ('loss', 'accuracy')`. */
  readonly metricNames: readonly string[];
  /** Of `run.state == 'failed'`, in the same ways. */
  readonly states: readonly string[];
  /** Of `run.metrics['loss', {'subset': 'val'}]`. */
  readonly metrics: readonly NamedMetric[];
}

export interface NamedMetric {
  readonly name: string;
  /** The whole one, as canonical text. */
  readonly context: string;
}

/** @throws RunlogError QUERY_SYNTAX, LIMIT. */
export async function comparedNames(query: string): Promise<ComparedNames> {
  const [{ parseExpression }, { childrenOf }] = await Promise.all([
    import('../query/parse.ts'),
    import('../query/syntax.ts'),
  ]);
  const metricNames: string[] = [];
  const states: string[] = [];
  const metrics: NamedMetric[] = [];
  const walk = (each: Expression): void => {
    metricNames.push(...comparedWith(each, (side) => isMember(side, 'metric', 'name')));
    states.push(...comparedWith(each, (side) => isOfRun(side, 'state')));
    const metric = namedMetric(each);
    if (metric !== undefined) metrics.push(metric);
    for (const child of childrenOf(each)) walk(child);
  };
  const expression = await parseExpression(withoutSelect(query));
  if (expression !== undefined) walk(expression);
  return { metricNames, states, metrics };
}

const isMember = (each: Expression, owner: string, name: string): boolean =>
  each.kind === 'attribute' &&
  each.name === name &&
  each.object.kind === 'name' &&
  each.object.name === owner;

/** `run.name`, or of a row that is a metric `metric.run.name`. */
const isOfRun = (each: Expression, name: string): boolean =>
  isMember(each, 'run', name) ||
  (each.kind === 'attribute' && each.name === name && isMember(each.object, 'metric', 'run'));

function comparedWith(each: Expression, isAsked: (side: Expression) => boolean): string[] {
  if (each.kind !== 'compare') return [];
  const [[operator, second] = [], ...more] = each.rest;
  if (second === undefined || more.length > 0 || (operator !== '==' && operator !== 'in'))
    return [];
  if (isAsked(each.first)) {
    // `run.state in 'failed'` asks for a part of the text.
    if (operator === 'in' && second.kind !== 'display') return [];
    return textsOf(second);
  }
  return operator === '==' && isAsked(second) ? textsOf(each.first) : [];
}

function textsOf(each: Expression): string[] {
  const items = each.kind === 'display' ? each.items : [each];
  return items.flatMap((item) =>
    item.kind === 'constant' && typeof item.value === 'string' ? [item.value] : [],
  );
}

function namedMetric(each: Expression): NamedMetric | undefined {
  if (each.kind !== 'subscript' || !isOfRun(each.object, 'metrics')) return undefined;
  const { index } = each;
  const isPair = index.kind === 'display' && index.form === 'tuple';
  const [name, context, ...more] = isPair ? index.items : [index];
  if (name?.kind !== 'constant' || typeof name.value !== 'string' || more.length > 0)
    return undefined;
  const text = context === undefined ? '{}' : contextText(context);
  return text === undefined ? undefined : { name: name.value, context: text };
}

/** Undefined: it is computed, or no sequence can have it. */
function contextText(written: Expression | Spread): string | undefined {
  if (written.kind !== 'dict') return undefined;
  const entries: [string, string | number | boolean | null][] = [];
  for (const [key, value] of written.entries) {
    if (key?.kind !== 'constant' || typeof key.value !== 'string') return undefined;
    const member = value.kind === 'constant' ? plain(value.value) : undefined;
    if (member === undefined) return undefined;
    entries.push([key.value, member]);
  }
  try {
    return canonicalContext(Object.fromEntries(entries));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function plain(value: unknown): string | number | boolean | null | undefined {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' || typeof value === 'boolean' || value === null
    ? value
    : undefined;
}
