// `runlog repair`: makes runs writable again whose newest manifest or edit is damaged. Keeps what it
// replaces. Exit code 5 when damage is left that it cannot mend: in sealed data.
//
// JSON: { repaired: [file, ...], damaged: [{ file, offset, size, reason }] }: the files that were put
// aside, and the damage that stays.

import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { openRepo } from '../open.ts';
import { escaped, print, printAside, printJson } from '../print.ts';
import { printDamage } from './verify.ts';

export function addRepair(program: Command): void {
  program
    .command('repair')
    .description('makes damaged runs writable again; damaged files are kept aside')
    .option('--yes', 'do it: records that only a damaged file held may be lost', false)
    .option('--json', 'as JSON', false)
    .action(async (options: { yes: boolean; json: boolean }, command: Command) => {
      const repo = await openRepo(command, { readOnly: false });
      if (!options.yes) {
        printAside(
          'repair publishes a new manifest and puts damaged files aside (nothing is deleted); ' +
            'look at `runlog verify` first, then give --yes',
        );
        process.exitCode = exitCode.notFoundOrUsage;
        return;
      }
      const { repaired } = await repo.repair();
      const { damaged } = await repo.verify();
      if (options.json) printJson({ repaired, damaged });
      else {
        if (repaired.length === 0) print('nothing to repair');
        for (const file of repaired) print(escaped(`put aside ${file}`));
        if (damaged.length > 0) {
          print(
            'damage in sealed data stays reported: nothing more can be read from it, all else can',
          );
          printDamage(damaged);
        }
      }
      if (damaged.length > 0) process.exitCode = exitCode.damage;
    });
}
