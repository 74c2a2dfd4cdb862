// `runlog show`: one run, its params, metrics and openings. Exit code 5 when reading it met damage.

import type { Command } from 'commander';
import type { RunView } from '../../index.ts';
import { endingText, errorText, showError } from '../ending.ts';
import { isSystemPath, leavesOf, metricFacts, pathText, runFacts, textOf } from '../facts.ts';
import { shellWord, tellNext } from '../hints.ts';
import { findRun, openRepo } from '../open.ts';
import { jsonOption, systemOption, withExamples } from '../options.ts';
import {
  type Cell,
  duration,
  escaped,
  print,
  printJson,
  printTable,
  stateStyle,
  styled,
  time,
  took,
} from '../print.ts';
import { metricsOf } from '../select.ts';
import { tellDamage } from '../trouble.ts';
import { metricCells, metricColumns } from './metrics.ts';

const facts = (view: RunView): object => ({
  ...runFacts(view),
  description: view.description,
  notes: view.notes,
  params: view.get(),
  metrics: view.metrics().map(metricFacts),
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
      ['param', 'value'],
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
  const columns = ['writer', 'opened', 'last seen', { right: 'duration' }, 'ended'];
  printTable([...columns, 'host, process', 'error'], rows);
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
    showOpenings(view);
    showError(view);
  }
  tellDamage(view);
  const [metric] = metricsOf(view);
  if (!options.json)
    tellNext(
      repo,
      ...(metric === undefined
        ? []
        : [`runlog values -1 ${shellWord(metric.name)}`, 'runlog plot -1']),
      "runlog note -1 'what was new'",
    );
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
