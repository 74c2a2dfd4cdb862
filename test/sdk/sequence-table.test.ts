// A sequence is found by its name and context in whatever order they come, also where the order
// changes, a context object is changed between two calls, or one has a member that objects inherit.

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { canonicalContext } from '../../src/model/context.ts';
import { SequenceTable } from '../../src/sdk/sequence-table.ts';
import type { SequenceWriter } from '../../src/store/definitions.ts';
import { seeded } from '../support/random.ts';

/** Each call to define gives a sequence of its own. */
function makeTable(): { table: SequenceTable; defined: SequenceWriter[] } {
  const defined: SequenceWriter[] = [];
  const table = new SequenceTable((name, contextText) => {
    const sequence = {
      id: defined.length,
      key: `${name}\0${contextText}`,
      name,
      contextText,
      nextStep: 0,
      following: undefined,
    };
    defined.push(sequence);
    return sequence;
  });
  return { table, defined };
}

const changed: { subset: string; layer?: number } = { subset: 'train' };

/** Contexts that are one by one equal, or nearly so. */
const contexts: readonly (() => object | undefined)[] = [
  () => undefined,
  () => ({}),
  () => ({ subset: 'train' }),
  () => ({ subset: 'train', layer: 1 }),
  () => ({ layer: 1, subset: 'train' }),
  () => ({ constructor: 'Object' }),
  () => JSON.parse('{"constructor":{"name":"Object"}}') as object,
  () => JSON.parse('{"__proto__":1}') as object,
  () => Object.assign(Object.create(null) as object, { subset: 'train' }),
  () => changed,
];

it('by name and context, whatever came before', () => {
  const turn = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(contexts.length - 1)), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 6 }), fc.nat(3), (turns, repeats) => {
      const { table, defined } = makeTable();
      // A turn that comes again, as in a training loop, and then another.
      for (const calls of turns.flatMap((each) => Array.from({ length: repeats + 1 }, () => each)))
        for (const [name, index] of calls) {
          const context = contexts[index]?.();
          const text = canonicalContext(context);
          const found = table.get(table.context(context), name);
          expect([found.name, found.contextText]).toEqual([name, text]);
          if (changed.layer === undefined) changed.layer = 1;
          else delete changed.layer;
        }
      expect(new Set(defined.map(({ key }) => key)).size).toBe(defined.length);
    }),
    { seed: seeded('sequence table').seed, numRuns: 300 },
  );
});

it('refuses a name at each call, also where a guess is at hand', () => {
  const { table } = makeTable();
  for (let turn = 0; turn < 3; turn += 1)
    for (const name of ['a', 'b']) table.get(table.context(undefined), name);
  table.get(table.context(undefined), 'a');
  expect(() => table.get(table.context(undefined), undefined)).toThrow(TypeError);
  expect(() => table.get(table.context(undefined), '')).toThrow(RangeError);
  expect(() => table.context([])).toThrow(TypeError);
  expect(() => table.context(new Date())).toThrow(TypeError);
});
