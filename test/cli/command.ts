// The command as a process, in a directory of its own.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, inject } from 'vitest';

export interface Answer {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A temporary directory, taken away after all tests of the file. */
export function workDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'runlog-cli-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs `runlog` in `directory`. */
export function runlogIn(
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Answer {
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const { status, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(
    process.execPath,
    [program, ...args],
    { cwd: directory, encoding: 'utf8', env: { ...process.env, RUNLOG_REPO: '', ...env } },
  );
  return { status, out: stdout, err: stderr };
}
