// A chart shows what the values are: each extreme is in its place, gaps are gaps, marks are round.

import { expect, it } from 'vitest';
import { chart } from '../../src/cli/chart.ts';
import { binsOf, type Curve, curveOfColumns, scaleOf } from '../../src/cli/curve.ts';
import { durationTicks, linearTicks, logTicks, short } from '../../src/cli/ticks.ts';
import { type Metric, Run } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { workDirectory } from './command.ts';

const curve = (y: number[], x = y.map((_, index) => index)): Curve => ({
  x: Float64Array.from(x),
  y: Float64Array.from(y),
});
const options = {
  width: 40,
  height: 6,
  logX: false,
  logY: false,
  x: 'step' as const,
};
const all = (): boolean => true;

it('draws a line from the lower left to the upper right', async () => {
  const lines = await chart([curve(Array.from({ length: 100 }, (_, step) => step))], options);
  expect(lines.join('\n')).toMatchSnapshot();
  expect(lines.every((line) => line.length <= options.width)).toBe(true);
});

it('tells several curves by letters, where each ends', async () => {
  const lines = await chart([curve([0, 10]), curve([10, 0]), curve([10, 0.1])], options);
  expect(lines[0]).toMatch(/ a$/);
  expect(lines[5]).toMatch(/ bc$/);
  expect(lines.every((line) => line.length <= options.width)).toBe(true);
});

it('has a place for one point, and for values that are all the same', async () => {
  for (const each of [curve([7]), curve([7, 7, 7])]) {
    const lines = await chart([each], options);
    expect(lines.join('')).toMatch(/[\u2801-\u28ff]/);
    expect(lines.join('')).toContain('7\u2524');
  }
});

it('draws nothing where there is nothing, and what a logarithm has no place for is a gap', async () => {
  expect(await chart([curve([])], options)).toEqual([]);
  expect(await chart([curve([Number.NaN])], options)).toEqual([]);
  expect(await chart([curve([-1, 0])], { ...options, logY: true })).toEqual([]);
  const lines = await chart([curve([0, 1, 10, 100])], { ...options, logY: true });
  expect(lines.join('\n')).toMatch(/100\u2524[\s\S]*1\u2524/);
});

it('puts the first, last, least and greatest of each column into its bin: as looking at each point', () => {
  const { random } = seeded('bins of a curve');
  for (let round = 0; round < 50; round += 1) {
    const y = Array.from({ length: 500 }, () => (random() < 0.02 ? Number.NaN : random() * 10));
    const given = curve(y);
    const bins = binsOf(given, scaleOf([0, 499], false), all, 20);
    const expected: number[][] = [];
    let before = -1;
    for (const [index, value] of y.entries()) {
      const column = Math.round((index / 499) * 19);
      if (Number.isNaN(value)) before = -1;
      else if (column === before) expected.at(-1)?.push(value);
      else {
        expected.push([value]);
        before = column;
      }
    }
    expect(bins.map(({ first, last, min, max }) => [first, last, min, max])).toEqual(
      expected.map((part) => [part[0], part.at(-1), Math.min(...part), Math.max(...part)]),
    );
  }
});

/** Dots of two drawings that differ; a braille character has a bit for each of its eight. */
function differingDots(first: readonly string[], second: readonly string[]): number {
  // Without the blanks that stood at their ends, lines have lengths of their own.
  const padded = (lines: readonly string[]): string => lines.map((each) => each.padEnd(200)).join();
  const [a, b] = [padded(first), padded(second)];
  expect(a.length).toBe(b.length);
  let dots = 0;
  for (let index = 0; index < a.length; index += 1) {
    const bits = [a, b].map((text) => {
      const code = text.charCodeAt(index);
      return code >= 0x2800 && code <= 0x28ff ? code - 0x2800 : 0;
    }) as [number, number];
    if (bits[0] === 0 && bits[1] === 0) expect(a[index]?.trim()).toBe(b[index]?.trim());
    for (let rest = bits[0] ^ bits[1]; rest > 0; rest &= rest - 1) dots += 1;
  }
  return dots;
}

it('a long metric is drawn from summaries as from its points, but for a dot at a border of columns', async () => {
  const { random } = seeded('a long curve');
  const run = await Run.open({
    repo: workDirectory(),
    runHash: 'long',
    systemTrackingInterval: null,
  });
  const values = Float64Array.from({ length: 100_000 }, (_, step) =>
    step > 60_000 && step < 70_000 ? Number.NaN : 10 * Math.exp(-step / 20_000) + random(),
  );
  run.sequence('loss').trackColumns({ values });
  await run.close();
  const metric = (await run.repo.run('long'))?.metric('loss') as Metric;
  const reduced = curveOfColumns(await metric.downsample({ width: 4096 }));
  expect(reduced.x.length).toBeLessThanOrEqual(4 * 4096);
  const wide = { ...options, width: 120, height: 20 };
  const [whole, drawn] = [await chart([curve([...values])], wide), await chart([reduced], wide)];
  // 240 columns of dots, each with two borders.
  expect(differingDots(drawn, whole)).toBeLessThanOrEqual(12);
});

it('marks round numbers, powers and durations', () => {
  const texts = (ticks: { text: string }[]): string[] => ticks.map(({ text }) => text);
  expect(texts(linearTicks([0, 10_000], 5))).toEqual(['0', '2000', '4000', '6000', '8000', '10k']);
  expect(texts(linearTicks([-1, 1], 4))).toEqual(['-1', '-0.5', '0', '0.5', '1']);
  expect(texts(linearTicks([3, 3], 4))).toEqual(['3']);
  // Close together, far from 0: each is told from the next.
  expect(texts(linearTicks([1e6, 1e6 + 0.05], 4))).toEqual(['1000000', '1000000.02', '1000000.04']);
  expect(texts(linearTicks([123_456, 123_460], 2))).toEqual(['123456', '123458', '123460']);
  expect(texts(logTicks([1e-5, 10], 8))).toEqual([
    '1e-5',
    '0.0001',
    '0.001',
    '0.01',
    '0.1',
    '1',
    '10',
  ]);
  expect(texts(durationTicks([0, 3 * 3_600_000], 4))).toEqual(['0s', '1h0m', '2h0m', '3h0m']);
  expect([0, 1234.5678, 1e9, -2.5e6, 1e-9, 1e20].map(short)).toEqual([
    '0',
    '1235',
    '1G',
    '-2.5M',
    '1e-9',
    '1e20',
  ]);
});
