// Checks of options that every layer makes at its door: a slip of the pen is said, not ignored.
//
// Test: test/model/check.test.ts.

import { given } from './given.ts';
import { nearest } from './nearest.ts';

/** @throws TypeError. */
export function checkObject(value: unknown, argument: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${argument}: expected an object, got ${given(value)}`);
}

/** An object without a member that nothing would read. @throws TypeError. */
export function checkMembers(value: unknown, argument: string, names: ReadonlySet<string>): void {
  checkObject(value, argument);
  for (const name of Object.keys(value as object)) {
    if (names.has(name)) continue;
    const near = nearest(name, names);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new TypeError(`${argument}.${name}: there is no such option${hint}`);
  }
}

/** Of an option that may be left out. @throws TypeError. */
export function checkType(value: unknown, type: string, argument: string): void {
  if (value !== undefined && typeof value !== type)
    throw new TypeError(`${argument}: expected a ${type}, got ${given(value)}`);
}

/** Of an option `signal` that may be left out. @throws TypeError. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`signal: expected an AbortSignal, got ${given(signal)}`);
}
