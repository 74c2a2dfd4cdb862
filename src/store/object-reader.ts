// Objects of a run from the logs of all its writers: sequences, what of them is shown, contents.
//
// 1. Sequences of one key and different kinds are several: only within a log kinds do not mix.
// 2. Order is by (step, writer name); writers never replace each other.
//
// Spec: spec/objects.md. Test: test/store/object-oracle.test.ts.

import { parseSequenceKey } from '../model/sequence.ts';
import {
  ObjectContents,
  type ObjectRow,
  readContent,
  rowsName,
  sortedObjects,
  visibleObjects,
} from './object-contents.ts';
import type { ObjectItem, ObjectKind } from './object-record.ts';
import type { RunReader, WriterLog } from './run-reader.ts';

export interface ObjectSequenceFacts {
  readonly kind: ObjectKind;
  readonly key: string;
  readonly name: string;
  readonly contextText: string;
  readonly writers: readonly string[];
}

/** A step of a sequence as one writer tracked it. */
export interface WrittenRow extends ObjectRow {
  readonly writer: string;
}

/** Which rows: `raw` also those replaced at their step and those hidden. */
export interface RowsOptions {
  readonly writer?: string | undefined;
  readonly raw?: boolean | undefined;
}

export class ObjectReader {
  readonly #reader: Pick<RunReader, 'logs' | 'rewinds'>;
  readonly #contents = new Map<WriterLog, ObjectContents>();
  #sequences: ReadonlyMap<string, ObjectSequenceFacts> | undefined;

  constructor(reader: Pick<RunReader, 'logs' | 'rewinds'>) {
    this.#reader = reader;
  }

  #contentsOf(log: WriterLog): ObjectContents {
    const known = this.#contents.get(log);
    if (known !== undefined) return known;
    const contents = new ObjectContents(log.log);
    this.#contents.set(log, contents);
    return contents;
  }

  /** By `rowsName`, in the order in which writers began them. @throws RunlogError CORRUPT, IO. */
  sequences(): ReadonlyMap<string, ObjectSequenceFacts> {
    if (this.#sequences !== undefined) return this.#sequences;
    const found = new Map<string, ObjectSequenceFacts & { writers: string[] }>();
    for (const log of this.#reader.logs) {
      for (const [rows, { kind, key }] of this.#contentsOf(log).sequences()) {
        const known = found.get(rows);
        const parsed = parseSequenceKey(key);
        if (known !== undefined) known.writers.push(log.writer);
        else if (parsed !== undefined)
          found.set(rows, { kind, key, ...parsed, writers: [log.writer] });
      }
    }
    this.#sequences = found;
    return found;
  }

  /** Ordered by (step, writer), raw ones of a writer as they came. */
  rows(sequence: ObjectSequenceFacts, options: RowsOptions = {}): WrittenRow[] {
    const { kind, key, name, contextText } = sequence;
    const { raw = false, writer: only } = options;
    return this.#reader.logs
      .filter(({ writer }) => (only ?? writer) === writer)
      .flatMap((log) => {
        const { writer } = log;
        const all = this.#contentsOf(log).sequences().get(rowsName(kind, key))?.rows ?? [];
        const shown = raw
          ? all
          : visibleObjects(all, this.#reader.rewinds, { writer, name, contextText });
        return sortedObjects(shown, raw).map((row) => ({ ...row, writer }));
      })
      .sort((a, b) => a.step - b.step);
  }

  /** What stands in each row, in their order; rows that were damaged are left out. */
  items(
    rows: readonly WrittenRow[],
  ): { readonly row: WrittenRow; readonly items: readonly ObjectItem[] }[] {
    const found = new Map(
      this.#reader.logs.map((log) => {
        const own = rows.filter((each) => each.writer === log.writer);
        return [log.writer, this.#contentsOf(log).items(own.map((each) => each.position))];
      }),
    );
    return rows.flatMap((row) => {
      const items = found.get(row.writer)?.get(row.position);
      return items === undefined ? [] : [{ row, items }];
    });
  }

  /** @throws RunlogError CORRUPT naming the content; Node's error. */
  content(writer: string, hash: string): Uint8Array {
    const log = this.#reader.logs.find((each) => each.writer === writer) as WriterLog;
    return readContent(log.log, hash);
  }
}
