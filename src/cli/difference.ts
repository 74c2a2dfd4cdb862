// What differs between runs: params, packages, git, environment, and what their metrics came to.
//
// 1. Pure. A thing that a run does not have is undefined, which differs from everything.
//
// Test: test/cli/compare.test.ts.

import { type Metric, pathText, type RunView } from '../index.ts';
import { contextText, isSystemPath, leavesOf } from './facts.ts';
import { jsonText } from './json.ts';
import { metricsOf, type WantedMetrics } from './select.ts';

/** One thing that the runs do not agree about: a value for each run, in their order. */
export interface Difference {
  readonly path: readonly string[];
  readonly values: readonly unknown[];
}

export interface Section {
  readonly name: 'run' | 'params' | 'packages' | 'git' | 'environment';
  readonly different: readonly Difference[];
  /** What they agree about. */
  readonly same: readonly Difference[];
}

export interface MetricDifference {
  readonly name: string;
  readonly context: Metric['context'];
  /** Undefined: the run has no such metric. */
  readonly metrics: readonly (Metric | undefined)[];
}

type Facts = ReadonlyMap<string, Difference>;

const sectionOf = (path: readonly string[]): [Section['name'], readonly string[]] => {
  if (!isSystemPath(path)) return ['params', path];
  const [, part, ...rest] = path;
  if (part === 'packages' || part === 'git_info')
    return [part === 'packages' ? 'packages' : 'git', rest];
  return ['environment', path.slice(1)];
};

const ofRun = (view: RunView): Record<string, unknown> => ({
  experiment: view.experiment,
  name: view.name,
  state: view.state,
  tags: [...view.tags],
  host: [...new Set(view.openings.map(({ host }) => host))].join(', '),
  node: [...new Set(view.openings.map(({ nodeVersion }) => nodeVersion))].join(', '),
});

/** Every fact of a run by its section. */
function factsOf(view: RunView): Map<Section['name'], [readonly string[], unknown][]> {
  const found = new Map<Section['name'], [readonly string[], unknown][]>([
    ['run', Object.entries(ofRun(view)).map(([key, value]) => [[key], value])],
  ]);
  for (const { path, value } of leavesOf(view.get())) {
    const [name, rest] = sectionOf(path);
    const facts = found.get(name) ?? [];
    facts.push([rest, value]);
    found.set(name, facts);
  }
  return found;
}

const names = ['run', 'params', 'packages', 'git', 'environment'] as const;

export function sectionsOf(views: readonly RunView[]): Section[] {
  const all = views.map(factsOf);
  return names.map((name) => {
    const merged = merge(all.map((facts) => facts.get(name) ?? []));
    const isSame = ({ values }: Difference): boolean =>
      values.every((value) => areEqual(value, values[0]));
    const sorted = [...merged.values()].sort((a, b) =>
      pathText(a.path) < pathText(b.path) ? -1 : 1,
    );
    const inOrder = name === 'run' ? [...merged.values()] : sorted;
    return {
      name,
      different: inOrder.filter((each) => !isSame(each)),
      same: inOrder.filter(isSame),
    };
  });
}

function merge(runs: readonly (readonly [readonly string[], unknown])[][]): Facts {
  const merged = new Map<string, Difference & { values: unknown[] }>();
  for (const [index, facts] of runs.entries()) {
    for (const [path, value] of facts) {
      const key = JSON.stringify(path);
      const each = merged.get(key) ?? { path, values: runs.map(() => undefined as unknown) };
      each.values[index] = value;
      merged.set(key, each);
    }
  }
  return merged;
}

const areEqual = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (typeof a === typeof b && (jsonText(a) ?? '') === (jsonText(b) ?? ''));

/** Metrics of any of the runs, by name and context. */
export function metricDifferences(
  views: readonly RunView[],
  wanted: WantedMetrics,
): MetricDifference[] {
  const merged = new Map<string, MetricDifference & { metrics: (Metric | undefined)[] }>();
  for (const [index, view] of views.entries()) {
    for (const metric of metricsOf(view, wanted)) {
      const { name, context } = metric;
      const key = jsonText([name, context]);
      const each = merged.get(key) ?? { name, context, metrics: views.map(() => undefined) };
      each.metrics[index] = metric;
      merged.set(key, each);
    }
  }
  const keyOf = ({ name, context }: MetricDifference): string => `${name} ${contextText(context)}`;
  return [...merged.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
