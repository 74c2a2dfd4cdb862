// `runlog ls`: the runs of a repo, newest first. Exit code 5 when opening one met damage.

import type { Command } from 'commander';
import type { Repo, RunView } from '../../index.ts';
import { endedText } from '../ending.ts';
import { runFacts } from '../facts.ts';
import { tellNext, tellNothing } from '../hints.ts';
import { openRepo, shortHashes } from '../open.ts';
import { count, limitOption, withExamples, withQuestion } from '../options.ts';
import { type Cell, printAside, printJson, printTable, stateStyle, time, took } from '../print.ts';
import { metricsOf, selectRuns } from '../select.ts';
import { tellDamage } from '../trouble.ts';

/** Runs beyond the limit are counted by opening them: not more of them than this. */
const COUNT_MAX = 1000;

interface ListOptions {
  readonly limit: number;
  readonly offset: number;
  readonly order?: string;
  readonly archived: boolean;
  readonly system: boolean;
  readonly json: boolean;
}

const facts = (view: RunView, options: ListOptions): object => ({
  ...runFacts(view),
  metricCount: metricsOf(view, options).length,
});

const row = (view: RunView, short: (hash: string) => string, options: ListOptions): Cell[] => [
  { text: short(view.hash), style: 'cyan' },
  view.experiment,
  { text: view.state, style: stateStyle(view.state) },
  time(view.createdAt),
  took(view),
  String(metricsOf(view, options).length),
  view.archived ? [...view.tags, '(archived)'].join(',') : view.tags.join(','),
  view.name ?? '',
  // The last: a long message of one run takes no room from the others.
  endedText(view),
];

/** The runs to list, and how many there are, as text. */
async function find(
  repo: Repo,
  words: readonly string[],
  options: ListOptions,
): Promise<[RunView[], string]> {
  const { limit, offset } = options;
  const views: RunView[] = [];
  let found = 0;
  for await (const view of selectRuns(repo, words, options)) {
    found += 1;
    if (found > offset && found <= offset + limit) views.push(view);
    else if (found > offset + limit + COUNT_MAX) return [views, `more than ${found - 1}`];
  }
  return [views, String(found)];
}

/** An order that has nothing to go by looks like one that has: it is said. */
async function tellOrder(repo: Repo, { order = 'newest', archived }: ListOptions): Promise<void> {
  if (['newest', 'oldest'].includes(order)) return;
  for await (const _ of repo.runs(`(${order}\n) is not None`, { limit: 1, archived })) return;
  const isOfMetrics = order.includes('run.metrics[');
  const how =
    "; run.metrics['loss'] is the one without a context, run.metrics['loss', {'subset': 'val'}] one with";
  printAside(`--order: no run has a value of ${order}${isOfMetrics ? how : ''}`);
}

async function list(words: string[], options: ListOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const [views, found] = await find(repo, words, options);
  const short = shortHashes(repo.hashes());
  if (options.json) printJson(views.map((view) => facts(view, options)));
  else if (views.length === 0) tellNothing(repo, 'run', words);
  else
    printTable(
      [
        'run',
        'experiment',
        'state',
        'created',
        { right: 'duration' },
        { right: 'metrics' },
        'tags',
        'name',
        'ended',
      ],
      views.map((view) => row(view, short, options)),
    );
  if (views.length > 0 && !options.json) await tellOrder(repo, options);
  for (const view of views) tellDamage(view);
  if (views.length > 0 && found !== String(views.length))
    printAside(`${views.length} of ${found} runs; --limit for more`);
  if (!options.json && views.length > 0) tellNext(repo, 'runlog show -1', 'runlog plot -1');
}

export function addList(program: Command): void {
  withExamples(
    withQuestion(
      program
        .command('ls')
        .description('lists runs, newest first')
        .argument('[what...]', 'runs, or one query; all runs if left out')
        .addOption(limitOption(50))
        .option('--offset <count>', 'leaves out so many first', count, 0),
    ).action(list),
    ['runlog ls', 'the 50 newest'],
    ['runlog ls -1 -2 baseline', 'these three'],
    ["runlog ls --json | jq -r '.[].hash'", 'hashes for another program'],
  );
}
