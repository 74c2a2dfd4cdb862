// What arguments of functions and methods must be, and spaces as Python counts them.
//
// Test: test/query/functions.test.ts.

import { charge } from './budget.ts';
import { typeError } from './failure.ts';
import { typeNameOf, type Value } from './value.ts';

/** @throws QueryFailure TypeError */
export function stringOf(value: Value, what: string): string {
  if (typeof value === 'string') return value;
  throw typeError(`${what} must be str, not ${typeNameOf(value)}`, value === null);
}

/** A place in a text or list as `start` and `end` give it: negative counts from the end. */
export function placeWithin(value: Value, length: number, preset: number): number {
  if (value === null) return preset;
  if (typeof value !== 'bigint' && typeof value !== 'boolean')
    throw typeError('slice indices must be integers or None');
  const place = Number(value);
  return place < 0 ? Math.max(0, place + length) : place;
}

/** White space; JavaScript's own class has U+FEFF and lacks the separators below U+0020. */
export const SPACE =
  '[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

const isSpace = new RegExp(`^${SPACE}$`, 'u');

/** Not by a regular expression: `\s+$` looks at each run of spaces from each of its places. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace.test(text[end - 1] as string)) end -= 1;
  charge((text.length - end) >>> 2);
  return text.slice(0, end);
}

export function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && isSpace.test(text[start] as string)) start += 1;
  charge(start >>> 2);
  return text.slice(start);
}

export function integer(value: Value): bigint {
  if (typeof value === 'bigint' || typeof value === 'boolean') return BigInt(value);
  throw typeError(`an integer is required, not ${typeNameOf(value)}`, value === null);
}
