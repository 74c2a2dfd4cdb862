// How a run that is written comes to its end: by `close`, by leaving its block, with its process.
//
// 1. The first close counts. What `fail` was told is the error of whatever end comes.
// 2. A run that is open when its process exits is recorded as ended by the exit: failed where the exit
//    code is not 0. Handlers of exit may go on tracking; what they do is flushed at once, and the end is
//    recorded anew behind it.
// 3. A close that was not awaited is finished at exit.
//
// Spec: spec/records.md, Ends. Test: test/sdk/lifecycle.test.ts, test/process/endings.test.ts.

import { type KeptError, keepError } from '../store/kept-error.ts';
import type { Close, How } from '../store/record.ts';
import type { Attachment } from './attachment.ts';
import { redactedError } from './late-redactor.ts';
import type { OpenedRun } from './open-run.ts';
import { type CloseOptions, checkCloseOptions, type RunOptions } from './options.ts';
import type { Exit } from './process-hooks.ts';
import { closedError } from './refusals.ts';
import type { RunProperties } from './run-properties.ts';
import { Turn } from './turn.ts';

export interface LifeParts {
  readonly opened: OpenedRun;
  readonly properties: RunProperties;
  /** As `run.flush`. */
  flush(): boolean;
  /** Publishes the changes of properties; false when they could not be. */
  publish(): boolean;
}

export class RunLife {
  /** Nothing more is taken: `close` was called, or the process is gone. */
  isClosed = false;
  /** Undefined in a run that writes nothing. */
  readonly turn: Turn | undefined;
  /** What records beside the program, in the order in which it was begun. */
  attachments: readonly Attachment[] = [];
  /** As given to `Run.open`. */
  options: RunOptions = {};
  readonly #parts: LifeParts;
  #error: KeptError | undefined;
  /** As it came up, and as it is recorded. */
  #uncaught: { readonly thrown: KeptError; readonly kept: KeptError } | undefined;
  #closing: Promise<void> | undefined;
  /** What `close` was told, until it is recorded. */
  #due: Close | undefined;
  /** What the exit of the process has recorded, and where. */
  #atExit: { readonly close: Close; readonly position: number } | undefined;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    const { flushMode, writer } = parts.opened;
    if (writer === undefined) return;
    this.turn = new Turn(flushMode, {
      flush: () => parts.flush(),
      exit: (exit) => this.#exit(exit),
      exited: (exit) => this.#exited(exit),
    });
  }

  fail(error: unknown): void {
    this.#error = this.#kept(error);
  }

  /** As `run.sync`. */
  async sync(): Promise<void> {
    const { opened, properties } = this.#parts;
    const { writer, hash } = opened;
    if (writer === undefined) return;
    if (this.isClosed) throw closedError(hash);
    this.turn?.flushed();
    for (const each of this.attachments) each.beforeFlush?.();
    if (!this.#parts.publish()) throw properties.unpublished();
    await writer.sync();
    opened.syncEdits();
  }

  #kept(error: unknown): KeptError {
    return redactedError(keepError(error), this.options);
  }

  /** A refused argument is no close: the next call closes. */
  async close(options: CloseOptions, how?: How): Promise<void> {
    checkCloseOptions(options);
    this.#closing ??= this.#close(options, how);
    await this.#closing;
  }

  async #close(options: CloseOptions, how: How | undefined): Promise<void> {
    const { outcome, error, endedAt } = options;
    const kept = error === undefined ? this.#error : this.#kept(error);
    const { opened, properties } = this.#parts;
    const { writer } = opened;
    const isPublished = this.#parts.publish();
    const close: Close = {
      closedAt: endedAt ?? Date.now(),
      outcome: outcome ?? (kept === undefined ? 'finished' : 'failed'),
      error: kept,
      how,
    };
    const waits = this.attachments.map((each) => each.settle?.()).filter((each) => each);
    if (waits.length > 0) {
      this.#parts.flush();
      this.isClosed = true;
      this.#due = close;
      await Promise.all(waits);
      this.#due = undefined;
    }
    this.#stopAttachments();
    this.isClosed = true;
    try {
      await writer?.close(close);
    } finally {
      this.turn?.stop();
      opened.syncEdits();
      opened.release();
    }
    if (!isPublished) throw properties.unpublished();
  }

  #stopAttachments(): void {
    for (const each of this.attachments) each.stop();
  }

  #exit(exit: Exit): void {
    if (this.isClosed) {
      this.#finishClose();
      return;
    }
    this.#parts.flush();
    this.#record(this.#closeAtExit(exit));
  }

  /** What a close that is not over yet has to record is in the kernel. */
  #finishClose(): void {
    const { writer } = this.#parts.opened;
    if (this.#due === undefined) writer?.flush();
    else writer?.end(this.#due);
    this.#due = undefined;
  }

  #exited(exit: Exit): void {
    const { opened } = this.#parts;
    if (!this.isClosed) {
      this.#parts.flush();
      this.#stopAttachments();
      this.isClosed = true;
      this.#record(this.#closeAtExit(exit));
    } else this.#stopAttachments();
    this.turn?.stop();
    opened.writer?.closeSync(undefined, exit.isSyncing);
    if (exit.isSyncing) opened.syncEdits();
  }

  #closeAtExit({ code, uncaught }: Exit): Close {
    // What the program itself has said comes first.
    const isFailed = code !== 0 || uncaught !== undefined || this.#error !== undefined;
    return {
      closedAt: Date.now(),
      outcome: isFailed ? 'failed' : 'finished',
      error: this.#error ?? this.#redacted(uncaught?.error),
      how: uncaught === undefined ? 'exit' : 'uncaught',
      exitCode: code,
      origin: uncaught?.origin,
    };
  }

  /** The same for the same: ends are compared. */
  #redacted(error: KeptError | undefined): KeptError | undefined {
    if (error === undefined) return undefined;
    if (this.#uncaught?.thrown === error) return this.#uncaught.kept;
    this.#uncaught = { thrown: error, kept: redactedError(error, this.options) };
    return this.#uncaught.kept;
  }

  /** Once, unless the end is another now or something came behind it. */
  #record(close: Close): void {
    const { writer } = this.#parts.opened;
    if (writer === undefined) return;
    const { position } = writer.target();
    const before = this.#atExit;
    if (before?.position === position && isSameEnd(before.close, close)) return;
    writer.end(close);
    this.#atExit = { close, position: writer.target().position };
  }
}

const isSameEnd = (a: Close, b: Close): boolean =>
  a.how === b.how && a.exitCode === b.exitCode && a.error === b.error;
