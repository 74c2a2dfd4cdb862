// A run as a reader sees it: facts, params and sequences from the logs of all its writers.
//
// 1. A snapshot: what it holds stays the same until it is read anew.
// 2. A log of another life of the run is not part of it.
// 3. Writers are in the order of their names, so every reader merges alike.
//
// Spec: spec/records.md. Test: test/store/run-oracle.test.ts.

import { type Damage, Log, loadXxhash, readNewestFence, type Vfs } from '../engine/index.ts';
import type { ParamsTree } from '../model/params.ts';
import { parseSequenceKey } from '../model/sequence.ts';
import type { WriterRow } from './catalogue-row.ts';
import { type RunFacts, readFacts } from './edits.ts';
import type { ShownBlock } from './format/block.ts';
import { LogContents } from './log-contents.ts';
import { mergeParams, type WriterChange } from './params-merge.ts';
import type { PointPiece } from './point-piece.ts';
import { piecesOfRows } from './point-pieces.ts';
import type { Rewind, RewindTarget } from './record.ts';
import { listWriters, type RunPlaces } from './repo-directory.ts';
import {
  cutsOf,
  mergeSummaries,
  mergeWriters,
  NO_ROWS,
  newestRows,
  type Rows,
  type Summary,
  summarize,
  visibleRows,
} from './rows.ts';
import { type RunState, readState, runFold, type StoredState } from './run-state.ts';
import { refuseLost } from './verify-edits.ts';

export interface WriterLog {
  readonly writer: string;
  readonly log: Log<StoredState>;
  readonly state: RunState;
  readonly contents: LogContents;
}

/** One sequence of a run, and which writers track it. */
export interface SequenceFacts {
  readonly key: string;
  readonly name: string;
  readonly contextText: string;
  readonly writers: readonly string[];
}

export class RunReader {
  readonly facts: RunFacts | undefined;
  readonly logs: readonly WriterLog[];
  readonly #params: ParamsTree;
  /** Those that no writer has undone. */
  readonly rewinds: readonly Rewind[];
  #sequences: Map<string, SequenceFacts> | undefined;

  private constructor(facts: RunFacts | undefined, logs: readonly WriterLog[]) {
    this.facts = facts;
    this.logs = logs;
    const [only] = logs;
    const isOne = only !== undefined && logs.length === 1;
    this.#params = mergeParams(isOne ? only.state.changes : this.changes);
    const undone = new Set(this.undone);
    this.rewinds = logs
      .flatMap((each) => each.state.rewinds)
      .filter((each) => !undone.has(each.id));
  }

  /** `only`: these writers. Throws RunlogError, Node's error. */
  static async open(
    vfs: Vfs,
    places: RunPlaces,
    options: { only?: readonly string[] } = {},
  ): Promise<RunReader> {
    await loadXxhash();
    return RunReader.snapshot(vfs, places, options);
  }

  /**
   * Undefined: the run is deleted, or not there.
   *
   * @throws RunlogError CORRUPT where the edit that made it is lost; as `open`.
   */
  static async existing(vfs: Vfs, places: RunPlaces): Promise<RunReader | undefined> {
    const isThere = vfs.stat(places.edits) !== undefined;
    const reader = isThere ? await RunReader.open(vfs, places) : undefined;
    if (reader?.facts === undefined || reader.facts.life === '') {
      await loadXxhash();
      refuseLost(vfs, places);
    }
    return reader?.facts === undefined || reader.facts.isDeleted ? undefined : reader;
  }

  /** As `open`, at once. `facts`: read just now. Requires: `loadXxhash` has resolved. */
  static snapshot(
    vfs: Vfs,
    places: RunPlaces,
    options: {
      only?: readonly string[];
      facts?: RunFacts | undefined;
    } = {},
  ): RunReader {
    const facts = options.facts ?? readFacts(vfs, places.edits);
    const writers = options.only ?? listWriters(vfs, places.logs);
    const logs = writers
      .map((writer) => openLog(vfs, places, writer))
      .filter(({ writer, state: { life } }) =>
        life === '' ? !isEmptied(vfs, places, writer) : life === facts?.life,
      );
    return new RunReader(facts, logs);
  }

  /**
   * Where the logs of these writers end now, in this life of the run: of another one a writer begins
   * anew. Requires: `loadXxhash` has resolved.
   */
  static ends(
    vfs: Vfs,
    places: RunPlaces,
    writers: readonly string[],
    life: string,
  ): RewindTarget[] {
    return writers
      .map((writer) => openLog(vfs, places, writer))
      .filter(({ state }) => state.life === life)
      .map(({ writer, log, state }) => ({
        writer,
        position: log.position,
        number: state.nextPoint,
      }));
  }

  /** Ids of rewinds of other logs that these logs undo. */
  get undone(): string[] {
    return this.logs.flatMap((each) => each.state.undone);
  }

  get changes(): WriterChange[] {
    return this.logs.flatMap(({ writer, state }) =>
      state.changes.map((each) => ({ ...each, writer })),
    );
  }

  /** Each writer with its newest openings and closings, in the order of their names. */
  get writers(): WriterRow[] {
    return this.logs.map(({ writer, state: { openingCount, openings } }) => ({
      writer,
      openingCount,
      openings,
    }));
  }

  get params(): ParamsTree {
    return this.#params;
  }

  get damage(): Damage[] {
    return this.logs.flatMap((each) => each.log.damage);
  }

  /** Every sequence with a point of any writer, in the order in which writers defined them. */
  sequences(): ReadonlyMap<string, SequenceFacts> {
    this.#sequences ??= sequencesOf(this.logs);
    return this.#sequences;
  }

  /** Rows of one sequence by writer; `raw`: also those replaced at their step and those hidden. */
  rowsByWriter(sequence: SequenceFacts, raw: boolean): { writer: string; rows: Rows }[] {
    return this.logs
      .filter((each) => sequence.writers.includes(each.writer))
      .map(({ writer, contents }) => {
        if (raw) return { writer, rows: contents.rows(sequence.key) };
        const cuts = cutsOf(this.rewinds, writer, sequence.name, sequence.contextText);
        const rows =
          contents.cleanRows(sequence.key, cuts) ??
          newestRows(visibleRows(contents.rows(sequence.key), cuts));
        return { writer, rows };
      });
  }

  /** Points that `summary` would read because their blocks do not say enough. */
  summaryCost(sequence: SequenceFacts): number {
    const costs = this.logs
      .filter(({ writer }) => sequence.writers.includes(writer))
      .map(({ writer, contents }) => {
        const cuts = cutsOf(this.rewinds, writer, sequence.name, sequence.contextText);
        const isClean = contents.cleanSummaries(sequence.key, cuts) !== undefined;
        return isClean ? 0 : contents.pointCount(sequence.key);
      });
    return costs.reduce((sum, each) => sum + each, 0);
  }

  /** Of what `rows` gives, without reading values where the blocks say enough; undefined: no row. */
  summary(sequence: SequenceFacts): Summary | undefined {
    const parts: Summary[] = [];
    for (const { writer, contents } of this.logs) {
      if (!sequence.writers.includes(writer)) continue;
      const cuts = cutsOf(this.rewinds, writer, sequence.name, sequence.contextText);
      const blocks = contents.cleanSummaries(sequence.key, cuts);
      if (blocks !== undefined) parts.push(...blocks);
      else
        parts.push(
          ...[summarize(newestRows(visibleRows(contents.rows(sequence.key), cuts)))].filter(
            (each) => each !== undefined,
          ),
        );
    }
    return mergeSummaries(parts);
  }

  /** What `rows` gives, as it is stored, where it is that of one writer as it stands; undefined: it is not. */
  storedRows(sequence: SequenceFacts): readonly ShownBlock[] | undefined {
    const { key, name, contextText, writers } = sequence;
    const [only, ...others] = this.logs.filter(({ writer }) => writers.includes(writer));
    if (only === undefined || others.length > 0) return undefined;
    return only.contents.cleanStored(key, cutsOf(this.rewinds, only.writer, name, contextText));
  }

  /** Points of one sequence in pieces, of each writer, or of one, in the order of their names. */
  pieces(sequence: SequenceFacts, only?: string): PointPiece[][] {
    return this.logs
      .filter(({ writer }) => sequence.writers.includes(writer) && (only ?? writer) === writer)
      .map(({ writer, contents }) => {
        const cuts = cutsOf(this.rewinds, writer, sequence.name, sequence.contextText);
        return (
          contents.pieces(sequence.key, cuts) ??
          piecesOfRows(newestRows(visibleRows(contents.rows(sequence.key), cuts)))
        );
      });
  }

  /** Rows of all writers, or of one, ordered by (step, writer). */
  rows(
    sequence: SequenceFacts,
    options: { writer?: string | undefined; raw?: boolean | undefined } = {},
  ): Rows {
    const parts = this.rowsByWriter(sequence, options.raw ?? false);
    if (options.writer === undefined) return mergeWriters(parts.map((each) => each.rows));
    return parts.find((each) => each.writer === options.writer)?.rows ?? NO_ROWS;
  }
}

/** Of these logs, in the order of their writers' names. */
export function sequencesOf(
  logs: readonly Pick<WriterLog, 'writer' | 'contents'>[],
): Map<string, SequenceFacts> {
  const writersOf = new Map<string, string[]>();
  for (const { writer, contents } of logs) {
    for (const key of contents.keys()) {
      const writers = writersOf.get(key);
      if (writers === undefined) writersOf.set(key, [writer]);
      else writers.push(writer);
    }
  }
  const sequences = new Map<string, SequenceFacts>();
  for (const [key, writers] of writersOf) {
    const parsed = parseSequenceKey(key);
    if (parsed !== undefined) sequences.set(key, { key, ...parsed, writers });
  }
  return sequences;
}

/** True for a log whose run was deleted, and that no writer of the next life has come to. */
const isEmptied = (vfs: Vfs, places: RunPlaces, writer: string): boolean =>
  readNewestFence(vfs, `${places.logs}/${writer}`)?.kind === 'deleted';

function openLog(vfs: Vfs, places: RunPlaces, writer: string): WriterLog {
  const log = Log.snapshot<StoredState>(`${places.logs}/${writer}`, { vfs, fold: runFold });
  return {
    writer,
    log,
    state: readState(log.state as StoredState),
    contents: new LogContents(log, writer),
  };
}
