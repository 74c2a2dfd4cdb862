// `runlog compact`: seals and rewrites what nobody writes. With --drop-hidden points go for good, so it
// asks.

import type { Command } from 'commander';
import { confirm } from '../confirm.ts';
import { openRepo } from '../open.ts';
import { jsonOption, withExamples, yesOption } from '../options.ts';
import { bytes, counted, print, printAside, printJson } from '../print.ts';
import { withProgress } from '../progress.ts';

interface CompactCommandOptions {
  readonly dropHidden: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

async function compact(options: CompactCommandOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const { dropHidden } = options;
  const question = `Delete the points that rewinds hide, for good, in every run of ${repo.path}?`;
  if (dropHidden && !(await confirm(question, options.yes))) return;
  const before = (await withProgress('size', (told) => repo.size(told))).bytes;
  const report = await withProgress('compact', (told) => repo.compact({ ...told, dropHidden }));
  const after = (await withProgress('size', (told) => repo.size(told))).bytes;
  if (options.json) {
    printJson({ ...report, bytesBefore: before, bytesAfter: after });
    return;
  }
  print(
    `${counted(report.rewritten, 'log')} rewritten, ${counted(report.reclaimed, 'deleted run')} reclaimed: ` +
      `${bytes(before)} became ${bytes(after)}`,
  );
  if (report.collected > 0)
    print(
      `${counted(report.collected, 'file')} of artifacts that no run refers to: ${bytes(report.collectedBytes)} freed`,
    );
  if (report.collectedNone !== undefined)
    printAside(`no file of an artifact was collected: ${report.collectedNone}`);
  if (report.skipped > 0)
    printAside(
      `${counted(report.skipped, 'log')} left alone: written now, or damaged (\`runlog verify\`)`,
    );
}

export function addCompact(program: Command): void {
  withExamples(
    program
      .command('compact')
      .description(
        'rewrites what crashes left in small or unsealed files; live runs are left alone',
      )
      .option('--drop-hidden', 'points that a rewind hides are deleted, for good', false)
      .addOption(yesOption())
      .addOption(jsonOption())
      .action(compact),
    ['runlog compact', 'loses nothing'],
    ['runlog compact --drop-hidden', 'asks first'],
  );
}
