// Delays of several times together are what they would be counted at once, within a bucket; the time
// between two looks is no delay.

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { delayWindow, LoopDelays } from '../../src/system/loop-delay.ts';
import { seeded } from '../support/random.ts';

const valuesOf = (delays: LoopDelays): Record<string, number> =>
  Object.fromEntries(delays.take().map(({ name, value }) => [name, value]));

it('what Node counted between two looks is the delay beyond them', () => {
  const percentiles = [
    [0, 99e6],
    [50, 100.2e6],
    [75, 100.2e6],
    [93.75, 450e6],
    [100, 450e6],
  ] as const;
  const window = delayWindow(percentiles, 13, 100);
  expect(window?.max).toBeCloseTo(350);
  const delays = new LoopDelays();
  if (window !== undefined) delays.add(window);
  const { loop_delay_p50_ms, loop_delay_p99_ms, loop_delay_max_ms } = valuesOf(delays);
  expect(loop_delay_p50_ms).toBeCloseTo(0.2, 1);
  expect(loop_delay_p99_ms).toBeGreaterThan(330);
  expect(loop_delay_max_ms).toBeCloseTo(350);
});

it('nothing counted is nothing told', () => {
  expect(delayWindow([], 0, 100)).toBeUndefined();
  const delays = new LoopDelays();
  expect(delays.take()).toEqual([]);
  delays.add({ delays: [[1, 4]], max: 1 });
  expect(delays.take()).toHaveLength(3);
  expect(delays.take()).toEqual([]);
});

it('several times together: percentiles within a bucket, the largest to the bit', () => {
  const windows = fc.array(
    fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { minLength: 1 }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(windows, (times) => {
      const delays = new LoopDelays();
      for (const time of times)
        delays.add({ delays: time.map((delay) => [delay, 1]), max: Math.max(...time) });
      const all = times.flat().sort((one, other) => one - other);
      const at = (share: number): number => all[Math.ceil(share * all.length - 1e-9) - 1] as number;
      const told = valuesOf(delays);
      expect(told['loop_delay_max_ms']).toBe(at(1));
      for (const [name, share] of [
        ['p50', 0.5],
        ['p99', 0.99],
      ] as const) {
        const value = told[`loop_delay_${name}_ms`] as number;
        expect(value / at(share)).toBeGreaterThan(0.94);
        expect(value / at(share)).toBeLessThan(1.06);
      }
    }),
    { seed: seeded('loop-delay').seed },
  );
});
