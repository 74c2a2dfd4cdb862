// `runlog verify`: checks every byte of every run, changes nothing. Exit code 5 when there is damage.
//
// JSON: { ok, damaged: [{ file, offset, size, reason }], torn: [{ file, offset, size }] }.

import type { Command } from 'commander';
import { openRepo } from '../open.ts';
import { print, printJson, printTable } from '../print.ts';

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
          print(`unfinished end (a crash, no damage): ${size} bytes of ${file}`);
        if (report.ok) print('no damage');
        else
          printTable(
            ['offset', 'size', 'reason', 'file'],
            report.damaged.map((each) => [
              String(each.offset),
              String(each.size),
              each.reason,
              each.file,
            ]),
          );
      }
      if (!report.ok) process.exitCode = 5;
    });
}
