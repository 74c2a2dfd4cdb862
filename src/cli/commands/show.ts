// `runlog show`: one run, its params, metrics, objects, artifacts and openings. Exit code 5 when reading it met damage.

import type { Command } from 'commander';
import { pathText, RunlogError, type RunView } from '../../index.ts';
import { artifactCells, artifactColumns } from '../artifact-table.ts';
import { endingText, errorText, showError } from '../ending.ts';
import {
  artifactFacts,
  contextText,
  isSystemPath,
  leavesOf,
  metricFacts,
  runFacts,
  textOf,
} from '../facts.ts';
import { shellWord, tellNext } from '../hints.ts';
import { findRun, openRepo } from '../open.ts';
import { jsonOption, systemOption, withExamples } from '../options.ts';
import { duration, escaped, print, printJson, stateStyle, styled, time, took } from '../print.ts';
import { metricsOf } from '../select.ts';
import { type Cell, printTable } from '../table.ts';
import { tellDamage, tellUnreadable } from '../trouble.ts';
import { metricCells, metricColumns } from './metrics.ts';

/** What can be read of the run; damage does not end the command, and is said. */
function readable<Each>(view: RunView, what: string, read: () => Each[]): Each[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RunlogError)) throw error;
    tellUnreadable(`${what} of ${view.hash}`, error);
    return [];
  }
}

const objectFacts = (view: RunView) =>
  readable(view, 'objects', () =>
    view.objects().map(({ kind, name, context, count, firstStep, lastStep, writers }) => ({
      kind,
      name,
      context,
      count,
      firstStep,
      lastStep,
      writers,
    })),
  );

const artifactsOf = (view: RunView) =>
  readable(view, 'artifacts', () => view.artifacts().map(artifactFacts));

const facts = (view: RunView): object => ({
  ...runFacts(view),
  description: view.description,
  notes: view.notes,
  params: view.get(),
  metrics: view.metrics().map(metricFacts),
  objects: objectFacts(view),
  artifacts: artifactsOf(view),
  activeTime: view.activeTime,
  openings: view.openings,
  // The last: it is complete when the metrics have been read.
  damaged: view.damage,
});

function showFacts(view: RunView): void {
  print(`${styled('bold', view.hash)}  ${escaped(view.name ?? '')}`.trimEnd());
  const taken = took(view);
  const parts = [
    `experiment ${escaped(view.experiment)}`,
    styled(stateStyle(view.state), view.state),
    `created ${time(view.createdAt)}`,
    ...(taken === '' ? [] : [`took ${taken}`]),
    ...(view.archived ? ['archived'] : []),
  ];
  print(parts.join(', '));
  if (view.description !== undefined) print(escaped(view.description));
  if (view.tags.length > 0) print(escaped(`tags: ${view.tags.join(', ')}`));
  for (const note of view.notes) print(escaped(`note of ${time(note.time)}: ${note.text}`));
}

function showParams(view: RunView, { system }: ShowOptions): void {
  const leaves = leavesOf(view.get());
  const shown = leaves.filter(({ path }) => system || !isSystemPath(path));
  if (shown.length > 0) {
    print('');
    printTable(
      ['param', { left: 'value', isTail: true }],
      shown.map(({ path, value }) => [pathText(path), textOf(value)]),
    );
  }
  if (shown.length < leaves.length)
    print(styled('dim', `environment captured (${leaves.length - shown.length} values): --system`));
}

function showMetrics(view: RunView, options: ShowOptions): void {
  const all = view.metrics();
  const shown = metricsOf(view, options);
  if (shown.length > 0) {
    print('');
    printTable(metricColumns, shown.map(metricCells));
  }
  if (shown.length < all.length)
    print(styled('dim', `metrics of the machine (${all.length - shown.length}): --system`));
}

function showObjects(view: RunView): void {
  const rows = objectFacts(view).map((each): Cell[] => [
    each.name,
    each.kind,
    contextText(each.context),
    String(each.count),
    `${each.firstStep ?? ''}..${each.lastStep ?? ''}`,
  ]);
  if (rows.length === 0) return;
  print('');
  const [context, points, steps] = [
    { left: 'context', spare: 3 },
    { right: 'points', spare: 2 },
    { right: 'steps', spare: 1 },
  ];
  printTable(['objects', { whole: 'kind' }, context, points, steps], rows);
}

function showArtifacts(view: RunView): void {
  const rows = readable(view, 'artifacts', () => view.artifacts().map(artifactCells));
  if (rows.length === 0) return;
  print('');
  printTable(artifactColumns, rows);
}

function showOpenings(view: RunView): void {
  print('');
  const rows = view.openings.map((each): Cell[] => [
    each.writer,
    time(each.openedAt),
    each.lastSeenAt === undefined ? '' : time(each.lastSeenAt),
    each.duration === undefined ? '' : duration(each.duration),
    endingText(each),
    `${each.host} ${each.pid}${each.thread === 0 ? '' : `.${each.thread}`}`,
    each.error === undefined ? '' : errorText(each.error),
  ]);
  printTable(
    [
      'writer',
      { whole: 'opened' },
      { whole: 'last seen', spare: 1 },
      { right: 'duration', spare: 2 },
      { whole: 'ended' },
      { left: 'host, process', spare: 3 },
      { left: 'error', isTail: true },
    ],
    rows,
  );
}

interface ShowOptions {
  readonly system: boolean;
  readonly json: boolean;
}

async function show(text: string, options: ShowOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const view = await findRun(repo, text);
  if (options.json) printJson(facts(view));
  else {
    showFacts(view);
    showParams(view, options);
    showMetrics(view, options);
    showObjects(view);
    showArtifacts(view);
    showOpenings(view);
    showError(view);
  }
  tellDamage(view);
  if (!options.json) tellNext(repo, ...nextOf(view), "runlog note -1 'what was new'");
}

/** What cannot be read was said above. */
function quietly<Each>(read: () => Each[]): Each[] {
  try {
    return read();
  } catch {
    return [];
  }
}

/** What of it can be looked at more closely. */
function nextOf(view: RunView): string[] {
  const [metric] = metricsOf(view);
  const [objects] = quietly(() => view.objects());
  return [
    ...(metric === undefined
      ? []
      : [`runlog values -1 ${shellWord(metric.name)}`, 'runlog plot -1']),
    ...(objects === undefined ? [] : [`runlog values -1 ${shellWord(objects.name)}`]),
    ...(quietly(() => view.artifacts()).length === 0 ? [] : ['runlog artifacts -1']),
  ];
}

export function addShow(program: Command): void {
  withExamples(
    program
      .command('show')
      .description('shows one run')
      .argument(
        '<run>',
        'hash, a prefix of it that no other has (4 characters or more), or -1 for the newest, -2 for the one before it',
      )
      .addOption(systemOption())
      .addOption(jsonOption())
      .action(show),
    ['runlog show -1', 'the newest run'],
    ['runlog show 3fa9 --system', 'its environment and the metrics of the machine too'],
  );
}
