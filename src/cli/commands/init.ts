// `runlog init`: makes a repo, so that runs of this directory and those below are kept here.
//
// JSON: { path }.

import type { Command } from 'commander';
import { Repo } from '../../index.ts';
import { print, printJson } from '../print.ts';

export function addInit(program: Command): void {
  program
    .command('init')
    .description('makes a repo in this directory, or in --repo')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }, command: Command) => {
      const { path } = await Repo.create(
        command.optsWithGlobals<{ repo?: string }>().repo ?? process.cwd(),
      );
      if (options.json) printJson({ path });
      else print(`${path}: runs of this directory and those below are kept here`);
    });
}
