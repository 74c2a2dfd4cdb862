#!/usr/bin/env node
// The program `runlog`: what of it belongs to the process. The commands stand in commands.ts.
//
// 1. A closed pipe is no error: `runlog ls | head` ends quietly.
// 2. No handler of signals: Ctrl-C ends it as it ends any program.
//
// Test: test/cli/cli.test.ts.

import { exitCode } from './exit-code.ts';
import { printAside } from './print.ts';
import { runCommand } from './program.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode);
  printAside(`IO: the answer could not be written: ${error.message}`);
  process.exit(exitCode.fileSystem);
});
// Nobody listens to what stands beside the answer: the answer goes on.
process.stderr.on('error', () => {});

await runCommand(process.argv.slice(2));
