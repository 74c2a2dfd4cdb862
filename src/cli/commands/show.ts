// `runlog show`: one run, its params, metrics and openings.
//
// JSON: { hash, name, description, experiment, state, createdAt, endedAt, tags, archived, notes, params,
// metrics: [{ name, context, count, first, last, min, max, firstStep, lastStep, writers }], openings }.

import type { Command } from 'commander';
import type { Metric, RunView } from '../../index.ts';
import { findRun, openRepo } from '../open.ts';
import { duration, number, print, printJson, printTable, state, styled, time } from '../print.ts';

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
});

const contextText = (metric: Metric): string =>
  Object.entries(metric.context)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

function flatten(value: unknown, path: string): [string, string][] {
  const isTree =
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (!isTree)
    return [[path, typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))]];
  return Object.entries(value as object).flatMap(([key, each]) =>
    flatten(each, path === '' ? key : `${path}.${key}`),
  );
}

function show(view: RunView): void {
  print(`${styled('bold', view.hash)}  ${view.name ?? ''}`.trimEnd());
  print(
    `experiment ${view.experiment}, ${state(view.state)}, created ${time(view.createdAt)}, took ${duration((view.endedAt ?? Date.now()) - view.createdAt)}`,
  );
  if (view.description !== undefined) print(view.description);
  if (view.tags.length > 0) print(`tags: ${view.tags.join(', ')}`);
  for (const note of view.notes) print(`note of ${time(note.time)}: ${note.text}`);
  const params = flatten(view.get(), '').filter(([key]) => key !== '');
  if (params.length > 0) {
    print('');
    printTable(['param', 'value'], params);
  }
  const metrics = view.metrics();
  if (metrics.length > 0) {
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
    printTable(['metric', 'context', 'points', 'last', 'min', 'max', 'steps'], rows);
  }
  print('');
  const openings = view.openings.map((each) => [
    each.writer,
    time(each.openedAt),
    each.closedAt === undefined ? '' : time(each.closedAt),
    each.outcome ?? '',
    `${each.host} ${each.pid}`,
    each.error?.message ?? '',
  ]);
  printTable(['writer', 'opened', 'closed', 'outcome', 'host, process', 'error'], openings);
}

export function addShow(program: Command): void {
  program
    .command('show')
    .description('shows one run')
    .argument('<run>', 'hash, unique prefix, or -1 for the newest')
    .option('--json', 'as JSON', false)
    // `-1` is a run, not an option.
    .allowUnknownOption()
    .action(async (text: string, options: { json: boolean }, command: Command) => {
      const view = await findRun(await openRepo(command), text);
      if (options.json) printJson(facts(view));
      else show(view);
    });
}
