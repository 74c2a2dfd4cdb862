// `runlog repair`: makes runs writable again whose newest manifest or edit is damaged. Keeps what it
// replaces. Exit code 5 when damage is left that it cannot mend: in sealed data; 4 when all that is left is
// of runs that somebody writes now, which are left alone; else that of the first run that could not be repaired.

import { join } from 'node:path';

import type { Command } from 'commander';
import type { HeldRun, RepoReport } from '../../index.ts';
import { confirm } from '../confirm.ts';
import { exitCode, exitCodeOf } from '../exit-code.ts';
import { openRepo } from '../open.ts';
import { jsonOption, withExamples } from '../options.ts';
import { escaped, print, printAside, printJson } from '../print.ts';
import { withProgress } from '../progress.ts';
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
  const { repaired, restored, held, failed } = await repo.repair();
  const { damaged } = await withProgress('verify', (told) => repo.verify(told));
  const isOfHeld = ({ file }: Damage): boolean =>
    held.some((each) => each.damaged && file.startsWith(join(repo.path, 'runs', each.run, '/')));
  const isOfFailed = ({ file }: Damage): boolean =>
    failed.some((each) => file.startsWith(join(repo.path, 'runs', each.run, '/')));
  const isBeyond = damaged.some((each) => !isOfHeld(each) && !isOfFailed(each));
  const told = failed.map(({ run, error: { code, message } }) => ({ run, code, message }));
  if (options.json) printJson({ repaired, restored, held, failed: told, damaged });
  else {
    if (repaired.length + restored.length + failed.length === 0) print('nothing to repair');
    for (const file of repaired) print(escaped(`put aside ${file}`));
    for (const file of restored) print(escaped(`made anew from its logs: ${file}`));
    if (isBeyond)
      print('damage in sealed data stays reported: nothing more can be read from it, all else can');
    if (damaged.length > 0) printDamage(damaged);
  }
  for (const each of held) tellHeld(each);
  for (const { run, code, message } of told)
    printAside(escaped(`not repaired: ${run}: ${code} ${message}`));
  const [first] = failed;
  if (isBeyond) process.exitCode = exitCode.damage;
  else if (first !== undefined) process.exitCode = exitCodeOf(first.error);
  else if (damaged.length > 0) process.exitCode = exitCode.locked;
}

type Damage = RepoReport['damaged'][number];

function tellHeld({ run, writer, host, pid, damaged }: HeldRun): void {
  const by = `by process ${pid} on ${host}${writer === 'main' ? '' : `, writer ${writer}`}`;
  const what = damaged ? 'it is damaged: end it and repair again' : 'it is not damaged';
  printAside(`left alone: ${run} is written now ${by}; ${what}`);
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
