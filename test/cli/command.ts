// The command, as a process or within this one, in a directory of its own.

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, inject, vi } from 'vitest';
import { runCommand } from '../../src/cli/program.ts';

export interface Answer {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A temporary directory, taken away after all tests of the file. */
export function workDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'runlog-cli-')));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const programFile = (): string => join(inject('toolsDirectory'), 'src/cli/main.js');

/** Of the shell that started the tests nothing reaches the command. */
const environment = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  RUNLOG_REPO: '',
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  TZ: 'UTC',
  ...more,
});

/** Runs `runlog` in `directory` as a process. */
export function runlogIn(
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Answer {
  const { status, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(
    process.execPath,
    [programFile(), ...args],
    { cwd: directory, encoding: 'utf8', env: environment(env) },
  );
  return { status, out: stdout, err: stderr };
}

/** The same without waiting for it: several run side by side. `onOutput`: each time it has printed. */
export function startRunlog(
  directory: string,
  args: readonly string[],
  onOutput: () => void = () => {},
): Promise<Answer> {
  const child = spawn(process.execPath, [programFile(), ...args], {
    cwd: directory,
    env: environment({}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onOutput();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, out, err }));
  });
}

/**
 * Runs `runlog` in `directory` within this process: everything of it but the start. One at a time: what
 * it prints to and where it is belong to the process.
 */
export async function runlogHere(
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const before = { directory: process.cwd(), exitCode: process.exitCode, env: process.env };
  let out = '';
  let err = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  process.chdir(directory);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // The zone is told to Node by setting it in the environment itself, not in one that takes its place.
  process.env['TZ'] = environment(env)['TZ'];
  process.env = environment(env);
  process.exitCode = undefined;
  try {
    await runCommand(args);
    return { status: Number(process.exitCode ?? 0), out, err };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.chdir(before.directory);
    process.env = before.env;
    process.env['TZ'] = zone;
    process.exitCode = before.exitCode;
  }
}
