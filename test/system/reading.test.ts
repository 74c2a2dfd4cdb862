// What grows is recorded as its growth since the last sample of the same run, whoever else sampled
// meanwhile; what cannot be told is not recorded.

import { describe, expect, it } from 'vitest';

import { type Counter, Recording } from '../../src/system/reading.ts';

const counter = (
  total: number,
  of: number,
  more: Partial<Counter> = {},
): { counters: Counter[] } => ({
  counters: [{ name: 'bytes', total, of, scale: 1000, ...more }],
});

describe('a counter', () => {
  it('has no value at first, then its growth over the time', () => {
    const recording = new Recording();
    expect(recording.record(counter(5_000_000, 100))).toEqual([]);
    expect(recording.record(counter(5_000_300, 400))).toEqual([{ name: 'bytes', value: 1000 }]);
    expect(recording.record(counter(5_000_300, 500))).toEqual([{ name: 'bytes', value: 0 }]);
  });

  it('that began with the process has one at once', () => {
    const recording = new Recording();
    const value = recording.record(counter(50, 200, { isFromStart: true, scale: 100 }));
    expect(value).toEqual([{ name: 'bytes', value: 25 }]);
  });

  it('covers the time since the own last sample, not that of another run', () => {
    const [often, seldom] = [new Recording(), new Recording()];
    const readings = [0, 100, 200, 300].map((at) => counter(at * at, at));
    for (const reading of readings) often.record(reading);
    seldom.record(readings[0] ?? {});
    seldom.pass(readings[1] ?? {});
    seldom.pass(readings[2] ?? {});
    expect(seldom.record(readings[3] ?? {})).toEqual([{ name: 'bytes', value: 300_000 }]);
  });

  it('that went backwards or stood on a clock that stood has none, and goes on from there', () => {
    const recording = new Recording();
    recording.record(counter(1000, 100));
    expect(recording.record(counter(10, 200))).toEqual([]);
    expect(recording.record(counter(20, 300))).toEqual([{ name: 'bytes', value: 100 }]);
    expect(recording.record(counter(30, 300))).toEqual([]);
  });
});

describe('a value', () => {
  it('is rounded to six decimals and keeps its card', () => {
    const gauges = [{ name: 'gpu', value: 1 / 3, gpu: 1 }];
    expect(new Recording().record({ gauges })).toEqual([{ name: 'gpu', value: 0.333333, gpu: 1 }]);
  });

  it('that is no number is not recorded', () => {
    const gauges = [Number.NaN, Number.POSITIVE_INFINITY].map((value) => ({ name: 'x', value }));
    expect(new Recording().record({ gauges })).toEqual([]);
  });
});

it('delays of the samples of others are not lost', () => {
  const recording = new Recording();
  recording.pass({ delays: { delays: [[500, 1]], max: 500 } });
  const told = recording.record({ delays: { delays: [[1, 9]], max: 1 } });
  expect(told.find(({ name }) => name === 'loop_delay_max_ms')?.value).toBe(500);
});
