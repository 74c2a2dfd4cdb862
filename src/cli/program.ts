// From words to a command and an exit code.
//
// 1. Words are read twice: once against the names alone, to load the file of the one command, then
//    against its options. A start costs one command, not all of them.
// 2. A RunlogError is one line, a wrong query with its place, never a stack trace. What it is stands in
//    the exit code.
//
// Test: test/cli/usage.test.ts, test/cli/command-page.test.ts.

import { readFileSync } from 'node:fs';

import { Command, CommanderError, Help, type Option } from 'commander';
import { Repo, RunlogError } from '../index.ts';
import { type CommandEntry, commandEntries, commandGroups } from './commands.ts';
import { exitCode, exitCodeHelp, exitCodeOf } from './exit-code.ts';
import { meantBy } from './named.ts';
import { repoOption, repoVariable } from './open.ts';
import { examples } from './options.ts';
import { escaped, printAside } from './print.ts';
import { remedyOf } from './remedy.ts';

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const whatHelp = [
  'Where a command takes <run>: a hash, 4 characters or more that no other hash begins with, or -1 for',
  'the newest, -2 for the one before it. Where it takes [what...]: several of those, or one query.',
].join('\n');

const firstExamples = examples(
  ['runlog ls', 'the newest runs'],
  ['runlog show -1', 'the newest run; -2 is the one before it'],
  ['runlog plot -1 -2 --metric loss', 'a metric of two runs'],
  ['runlog compare -1 3fa9', 'what differs'],
);

/** Switches are off unless they are given: help does not say so of each. */
const optionDescription = (option: Option): string =>
  option.isBoolean() ? option.description : new Help().optionDescription(option);

function root(): Command {
  return new Command('runlog')
    .configureHelp({ optionDescription })
    .description('Looks at runs that programs have recorded.')
    .version(versionOf())
    .option(
      '--repo <path>',
      'the repo, or the directory that holds its .aim (default: RUNLOG_REPO, else the nearest above)',
    )
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      // It repeats what was typed, which may have been pasted.
      outputError: (text, write) =>
        write(
          text
            .replace(/^error: /, 'runlog: ')
            .split('\n')
            .map(escaped)
            .join('\n'),
        ),
    })
    .showHelpAfterError('see `runlog --help`');
}

const usages = new Map(
  commandEntries.map(({ name, usage }) => [name, `${name} ${usage}`.trimEnd()]),
);

/** All names, none of their options. */
function outline(choose: (entry: CommandEntry) => void): Command {
  const program = root()
    .usage('<command> [options]')
    // Words behind the name are read by the command itself.
    .enablePositionalOptions()
    .configureHelp({
      optionDescription,
      subcommandTerm: (command) => usages.get(command.name()) ?? command.name(),
    });
  for (const [group, entries] of Object.entries(commandGroups)) {
    program.commandsGroup(group);
    for (const entry of entries)
      program
        .command(entry.name)
        .description(entry.summary)
        .helpOption(false)
        .allowUnknownOption()
        .allowExcessArguments()
        .action(() => choose(entry));
  }
  return program.addHelpText('after', `\n${whatHelp}\n${firstExamples}\n\n${exitCodeHelp}`);
}

/** The program with the commands of these entries, whole. */
export async function programOf(entries: readonly CommandEntry[]): Promise<Command> {
  const program = root();
  for (const entry of entries) {
    (await entry.load())(program, wholeProgram);
    program.commands.at(-1)?.showHelpAfterError(`see \`runlog ${entry.name} --help\``);
  }
  return program;
}

/** The program with all commands: what the spec page and completion are about. */
export const wholeProgram = (): Promise<Command> => programOf(commandEntries);

/** Does what the words say. What it comes to is left in `process.exitCode`. */
export async function runCommand(words: readonly string[]): Promise<void> {
  // `runlog help show` is `runlog show --help`; of what is no command it is the error that it is no command.
  const [name, ...about] = words;
  const isCommand = commandEntries.some((each) => each.name === about[0]);
  const helped = about.length === 0 || isCommand ? [...about, '--help'] : about;
  const given = name === 'help' ? helped : [...words];
  let program = root();
  try {
    let chosen = undefined as CommandEntry | undefined;
    program = outline((entry) => {
      chosen = entry;
    });
    await program.parseAsync(given, { from: 'user' });
    if (chosen === undefined) return;
    program = await programOf([chosen]);
    await program.parseAsync(given, { from: 'user' });
  } catch (error) {
    process.exitCode = codeOf(error, program);
    if (error instanceof RunlogError && error.code === 'QUERY_SYNTAX')
      await tellMeant(program.commands.at(-1)?.args ?? [], program);
  }
}

/** Words that are no query may be the name of a run, which is none of those that a command takes. */
async function tellMeant(words: readonly string[], program: Command): Promise<void> {
  const text = words.join(' ');
  if (!/^[\p{L}\p{N}_][\p{L}\p{N} _:+-]*$/u.test(text)) return;
  const repo = await Repo.open(repoOption(program));
  const meant = await meantBy(repo, text);
  if (meant !== '') printAside(`${text}: ${meant}`);
}

function codeOf(error: unknown, program: Command): number {
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitCode.done : exitCode.notFoundOrUsage;
  if (error instanceof RunlogError) {
    const [first = '', ...more] = linesOf(error);
    printAside(`${error.code}: ${first}${originOf(error, program)}`);
    for (const line of more) process.stderr.write(`${escaped(line)}\n`);
    const remedy = remedyOf(error);
    if (remedy !== undefined) printAside(remedy);
    return exitCodeOf(error);
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    printAside(error.message);
    return exitCode.notFoundOrUsage;
  }
  throw error;
}

/** A wrong query is shown with its place below it; other messages may hold texts of a repo, and are one line. */
const linesOf = ({ code, message }: RunlogError): string[] =>
  code === 'QUERY_SYNTAX' ? message.split('\n') : [message];

/** Where the path came from, if no argument says it. */
function originOf(error: RunlogError, program: Command): string {
  const isFromVariable =
    error.code === 'REPO_NOT_FOUND' &&
    repoOption(program) === undefined &&
    repoVariable() !== undefined;
  return isFromVariable ? ' (the path is that of RUNLOG_REPO)' : '';
}
