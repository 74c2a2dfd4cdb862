// Equality, order, identity, truth, and the keys of sets and dicts.
//
// 1. Numbers compare by value whatever their type, exactly: JavaScript compares bigint with number so.
// 2. Equal values have equal keys, and values of types that never compare equal have different ones.
// 3. None is ordered with nothing: here that is a failure; the operators `< <= > >=` make it false.
//
// Spec: spec/query.md. Test: test/query/cpython.test.ts.

import { charge, chargeGrowth, chargeText } from './budget.ts';
import { Complex } from './complex.ts';
import { DateOnly, DateTime, Delta } from './date-value.ts';
import { typeError } from './failure.ts';
import { QueryObject } from './query-object.ts';
import { compareTexts } from './text.ts';
import {
  Bytes,
  Dict,
  type DictView,
  EllipsisValue,
  type Key,
  List,
  RangeValue,
  SetValue,
  SliceValue,
  Stream,
  Structure,
  Tuple,
  typeNameOf,
  type Value,
} from './value.ts';

export type OrderOperator = '<' | '<=' | '>' | '>=';

const isNumeric = (value: Value): value is boolean | bigint | number =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';

export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'bigint':
      return value !== 0n;
    default:
      return value !== null && isStructureTrue(value);
  }
}

function isStructureTrue(value: Structure): boolean {
  if (value instanceof List || value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof SetValue) return value.members.size > 0;
  if (value instanceof RangeValue) return value.length > 0;
  if (value instanceof Bytes) return value.bytes.length > 0;
  if (value instanceof Delta) return value.micros !== 0n;
  if (value instanceof Complex) return value.real !== 0 || value.imag !== 0;
  if (value instanceof QueryObject) return value.isTrue();
  if (value.typeName.startsWith('dict_')) return (value as DictView).dict.size > 0;
  return true;
}

/** keys() and items() are sets to operators and comparisons with sets. */
export function asSetOperand(value: Value): Value {
  if (!(value instanceof Structure) || !/^dict_(?:keys|items)$/.test(value.typeName)) return value;
  const { typeName, dict } = value as DictView;
  charge(dict.size);
  const entries = [...dict.entries.values()];
  const members =
    typeName === 'dict_keys'
      ? entries.map(([key]) => key)
      : entries.map((entry) => new Tuple(entry));
  return new SetValue(new Map(members.map((each) => [keyOf(each), each])));
}

export function isEqual(a: Value, b: Value): boolean {
  if (typeof a === 'string' && a.length > 64) charge(a.length >>> 6);
  if (a === b) return !(typeof a === 'number' && Number.isNaN(a));
  if (isNumeric(a)) return isNumeric(b) ? areNumbersEqual(a, b) : isEqualComplex(b, a);
  if (a instanceof Complex) return isEqualComplex(a, b);
  if (!(a instanceof Structure) || !(b instanceof Structure)) return false;
  if ((a instanceof List && b instanceof List) || (a instanceof Tuple && b instanceof Tuple))
    return areItemsEqual(a.items, b.items);
  if (a instanceof Dict && b instanceof Dict) return areDictsEqual(a, b);
  if (a instanceof SetValue && b instanceof SetValue) {
    charge(a.members.size);
    return a.members.size === b.members.size && isSubset(a, b);
  }
  if (a instanceof Bytes && b instanceof Bytes)
    return a.bytes.length === b.bytes.length && compareBytes(a, b) === 0;
  if (a instanceof RangeValue && b instanceof RangeValue) return areRangesEqual(a, b);
  if (
    (a instanceof DateTime && b instanceof DateTime) ||
    (a instanceof DateOnly && b instanceof DateOnly) ||
    (a instanceof Delta && b instanceof Delta)
  )
    return a.micros === b.micros;
  if (a instanceof SliceValue && b instanceof SliceValue)
    return areItemsEqual([a.start, a.stop, a.step], [b.start, b.stop, b.step]);
  if (a.typeName === 'dict_keys' || a.typeName === 'dict_items') {
    if (b instanceof SetValue) return isEqual(asSetOperand(a), b);
    return areViewsEqual(a, b);
  }
  return a instanceof SetValue && b.typeName.startsWith('dict_') && isEqual(b, a);
}

function compareBytes(a: Bytes, b: Bytes): number {
  charge(a.bytes.length >>> 6);
  return Buffer.compare(a.bytes, b.bytes);
}

function isEqualComplex(a: Value, b: Value): boolean {
  if (!(a instanceof Complex)) return false;
  if (b instanceof Complex) return a.real === b.real && a.imag === b.imag;
  return a.imag === 0 && isNumeric(b) && areNumbersEqual(a.real, b);
}

function areNumbersEqual(a: boolean | bigint | number, b: boolean | bigint | number): boolean {
  const left = typeof a === 'boolean' ? Number(a) : a;
  const right = typeof b === 'boolean' ? Number(b) : b;
  // Both orders hold of equal numbers only; exact for a bigint and a number.
  return left <= right && left >= right;
}

function areItemsEqual(a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  charge(a.length);
  return a.every((each, index) => isSame(each, b[index] as Value));
}

function areDictsEqual(a: Dict, b: Dict): boolean {
  if (a.size !== b.size) return false;
  charge(4 + a.size);
  for (const [key, [, value]] of a.entries) {
    const other = b.entries.get(key);
    if (other === undefined || !isSame(value, other[1])) return false;
  }
  return true;
}

function areRangesEqual(a: RangeValue, b: RangeValue): boolean {
  if (a.length !== b.length) return false;
  return a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step));
}

function areViewsEqual(a: Structure, b: Structure): boolean {
  if (a.typeName !== b.typeName) return false;
  const [left, right] = [(a as DictView).dict, (b as DictView).dict];
  if (a.typeName === 'dict_items') return areDictsEqual(left, right);
  charge(left.size);
  return (
    left.size === right.size && [...left.entries.keys()].every((key) => right.entries.has(key))
  );
}

/** What a container compares its elements by: the same object is equal to itself, NaN too. */
export const isSame = (a: Value, b: Value): boolean =>
  (a === b && a instanceof Structure) || isEqual(a, b);

/** `a is b`: of None, booleans and structures. Numbers and strings are never identical. */
export function isIdentical(a: Value, b: Value): boolean {
  return a === b && (a === null || typeof a === 'boolean' || a instanceof Structure);
}

const byOperator = {
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
};

/** @throws QueryFailure TypeError where the types have no order. */
export function isOrdered(operator: OrderOperator, a: Value, b: Value): boolean {
  if (isNumeric(a) && isNumeric(b)) return areNumbersOrdered(operator, a, b);
  if (typeof a === 'string' && typeof b === 'string')
    return byOperator[operator](compareTexts(a, b));
  if ((a instanceof List && b instanceof List) || (a instanceof Tuple && b instanceof Tuple))
    return areItemsOrdered(operator, a.items, b.items);
  if (a instanceof SetValue && b instanceof SetValue) return areSetsOrdered(operator, a, b);
  if (a instanceof Bytes && b instanceof Bytes) return byOperator[operator](compareBytes(a, b));
  if (
    (a instanceof DateTime && b instanceof DateTime) ||
    (a instanceof DateOnly && b instanceof DateOnly) ||
    (a instanceof Delta && b instanceof Delta)
  )
    return byOperator[operator](a.micros < b.micros ? -1 : a.micros > b.micros ? 1 : 0);
  const [left, right] = [asSetOperand(a), asSetOperand(b)];
  if ((left !== a || right !== b) && left instanceof SetValue && right instanceof SetValue)
    return areSetsOrdered(operator, left, right);
  throw typeError(
    `'${operator}' not supported between '${typeNameOf(a)}' and '${typeNameOf(b)}'${datedHint(a, b)}`,
    a === null || b === null,
  );
}

/** Times of a run are compared with all that a time may be written as. */
function datedHint(a: Value, b: Value): string {
  const both = [a, b];
  const isOne = (test: (value: Value) => boolean): boolean => both.some(test);
  if (isOne((each) => each instanceof Delta) && isOne(isNumeric))
    return '; of a timedelta, total_seconds() is a number';
  if (isOne((each) => each instanceof DateTime)) {
    if (isOne((each) => typeof each === 'string')) return '; write datetime(2024, 1, 31)';
    if (isOne(isNumeric)) return '; of a datetime, timestamp() is a number';
    if (isOne((each) => each instanceof DateOnly)) return '; of a datetime, date() is a date';
  }
  return '';
}

function areNumbersOrdered(
  operator: OrderOperator,
  a: boolean | bigint | number,
  b: boolean | bigint | number,
): boolean {
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

function areItemsOrdered(
  operator: OrderOperator,
  a: readonly Value[],
  b: readonly Value[],
): boolean {
  const count = Math.min(a.length, b.length);
  charge(count);
  for (let index = 0; index < count; index += 1) {
    const [left, right] = [a[index] as Value, b[index] as Value];
    if (!isSame(left, right)) return isOrdered(operator, left, right);
  }
  return byOperator[operator](a.length - b.length);
}

function areSetsOrdered(operator: OrderOperator, a: SetValue, b: SetValue): boolean {
  const [small, large] = operator === '<' || operator === '<=' ? [a, b] : [b, a];
  charge(small.members.size);
  const isProper = operator === '<' || operator === '>';
  return (!isProper || small.members.size < large.members.size) && isSubset(small, large);
}

export const isSubset = (a: SetValue, b: SetValue): boolean =>
  a.members.size <= b.members.size && [...a.members.keys()].every((key) => b.members.has(key));

/** @throws QueryFailure TypeError of what changes in Python, which no set takes. */
export function keyOf(value: Value): Key {
  switch (typeof value) {
    case 'string':
      // Keys of other types begin with NUL.
      return value.startsWith('\0') ? `\0s${value}` : value;
    case 'boolean':
      return Number(value);
    case 'bigint':
      return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
    case 'number':
      // NaN equals nothing: a key of its own.
      if (Number.isNaN(value)) return new EllipsisValue();
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value + 0;
    default:
      return value === null ? null : keyOfStructure(value);
  }
}

function keyOfStructure(value: Structure): Key {
  if (value instanceof Tuple) {
    charge(value.items.length);
    return `\0t${joinedKeys(value.items.map(keyOf))}`;
  }
  if (value instanceof Complex)
    return value.imag === 0 ? keyOf(value.real) : `\0c${value.real + 0},${value.imag}`;
  // Equal ranges have the same elements.
  if (value instanceof RangeValue)
    return `\0r${value.length},${value.length === 0 ? '' : value.start},${value.length < 2 ? '' : value.step}`;
  if (value instanceof DateTime) return `\0d${value.micros}`;
  if (value instanceof DateOnly) return `\0o${value.micros}`;
  if (value instanceof Delta) return `\0e${value.micros}`;
  if (value instanceof Bytes) {
    chargeText(value.bytes.length * 2);
    return `\0b${Buffer.from(value.bytes).toString('hex')}`;
  }
  if (value instanceof SetValue && value.typeName === 'frozenset') {
    charge(value.members.size * 4);
    return `\0f${joinedKeys([...value.members.keys()], true)}`;
  }
  if (
    value instanceof List ||
    value instanceof Dict ||
    value instanceof SetValue ||
    value instanceof Stream
  )
    throw typeError(`unhashable type: '${value.typeName}'`);
  return value;
}

/** A text: keys of shared parts could make it exponentially long, so it is paid for before it is made. */
function joinedKeys(keys: readonly Key[], areSorted = false): string {
  let size = 0;
  const texts = keys.map((each) => {
    const text = keyText(each);
    size += text.length;
    chargeGrowth(size, text.length);
    return text;
  });
  return (areSorted ? texts.sort() : texts).join('');
}

let objectCount = 0;
const objectNumbers = new WeakMap<Structure, number>();

/** Unambiguous text of a key: its kind, its size, itself. */
function keyText(key: Key): string {
  if (typeof key === 'string') return `s${key.length}:${key}`;
  if (!(key instanceof Structure)) return `${typeof key}:${key};`;
  let number = objectNumbers.get(key);
  if (number === undefined) {
    objectCount += 1;
    number = objectCount;
    objectNumbers.set(key, number);
  }
  return `object:${number};`;
}
