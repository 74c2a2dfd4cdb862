// `runlog size`: what the runs of a repo take on disk.

import type { Command } from 'commander';
import { openRepo } from '../open.ts';
import { jsonOption, withExamples } from '../options.ts';
import { bytes, counted, escaped, print, printJson } from '../print.ts';
import { withProgress } from '../progress.ts';

async function size(options: { json: boolean }, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const found = await withProgress('size', (told) => repo.size(told));
  if (options.json) printJson({ path: repo.path, ...found });
  else
    print(
      escaped(
        `${bytes(found.bytes)} in ${counted(found.files, 'file')} of ${counted(found.runs, 'run')}: ${repo.path}`,
      ),
    );
}

export function addSize(program: Command): void {
  withExamples(
    program
      .command('size')
      .description('says how much the repo takes on disk')
      .addOption(jsonOption())
      .action(size),
    ['runlog size --repo ~/experiments', 'of that repo'],
  );
}
