#!/usr/bin/env node
// The command `runlog`: parses, dispatches, and turns failures into exit codes.
//
// 1. Imports the public API only: what the command can do, any program can.
// 2. A RunlogError is one line, never a stack trace; a closed pipe is no error.
//
// Exit codes: 0 done; 1 unexpected; 2 not found, or wrong usage; 3 format too new; 4 held by a live
// owner; 5 damage; 6 the file system refused. Test: test/cli/cli.test.ts.

import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';
import { type ErrorCode, RunlogError } from '../index.ts';
import { addInit } from './commands/init.ts';
import { addList } from './commands/list.ts';
import { addRepair } from './commands/repair.ts';
import { addShow } from './commands/show.ts';
import { addVerify } from './commands/verify.ts';

const exitCodes: Partial<Record<ErrorCode, number>> = {
  REPO_NOT_FOUND: 2,
  RUN_NOT_FOUND: 2,
  HASH_AMBIGUOUS: 2,
  FORMAT_TOO_NEW: 3,
  RUN_LOCKED: 4,
  CORRUPT: 5,
  IO: 6,
};

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// `runlog ls | head`: the reader has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 6);
});

const program = new Command('runlog')
  .description('Looks at runs that programs have recorded.')
  .version(versionOf())
  .option(
    '--repo <path>',
    'the repo, or the directory that holds its .aim (default: RUNLOG_REPO, else the nearest above)',
  )
  .exitOverride()
  .addHelpText(
    'after',
    '\nExamples:\n  $ runlog ls\n  $ runlog show -1\n  $ runlog show 3fa9 --json\n  $ runlog verify',
  );

for (const add of [addInit, addList, addShow, addVerify, addRepair]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof RunlogError) {
    process.stderr.write(`runlog: ${error.code}: ${error.message}\n`);
    process.exitCode = exitCodes[error.code] ?? 1;
  } else if (error instanceof TypeError || error instanceof RangeError) {
    process.stderr.write(`runlog: ${error.message}\n`);
    process.exitCode = 2;
  } else throw error;
}
