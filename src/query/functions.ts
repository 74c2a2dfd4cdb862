// The built-in functions, and the table of every name that a query knows without being told.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { limits } from '../limits.ts';
import { integer, stringOf } from './argument.ts';
import { call } from './attribute.ts';
import { charge } from './budget.ts';
import { isOrdered, isTrue } from './compare.ts';
import { Complex } from './complex.ts';
import { dateTimeType, dateType, deltaType } from './date-methods.ts';
import { Delta } from './date-value.ts';
import { QueryFailure, typeError, valueError } from './failure.ts';
import { characterOf, format } from './format.ts';
import { elementsOf, iterate } from './iterate.ts';
import { functionsOf, mathModule, stringModule } from './math-module.ts';
import { integerOf, modularPower, roundFloat, roundQuotient, scaledDecimal } from './number.ts';
import { binary, unary } from './operators.ts';
import { QueryObject } from './query-object.ts';
import { regexModule } from './regex.ts';
import { represent } from './represent.ts';
import { lengthOfText } from './text.ts';
import { types } from './types.ts';
import {
  Bytes,
  Dict,
  DictView,
  FunctionValue,
  List,
  RangeValue,
  SetValue,
  Stream,
  Tuple,
  TypeValue,
  typeNameOf,
  type Value,
} from './value.ts';

type Body = (...given: Value[]) => Value;

function lengthOf(value: Value): bigint {
  if (typeof value === 'string') return BigInt(lengthOfText(value));
  if (value instanceof List || value instanceof Tuple) return BigInt(value.items.length);
  if (value instanceof Dict) return BigInt(value.size);
  if (value instanceof DictView) return BigInt(value.dict.size);
  if (value instanceof SetValue) return BigInt(value.members.size);
  if (value instanceof RangeValue) return BigInt(value.length);
  if (value instanceof Bytes) return BigInt(value.bytes.length);
  if (value instanceof QueryObject) return BigInt(value.length());
  throw typeError(`object of type '${typeNameOf(value)}' has no len()`, value === null);
}

/** min and max: of one iterable, or of the arguments. */
function extreme(name: 'min' | 'max'): FunctionValue {
  const operator = name === 'min' ? '<' : '>';
  return new FunctionValue(name, (given, keywords) => {
    for (const each of keywords?.keys() ?? [])
      if (each !== 'key' && each !== 'default')
        throw typeError(`${name}() has no argument '${each}'`);
    const key = keywords?.get('key') ?? null;
    const items = given.length === 1 ? elementsOf(given[0] as Value) : given;
    if (given.length === 0) throw typeError(`${name}() takes at least 1 argument`);
    const preset = keywords?.get('default');
    if (items.length === 0 && preset !== undefined && given.length === 1) return preset;
    if (items.length === 0) throw valueError(`${name}() of nothing`);
    let best = items[0] as Value;
    let bestKey = key === null ? best : call(key, [best], undefined);
    for (const each of items.slice(1)) {
      const itsKey = key === null ? each : call(key, [each], undefined);
      if (isOrdered(operator, itsKey, bestKey)) [best, bestKey] = [each, itsKey];
    }
    return best;
  });
}

function sorted(iterable: Value, key: Value, reverse: Value): List {
  const items = elementsOf(iterable);
  charge(items.length * Math.ceil(Math.log2(items.length + 1)));
  const keyed = items.map((each) => ({
    each,
    key: key === null ? each : call(key, [each], undefined),
  }));
  const sign = isTrue(reverse) ? -1 : 1;
  keyed.sort((a, b) => {
    if (isOrdered('<', a.key, b.key)) return -sign;
    return isOrdered('<', b.key, a.key) ? sign : 0;
  });
  return new List(keyed.map(({ each }) => each));
}

function round(value: Value, digits: Value): Value {
  if (typeof value === 'bigint' || typeof value === 'boolean') {
    const whole = BigInt(value);
    const places = digits === null ? 0n : integer(digits);
    if (places >= 0n) return whole;
    // No int has so many digits.
    if (-places > limits.queryIntegerBitCountMax) return 0n;
    charge(16);
    const unit = 10n ** -places;
    return roundQuotient(whole, unit) * unit;
  }
  if (typeof value !== 'number')
    throw typeError(`type ${typeNameOf(value)} has no rounding`, value === null);
  if (digits === null) return Number.isFinite(value) ? roundFloat(value) : integerOf(value);
  const places = Number(integer(digits));
  if (!Number.isFinite(value) || places > 323) return value;
  if (places < -308) return value < 0 ? -0 : 0;
  charge(8 + Math.abs(places));
  const result = Number(`${scaledDecimal(value, places)}e${-places}`);
  if (!Number.isFinite(result))
    throw new QueryFailure('OverflowError', 'rounded value too large to represent');
  return result === 0 && (value < 0 || Object.is(value, -0)) ? -0 : result;
}

function sum(iterable: Value, start: Value): Value {
  if (typeof start === 'string') throw typeError("sum() can't sum strings; use ''.join(seq)");
  let total: Value = start;
  for (const each of iterate(iterable)) total = binary('+', total, each);
  return total;
}

function some(iterable: Value): boolean {
  for (const each of iterate(iterable)) if (isTrue(each)) return true;
  return false;
}

function every(iterable: Value): boolean {
  for (const each of iterate(iterable)) if (!isTrue(each)) return false;
  return true;
}

function absolute(value: Value): Value {
  if (typeof value === 'number') return Math.abs(value);
  if (typeof value === 'bigint') return value < 0n ? -value : value;
  if (typeof value === 'boolean') return BigInt(value);
  if (value instanceof Complex) return Math.hypot(value.real, value.imag);
  if (value instanceof Delta) return value.micros < 0n ? unary('-', value) : (value as Delta);
  throw typeError(`bad operand type for abs(): '${typeNameOf(value)}'`, value === null);
}

function isInstance(value: Value, type: Value): boolean {
  if (type instanceof TypeValue) return type.has(value);
  if (type instanceof Tuple) return type.items.some((each) => isInstance(value, each));
  throw typeError('isinstance() arg 2 must be a type or a tuple of types');
}

const inBase =
  (base: number, prefix: string): Body =>
  (value) => {
    const number = integer(value as Value);
    const digits = (number < 0n ? -number : number).toString(base);
    return `${number < 0n ? '-' : ''}${prefix}${digits}`;
  };

function ordinal(value: Value): bigint {
  const text = stringOf(value, 'the argument of ord()');
  if (lengthOfText(text) !== 1)
    throw typeError(`ord() expected a character, but string of length ${lengthOfText(text)} found`);
  return BigInt(text.codePointAt(0) as number);
}

function power(base: Value, exponent: Value, modulus: Value): Value {
  if (modulus === null) return binary('**', base, exponent);
  return modularPower(integer(base), integer(exponent), integer(modulus));
}

/** What there is no loop over fails at once, also where nobody takes an element. */
function zipped(iterables: readonly Value[]): IterableIterator<Value> {
  charge(4);
  return rowsOf(iterables.map((each) => iterate(each)[Symbol.iterator]()));
}

function* rowsOf(iterators: readonly Iterator<Value>[]): IterableIterator<Value> {
  if (iterators.length === 0) return;
  for (;;) {
    charge(iterators.length);
    const row: Value[] = [];
    for (const iterator of iterators) {
      const next = iterator.next();
      if (next.done === true) return;
      row.push(next.value);
    }
    yield new Tuple(row);
  }
}

function* numbered(iterable: Iterable<Value>, start: bigint): IterableIterator<Value> {
  let number = start;
  for (const each of iterable) {
    charge(1);
    yield new Tuple([number, each]);
    number += 1n;
  }
}

function* mapped(body: Value, rows: Iterable<Value>): IterableIterator<Value> {
  for (const row of rows) yield call(body, (row as Tuple).items, undefined);
}

function* filtered(body: Value, iterable: Iterable<Value>): IterableIterator<Value> {
  for (const each of iterable)
    if (isTrue(body === null ? each : call(body, [each], undefined))) yield each;
}

function reversed(value: Value): Stream {
  if (value instanceof SetValue || value instanceof Stream)
    throw typeError(`'${value.typeName}' object is not reversible`);
  return new Stream([...elementsOf(value)].reverse().values(), 'reversed');
}

function nextOf(iterator: Value, [preset, ...more]: readonly Value[]): Value {
  if (more.length > 0) throw typeError('next() takes at most 2 arguments');
  if (!(iterator instanceof Stream))
    throw typeError(`'${typeNameOf(iterator)}' object is not an iterator`, iterator === null);
  const { done, value } = iterator.iterator.next();
  if (done !== true) return value;
  if (preset === undefined) throw new QueryFailure('StopIteration', 'nothing is left');
  return preset;
}

/** Each function by its signature; min and max stand apart: their parameters depend on each other. */
export const builtins: Readonly<Record<string, Body>> = {
  'abs(x)': absolute as Body,
  'all(iterable)': every as Body,
  'any(iterable)': some as Body,
  'bin(x)': inBase(2, '0b'),
  'callable(object)': ((value: Value) =>
    value instanceof FunctionValue || value instanceof TypeValue) as Body,
  'chr(i)': ((value: Value) => characterOf(integer(value))) as Body,
  'divmod(a, b)': ((a: Value, b: Value) => {
    if (a instanceof Delta !== b instanceof Delta)
      throw typeError(
        `unsupported operand types for divmod(): '${typeNameOf(a)}' and '${typeNameOf(b)}'`,
      );
    return new Tuple([binary('//', a, b), binary('%', a, b)]);
  }) as Body,
  'enumerate(iterable, start=0)': ((value: Value, start: Value) =>
    new Stream(numbered(iterate(value), integer(start)), 'enumerate')) as Body,
  'filter(function, iterable)': ((body: Value, value: Value) =>
    new Stream(filtered(body, iterate(value)), 'filter')) as Body,
  "format(value, format_spec='')": ((value: Value, spec: Value) =>
    format(value, stringOf(spec, 'the format'))) as Body,
  'hex(x)': inBase(16, '0x'),
  'iter(iterable)': ((value: Value) =>
    value instanceof Stream
      ? value
      : new Stream(
          iterate(value)[Symbol.iterator]() as IterableIterator<Value>,
          'iterator',
        )) as Body,
  'isinstance(object, type)': isInstance as Body,
  'len(object)': lengthOf as Body,
  'map(function, *iterables)': ((body: Value, rest: Value) => {
    const { items } = rest as Tuple;
    if (items.length === 0) throw typeError('map() must have at least two arguments');
    return new Stream(mapped(body, zipped(items)), 'map');
  }) as Body,
  'next(iterator, *default)': ((iterator: Value, rest: Value) =>
    nextOf(iterator, (rest as Tuple).items)) as Body,
  'oct(x)': inBase(8, '0o'),
  'ord(c)': ordinal as Body,
  'pow(base, exp, mod=None)': power as Body,
  'repr(object)': ((value: Value) => represent(value)) as Body,
  'reversed(object)': reversed as Body,
  'round(number, ndigits=None)': round as Body,
  'sorted(iterable, *, key=None, reverse=False)': sorted as Body,
  'sum(iterable, start=0)': sum as Body,
  'zip(*iterables)': ((rest: Value) => new Stream(zipped((rest as Tuple).items), 'zip')) as Body,
};

export const extremeSignatures: readonly string[] = [
  'max(iterable, *, key=None, default)',
  'min(iterable, *, key=None, default)',
];

/** Every name that is known in every query. */
export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...functionsOf(builtins),
  ['max', extreme('max')],
  ['min', extreme('min')],
  ...types.map((each) => [each.name, each] as const),
  ['date', dateType],
  ['datetime', dateTimeType],
  ['timedelta', deltaType],
  ['math', mathModule],
  ['re', regexModule],
  ['string', stringModule],
]);
