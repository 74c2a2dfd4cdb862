// What of a log is still hot, by sequence: batches of points, and the definitions of their ids.
//
// 1. A definition may stand before its points or behind them: they are brought together at the end.
// 2. A key may have two ids: an owner who could not look it up has given it another one, greater and later.
//
// Spec: spec/records.md. Test: test/store/log-contents.test.ts, test/sdk/mixed-files.test.ts.

import type { LogRecord } from '../engine/index.ts';
import { HotPoints } from './hot-points.ts';
import { decodePoints, recordType, sequenceIdOf } from './record.ts';
import { concatRows, type Rows } from './rows.ts';

/** Sequences of hot batches by id, points in order of arrival. */
export interface Hot {
  readonly keys: ReadonlyMap<number, string>;
  readonly rows: ReadonlyMap<string, Rows>;
}

export const NO_HOT: Hot = { keys: new Map(), rows: new Map() };

/** Gathers hot batches and definitions as they are met. */
export class HotRecords {
  readonly #keys = new Map<number, string>();
  readonly #points = new HotPoints();

  add(record: LogRecord): void {
    const id = sequenceIdOf(record);
    if (id !== undefined) this.#keys.set(id, record.key as string);
    else if (record.type === recordType.points) this.#points.add(decodePoints(record.body));
  }

  /** Whether the key of every point is known. */
  get isDefined(): boolean {
    return this.#points.ids().every((id) => this.#keys.has(id));
  }

  finish(): Hot {
    const rows = new Map<string, Rows>();
    for (const [id, own] of this.#points.rows()) {
      const key = this.#keys.get(id);
      if (key === undefined) continue;
      const before = rows.get(key);
      rows.set(key, before === undefined ? own : concatRows([before, own]));
    }
    return { keys: this.#keys, rows };
  }
}
