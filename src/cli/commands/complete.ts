// `runlog complete bash`: the script of a shell; it asks `runlog complete -- words...` at each TAB, and
// is answered with commands, options, run hashes and metric names.
//
// 1. Never an error and never slow: what cannot be read, or is too much, is left out.

import type { Command } from 'commander';
import { pathText, Repo, type RunView } from '../../index.ts';
import { completionScripts } from '../completion-script.ts';
import {
  type ExpressionProposal,
  expressionProposals,
  type KnownNames,
} from '../expression-proposals.ts';
import { isSystemMetric, textOf } from '../facts.ts';
import { findRun, repoVariable } from '../open.ts';
import { escaped, print } from '../print.ts';
import { type Proposals, proposalsFor } from '../proposals.ts';

/** Names are looked up where not too many runs must be gone through. */
const RUNS_MAX = 10_000;
/** Runs that are described beside their hash. */
const DESCRIBED_MAX = 30;

interface Known extends KnownNames {
  readonly runs: Proposals;
  /** What the run that the words name holds, by the place of its names. */
  readonly ofRun: Readonly<Record<string, Proposals>>;
  /** `subset=val`. */
  readonly contexts: Proposals;
}

/** Arguments and options by what completes them. */
const runPlaces = new Set(['run', 'what']);
const metricPlaces = new Set(['sequence', '--metric']);
const expressionPlaces = new Set(['--order', '--group-by', '--value']);

const none: Proposals = new Map();
const NOTHING: Known = { runs: none, metrics: none, params: none, contexts: none, ofRun: {} };

/** The repo that the words name so far: `--repo path`, `--repo=path`, which bash takes apart at `=`. */
function repoIn(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    if (word.startsWith('--repo=')) return word.slice('--repo='.length);
    if (word === '--repo') return words[index + 1] === '=' ? words[index + 2] : words[index + 1];
  }
  return repoVariable();
}

/** Undefined: the word is no run, but the value of an option. */
const viewOf = (repo: Repo, word: string): Promise<RunView | undefined> =>
  findRun(repo, word).catch(() => undefined);

/** `values <run>` and `artifacts <run>` take names of that run; undefined: none is named yet, or there is none. */
async function namesOfRun(
  repo: Repo,
  words: readonly string[],
): Promise<Readonly<Record<string, Proposals>> | undefined> {
  const place = words.findIndex((word) => word === 'values' || word === 'artifacts');
  const run = words.slice(place + 1, -1).find((word) => !/^-(?!\d)/.test(word));
  const view = place < 0 || run === undefined ? undefined : await viewOf(repo, run);
  if (view === undefined) return undefined;
  const objects = view.objects().map((each): [string, string] => [each.name, each.kind]);
  const metrics = view
    .metrics()
    .filter((each) => !isSystemMetric(each.name) || (words.at(-1) ?? '').includes('__'))
    .map((each): [string, string] => [each.name, 'metric']);
  return {
    sequence: new Map([...metrics, ...objects]),
    artifact: new Map(view.artifacts().map((each) => [each.name, each.kind])),
  };
}

async function known(words: readonly string[]): Promise<Known> {
  const runs = new Map<string, string>();
  try {
    const repo = await Repo.open(repoIn(words.slice(0, -1)), { readOnly: true });
    const hashes = repo.hashes();
    for (const hash of hashes) runs.set(hash, '');
    const ofRun = await namesOfRun(repo, words);
    if (ofRun !== undefined) return { ...NOTHING, runs, ofRun };
    if (hashes.length > RUNS_MAX) return { ...NOTHING, runs };
    for await (const view of repo.runs({ limit: DESCRIBED_MAX }))
      runs.set(view.hash, [view.experiment, view.name ?? ''].join(' ').trimEnd());
    const keys = await repo.keys();
    const pairs = keys.metrics.flatMap(({ contexts }) => contexts.flatMap(pairsOf));
    // Those of the machine are many: for who begins to type one.
    const isWanted = ({ name }: { name: string }): boolean =>
      !isSystemMetric(name) || (words.at(-1) ?? '').includes('__');
    return {
      runs,
      ofRun: {},
      metrics: new Map(keys.metrics.filter(isWanted).map(({ name }) => [name, ''])),
      contexts: new Map(pairs.map((pair) => [pair, ''])),
      params: new Map(
        keys.params
          .map((each) => [pathText(each.path, 'run'), each.types.join(', ')] as const)
          // A shell would take the quotes of a key apart.
          .filter(([text]) => !text.includes('[')),
      ),
    };
  } catch {
    // A shell at work is not told of a damaged run: every other command tells.
    return { ...NOTHING, runs };
  }
}

const pairsOf = (context: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(context).map(([key, value]) => `${key}=${textOf(value)}`);

/** bash puts it into the line as it is: no blank, and nothing that a shell would act on at the next Enter. */
const isOneWord = (text: string): boolean => /^[\p{L}\p{M}\p{N}_./:=@%+,-]*$/u.test(text);
/** In quotes of the person's own a name may hold what does not end them. */
const staysQuoted = (text: string): boolean => /^[^\p{Cc}'"\\$`!]*$/u.test(text);

/** A word as it was typed, without the quotes around it; the last of a line has only begun. */
const unquoted = (word: string): string => /^(["'])(.*?)\1?$/s.exec(word)?.[2] ?? word;

async function answer(raw: readonly string[], whole: Whole): Promise<void> {
  const last = raw.at(-1) ?? '';
  const isQuoted = /^["']/.test(last);
  const words = [...raw.slice(0, -1).map(unquoted), isQuoted ? last.slice(1) : last];
  const names = await known(words);
  const { runs, metrics, contexts } = names;
  let expressions: readonly ExpressionProposal[] = [];
  const named = (name: string, choices: Proposals = none): Proposals => {
    const held = names.ofRun[name];
    if (held !== undefined) return held;
    if (metricPlaces.has(name)) return metrics;
    if (name === '--context') return contexts;
    const typed = (words.at(-1) ?? '').replace(/^--[\w-]+=/, '');
    const isExpression = expressionPlaces.has(name);
    // A query begins so; whoever has typed nothing wants a run.
    if (isExpression || (name === 'what' && (isQuoted || /^(?:r|m|.*[^\w.-])/s.test(typed))))
      expressions = expressionProposals(typed, names);
    return isExpression ? choices : runPlaces.has(name) ? runs : none;
  };
  const isSafe = isQuoted ? staysQuoted : isOneWord;
  const isTyped = isQuoted ? (text: string): boolean => !/\p{Cc}/u.test(text) : isOneWord;
  const proposals = proposalsFor(await whole(), words, named);
  const [option = ''] = /^--[\w-]+=/.exec(words.at(-1) ?? '') ?? [];
  for (const [text, about] of proposals) if (isSafe(text)) tell(text, about);
  for (const { head, name, about } of expressions)
    if (isTyped(option + head) && isSafe(name)) tell(option + head + name, about);
}

const tell = (text: string, about: string): void => print(`${text}\t${escaped(about)}`);

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
