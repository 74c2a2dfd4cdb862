// Where the marks of an axis stand, and what is written beside them. Pure.
//
// Test: test/cli/chart.test.ts.

import { duration } from './print.ts';

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** At most `count` round numbers between min and max. */
export function linearTicks([min, max]: readonly [number, number], count: number): Tick[] {
  if (min === max) return [{ value: min, text: short(min) }];
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10);
  return multiples(min, max, step).map((value) => ({ value, text: toldApart(value, step) }));
}

/** With as many digits as it takes to tell a mark from the next: values may lie close together, far from 0. */
function toldApart(value: number, step: number): string {
  const power = (size: number): number => Math.floor(Math.log10(size) + 1e-9);
  const digits = value === 0 ? 1 : power(Math.abs(value)) - power(step) + 1;
  return digits <= SHORT_DIGITS
    ? short(value)
    : String(Number(value.toPrecision(Math.min(15, digits))));
}

/** Powers of ten, with 2 and 5 between them while there are few. */
export function logTicks([min, max]: readonly [number, number], count: number): Tick[] {
  const decades = Math.log10(max / min);
  if (decades < 1) return linearTicks([min, max], count);
  const between = decades * 3 <= count ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const found: Tick[] = [];
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power += 1) {
    if (power % every !== 0) continue;
    for (const each of between) {
      // Read, not reckoned: 10 ** -4 is not 0.0001.
      const value = Number(`${each}e${power}`);
      if (value >= min && value <= max) found.push({ value, text: short(value) });
    }
  }
  return found;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const roundTimes = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((each) => each * MINUTE),
  ...[1, 2, 4, 6, 12, 24, 48, 120, 240, 480, 960].map((each) => each * HOUR),
];

/** Milliseconds that have passed. */
export function durationTicks([min, max]: readonly [number, number], count: number): Tick[] {
  const rough = (max - min) / Math.max(1, count);
  const step = roundTimes.find((each) => each >= rough) ?? Math.ceil(rough / HOUR) * HOUR;
  const text = (value: number): string =>
    step < SECOND ? `${short(value / SECOND)}s` : duration(value);
  return multiples(min, max, step).map((value) => ({ value, text: text(value) }));
}

function multiples(min: number, max: number, step: number): number[] {
  const found: number[] = [];
  // Counted, not summed: a sum of steps drifts off the round numbers.
  for (let index = Math.ceil(min / step - 1e-9); index * step <= max + step * 1e-9; index += 1)
    found.push(Number((index * step).toPrecision(12)));
  return found;
}

const SHORT_DIGITS = 4;

/** At most about seven characters. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e15 || size < 1e-4)
    return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
  const [divisor, unit] =
    size >= 1e12 ? [1e12, 'T'] : size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : [1, ''];
  if (divisor === 1 && size >= 1e4) return `${Number((value / 1e3).toPrecision(SHORT_DIGITS))}k`;
  return `${Number((value / divisor).toPrecision(SHORT_DIGITS))}${unit}`;
}
