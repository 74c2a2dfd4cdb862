// Names in loops and lambdas are found as Python finds them.

import { expect, it } from 'vitest';
import { parseRowValue, RunObject } from '../../src/query/query.ts';
import { memoryRun } from './memory-facts.ts';

const run = new RunObject(memoryRun({ params: { lr: 2, words: ['a', 'bb'] } }));

const value = async (text: string): Promise<unknown> => (await parseRowValue(text)).value(run);

it.each([
  ['any(run.lr == each for each in [1, 2])', true],
  ['[run.lr + x for x in [1, 2]]', [3, 4]],
  [
    '[[x * y for y in [1, 2]] for x in [1, 2]]',
    [
      [1, 2],
      [2, 4],
    ],
  ],
  ['[x for x in [1, 2] for x in [x, 10]]', [1, 10, 2, 10]],
  ['[run for run in [5]]', [5]],
  ['[f() for f in [lambda: x for x in [1, 2]]]', [2, 2]],
  ['(lambda x: lambda y: x + y)(1)(2)', 3],
  ['(lambda x, y=run.lr: x + y)(1)', 3],
  ['(lambda x, y: x - y)(y=1, x=5)', 4],
  ['(lambda f, n: f(f, n))(lambda f, n: 1 if n == 0 else n * f(f, n - 1), 6)', 720],
  ['[x for x in range(3) if x if x != 1]', [2]],
  [
    '[(i, c) for i, c in enumerate("ab")]',
    [
      [0, 'a'],
      [1, 'b'],
    ],
  ],
  ['[a + b + c for a, (b, c) in [(1, (2, 3))]]', [6]],
  ['{k: v for k, v in zip("ab", [1, 2])}', { a: 1, b: 2 }],
  ['sorted({len(w) for w in run.words})', [1, 2]],
  ['list(x for x in [1, 2])', [1, 2]],
  ['[len for len in [1]]', [1]],
  ['sum(x for x in [1, 2]) + sum(x for x in [3])', 6],
  // A generator gives each element once.
  ['(lambda g: (list(g), list(g)))(x for x in [1, 2])', [[1, 2], []]],
  ['(lambda g: (2 in g, list(g)))(x for x in [1, 2, 3])', [true, [3]]],
  // And runs only as far as it is asked.
  ['any(1 / x > 0.1 for x in [2, 0])', true],
  ['all(1 / x > 1 for x in [2, 0])', false],
  [
    'list(zip(range(2), (1 / x for x in [1, 2, 0])))',
    [
      [0, 1],
      [1, 0.5],
    ],
  ],
])('%s', async (text, wanted) => {
  expect(await value(text)).toEqual(wanted);
});

it.each([
  ['[x for x in [1] if y for y in [2]]', /NameError/],
  ['[a for a, b in [(1, 2, 3)]]', /2 values expected/],
  ['(lambda x: x)()', /misses its argument/],
  ['(lambda x: x)(1, 2)', /takes at most/],
  ['(lambda x: x)(1, x=2)', /two values/],
  ['(lambda x: x)(z=2)', /misses its argument|has no argument/],
])('%s fails', async (text, message) => {
  await expect(value(text)).rejects.toThrow(message);
});

it('a name is known inside its loop only', async () => {
  await expect(parseRowValue('[x for x in [1]] + [x]')).rejects.toThrow(/'x' is not known/);
  await expect(parseRowValue('[x for x in [x]]')).rejects.toThrow(/'x' is not known/);
  await expect(parseRowValue('(lambda _x: 1)(1)')).rejects.toThrow(/cannot be called '_x'/);
});
