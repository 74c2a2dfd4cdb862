// A run being looked at: a snapshot of a live or ended run, whoever writes it.
//
// 1. Reading changes nothing; only `edit` writes, and that to the edits folder alone.
// 2. Sequences are read when first asked for: a query over params opens no metric.
//
// Test: test/sdk/run-view.test.ts.

import { dirname } from 'node:path';

import type { Damage, Vfs } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { type Context, canonicalContext } from '../model/context.ts';
import type { ContextLike } from '../model/data-object.ts';
import { checkName } from '../model/names.ts';
import { getParam } from '../model/params.ts';
import { sequenceKey } from '../model/sequence.ts';
import type { CatalogueEntry } from '../store/catalogue-entry.ts';
import type { WriterRow } from '../store/catalogue-row.ts';
import type { Note, RunFacts } from '../store/edits.ts';
import type { ObjectKind } from '../store/object-record.ts';
import { type RunPlaces, runPlaces } from '../store/repo-directory.ts';
import { RunReader, type SequenceFacts } from '../store/run-reader.ts';
import { type Artifact, artifactsOf } from './artifact.ts';
import {
  checkFollowOptions,
  type FollowEvent,
  type FollowRunOptions,
  followRun,
} from './follow-run.ts';
import { Metric } from './metric.ts';
import { type ObjectSequence, RunObjects } from './objects/object-sequence.ts';
import {
  activeTimeOf,
  type LastSigns,
  lastOpening,
  lastSignsOf,
  latest,
  type OpeningFacts,
  openingsOf,
  type RunStateName,
  stateOf,
} from './openings.ts';
import { pathOf } from './options.ts';
import { changesOf, publishChanges, type RunEdit } from './run-edit.ts';
import {
  checkLogRecordsOptions,
  checkTerminalLinesOptions,
  type LogRecordsOptions,
  type LogRecordView,
  logRecords,
  type TerminalLinesOptions,
  terminalLines,
  type WrittenLine,
} from './run-output.ts';

/** A snapshot of a run, live or ended. From `repo.run` or `repo.runs`. */
export class RunView {
  readonly hash: string;
  readonly #vfs: Vfs;
  readonly #places: RunPlaces;
  /** Undefined: nothing has been asked yet that the catalogue does not know. */
  #read: RunReader | undefined;
  /** What the catalogue knows, while nothing else was read. */
  #entry: CatalogueEntry | undefined;
  #signs: LastSigns;
  #objectsRead: RunObjects | undefined;
  /** Of the repo that it was opened through. */
  #isReadOnly = false;

  private constructor(
    vfs: Vfs,
    places: RunPlaces,
    hash: string,
    source: RunReader | CatalogueEntry,
    signs: LastSigns,
  ) {
    this.hash = hash;
    this.#vfs = vfs;
    this.#places = places;
    if (source instanceof RunReader) this.#read = source;
    else if (source.isFromCatalogue) {
      this.#entry = source;
      this.#read = source.readSoFar;
    } else this.#read = source.reader();
    this.#signs = signs;
  }

  /** @internal Use `repo.run`. */
  static async open(
    vfs: Vfs,
    repo: string,
    hash: string,
    isReadOnly = false,
  ): Promise<RunView | undefined> {
    const places = runPlaces(repo, hash);
    const reader = await RunReader.existing(vfs, places);
    if (reader === undefined) return undefined;
    const signs = await lastSignsOf(vfs, places, reader.writers);
    const view = new RunView(vfs, places, hash, reader, signs);
    view.#isReadOnly = isReadOnly;
    return view;
  }

  /**
   * @internal Of a scan, in the turn of the entry. What the catalogue does not know is read from the run when
   * it is asked for.
   */
  static async ofEntry(
    vfs: Vfs,
    repo: string,
    entry: CatalogueEntry,
    isReadOnly: boolean,
  ): Promise<RunView> {
    const places = runPlaces(repo, entry.hash);
    const signs = await lastSignsOf(vfs, places, entry.writers);
    const view = new RunView(vfs, places, entry.hash, entry, signs);
    view.#isReadOnly = isReadOnly;
    return view;
  }

  /** Reads the run anew. @throws RunlogError RUN_NOT_FOUND when it was deleted. */
  async refresh(): Promise<void> {
    const reader = await RunReader.existing(this.#vfs, this.#places);
    if (reader === undefined) {
      throw new RunlogError('RUN_NOT_FOUND', `${this.hash}: the run was deleted`);
    }
    this.#signs = await lastSignsOf(this.#vfs, this.#places, reader.writers);
    this.#read = reader;
    this.#entry = undefined;
    this.#objectsRead = undefined;
  }

  get #facts(): RunFacts {
    return (this.#entry ?? this.#reader).facts as RunFacts;
  }

  get #reader(): RunReader {
    this.#read ??= (this.#entry as CatalogueEntry).reader();
    return this.#read;
  }

  get #writers(): readonly WriterRow[] {
    return this.#entry?.writers ?? this.#reader.writers;
  }

  get name(): string | undefined {
    return this.#facts.name;
  }

  get experiment(): string {
    return this.#facts.experiment;
  }

  get description(): string | undefined {
    return this.#facts.description;
  }

  get tags(): readonly string[] {
    return this.#facts.tags;
  }

  get notes(): readonly Note[] {
    return this.#facts.notes;
  }

  get archived(): boolean {
    return this.#facts.archived;
  }

  /** Milliseconds since 1970. */
  get createdAt(): number {
    return this.#facts.createdAt;
  }

  /** When the last writer closed; undefined while one has not. Milliseconds since 1970. */
  get endedAt(): number | undefined {
    return latest(this.lastOpenings.map((each) => each.closedAt));
  }

  /**
   * Milliseconds from its creation to its end, or now while it runs, or the last sign of life of one that
   * was killed. Undefined: not known.
   */
  get duration(): number | undefined {
    const end = latest(
      this.lastOpenings.map(({ openedAt, closedAt, duration }) =>
        duration === undefined ? undefined : (closedAt ?? openedAt + duration),
      ),
    );
    return end === undefined ? undefined : Math.max(0, end - this.createdAt);
  }

  /** Milliseconds in which at least one writer had it open, as far as that is known. */
  get activeTime(): number {
    return activeTimeOf(this.openings);
  }

  /**
   * running: alive with a heartbeat within 60 s; stalled: alive without; killed: dead without having
   * recorded an end; unknown: cannot be told. Several writers: running if any is, else the worst.
   */
  get state(): RunStateName {
    return stateOf(this.#writers, this.#signs);
  }

  /** Writers of the run, by name. */
  get writers(): readonly string[] {
    return this.#writers.map((each) => each.writer);
  }

  /** Every opening of every writer, oldest first. */
  get openings(): readonly OpeningFacts[] {
    return this.#reader.logs
      .flatMap((each) => openingsOf(each, this.#signs))
      .sort((a, b) => a.openedAt - b.openedAt);
  }

  /** The last opening of each writer, by its name: known without reading the log. */
  get lastOpenings(): readonly OpeningFacts[] {
    return this.#writers
      .map((each) => lastOpening(each, this.#signs))
      .filter((each) => each !== undefined);
  }

  /** Damage that reading came upon so far. `repo.verify()` looks everywhere. */
  get damage(): readonly Damage[] {
    return this.#read?.damage ?? [];
  }

  /** A copy of a param, or of all of them. A string is one key, an array a path. */
  get(key: string | readonly (string | number)[]): unknown;
  get(): Record<string, unknown>;
  get(key?: unknown): unknown {
    const path = pathOf(key);
    if (this.#entry === undefined) return getParam(this.#reader.params, path);
    // What the entry gives is shared with others.
    return getParam({ root: this.#entry.param(path) }, ['root']);
  }

  /** Every metric that has a point. */
  metrics(): Metric[] {
    return this.#sequences().map((each) => this.#metricOf(each));
  }

  /** One metric; undefined when no writer has tracked it. */
  metric<Given extends ContextLike<Given>>(name: string, context?: Given): Metric | undefined {
    const key = sequenceKey(checkName(name, 'name'), canonicalContext(context));
    const [sequence] = this.#entry?.sequencesWhere((each) => each === key) ?? [
      this.#reader.sequences().get(key),
    ];
    return sequence && this.#metricOf(sequence);
  }

  #sequences(): readonly SequenceFacts[] {
    if (this.#entry === undefined) return [...this.#reader.sequences().values()];
    return this.#entry.sequences();
  }

  #metricOf(sequence: SequenceFacts): Metric {
    const entry = this.#entry;
    const reader = (): RunReader => this.#reader;
    // Where the run was read for something else its points are at hand.
    const rows = (key: string) =>
      (this.#read ?? entry?.readSoFar) === undefined ? entry?.rows(key) : undefined;
    return new Metric(this, { reader, rows }, sequence);
  }

  /** Every sequence of objects that has a step, of one kind or of all. @throws RangeError; RunlogError. */
  objects(kind?: ObjectKind): ObjectSequence[] {
    return this.#objects.all(kind);
  }

  /** Sequences of `Text`; by name one of them, undefined when no writer has tracked it. */
  texts<Given extends ContextLike<Given> = Context>(
    name: string,
    context?: Given,
  ): ObjectSequence<'texts'> | undefined;
  texts(): ObjectSequence<'texts'>[];
  texts(name?: string, context?: object) {
    return this.#ofKind('texts', name, context);
  }

  /** Sequences of `Image`, as `texts`. */
  images<Given extends ContextLike<Given> = Context>(
    name: string,
    context?: Given,
  ): ObjectSequence<'images'> | undefined;
  images(): ObjectSequence<'images'>[];
  images(name?: string, context?: object) {
    return this.#ofKind('images', name, context);
  }

  /** Sequences of `Distribution`, as `texts`. */
  distributions<Given extends ContextLike<Given> = Context>(
    name: string,
    context?: Given,
  ): ObjectSequence<'distributions'> | undefined;
  distributions(): ObjectSequence<'distributions'>[];
  distributions(name?: string, context?: object) {
    return this.#ofKind('distributions', name, context);
  }

  /** Sequences of `Figure`, as `texts`. */
  figures<Given extends ContextLike<Given> = Context>(
    name: string,
    context?: Given,
  ): ObjectSequence<'figures'> | undefined;
  figures(): ObjectSequence<'figures'>[];
  figures(name?: string, context?: object) {
    return this.#ofKind('figures', name, context);
  }

  /** Sequences of `Table`, as `texts`. */
  tables<Given extends ContextLike<Given> = Context>(
    name: string,
    context?: Given,
  ): ObjectSequence<'tables'> | undefined;
  tables(): ObjectSequence<'tables'>[];
  tables(name?: string, context?: object) {
    return this.#ofKind('tables', name, context);
  }

  get #objects(): RunObjects {
    this.#objectsRead ??= new RunObjects(this.hash, this.#reader);
    return this.#objectsRead;
  }

  #ofKind<Kind extends ObjectKind>(kind: Kind, name: string | undefined, context?: object) {
    return name === undefined ? this.#objects.of(kind) : this.#objects.one(kind, name, context);
  }

  /**
   * What the run printed: lines as they looked last, in the order in which they were begun, of this
   * snapshot. Empty where nothing was captured.
   *
   * @throws TypeError, RangeError naming the option; RunlogError CORRUPT, IO.
   */
  terminalLines(options: TerminalLinesOptions = {}): AsyncGenerator<WrittenLine> {
    checkTerminalLinesOptions(options);
    return terminalLines(this.#reader.logs, options);
  }

  /**
   * What the run said with `run.log`, in the order of each writer, of this snapshot.
   *
   * @throws TypeError, RangeError naming the option; RunlogError CORRUPT, IO.
   */
  logRecords(options: LogRecordsOptions = {}): AsyncGenerator<LogRecordView> {
    checkLogRecordsOptions(options);
    return logRecords(this.#reader.logs, options);
  }

  /** What the run has logged with `logArtifact`, every version, oldest first. @throws RunlogError CORRUPT. */
  artifacts(): Artifact[] {
    const repo = dirname(dirname(this.#places.directory));
    return artifactsOf(this.#reader.logs, { vfs: this.#vfs, repo, hash: this.hash });
  }

  /** The newest artifact of this name; undefined: there is none. @throws TypeError; RunlogError CORRUPT. */
  artifact(name: string): Artifact | undefined {
    checkName(name, 'name');
    return this.artifacts().findLast((each) => each.name === name);
  }

  /**
   * Changes properties, also of a run that another process writes. All or none; durable on return.
   *
   * @throws TypeError, RangeError naming the property; RunlogError LIMIT, IO.
   */
  async edit(edit: RunEdit): Promise<void> {
    const changes = changesOf(edit);
    if (this.#isReadOnly)
      throw new RunlogError(
        'RUN_READ_ONLY',
        `${this.hash}: its repo was opened with readOnly; open it without to edit`,
      );
    if (changes.length === 0) return;
    publishChanges(this.#vfs, this.#places.edits, this.#facts, changes);
    await this.refresh();
  }

  /**
   * What happens in the run, each event once, in the order of each writer, until the loop is left.
   *
   * @throws TypeError naming the option; RunlogError ABORTED by the signal, RUN_NOT_FOUND when the run
   * is deleted, CORRUPT, IO.
   */
  follow(options: FollowRunOptions = {}): AsyncGenerator<FollowEvent> {
    checkFollowOptions(options);
    return followRun(this.#vfs, { places: this.#places, hash: this.hash }, options);
  }

  /** @internal Use `metric.follow`. */
  followOne(only: string, options: FollowRunOptions): AsyncGenerator<FollowEvent> {
    return followRun(this.#vfs, { places: this.#places, hash: this.hash, only }, options);
  }
}
