// Compiles what tests start as processes, once a test run, into a directory of this run alone: two
// runs in one checkout must not write each other's programs. Read the directory by
// `inject('toolsDirectory')`; a program of test/process/programs is at test/process/programs in it.
//
// Type errors do not stop the tests: `npm run check` reports them, and the code is written anyway.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { buildTools } from './build-tools.js';

declare module 'vitest' {
  export interface ProvidedContext {
    toolsDirectory: string;
  }
}

/** What whoever starts the tests has chosen for programs that they look at: not for those of the tests. */
const CHOSEN = ['NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'LINES', 'RUNLOG_REPO', 'RUNLOG_MODE'];

/** A place for temporary files that is not deep. */
function shortDirectory(): string {
  const isWritable = (directory: string): boolean => {
    try {
      fs.accessSync(directory, fs.constants.W_OK);
      return true;
    } catch {
      return false;
    }
  };
  return ['/tmp', '/var/tmp'].find(isWritable) ?? os.tmpdir();
}

export default function setup(project: TestProject): () => void {
  // The path of a probe has at most 100 bytes; the tests need sixty of them.
  if (Buffer.byteLength(os.tmpdir()) > 40) process.env['TMPDIR'] = shortDirectory();
  // The processes of the tests, which begin after this, are given what is left.
  for (const name of CHOSEN) delete process.env[name];
  const directory = path.join(project.config.root, 'build', `test-${process.pid}`);
  buildTools(directory);
  project.provide('toolsDirectory', directory);
  return () => fs.rmSync(directory, { recursive: true, force: true });
}
