// What JSON says of a run and of a metric, and how a person reads params and contexts. Absent: there
// is none. Times are milliseconds since 1970.
//
// Spec: spec/command.md. Test: test/cli/command-page.test.ts.

import type { Artifact, Context, Metric, RunView } from '../index.ts';
import { jsonText } from './json.ts';
import { number } from './print.ts';

export const runFacts = (view: RunView): object => ({
  hash: view.hash,
  name: view.name,
  experiment: view.experiment,
  state: view.state,
  createdAt: view.createdAt,
  endedAt: view.endedAt,
  duration: view.duration,
  tags: view.tags,
  archived: view.archived,
  writers: view.writers,
});

/** What `ls` and `export` say of a run: with the number of its metrics, those of the machine left out. */
export const listedFacts = (
  view: RunView,
  { system = false }: { readonly system?: boolean },
): object => ({
  ...runFacts(view),
  metricCount: view.metrics().filter(({ name }) => system || !isSystemMetric(name)).length,
});

export const metricFacts = (metric: Metric): object => ({
  name: metric.name,
  context: metric.context,
  count: metric.count,
  first: metric.first,
  last: metric.last,
  min: metric.min,
  max: metric.max,
  firstStep: metric.firstStep,
  lastStep: metric.lastStep,
  writers: metric.writers,
});

/** One version of an artifact, without its files. @throws RunlogError CORRUPT. */
export const artifactFacts = (artifact: Artifact) => ({
  name: artifact.name,
  version: artifact.version,
  kind: artifact.kind,
  files: artifact.files.length,
  size: artifact.size,
  sha256: artifact.sha256,
  time: artifact.time,
  writer: artifact.writer,
  metadata: artifact.metadata,
});

/** A value of a param as a person reads it. */
export function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'object' ? jsonText(value) : String(value);
}

export const isNone = (value: unknown): boolean => value === undefined || value === null;

/** What an expression came to, as a person reads it: a float to six digits. */
export const valueText = (value: unknown): string =>
  isNone(value)
    ? 'None'
    : typeof value === 'number' && Number.isFinite(value)
      ? number(value)
      : textOf(value);

export const contextText = (context: Context): string =>
  Object.entries(context)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(' ');

/** A leaf of params: the keys that lead to it. */
export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** The leaves of params, in their order; an empty object is one. Pure. */
export function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  const members = isPlain(value) ? Object.entries(value) : [];
  if (members.length === 0) return path.length === 0 ? [] : [{ path, value }];
  return members.flatMap(([key, each]) => leavesOf(each, [...path, key]));
}

/** What the machine is called; its metrics too. */
const SYSTEM = '__system';

export const isSystemMetric = (name: string): boolean => name.startsWith(`${SYSTEM}__`);
/** `__system_params`: the environment that a run captured. */
export const isSystemPath = (path: readonly string[]): boolean =>
  path[0]?.startsWith(`${SYSTEM}_`) ?? false;
