// Options and examples that several commands have.
//
// Test: test/cli/usage.test.ts.

import { type Command, InvalidArgumentError, Option } from 'commander';

export function natural(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('expected a number from 1 on');
  return value;
}

export function count(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('expected a number from 0 on');
  return value;
}

export function finite(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError('expected a number');
  return value;
}

/** A variable that is not set must not mean the directory that one is in. */
export function path(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path, got an empty string');
  return text;
}

/** What `--context key=value` gathers: a value is compared as text. */
export type WantedContext = Readonly<Record<string, string>>;

const pair = (text: string, before: WantedContext = {}): WantedContext => {
  const place = text.indexOf('=');
  if (place < 1) throw new InvalidArgumentError('expected key=value');
  return { ...before, [text.slice(0, place)]: text.slice(place + 1) };
};

const gather = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

export const jsonOption = (): Option => new Option('--json', 'as JSON').default(false);

export const archivedOption = (): Option =>
  new Option('-a, --archived', 'archived runs too').default(false);

export const systemOption = (): Option =>
  new Option('--system', 'the metrics of the machine (__system__...) too').default(false);

export const yesOption = (): Option => new Option('--yes', 'do it without asking').default(false);

export const metricOption = (): Option =>
  new Option('-m, --metric <name>', 'only metrics of this name (may be repeated)').argParser(
    gather,
  );

export const contextOption = (): Option =>
  new Option(
    '-c, --context <key=value>',
    'only where the context says so (may be repeated)',
  ).argParser(pair);

export const limitOption = (rows: number): Option =>
  new Option('-n, --limit <count>', 'at most so many').argParser(natural).default(rows);

const words = new WeakMap<Option, readonly string[]>();

/** Words that an option takes besides what is open, for completion. */
export const wordsOfOption = (option: object): readonly string[] =>
  words.get(option as Option) ?? [];

function withWords(option: Option, taken: readonly string[]): Option {
  words.set(option, taken);
  return option;
}

const orderOption = (): Option =>
  withWords(
    new Option('-o, --order <expression>', 'newest, oldest, or an expression: least first').default(
      'newest',
    ),
    ['newest', 'oldest'],
  );

/** Of groups: without it they stand by their values. */
export const groupOrderOption = (): Option =>
  withWords(
    new Option(
      '-o, --order <what>',
      'mean, count or another column; newest, oldest or an expression: by the first metric of a group (default: the group)',
    ),
    ['metrics', 'count', 'mean', 'median', 'std', 'min', 'max', 'newest', 'oldest'],
  );

const descendingOption = (): Option =>
  new Option('-d, --descending', 'greatest first, where not by time').default(false);

const strictOption = (): Option =>
  new Option('--strict', 'a row on which the query fails ends the command').default(false);

/** What a command takes that asks a question of runs or metrics, and `--json`. */
export function withQuestion(command: Command, order = orderOption()): Command {
  const options = [
    order,
    descendingOption(),
    strictOption(),
    archivedOption(),
    systemOption(),
    jsonOption(),
  ];
  for (const each of options) command.addOption(each);
  return command;
}

/** The end of a command's help: what is typed, and what it does. */
export function examples(...lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([typed]) => typed.length));
  const shown = lines.map(([typed, does]) => `  $ ${typed.padEnd(width)}  ${does}`);
  return `\nExamples:\n${shown.join('\n')}`;
}

/** Ends a command's help with these examples. */
export const withExamples = (
  command: Command,
  ...lines: readonly (readonly [string, string])[]
): Command => command.addHelpText('after', examples(...lines));
