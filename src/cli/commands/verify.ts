// `runlog verify`: checks every byte of every run, changes nothing. Exit code 5 when there is damage.

import type { Command } from 'commander';
import type { RepoReport } from '../../index.ts';
import { exitCode } from '../exit-code.ts';
import { openRepo } from '../open.ts';
import { jsonOption, withExamples } from '../options.ts';
import { escaped, print, printAside, printJson } from '../print.ts';
import { withProgress } from '../progress.ts';
import { printTable } from '../table.ts';
import { reasonOf } from '../trouble.ts';

export function printDamage(damaged: RepoReport['damaged']): void {
  printTable(
    [{ right: 'offset' }, { right: 'size' }, 'reason', 'file'],
    damaged.map((each) => [String(each.offset), String(each.size), reasonOf(each), each.file]),
  );
}

async function verify(options: { json: boolean }, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const report = await withProgress('verify', (told) => repo.verify(told));
  if (options.json) printJson(report);
  else {
    for (const { file, size } of report.torn)
      print(escaped(`unfinished end (a crash, no damage): ${size} bytes of ${file}`));
    if (report.ok) print('no damage');
    else {
      printDamage(report.damaged);
      printAside('everything else is readable; `runlog repair` makes such runs writable again');
    }
  }
  if (!report.ok) process.exitCode = exitCode.damage;
}

export function addVerify(program: Command): void {
  withExamples(
    program
      .command('verify')
      .description('checks every byte of every run and changes nothing')
      .addOption(jsonOption())
      .action(verify),
    ['runlog verify && echo whole', 'exit code 5 when there is damage'],
  );
}
