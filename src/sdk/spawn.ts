// A program run as a child, whose output is recorded and passed on.
//
// 1. What comes is written to our own stdout and stderr first, unchanged, and recorded then: as the
//    child's, not once more as ours.
// 2. No more is held than what the pipes hold: where our own stream is full, the child waits.
// 3. Nothing that recording does reaches the child or its output (G1).
//
// Spec: spec/terminal.md. Test: test/sdk/spawn.test.ts, test/process/terminal.test.ts.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

import { RunlogError } from '../errors.ts';
import { checkMembers, checkSignal, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import { checkParamsPath, type ParamsPath, spellParams } from '../model/params.ts';
import type { TerminalStream } from '../system/terminal/recorder.ts';
import type { StreamName } from '../system/terminal/written.ts';
import { checkTerminalOptions, type TerminalOptions } from './capture-options.ts';
import { type ChildPipe, childPipes, discardPipes } from './child-pipes.ts';
import { outlet } from './outlet.ts';
import type { RunTerminal } from './run-terminal.ts';

/** How a child is started and what is recorded of it. */
export interface SpawnOptions extends TerminalOptions {
  /** Where it runs. Default: where this process does. */
  readonly cwd?: string | undefined;
  /** Added to the environment of this process; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** 'ignore' (default): nothing to read; 'inherit': that of this process; a text or bytes. */
  readonly stdin?: 'ignore' | 'inherit' | { readonly text: string | Uint8Array } | undefined;
  /** Sends it SIGTERM when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The param under which command line (without secrets), working directory, process id, exit code, signal
   * and seconds are recorded. Default: none.
   */
  readonly params?: string | readonly string[] | undefined;
  /** Told of the child as soon as it runs. */
  readonly onStart?: ((child: StartedChild) => void) | undefined;
}

/** What `onStart` is told of. */
export interface StartedChild {
  readonly pid: number;
  /** `signal`: as `SIGTERM`. False: it could not be sent. */
  kill(signal: string): boolean;
}

/** How a child has ended. */
export interface SpawnResult {
  readonly pid: number;
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** As `SIGTERM`; null: it exited by itself. */
  readonly signal: string | null;
}

type SetParams = (entries: readonly (readonly [ParamsPath, unknown])[]) => void;

const optionNames = new Set([
  'cwd',
  'env',
  'stdin',
  'signal',
  'params',
  'onStart',
  'colors',
  'redact',
]);

function checkSpawn(command: unknown, args: unknown, options: SpawnOptions): void {
  if (typeof command !== 'string' || command === '' || command.includes('\0'))
    throw new TypeError(`command: expected a path or a name, got ${given(command)}`);
  if (!Array.isArray(args)) throw new TypeError(`args: expected an array, got ${given(args)}`);
  for (const [index, each] of args.entries()) {
    if (typeof each !== 'string' || each.includes('\0'))
      throw new TypeError(`args[${index}]: expected a string without NUL, got ${given(each)}`);
  }
  checkMembers(options, 'options', optionNames);
  const { cwd, env, stdin = 'ignore', signal, params, onStart, ...terminal } = options;
  checkType(cwd, 'string', 'cwd');
  checkType(onStart, 'function', 'onStart');
  if (env !== undefined) checkEnv(env);
  const text: unknown = typeof stdin === 'object' && stdin !== null ? stdin.text : undefined;
  const isText = typeof text === 'string' || text instanceof Uint8Array;
  if (stdin !== 'ignore' && stdin !== 'inherit' && !isText)
    throw new TypeError(`stdin: expected 'ignore', 'inherit' or { text }, got ${given(stdin)}`);
  checkSignal(signal);
  if (params !== undefined) checkParamsPath(params, 'params');
  checkTerminalOptions(terminal);
}

function checkEnv(env: unknown): void {
  if (typeof env !== 'object' || env === null)
    throw new TypeError(`env: expected an object, got ${given(env)}`);
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (typeof value !== 'string' || value.includes('\0')))
      throw new TypeError(`env.${name}: expected a string without NUL, got ${given(value)}`);
  }
}

/** @throws TypeError naming the argument; RunlogError IO when the program cannot be started. */
export async function spawnCaptured(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  terminal: RunTerminal | undefined,
  setParams: SetParams,
): Promise<SpawnResult> {
  checkSpawn(command, args, options);
  await terminal?.prepare(options);
  const facts = new ChildFacts(options, setParams);
  if (terminal !== undefined && options.params !== undefined)
    facts.begin(await terminal.redactedArguments([command, ...args]));
  const pipes = await childPipes(2);
  const child = start(command, args, options, pipes);
  for (const pipe of pipes ?? []) pipe.given();
  const outputs = pipes?.map(({ output }) => output) ?? [child.stdout, child.stderr];
  // Before it prints anything: its output waits in the pipes until then.
  const ended = endOf(child, command, outputs);
  const { pid } = child;
  if (pid !== undefined) {
    const handle = { pid, kill: (signal: string) => child.kill(signal as NodeJS.Signals) };
    pass(outputs[0], 'stdout', pid * 2, terminal, options);
    pass(outputs[1], 'stderr', pid * 2 + 1, terminal, options);
    feed(child, options);
    facts.started(pid);
    options.onStart?.(handle);
  }
  const result = await ended.catch((error: unknown) => {
    facts.failed(error);
    throw error;
  });
  facts.ended(result);
  return result;
}

function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  pipes: readonly ChildPipe[] | undefined,
): ChildProcess {
  const { cwd, env, stdin = 'ignore', signal } = options;
  try {
    return spawn(command, [...args], {
      stdio: [
        typeof stdin === 'object' ? 'pipe' : stdin,
        pipes?.[0]?.end ?? 'pipe',
        pipes?.[1]?.end ?? 'pipe',
      ],
      env: { ...process.env, ...env },
      windowsHide: true,
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    discardPipes(pipes ?? []);
    throw notStarted(command, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such program, or its working directory is not there',
  EACCES: 'not executable',
  E2BIG: 'arguments and environment are too long',
};

function notStarted(command: string, error: unknown): RunlogError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new RunlogError('IO', `${command}: ${reasons[code] ?? message}`, { cause: error });
}

/** When the child has ended and its output was read to the end. */
function endOf(
  child: ChildProcess,
  command: string,
  outputs: readonly (Readable | null | undefined)[],
): Promise<SpawnResult> {
  // Of a pipe of ours the child does not know.
  const closed = Promise.all(
    outputs.map((each) => each && new Promise<void>((resolve) => each.once('close', resolve))),
  );
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      // Of an abort, which the end of the child tells as well, or of a signal that it did not take.
      if (child.pid !== undefined) return;
      for (const each of outputs) each?.destroy();
      reject(notStarted(command, error));
    });
    child.once('close', (exitCode, signal) => {
      const { pid } = child;
      if (pid !== undefined) closed.then(() => resolve({ pid, exitCode, signal }), reject);
    });
  });
}

function feed(child: ChildProcess, { stdin }: SpawnOptions): void {
  if (typeof stdin !== 'object') return;
  // It need not read what it is given.
  child.stdin?.on('error', () => {});
  child.stdin?.end(stdin.text);
}

/** From a pipe of the child to our own stream, and to the lines of the run. */
function pass(
  from: Readable | null | undefined,
  name: StreamName,
  number: number,
  terminal: RunTerminal | undefined,
  options: SpawnOptions,
): void {
  if (!from) return;
  const { colors, redact } = options;
  const own = {
    ...(colors === undefined ? {} : { colors }),
    ...(redact === undefined ? {} : { redact }),
  };
  const stream: TerminalStream | undefined = terminal?.childStream(number, own);
  const to = outlet(name);
  to.add(from);
  from.on('data', (chunk: Buffer) => {
    try {
      to.write(from, chunk, terminal?.listener);
    } finally {
      if (stream !== undefined) terminal?.write(stream, chunk);
    }
  });
  from.on('error', () => {});
  from.once('close', () => {
    if (stream !== undefined) terminal?.endStream(stream);
  });
}

/** Undefined: it was removed. Programs run there all the same. */
function ownDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** What is recorded of a child as params, where that is asked for. */
class ChildFacts {
  readonly #path: ParamsPath | undefined;
  readonly #cwd: string | undefined;
  readonly #setParams: SetParams;
  #facts: Record<string, unknown> | undefined;
  #startedAt = 0;

  constructor({ params, cwd }: SpawnOptions, setParams: SetParams) {
    this.#path = params === undefined ? undefined : checkParamsPath(params, 'params');
    this.#cwd = cwd ?? ownDirectory();
    this.#setParams = setParams;
  }

  begin(command: readonly string[]): void {
    this.#facts = { command: command.map((each) => each.toWellFormed()) };
    if (this.#cwd !== undefined) this.#facts['cwd'] = this.#cwd.toWellFormed();
    this.#startedAt = performance.now();
    this.#set();
  }

  started(pid: number): void {
    this.#add({ pid });
  }

  failed(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#add({ error: text.toWellFormed() });
  }

  ended({ exitCode, signal }: SpawnResult): void {
    const seconds = Math.round(performance.now() - this.#startedAt) / 1000;
    this.#add({ exitCode, signal, seconds });
  }

  #add(facts: Record<string, unknown>): void {
    if (this.#facts === undefined) return;
    this.#facts = { ...this.#facts, ...facts };
    this.#set();
  }

  #set(): void {
    if (this.#path === undefined) return;
    this.#setParams([[this.#path, spellParams(this.#facts, this.#path)]]);
  }
}
