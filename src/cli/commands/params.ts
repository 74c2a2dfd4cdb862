// `runlog params`: which params runs have, of which types, and some values of each: what can be asked
// for. Params of the environment (`__system_params`) stand apart: --system.

import type { Command } from 'commander';
import { pathText } from '../../index.ts';
import { isSystemPath, textOf } from '../facts.ts';
import { tellNext, tellNothing } from '../hints.ts';
import { openRepo } from '../open.ts';
import { archivedOption, jsonOption, withExamples } from '../options.ts';
import { printJson } from '../print.ts';
import { questionOf } from '../select.ts';
import { printTable } from '../table.ts';

interface ParamsOptions {
  readonly archived: boolean;
  readonly system: boolean;
  readonly json: boolean;
}

async function params(words: string[], options: ParamsOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const [query, asked] = await questionOf(repo, words, options);
  const keys = await repo.keys(query, asked);
  const sorted = keys.params.filter(({ path }) => options.system || !isSystemPath(path));
  if (options.json) {
    printJson(sorted);
    return;
  }
  if (sorted.length === 0) await tellNothing(repo, 'param', words, options);
  else
    printTable(
      ['param', 'type', { right: 'runs' }, { left: 'for example', isTail: true }],
      sorted.map(({ path, types, runs, examples }) => [
        pathText(path),
        types.join(', '),
        String(runs),
        examples.map(textOf).join(', '),
      ]),
    );
  if (sorted.length > 0) tellNext(repo, 'runlog show -1', 'runlog metrics');
}

export function addParams(program: Command): void {
  withExamples(
    program
      .command('params')
      .description('lists the params that runs have, their types and some values')
      .argument('[what...]', 'runs, or one query; all runs if left out')
      .addOption(archivedOption())
      .option('--system', 'what of their environment was captured too', false)
      .addOption(jsonOption())
      .action(params),
    ['runlog params', 'those of every run'],
    ['runlog params -1 --system', 'of the newest run, with its environment'],
  );
}
