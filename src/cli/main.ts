#!/usr/bin/env node
// The command `runlog`: parses, dispatches, and turns failures into exit codes.
//
// 1. Imports the public API only: what the command can do, any program can.
// 2. A RunlogError is one line, never a stack trace; a closed pipe is no error.
//
// Test: test/cli/cli.test.ts, test/cli/usage.test.ts.

import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';
import { RunlogError } from '../index.ts';
import { addInit } from './commands/init.ts';
import { addList } from './commands/list.ts';
import { addRepair } from './commands/repair.ts';
import { addShow } from './commands/show.ts';
import { addVerify } from './commands/verify.ts';
import { exitCode, exitCodeHelp, exitCodeOf } from './exit-code.ts';
import { repoOption, repoVariable } from './open.ts';
import { printAside } from './print.ts';

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// `runlog ls | head`: the reader has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? process.exitCode : exitCode.fileSystem);
});

const examples = [
  'Examples:',
  '  $ runlog ls',
  '  $ runlog show -1            the newest run; -2 is the one before it',
  '  $ runlog show 3fa9 --json   the run whose hash begins so: 4 characters or more',
  '  $ runlog verify',
].join('\n');

const program = new Command('runlog')
  .description('Looks at runs that programs have recorded.')
  .version(versionOf())
  .option(
    '--repo <path>',
    'the repo, or the directory that holds its .aim (default: RUNLOG_REPO, else the nearest above)',
  )
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'runlog: ')),
  })
  .showHelpAfterError('see `runlog --help`')
  .addHelpText('after', `\n${examples}\n\n${exitCodeHelp}`);

for (const add of [addInit, addList, addShow, addVerify, addRepair]) add(program);

/** Where the path came from, if no argument says it. */
function originOf(error: RunlogError): string {
  const isFromVariable =
    error.code === 'REPO_NOT_FOUND' &&
    repoOption(program) === undefined &&
    repoVariable() !== undefined;
  return isFromVariable ? ' (the path is that of RUNLOG_REPO)' : '';
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.notFoundOrUsage;
  else if (error instanceof RunlogError) {
    printAside(`${error.code}: ${error.message}${originOf(error)}`);
    process.exitCode = exitCodeOf(error);
  } else if (error instanceof TypeError || error instanceof RangeError) {
    printAside(error.message);
    process.exitCode = exitCode.notFoundOrUsage;
  } else throw error;
}
