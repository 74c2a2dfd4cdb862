// A distribution counts samples as numpy.histogram does, loses none of them, and takes a histogram as it is.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Distribution, type Histogram } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { seeded } from '../support/random.ts';

const attributesOf = (each: Distribution) => each.input.attributes;
const stored = (each: Distribution): unknown =>
  JSON.parse(Buffer.from(each.input.bytes).toString());

it('counts as numpy.histogram', () => {
  // What numpy 1.26 gives for these.
  const thirds = new Distribution([1, 2, 2, 3, 4], { binCount: 3 });
  expect(thirds).toMatchObject({ counts: [1, 2, 2], edges: [1, 2, 3, 4] });
  expect(new Distribution([5, 5], { binCount: 2 })).toMatchObject({
    counts: [0, 2],
    edges: [4.5, 5, 5.5],
  });
  expect(new Distribution([], { binCount: 2 })).toMatchObject({
    counts: [0, 0],
    edges: [0, 0.5, 1],
  });
  expect(new Distribution([1]).counts).toHaveLength(64);
  expect(attributesOf(thirds)).toEqual({
    bins: 3,
    count: 5,
    min: 1,
    max: 4,
    mean: 2.4,
    nan: 0,
    positiveInfinity: 0,
    negativeInfinity: 0,
  });
});

it('every finite sample is in the bin whose edges it lies between, the others are counted', () => {
  const { seed } = seeded('distributions');
  const sample = fc.oneof(fc.double(), fc.double({ min: -1, max: 1 }), fc.integer({ max: 5 }));
  fc.assert(
    fc.property(fc.array(sample), fc.integer({ min: 1, max: 512 }), (samples, binCount) => {
      const made = new Distribution(Float64Array.from(samples), { binCount });
      const { counts, edges } = made;
      const finite = samples.filter(Number.isFinite);
      expect(edges).toHaveLength(binCount + 1);
      for (const [index, edge] of edges.entries()) {
        expect(Number.isFinite(edge)).toBe(true);
        if (index > 0) expect(edge).toBeGreaterThanOrEqual(edges[index - 1] as number);
      }
      const brute = counts.map(
        (_, bin) =>
          finite.filter(
            (each) =>
              each >= (edges[bin] as number) &&
              (each < (edges[bin + 1] as number) ||
                (bin === binCount - 1 && each === edges[binCount])),
          ).length,
      );
      expect(counts).toEqual(brute);
      expect(counts.reduce((sum, each) => sum + each, 0)).toBe(finite.length);
      expect(attributesOf(made)).toMatchObject({
        count: finite.length,
        nan: samples.filter(Number.isNaN).length,
        positiveInfinity: samples.filter((each) => each === Infinity).length,
        negativeInfinity: samples.filter((each) => each === -Infinity).length,
      });
    }),
    { numRuns: 60, seed },
  );
});

it('a histogram is kept as it is, and copied', () => {
  const counts = [1, 0, 2.5];
  const even = new Distribution({ counts, range: [-1, 2] });
  counts[0] = 9;
  expect(even).toMatchObject({ counts: [1, 0, 2.5], edges: [-1, 0, 1, 2] });
  expect(stored(even)).toEqual({ counts: [1, 0, 2.5], range: [-1, 2] });
  expect(attributesOf(even)).toEqual({ bins: 3 });
  const uneven = new Distribution({ counts: new Uint32Array([1, 2]), edges: [0, 1, 10] });
  expect(stored(uneven)).toEqual({ counts: [1, 2], edges: [0, 1, 10] });
  const samples = Float32Array.of(1, 2);
  const copied = new Distribution(samples, { binCount: 1 });
  samples[0] = 100;
  expect(copied.edges).toEqual([1, 2]);
});

it('what is none is refused with its place', () => {
  const wrong = (from: unknown, message: RegExp, options = {}): void =>
    expect(() => new Distribution(from as Histogram, options)).toThrow(message);
  wrong([1, 'x'], /^samples\[1\]: expected a number, got "x"/);
  wrong(new BigInt64Array(1), /^samples\[0\]: expected a number/);
  wrong(5, /^histogram: expected an object/);
  wrong(new DataView(new ArrayBuffer(8)), /^counts: /);
  wrong([1], /^binCount: expected 1 to 512/, { binCount: 0 });
  wrong([1], /^binCount: /, { binCount: limits.distributionBinCountMax + 1 });
  wrong([1], /^options.bins: /, { bins: 3 });
  wrong({ counts: [1], range: [0, 1] }, /^binCount: a histogram has its bins/, { binCount: 3 });
  wrong({ counts: [1] }, /^histogram: expected one of range and edges/);
  wrong({ counts: [1], range: [0, 1], edges: [0, 1] }, /^histogram: expected one of/);
  wrong({ counts: [], range: [0, 1] }, /^counts: 0 bins/);
  wrong({ counts: Array(513).fill(1), range: [0, 1] }, /distributionBinCountMax/);
  wrong({ counts: [1, -1], range: [0, 1] }, /^counts\[1\]: expected 0 or more/);
  wrong({ counts: [Number.NaN], range: [0, 1] }, /^counts\[0\]: expected a finite number/);
  wrong({ counts: [1], range: [1, 1] }, /^range\[1\]: expected more than the one before/);
  wrong({ counts: [1], range: [0, Infinity] }, /^range\[1\]: expected a finite number/);
  wrong({ counts: [1], edges: [0, 1, 2] }, /^edges: expected 2 numbers, got 3/);
});
