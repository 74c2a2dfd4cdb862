// Why an answer is empty: names in a query that no run of the repo has, and the near ones that there are.
//
// 1. What is missing is None, so a slip of the pen is no error of the query: it matches nothing. Looked
//    for when that has happened, never before.
// 2. A name that some run has is not named, archived or not.
//
// Spec: spec/query.md, Missing. Test: test/sdk/missing-names.test.ts.

import { nearest } from '../model/nearest.ts';
import { pathText } from '../model/path-text.ts';
import { withoutSelect } from '../query/lexical.ts';
import type { Expression } from '../query/syntax.ts';
import type { AskedRepo } from './ask.ts';
import { repoKeys } from './repo-keys.ts';

/** A name in a query that no run has, and what is near. */
export interface MissingName {
  /** A param of the runs, a metric by its name, or a property that `metric` does not have. */
  readonly kind: 'param' | 'metric' | 'property';
  /** As `hparams.learning_rat`, `loss`, `metric.lst`. */
  readonly name: string;
  /** What is probably meant; of a param it may be a property of the run, as `run.experiment`. */
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
  const [{ parseQuery }, { runProperties }, { tables }, names] = await Promise.all([
    import('../query/query.ts'),
    import('../query/run-object.ts'),
    import('../query/attribute.ts'),
    import('../query/metric-object.ts'),
  ]);
  const { reads } = await parseQuery(query, kind);
  const metrics = [...reads.metrics, ...(await comparedNames(query))];
  const missing: MissingName[] = [];
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
  const paths = keys.params.map(({ path }) => path);
  const methods = tables['dict']?.methods;
  for (const whole of reads.params) {
    // `run.hparams.get('lr')`: what it asks for is not known.
    const method = whole.findIndex((key, index) => index > 0 && methods?.has(key));
    const path = method < 0 ? whole : whole.slice(0, method);
    const found = missingParam(path, paths, [...runProperties.keys()]);
    if (found !== undefined) missing.push(found);
  }
  const there = keys.metrics.map(({ name }) => name);
  for (const name of new Set(metrics))
    if (!there.includes(name)) missing.push({ kind: 'metric', name, near: nearest(name, there) });
  return missing;
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

/** Names that `metric.name` is compared with: `metric.name == 'loss'`, `in ('loss', 'accuracy')`. */
async function comparedNames(query: string): Promise<string[]> {
  const [{ parseExpression }, { childrenOf }] = await Promise.all([
    import('../query/parse.ts'),
    import('../query/syntax.ts'),
  ]);
  const found: string[] = [];
  const isName = (each: Expression): boolean =>
    each.kind === 'attribute' &&
    each.name === 'name' &&
    each.object.kind === 'name' &&
    each.object.name === 'metric';
  const textsOf = (each: Expression): string[] => {
    const items = each.kind === 'display' ? each.items : [each];
    return items.flatMap((item) =>
      item.kind === 'constant' && typeof item.value === 'string' ? [item.value] : [],
    );
  };
  const walk = (each: Expression): void => {
    if (each.kind === 'compare') {
      const [[operator, second] = [], ...more] = each.rest;
      const isAsked = operator === '==' || operator === 'in';
      if (isAsked && second !== undefined && more.length === 0) {
        if (isName(each.first)) found.push(...textsOf(second));
        else if (operator === '==' && isName(second)) found.push(...textsOf(each.first));
      }
    }
    for (const child of childrenOf(each)) walk(child);
  };
  const expression = await parseExpression(withoutSelect(query));
  if (expression !== undefined) walk(expression);
  return found;
}
