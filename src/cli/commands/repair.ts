// `runlog repair`: makes runs writable again whose newest manifest is damaged. Keeps what it replaces.
//
// JSON: { repaired: [file, ...] }, the files that were put aside.

import type { Command } from 'commander';
import { openRepo } from '../open.ts';
import { print, printJson } from '../print.ts';

export function addRepair(program: Command): void {
  program
    .command('repair')
    .description('makes damaged runs writable again; damaged files are kept aside')
    .option('--yes', 'do it: records that only a damaged file held may be lost', false)
    .option('--json', 'as JSON', false)
    .action(async (options: { yes: boolean; json: boolean }, command: Command) => {
      const repo = await openRepo(command, { readOnly: false });
      if (!options.yes) {
        process.stderr.write(
          'runlog: repair changes what runs say about their own ends; look at `runlog verify`, then give --yes\n',
        );
        process.exitCode = 2;
        return;
      }
      const { repaired } = await repo.repair();
      if (options.json) printJson({ repaired });
      else if (repaired.length === 0) print('nothing to repair');
      else for (const file of repaired) print(`put aside ${file}`);
    });
}
