// The key of a sequence names it alone.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalContext } from '../../src/model/context.ts';
import { isSystemName, parseSequenceKey, sequenceKey } from '../../src/model/sequence.ts';
import { seeded } from '../support/random.ts';

it('gives name and context back, whatever they hold', () => {
  const name = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('\0', 'a\0{}', '{}', 'a\0'));
  fc.assert(
    fc.property(name, fc.dictionary(fc.string(), fc.string()), (given, context) => {
      const contextText = canonicalContext(context);
      expect(parseSequenceKey(sequenceKey(given, contextText))).toEqual({
        name: given,
        contextText,
      });
    }),
    { seed: seeded('sequence key').seed },
  );
});

it.each(['', 'loss', '\0{}'])('%j is no key', (text) => {
  expect(parseSequenceKey(text)).toBeUndefined();
});

it('knows the names of the system by their prefix', () => {
  expect(isSystemName('__system__cpu')).toBe(true);
  expect(isSystemName('__system_')).toBe(false);
  expect(isSystemName('loss__system__')).toBe(false);
});
