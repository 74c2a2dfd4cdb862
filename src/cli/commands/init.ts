// `runlog init`: makes a repo, so that runs of a directory and those below are kept there.
//
// JSON: { path }.

import { dirname } from 'node:path';

import type { Command } from 'commander';
import { Repo } from '../../index.ts';
import { repoOption, repoVariable } from '../open.ts';
import { escaped, print, printJson } from '../print.ts';

export function addInit(program: Command): void {
  program
    .command('init')
    .description('makes a repo in --repo, else RUNLOG_REPO, else this directory')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }, command: Command) => {
      // Not the nearest above: a repo of this directory is what is asked for.
      const { path } = await Repo.create(repoOption(command) ?? repoVariable() ?? process.cwd());
      if (options.json) printJson({ path });
      else print(escaped(`${path}: runs of ${dirname(path)} and below are kept here`));
    });
}
