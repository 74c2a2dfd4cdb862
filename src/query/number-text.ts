// Numbers as int() and float() read them in a text.
//
// Test: test/query/functions.test.ts, test/query/cpython.test.ts.

import { limits } from '../limits.ts';
import { trimEnd, trimStart } from './argument.ts';
import { charge } from './budget.ts';
import { limitError } from './failure.ts';
import { bounded } from './number.ts';

/** Characters of the largest int: more digits are not looked at. */
const DIGITS_MAX = limits.queryIntegerBitCountMax;

/** What BigInt reads by itself, much faster than digit by digit. */
const nativePrefix: ReadonlyMap<number, string> = new Map([
  [2, '0b'],
  [8, '0o'],
  [10, ''],
  [16, '0x'],
]);

/** As int(text, base) reads it: spaces around, a sign, single underscores between digits. */
export function parseInteger(text: string, base: number): bigint | undefined {
  const match = /^([-+]?)(0[xX]|0[oO]|0[bB])?(_?[0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)$/.exec(
    plainDigits(text),
  );
  if (match === null) return undefined;
  if (match[0].length > DIGITS_MAX)
    throw limitError('queryIntegerBitCountMax', 'an integer of more digits');
  charge(match[0].length);
  const [, sign, prefix = '', digits = ''] = match;
  const prefixBase = prefix === '' ? 0 : { x: 16, o: 8, b: 2 }[(prefix[1] as string).toLowerCase()];
  if (base === 0 && prefix === '' && /^0[0_]*[1-9]/.test(digits)) return undefined;
  const usesPrefix = prefix !== '' && (base === 0 || base === prefixBase);
  // `0b1` in base 16 is three digits.
  const rest = (usesPrefix ? digits : prefix + digits).replaceAll('_', '');
  if (!usesPrefix && digits.startsWith('_')) return undefined;
  const actual = usesPrefix ? (prefixBase as number) : base === 0 ? 10 : base;
  const native = nativePrefix.get(actual);
  const isDigits =
    native !== undefined &&
    [...rest.toLowerCase()].every((each) => Number.parseInt(each, 36) < actual);
  if (isDigits) {
    const parsed = BigInt(native + rest);
    return bounded(sign === '-' ? -parsed : parsed);
  }
  let result = 0n;
  for (const digit of rest.toLowerCase()) {
    const worth = Number.parseInt(digit, 36);
    if (!(worth < actual)) return undefined;
    result = result * BigInt(actual) + BigInt(worth);
  }
  return bounded(sign === '-' ? -result : result);
}

const FLOAT =
  /^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?$/;

/** As float(text) reads it; undefined: it is no number. */
export function parseFloating(given: string): number | undefined {
  const text = plainDigits(given).toLowerCase();
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''));
  const special = /^([-+]?)(inf|infinity|nan)$/.exec(text);
  if (special === null) return undefined;
  if (special[2] === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const isDecimal = (point: number): boolean => /\p{Nd}/u.test(String.fromCodePoint(point));

/** Without spaces around, and digits of any script as those of ASCII. */
function plainDigits(given: string): string {
  const text = trimStart(trimEnd(given));
  charge(text.length >>> 4);
  if (/^\p{ASCII}*$/u.test(text)) return text;
  return text.replace(/\p{Nd}/gu, (digit) => {
    const point = digit.codePointAt(0) as number;
    let zero = point;
    // Digits stand in tens, from zero on.
    while (isDecimal(zero - 1)) zero -= 1;
    return String((point - zero) % 10);
  });
}
