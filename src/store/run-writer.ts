// One writer of a run: points gathered in columns, everything else in order between them, into the
// log as one frame a flush.
//
// 1. Order of acceptance is the order in the log: points gathered so far go in front of a change of
//    params or a rewind.
// 2. A definition stands in the frame of, or before, the first point of its sequence.
// 3. Nothing here throws for the disk's sake (G1); points that could not be kept are counted.
//
// Spec: spec/records.md. Test: test/store/rewrite-run.test.ts, test/sdk/run.test.ts.

import { randomBytes } from 'node:crypto';

import { Log, type LogOptions, type RecordInput } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { getParam, type ParamsTree, refuseArrays } from '../model/params.ts';
import { sequenceKey } from '../model/sequence.ts';
import { Definitions, type SequenceWriter, type TrackedSequences } from './definitions.ts';
import {
  encodeBatch,
  encodeSequenceBatch,
  PointBuffer,
  type SequenceColumns,
} from './format/batch.ts';
import { encodeLines, type LineColumns } from './lines.ts';
import { LogContents } from './log-contents.ts';
import { encodeLogEntry, type LogEntry } from './log-entry.ts';
import { ObjectWriter } from './object-writer.ts';
import { applyChange, mergeParams, type WriterChange } from './params-merge.ts';
import {
  type Close,
  encodeClose,
  encodeOpening,
  encodeParams,
  encodeRewind,
  type Opening,
  type ParamsChange,
  type Rewind,
  recordType,
  sequenceIdOf,
} from './record.ts';
import { rewriteRun } from './rewrite-run.ts';
import { readState, runFold, type StoredState } from './run-state.ts';

/** Points gathered before they are put into a frame without being asked. */
const BATCH_POINTS = 8192;

/** Of a sequence without a visible point: its next step is 0, and any step is greater. */
const NO_STEP = Number.NEGATIVE_INFINITY;

export interface RunWriterOptions {
  readonly directory: string;
  readonly writer: string;
  readonly log: Omit<LogOptions<StoredState>, 'fold' | 'rewrite' | 'readOnly'>;
  /** Changes of params that other writers of the run have made. */
  readonly others: readonly WriterChange[];
  readonly rewinds: readonly Rewind[];
  /** Ids of rewinds that other writers have undone. */
  readonly undone: readonly string[];
  readonly onError: (error: RunlogError) => void;
}

export class RunWriter {
  readonly writer: string;
  /** Points of frames that no flush has acknowledged yet. */
  #unacknowledged = 0;
  #lost = 0;
  readonly log: Log<StoredState>;
  readonly #options: RunWriterOptions;
  readonly #sequences = new Map<string, SequenceWriter>();
  readonly #points = new PointBuffer();
  readonly #definitions = new Definitions();
  readonly objects: ObjectWriter;
  #nextPoint: number;
  #nextSequence: number;
  #lamport: number;
  readonly #params: ParamsTree;
  readonly #isResumed: boolean;
  /** Number of the first terminal line of this opening. */
  readonly nextLine: number;
  /** That stand, of every writer. */
  #rewinds: Rewind[];
  /** The log as it was when the first unknown next step was asked for. */
  #earlier: LogContents | undefined;

  private constructor(log: Log<StoredState>, options: RunWriterOptions) {
    this.log = log;
    this.#options = options;
    this.writer = options.writer;
    const state = readState(log.state as StoredState);
    this.#nextPoint = state.nextPoint;
    this.#nextSequence = state.nextSequence;
    this.nextLine = state.nextLine;
    // Not by its sequences: those of objects have no id.
    this.#isResumed = log.position > 0;
    const undone = new Set([...options.undone, ...state.undone]);
    this.#rewinds = [...options.rewinds, ...state.rewinds].filter((each) => !undone.has(each.id));
    const own = state.changes.map((each) => ({ ...each, writer: options.writer }));
    const changes = [...options.others, ...own];
    this.#lamport = changes.reduce((most, each) => Math.max(most, each.lamport), state.lamport);
    this.#params = { root: mergeParams(changes) };
    this.objects = new ObjectWriter({
      log,
      writer: options.writer,
      isResumed: this.#isResumed,
      append: (records) => this.#append(records),
      rewinds: () => this.#rewinds,
      isMetric: (key) => this.#sequences.has(key),
      quietly: (read) => this.#quietly(read),
    });
  }

  /** @throws RunlogError as `Log.open`. */
  static async open(options: RunWriterOptions): Promise<RunWriter> {
    const log = await Log.open<StoredState>(options.directory, {
      ...options.log,
      fold: runFold,
      rewrite: rewriteRun,
      onError: options.onError,
    });
    return new RunWriter(log, options);
  }

  get openingCount(): number {
    return readState(this.log.state as StoredState).openingCount;
  }

  /** An opening came before that has no close. */
  get isLeftOpen(): boolean {
    const last = readState(this.log.state as StoredState).openings.at(-1);
    return last !== undefined && last[1] === null;
  }

  /** Of the run that the log belongs to, 16 hex digits; '' for a new log. */
  get life(): string {
    return readState(this.log.state as StoredState).life;
  }

  opened(opening: Opening): void {
    this.#append([{ type: recordType.opening, body: encodeOpening(opening) }]);
  }

  /** The handle of a sequence, defined at its first use in this log. */
  sequence(name: string, contextText: string): SequenceWriter {
    const key = sequenceKey(name, contextText);
    const known = this.#sequences.get(key);
    if (known !== undefined) return known;
    this.objects.checkMetric(key, name);
    const id = this.#isResumed ? this.#idOf(key, name) : undefined;
    if (id === undefined && this.#nextSequence >= limits.sequenceCountMax)
      throw new RunlogError(
        'LIMIT',
        `sequence ${name}: a writer has at most ${limits.sequenceCountMax} (sequenceCountMax); use another writer`,
      );
    const sequence: SequenceWriter = {
      id: id ?? this.#nextSequence,
      key,
      name,
      contextText,
      nextStep: id === undefined ? NO_STEP : undefined,
      following: undefined,
    };
    if (id === undefined) this.#nextSequence += 1;
    this.#sequences.set(key, sequence);
    this.#definitions.add(sequence);
    return sequence;
  }

  /** The id under which this log knows the key, or undefined; a disk that refuses counts as unknown. */
  #idOf(key: string, name: string): number | undefined {
    const records = this.#quietly(() => this.log.find(key)) ?? [];
    const id = records.map(sequenceIdOf).findLast((each) => each !== undefined);
    if (id === undefined) this.objects.checkMetric(key, name, records.at(-1));
    return id;
  }

  #quietly<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#options.onError(asRunlogError(error, this.#options.directory) as RunlogError);
      return undefined;
    }
  }

  /** The step that a point without one gets. */
  nextStep(sequence: SequenceWriter): number {
    const next = sequence.nextStep ?? this.#lookedUp(sequence);
    return next === NO_STEP ? 0 : next;
  }

  /** Of a sequence that earlier openings of the log have tracked. */
  #lookedUp(sequence: SequenceWriter): number {
    const step = this.#quietly(() => this.#lookUpNextStep(sequence)) ?? NO_STEP;
    sequence.nextStep = step;
    return step;
  }

  #lookUpNextStep(sequence: SequenceWriter): number {
    // Points of a sequence are accepted only after its next step is known, so what was read once
    // holds for every sequence that is still unknown.
    if (this.#earlier === undefined) {
      this.#drain();
      this.log.flush();
      this.#earlier = new LogContents(this.log, this.writer);
    }
    const last = this.#earlier.lastStep(sequence, this.#rewinds);
    return last === undefined ? NO_STEP : last + 1;
  }

  /** Accepts one point, checked before. `step` undefined: the next one. True: the batch is full. */
  track(
    sequence: SequenceWriter,
    value: number,
    step: number | undefined,
    epoch: number,
    time: number,
  ): boolean {
    const next = sequence.nextStep ?? this.#lookedUp(sequence);
    const at = step ?? (next === NO_STEP ? 0 : next);
    if (at >= next) sequence.nextStep = at + 1;
    this.#points.push(sequence.id, at, value, time, epoch);
    if (this.#points.count < BATCH_POINTS) return false;
    this.#drain();
    return true;
  }

  /** Accepts many points of one sequence at once; columns are copied. */
  trackColumns(sequence: SequenceWriter, columns: Omit<SequenceColumns, 'firstStep'>): boolean {
    const { values, steps } = columns;
    const count = values.length;
    if (count === 0) return false;
    const firstStep = this.nextStep(sequence);
    let most = sequence.nextStep as number;
    if (steps === undefined) most = firstStep + count;
    else
      for (let index = 0; index < count; index += 1)
        if ((steps[index] as number) >= most) most = (steps[index] as number) + 1;
    const given = { ...columns, firstStep };
    // Beyond them one more is the same step: as it stands in the buffer, so it is recorded.
    const isCounted = Number.isSafeInteger(firstStep + count);
    for (let start = 0; start < count; start += BATCH_POINTS) {
      const end = Math.min(count, start + BATCH_POINTS);
      if (this.#points.count + (end - start) > BATCH_POINTS) this.#drain();
      if (end - start < BATCH_POINTS || !isCounted)
        this.#points.pushColumns(sequence.id, given, start, end);
      else
        this.#put({ sequences: [sequence.id], count: 1 }, BATCH_POINTS, () =>
          encodeSequenceBatch(sequence.id, given, start, end),
        );
    }
    sequence.nextStep = most;
    return count >= BATCH_POINTS;
  }

  /** Points accepted and not yet in a frame. */
  get pending(): number {
    return this.#points.count;
  }

  /** Puts the gathered points into the log's memory. */
  #drain(): void {
    const points = this.#points;
    if (points.count === 0) return;
    this.#put(points, points.count, () => encodeBatch(points));
    points.clear();
  }

  /** `tracked`: the sequences of the `count` points that `encode` spells. */
  #put(tracked: TrackedSequences, count: number, encode: () => Uint8Array): void {
    const definitions = this.#definitions.writeMany(this.log, tracked);
    if (definitions === undefined) {
      this.#lost += count;
      return;
    }
    const body = [this.#nextPoint, count, encode()];
    if (this.log.appendAll([...definitions.records, { type: recordType.points, body }]) < 0) {
      this.#lost += count;
      return;
    }
    this.#unacknowledged += count;
    this.#nextPoint += count;
    this.#definitions.written(definitions);
  }

  #append(records: readonly RecordInput[]): boolean {
    this.#drain();
    return this.log.appendAll(records) >= 0;
  }

  /** All of them or, when they are more than a frame may hold, none. @throws RunlogError LIMIT. */
  /** @throws TypeError for a path into an array of this writer's. */
  setParams(entries: readonly (readonly [path: readonly string[], spelled: unknown])[]): void {
    for (const [path] of entries) refuseArrays(this.#params['root'] as ParamsTree, path);
    this.#change(
      entries.map(([path, value], index) => ({ lamport: this.#lamport + 1 + index, path, value })),
    );
  }

  unsetParams(path: readonly string[]): void {
    this.#change([{ lamport: this.#lamport + 1, path }]);
  }

  #change(changes: readonly ParamsChange[]): void {
    // First, since it may refuse them.
    this.#append(changes.map((each) => ({ type: recordType.params, body: encodeParams(each) })));
    for (const change of changes) applyChange(this.#params, change);
    this.#lamport += changes.length;
  }

  /** Lines of the terminal; what the disk refuses is not kept. */
  lines(lines: LineColumns): void {
    this.#append([{ type: recordType.lines, body: encodeLines(lines) }]);
  }

  /** `entry.fields`: spelled. @throws RunlogError LIMIT for what no frame holds. */
  logEntry(entry: LogEntry): void {
    this.#append([{ type: recordType.log, body: encodeLogEntry(entry) }]);
  }

  getParams(path: readonly (string | number)[]): unknown {
    return getParam(this.#params, ['root', ...path]);
  }

  /** The own log up to here: what a rewind by this writer hides of it. */
  target(): { writer: string; position: number; number: number } {
    this.#drain();
    return { writer: this.writer, position: this.log.position, number: this.#nextPoint };
  }

  rewind(rewind: Omit<Rewind, 'id'>): string {
    const whole: Rewind = { ...rewind, id: randomBytes(8).toString('hex') };
    this.#append([{ type: recordType.rewind, body: encodeRewind(whole) }]);
    this.#rewinds.push(whole);
    this.#forgetNextSteps();
    return whole.id;
  }

  undoRewind(id: string): void {
    this.#append([{ type: recordType.undo, body: [id] }]);
    this.#rewinds = this.#rewinds.filter((each) => each.id !== id);
    this.#forgetNextSteps();
  }

  hasRewind(id: string): boolean {
    return this.#rewinds.some((each) => each.id === id);
  }

  /** Steps go on after the largest visible one: it may be another now. */
  #forgetNextSteps(): void {
    this.#earlier = undefined;
    this.objects.forgetNextSteps();
    for (const sequence of this.#sequences.values()) sequence.nextStep = undefined;
  }

  /** G2 for points and params. */
  flush(): boolean {
    this.#drain();
    if (!this.log.flush()) return false;
    this.#unacknowledged = 0;
    this.objects.acknowledged();
    return true;
  }

  /** Points that were accepted and could not be kept, or whose outcome another owner decides. */
  get lost(): number {
    const isOver = this.log.recording !== 'on' && this.log.recording !== 'paused';
    const points = this.#lost + (isOver ? this.#unacknowledged + this.#points.count : 0);
    return points + this.objects.lost(isOver);
  }

  sync(): Promise<void> {
    this.#drain();
    return this.log.sync();
  }

  async close(close: Close | undefined): Promise<void> {
    if (close !== undefined) this.#append([{ type: recordType.close, body: encodeClose(close) }]);
    // Tells what is lost if it stays as it is.
    this.flush();
    await this.log.close();
  }

  /** Records an end without closing: the process exits, and may still do something. */
  end(close: Close): boolean {
    this.#append([{ type: recordType.close, body: encodeClose(close) }]);
    return this.flush();
  }

  /** `sync` false: what was accepted is in the kernel, and no more. */
  closeSync(close: Close | undefined, sync = true): boolean {
    if (close !== undefined) this.#append([{ type: recordType.close, body: encodeClose(close) }]);
    // Also without a close record: the process may end in the turn that tracked.
    this.flush();
    return this.log.closeSync({ sync });
  }
}
