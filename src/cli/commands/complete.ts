// `runlog complete bash`: the script of a shell; it asks `runlog complete -- words...` at each TAB, and
// is answered with commands, options, run hashes and metric names.
//
// 1. Never an error and never slow: what cannot be read, or is too much, is left out.

import type { Command } from 'commander';
import { Repo } from '../../index.ts';
import { completionScripts } from '../completion-script.ts';
import { pathText } from '../facts.ts';
import { repoVariable } from '../open.ts';
import { escaped, print } from '../print.ts';
import { type Proposals, proposalsFor } from '../proposals.ts';

/** Names are looked up where not too many runs must be gone through. */
const RUNS_MAX = 10_000;
/** Runs that are described beside their hash. */
const DESCRIBED_MAX = 30;

interface Known {
  readonly runs: Proposals;
  readonly metrics: Proposals;
  /** Params as a query names them. */
  readonly params: Proposals;
}

/** Arguments and options by what completes them. */
const runPlaces = new Set(['run', 'what']);
const metricPlaces = new Set(['metric', '--metric']);
const expressionPlaces = new Set(['--order', '--group-by', '--value']);

const none: Proposals = new Map();

async function known(words: readonly string[]): Promise<Known> {
  const runs = new Map<string, string>();
  let [metrics, params] = [none, none];
  try {
    const place = words.indexOf('--repo');
    const path = place < 0 ? repoVariable() : words[place + 1];
    const repo = await Repo.open(path, { readOnly: true });
    const hashes = repo.hashes();
    for (const hash of hashes) runs.set(hash, '');
    if (hashes.length > RUNS_MAX) return { runs, metrics, params };
    for await (const view of repo.runs({ limit: DESCRIBED_MAX }))
      runs.set(view.hash, [view.experiment, view.name ?? ''].join(' ').trimEnd());
    const keys = await repo.keys();
    metrics = new Map(keys.metrics.map(({ name }) => [name, '']));
    params = new Map(
      keys.params
        .filter((each) => each.path.every((key) => /^[A-Za-z_]\w*$/.test(key)))
        .map((each) => [`run.${pathText(each.path)}`, each.types.join(', ')]),
    );
  } catch {
    // A shell at work is not told of a damaged run: every other command tells.
  }
  return { runs, metrics, params };
}

/** bash puts it into the line as it is: no blank, and nothing that a shell would act on at the next Enter. */
const isOneWord = (text: string): boolean => /^[\p{L}\p{M}\p{N}_./:=@%+,-]+$/u.test(text);

async function answer(words: readonly string[], whole: Whole): Promise<void> {
  const { runs, metrics, params } = await known(words);
  const named = (name: string): Proposals => {
    if (metricPlaces.has(name)) return metrics;
    if (expressionPlaces.has(name)) return params;
    if (!runPlaces.has(name)) return none;
    // A query begins so; whoever has typed nothing wants a run.
    return name === 'what' && /^r/.test(words.at(-1) ?? '') ? new Map([...runs, ...params]) : runs;
  };
  for (const [text, about] of proposalsFor(await whole(), words, named))
    if (isOneWord(text)) print(`${text}\t${escaped(about)}`);
}

type Whole = () => Promise<Command>;

async function complete(words: string[], command: Command, whole: Whole): Promise<void> {
  const { rawArgs } = command.parent as Command & { readonly rawArgs: readonly string[] };
  if (rawArgs.includes('--')) {
    await answer(words, whole);
    return;
  }
  const [shell = ''] = words;
  const script = words.length === 1 ? completionScripts[shell] : undefined;
  if (script === undefined)
    throw new TypeError(
      `shell: expected ${Object.keys(completionScripts).join(', ')}, got ${words.join(' ') || 'none'}`,
    );
  process.stdout.write(script);
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
