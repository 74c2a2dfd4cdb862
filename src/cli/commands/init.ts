// `runlog init`: makes a repo, so that runs of a directory and those below are kept there.

import { dirname } from 'node:path';

import type { Command } from 'commander';
import { Repo } from '../../index.ts';
import { repoOption, repoVariable } from '../open.ts';
import { jsonOption, withExamples } from '../options.ts';
import { escaped, print, printJson } from '../print.ts';

async function init(options: { json: boolean }, command: Command): Promise<void> {
  // Not the nearest above: a repo of this directory is what is asked for.
  const { path } = await Repo.create(repoOption(command) ?? repoVariable() ?? process.cwd());
  if (options.json) printJson({ path });
  else print(escaped(`${path}: runs of ${dirname(path)} and below are kept here`));
}

export function addInit(program: Command): void {
  withExamples(
    program
      .command('init')
      .description('makes a repo in --repo, else RUNLOG_REPO, else this directory')
      .addOption(jsonOption())
      .action(init),
    ['runlog init', 'in this directory; one that is there stays as it is'],
  );
}
