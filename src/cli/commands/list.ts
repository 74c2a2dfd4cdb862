// `runlog ls`: the runs of a repo, newest first.
//
// JSON: an array of { hash, name, experiment, state, createdAt, endedAt, tags, archived, writers };
// times are milliseconds since 1970, absent where there is none.

import { type Command, InvalidArgumentError } from 'commander';
import type { RunView } from '../../index.ts';
import { openRepo } from '../open.ts';
import { duration, print, printJson, printTable, state, time } from '../print.ts';

const SHORT_HASH = 8;

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

const row = (view: RunView): string[] => [
  view.hash.slice(0, SHORT_HASH),
  view.experiment,
  state(view.state),
  time(view.createdAt),
  duration((view.endedAt ?? Date.now()) - view.createdAt),
  view.tags.join(','),
  view.name ?? '',
];

export function addList(program: Command): void {
  program
    .command('ls')
    .description('lists the runs, newest first')
    .option('-n, --limit <count>', 'at most so many', natural, 50)
    .option('-a, --archived', 'archived runs too', false)
    .option('--json', 'as JSON', false)
    .action(
      async (options: { limit: number; archived: boolean; json: boolean }, command: Command) => {
        const repo = await openRepo(command);
        const views: RunView[] = [];
        for await (const view of repo.runs({ limit: options.limit, archived: options.archived }))
          views.push(view);
        if (options.json) printJson(views.map(facts));
        else if (views.length === 0)
          print(
            `no runs in ${repo.path} yet; a program records one with: const run = await Run.open()`,
          );
        else
          printTable(
            ['run', 'experiment', 'state', 'created', 'duration', 'tags', 'name'],
            views.map(row),
          );
      },
    );
}
