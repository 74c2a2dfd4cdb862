// Why an answer is empty: names in a query that no run of the repo has, and the near ones that there are.
//
// 1. What is missing is None, so a slip of the pen is no error of the query: it matches nothing. Looked
//    for when that has happened, never before.
// 2. A name that some run has is not named, archived or not.
//
// Spec: spec/query.md, Missing. Test: test/sdk/missing-names.test.ts.

import { type Context, canonicalContext, parseContext } from '../model/context.ts';
import { nearest } from '../model/nearest.ts';
import { pathText } from '../model/path-text.ts';
import type { AskedRepo } from './ask.ts';
import { comparedNames, type NamedMetric } from './compared-names.ts';
import { runStates } from './openings.ts';
import { CONTEXTS_MAX, type MetricKey, type RepoKeys, repoKeys } from './repo-keys.ts';

/** A name in a query that no run has, and what is near. */
export interface MissingName {
  /**
   * A param of the runs, a metric by its name, or a property that `metric` does not have. context: a metric
   * that no run has with this context, though some have it with others. state: a text that is no state.
   */
  readonly kind: 'param' | 'metric' | 'property' | 'context' | 'state';
  /** As `hparams.learning_rat`, `loss`, `metric.lst`, `run.metrics['loss']`, `Failed`. */
  readonly name: string;
  /**
   * What is probably meant; of a param it may be a property of the run, as `run.experiment`, or a metric, as
   * `run.metrics['loss'].last`; of a context the metric with another, as `run.metrics['loss', {'subset': 'val'}]`.
   */
  readonly near: string | undefined;
}

/**
 * Names of the query that no run has. `kind`: what its rows are.
 *
 * @throws RunlogError QUERY_SYNTAX, LIMIT.
 */
export async function missingNames(
  repo: AskedRepo,
  query: string,
  kind: 'run' | 'metric' = 'run',
): Promise<MissingName[]> {
  const [{ parseQuery, fromParams, represent }, { runProperties }, { tables }, names] =
    await Promise.all([
      import('../query/query.ts'),
      import('../query/run-object.ts'),
      import('../query/attribute.ts'),
      import('../query/metric-object.ts'),
    ]);
  const { reads } = await parseQuery(query, kind);
  const compared = await comparedNames(query);
  const metrics = [...reads.metrics, ...compared.metricNames];
  const missing: MissingName[] = [];
  for (const name of new Set(compared.states))
    if (!runStates.includes(name))
      missing.push({ kind: 'state', name, near: nearest(name, runStates) });
  if (kind === 'metric') {
    const known = [...names.sequenceProperties.keys(), ...names.pointMethods.keys()];
    for (const name of reads.sequenceProperties) {
      if (name === 'run' || known.includes(name)) continue;
      const near = nearest(name, known);
      const meant = near === undefined ? undefined : `metric.${near}`;
      missing.push({ kind: 'property', name: `metric.${name}`, near: meant });
    }
  }
  if (reads.params.length + metrics.length === 0) return missing;
  const keys = await repoKeys(repo, '', { archived: true });
  const subscriptOf = (name: string, context: Context): string => {
    const isEmpty = Object.keys(context).length === 0;
    const whole = isEmpty ? '' : `, ${represent(fromParams(context))}`;
    return `run.metrics[${represent(name)}${whole}]`;
  };
  const paths = keys.params.map(({ path }) => path);
  const methods = tables['dict']?.methods;
  for (const whole of reads.params) {
    // `run.hparams.get('lr')`: what it asks for is not known.
    const method = whole.findIndex((key, index) => index > 0 && methods?.has(key));
    const path = method < 0 ? whole : whole.slice(0, method);
    const found = missingParam(path, paths, [...runProperties.keys()]);
    if (found === undefined) continue;
    const metric = meantMetric(path, found, keys);
    const near = metric && `${subscriptOf(metric.name, contextToShow(metric))}.last`;
    missing.push(near === undefined ? found : { ...found, near });
  }
  const there = keys.metrics.map(({ name }) => name);
  for (const name of new Set(metrics))
    if (!there.includes(name)) missing.push({ kind: 'metric', name, near: nearest(name, there) });
  for (const asked of compared.metrics) {
    const near = otherContext(asked, keys.metrics);
    if (near === undefined) continue;
    const name = subscriptOf(asked.name, parseContext(asked.context));
    if (missing.some((each) => each.kind === 'context' && each.name === name)) continue;
    missing.push({ kind: 'context', name, near: subscriptOf(asked.name, near) });
  }
  return missing;
}

/** The one without a context if there is one. */
const contextToShow = ({ contexts }: MetricKey): Context =>
  contexts.find((each) => Object.keys(each).length === 0) ?? contexts[0] ?? {};

/** A metric that is asked for as if it were a param: where no param is called so, or nothing else is near. */
function meantMetric(
  path: Path,
  { name, near }: MissingName,
  { params, metrics }: Pick<RepoKeys, 'params' | 'metrics'>,
): MetricKey | undefined {
  const key = path.find((_, index) => pathText(path.slice(0, index + 1)) === name);
  if (key === undefined || params.some((each) => each.path.at(-1) === key)) return undefined;
  const called = metrics.find((each) => each.name === key);
  if (called !== undefined || near !== undefined) return called;
  const other = nearest(
    key,
    metrics.map((each) => each.name),
  );
  return metrics.find((each) => each.name === other);
}

/** Undefined: some run has it with the context that is asked for, or with so many that nobody knows. */
function otherContext(
  { name, context }: NamedMetric,
  metrics: readonly MetricKey[],
): Context | undefined {
  const contexts = metrics.find((each) => each.name === name)?.contexts ?? [];
  const there = contexts.map(canonicalContext);
  if (there.includes(context) || there.length >= CONTEXTS_MAX) return undefined;
  const near = nearest(context, there) ?? there[0];
  return near === undefined ? undefined : parseContext(near);
}

type Path = readonly string[];

const begins = (path: Path, head: Path): boolean =>
  head.length <= path.length && head.every((key, index) => path[index] === key);

/** Undefined: a run has it, or it is asked of a value that a run has. Pure. */
function missingParam(
  path: Path,
  known: readonly Path[],
  properties: readonly string[],
): MissingName | undefined {
  if (known.some((each) => begins(each, path) || begins(path, each))) return undefined;
  // The first key that leads to nothing; what stands behind it may be a method.
  const depth = path.findIndex(
    (_, index) => !known.some((each) => begins(each, path.slice(0, index + 1))),
  );
  const head = path.slice(0, depth);
  const key = path[depth] as string;
  const beside = known.filter((each) => begins(each, head)).map((each) => each[depth] as string);
  const rest = path.slice(depth + 1);
  const near = nearest(key, depth === 0 ? [...new Set(beside), ...properties] : new Set(beside));
  return {
    kind: 'param',
    name: pathText(path.slice(0, depth + 1)),
    near: near === undefined ? elsewhere(key, known) : shown([...head, near]),
  };

  function shown(found: Path): string {
    if (depth === 0 && !beside.includes(found[0] as string)) return `run.${found[0]}`;
    const whole = [...found, ...rest];
    return pathText(known.some((each) => begins(each, whole)) ? whole : found);
  }
}

/** The same key below another: who forgets `hparams` means what is in it. */
function elsewhere(key: string, known: readonly Path[]): string | undefined {
  const byKey = new Map(known.map((path) => [path.at(-1) as string, path]));
  const near = nearest(key, byKey.keys());
  const path = near === undefined ? undefined : byKey.get(near);
  return path && pathText(path);
}
