// What a point may hold.

import { describe, expect, it } from 'vitest';
import { checkEpoch, checkStep, checkTime, checkValue } from '../../src/model/point.ts';

const accepted = (check: (value: unknown) => number, value: unknown, expected: number): void => {
  expect(Object.is(check(value), expected), `${String(value)} gives ${String(expected)}`).toBe(
    true,
  );
};

describe('value', () => {
  it.each([
    [0.5, 0.5],
    [-0, -0],
    [NaN, NaN],
    [Infinity, Infinity],
    [-Infinity, -Infinity],
    [2 ** 60, 2 ** 60],
    [true, 1],
    [false, 0],
    [0n, 0],
    [-5n, -5],
    [2n ** 53n, 2 ** 53],
    [-(2n ** 53n), -(2 ** 53)],
  ] as [unknown, number][])('%s gives %s', (value, expected) => {
    accepted(checkValue, value, expected);
  });

  it.each([2n ** 53n + 1n, -(2n ** 53n) - 1n, 10n ** 400n])('refuses %s', (value) => {
    expect(() => checkValue(value)).toThrow(RangeError);
    expect(() => checkValue(value)).toThrow(
      /^value: a bigint beyond 2\^53 is not exact, got -?\d+/,
    );
  });

  it.each([undefined, null, '1', {}, [1], Symbol('x'), () => 1, Object(1), new Float64Array(1)])(
    'refuses a wrong type',
    (value) => {
      expect(() => checkValue(value)).toThrow(TypeError);
      expect(() => checkValue(value, 'values.loss')).toThrow(
        /^values\.loss: expected a number, bigint or boolean, got /,
      );
    },
  );
});

describe('step', () => {
  it.each([
    [0, 0],
    [-0, 0],
    [-7, -7],
    [1e15, 1e15],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ])('%s gives %s', (step, expected) => {
    accepted(checkStep, step, expected);
  });

  it.each([0.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53)])('refuses %s', (step) => {
    expect(() => checkStep(step)).toThrow(RangeError);
    expect(() => checkStep(step)).toThrow(`step: expected an integer within 2^53 - 1, got ${step}`);
  });

  it.each([undefined, null, '1', 1n, true, {}])('refuses a wrong type', (step) => {
    expect(() => checkStep(step)).toThrow(TypeError);
    expect(() => checkStep(step)).toThrow(/^step: expected an integer, got /);
  });
});

describe('epoch', () => {
  it.each([
    [1, 1],
    [0.5, 0.5],
    [-0, -0],
    [NaN, NaN],
    [-1e300, -1e300],
  ])('%s gives %s', (epoch, expected) => {
    accepted(checkEpoch, epoch, expected);
  });

  it('refuses infinities and other types', () => {
    expect(() => checkEpoch(Infinity)).toThrow(RangeError);
    expect(() => checkEpoch(-Infinity)).toThrow('epoch: expected a finite number, got -Infinity');
    for (const epoch of [null, undefined, '1', 1n, true])
      expect(() => checkEpoch(epoch)).toThrow(TypeError);
  });
});

describe('time', () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    [-1, -1],
    [1.7e12, 1.7e12],
    [1e300, 1e300],
  ])('%s gives %s', (time, expected) => {
    accepted(checkTime, time, expected);
  });

  it('refuses what is not finite and other types', () => {
    for (const time of [NaN, Infinity, -Infinity])
      expect(() => checkTime(time)).toThrow(RangeError);
    for (const time of [null, undefined, '1', 1n, new Date()])
      expect(() => checkTime(time)).toThrow(TypeError);
    expect(() => checkTime(new Date(0))).toThrow(
      'time: expected milliseconds as a number, got an instance of Date',
    );
  });
});
