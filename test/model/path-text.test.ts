// A path of params has one text, no two have the same, and it is what finds the param in a query.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dictMethodNames, pathText, runMemberNames } from '../../src/model/path-text.ts';
import { dictNames } from '../../src/query/collection-methods.ts';
import { parseQuery } from '../../src/query/query.ts';
import { runProperties } from '../../src/query/run-object.ts';
import { seeded } from '../support/random.ts';

it.each([
  { path: ['hparams', 'lr'], text: 'hparams.lr' },
  { path: ['hparams.lr'], text: '["hparams.lr"]' },
  { path: ['hparams', 'a b', 'c'], text: 'hparams["a b"].c' },
  { path: ['class', 'class'], text: '["class"]["class"]' },
  { path: ['0', 'x-y'], text: '["0"]["x-y"]' },
  { path: ['say "x"\n'], text: '["say \\"x\\"\\n"]' },
  { path: [''], text: '[""]' },
  { path: ['name', 'name'], text: '["name"].name' },
  { path: ['values', 'values'], text: 'values["values"]' },
])('of $path it is $text', ({ path, text }) => {
  expect(pathText(path)).toBe(text);
  expect(pathText(path, 'run')).toBe(text.startsWith('[') ? `run${text}` : `run.${text}`);
});

it('behind another word than run a property of a run is a name like any other', () => {
  expect(pathText(['name', 'keys'], 'params')).toBe('params.name["keys"]');
  expect(pathText(['a.b'], 'params')).toBe('params["a.b"]');
});

it('knows what is a property or a method in a query', () => {
  expect([...runMemberNames].sort()).toEqual([...runProperties.keys(), 'get'].sort());
  expect([...dictMethodNames].sort()).toEqual([...dictNames].sort());
});

describe('any path', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed()),
    fc.constantFrom('lr', 'a.b', 'a', 'b', '["a"]', 'a"]["b', 'lambda', '\\', "'", '\u2028'),
    fc.constantFrom(...runMemberNames, ...dictMethodNames),
  );
  const path = fc.array(key, { minLength: 1, maxLength: 4 });

  it('is read back by a query', async () => {
    const { seed } = seeded('path-text, read back');
    const isReadBack = async (keys: readonly string[]): Promise<void> => {
      const { reads } = await parseQuery(`${pathText(keys, 'run')} == 1`, 'run');
      expect(reads.params).toEqual([keys]);
    };
    await fc.assert(fc.asyncProperty(path, isReadBack), { seed, numRuns: 300 });
  });

  it('has a text of its own', () => {
    const { seed } = seeded('path-text, its own');
    const isItsOwn = (a: readonly string[], b: readonly string[]): void => {
      expect(pathText(a) === pathText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    };
    fc.assert(fc.property(path, path, isItsOwn), { seed, numRuns: 1000 });
  });
});
