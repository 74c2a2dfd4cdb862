// Records of one log of a run turned into events, each with the place to go on from behind it.
//
// 1. Each point once, those of a sequence in order of arrival, hot or rewritten: a place names points
//    by number and sequence, which rewriting keeps.
// 2. Several sequences tracked together are several events of one stretch of points. A place within it
//    says up to which sequence it was delivered.
// 3. Memory: the stored form of one stretch, and decoded about one block.
//
// Spec: spec/records.md, Following. Test: test/sdk/follow.test.ts, test/store/rewrite-run.test.ts.

import { Log, type LogRecord, type Vfs } from '../engine/index.ts';
import { type Context, parseContext } from '../model/context.ts';
import { readParams } from '../model/params.ts';
import { isSystemName, parseSequenceKey } from '../model/sequence.ts';
import { HotPoints } from '../store/hot-points.ts';
import { decodeLines, lineAt, linesFrom, type TerminalLine } from '../store/lines.ts';
import { decodeLogEntry, type LogEntry } from '../store/log-entry.ts';
import { readContent } from '../store/object-contents.ts';
import {
  decodeObjects,
  isNoObject,
  isObjectKind,
  type ObjectKind,
} from '../store/object-record.ts';
import {
  type Close,
  decodeClose,
  decodeOpening,
  decodeParams,
  decodePoints,
  decodeRewind,
  decodeSequence,
  type Opening,
  type Rewind,
  recordType,
  sequenceIdOf,
} from '../store/record.ts';
import type { Rows } from '../store/rows.ts';
import { rowsByArrival, StoredStretch } from '../store/stored-stretch.ts';
import { type StoredByKind, storedObject } from './objects/stored-object.ts';

/** How far one writer was delivered. Plain data: may be kept as JSON. */
export interface WriterCursor {
  /** Of the run, so that a place in a deleted run is none in the next of its hash. */
  readonly life: string;
  /** Records below it were delivered, apart from points. */
  readonly position: number;
  /** Points below this number were delivered. */
  readonly points: number;
  /** Of the points from there up to `until`: those of lesser sequences, and of this one below `number`. */
  readonly part?: { readonly until: number; readonly sequence: number; readonly number: number };
}

/** Points of one sequence in order of arrival: columns of equal length. */
export interface PointsChange {
  readonly type: 'points';
  readonly name: string;
  readonly context: Context;
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  /** NaN: none. */
  readonly epochs: Float64Array;
}

/** A param that was set. */
export interface ParamsSet {
  readonly type: 'params';
  /** Keys from the top of the params. */
  readonly path: readonly string[];
  /** What it was set to, with all that is below it. No value: it was unset. */
  readonly value?: unknown;
}

/** The writer opened the run or closed it: one of the two is there. Times: milliseconds since 1970. */
export interface StateChange {
  readonly type: 'state';
  readonly opening?: Opening;
  readonly close?: Close;
}

/** Points were hidden, or shown again: one of the two is there. */
export interface RewindChange {
  readonly type: 'rewind';
  readonly rewind?: Rewind;
  /** Id of the rewind that was revoked. */
  readonly undone?: string;
}

/**
 * Lines that were printed, or have changed: a line that comes again with its number replaces what it was.
 */
export interface TerminalChange {
  readonly type: 'terminal';
  readonly lines: readonly TerminalLine[];
}

/** What the program said with `run.log`. */
export interface LogChange extends LogEntry {
  readonly type: 'log';
}

/** Objects that were tracked at one step: one event for each step. */
export type ObjectsChange = { [Kind in ObjectKind]: ObjectsOf<Kind> }[ObjectKind];

interface ObjectsOf<Kind extends ObjectKind> {
  readonly type: 'objects';
  readonly kind: Kind;
  readonly name: string;
  readonly context: Context;
  readonly step: number;
  readonly epoch: number | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Contents are read when an object is asked for its own. */
  readonly objects: readonly StoredByKind[Kind][];
}

export type WriterChange =
  | PointsChange
  | ObjectsChange
  | ParamsSet
  | StateChange
  | RewindChange
  | TerminalChange
  | LogChange;

/** Rows of one sequence, in pieces that each stand in order of arrival. */
type Source = (from: number, until: number) => Iterable<Rows>;

export interface WriterEventsOptions {
  readonly vfs: Vfs;
  readonly directory: string;
  readonly writer: string;
  readonly cursor: WriterCursor;
  /** Key of the one sequence to deliver, with the rewinds that reach it. Default: everything. */
  readonly only?: string | undefined;
}

export class WriterEvents {
  /** Behind the event that was yielded last. */
  cursor: WriterCursor;
  /** The last opening met was closed. */
  isClosed = false;
  readonly #options: WriterEventsOptions;
  readonly #keys = new Map<number, string>();
  #stretch: StoredStretch | undefined;

  constructor(options: WriterEventsOptions) {
    this.#options = options;
    this.cursor = options.cursor;
  }

  /** What a record adds; of a rewritten stretch everything comes with its last record. */
  *of(record: LogRecord): Generator<WriterChange> {
    if (this.#stretch !== undefined && !this.#stretch.holds(record)) yield* this.#endStretch();
    if (!record.rewritten) {
      yield* this.#hot(record);
      return;
    }
    this.#stretch ??= new StoredStretch(record);
    this.#stretch.add(record);
    if (record.type === recordType.stretch) yield* this.#endStretch();
  }

  *#hot(record: LogRecord): Generator<WriterChange> {
    const { type, body, end } = record;
    if (type === recordType.points) {
      const batch = decodePoints(body);
      const [first, count] = batch;
      if (first + count > this.cursor.points) {
        const points = new HotPoints();
        points.add(batch);
        yield* this.#points(hotSources(points), first + count, end);
      }
      this.#advance(end);
    } else if (type === recordType.sequence) {
      this.#keys.set(decodeSequence(body)[0], record.key as string);
      this.#advance(end);
    } else yield* this.#kept(record);
  }

  *#kept(record: LogRecord): Generator<WriterChange> {
    if (record.end <= this.cursor.position) return;
    const { position } = this.cursor;
    this.#advance(record.end);
    const change = changeOf(record, position) ?? this.#objectsOf(record);
    if (change === undefined) return;
    if (change.type === 'state') this.isClosed = change.close !== undefined;
    if (this.#isWanted(change)) yield change;
  }

  #objectsOf({ type, key, body }: LogRecord): ObjectsChange | undefined {
    if (type !== recordType.objects) return undefined;
    const { kind, step, epoch, time, items } = decodeObjects(body);
    const sequence = parseSequenceKey(key ?? '');
    if (sequence === undefined || !isObjectKind(kind)) return undefined;
    const { vfs, directory } = this.#options;
    const read = (hash: string): Uint8Array => readContent(Log.snapshot(directory, { vfs }), hash);
    return {
      type: 'objects',
      kind,
      name: sequence.name,
      context: parseContext(sequence.contextText),
      step,
      epoch: Number.isNaN(epoch) ? undefined : epoch,
      time,
      objects: items.map((item) => storedObject(kind, item, read)),
    } as ObjectsChange;
  }

  #isWanted(change: WriterChange): boolean {
    const { only } = this.#options;
    if (only === undefined) return true;
    if (change.type !== 'rewind') return false;
    if (change.rewind === undefined) return true;
    const { name, contextText } = change.rewind;
    const sequence = parseSequenceKey(only);
    if (name === undefined) return !isSystemName(sequence?.name ?? '');
    return (
      name === sequence?.name && (contextText === undefined || contextText === sequence.contextText)
    );
  }

  /**
   * Kept records stand before the points of their stretch. A rewind says how many points of its own
   * log came before it, so those are delivered first.
   */
  *#endStretch(): Generator<WriterChange> {
    const stretch = this.#stretch;
    this.#stretch = undefined;
    if (stretch === undefined) return;
    for (const [id, key] of stretch.keys()) this.#keys.set(id, key);
    const sources = new Map<number, Source>(
      stretch.ids().map((id) => [id, (from, until) => stretch.rows(id, from, until)]),
    );
    for (const record of stretch.kept) {
      // With the last position delivered, nothing would be read again: the points come before it.
      if (record.end >= stretch.end) yield* this.#points(sources, stretch.endPoint);
      else if (record.end > this.cursor.position && record.type === recordType.rewind) {
        const target = decodeRewind(record.body).targets.find(
          (each) => each.writer === this.#options.writer,
        );
        yield* this.#points(sources, Math.min(target?.number ?? 0, stretch.endPoint));
      }
      yield* this.#kept(record);
    }
    yield* this.#points(sources, stretch.endPoint, stretch.end);
    this.#advance(stretch.end);
  }

  #advance(position: number): void {
    if (position > this.cursor.position) this.cursor = { ...this.cursor, position };
  }

  /** Points up to number `until`; behind the last of them the log is delivered to `position`. */
  *#points(
    sources: ReadonlyMap<number, Source>,
    until: number,
    position = this.cursor.position,
  ): Generator<WriterChange> {
    const { part } = this.cursor;
    if (part !== undefined && part.until < until)
      yield* this.#range(sources, part.until, this.cursor.position);
    yield* this.#range(sources, until, position);
  }

  *#range(
    sources: ReadonlyMap<number, Source>,
    until: number,
    position: number,
  ): Generator<WriterChange> {
    const { life, points: from, part } = this.cursor;
    if (until <= from) return;
    // One piece behind: only the last may say that all of the range was delivered.
    let held: { id: number; rows: Rows; key: string } | undefined;
    for (const id of [...sources.keys()].sort((a, b) => a - b)) {
      const key = this.#keyOf(id);
      const isPassedOver = key === undefined || (this.#options.only ?? key) !== key;
      if (isPassedOver || (part !== undefined && id < part.sequence)) continue;
      const start = part !== undefined && id === part.sequence ? part.number : from;
      for (const rows of sources.get(id)?.(start, until) ?? []) {
        if (held !== undefined) {
          const number = (held.rows.numbers.at(-1) as number) + 1;
          this.cursor = {
            ...this.cursor,
            points: from,
            part: { until, sequence: held.id, number },
          };
          yield pointsOf(held);
        }
        held = { id, rows, key };
      }
    }
    this.cursor = { life, points: until, position: Math.max(this.cursor.position, position) };
    if (held !== undefined) yield pointsOf(held);
  }

  /** A definition that stands before the place that reading began at is looked up once. */
  #keyOf(id: number): string | undefined {
    if (!this.#keys.has(id)) {
      const { vfs, directory } = this.#options;
      const log = Log.snapshot(directory, { vfs });
      for (const record of log.records(0, Number.POSITIVE_INFINITY, isNoObject)) {
        const known = sequenceIdOf(record);
        if (known !== undefined) this.#keys.set(known, record.key as string);
      }
    }
    return this.#keys.get(id);
  }
}

function hotSources(points: HotPoints): Map<number, Source> {
  return new Map(
    [...points.rows()].map(([id, rows]) => [
      id,
      (from: number, until: number) => rowsByArrival([rows], from, until),
    ]),
  );
}

function pointsOf({ key, rows }: { key: string; rows: Rows }): PointsChange {
  const { name, contextText } = parseSequenceKey(key) as { name: string; contextText: string };
  const { steps, values, times, epochs } = rows;
  return { type: 'points', name, context: parseContext(contextText), steps, values, times, epochs };
}

/**
 * Of a record that is not about points, what stood at `from` or later; undefined for one that says nothing
 * to a follower.
 */
function changeOf(record: LogRecord, from: number): WriterChange | undefined {
  const { type, body } = record;
  switch (type) {
    case recordType.lines: {
      const columns = linesFrom(decodeLines(body), record.position, from);
      return { type: 'terminal', lines: columns.numbers.map((_, index) => lineAt(columns, index)) };
    }
    case recordType.log:
      return { type: 'log', ...decodeLogEntry(body) };
    case recordType.opening:
      return { type: 'state', opening: decodeOpening(body) };
    case recordType.close:
      return { type: 'state', close: decodeClose(body) };
    case recordType.params: {
      const { path, ...rest } = decodeParams(body);
      return 'value' in rest
        ? { type: 'params', path, value: readParams(rest.value) }
        : { type: 'params', path };
    }
    case recordType.rewind:
      return { type: 'rewind', rewind: decodeRewind(body) };
    case recordType.undo:
      return { type: 'rewind', undone: (body as [string])[0] };
    default:
      return undefined;
  }
}
