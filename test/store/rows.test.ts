// Rows in columns: sorting, cutting, choosing, merging and summing up give what the same does to a list
// of points.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  concatRows,
  makeRows,
  mergeSummaries,
  mergeWriters,
  newestRows,
  type Rows,
  rowsBetween,
  sortRows,
  summarize,
  visibleRows,
} from '../../src/store/rows.ts';

interface Point {
  readonly step: number;
  readonly value: number;
  readonly number: number;
}

/** Numbers are each given once; steps repeat and go back. */
const points: fc.Arbitrary<Point[]> = fc
  .array(
    fc.record({
      step: fc.integer({ min: -6, max: 12 }),
      value: fc.oneof(
        fc.constantFrom(Number.NaN, -0, 0, Infinity),
        fc.integer({ min: -9, max: 9 }),
      ),
    }),
    { maxLength: 40 },
  )
  .chain((list) =>
    fc
      .shuffledSubarray([...list.keys()], { minLength: list.length })
      .map((numbers) => list.map((each, index) => ({ ...each, number: numbers[index] as number }))),
  );

function rowsOf(list: readonly Point[]): Rows {
  const rows = makeRows(list.length);
  for (const [index, { step, value, number }] of list.entries()) {
    rows.steps[index] = step;
    rows.values[index] = value;
    rows.times[index] = number * 10;
    rows.epochs[index] = number * 100;
    rows.numbers[index] = number;
  }
  return rows;
}

/** Of whole rows: every column belongs to its number. */
function listOf(rows: Pick<Rows, 'steps' | 'values'> & Partial<Rows>): Point[] {
  return Array.from(rows.steps, (step, index) => {
    const number = rows.numbers?.[index] ?? -1;
    if (number >= 0)
      expect([rows.times?.[index], rows.epochs?.[index]]).toEqual([number * 10, number * 100]);
    return { step, value: rows.values[index] as number, number };
  });
}

const bySort = (list: readonly Point[]): Point[] =>
  [...list].sort((a, b) => a.step - b.step || a.number - b.number);

it('sorted they are in the order of step and arrival; the newest is the last of its step', () => {
  fc.assert(
    fc.property(points, (list) => {
      const sorted = sortRows(rowsOf(list));
      expect(listOf(sorted)).toEqual(bySort(list));
      const newest = new Map(bySort(list).map((each) => [each.step, each]));
      expect(listOf(newestRows(sorted))).toEqual([...newest.values()]);
    }),
  );
});

it('a cut hides steps from its own on that came before it, several cuts what any of them hides', () => {
  const cut = fc.record({ step: fc.integer({ min: -7, max: 13 }), number: fc.nat(45) });
  fc.assert(
    fc.property(points, fc.array(cut, { maxLength: 3 }), (list, cuts) => {
      const shown = list.filter(
        (each) => !cuts.some(({ step, number }) => each.step >= step && each.number < number),
      );
      expect(listOf(visibleRows(rowsOf(list), cuts))).toEqual(shown);
    }),
  );
});

it('between two steps is half open, and nothing where the second is not greater', () => {
  const bound = fc.oneof(
    fc.integer({ min: -8, max: 14 }),
    fc.constantFrom(-Infinity, Infinity, 2.5),
  );
  fc.assert(
    fc.property(points, bound, bound, (list, from, to) => {
      const between = rowsBetween(sortRows(rowsOf(list)), from, to);
      const expected = bySort(list).filter(({ step }) => step >= from && step < to);
      expect([...between.steps]).toEqual(expected.map((each) => each.step));
      expect([...between.values]).toEqual(expected.map((each) => each.value));
    }),
  );
});

it('of writers merged are by step, then by writer; summed up apart they are as together', () => {
  fc.assert(
    fc.property(fc.array(points, { maxLength: 4 }), (lists) => {
      const parts = lists.map((list) => newestRows(sortRows(rowsOf(list))));
      const merged = mergeWriters(parts);
      const expected = parts
        .flatMap((part, writer) => listOf(part).map((each) => ({ ...each, writer })))
        .sort((a, b) => a.step - b.step || a.writer - b.writer);
      expect([...merged.steps]).toEqual(expected.map((each) => each.step));
      expect([...merged.values]).toEqual(expected.map((each) => each.value));
      const summaries = parts.map(summarize).filter((each) => each !== undefined);
      // Integers: no order of addition makes another sum.
      expect(mergeSummaries(summaries)).toEqual(summarize(merged));
    }),
    { numRuns: 300 },
  );
});

it('concatenated stand one behind the other', () => {
  fc.assert(
    fc.property(points, points, (a, b) => {
      expect(listOf(concatRows([rowsOf(a), rowsOf(b)]))).toEqual([...a, ...b]);
    }),
  );
});
