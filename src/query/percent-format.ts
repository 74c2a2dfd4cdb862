// `text % values`, as Python formats it.
//
// Test: test/query/cpython.test.ts.

import { charge, chargeGrowth, chargeText } from './budget.ts';
import { QueryFailure, typeError, valueError } from './failure.ts';
import { characterOf, checkedWidth } from './format.ts';
import { digitsOf } from './format-number.ts';
import { integerOf, toFloat } from './number.ts';
import { asciiOf, represent, textOf } from './represent.ts';
import { charactersOf, lengthOfText } from './text.ts';
import { Bytes, Dict, List, RangeValue, Tuple, typeNameOf, type Value } from './value.ts';

const FIELD = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:(\.)(\*|\d+)?)?([hlL]?)(.?)/gsu;

export function formatPercent(text: string, given: Value): string {
  charge(4);
  const values = given instanceof Tuple ? given.items : [given];
  let next = 0;
  let isByName = false;
  const take = (): Value => {
    if (next >= values.length) throw typeError('not enough arguments for format string');
    next += 1;
    return values[next - 1] as Value;
  };
  let size = 0;
  const result = text.replace(FIELD, (whole, name, flags, width, point, precision, _size, code) => {
    if (whole === '%%') return '%';
    if (name !== undefined) isByName = true;
    const starWidth = width === '*' ? starOf(take()) : Number(width ?? 0);
    const isLeft = flags.includes('-') || starWidth < 0;
    const starPrecision = precision === '*' ? starOf(take()) : Number(precision ?? 0);
    const value = name === undefined ? take() : named(given, name);
    const body = fieldOf(value, code, flags, point === undefined ? undefined : starPrecision);
    const shown = fill(
      body,
      Math.abs(starWidth),
      isLeft,
      flags.includes('0') && !'srac'.includes(code),
    );
    size += shown.length;
    chargeGrowth(size, shown.length);
    return shown;
  });
  // What has subscripts might be asked by name: CPython does not look further.
  const isMapping =
    given instanceof Dict ||
    given instanceof List ||
    given instanceof Bytes ||
    given instanceof RangeValue;
  if (next < values.length && !isByName && !isMapping)
    throw typeError('not all arguments converted during string formatting');
  return result;
}

function starOf(value: Value): number {
  if (typeof value !== 'bigint' && typeof value !== 'boolean') throw typeError('* wants int');
  const width = BigInt(value);
  return width < 0n ? -checkedWidth(-width) : checkedWidth(width);
}

function named(given: Value, name: string): Value {
  if (!(given instanceof Dict)) throw typeError('format requires a mapping');
  const value = given.getByName(name);
  if (value === undefined && !given.isLenient) throw new QueryFailure('KeyError', represent(name));
  return value ?? null;
}

/** Sign or prefix, and what follows it: zeros go between the two. */
type Body = readonly [before: string, rest: string];

function fieldOf(value: Value, code: string, flags: string, precision: number | undefined): Body {
  const cut = (text: string): Body => [
    '',
    precision === undefined ? text : charactersOf(text).slice(0, precision).join(''),
  ];
  switch (code) {
    case 's':
      return cut(textOf(value));
    case 'r':
      return cut(represent(value));
    case 'a':
      return cut(asciiOf(value));
    case 'c':
      if (typeof value === 'string' && lengthOfText(value) === 1) return ['', value];
      if (typeof value === 'bigint' || typeof value === 'boolean')
        return ['', characterOf(BigInt(value), 'OverflowError')];
      throw typeError('%c requires int or char');
    case 'd':
    case 'i':
    case 'u':
      return integerBody(toInteger(value, code), 10, '', flags, precision);
    case 'x':
    case 'X':
    case 'o': {
      if (typeof value === 'number') throw typeError(`%${code} format: an integer is required`);
      const base = code === 'o' ? 8 : 16;
      const body = integerBody(toInteger(value, code), base, `0${code}`, flags, precision);
      return code === 'X' ? [body[0], body[1].toUpperCase()] : body;
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return floatBody(value, code, flags, precision);
    default:
      throw valueError(
        code === '' ? 'incomplete format' : `unsupported format character '${code}'`,
      );
  }
}

function toInteger(value: Value, code: string): bigint {
  if (typeof value === 'bigint' || typeof value === 'boolean') return BigInt(value);
  if (typeof value === 'number') return integerOf(value);
  throw typeError(
    `%${code} format: a number is required, not ${typeNameOf(value)}`,
    value === null,
  );
}

function integerBody(
  value: bigint,
  base: number,
  prefix: string,
  flags: string,
  precision = 0,
): Body {
  chargeText(precision);
  const digits = (value < 0n ? -value : value).toString(base).padStart(precision, '0');
  const shownPrefix = flags.includes('#') ? prefix : '';
  return [signOf(value < 0n, flags) + shownPrefix, digits];
}

function floatBody(value: Value, code: string, flags: string, precision = 6): Body {
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
    throw typeError(`must be real number, not ${typeNameOf(value)}`, value === null);
  const float = typeof value === 'bigint' ? toFloat(value) : Number(value);
  const kind = code.toLowerCase() as 'e' | 'f' | 'g';
  const digits = Number.isFinite(float)
    ? digitsOf(Math.abs(float), kind, precision, flags.includes('#'))
    : Number.isNaN(float)
      ? 'nan'
      : 'inf';
  const isNegative = float < 0 || Object.is(float, -0);
  return [signOf(isNegative, flags), code === kind ? digits : digits.toUpperCase()];
}

const signOf = (isNegative: boolean, flags: string): string =>
  isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';

function fill([before, rest]: Body, width: number, isLeft: boolean, isZeroFilled: boolean): string {
  const missing = width - lengthOfText(before) - lengthOfText(rest);
  if (missing <= 0) return before + rest;
  chargeText(missing);
  if (isLeft) return before + rest + ' '.repeat(missing);
  if (isZeroFilled) return before + '0'.repeat(missing) + rest;
  return ' '.repeat(missing) + before + rest;
}
