// Digits of numbers as the format codes ask for them, rounded exactly, a half to even.
//
// Test: test/query/cpython.test.ts.

import { limits } from '../limits.ts';
import { charge } from './budget.ts';
import { limitError } from './failure.ts';
import { scaledDecimal } from './number.ts';

/** Digits of `value >= 0`, finite, by code e, f or g; `#` keeps the zeros that g drops. */
export function digitsOf(
  value: number,
  code: 'e' | 'f' | 'g',
  precision: number,
  keepsZeros: boolean,
): string {
  chargePrecision(precision);
  if (code === 'f') return fixed(value, precision, keepsZeros);
  if (code === 'e') return exponential(value, precision, keepsZeros);
  return general(value, precision, keepsZeros, 0);
}

function chargePrecision(precision: number): void {
  if (precision > limits.queryPrecisionMax)
    throw limitError('queryPrecisionMax', `a precision of ${precision}`);
  charge(8 + precision);
}

function fixed(value: number, precision: number, keepsPoint: boolean): string {
  const digits = scaledDecimal(value, precision)
    .toString()
    .padStart(precision + 1, '0');
  if (precision === 0) return keepsPoint ? `${digits}.` : digits;
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

function exponential(value: number, precision: number, keepsPoint: boolean): string {
  const [digits, exponent] = significant(value, precision + 1);
  return mantissa(digits, keepsPoint) + power(exponent);
}

function mantissa(digits: string, keepsPoint: boolean): string {
  const rest = digits.slice(1);
  return rest === '' && !keepsPoint ? digits : `${digits[0]}.${rest}`;
}

const power = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`;

/**
 * The fixed form where the exponent is small enough, else the exponential one. Without a code the
 * fixed form ends one digit earlier (`spare` 1), so that it always has a digit after the point.
 */
export function general(
  value: number,
  precision: number,
  keepsZeros: boolean,
  spare: 0 | 1,
): string {
  chargePrecision(precision);
  const count = precision === 0 ? 1 : precision;
  const [digits, exponent] = significant(value, count);
  const drop = (text: string): string =>
    keepsZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
  if (exponent < -4 || exponent >= count - spare)
    return drop(mantissa(digits, keepsZeros)) + power(exponent);
  const text = drop(fixed(value, Math.max(0, count - 1 - exponent), keepsZeros));
  return spare === 1 && !text.includes('.') ? `${text}.0` : text;
}

/** `count` digits and the power of ten of the first. */
function significant(value: number, count: number): [digits: string, exponent: number] {
  if (value === 0) return ['0'.repeat(count), 0];
  // The shortest digits may round up to the next power of ten, and so may ours.
  let exponent = Number(value.toExponential().split('e')[1]) - 1;
  for (;;) {
    const digits = scaledDecimal(value, count - 1 - exponent).toString();
    if (digits.length <= count) return [digits, exponent];
    exponent += 1;
  }
}

/** Puts `separator` between groups of `size` digits, counted from the end. */
export function grouped(digits: string, separator: string, size: number): string {
  const first = digits.length % size;
  const groups = first === 0 ? [] : [digits.slice(0, first)];
  for (let start = first; start < digits.length; start += size)
    groups.push(digits.slice(start, start + size));
  return groups.join(separator);
}
