// `runlog complete bash`: the script of a shell; it asks `runlog complete -- words...` at each TAB, and
// is answered with commands, options, run hashes and metric names.
//
// 1. Never an error and never slow: what cannot be read, or is too much, is left out.

import type { Command, Option } from 'commander';
import { Repo } from '../../index.ts';
import { repoVariable } from '../open.ts';
import { escaped } from '../print.ts';

const shells = ['bash', 'zsh', 'fish'];

/** Names are looked up in so many of the newest runs, and only where not too many must be sorted. */
const NEWEST = 5;
const SORTED_MAX = 2000;
/** Runs that are described beside their hash. */
const DESCRIBED_MAX = 30;

/** What may be written in a place, and what is said beside it. */
type Suggestions = ReadonlyMap<string, string>;

interface Known {
  readonly runs: Suggestions;
  readonly metrics: Suggestions;
}

/** Arguments and options by what completes them. */
const runArguments = new Set(['run', 'what']);
const metricPlaces = new Set(['metric', '--metric']);

async function known(words: readonly string[]): Promise<Known> {
  const runs = new Map<string, string>();
  const metrics = new Map<string, string>();
  try {
    const place = words.indexOf('--repo');
    const path = place < 0 ? repoVariable() : words[place + 1];
    const repo = await Repo.open(path, { readOnly: true });
    const hashes = repo.hashes();
    for (const hash of hashes) runs.set(hash, '');
    if (hashes.length <= SORTED_MAX)
      for await (const view of repo.runs({ limit: DESCRIBED_MAX })) {
        runs.set(view.hash, [view.experiment, view.name ?? ''].join(' ').trimEnd());
        if (runs.size > NEWEST && metrics.size > 0) continue;
        for (const { name } of view.metrics()) metrics.set(name, '');
      }
  } catch {
    // A shell at work is not told of a damaged run: every other command tells.
  }
  return { runs, metrics };
}

/** A shell would take a blank or a control character apart. */
const isOneWord = (text: string): boolean => !/[\s\p{Cc}'"`\\$]/u.test(text);

async function answer(words: readonly string[], whole: Whole): Promise<void> {
  const { default: root } = await import('@bomb.sh/tab');
  const { runs, metrics } = await known(words);
  const suggest =
    (suggestions: Suggestions) =>
    (tell: (value: string, description: string) => void): void => {
      for (const [text, about] of suggestions) if (isOneWord(text)) tell(text, escaped(about));
    };
  const suggestionsOf = (name: string, choices: readonly string[] = []) => {
    if (choices.length > 0) return suggest(new Map(choices.map((each) => [each, ''])));
    if (runArguments.has(name)) return suggest(runs);
    return metricPlaces.has(name) ? suggest(metrics) : () => {};
  };
  const program = await whole();
  for (const command of program.commands) {
    const target = root.command(command.name(), command.description());
    for (const each of command.registeredArguments)
      target.argument(each.name(), suggestionsOf(each.name(), each.argChoices), each.variadic);
    for (const option of command.createHelp().visibleOptions(command)) declare(target, option);
  }
  for (const option of program.createHelp().visibleOptions(program)) declare(root, option);
  // `-1` is a run and no option.
  const given = words.map((word, index) =>
    index < words.length - 1 && /^-\d+$/.test(word) ? 'newest' : word,
  );
  root.parse([...given]);

  function declare(target: typeof root | ReturnType<typeof root.command>, option: Option): void {
    const name = option.long?.slice(2);
    if (name === undefined) return;
    const alias = option.short?.slice(1);
    if (!option.required && !option.optional) target.option(name, option.description, alias ?? '');
    else
      target.option(
        name,
        option.description,
        suggestionsOf(option.long as string, option.argChoices),
        alias,
      );
  }
}

type Whole = () => Promise<Command>;

async function complete(words: string[], command: Command, whole: Whole): Promise<void> {
  const { rawArgs } = command.parent as Command & { readonly rawArgs: readonly string[] };
  if (rawArgs.includes('--')) {
    await answer(words, whole);
    return;
  }
  const [shell = ''] = words;
  if (!shells.includes(shell) || words.length > 1)
    throw new TypeError(`shell: expected ${shells.join(', ')}, got ${shell || 'none'}`);
  const { script } = await import('@bomb.sh/tab');
  script(shell, 'runlog', 'runlog');
}

export function addComplete(program: Command, whole: Whole): void {
  program
    .command('complete')
    .usage('<shell>')
    .description('prints the completion script of bash, zsh or fish, for their start-up files')
    .argument('[shell...]', 'bash, zsh or fish')
    .action((words: string[], _: object, command: Command) => complete(words, command, whole))
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  $ source <(runlog complete bash)          in ~/.bashrc',
        '  $ source <(runlog complete zsh)           in ~/.zshrc, after compinit',
        '  $ runlog complete fish > ~/.config/fish/completions/runlog.fish',
      ].join('\n'),
    );
}
