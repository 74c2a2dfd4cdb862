// What a run records of a terminal: the output of this process, where that is asked for, and of the
// children that `run.spawn` starts.
//
// 1. Lines are recorded when their turn ends, in front of its flush (G2); in a loop that never yields
//    when enough are gathered, or old.
// 2. Nothing of it throws into who prints; what fails is said once, and ends the capture (G1).
//
// Spec: spec/terminal.md. Test: test/sdk/terminal.test.ts, test/process/terminal.test.ts.

import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { spellParams } from '../model/params.ts';
import type { Redactor } from '../system/redact/redactor.ts';
import {
  type RecorderOptions,
  TerminalRecorder,
  type TerminalStream,
} from '../system/terminal/recorder.ts';
import { type Listener, listen } from '../system/terminal/written.ts';
import type { Attachment, RunInside } from './attachment.ts';
import type { TerminalOptions } from './capture-options.ts';
import { loadedRedactor, loadRedactor } from './late-redactor.ts';

/** Characters that are gathered before they are flushed without being asked. */
const GATHERED_MAX = 256 * 1024;

/** How long the values of variables are taken for known, in milliseconds. */
const KNOWN_MS = 1000;

/** The param that tells what was taken out of lines. */
const TERMINAL_REDACTED_KEY = '__terminal_redacted';

export const attachTerminal = (run: RunInside): Attachment => new RunTerminal(run);

export class RunTerminal implements Attachment {
  /** Of this run, while it captures the output of its own process. */
  listener: Listener | undefined;
  readonly #run: RunInside;
  #recorder: TerminalRecorder | undefined;
  #redactor: Redactor | undefined;
  #variableCount = -1;
  #knownAt = 0;
  #unlisten: (() => void) | undefined;
  #isOver = false;
  #isCutSaid = false;

  constructor(run: RunInside) {
    this.#run = run;
    if (run.options.captureTerminalLogs ?? false) this.#guarded(() => this.#begin());
  }

  #begin(): void {
    const [stdout, stderr] = [this.#add(0), this.#add(1)];
    this.listener = (name, chunk, encoding) => {
      this.write(name === 'stdout' ? stdout : stderr, chunk, encoding);
    };
    this.#unlisten = listen(this.listener);
  }

  /** How lines are kept, by the options of the run and of one child. */
  #kept(own: TerminalOptions): Pick<RecorderOptions, 'colors' | 'redact'> {
    const { captureTerminalLogs, redact } = this.#run.options;
    const common = typeof captureTerminalLogs === 'object' ? captureTerminalLogs : {};
    const colors = own.colors ?? common.colors ?? 'keep';
    if (!(own.redact ?? common.redact ?? false)) return { colors, redact: undefined };
    const redactor = this.#redactor ?? loadedRedactor(redact);
    this.#redactor = redactor;
    return { colors, redact: (text) => redactor.text(text) };
  }

  #add(number: number, own: TerminalOptions = {}): TerminalStream {
    this.#recorder ??= new TerminalRecorder({ next: this.#run.writer.nextLine, ...this.#kept({}) });
    return this.#recorder.stream(number, this.#kept(own));
  }

  /** The words of a command line without their secrets. */
  async redactedArguments(args: readonly string[]): Promise<string[]> {
    await loadRedactor();
    return loadedRedactor(this.#run.options.redact).arguments(args);
  }

  /** What `childStream` needs to have been loaded. */
  async prepare(own: TerminalOptions): Promise<void> {
    if (own.redact ?? false) await loadRedactor();
  }

  /** A stream of a child. `number`: as spec/records.md numbers streams. */
  childStream(number: number, own: TerminalOptions): TerminalStream {
    return this.#add(number, own);
  }

  write(stream: TerminalStream, chunk: string | Uint8Array, encoding?: string): void {
    this.#guarded(() => {
      if (this.#isOver) return;
      stream.write(chunk, encoding, Date.now());
      if ((this.#recorder?.size ?? 0) >= GATHERED_MAX) this.#run.flush();
      else this.#run.touch();
    });
  }

  /** What a child prints has come to its end. */
  endStream(stream: TerminalStream): void {
    this.#guarded(() => {
      if (this.#isOver) return;
      stream.end(Date.now());
      this.#run.touch();
    });
  }

  beforeFlush(): void {
    this.#guarded(() => this.#record());
  }

  #record(): void {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    this.#knowEnvironment();
    for (const lines of recorder.take()) this.#run.writer.lines(lines);
    if (this.#isCutSaid || !recorder.isCut) return;
    this.#isCutSaid = true;
    const limit = 'terminalColumnCountMax';
    const message = `${limit}: lines of the terminal are cut after ${limits[limit]} columns`;
    this.#run.report(new RunlogError('LIMIT', message, { limit }));
  }

  /** Programs read their settings after the run was opened, too: a new variable is seen at once. */
  #knowEnvironment(): void {
    if (this.#redactor === undefined) return;
    const count = Object.keys(process.env).length;
    const now = performance.now();
    if (count === this.#variableCount && now - this.#knownAt < KNOWN_MS) return;
    this.#variableCount = count;
    this.#knownAt = now;
    this.#redactor.know(process.env);
  }

  /** What is printed while the run closes is not recorded any more. */
  settle(): undefined {
    this.#end();
  }

  stop(): void {
    this.#end();
    this.beforeFlush();
    if (this.#recorder !== undefined) this.#guarded(() => this.#recordRedacted());
    this.#recorder = undefined;
  }

  /** By name how often something was taken out; a line that changes is judged each time. */
  #recordRedacted(): void {
    const counts = this.#redactor?.counts ?? {};
    if (Object.keys(counts).length === 0) return;
    const path = [TERMINAL_REDACTED_KEY];
    this.#run.writer.setParams([[path, spellParams({ ...counts }, path)]]);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unlisten?.();
    this.listener = undefined;
    this.#guarded(() => {
      for (const each of this.#recorder?.streams ?? []) each.end(Date.now());
    });
  }

  #guarded(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#isOver = true;
      this.#unlisten?.();
      const message = `the terminal is not recorded any more: ${error instanceof Error ? error.message : String(error)}`;
      this.#run.report(
        error instanceof RunlogError ? error : new RunlogError('IO', message, { cause: error }),
      );
    }
  }
}
