// Objects of one log: which steps each sequence has, what stands at them, and their contents by hash.
//
// 1. One pass over the log by the headers of its frames; only records of objects are read.
// 2. What is held of a step is its place in the log; items are read when they are asked for.
// 3. Positions stay good through rewriting: a file that went away is looked for again.
//
// Spec: spec/objects.md. Test: test/sdk/objects.test.ts, test/store/object-oracle.test.ts.

import type { Log, LogRecord } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { parseSequenceKey } from '../model/sequence.ts';
import {
  contentKey,
  decodeContent,
  decodeObjects,
  hashOf,
  isObjectKind,
  isObjects,
  type ObjectItem,
  type ObjectKind,
} from './object-record.ts';
import { readAnew } from './read-anew.ts';
import { type Rewind, recordType } from './record.ts';
import { targetsOf } from './rows.ts';

/** What was tracked at one step, by where it stands. */
export interface ObjectRow {
  readonly position: number;
  readonly step: number;
  /** NaN: none. */
  readonly epoch: number;
  readonly time: number;
}

/** Of one kind and key; rows in order of the log. */
export interface ObjectRows {
  readonly kind: ObjectKind;
  readonly key: string;
  readonly rows: ObjectRow[];
}

type ContentsLog = Pick<Log, 'records' | 'newest' | 'renew' | 'directory'>;

export const rowsName = (kind: string, key: string): string => `${kind} ${key}`;

export class ObjectContents {
  readonly #log: ContentsLog;
  #all: ReadonlyMap<string, ObjectRows> | undefined;

  constructor(log: ContentsLog) {
    this.#log = log;
  }

  /** By `rowsName`. @throws RunlogError CORRUPT; Node's error. */
  sequences(): ReadonlyMap<string, ObjectRows> {
    this.#all ??= readAnew(this.#log, () => {
      const found = new Map<string, ObjectRows>();
      for (const record of objectRecords(this.#log, 0, Number.POSITIVE_INFINITY)) {
        const { kind, step, epoch, time } = decodeObjects(record.body);
        if (!isObjectKind(kind)) continue;
        const key = record.key as string;
        const name = rowsName(kind, key);
        const row = { position: record.position, step, epoch, time };
        const known = found.get(name);
        if (known === undefined) found.set(name, { kind, key, rows: [row] });
        else known.rows.push(row);
      }
      return found;
    });
    return this.#all;
  }

  /** The items of these positions. What is damaged is not there. */
  items(positions: readonly number[]): Map<number, readonly ObjectItem[]> {
    const wanted = new Set(positions);
    const from = positions.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
    const to = positions.reduce((most, each) => Math.max(most, each + 1), 0);
    if (wanted.size === 0) return new Map();
    return readAnew(this.#log, () => {
      const found = new Map<number, readonly ObjectItem[]>();
      for (const { position, body } of objectRecords(this.#log, from, to))
        if (wanted.has(position)) found.set(position, decodeObjects(body).items);
      return found;
    });
  }
}

function* objectRecords(log: ContentsLog, from: number, to: number): Generator<LogRecord> {
  for (const record of log.records(from, to, isObjects))
    if (record.type === recordType.objects && record.key !== undefined) yield record;
}

/** The rows that no rewind hides. */
export function visibleObjects(
  rows: readonly ObjectRow[],
  rewinds: readonly Rewind[],
  sequence: { readonly writer: string; readonly name: string; readonly contextText: string },
): readonly ObjectRow[] {
  const { writer, name, contextText } = sequence;
  const cuts = targetsOf(rewinds, writer, name, contextText);
  if (cuts.length === 0) return rows;
  return rows.filter(
    ({ step, position }) => !cuts.some((cut) => step >= cut.step && position < cut.target.position),
  );
}

/** Rows by (step, position); `raw` false: of each step the last. */
export function sortedObjects(rows: readonly ObjectRow[], raw: boolean): ObjectRow[] {
  const sorted = [...rows].sort((a, b) => a.step - b.step || a.position - b.position);
  return raw ? sorted : sorted.filter((each, index) => each.step !== sorted[index + 1]?.step);
}

/**
 * The content of this hash, from the newest place that holds it.
 *
 * @throws RunlogError CORRUPT naming the content; Node's error.
 */
export function readContent(log: ContentsLog, hash: string): Uint8Array {
  let cause: unknown;
  try {
    const bytes = contentIn(log.newest(contentKey(hash)), hash);
    if (bytes !== undefined) return bytes;
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    cause = error;
  }
  const what = cause === undefined ? 'is not there' : 'is damaged';
  throw new RunlogError(
    'CORRUPT',
    `${log.directory}: content ${hash} ${what}; run verify for the extent`,
    { cause },
  );
}

function contentIn(record: LogRecord | undefined, hash: string): Uint8Array | undefined {
  if (record?.type !== recordType.content) return undefined;
  const bytes = decodeContent(record.body);
  if (hashOf(bytes) !== hash) throw new RunlogError('CORRUPT', `content ${hash}: other bytes`);
  // A copy: what was read with it is not held for its sake.
  return bytes.slice();
}

/**
 * Which records of a log these rewinds leave nothing to say: objects that they hide, contents that no
 * other record names. Kinds that this version does not know count as well.
 */
export function hiddenObjects(
  log: ContentsLog,
  rewinds: readonly Rewind[],
  writer: string,
): (record: LogRecord) => boolean {
  const hidden = new Set<number>();
  const named = new Set<string>();
  for (const { position, key, body } of objectRecords(log, 0, Number.POSITIVE_INFINITY)) {
    const { step, epoch, time, items } = decodeObjects(body);
    const sequence = parseSequenceKey(key as string);
    const row = { position, step, epoch, time };
    if (
      sequence !== undefined &&
      visibleObjects([row], rewinds, { writer, ...sequence }).length === 0
    )
      hidden.add(position);
    else for (const { hash } of items) if (hash !== undefined) named.add(contentKey(hash));
  }
  return ({ type, position, key }) =>
    type === recordType.objects
      ? hidden.has(position)
      : type === recordType.content && !named.has(key ?? '');
}
