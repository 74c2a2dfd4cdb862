// What `math` of Python has beside the functions of JavaScript's: exact sums, parts of floats, counts, erf.
//
// Spec: spec/query.md, Functions. Test: test/query/math.test.ts.

import { integer } from './argument.ts';
import { charge, chargeElements } from './budget.ts';
import { valueError } from './failure.ts';
import { elementsOf } from './iterate.ts';
import { bounded, divideIntegers, exactRatio } from './number.ts';
import { Tuple, type Value } from './value.ts';

export function permutations(n: Value, k: Value): bigint {
  const all = integer(n);
  const chosen = k === null ? all : integer(k);
  if (all < 0n || chosen < 0n) throw valueError('perm() takes no negative number');
  if (chosen > all) return 0n;
  let result = 1n;
  // Each factor but the last doubles it at least, so that a limit ends the loop soon.
  for (let index = 0n; index < chosen; index += 1n) {
    charge(8);
    result = bounded(result * (all - index));
  }
  return result;
}

export function greatestDivisor(a: bigint, b: bigint): bigint {
  let [left, right] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (right !== 0n) {
    charge(8);
    [left, right] = [right, left % right];
  }
  return left;
}

export function leastMultiple(a: bigint, b: bigint): bigint {
  if (a === 0n || b === 0n) return 0n;
  const product = bounded((a / greatestDivisor(a, b)) * b);
  return product < 0n ? -product : product;
}

/** Every float is a whole number of these. */
const SMALLEST = 1n << 1074n;

/** The sum that is nearest to the exact one. */
export function exactSum(floats: readonly number[]): number {
  chargeElements(floats.length);
  const special = floats.filter((each) => !Number.isFinite(each));
  if (special.length > 0) {
    const sum = special.reduce((total, each) => total + each);
    if (Number.isNaN(sum) && !special.some(Number.isNaN)) throw valueError('-inf + inf in fsum');
    return sum;
  }
  let sum = 0n;
  for (const each of floats) {
    charge(64);
    const [top, bottom] = exactRatio(each);
    sum += top * (SMALLEST / bottom);
  }
  return divideIntegers(sum, SMALLEST);
}

/** Fraction and exponent: `x` is the first times two to the second. */
export function splitFloat(x: number): Tuple {
  if (x === 0 || !Number.isFinite(x)) return new Tuple([x, 0n]);
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(x))) + 1);
  // In two steps: two to the exponent alone may be no float.
  let fraction = scaled(x, -exponent);
  while (Math.abs(fraction) < 0.5) {
    fraction *= 2;
    exponent -= 1;
  }
  while (Math.abs(fraction) >= 1) {
    fraction /= 2;
    exponent += 1;
  }
  return new Tuple([fraction, BigInt(exponent)]);
}

/** `x * 2 ** power`, rounded once: the steps before the last are exact. */
export function scaled(x: number, power: number): number {
  let result = x;
  let left = Math.max(-3000, Math.min(3000, power));
  while (left > 1000) {
    result *= 2 ** 1000;
    left -= 1000;
  }
  // A number below 2 ** -1022 loses digits: all of the way down is one step then.
  if (left < -900 && result !== 0 && Number.isFinite(result)) {
    charge(64);
    const [top, bottom] = exactRatio(result);
    return divideIntegers(top, bottom << BigInt(-left));
  }
  return result * 2 ** left;
}

export const partsOf = (x: number): Tuple => {
  const whole = Math.trunc(x);
  const fraction = Number.isFinite(x) ? x - whole : Number.isNaN(x) ? x : 0;
  const isNegative = x < 0 || Object.is(x, -0);
  return new Tuple([fraction === 0 && isNegative ? -0 : fraction, whole]);
};

/** What is left of `x` by the multiple of `y` that is nearest, a half to the even one. */
export function ieeeRest(x: number, y: number): number {
  if (!Number.isFinite(y) && !Number.isNaN(y) && Number.isFinite(x)) return x;
  charge(16);
  const size = Math.abs(y);
  const rest = Math.abs(x) % size;
  const other = size - rest;
  // Twice the size has an even number of `y`: where the rest is above one, the quotient was odd.
  const isOdd = Math.abs(x) % (size * 2) >= size;
  const nearest = rest < other || (rest === other && !isOdd) ? rest : -other;
  return x < 0 || Object.is(x, -0) ? -nearest : nearest;
}

export function nextAfter(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x === y) return y;
  if (x === 0) return y > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  charge(4);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) + (x < y === x > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

export function lastPlace(x: number): number {
  const size = Math.abs(x);
  if (!Number.isFinite(size)) return size;
  const next = nextAfter(size, Number.POSITIVE_INFINITY);
  return Number.isFinite(next) ? next - size : size - nextAfter(size, 0);
}

export function distance(p: Value, q: Value, floatOf: (value: Value) => number): number {
  const [left, right] = [elementsOf(p), elementsOf(q)];
  if (left.length !== right.length)
    throw valueError('both points must have the same number of dimensions');
  return Math.hypot(...left.map((each, index) => floatOf(each) - floatOf(right[index] as Value)));
}

/** As a power sum near zero, by its continued fraction beyond. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) < 2.5) {
    let sum = 0;
    for (let index = 60; index > 0; index -= 1) sum = 2 + (sum * x * x * 2) / (2 * index + 1);
    return (sum * x * Math.exp(-x * x)) / Math.sqrt(Math.PI);
  }
  const rest = erfcFraction(Math.abs(x));
  return x > 0 ? 1 - rest : rest - 1;
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) < 1) return 1 - erf(x);
  const rest = erfcFraction(Math.abs(x));
  return x > 0 ? rest : 2 - rest;
}

/** For `x` of at least 1. */
function erfcFraction(x: number): number {
  charge(4);
  if (x >= 30) return 0;
  let fraction = 0;
  for (let index = 150; index > 0; index -= 1) fraction = index / 2 / (x + fraction);
  // The square of a short head is exact; that of `x` is not, and the power would show it.
  const head = Math.fround(x);
  const power = Math.exp(-head * head) * Math.exp((head - x) * (head + x));
  return power / ((x + fraction) * Math.sqrt(Math.PI));
}
