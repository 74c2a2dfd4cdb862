// `runlog repair`: makes runs writable again whose newest manifest or edit is damaged. Keeps what it
// replaces. Exit code 5 when damage is left that it cannot mend: in sealed data.

import type { Command } from 'commander';
import { confirm } from '../confirm.ts';
import { exitCode } from '../exit-code.ts';
import { openRepo } from '../open.ts';
import { jsonOption, withExamples } from '../options.ts';
import { escaped, print, printJson } from '../print.ts';
import { printDamage } from './verify.ts';

interface RepairOptions {
  readonly yes: boolean;
  readonly json: boolean;
}

async function repair(options: RepairOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const question =
    'Publish new manifests and put damaged files aside (nothing is deleted; `runlog verify` lists them)?';
  if (!(await confirm(question, options.yes))) return;
  const { repaired } = await repo.repair();
  const { damaged } = await repo.verify();
  if (options.json) printJson({ repaired, damaged });
  else {
    if (repaired.length === 0) print('nothing to repair');
    for (const file of repaired) print(escaped(`put aside ${file}`));
    if (damaged.length > 0) {
      print('damage in sealed data stays reported: nothing more can be read from it, all else can');
      printDamage(damaged);
    }
  }
  if (damaged.length > 0) process.exitCode = exitCode.damage;
}

export function addRepair(program: Command): void {
  withExamples(
    program
      .command('repair')
      .description('makes damaged runs writable again; damaged files are kept aside')
      .option('--yes', 'do it without asking: what only a damaged file held may be lost', false)
      .addOption(jsonOption())
      .action(repair),
    ['runlog verify', 'look first'],
    ['runlog repair', 'asks'],
  );
}
