// `runlog show`: one run, its params, metrics and openings. Exit code 5 when reading it met damage.
//
// JSON: { hash, name, description, experiment, state, createdAt, endedAt, tags, archived, notes, params,
// metrics: [{ name, context, count, first, last, min, max, firstStep, lastStep, writers }], openings,
// damaged: [{ file, offset, size, reason }] }; `damaged` is what reading came upon.

import type { Command } from 'commander';
import type { Metric, RunView } from '../../index.ts';
import { jsonText } from '../json.ts';
import { findRun, openRepo } from '../open.ts';
import {
  type Cell,
  escaped,
  number,
  print,
  printJson,
  printTable,
  stateStyle,
  styled,
  time,
  took,
} from '../print.ts';
import { tellDamage } from '../trouble.ts';

const metricFacts = (metric: Metric): object => ({
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

const facts = (view: RunView): object => ({
  hash: view.hash,
  name: view.name,
  description: view.description,
  experiment: view.experiment,
  state: view.state,
  createdAt: view.createdAt,
  endedAt: view.endedAt,
  tags: view.tags,
  archived: view.archived,
  notes: view.notes,
  params: view.get(),
  metrics: view.metrics().map(metricFacts),
  openings: view.openings,
  // The last: it is complete when the metrics have been read.
  damaged: view.damage,
});

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'object' ? jsonText(value) : String(value);
}

const contextText = (metric: Metric): string =>
  Object.entries(metric.context)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(' ');

function flatten(value: unknown, path: string): [string, string][] {
  const members =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
      ? Object.entries(value)
      : [];
  if (members.length === 0) return [[path, textOf(value)]];
  return members.flatMap(([key, each]) => flatten(each, path === '' ? key : `${path}.${key}`));
}

function showFacts(view: RunView): void {
  print(`${styled('bold', view.hash)}  ${escaped(view.name ?? '')}`.trimEnd());
  const duration = took(view);
  const parts = [
    `experiment ${escaped(view.experiment)}`,
    styled(stateStyle(view.state), view.state),
    `created ${time(view.createdAt)}`,
    ...(duration === '' ? [] : [`took ${duration}`]),
  ];
  print(parts.join(', '));
  if (view.description !== undefined) print(escaped(view.description));
  if (view.tags.length > 0) print(escaped(`tags: ${view.tags.join(', ')}`));
  for (const note of view.notes) print(escaped(`note of ${time(note.time)}: ${note.text}`));
}

function showParams(view: RunView): void {
  const params = flatten(view.get(), '').filter(([key]) => key !== '');
  if (params.length === 0) return;
  print('');
  printTable(['param', 'value'], params);
}

function showMetrics(view: RunView): void {
  const metrics = view.metrics();
  if (metrics.length === 0) return;
  print('');
  const rows = metrics.map((each) => [
    each.name,
    contextText(each),
    String(each.count),
    number(each.last),
    number(each.min),
    number(each.max),
    `${each.firstStep ?? ''}..${each.lastStep ?? ''}`,
  ]);
  const numbers = ['points', 'last', 'min', 'max', 'steps'].map((right) => ({ right }));
  printTable(['metric', 'context', ...numbers], rows);
}

function showOpenings(view: RunView): void {
  print('');
  const rows = view.openings.map((each): Cell[] => [
    each.writer,
    time(each.openedAt),
    each.closedAt === undefined ? '' : time(each.closedAt),
    each.outcome ?? '',
    `${each.host} ${each.pid}`,
    each.error?.message ?? '',
  ]);
  printTable(['writer', 'opened', 'closed', 'outcome', 'host, process', 'error'], rows);
}

export function addShow(program: Command): void {
  program
    .command('show')
    .description('shows one run')
    .argument(
      '<run>',
      'hash, a prefix of it that no other has (4 characters or more), or -1 for the newest, -2 for the one before it',
    )
    .option('--json', 'as JSON', false)
    .action(async (text: string, options: { json: boolean }, command: Command) => {
      const view = await findRun(await openRepo(command), text);
      if (options.json) printJson(facts(view));
      else for (const part of [showFacts, showParams, showMetrics, showOpenings]) part(view);
      tellDamage(view);
    });
}
