// `runlog rm`: deletes runs for good, asked first. A run that is written now is deleted too: its
// program goes on and records nothing more.

import type { Command } from 'commander';
import type { RunView } from '../../index.ts';
import { confirm } from '../confirm.ts';
import { tellNothing } from '../hints.ts';
import { openRepo, shortHashes } from '../open.ts';
import { archivedOption, jsonOption, withExamples, yesOption } from '../options.ts';
import { counted, escaped, print, printJson } from '../print.ts';
import { beginProgress } from '../progress.ts';
import { selectRuns } from '../select.ts';

interface RemoveOptions {
  readonly archived: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** The first few of them, for a question. */
export function namesOf(views: readonly RunView[], short: (hash: string) => string): string {
  const shown = views.slice(0, 5).map((view) => {
    const about = [view.name, view.state === 'running' ? 'running now' : undefined];
    const text = about.filter((each) => each !== undefined).join(', ');
    return text === '' ? short(view.hash) : `${short(view.hash)} (${text})`;
  });
  return `${shown.join(', ')}${views.length > shown.length ? ', ...' : ''}`;
}

async function remove(words: string[], options: RemoveOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const short = shortHashes(repo.hashes());
  const views: RunView[] = [];
  for await (const view of selectRuns(repo, words, options)) views.push(view);
  if (views.length === 0) {
    if (options.json) printJson({ deleted: [] });
    else await tellNothing(repo, 'run', words);
    return;
  }
  const question = `Delete ${counted(views.length, 'run')} for good: ${namesOf(views, short)}?`;
  if (!(await confirm(question, options.yes))) return;
  const progress = beginProgress();
  for (const [index, view] of views.entries()) {
    progress.tell(`deleted ${index} of ${views.length}`);
    await repo.delete(view.hash);
  }
  progress.end();
  if (options.json) printJson({ deleted: views.map((view) => view.hash) });
  else for (const view of views) print(escaped(`${view.hash} deleted`));
}

export function addRemove(program: Command): void {
  withExamples(
    program
      .command('rm')
      .description('deletes runs, for good')
      .argument('<what...>', 'runs, or one query')
      .addOption(archivedOption())
      .addOption(yesOption())
      .addOption(jsonOption())
      .action(remove),
    ['runlog rm -1', 'asks first'],
    ['runlog rm 3fa9 77b0 --yes', 'does not'],
  );
}
