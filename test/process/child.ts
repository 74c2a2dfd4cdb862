// Starts the programs of test/process/programs and talks to them: one line of JSON each way. What is
// started here is ended by `endChildren`, which a test file calls in its afterAll.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inject } from 'vitest';

/** What the program recorder.ts answers; which of it is there depends on the order. */
export interface Answer {
  readonly opened?: string;
  readonly pid?: number;
  readonly thread?: number;
  readonly refused?: string;
  readonly message?: string;
  readonly holder?: { pid: number; thread: number; host: string; since: number };
  readonly flushed?: boolean;
  readonly recording?: string;
  readonly lost?: number;
  /** Points tracked so far by this opening, or read. */
  readonly count?: number;
  /** What `onError` was told so far: code, and that of the disk if the message names it. */
  readonly errors?: readonly string[];
  /** Whether the values read are 0, 1, 2 and so on. */
  readonly isPrefix?: boolean;
}

export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  /** Every line that it has said, also those that were answers. */
  readonly lines: readonly string[];
  /** Sends an order and waits for the next line. */
  ask(order: object): Promise<Answer>;
  /** The next line that nobody has waited for yet. */
  next(): Promise<Answer>;
  /** Its exit code, or the signal that ended it. */
  ended(): Promise<number | string | null>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface ChildOptions {
  readonly arguments?: readonly string[];
  /** What stands in front of the command: strace, unshare, a shell. */
  readonly before?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const children: Child[] = [];
const directories: string[] = [];

export const pathOfProgram = (name: string): string =>
  join(inject('toolsDirectory'), `test/process/programs/${name}.js`);

/** A directory of this test file. Its path is short: that of a probe has at most 100 bytes. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rl-'));
  directories.push(directory);
  return directory;
}

export function startChild(name: string, options: ChildOptions = {}): Child {
  const { before = [], env = {} } = options;
  const command = [...before, process.execPath, pathOfProgram(name), ...(options.arguments ?? [])];
  const [file = '', ...rest] = command;
  const child = spawn(file, rest, { env: { ...process.env, ...env } });
  const lines: string[] = [];
  let isRead = 0;
  let wake = (): void => {};
  let text = '';
  let errors = '';
  let end: number | string | null | undefined;
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    errors += data;
  });
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    const parts = (text + data).split('\n');
    text = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  // It may have ended before its order is read.
  child.stdin.on('error', () => {});
  child.once('close', (code, signal) => {
    end = code ?? signal;
    wake();
  });
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const started: Child = {
    process: child,
    lines,
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return await this.next();
    },
    async next() {
      await until(() => lines.length > isRead || end !== undefined);
      const line = lines[isRead];
      if (line === undefined) throw new Error(`${command.join(' ')} ended (${end}): ${errors}`);
      isRead += 1;
      return JSON.parse(line) as Answer;
    },
    async ended() {
      await until(() => end !== undefined);
      return end ?? null;
    },
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await this.ended();
    },
  };
  children.push(started);
  return started;
}

/** Ends what is left of the children, and removes the directories. */
export async function endChildren(): Promise<void> {
  for (const { process: child } of children) {
    // A tracer that is killed leaves its program behind; that one ends with its input.
    child.stdin.end();
    child.kill('SIGCONT');
  }
  await Promise.all(
    children.map(async (child) => {
      const timer = setTimeout(() => child.process.kill('SIGKILL'), 3000);
      await child.ended();
      clearTimeout(timer);
    }),
  );
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
