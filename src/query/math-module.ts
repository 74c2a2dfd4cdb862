// `math` and `string`: modules that Aim's queries have. `random` is left out: a query that is asked
// twice has the same answer.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { limits } from '../limits.ts';
import { integer } from './argument.ts';
import { callMethod } from './attribute.ts';
import { charge } from './budget.ts';
import { limitError, QueryFailure, typeError, valueError } from './failure.ts';
import { gamma, logGamma } from './gamma.ts';
import { elementsOf } from './iterate.ts';
import {
  distance,
  erf,
  erfc,
  exactSum,
  greatestDivisor,
  ieeeRest,
  lastPlace,
  leastMultiple,
  nextAfter,
  partsOf,
  permutations,
  scaled,
  splitFloat,
} from './math-special.ts';
import { bitLength, bounded, chargeRest, integerOf, toFloat } from './number.ts';
import { binary } from './operators.ts';
import { signature } from './signature.ts';
import { ELLIPSIS, FunctionValue, List, ModuleValue, typeNameOf, type Value } from './value.ts';

export function floatOf(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return toFloat(value);
  if (typeof value === 'boolean') return Number(value);
  throw typeError(`must be real number, not ${typeNameOf(value)}`, value === null);
}

/** A function of floats. What is no number of a number is out of its domain, as Python has it. */
const ofFloats =
  (body: (...given: number[]) => number) =>
  (...given: Value[]): Value => {
    const floats = given.map(floatOf);
    const result = body(...floats);
    if (Number.isNaN(result) && !floats.some(Number.isNaN)) throw valueError('math domain error');
    if (!Number.isFinite(result) && !Number.isNaN(result) && floats.every(Number.isFinite))
      throw new QueryFailure('OverflowError', 'math range error');
    return result;
  };

const toInteger =
  (body: (value: number) => number) =>
  (value: Value): Value =>
    typeof value === 'bigint' || typeof value === 'boolean'
      ? BigInt(value)
      : integerOf(body(floatOf(value)));

const about =
  (body: (value: number) => boolean) =>
  (value: Value): Value =>
    body(floatOf(value));

/** Of which a pole is out of the domain too, not an overflow. */
const withPoles =
  (body: (...given: number[]) => number) =>
  (...given: number[]): number => {
    const result = body(...given);
    if (!Number.isFinite(result) && !Number.isNaN(result) && given.every(Number.isFinite))
      throw valueError('math domain error');
    return result;
  };

/** Of floats, whose result may be infinite without an error. */
const unchecked =
  (body: (...given: number[]) => number) =>
  (...given: Value[]): Value =>
    body(...given.map(floatOf));

/** An int beyond all floats is a fraction and a power of two. */
function logarithmOf(value: Value, body: (value: number) => number): number {
  if (typeof value === 'bigint' && value > 0n && !Number.isFinite(Number(value))) {
    const shift = bitLength(value) - 64;
    const first = value >> BigInt(shift);
    // The last bit stands for all that are cut off: rounding needs no more of them.
    const fraction = Number(first | 1n) * 2 ** -64;
    return body(fraction) + body(2) * (shift + 64);
  }
  if (typeof value === 'bigint' && value <= 0n) throw valueError('math domain error');
  const float = floatOf(value);
  if (float <= 0) throw valueError('math domain error');
  return body(float);
}

function logarithm(value: Value, base: Value): number {
  const result = logarithmOf(value, Math.log);
  if (base === ELLIPSIS) return result;
  const divisor = logarithmOf(base, Math.log);
  if (divisor === 0) throw new QueryFailure('ZeroDivisionError', 'float division by zero');
  return result / divisor;
}

/** As C has it: 1 to any power, and any number to the power 0, is 1, also of NaN. */
function power(x: number, y: number): number {
  if (x === 1 || y === 0) return 1;
  if (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) return 1;
  if (x === 0 && y < 0 && Number.isFinite(y)) throw valueError('math domain error');
  return x ** y;
}

function factorial(value: Value): bigint {
  const count = integer(value);
  if (count < 0n) throw valueError('factorial() not defined for negative values');
  if (count > 1000n) throw limitError('queryIntegerBitCountMax', `the factorial of ${count}`);
  let result = 1n;
  for (let factor = 2n; factor <= count; factor += 1n) result = bounded(result * factor);
  return result;
}

function combinations(n: Value, k: Value): bigint {
  const [all, given] = [integer(n), integer(k)];
  if (all < 0n || given < 0n) throw valueError('comb() takes no negative number');
  if (given > all) return 0n;
  const chosen = all - given < given ? all - given : given;
  if (chosen > BigInt(limits.queryIntegerBitCountMax))
    throw limitError('queryIntegerBitCountMax', 'combinations of more bits');
  let result = 1n;
  for (let index = 1n; index <= chosen; index += 1n)
    result = bounded((result * (all - chosen + index)) / index);
  return result;
}

function integerRoot(value: Value): bigint {
  const number = integer(value);
  if (number < 0n) throw valueError('isqrt() argument must be nonnegative');
  if (number < 2n) return number;
  let root = 1n << BigInt((bitLength(number) + 1) >> 1);
  for (;;) {
    charge(8);
    const next = (root + number / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function isClose(a: Value, b: Value, relative: Value, absolute: Value): boolean {
  const [left, right] = [floatOf(a), floatOf(b)];
  const allowed = relative === ELLIPSIS ? 1e-9 : floatOf(relative);
  const least = floatOf(absolute);
  if (allowed < 0 || least < 0) throw valueError('tolerances must be non-negative');
  if (left === right) return true;
  if (!Number.isFinite(left) || !Number.isFinite(right)) return false;
  const distance = Math.abs(left - right);
  return distance <= allowed * Math.max(Math.abs(left), Math.abs(right)) || distance <= least;
}

const product = (items: Value, start: Value): Value =>
  elementsOf(items).reduce((result, each) => binary('*', result, each), start);

type Body = (...given: Value[]) => Value;

/** Each function by its signature. */
export const mathFunctions: Readonly<Record<string, Body>> = {
  'acos(x)': ofFloats(Math.acos),
  'acosh(x)': ofFloats(Math.acosh),
  'asin(x)': ofFloats(Math.asin),
  'asinh(x)': ofFloats(Math.asinh),
  'atan(x)': ofFloats(Math.atan),
  'atan2(y, x)': ofFloats(Math.atan2),
  'atanh(x)': ofFloats(withPoles(Math.atanh)),
  'cbrt(x)': ofFloats(Math.cbrt),
  'ceil(x)': toInteger(Math.ceil) as Body,
  'comb(n, k)': combinations as Body,
  'copysign(x, y)': ofFloats((x, y) => {
    const isNegative = (y as number) < 0 || Object.is(y, -0);
    return isNegative ? -Math.abs(x as number) : Math.abs(x as number);
  }),
  'cos(x)': ofFloats(Math.cos),
  'cosh(x)': ofFloats(Math.cosh),
  'degrees(x)': unchecked((x) => (x as number) * (180 / Math.PI)),
  'dist(p, q)': ((p: Value, q: Value) => distance(p, q, floatOf)) as Body,
  'erf(x)': ofFloats(erf as (...given: number[]) => number),
  'erfc(x)': ofFloats(erfc as (...given: number[]) => number),
  'exp(x)': ofFloats(Math.exp),
  'exp2(x)': ofFloats((x) => 2 ** (x as number)),
  'expm1(x)': ofFloats(Math.expm1),
  'fabs(x)': ofFloats(Math.abs),
  'factorial(n)': factorial as Body,
  'floor(x)': toInteger(Math.floor) as Body,
  'fmod(x, y)': ofFloats((x, y) => {
    chargeRest(x as number, y as number);
    return (x as number) % (y as number);
  }),
  'frexp(x)': ((x: Value) => splitFloat(floatOf(x))) as Body,
  'fsum(seq)': ((seq: Value) => exactSum(elementsOf(seq).map(floatOf))) as Body,
  'gamma(x)': ofFloats(gamma as (...given: number[]) => number),
  'gcd(*integers)': ((integers: Value) =>
    elementsOf(integers).map(integer).reduce(greatestDivisor, 0n)) as Body,
  'hypot(*coordinates)': ((coordinates: Value) =>
    unchecked(Math.hypot)(...elementsOf(coordinates))) as Body,
  'isclose(a, b, *, rel_tol=..., abs_tol=0)': isClose as Body,
  'isfinite(x)': about(Number.isFinite) as Body,
  'isinf(x)': about((x) => !Number.isFinite(x) && !Number.isNaN(x)) as Body,
  'isnan(x)': about(Number.isNaN) as Body,
  'isqrt(n)': integerRoot as Body,
  'lcm(*integers)': ((integers: Value) =>
    elementsOf(integers).map(integer).reduce(leastMultiple, 1n)) as Body,
  'ldexp(x, i)': ((x: Value, power: Value) =>
    ofFloats(() => scaled(floatOf(x), Number(integer(power))))(floatOf(x))) as Body,
  'lgamma(x)': ofFloats(logGamma as (...given: number[]) => number),
  'log(x, base=...)': logarithm as Body,
  'log10(x)': ((x: Value) => logarithmOf(x, Math.log10)) as Body,
  'log1p(x)': ofFloats(withPoles(Math.log1p)),
  'log2(x)': ((x: Value) => logarithmOf(x, Math.log2)) as Body,
  'modf(x)': ((x: Value) => partsOf(floatOf(x))) as Body,
  'nextafter(x, y)': ((x: Value, y: Value) => nextAfter(floatOf(x), floatOf(y))) as Body,
  'perm(n, k=None)': permutations as Body,
  'pow(x, y)': ofFloats(power as (...given: number[]) => number),
  'prod(iterable, *, start=1)': product as Body,
  'radians(x)': unchecked((x) => (x as number) * (Math.PI / 180)),
  'remainder(x, y)': ofFloats(ieeeRest as (...given: number[]) => number),
  'sin(x)': ofFloats(Math.sin),
  'sinh(x)': ofFloats(Math.sinh),
  'sqrt(x)': ofFloats(Math.sqrt),
  'tan(x)': ofFloats(Math.tan),
  'tanh(x)': ofFloats(Math.tanh),
  'trunc(x)': toInteger(Math.trunc) as Body,
  'ulp(x)': ((x: Value) => lastPlace(floatOf(x))) as Body,
};

/** Functions as values, by name. */
export const functionsOf = (bodies: Readonly<Record<string, Body>>): [string, FunctionValue][] =>
  Object.entries(bodies).map(([text, body]) => {
    const parsed = signature(text);
    const call: FunctionValue['call'] = (given, keywords) => body(...parsed.bind(given, keywords));
    return [parsed.name, new FunctionValue(parsed.name, call)];
  });

export const mathConstants: Readonly<Record<string, number>> = {
  e: Math.E,
  inf: Number.POSITIVE_INFINITY,
  nan: Number.NaN,
  pi: Math.PI,
  tau: 2 * Math.PI,
};

export const mathModule: ModuleValue = new ModuleValue(
  'math',
  new Map<string, Value>([...functionsOf(mathFunctions), ...Object.entries(mathConstants)]),
);

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const SPACES = ' \t\n\r\v\f';

export const stringConstants: Readonly<Record<string, string>> = {
  ascii_letters: LOWER + UPPER,
  ascii_lowercase: LOWER,
  ascii_uppercase: UPPER,
  digits: DIGITS,
  hexdigits: `${DIGITS}abcdefABCDEF`,
  octdigits: '01234567',
  printable: DIGITS + LOWER + UPPER + PUNCTUATION + SPACES,
  punctuation: PUNCTUATION,
  whitespace: SPACES,
};

/** Each word with its first letter large; between them what was between, or one space. */
function capitalizedWords(text: Value, separator: Value): Value {
  const words = callMethod(text, 'split', separator === null ? [] : [separator], undefined);
  const large = elementsOf(words).map((each) => callMethod(each, 'capitalize', [], undefined));
  return callMethod(separator === null ? ' ' : separator, 'join', [new List(large)], undefined);
}

export const stringFunctions: Readonly<Record<string, Body>> = {
  'capwords(s, sep=None)': capitalizedWords as Body,
};

export const stringModule: ModuleValue = new ModuleValue(
  'string',
  new Map<string, Value>([...functionsOf(stringFunctions), ...Object.entries(stringConstants)]),
);
