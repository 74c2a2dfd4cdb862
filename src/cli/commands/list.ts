// `runlog ls`: the runs of a repo, newest first. Exit code 5 when opening one met damage.
//
// JSON: an array of { hash, name, experiment, state, createdAt, endedAt, tags, archived, writers };
// times are milliseconds since 1970, absent where there is none.

import { type Command, InvalidArgumentError } from 'commander';
import type { Repo, RunView } from '../../index.ts';
import { openRepo } from '../open.ts';
import {
  type Cell,
  escaped,
  print,
  printAside,
  printJson,
  printTable,
  stateStyle,
  time,
  took,
} from '../print.ts';
import { tellDamage, tellUnreadable } from '../trouble.ts';

const SHORT_HASH = 8;

/** Runs beyond the limit are counted by opening them: not more of them than this. */
const COUNT_MAX = 1000;

function natural(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('expected a number from 1 on');
  return value;
}

const facts = (view: RunView): object => ({
  hash: view.hash,
  name: view.name,
  experiment: view.experiment,
  state: view.state,
  createdAt: view.createdAt,
  endedAt: view.endedAt,
  tags: view.tags,
  archived: view.archived,
  writers: view.writers,
});

const row = (view: RunView): Cell[] => [
  view.hash.slice(0, SHORT_HASH),
  view.experiment,
  { text: view.state, style: stateStyle(view.state) },
  time(view.createdAt),
  took(view),
  view.tags.join(','),
  view.name ?? '',
];

interface ListOptions {
  readonly limit: number;
  readonly archived: boolean;
  readonly json: boolean;
}

/** The runs to list, and how many there are, as text. */
async function find(repo: Repo, { limit, archived }: ListOptions): Promise<[RunView[], string]> {
  const views: RunView[] = [];
  let count = 0;
  for await (const view of repo.runs({ archived, onUnreadable: tellUnreadable })) {
    count += 1;
    if (count <= limit) views.push(view);
    else if (count > limit + COUNT_MAX) return [views, `more than ${limit + COUNT_MAX}`];
  }
  return [views, String(count)];
}

export function addList(program: Command): void {
  program
    .command('ls')
    .description('lists the runs, newest first')
    .option('-n, --limit <count>', 'at most so many', natural, 50)
    .option('-a, --archived', 'archived runs too', false)
    .option('--json', 'as JSON', false)
    .action(async (options: ListOptions, command: Command) => {
      const repo = await openRepo(command);
      const [views, count] = await find(repo, options);
      if (options.json) printJson(views.map(facts));
      else if (views.length === 0)
        print(
          escaped(
            `no runs in ${repo.path} yet; a program records one with: const run = await Run.open()`,
          ),
        );
      else
        printTable(
          ['run', 'experiment', 'state', 'created', { right: 'duration' }, 'tags', 'name'],
          views.map(row),
        );
      for (const view of views) tellDamage(view);
      if (count !== String(views.length))
        printAside(`${views.length} of ${count} runs; --limit for more`);
    });
}
