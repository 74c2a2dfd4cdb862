// Params of many runs in columns: each place of each run gives what it gives in the run itself, and the
// whole comes out as it went in, whatever its keys are and however much the runs differ.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadXxhash } from '../../src/engine/index.ts';
import { getParam, type ParamsTree, spellParams } from '../../src/model/params.ts';
import { paramOf, paramSections } from '../../src/store/catalogue-params.ts';
import { openCatalogueColumn } from '../../src/store/format/catalogue-column.ts';
import { seeded } from '../support/random.ts';

beforeAll(loadXxhash);

type Path = readonly (string | number)[];

/** Asks as a part does. */
function ask(trees: readonly (ParamsTree | undefined)[]) {
  const sections = new Map(
    paramSections(trees).map(({ key, bytes }) => [JSON.stringify(key), openCatalogueColumn(bytes)]),
  );
  return {
    count: sections.size,
    at: (row: number, path: Path): unknown =>
      paramOf((place) => sections.get(JSON.stringify(place)), row, path),
  };
}

const key = fc.constantFrom(
  'lr',
  'a',
  'b',
  '1',
  '0',
  '__proto__',
  '',
  'a.b',
  'ключ',
  'constructor',
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.double(),
    fc.constantFrom<unknown>(-0, null, true, 'text', '', new Map([[1, 2]]), new Uint8Array([1])),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('tree'),
  ),
}));

function* places(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null || value instanceof Map) return;
  if (ArrayBuffer.isView(value)) return;
  for (const each of Object.keys(value)) {
    const step = Array.isArray(value) ? Number(each) : each;
    yield* places((value as Record<string, unknown>)[each], [...path, step]);
  }
}

describe('params in columns', () => {
  it('say at each place what the params of the run say', () => {
    const { seed } = seeded('catalogue params');
    fc.assert(
      fc.property(fc.array(fc.option(tree, { nil: undefined }), { maxLength: 12 }), (given) => {
        const trees = given.map((each) =>
          each === undefined ? undefined : (spellParams(each) as ParamsTree),
        );
        const columns = ask(trees);
        const all = trees.flatMap((each) => [...places(each)]);
        for (const [row, each] of trees.entries()) {
          expect(columns.at(row, [])).toEqual(each);
          const text = each === undefined ? undefined : JSON.stringify(Object.keys(each));
          const got = columns.at(row, []);
          if (text !== undefined) expect(JSON.stringify(Object.keys(got as object))).toBe(text);
          for (const path of [...all, ['none'], ['lr', 'none', 'x'], [0], ['a', 0, 'b']])
            expect(columns.at(row, path)).toEqual(
              each === undefined ? undefined : getParam(each, path),
            );
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('of runs that have nothing in common make few columns', () => {
    const trees = Array.from({ length: 1000 }, (_, run) => ({
      same: 1,
      own: Object.fromEntries(
        Array.from({ length: 20 }, (_each, index) => [`${run} ${index}`, run]),
      ),
    }));
    const columns = ask(trees);
    expect(columns.count).toBe(3);
    expect(columns.at(7, ['own', '7 3'])).toBe(7);
    expect(columns.at(7, ['own', '8 3'])).toBeUndefined();
    expect(columns.at(7, ['same'])).toBe(1);
  });

  it('of one run with very many keys stay whole beyond a bound', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`k${index}`, index]),
    );
    const columns = ask([Object.fromEntries(Object.keys(wide).map((each) => [each, wide]))]);
    expect(columns.count).toBeLessThanOrEqual(4097);
    expect(columns.at(0, ['k399', 'k3'])).toBe(3);
  });
});
