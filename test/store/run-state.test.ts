// The folded state of a log: what it says does not depend on where folding began, and it stays small
// however long the run.

import { beforeAll, expect, it } from 'vitest';
import { type LogRecord, loadXxhash, packBody, unpackBody } from '../../src/engine/index.ts';
import { mergeParams } from '../../src/store/params-merge.ts';
import { encodeClose, encodeOpening, encodeParams, recordType } from '../../src/store/record.ts';
import { readState, runFold, type StoredState } from '../../src/store/run-state.ts';
import { openingOf } from '../support/memory-writer.ts';
import { seeded } from '../support/random.ts';

beforeAll(() => loadXxhash());

const place = { fence: 1, number: 1, rewritten: false, offset: 64 };

const recordOf = (position: number, type: number, body: unknown): LogRecord => ({
  position,
  end: position + 1,
  type,
  skippable: false,
  key: undefined,
  body,
  place,
  rewritten: false,
});

const opening = (life: string): unknown => encodeOpening(openingOf(life));

/** As a state record keeps it and an opening finds it. */
const stored = (state: StoredState): StoredState =>
  unpackBody(packBody(state).slice()) as StoredState;

const foldAll = (records: readonly LogRecord[], state = runFold.initial()): StoredState =>
  records.reduce((folded, record) => runFold.apply(folded, record), state);

it('is the same when it was stored and taken up at any record', () => {
  const { integer, pick } = seeded('run state');
  const ids: string[] = [];
  let points = 0;
  const records = Array.from({ length: 400 }, (_, position) => {
    switch (integer(7)) {
      case 0:
        return recordOf(position, recordType.opening, opening('00000000000000aa'));
      case 1:
        return recordOf(
          position,
          recordType.close,
          encodeClose({ closedAt: 2, outcome: 'finished', error: undefined }),
        );
      case 2: {
        const count = 1 + integer(9);
        points += count;
        return recordOf(position, recordType.points, [points - count, count, new Uint8Array()]);
      }
      case 3: {
        const id = `${position}`.padStart(16, '0');
        ids.push(id);
        return recordOf(position, recordType.rewind, [
          id,
          3,
          null,
          null,
          [['main', position, points]],
          1,
        ]);
      }
      case 4:
        return recordOf(position, recordType.undo, [ids.length > 0 ? pick(ids) : 'of another']);
      default: {
        const path = ['a', `k${integer(6)}`];
        const change =
          integer(3) === 0
            ? { lamport: position, path }
            : { lamport: position, path, value: position };
        return recordOf(position, recordType.params, encodeParams(change));
      }
    }
  });
  const whole = readState(foldAll(records));
  const tree = mergeParams(whole.changes.map((each) => ({ ...each, writer: 'main' })));
  for (let at = 0; at <= records.length; at += 13) {
    const resumed = readState(foldAll(records.slice(at), stored(foldAll(records.slice(0, at)))));
    const { changes, ...rest } = resumed;
    const { changes: _changes, ...expected } = whole;
    expect(rest, `taken up at ${at}`).toEqual(expected);
    expect(mergeParams(changes.map((each) => ({ ...each, writer: 'main' })))).toEqual(tree);
  }
  expect(whole.nextPoint).toBe(points);
});

it('stays small: newest openings, params without what was replaced', () => {
  const records: LogRecord[] = [];
  for (let round = 0; round < 3000; round += 1) {
    records.push(recordOf(records.length, recordType.opening, opening('00000000000000aa')));
    const change = { lamport: round, path: ['lr'], value: round };
    records.push(recordOf(records.length, recordType.params, encodeParams(change)));
  }
  const state = foldAll(records);
  expect(packBody(state).length).toBeLessThan(8192);
  const { openingCount, openings, changes, lamport } = readState(state);
  expect([openingCount, openings.length, lamport]).toEqual([3000, 16, 2999]);
  expect(mergeParams(changes.map((each) => ({ ...each, writer: 'main' })))).toEqual({ lr: 2999 });
});
