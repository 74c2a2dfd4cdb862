// Following any number of logs of runs at once: what is there first, then what comes.
//
// 1. Nothing is read ahead: a consumer that rests makes nothing pile up.
// 2. A log that was closed is not watched; a look at its names tells when it is opened again.
// 3. What was delivered is never taken back. A log of another life of its run is passed over.
// 4. However it ends, nothing of it keeps the process alive.
//
// Spec: spec/records.md, Following. Test: test/sdk/follow.test.ts, test/process/follow-ends.test.ts.

import { Log, type LogRecord, loadXxhash, type Vfs } from '../engine/index.ts';
import { asRunlogError, errorCode, throwIfAborted } from '../errors.ts';
import { durations } from '../limits.ts';
import { isNoContent } from '../store/object-record.ts';
import { listIfThere } from '../store/repo-directory.ts';
import { readState, runFold, type StoredState } from '../store/run-state.ts';
import { type WriterChange, type WriterCursor, WriterEvents } from './writer-events.ts';

/** A log to follow, as a look at the repo finds it. */
export interface LogSource {
  readonly run: string;
  readonly writer: string;
  readonly directory: string;
  /** Of the run now. */
  readonly life: string;
  /** 'start', 'now' or a place; used when the log is met for the first time. */
  readonly from: 'start' | 'now' | WriterCursor;
}

export interface LogEvent {
  readonly source: LogSource;
  readonly change: WriterChange;
  readonly cursor: WriterCursor;
}

export interface FollowLogsOptions {
  /** Called about every 200 ms: the logs to look at this time. May throw, which ends the following. */
  readonly sources: () => Iterable<LogSource>;
  /** Told where a log is begun, before its first event. */
  readonly onBegin: (source: LogSource, cursor: WriterCursor) => void;
  readonly only?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function* followLogs(vfs: Vfs, options: FollowLogsOptions): AsyncGenerator<LogEvent> {
  await loadXxhash();
  const logs = new Map<string, FollowedLog>();
  const bell = new Bell(options.signal);
  const stop = (): void => {
    for (const log of logs.values()) log.stop();
    bell.wake();
  };
  // At once: a consumer that was told by the signal may never come back for the error.
  options.signal?.addEventListener('abort', stop, { once: true });
  let lookedAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      if (performance.now() - lookedAt >= durations.followPollMs) {
        for (const source of options.sources()) {
          let log = logs.get(source.directory);
          if (log === undefined) {
            log = new FollowedLog(vfs, source, options, bell);
            logs.set(source.directory, log);
          }
          for (const event of log.look(source)) {
            yield event;
            await bell.breathe();
          }
          await bell.breathe();
        }
        lookedAt = performance.now();
      }
      for (let log = bell.ready.shift(); log !== undefined; log = bell.ready.shift()) {
        for (const event of log.take()) {
          yield event;
          await bell.breathe();
        }
        if (performance.now() - lookedAt >= durations.followPollMs) break;
      }
      if (bell.ready.length === 0)
        await bell.wait(durations.followPollMs - (performance.now() - lookedAt));
      bell.refuseAborted();
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** Who waits for whom: logs ring when they have something, the consumer sleeps until then. */
class Bell {
  readonly ready: FollowedLog[] = [];
  readonly #signal: AbortSignal | undefined;
  /** Ends the wait, if there is one. */
  wake = (): void => {};
  #sliceEnd = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.refuseAborted();
  }

  ring(log: FollowedLog): void {
    this.ready.push(log);
    this.wake();
  }

  /** @throws RunlogError ABORTED. */
  refuseAborted(): void {
    throwIfAborted(this.#signal);
  }

  /** Lets the event loop turn now and then; a consumer that only computes would hold it otherwise. */
  async breathe(): Promise<void> {
    if (performance.now() >= this.#sliceEnd) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#sliceEnd = performance.now() + durations.sliceMs;
    }
    this.refuseAborted();
  }

  async wait(ms: number): Promise<void> {
    if (this.#signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, Math.max(1, ms));
      this.wake = done;
    });
  }
}

class FollowedLog {
  readonly #vfs: Vfs;
  readonly #options: FollowLogsOptions;
  readonly #bell: Bell;
  #source: LogSource;
  #from: LogSource['from'];
  #events: WriterEvents | undefined;
  /** Names of its files when it was found closed, missing or of another life. */
  #restingNames: string | undefined;
  #stopping: AbortController | undefined;
  #records: AsyncGenerator<LogRecord> | undefined;
  #taken: { readonly record?: LogRecord; readonly error?: unknown } = {};

  constructor(vfs: Vfs, source: LogSource, options: FollowLogsOptions, bell: Bell) {
    this.#vfs = vfs;
    this.#source = source;
    this.#from = source.from;
    this.#options = options;
    this.#bell = bell;
  }

  /** Reads what is there, and begins to watch a log that somebody may still write. */
  *look(source: LogSource): Generator<LogEvent> {
    if (source.life !== this.#source.life) {
      this.stop();
      this.#events = undefined;
      this.#restingNames = undefined;
      this.#from = 'start';
    }
    this.#source = source;
    if (this.#stopping !== undefined) return;
    const names = listIfThere(this.#vfs, source.directory).sort().join();
    if (names === this.#restingNames) return;
    if (!(yield* this.#catchUp())) return;
    if (this.#events === undefined || this.#events.isClosed) this.#restingNames = names;
    else this.#watch();
  }

  /** False: a rewriting took a file away; what was delivered counts, the next look goes on from there. */
  *#catchUp(): Generator<LogEvent, boolean> {
    const { directory, life } = this.#source;
    try {
      const log = Log.snapshot<StoredState>(directory, { vfs: this.#vfs, fold: runFold });
      const state = readState(log.state as StoredState);
      if (state.life !== life) {
        // Nothing of this life was there at the beginning.
        if (this.#from === 'now') this.#from = 'start';
        return true;
      }
      this.#events ??= this.#begin({ life, position: log.position, points: state.nextPoint });
      const events = this.#events;
      const from = events.cursor.position;
      for (const record of log.records(from, Number.POSITIVE_INFINITY, isNoContent))
        yield* this.#deliver(record);
      const last = state.openings.at(-1);
      events.isClosed = last !== undefined && last[1] !== null;
      return true;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' && errorCode((error as Error).cause) !== 'ENOENT')
        throw error;
      return false;
    }
  }

  #begin(now: WriterCursor): WriterEvents {
    const { directory, writer, life } = this.#source;
    const asked = this.#from === 'now' ? now : this.#from;
    const cursor =
      asked !== 'start' && asked.life === life ? asked : { life, position: 0, points: 0 };
    this.#options.onBegin(this.#source, cursor);
    return new WriterEvents({
      vfs: this.#vfs,
      directory,
      writer,
      cursor,
      only: this.#options.only,
    });
  }

  *#deliver(record: LogRecord): Generator<LogEvent> {
    const events = this.#events as WriterEvents;
    for (const change of events.of(record))
      yield { source: this.#source, change, cursor: events.cursor };
  }

  #watch(): void {
    const stopping = new AbortController();
    this.#stopping = stopping;
    const from = (this.#events as WriterEvents).cursor.position;
    Log.open(this.#source.directory, { vfs: this.#vfs, readOnly: true })
      .then((log) => {
        if (this.#stopping !== stopping) return;
        this.#records = log.follow({ from, signal: stopping.signal, isWanted: isNoContent });
        this.#ask(stopping);
      })
      .catch((error: unknown) => this.#ring(stopping, { error }));
  }

  #ask(stopping: AbortController): void {
    this.#records?.next().then(
      ({ value }) => this.#ring(stopping, value === undefined ? {} : { record: value }),
      (error: unknown) => this.#ring(stopping, { error }),
    );
  }

  #ring(stopping: AbortController, taken: { record?: LogRecord; error?: unknown }): void {
    if (this.#stopping !== stopping) return;
    this.#taken = taken;
    this.#bell.ring(this);
  }

  /** The one record that it rang for; the next is asked for when the consumer has had it. */
  *take(): Generator<LogEvent> {
    const { record, error } = this.#taken;
    const stopping = this.#stopping;
    this.#taken = {};
    if (error !== undefined) throw asRunlogError(error, this.#source.directory);
    if (record === undefined || stopping === undefined) return;
    yield* this.#deliver(record);
    if (this.#events?.isClosed) this.stop();
    else this.#ask(stopping);
  }

  /**
   * The watcher of the files keeps the process alive, and rests where its generator does: at a record
   * that was asked for and came. Aborting alone would never reach its end.
   */
  stop(): void {
    this.#stopping?.abort();
    this.#records?.return(undefined).catch(() => {});
    this.#stopping = undefined;
    this.#records = undefined;
    this.#restingNames = undefined;
  }
}
