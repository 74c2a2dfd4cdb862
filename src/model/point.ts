// What a point may hold: value, step, epoch, time. Called for every point, so the usual case is one
// comparison and the rest is out of line.
//
// Test: test/model/point.test.ts.

import { given } from './given.ts';

/** Integers beyond it are not exact as a double. */
const INTEGER_MAX = 2 ** 53;

/**
 * A number as it is (NaN and infinities too), a bigint within 2^53, a boolean as 0 or 1.
 *
 * @throws TypeError for any other type, RangeError for a larger bigint.
 */
export function checkValue(value: unknown, argument = 'value'): number {
  return typeof value === 'number' ? value : convertValue(value, argument);
}

function convertValue(value: unknown, argument: string): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'bigint') {
    const hint = typeof value === 'string' ? '; a text is new Text(...)' : '';
    throw new TypeError(
      `${argument}: expected a number, bigint or boolean, got ${given(value)}${hint}`,
    );
  }
  if (value > INTEGER_MAX || value < -INTEGER_MAX) {
    throw new RangeError(`${argument}: a bigint beyond 2^53 is not exact, got ${given(value)}`);
  }
  return Number(value);
}

/**
 * A safe integer, negative or not; -0 is 0.
 *
 * @throws TypeError unless a number, RangeError unless a safe integer.
 */
export function checkStep(step: unknown, argument = 'step'): number {
  if (Number.isSafeInteger(step)) return (step as number) + 0;
  if (typeof step !== 'number')
    throw new TypeError(`${argument}: expected an integer, got ${given(step)}`);
  throw new RangeError(`${argument}: expected an integer within 2^53 - 1, got ${given(step)}`);
}

/**
 * A finite number, or NaN for none: what reading gives for a point without an epoch may be tracked
 * again.
 *
 * @throws TypeError unless a number, RangeError for an infinity.
 */
export function checkEpoch(epoch: unknown, argument = 'epoch'): number {
  if (typeof epoch !== 'number')
    throw new TypeError(`${argument}: expected a number, got ${given(epoch)}`);
  if (epoch === Infinity || epoch === -Infinity) {
    throw new RangeError(`${argument}: expected a finite number, got ${given(epoch)}`);
  }
  return epoch;
}

/**
 * Milliseconds since 1970, fractions allowed.
 *
 * @throws TypeError unless a number, RangeError unless finite.
 */
export function checkTime(time: unknown, argument = 'time'): number {
  if (Number.isFinite(time)) return time as number;
  if (typeof time !== 'number') {
    throw new TypeError(`${argument}: expected milliseconds as a number, got ${given(time)}`);
  }
  throw new RangeError(`${argument}: expected a finite number of milliseconds, got ${given(time)}`);
}
