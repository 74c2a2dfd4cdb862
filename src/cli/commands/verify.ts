// `runlog verify`: checks every byte of every run, changes nothing. Exit code 5 when there is damage.
//
// JSON: { ok, damaged: [{ file, offset, size, reason }], torn: [{ file, offset, size }] }.

import type { Command } from 'commander';
import type { RepoReport } from '../../index.ts';
import { exitCode } from '../exit-code.ts';
import { openRepo } from '../open.ts';
import { escaped, print, printJson, printTable } from '../print.ts';
import { reasonOf } from '../trouble.ts';

export function printDamage(damaged: RepoReport['damaged']): void {
  printTable(
    [{ right: 'offset' }, { right: 'size' }, 'reason', 'file'],
    damaged.map((each) => [String(each.offset), String(each.size), reasonOf(each), each.file]),
  );
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('checks every byte of every run and changes nothing')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }, command: Command) => {
      const report = await (await openRepo(command)).verify();
      if (options.json) printJson(report);
      else {
        for (const { file, size } of report.torn)
          print(escaped(`unfinished end (a crash, no damage): ${size} bytes of ${file}`));
        if (report.ok) print('no damage');
        else printDamage(report.damaged);
      }
      if (!report.ok) process.exitCode = exitCode.damage;
    });
}
