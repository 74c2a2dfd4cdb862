// Points of a run that the catalogue knows: of short, ended logs their segments are known, and nothing else
// of the run is read.
//
// 1. Only of logs that are released, small, whole, and without rewinds in the run.
// 2. What is not as the catalogue says is no answer: the run is read.
//
// Spec: spec/catalogue.md, Segments. Test: test/store/catalogue.test.ts.

import { SettledLog, type SettledSegment, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { LogContents } from './log-contents.ts';
import { recordType } from './record.ts';
import { mergeWriters, newestRows, type Rows } from './rows.ts';
import { type RunReader, type SequenceFacts, sequencesOf } from './run-reader.ts';

/** Segments of each writer, in the order of their names. */
export type RunSegments = readonly (readonly [
  writer: string,
  segments: readonly SettledSegment[],
])[];

/** Bytes of a log that are read through for one sequence. */
const LOG_SIZE_MAX = 256 * 1024;
const SEGMENTS_MAX = 16;

/** Undefined: the run is to be read as any other. */
export function segmentsOf(reader: RunReader): RunSegments | undefined {
  const found: [string, readonly SettledSegment[]][] = [];
  for (const { writer, log, state } of reader.logs) {
    const segments = log.settledSegments;
    if (segments === undefined || segments.length > SEGMENTS_MAX) return undefined;
    if (state.rewinds.length > 0 || state.undone.length > 0) return undefined;
    if (segments.reduce((sum, each) => sum + each.length, 0) > LOG_SIZE_MAX) return undefined;
    found.push([writer, segments]);
  }
  return found;
}

export const packSegments = (segments: RunSegments): unknown =>
  segments.map(([writer, all]) => [
    writer,
    all.map((each) => [
      each.fence,
      each.number,
      each.rewritten,
      each.first,
      each.end,
      each.length,
      each.index,
      each.state,
    ]),
  ]);

export const unpackSegments = (stored: unknown): RunSegments =>
  (stored as [string, [number, number, boolean, ...number[]][]][]).map(([writer, all]) => [
    writer,
    all.map(([fence, number, rewritten, first, end, length, index, state]) => ({
      fence,
      number,
      rewritten,
      first,
      end,
      length,
      index,
      state,
    })) as SettledSegment[],
  ]);

/** What says nothing of points, each in a frame of its own: params take longest of all. */
const others: ReadonlySet<number> = new Set([
  recordType.opening,
  recordType.close,
  recordType.params,
  recordType.lines,
  recordType.log,
  recordType.content,
  recordType.objects,
  recordType.artifact,
]);

const mayHoldPoints = (type: number): boolean => !others.has(type);

/** A run read by its segments alone. Undefined is answered where something is not as it was. */
export class SettledRun {
  readonly #vfs: Vfs;
  readonly #logs: string;
  readonly #segments: RunSegments;
  /** All that was read, once every sequence was asked for. */
  #whole: readonly SettledWriter[] | undefined;

  /** `logs`: the directory. */
  constructor(vfs: Vfs, logs: string, segments: RunSegments) {
    this.#vfs = vfs;
    this.#logs = logs;
    this.#segments = segments;
  }

  /** As of a reader. */
  sequences(): ReadonlyMap<string, SequenceFacts> | undefined {
    return this.#unlessChanged((logs) => sequencesOf(logs));
  }

  /** Rows of one sequence, of all writers. */
  rows(key: string): Rows | undefined {
    const rowsOf = ({ contents }: SettledWriter): Rows | undefined => {
      if (!contents.keys().includes(key)) return undefined;
      return contents.cleanRows(key, []) ?? newestRows(contents.rows(key));
    };
    return this.#unlessChanged(
      (logs) => mergeWriters(logs.map(rowsOf).filter((each) => each !== undefined)),
      key,
    );
  }

  /** `only`: nothing else will be asked, as far as is known. */
  #unlessChanged<T>(ask: (logs: readonly SettledWriter[]) => T, only?: string): T | undefined {
    const logs = this.#whole ?? this.#segments.map((each) => this.#open(...each, only));
    try {
      const answer = ask(logs);
      const isAsItWas = logs.every(({ log }) => log.damage.length === 0);
      this.#whole = only === undefined && isAsItWas ? logs : this.#whole;
      return isAsItWas ? answer : undefined;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return undefined;
    }
  }

  #open(writer: string, segments: readonly SettledSegment[], only?: string): SettledWriter {
    const log = new SettledLog(this.#vfs, `${this.#logs}/${writer}`, segments, mayHoldPoints);
    return { writer, log, contents: new LogContents(log, writer, only) };
  }
}

interface SettledWriter {
  readonly writer: string;
  readonly log: SettledLog;
  readonly contents: LogContents;
}
