// The arithmetic operators over all types that have them.
//
// Spec: spec/query.md, Operators. Test: test/query/cpython.test.ts.

import { chargeElements, chargeText } from './budget.ts';
import { asSetOperand } from './compare.ts';
import { Complex, complexOperation } from './complex.ts';
import { dateOperation } from './date-operators.ts';
import { DateOnly, DateTime, Delta } from './date-value.ts';
import { QueryFailure, typeError } from './failure.ts';
import { dictOf, elementsOf, setOf } from './iterate.ts';
import {
  bounded,
  chargeLarge,
  divideFloats,
  divideIntegers,
  floorDivide,
  floorDivideFloats,
  modulo,
  moduloFloats,
  powerOfFloats,
  powerOfIntegers,
  shift,
  toFloat,
} from './number.ts';
import { formatPercent } from './percent-format.ts';
import { lengthOfText } from './text.ts';
import { Bytes, Dict, List, SetValue, Structure, Tuple, typeNameOf, type Value } from './value.ts';

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '//'
  | '%'
  | '**'
  | '<<'
  | '>>'
  | '&'
  | '|'
  | '^'
  | '@';

/** The result, or undefined where these types do not know the operator. */
type Operation = (a: Value, b: Value) => Value | undefined;

const integerOperations: Partial<Record<BinaryOperator, (a: bigint, b: bigint) => Value>> = {
  '+': (a, b) => bounded(a + b),
  '-': (a, b) => bounded(a - b),
  '*': (a, b) => bounded(a * b),
  '/': divideIntegers,
  '//': floorDivide,
  '%': modulo,
  '**': powerOfIntegers,
  '<<': (a, b) => shift(a, b, true),
  '>>': (a, b) => shift(a, b, false),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
};

const floatOperations: Partial<Record<BinaryOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': divideFloats,
  '//': floorDivideFloats,
  '%': moduloFloats,
  '**': powerOfFloats,
};

/** A root of a negative number is complex. */
const isComplexPower = (operator: BinaryOperator, a: number, b: number): boolean =>
  operator === '**' && a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b);

export function binary(operator: BinaryOperator, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const operation = floatOperations[operator];
    if (operation !== undefined && !isComplexPower(operator, a, b)) return operation(a, b);
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    const operation = integerOperations[operator];
    chargeLarge(a, b);
    if (operation !== undefined) return operation(a, b);
  }
  const result = mixed(operator, a, b);
  if (result === undefined) throw unsupported(operator, a, b);
  return result;
}

const isNumeric = (value: Value): value is boolean | bigint | number =>
  typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number';

function mixed(operator: BinaryOperator, a: Value, b: Value): Value | undefined {
  if (isNumeric(a) && isNumeric(b)) return numeric(operator, a, b);
  if (a instanceof Complex || b instanceof Complex) {
    const [left, right] = [complexOf(a), complexOf(b)];
    if (left !== undefined && right !== undefined) return complexOperation(operator, left, right);
  }
  if (a instanceof Structure || b instanceof Structure) {
    const dated = isDated(a) || isDated(b) ? dateOperation(operator, a, b) : undefined;
    if (dated !== undefined) return dated;
  }
  const operation = containerOperations[operator];
  return operation?.(...(SET_OPERATORS.has(operator) ? setOperands(a, b) : ([a, b] as const)));
}

const SET_OPERATORS: ReadonlySet<BinaryOperator> = new Set(['-', '&', '|', '^']);

/** Beside keys() or items() whatever there is a loop over is a set. */
function setOperands(a: Value, b: Value): readonly [Value, Value] {
  const [left, right] = [asSetOperand(a), asSetOperand(b)];
  if (left === a && right === b) return [a, b];
  const asSet = (value: Value): Value =>
    value instanceof SetValue ? value : setOf(elementsOf(value));
  return [asSet(left), asSet(right)];
}

/** Undefined: not a number. */
export const complexOf = (value: Value): Complex | undefined =>
  value instanceof Complex ? value : isNumeric(value) ? new Complex(floatOf(value), 0) : undefined;

const isDated = (value: Value): boolean =>
  value instanceof DateTime || value instanceof Delta || value instanceof DateOnly;

function numeric(
  operator: BinaryOperator,
  a: boolean | bigint | number,
  b: boolean | bigint | number,
): Value | undefined {
  if (typeof a === 'number' || typeof b === 'number') {
    const [left, right] = [floatOf(a), floatOf(b)];
    if (isComplexPower(operator, left, right))
      return complexOperation('**', new Complex(left, 0), new Complex(right, 0));
    return floatOperations[operator]?.(left, right);
  }
  const areBooleans = typeof a === 'boolean' && typeof b === 'boolean';
  const result = integerOperations[operator]?.(BigInt(a), BigInt(b));
  if (areBooleans && (operator === '&' || operator === '|' || operator === '^'))
    return result === 1n;
  return result;
}

const floatOf = (value: boolean | bigint | number): number =>
  typeof value === 'bigint' ? toFloat(value) : Number(value);

const containerOperations: Partial<Record<BinaryOperator, Operation>> = {
  '+': concatenate,
  '*': (a, b) => repeat(a, b) ?? repeat(b, a),
  '-': (a, b) => setOperation(a, b, (key, other) => !other.members.has(key)),
  '&': (a, b) => setOperation(a, b, (key, other) => other.members.has(key)),
  '|': union,
  '^': symmetricDifference,
  '%': (a, b) => (typeof a === 'string' ? formatPercent(a, b) : undefined),
};

function concatenate(a: Value, b: Value): Value | undefined {
  if (typeof a === 'string' && typeof b === 'string') {
    chargeText(a.length + b.length);
    return a + b;
  }
  if (a instanceof List && b instanceof List) {
    chargeElements(a.items.length + b.items.length);
    return new List([...a.items, ...b.items]);
  }
  if (a instanceof Tuple && b instanceof Tuple) {
    chargeElements(a.items.length + b.items.length);
    return new Tuple([...a.items, ...b.items]);
  }
  if (a instanceof Bytes && b instanceof Bytes) {
    chargeText(a.bytes.length + b.bytes.length);
    return new Bytes(Buffer.concat([a.bytes, b.bytes]));
  }
  return undefined;
}

function repeat(a: Value, b: Value): Value | undefined {
  if (typeof b !== 'bigint' && typeof b !== 'boolean') return undefined;
  const isSequence =
    typeof a === 'string' || a instanceof List || a instanceof Tuple || a instanceof Bytes;
  if (isSequence && typeof b === 'bigint' && b < -(1n << 63n))
    throw new QueryFailure('OverflowError', "cannot fit 'int' into an index-sized integer");
  // Beyond a float the count is refused all the same.
  const count = Math.max(0, Number(b));
  if (typeof a === 'string') {
    if (a === '') return '';
    chargeText(lengthOfText(a) * count);
    return a.repeat(count);
  }
  if (a instanceof List || a instanceof Tuple) {
    if (a.items.length === 0) return a;
    chargeElements(a.items.length * count);
    const items = Array.from({ length: count }, () => a.items).flat();
    return a instanceof List ? new List(items) : new Tuple(items);
  }
  if (a instanceof Bytes) {
    if (a.bytes.length === 0) return a;
    chargeText(a.bytes.length * count);
    chargeElements(count);
    return new Bytes(Buffer.concat(Array.from({ length: count }, () => a.bytes)));
  }
  return undefined;
}

function setOperation(
  a: Value,
  b: Value,
  keep: (key: never, other: SetValue) => boolean,
): Value | undefined {
  if (!(a instanceof SetValue) || !(b instanceof SetValue)) return undefined;
  chargeElements(a.members.size);
  const kept = [...a.members].filter(([key]) => keep(key as never, b));
  return new SetValue(new Map(kept), a.typeName);
}

function union(a: Value, b: Value): Value | undefined {
  if (a instanceof SetValue && b instanceof SetValue) {
    chargeElements(a.members.size + b.members.size);
    return setOf([...a.members.values(), ...b.members.values()], a.typeName);
  }
  if (a instanceof Dict && b instanceof Dict) {
    chargeElements(a.size + b.size);
    return dictOf([...a.entries.values(), ...b.entries.values()]);
  }
  return undefined;
}

function symmetricDifference(a: Value, b: Value): Value | undefined {
  if (!(a instanceof SetValue) || !(b instanceof SetValue)) return undefined;
  chargeElements(a.members.size + b.members.size);
  const left = [...a.members].filter(([key]) => !b.members.has(key));
  const right = [...b.members].filter(([key]) => !a.members.has(key));
  return new SetValue(new Map([...left, ...right]), a.typeName);
}

function unsupported(operator: string, a: Value, b: Value): QueryFailure {
  const word = operator === '&' ? 'and' : operator === '|' ? 'or' : undefined;
  const hint = word === undefined ? '' : `; conditions are joined by '${word}'`;
  return typeError(
    `unsupported operand types for ${operator}: '${typeNameOf(a)}' and '${typeNameOf(b)}'${hint}`,
    a === null || b === null,
  );
}

export type UnaryOperator = '-' | '+' | '~';

export function unary(operator: UnaryOperator, value: Value): Value {
  const operand = typeof value === 'boolean' ? BigInt(value) : value;
  if (typeof operand === 'bigint')
    return operator === '-' ? -operand : operator === '+' ? operand : ~operand;
  if (operator !== '~' && typeof operand === 'number') return operator === '-' ? -operand : operand;
  if (operator !== '~' && operand instanceof Complex)
    return operator === '-' ? new Complex(-operand.real, -operand.imag) : operand;
  if (operator !== '~' && operand instanceof Delta)
    return operator === '-' ? new Delta(-operand.micros) : operand;
  throw typeError(`bad operand type for unary ${operator}: '${typeNameOf(value)}'`, value === null);
}
