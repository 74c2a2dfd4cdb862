// What may stand where a word is being typed: commands, options, their values, runs, metrics. Pure.
//
// Test: test/cli/process.test.ts.

import type { Argument, Command, Option } from 'commander';
import { wordsOfOption } from './options.ts';

/** What may be written, and what is said beside it. */
export type Proposals = ReadonlyMap<string, string>;

/** What a repo holds, by what asks for it: the name of an argument, or of an option with words of its own. */
export type Known = (name: string, words?: Proposals) => Proposals;

/** The words behind `runlog`; the last is being typed, and empty where it has not been begun. */
export function proposalsFor(program: Command, words: readonly string[], known: Known): Proposals {
  const typed = words.at(-1) ?? '';
  const { command, operands, pending } = read(program, words.slice(0, -1));
  const [, name, value] = /^(--[\w-]+)=(.*)$/s.exec(typed) ?? [];
  if (name !== undefined && pending === undefined) {
    // As one word: `--what=ru`.
    const found = proposalsFor(program, [...words.slice(0, -1), name, value ?? ''], known);
    return new Map([...found].map(([text, about]) => [`${name}=${text}`, about]));
  }
  const all = (): Proposals => {
    if (pending !== undefined) return valuesOf(pending, pending.long ?? '', known);
    if (/^-(?!\d)/.test(typed)) return optionsOf(program, command);
    if (command === undefined)
      return new Map(program.commands.map((each) => [each.name(), each.description()]));
    const { registeredArguments: places } = command;
    const last = places.at(-1);
    const place = places[operands] ?? (last?.variadic === true ? last : undefined);
    return place === undefined ? new Map() : valuesOf(place, place.name(), known);
  };
  return new Map([...all()].filter(([text]) => text.startsWith(typed)));
}

interface Line {
  readonly command: Command | undefined;
  /** Operands of the command so far. */
  readonly operands: number;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
}

function read(program: Command, words: readonly string[]): Line {
  let command: Command | undefined;
  let operands = 0;
  let pending: Option | undefined;
  for (const word of words) {
    // bash takes `--what=runs` apart.
    if (word === '=') continue;
    if (pending !== undefined) pending = undefined;
    else if (/^-(?!\d)/.test(word)) {
      const option = [...program.options, ...(command?.options ?? [])].find((each) =>
        [each.short, each.long].includes(word),
      );
      pending = option?.required === true || option?.optional === true ? option : undefined;
    } else if (command === undefined)
      command = program.commands.find((each) => each.name() === word);
    else operands += 1;
  }
  return { command, operands, pending };
}

const valuesOf = (place: Option | Argument, name: string, known: Known): Proposals =>
  place.argChoices === undefined
    ? known(name, new Map(wordsOfOption(place).map((each) => [each, ''])))
    : new Map(place.argChoices.map((each) => [each, '']));

const optionsOf = (program: Command, command: Command | undefined): Proposals =>
  new Map(
    [...(command?.createHelp().visibleOptions(command) ?? []), ...program.options].flatMap(
      ({ long, description }) => (long ? [[long, description] as const] : []),
    ),
  );
