// A figure is recognised as Vega-Lite or Plotly and kept as the JSON that it is; what JSON would lose is
// refused with its place.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Figure } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { seeded } from '../support/random.ts';

const stored = (figure: Figure): string => Buffer.from(figure.input.bytes).toString();

it('knows what it is', () => {
  const schema = 'https://vega.github.io/schema/vega-lite/v5.json';
  const formats: [object, string][] = [
    [{ $schema: schema, mark: 'bar' }, 'vega-lite'],
    [{ data: { values: [] }, mark: 'line' }, 'vega-lite'],
    [{ hconcat: [] }, 'vega-lite'],
    [{ repeat: {}, spec: {} }, 'vega-lite'],
    [{ data: [] }, 'plotly'],
    [{ data: [{ type: 'bar', y: [1] }], layout: { title: 'x' } }, 'plotly'],
  ];
  for (const [specification, format] of formats) {
    const figure = new Figure(specification);
    expect(figure.format).toBe(format);
    expect(figure.input.attributes).toEqual({ format });
    expect(JSON.parse(stored(figure))).toEqual(specification);
  }
  const others = [
    {},
    { data: [1] },
    { data: { values: [] } },
    { $schema: 'https://vega.github.io/schema/vega/v5.json', marks: [] },
  ];
  for (const other of others)
    expect(() => new Figure(other)).toThrow(/^specification: neither Vega-Lite .* nor Plotly/);
});

it('is the JSON of what was given', () => {
  const { seed } = seeded('figures');
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      // Once more through JSON: what stands there has no -0 but where a program wrote it.
      const given = JSON.parse(JSON.stringify({ mark: 'bar', value }));
      expect(JSON.stringify(JSON.parse(stored(new Figure({ mark: 'bar', value }))))).toBe(
        JSON.stringify(given),
      );
    }),
    { numRuns: 200, seed },
  );
  const odd = new Figure({
    data: [{ y: Float32Array.of(1, 0.5), x: [new Date(0)], z: undefined, ['__proto__']: 1 }],
  });
  expect(stored(odd)).toBe(
    '{"data":[{"y":[1,0.5],"x":["1970-01-01T00:00:00.000Z"],"__proto__":1}]}',
  );
});

it('refuses what JSON would lose, with its place', () => {
  const wrong = (y: unknown, message: RegExp): void =>
    expect(() => new Figure({ data: [{ y }] })).toThrow(message);
  wrong([1, Number.NaN], /^specification.data\[0\].y\[1\]: JSON has no NaN; use null/);
  wrong(5n, /^specification.data\[0\].y: JSON has no bigint/);
  wrong([undefined], /^specification.data\[0\].y\[0\]: JSON has no undefined/);
  wrong(() => 1, /JSON has no function/);
  wrong(new Map(), /expected a plain object, got an instance of Map/);
  wrong(new Date(Number.NaN), /expected a plain object/);
  wrong('\ud800', /not well-formed Unicode/);
  wrong({ '\ud800': 1 }, /the key is not well-formed Unicode/);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  wrong(cycle, /figureDepthMax/);
  expect(() => new Figure([] as object)).toThrow(/^specification: expected an object/);
  const { length } = stored(new Figure({ mark: '' }));
  const text = 'x'.repeat(limits.objectSizeMax - length + 1);
  expect(() => new Figure({ mark: text })).toThrow(expect.objectContaining({ code: 'LIMIT' }));
});

it('that shares its parts many times over ends at the limit', () => {
  let part: object = { mark: 'bar' };
  for (let level = 0; level < 28; level += 1) part = { layer: [part, part] };
  expect(() => new Figure(part)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
});
