// Conditions of run and metric by chance, over runs with params a (0 to 2) and b, tags, and metrics x and y.

import type { Seeded } from '../support/random.ts';

/** Conditions of run and metric by chance, some of which fail. */
export function condition(by: Seeded, depth: number): string {
  const leaves = [
    `run.a == ${by.integer(3)}`,
    'run.b',
    'run.none + 1 > 0',
    `run.a / ${by.integer(2)} > 0`,
    `metric.name == '${by.pick(['x', 'y'])}'`,
    `metric.last > ${by.integer(3)}`,
    `metric.last > run.a`,
    'metric.none + 1 > 0',
    `any(run.a == i for i in [${by.integer(3)}])`,
    `any(metric.last == i for i in [${by.integer(3)}, run.a])`,
    'run.archived',
    "'best' in run.tags",
    'True',
    'None',
    '1 / 0',
    `(lambda x: x.last == ${by.integer(3)})(metric)`,
    "f'{run.a}{metric.name}' == '1x'",
    "'x' in run.metrics",
    `run.metrics['x'].last == ${by.integer(3)}`,
    `[metric for metric in [run]][0].a == ${by.integer(3)}`,
  ];
  if (depth === 0) return by.pick(leaves);
  const inner = (): string => condition(by, depth - 1 - by.integer(2) < 0 ? 0 : depth - 1);
  return by.pick([
    () => `(${inner()} and ${inner()})`,
    () => `(${inner()} or ${inner()})`,
    () => `(${inner()} and ${inner()} or not ${inner()})`,
    () => `(not ${inner()})`,
    () => `(${inner()} if ${inner()} else ${inner()})`,
    () => `(${inner()} == ${inner()})`,
    () => by.pick(leaves),
  ])();
}
