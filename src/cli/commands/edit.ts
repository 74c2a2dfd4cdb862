// `runlog tag`, `untag`, `note`, `rename`, `archive`, `unarchive`: properties of runs, changed from here,
// also while another process writes the run.

import type { Command } from 'commander';
import { nearestName, type Repo, type RunEdit, type RunView } from '../../index.ts';
import { exitCode } from '../exit-code.ts';
import { runFacts } from '../facts.ts';
import { tellNothing } from '../hints.ts';
import { findRun, openRepo, shortHashes } from '../open.ts';
import { jsonOption, withExamples } from '../options.ts';
import { escaped, print, printAside, printJson } from '../print.ts';
import { selectRuns } from '../select.ts';
import { tellDamage } from '../trouble.ts';

interface EditOptions {
  readonly json: boolean;
}

const RUN = 'a hash, a prefix of it, or -1';

/** Edits each, and says what it became. */
async function edit(
  repo: Repo,
  views: readonly RunView[],
  change: RunEdit,
  done: string,
  { json }: EditOptions,
): Promise<void> {
  const short = shortHashes(repo.hashes());
  for (const view of views) {
    await view.edit(change);
    if (!json) print(escaped(`${short(view.hash)} ${done}`));
    tellDamage(view);
  }
  if (json) printJson(views.map(runFacts));
}

async function editOne(
  run: string,
  change: RunEdit,
  done: string,
  options: EditOptions,
  command: Command,
): Promise<void> {
  const repo = await openRepo(command);
  await edit(repo, [await findRun(repo, run)], change, done, options);
}

export function addTag(program: Command): void {
  withExamples(
    program
      .command('tag')
      .description('adds tags to a run')
      .argument('<run>', RUN)
      .argument('<tag...>', 'tags to add')
      .addOption(jsonOption())
      .action((run: string, tags: string[], options: EditOptions, command: Command) =>
        editOne(run, { tags: { add: tags } }, `tagged ${tags.join(', ')}`, options, command),
      ),
    ['runlog tag -1 best', 'the newest run'],
  );
}

async function untag(
  run: string,
  tags: string[],
  options: EditOptions,
  command: Command,
): Promise<void> {
  const repo = await openRepo(command);
  const view = await findRun(repo, run);
  const there = tags.filter((tag) => view.tags.includes(tag));
  for (const tag of tags) {
    if (there.includes(tag)) continue;
    process.exitCode = exitCode.notFoundOrUsage;
    const near = nearestName(tag, view.tags);
    printAside(`${view.hash} has no tag ${tag}${near === undefined ? '' : `; near: ${near}`}`);
  }
  if (there.length > 0)
    await edit(repo, [view], { tags: { remove: there } }, `untagged ${there.join(', ')}`, options);
  else if (options.json) printJson([runFacts(view)]);
}

export function addUntag(program: Command): void {
  withExamples(
    program
      .command('untag')
      .description('takes tags from a run; of one that it does not have it says so, and returns 2')
      .argument('<run>', RUN)
      .argument('<tag...>', 'tags to take away')
      .addOption(jsonOption())
      .action(untag),
    ['runlog untag -1 best', 'it is no longer the best'],
  );
}

export function addNote(program: Command): void {
  withExamples(
    program
      .command('note')
      .description('adds a note to a run, with the time of now; `runlog show` prints them')
      .argument('<run>', RUN)
      .argument('<text>', 'the note')
      .addOption(jsonOption())
      .action((run: string, text: string, options: EditOptions, command: Command) => {
        if (text.trim() === '') throw new TypeError('text: expected a note, got an empty string');
        return editOne(run, { note: text }, 'has the note', options, command);
      }),
    ["runlog note -1 'diverged after the change of lr'", 'for the one who looks later'],
  );
}

export function addRename(program: Command): void {
  withExamples(
    program
      .command('rename')
      .description('gives a run another name; without one it has none any more')
      .argument('<run>', RUN)
      .argument('[name]', 'the new name')
      .addOption(jsonOption())
      .action((run: string, name: string | undefined, options: EditOptions, command: Command) => {
        const done = name === undefined ? 'has no name' : `is named ${name}`;
        return editOne(run, { name: name ?? null }, done, options, command);
      }),
    ["runlog rename -1 'wider layers'", 'its hash stays'],
  );
}

const setArchived =
  (archived: boolean) =>
  async (words: string[], options: EditOptions, command: Command): Promise<void> => {
    const repo = await openRepo(command);
    const views: RunView[] = [];
    for await (const view of selectRuns(repo, words, { archived: !archived })) views.push(view);
    if (views.length === 0 && !options.json) await tellNothing(repo, 'run', words);
    await edit(repo, views, { archived }, archived ? 'is archived' : 'is listed again', options);
  };

export function addArchive(program: Command): void {
  withExamples(
    program
      .command('archive')
      .description('leaves runs out of lists and queries; nothing is deleted')
      .argument('<what...>', 'runs, or one query')
      .addOption(jsonOption())
      .action(setArchived(true)),
    ['runlog archive -1 -2', 'two runs'],
    ['runlog ls --archived', 'lists them too'],
  );
}

export function addUnarchive(program: Command): void {
  withExamples(
    program
      .command('unarchive')
      .description('brings archived runs back into lists')
      .argument('<what...>', 'runs, or one query')
      .addOption(jsonOption())
      .action(setArchived(false)),
    ['runlog unarchive 3fa9', 'one run'],
  );
}
