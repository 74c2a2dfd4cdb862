// `runlog cp`, `runlog mv`: runs as they are now into another repo, which is made if it is not there.
// A move deletes here, so it asks.

import type { Command } from 'commander';
import type { RunView } from '../../index.ts';
import { confirm } from '../confirm.ts';
import { tellNothing } from '../hints.ts';
import { openRepo, shortHashes } from '../open.ts';
import { archivedOption, jsonOption, withExamples, yesOption } from '../options.ts';
import { counted, escaped, print, printJson } from '../print.ts';
import { beginProgress } from '../progress.ts';
import { selectRuns } from '../select.ts';
import { namesOf } from './remove.ts';

interface CopyOptions {
  readonly archived: boolean;
  readonly yes?: boolean;
  readonly json: boolean;
}

const transfer =
  (kind: 'copy' | 'move') =>
  async (words: string[], options: CopyOptions, command: Command): Promise<void> => {
    const target = words.at(-1);
    const given = words.slice(0, -1);
    if (target === undefined || given.length === 0)
      throw new TypeError(`expected runs and then the repo to ${kind} them to`);
    if (target === '') throw new TypeError('repo: expected a path, got an empty string');
    const repo = await openRepo(command);
    const views: RunView[] = [];
    for await (const view of selectRuns(repo, given, options)) views.push(view);
    const hashes = views.map((view) => view.hash);
    const answer = kind === 'copy' ? { copied: hashes, to: target } : { moved: hashes, to: target };
    if (views.length === 0 && !options.json) await tellNothing(repo, 'run', given);
    if (views.length > 0 && kind === 'move') {
      const names = namesOf(views, shortHashes(repo.hashes()));
      const question = `Move ${counted(views.length, 'run')} to ${target}, out of ${repo.path}: ${names}?`;
      if (!(await confirm(question, options.yes ?? false))) return;
    }
    const progress = beginProgress();
    for (const [index, hash] of hashes.entries()) {
      progress.tell(`${index} of ${hashes.length} to ${target}`);
      await repo[kind](hash, target);
      if (!options.json) {
        progress.end();
        print(escaped(`${hash} ${kind === 'copy' ? 'copied' : 'moved'} to ${target}`));
      }
    }
    progress.end();
    if (options.json) printJson(answer);
  };

export function addCopy(program: Command): void {
  withExamples(
    program
      .command('cp')
      .description('copies runs to another repo')
      .argument('<what...>', 'runs, or one query, and then the path of the other repo')
      .addOption(archivedOption())
      .addOption(jsonOption())
      .action(transfer('copy')),
    ['runlog cp -1 ../shared-runs', 'made if it is not there'],
  );
}

export function addMove(program: Command): void {
  withExamples(
    program
      .command('mv')
      .description('moves runs to another repo')
      .argument('<what...>', 'runs, or one query, and then the path of the other repo')
      .addOption(archivedOption())
      .addOption(yesOption())
      .addOption(jsonOption())
      .action(transfer('move')),
    ['runlog mv 3fa9 ~/archive', 'asks first; refused while the run is written'],
  );
}
