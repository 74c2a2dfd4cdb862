// A run being written: one line to open, cheap to track to, safe to kill.
//
// 1. After `open` nothing that the disk, a lock or the machine does makes track, set, rewind or flush
//    throw (G1). A caller's mistake does, at the call, with nothing half-written.
// 2. What one turn of the event loop tracked is flushed when it ends (G2).
//
// Spec: spec/records.md. Test: test/sdk/run.test.ts.

import { AsyncLocalStorage } from 'node:async_hooks';

import { asRunlogError, type RunlogError } from '../errors.ts';
import type { Context } from '../model/context.ts';
import type { ContextLike, DataObject, MetricValuesLike } from '../model/data-object.ts';
import { given } from '../model/given.ts';
import { checkName } from '../model/names.ts';
import { checkParamsPath } from '../model/params.ts';
import { checkEpoch, checkStep, checkTime, checkValue } from '../model/point.ts';
import type { Change } from '../store/edits.ts';
import { checkArtifact, type LogArtifactOptions } from './artifact-options.ts';
import { attachAll } from './attachments.ts';
import { handled } from './handled.ts';
import { prepareRedactor } from './late-redactor.ts';
import type { LoggedArtifact } from './log-artifact.ts';
import { objectsOf, type TrackedObject } from './objects/tracked-object.ts';
import { type OpenedRun, openRun } from './open-run.ts';
import {
  type CloseOptions,
  checkRewindOptions,
  checkText,
  pathOf,
  type RewindOptions,
  type RunOptions,
  type RunRecording,
  spelledParams,
  type TrackOptions,
} from './options.ts';
import { closedError, readOnlyError } from './refusals.ts';
import type { Repo } from './repo.ts';
import { Reporter } from './reporter.ts';
import { RunArtifacts } from './run-artifacts.ts';
import { RunLife } from './run-life.ts';
import { RunLog } from './run-log.ts';
import { RunProperties } from './run-properties.ts';
import { RunTerminal } from './run-terminal.ts';
import { type Columns, noTarget, Sequence } from './sequence.ts';
import { SequenceTable } from './sequence-table.ts';
import type { SpawnOptions, SpawnResult } from './spawn.ts';
import { checkedMoment, checkedValues, OptionSlips } from './tracked-values.ts';
import type { Turn } from './turn.ts';

const current = new AsyncLocalStorage<Run>();

/** A run that this process records. From `Run.open` or `Run.with`. */
export class Run {
  /** What `Run.open({ runHash })` opens again. */
  readonly hash: string;
  /** Where it is recorded. */
  readonly repo: Repo;
  readonly #opened: OpenedRun;
  readonly #sequences = new SequenceTable((name, text) => this.#writer().sequence(name, text));
  readonly #life: RunLife;
  /** Undefined in a run that writes nothing. */
  readonly #turn: Turn | undefined;
  readonly #properties: RunProperties;
  readonly #reporter: Reporter;
  readonly #slips = new OptionSlips();

  /** Use `Run.open`. */
  private constructor(opened: OpenedRun) {
    // No type keeps a program in JavaScript from it.
    if (typeof opened?.applyChange !== 'function') throw new TypeError('Run: use Run.open');
    this.#opened = opened;
    this.hash = opened.hash;
    this.repo = opened.repo;
    this.#properties = new RunProperties(opened);
    this.#reporter = new Reporter(opened.hash, opened.onError, () => this.lost);
    this.#life = new RunLife({
      opened,
      properties: this.#properties,
      flush: () => this.flush(),
      publish: () => this.#publish(),
    });
    this.#turn = this.#life.turn;
    // `run['hparams'] = ...` throws: it would look as if it had been recorded.
    Object.preventExtensions(this);
  }

  /**
   * Opens a run: a new one, or the one of `runHash` to go on where it stopped.
   *
   * @throws TypeError, RangeError naming the option or RUNLOG_MODE; RunlogError RUN_LOCKED naming the holder,
   * RUN_NOT_FOUND, HASH_AMBIGUOUS, REPO_NOT_FOUND, CORRUPT, FORMAT_TOO_NEW, IO.
   */
  static async open(options: RunOptions = {}): Promise<Run> {
    const early: RunlogError[] = [];
    let report = (error: RunlogError): void => {
      early.push(error);
    };
    const opened = await openRun(options, (error) => report(error)).catch((error: unknown) => {
      throw asRunlogError(error, 'the run could not be opened');
    });
    await prepareRedactor(options);
    const run = new Run(opened);
    run.#life.options = options;
    report = (error) => run.#reporter.report(error);
    for (const error of early) report(error);
    run.#turn?.touch();
    run.#attach(options);
    return run;
  }

  /** Begins what the options ask to be recorded beside what the program tracks. */
  #attach(options: RunOptions): void {
    const { writer } = this.#opened;
    const turn = this.#turn;
    if (writer === undefined || turn === undefined) return;
    this.#life.attachments = attachAll({
      hash: this.hash,
      options,
      writer,
      touch: () => turn.touch(),
      flush: () => this.flush(),
      report: (error) => this.#reporter.report(error),
    });
  }

  /** Opens, calls, and closes as finished, or as failed with the error, which it rethrows. */
  static async with<T>(options: RunOptions, body: (run: Run) => T | Promise<T>): Promise<T> {
    if (typeof body !== 'function')
      throw new TypeError(`body: expected a function, got ${given(body)}`);
    const run = await Run.open(options);
    let result: T;
    try {
      result = await current.run(run, () => body(run));
    } catch (error) {
      await run.close({ outcome: 'failed', error }).catch(() => {});
      throw error;
    }
    await run.close();
    return result;
  }

  /** The run of the enclosing `Run.with`. */
  static current(): Run | undefined {
    return current.getStore();
  }

  // ---- tracking

  /**
   * Tracks a value of one metric, an object of values by name at one step, or a `Text`, `Image`,
   * `Distribution`, `Figure` or `Table`, or a list of one kind of these. Returns at once; what was tracked is
   * flushed when this turn of the event loop ends.
   *
   * @throws TypeError, RangeError naming the argument; RunlogError RUN_CLOSED, RUN_READ_ONLY.
   */
  track<Values extends MetricValuesLike<Values>, Given extends ContextLike<Given> = Context>(
    value: number | bigint | boolean | TrackedObject | readonly TrackedObject[] | Values,
    options: TrackOptions<Given> = {},
  ): void {
    const writer = this.#opened.writer;
    if (writer === undefined || this.#life.isClosed) {
      this.#refuse();
      return;
    }
    if (typeof value === 'object') {
      this.#trackObject(value, options);
      return;
    }
    const { name, step, epoch, time, context } = options;
    this.#slips.look(options, step, epoch, time, context);
    const number = checkValue(value);
    const sequence = this.#sequences.get(this.#sequences.context(context), name, options);
    const isFull = writer.track(
      sequence,
      number,
      step === undefined ? undefined : checkStep(step),
      epoch === undefined ? Number.NaN : checkEpoch(epoch),
      time === undefined ? (this.#turn as Turn).now() : checkTime(time),
    );
    this.#accepted(isFull);
  }

  #trackObject(values: unknown, options: TrackOptions<object>): void {
    const objects = objectsOf(values);
    if (objects !== undefined) {
      const { time = (this.#turn as Turn).now(), ...moment } = checkedMoment(options);
      const name = checkName(options.name, 'name');
      const { text } = this.#sequences.context(options.context);
      this.#accepted(this.#writer().objects.track(name, text, objects, { ...moment, time }));
      return;
    }
    const { step, epoch, time, points } = checkedValues(values, options);
    const writer = this.#writer();
    if (points.length === 0) return;
    const entry = this.#sequences.context(options.context);
    const tracked = points.map(({ name, value }) => ({
      value,
      sequence: this.#sequences.get(entry, name),
    }));
    const common = step ?? Math.max(...tracked.map(({ sequence }) => writer.nextStep(sequence)));
    for (const { value, sequence } of tracked) {
      this.#accepted(
        writer.track(sequence, value, common, epoch, time ?? (this.#turn as Turn).now()),
      );
    }
  }

  /** The hot handle of one sequence. */
  sequence<Given extends ContextLike<Given> = Context>(name: string, context?: Given): Sequence {
    const writer = this.#writerOrRefuse();
    const entry = this.#sequences.context(context);
    const checked = checkName(name, 'name');
    if (writer === undefined) return new Sequence(checked, entry.text, noTarget);
    const sequence = this.#sequences.get(entry, checked);
    return new Sequence(checked, entry.text, {
      nextStep: () => this.#writerOrRefuse()?.nextStep(sequence) ?? 0,
      track: (value, step, epoch, time) => {
        if (this.#life.isClosed) this.#refuse();
        this.#accepted(
          writer.track(sequence, value, step, epoch, time ?? (this.#turn as Turn).now()),
        );
      },
      trackColumns: (columns: Columns) => {
        if (this.#life.isClosed) this.#refuse();
        this.#accepted(
          writer.trackColumns(sequence, { ...columns, time: (this.#turn as Turn).now() }),
        );
      },
    });
  }

  #accepted(isFull: boolean): void {
    if (isFull) this.flush();
    else this.#turn?.touch();
  }

  // ---- params

  /**
   * Sets a param: `set('lr', 1)`, `set(['hparams', 'lr'], 1)`, `set({ lr: 1 })`. Replaces the subtree.
   * Takes null, booleans, numbers, strings, bigints of 64 bits, Date, typed arrays, Map, Set, arrays and
   * objects of these (plain, or of a class without methods), up to 64 deep; a member that is undefined is
   * left out. Copies the value.
   *
   * @throws TypeError, RangeError naming the place of anything else; RunlogError RUN_CLOSED,
   * RUN_READ_ONLY.
   */
  set(key: string | readonly string[], value: unknown): void;
  /** Sets several params: each member of the object is one, as `set(key, value)`. */
  set(values: DataObject): void;
  set(key: unknown, ...rest: readonly unknown[]): void {
    const spelled = spelledParams(key, ...rest);
    this.#writerOrRefuse()?.setParams(spelled);
    this.#turn?.touch();
  }

  /** A copy of a param, or of all of them. Undefined where there is nothing. */
  get(key: string | readonly (string | number)[]): unknown;
  /** A copy of all params. */
  get(): Record<string, unknown>;
  get(key?: unknown): unknown {
    const path = pathOf(key);
    const { writer } = this.#opened;
    // Not `??`: null is a value that a param may have.
    return writer === undefined ? this.#opened.readParams(path) : writer.getParams(path);
  }

  /** Removes a param and what is below it; nothing where there is none. @throws as `set`. */
  unset(key: string | readonly string[]): void {
    const path = checkParamsPath(key);
    this.#writerOrRefuse()?.unsetParams(path);
    this.#turn?.touch();
  }

  // ---- output

  get #terminal(): RunTerminal | undefined {
    return this.#life.attachments.find((each) => each instanceof RunTerminal);
  }

  /** Messages with level, time, place and fields: `run.log.info('resumed', { step })`. */
  readonly log: RunLog = new RunLog((entry) => {
    const writer = this.#writerOrRefuse();
    // Also in a disabled run, which has none, the arguments were checked.
    if (writer === undefined) return;
    // What was printed before it stands before it.
    this.#terminal?.beforeFlush();
    writer.logEntry(entry);
    this.#turn?.touch();
  });

  /**
   * Runs a program and records what it prints, which is passed on to this process's stdout and stderr as
   * it comes. `command` is a path or a name on PATH; there is no shell. Resolves when the program has ended
   * and its output was read to the end.
   *
   * @throws TypeError naming the argument; RunlogError RUN_CLOSED, RUN_READ_ONLY, IO when it cannot be
   * started.
   */
  async spawn(
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): Promise<SpawnResult> {
    const writer = this.#writerOrRefuse();
    const { spawnCaptured } = await import('./spawn.ts').catch((error: unknown) => {
      throw asRunlogError(error, 'run.spawn could not be loaded');
    });
    return await spawnCaptured(command, args, options, this.#terminal, (entries) => {
      if (writer === undefined || this.#life.isClosed) return;
      writer.setParams(entries);
      this.#turn?.touch();
    });
  }

  /**
   * Keeps a copy of a file, or of a directory with all below it. Resolves when it is recorded; nothing is
   * when it rejects, which `onError` is told where nobody awaits it. The run goes on. `close` waits for it.
   *
   * @throws TypeError, RangeError; RunlogError RUN_CLOSED. Rejects: FILE_REFUSED, LIMIT, IO.
   */
  logArtifact(path: string, options: LogArtifactOptions = {}): Promise<LoggedArtifact | undefined> {
    const artifact = checkArtifact(path, options);
    if (this.#writerOrRefuse() === undefined) return Promise.resolve(undefined);
    const artifacts = this.#life.attachments.find((each) => each instanceof RunArtifacts);
    return (artifacts as RunArtifacts).log(this.repo.path, artifact);
  }

  // ---- properties

  /** At most 1024 characters; undefined: it has none. Setting it is an edit, held until the next flush. */
  get name(): string | undefined {
    return this.#properties.facts.name;
  }
  set name(value: string | undefined) {
    this.#change(['name', value === undefined ? null : checkName(value, 'name')]);
  }

  /** As `name`, of up to 62 KiB. */
  get description(): string | undefined {
    return this.#properties.facts.description;
  }
  set description(value: string | undefined) {
    checkText(value, 'description');
    this.#change(['description', value ?? null]);
  }

  /** What runs are grouped by; 'default' unless it was said. Setting it is an edit, as of `name`. */
  get experiment(): string {
    return this.#properties.facts.experiment;
  }
  set experiment(value: string) {
    this.#change(['experiment', checkName(value, 'experiment')]);
  }

  /** True: `repo.runs` leaves the run out unless it is asked for archived ones. */
  get archived(): boolean {
    return this.#properties.facts.archived;
  }
  set archived(value: boolean) {
    if (typeof value !== 'boolean')
      throw new TypeError(`archived: expected a boolean, got ${given(value)}`);
    this.#change(['archived', value]);
  }

  /** Sorted by when they were added. */
  get tags(): readonly string[] {
    return this.#properties.facts.tags;
  }

  /** Adding one that is there changes nothing. */
  addTag(tag: string): void {
    this.#change(['addTag', checkName(tag, 'tag')]);
  }

  /** Removing one that is not there changes nothing. */
  removeTag(tag: string): void {
    this.#change(['removeTag', checkName(tag, 'tag')]);
  }

  /** Kept with the time of now, beside the notes that are there. */
  addNote(text: string): void {
    checkText(text ?? null, 'text');
    this.#change(['addNote', [Date.now(), text]]);
  }

  /** Held until the next flush: the changes of one turn are one edit. */
  #change(change: Change): void {
    if (this.#writerOrRefuse() === undefined) return;
    this.#properties.change(change);
    this.#turn?.touch();
  }

  // ---- rewinding

  /** Hides points from a step on, as after going back to older weights; `undoRewind` of the id shows them. */
  rewind<Given extends ContextLike<Given> = Context>(options: RewindOptions<Given>): string {
    const { step, name, contextText, writers } = checkRewindOptions(options);
    const writer = this.#writerOrRefuse();
    if (writer === undefined) return '';
    const others =
      writers === 'all' ? this.#opened.otherTargets((error) => this.#reporter.report(error)) : [];
    const id = writer.rewind({
      step,
      name,
      contextText,
      targets: [writer.target(), ...others],
      time: Date.now(),
    });
    this.#turn?.touch();
    return id;
  }

  /** Shows again what a rewind hid. @throws RangeError when no rewind that stands has this id. */
  undoRewind(id: string): void {
    const writer = this.#writerOrRefuse();
    if (writer === undefined) return;
    if (!writer.hasRewind(id)) throw new RangeError(`id: no rewind ${given(id)} stands`);
    writer.undoRewind(id);
    this.#turn?.touch();
  }

  // ---- life cycle

  /** Points that were accepted and could not be kept. */
  get lost(): number {
    return this.#opened.writer?.lost ?? 0;
  }

  /** Whether what is tracked is kept. */
  get recording(): RunRecording {
    if (this.#life.isClosed || this.#opened.writer === undefined) return 'closed';
    return this.#opened.writer.log.recording;
  }

  /** True when everything accepted so far survives the death of this process. Never throws. */
  flush(): boolean {
    this.#turn?.flushed();
    const { writer } = this.#opened;
    if (writer === undefined || this.#life.isClosed) return this.#opened.isDisabled;
    for (const each of this.#life.attachments) each.beforeFlush?.();
    const isPublished = this.#publish();
    const isFlushed = writer.flush();
    if (!isFlushed && writer.log.recording === 'paused') this.#turn?.retry();
    return isFlushed && isPublished;
  }

  #publish(): boolean {
    const failure = this.#properties.publish();
    if (failure !== undefined) this.#reporter.report(failure);
    return failure === undefined;
  }

  /**
   * Resolves when everything accepted so far survives a loss of power.
   *
   * @throws RunlogError when it does not.
   */
  sync(): Promise<void> {
    return handled(this.#life.sync(), this.hash);
  }

  /**
   * Says why the run fails: it is recorded as failed with this error, however it ends. After `close` it
   * changes nothing.
   */
  fail(error: unknown): void {
    this.#life.fail(error);
  }

  /**
   * Flushes, syncs and ends the run. Idempotent: the first counts.
   *
   * @throws RunlogError when not everything accepted is on stable storage.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return handled(this.#life.close(options), this.hash);
  }

  /**
   * Closes; never rejects. A block that is left by an error does not tell its `await using`: the run is
   * finished unless `fail` was called. `Run.with` records the error.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life.close({}, 'dispose').catch(() => {});
  }

  // ---- refusing and reporting

  #writer(): NonNullable<OpenedRun['writer']> {
    const { writer } = this.#opened;
    if (writer === undefined) throw closedError(this.hash);
    return writer;
  }

  /** The writer; undefined in a disabled run, which takes everything and keeps nothing. */
  #writerOrRefuse(): OpenedRun['writer'] {
    const { writer } = this.#opened;
    if (writer !== undefined && !this.#life.isClosed) return writer;
    this.#refuse();
    return undefined;
  }

  #refuse(): void {
    if (this.#opened.isDisabled) return;
    throw (this.#opened.writer === undefined ? readOnlyError : closedError)(this.hash);
  }
}
