// The params of a run from the changes of its writers: one order for every reader, and what compacting
// a writer's changes drops is missed by nobody.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compactChanges, mergeParams, type WriterChange } from '../../src/store/params-merge.ts';

const path = fc.constantFrom(['a'], ['a', 'b'], ['a', 'b', 'c'], ['d'], ['d', 'e']);
const value = fc.constantFrom(1, 2, { b: 3 }, { b: { c: 4 } }, { e: 5 }, null);

/** Changes of up to three writers, each with rising Lamport numbers. */
const history: fc.Arbitrary<WriterChange[]> = fc
  .array(fc.record({ writer: fc.constantFrom('a', 'b', 'c'), path, value, unsets: fc.boolean() }), {
    maxLength: 14,
  })
  .map((steps) =>
    steps.map(({ writer, path: own, value: given, unsets }, index) =>
      unsets
        ? { writer, path: own, lamport: index }
        : { writer, path: own, lamport: index, value: given },
    ),
  );

it('a tree does not depend on the order in which changes are read', () => {
  fc.assert(
    fc.property(
      history.chain((changes) =>
        fc.tuple(fc.constant(changes), fc.shuffledSubarray(changes, { minLength: changes.length })),
      ),
      ([changes, shuffled]) => {
        expect(mergeParams(shuffled)).toEqual(mergeParams(changes));
      },
    ),
    { numRuns: 500 },
  );
});

it('of equal numbers the greater writer name wins', () => {
  const of = (writer: string): WriterChange => ({ writer, lamport: 1, path: ['a'], value: writer });
  expect(mergeParams([of('rank-2'), of('rank-10')])).toEqual({ a: 'rank-2' });
  expect(mergeParams([of('rank-10'), of('rank-2')])).toEqual({ a: 'rank-2' });
});

it('compacting the changes of each writer changes no tree', () => {
  fc.assert(
    fc.property(history, (changes) => {
      const compacted = ['a', 'b', 'c'].flatMap((writer) =>
        compactChanges(changes.filter((each) => each.writer === writer)).map((each) => ({
          ...each,
          writer,
        })),
      );
      expect(mergeParams(compacted)).toEqual(mergeParams(changes));
    }),
    { numRuns: 3000 },
  );
});

it('compacting keeps a bounded number for a bounded number of paths', () => {
  const changes = Array.from({ length: 1000 }, (_, index) => {
    const own = index % 2 === 0 ? ['a', 'b'] : ['a', `k${index % 5}`];
    return index % 3 === 0
      ? { lamport: index, path: own }
      : { lamport: index, path: own, value: 1 };
  });
  expect(compactChanges(changes).length).toBeLessThanOrEqual(16);
});
