// Params: every value that may be stored comes back as it was, from the run that set it, from a view,
// after a resume; what may not is refused by its path; of several writers the later set wins.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Repo, Run, type RunView } from '../../src/index.ts';
import { edges, exact, storable } from '../support/values.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-params-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;
const open = (runHash: string, writer = 'main'): Promise<Run> =>
  Run.open({ repo: directory, runHash, writer, ...quiet });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

describe('a value', () => {
  it('comes back to the last bit: from the run, a view, a resumed run', async () => {
    const run = await open('edges');
    for (const { name, value } of edges) run.set(name, value);
    for (const { name, value } of edges) expect(exact(run.get(name)), name).toBe(exact(value));
    run.flush();
    const live = await viewOf('edges');
    await run.close();
    const ended = await viewOf('edges');
    const resumed = await open('edges');
    for (const { name, value } of edges) {
      for (const from of [live, ended, resumed])
        expect(exact(from.get(name)), name).toBe(exact(value));
    }
    await resumed.close();
  });

  it('of any kind comes back', async () => {
    const run = await open('any');
    const kept: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(storable, async (value) => {
        run.set(['kept', String(kept.length)], value);
        expect(exact(run.get(['kept', String(kept.length)]))).toBe(exact(value));
        kept.push(value);
      }),
      { numRuns: 100 },
    );
    await run.close();
    const view = await viewOf('any');
    for (const [index, value] of kept.entries())
      expect(exact(view.get(['kept', String(index)]))).toBe(exact(value));
  });

  it('may be null, false, zero or empty, which is not the same as none', async () => {
    const run = await open('nothings');
    run.set({ nothing: null, no: false, zero: 0, empty: '', inner: { nothing: null } });
    const values = { nothing: null, no: false, zero: 0, empty: '', inner: { nothing: null } };
    expect(run.get()).toEqual(values);
    for (const [name, value] of Object.entries(values)) expect(run.get(name), name).toEqual(value);
    expect(run.get(['inner', 'nothing'])).toBeNull();
    expect(run.get('absent')).toBeUndefined();
    await run.close();
    expect((await viewOf('nothings')).get('nothing')).toBeNull();
    const reading = await Run.open({ repo: directory, runHash: 'nothings', readOnly: true });
    expect(reading.get('nothing')).toBeNull();
    expect(reading.get()).toEqual(values);
    await reading.close();
  });

  it('is copied when it is set and when it is read', async () => {
    const run = await open('copied');
    const layers = [64, 64];
    const bytes = new Uint8Array([1, 2]);
    run.set('model', { layers, bytes });
    layers.push(7);
    bytes[0] = 9;
    const read = run.get('model') as { layers: number[]; bytes: Uint8Array };
    expect(read).toEqual({ layers: [64, 64], bytes: new Uint8Array([1, 2]) });
    read.layers.push(8);
    read.bytes[0] = 8;
    expect(run.get('model')).toEqual({ layers: [64, 64], bytes: new Uint8Array([1, 2]) });
    await run.close();
  });
});

describe('what cannot be stored', () => {
  const cycle: { inner?: unknown } = {};
  cycle.inner = cycle;
  it.each<[string, unknown, RegExp]>([
    ['a function', { a: { b: () => 1 } }, /^params\.top\.a\.b: /],
    ['a symbol', [1, Symbol('s')], /^params\.top\[1\]: /],
    ['undefined in an array', [undefined], /^params\.top\[0\]: /],
    ['an invalid Date', { at: new Date(Number.NaN) }, /^params\.top\.at: /],
    ['a bigint beyond int64', { big: 2n ** 63n }, /^params\.top\.big: /],
    ['a lone surrogate', { text: '\ud800' }, /^params\.top\.text: /],
    ['a key with a lone surrogate', { '\ud800': 1 }, /^params\.top\[/],
    ['a key that is a symbol', { [Symbol('s')]: 1 }, /^params\.top: /],
    ['an instance of a class', { at: new URL('http://a') }, /^params\.top\.at: /],
    ['a function in a Map', new Map([['k', () => 1]]), /^params\.top\.values\(\)\[0\]: /],
    ['a cycle', cycle, /^params\.top(\.inner)+( \.\.\. (\.inner)+)?: /],
  ])(
    '%s is a TypeError that names the path, and nothing of the call is kept',
    async (_, value, message) => {
      const run = await open('refused');
      expect(() => run.set('top', value)).toThrow(TypeError);
      expect(() => run.set('top', value)).toThrow(message);
      expect(() => run.set({ before: 1, top: value })).toThrow(message);
      expect(run.get()).toEqual({});
      await run.close();
    },
  );
});

describe('set', () => {
  it('replaces the subtree, a path reaches into it, keys may hold dots, order is kept', async () => {
    const run = await open('tree');
    run.set('hparams', { lr: 1, deep: { a: 1, b: 2 } });
    run.set(['hparams', 'deep', 'c'], 3);
    run.set('a.b', 4);
    run.set({ z: 1, y: 2, skipped: undefined });
    expect(run.get()).toEqual({
      hparams: { lr: 1, deep: { a: 1, b: 2, c: 3 } },
      'a.b': 4,
      z: 1,
      y: 2,
    });
    expect(Object.keys(run.get() as object)).toEqual(['hparams', 'a.b', 'z', 'y']);
    run.set('hparams', { lr: 2 });
    expect(run.get('hparams')).toEqual({ lr: 2 });
    run.set(['z', 'in', 'place', 'of', 'a', 'number'], 1);
    expect(run.get('z')).toEqual({ in: { place: { of: { a: { number: 1 } } } } });
    run.unset('y');
    run.unset(['hparams', 'lr']);
    run.unset(['never', 'there']);
    const expected = { hparams: {}, 'a.b': 4, z: { in: { place: { of: { a: { number: 1 } } } } } };
    expect(run.get()).toEqual(expected);
    await run.close();
    expect((await viewOf('tree')).get()).toEqual(expected);
    expect(Object.keys((await viewOf('tree')).get() as object)).toEqual(['hparams', 'a.b', 'z']);
  });

  it('many times is the same tree, read hot, folded and resumed', async () => {
    const paths = [['a'], ['a', 'b'], ['a', 'b', 'c'], ['d'], ['d', 'e']];
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            path: fc.constantFrom(...paths),
            value: fc.constantFrom(undefined, 1, { b: 2 }, { b: { c: 3 } }),
          }),
          { minLength: 60, maxLength: 150 },
        ),
        fc.uuid(),
        async (changes, hash) => {
          const run = await open(hash);
          for (const { path, value } of changes) {
            if (value === undefined) run.unset(path);
            else run.set(path, value);
          }
          const tree = run.get();
          await run.close();
          expect((await viewOf(hash)).get()).toEqual(tree);
          const resumed = await open(hash);
          expect(resumed.get()).toEqual(tree);
          await resumed.close();
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('several writers', () => {
  it('set in one run: what was set later, having seen the other, wins; else the greater name', async () => {
    const first = await open('writers', 'alpha');
    first.set({ seen: 'alpha', tie: 'alpha', own: 1 });
    first.flush();
    const second = await open('writers', 'beta');
    expect(second.get('seen')).toBe('alpha');
    second.set('seen', 'beta');
    second.unset('own');
    second.flush();
    const third = await open('third', 'alpha');
    const fourth = await open('third', 'beta');
    fourth.set('tie', 'beta');
    third.set('tie', 'alpha');
    for (const run of [first, second, third, fourth]) await run.close();
    expect((await viewOf('writers')).get()).toEqual({ seen: 'beta', tie: 'alpha' });
    expect((await viewOf('third')).get('tie')).toBe('beta');
    const resumed = await open('writers', 'alpha');
    expect(resumed.get('seen')).toBe('beta');
    resumed.set('seen', 'alpha again');
    await resumed.close();
    expect((await viewOf('writers')).get('seen')).toBe('alpha again');
  });
});
