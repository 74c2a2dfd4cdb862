// `runlog ls`: the runs of a repo, newest first. Exit code 5 when opening one met damage.

import type { Command } from 'commander';
import type { Repo, RunView } from '../../index.ts';
import { endedText } from '../ending.ts';
import { isNone, listedFacts, valueText } from '../facts.ts';
import { LOOKED_AT_MS, tellNext, tellNothing, tellNoValue } from '../hints.ts';
import { openRepo, shortHashes } from '../open.ts';
import { count, limitOption, withExamples, withQuestion } from '../options.ts';
import { counted, printAside, printJson, stateStyle, time, took } from '../print.ts';
import { isExpression, metricsOf, questionOf, selectRuns } from '../select.ts';
import { type Cell, printTable } from '../table.ts';
import { HEAD_MAX, shortened } from '../text-width.ts';
import { tellDamage } from '../trouble.ts';
import { queryIn } from '../words.ts';

interface ListOptions {
  readonly limit: number;
  readonly offset: number;
  readonly order?: string;
  readonly archived: boolean;
  readonly system: boolean;
  readonly json: boolean;
}

const row = (view: RunView, short: (hash: string) => string, options: ListOptions): Cell[] => [
  { text: short(view.hash), style: 'cyan' },
  view.experiment,
  { text: view.state, style: stateStyle(view.state) },
  time(view.createdAt),
  took(view),
  String(metricsOf(view, options).length),
  view.tags.join(','),
  view.archived ? 'yes' : '',
  view.name ?? '',
  // The last: a long message of one run takes no room from the others.
  endedText(view),
];

/** The runs to list, and how many there are. */
async function find(
  repo: Repo,
  words: readonly string[],
  options: ListOptions,
): Promise<[RunView[], number]> {
  const { limit, offset } = options;
  const views: RunView[] = [];
  if (queryIn(words) === undefined && !isExpression(options.order)) {
    for await (const view of selectRuns(repo, words, options)) views.push(view);
    return [views.slice(offset, offset + limit), views.length];
  }
  const [query, asked] = await questionOf(repo, words, options);
  for await (const view of repo.runs(query, { ...asked, offset, limit })) views.push(view);
  if (views.length < limit && (views.length > 0 || offset === 0))
    return [views, offset + views.length];
  // Those that are not shown are counted without opening them.
  const [, quiet] = await questionOf(repo, words, { ...options, isQuiet: true });
  const all = await repo.evaluateRuns([], query, { ...quiet, maxAgeMs: LOOKED_AT_MS });
  return [views, all.length];
}

/** What the order says of each run, by hash; undefined where it is that of time. */
async function orderValues(
  repo: Repo,
  words: readonly string[],
  options: ListOptions,
): Promise<ReadonlyMap<string, unknown> | undefined> {
  const { order, offset, limit } = options;
  if (!isExpression(order)) return undefined;
  const [query, asked] = await questionOf(repo, words, { ...options, isQuiet: true });
  const shown = { ...asked, limit: offset + limit, maxAgeMs: LOOKED_AT_MS };
  const rows = await repo.evaluateRuns(order, query, shown);
  return new Map(rows.map(({ run, values }) => [run, values[0]]));
}

async function list(words: string[], options: ListOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const [views, found] = await find(repo, words, options);
  const values = await orderValues(repo, words, options);
  const short = shortHashes(repo.hashes());
  if (options.json)
    printJson(
      views.map((view) => ({ ...listedFacts(view, options), order: values?.get(view.hash) })),
    );
  else if (views.length === 0 && found > 0)
    printAside(`--offset: none is left behind so many; there are ${counted(found, 'run')}`);
  else if (views.length === 0) await tellNothing(repo, 'run', words, options);
  else
    printTable(
      [
        { whole: 'run' },
        ...(values === undefined ? [] : [{ right: shortened(options.order ?? '', HEAD_MAX) }]),
        { left: 'experiment', spare: 5 },
        { whole: 'state' },
        { whole: 'created', spare: 3 },
        { right: 'duration', spare: 2 },
        { right: 'metrics', spare: 1 },
        { left: 'tags', spare: 4 },
        { whole: 'archived' },
        'name',
        { left: 'ended', isTail: true },
      ],
      views.map((view): Cell[] => {
        const [hash = '', ...others] = row(view, short, options);
        if (values === undefined) return [hash, ...others];
        return [hash, valueText(values.get(view.hash)), ...others];
      }),
    );
  const isUnordered = values !== undefined && [...values.values()].every(isNone);
  if (views.length > 0 && !options.json && isUnordered)
    await tellNoValue(repo, '--order', options.order ?? '', 'run');
  for (const view of views) tellDamage(view);
  const isLast = options.offset + views.length === found;
  if (views.length > 0 && found !== views.length)
    printAside(
      `${views.length} of ${counted(found, 'run')}${isLast ? '' : '; --limit for more, --offset for the next'}`,
    );
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
