// Arithmetic of ints and floats as Python has it: floor division, the sign of a remainder, exact
// division of ints, rounding to even.
//
// Spec: spec/query.md, Numbers. Test: test/query/cpython.test.ts.

import { limits } from '../limits.ts';
import { charge } from './budget.ts';
import { limitError, QueryFailure, valueError } from './failure.ts';

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const INTEGER_MAX = 1n << BigInt(limits.queryIntegerBitCountMax);

/** The same int, or LIMIT. Every operation that makes an int from ints passes here. */
export function bounded(value: bigint): bigint {
  if (value <= SAFE && value >= -SAFE) return value;
  if (value >= INTEGER_MAX || value <= -INTEGER_MAX)
    throw limitError('queryIntegerBitCountMax', 'an integer of more bits');
  // Digits cost: 4096 bits are 64 words.
  charge(16);
  return value;
}

/** Pays for an operation on ints of many words, whose result may be small. */
export function chargeLarge(a: bigint, b: bigint): void {
  if (a > SAFE || a < -SAFE || b > SAFE || b < -SAFE) charge(16);
}

export function bitLength(value: bigint): number {
  const text = (value < 0n ? -value : value).toString(16);
  if (text === '0') return 0;
  return text.length * 4 - (Math.clz32(Number.parseInt(text[0] as string, 16)) - 28);
}

/** @throws OverflowError: no float is so large. */
export function toFloat(value: bigint): number {
  const float = Number(value);
  if (!Number.isFinite(float))
    throw new QueryFailure('OverflowError', 'int too large to convert to float');
  return float;
}

function divisionByZero(what: string): QueryFailure {
  return new QueryFailure('ZeroDivisionError', what);
}

export function floorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw divisionByZero('integer division or modulo by zero');
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

export function modulo(a: bigint, b: bigint): bigint {
  if (b === 0n) throw divisionByZero('integer modulo by zero');
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

/** The float nearest to the exact quotient. */
export function divideIntegers(a: bigint, b: bigint): number {
  if (b === 0n) throw divisionByZero('division by zero');
  if (a <= SAFE && a >= -SAFE && b <= SAFE && b >= -SAFE) return Number(a) / Number(b);
  const negative = a < 0n !== b < 0n;
  const top = a < 0n ? -a : a;
  const bottom = b < 0n ? -b : b;
  // 66 bits of quotient, the last one set if anything was cut off: rounding sees all it must.
  const shift = BigInt(66 - bitLength(top) + bitLength(bottom));
  const [scaled, by] = shift >= 0n ? [top << shift, bottom] : [top, bottom << -shift];
  const quotient = (scaled / by) | (scaled % by === 0n ? 0n : 1n);
  const exponent = -Number(shift);
  // In two steps: 2 ** exponent alone may be no float.
  const half = Math.trunc(exponent / 2);
  const result = Number(quotient) * 2 ** half * 2 ** (exponent - half);
  if (!Number.isFinite(result))
    throw new QueryFailure('OverflowError', 'integer division result too large for a float');
  return negative ? -result : result;
}

export function divideFloats(a: number, b: number): number {
  if (b === 0) throw divisionByZero('float division by zero');
  return a / b;
}

/** The rest is found bit by bit of the quotient. */
export function chargeRest(a: number, b: number): void {
  if (Math.abs(a / b) > 2 ** 53) charge(8);
}

export function moduloFloats(a: number, b: number): number {
  if (b === 0) throw divisionByZero('float modulo');
  chargeRest(a, b);
  const rest = a % b;
  if (rest === 0) return b < 0 || Object.is(b, -0) ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

export function floorDivideFloats(a: number, b: number): number {
  if (b === 0) throw divisionByZero('float floor division by zero');
  chargeRest(a, b);
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && rest < 0 !== b < 0) quotient -= 1;
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

export function powerOfIntegers(base: bigint, exponent: bigint): bigint | number {
  if (exponent < 0n) return powerOfFloats(toFloat(base), toFloat(exponent));
  if (base === 0n || base === 1n) return exponent === 0n ? 1n : base;
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
  if (exponent > INTEGER_BITS || BigInt(bitLength(base) - 1) * exponent > INTEGER_BITS)
    throw limitError('queryIntegerBitCountMax', 'a power of more bits');
  if (exponent > 64n) charge(64);
  return bounded(base ** exponent);
}

const INTEGER_BITS = BigInt(limits.queryIntegerBitCountMax);

/** Requires: not a root of a negative number, which is complex. */
export function powerOfFloats(base: number, exponent: number): number {
  if (base === 1 || exponent === 0) return 1;
  if (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) return 1;
  if (base === 0 && exponent < 0) throw divisionByZero('0.0 cannot be raised to a negative power');
  const result = base ** exponent;
  if (!Number.isFinite(result) && Number.isFinite(base) && Number.isFinite(exponent))
    throw new QueryFailure('OverflowError', 'the power is too large for a float');
  return result;
}

export function modularPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus === 0n) throw valueError('pow() 3rd argument cannot be 0');
  if (exponent < 0n) throw valueError('pow() with a modulus takes no negative exponent');
  let result = 1n;
  let square = modulo(base, modulus);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    charge(32);
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return modulo(result, modulus);
}

export function shift(value: bigint, by: bigint, left: boolean): bigint {
  if (by < 0n) throw valueError('negative shift count');
  if (!left) return by > INTEGER_BITS ? (value < 0n ? -1n : 0n) : value >> by;
  if (value === 0n) return 0n;
  if (by > INTEGER_BITS) throw limitError('queryIntegerBitCountMax', 'a shift by more bits');
  return bounded(value << by);
}

/** `top / bottom` rounded to the nearest int, a half to the even one. Requires: bottom > 0. */
export function roundQuotient(top: bigint, bottom: bigint): bigint {
  const quotient = floorDivide(top, bottom);
  const twice = (top - quotient * bottom) * 2n;
  if (twice > bottom || (twice === bottom && quotient % 2n !== 0n)) return quotient + 1n;
  return quotient;
}

/** The int next to a float, a half to the even one. */
export function roundFloat(value: number): bigint {
  const floor = Math.floor(value);
  const rest = value - floor;
  const isUp = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return integerOf(isUp ? floor + 1 : floor);
}

/** The int of a float that has no fraction, else cut towards zero. @throws ValueError, OverflowError */
export function integerOf(value: number): bigint {
  if (Number.isNaN(value)) throw valueError('cannot convert float NaN to integer');
  if (!Number.isFinite(value))
    throw new QueryFailure('OverflowError', 'cannot convert float infinity to integer');
  return BigInt(Math.trunc(value));
}

/** As `ratioOf`. @throws QueryFailure ValueError of NaN, OverflowError of an infinity. */
export function exactRatio(value: number): [top: bigint, bottom: bigint] {
  if (!Number.isFinite(value)) integerOf(value);
  return ratioOf(value);
}

const bits = new DataView(new ArrayBuffer(8));

/** Exactly `top / bottom`, bottom a power of two. Requires: finite. */
export function ratioOf(value: number): [top: bigint, bottom: bigint] {
  if (Number.isInteger(value)) {
    if (!Number.isSafeInteger(value)) charge(8);
    return [BigInt(value), 1n];
  }
  bits.setFloat64(0, value);
  const exponent = (bits.getUint16(0) >>> 4) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  let top = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  let shift = 1075 - Math.max(1, exponent);
  // In lowest terms: no float that is no integer has more than 52 zeros at its end.
  const zeros = bitLength(top & -top) - 1;
  top >>= BigInt(zeros);
  shift -= zeros;
  // What is below 2 ** -64 makes ints of many words.
  if (shift > 128) charge(shift >>> 5);
  return [value < 0 ? -top : top, 1n << BigInt(shift)];
}

/** `value * 10 ** digits`, rounded to an int, a half to even; exact. Requires: finite. */
export function scaledDecimal(value: number, digits: number): bigint {
  const [top, bottom] = ratioOf(value);
  return digits >= 0
    ? roundQuotient(top * 10n ** BigInt(digits), bottom)
    : roundQuotient(top, bottom * 10n ** BigInt(-digits));
}
