// Arithmetic of dates and durations.
//
// Spec: spec/query.md, Types. Test: test/query/dates.test.ts.

import { charge } from './budget.ts';
import { DateOnly, DateTime, Delta, floorDays, MICROS_OF_DAY } from './date-value.ts';
import { QueryFailure } from './failure.ts';
import { divideIntegers, exactRatio, floorDivide, modulo, roundQuotient } from './number.ts';
import type { Value } from './value.ts';

/** Undefined: these types do not know the operator. */
export function dateOperation(operator: string, a: Value, b: Value): Value | undefined {
  charge(4);
  if (a instanceof Delta && b instanceof Delta) return ofDeltas(operator, a.micros, b.micros);
  if (a instanceof DateTime) return ofDateTime(operator, a, b);
  if (a instanceof DateOnly) return ofDateOnly(operator, a, b);
  if (a instanceof Delta) {
    if (operator === '+' && b instanceof DateTime) return new DateTime(a.micros + b.micros);
    if (operator === '+' && b instanceof DateOnly) return dayLater(b, a.micros);
    return ofDeltaAndNumber(operator, a.micros, b);
  }
  return operator === '*' && b instanceof Delta ? ofDeltaAndNumber('*', b.micros, a) : undefined;
}

function ofDateTime(operator: string, a: DateTime, b: Value): Value | undefined {
  if (b instanceof Delta) {
    if (operator === '+') return new DateTime(a.micros + b.micros);
    return operator === '-' ? new DateTime(a.micros - b.micros) : undefined;
  }
  return operator === '-' && b instanceof DateTime ? new Delta(a.micros - b.micros) : undefined;
}

function ofDateOnly(operator: string, a: DateOnly, b: Value): Value | undefined {
  if (b instanceof Delta) {
    if (operator === '+') return dayLater(a, b.micros);
    return operator === '-' ? dayLater(a, -(floorDays(b.micros) * MICROS_OF_DAY)) : undefined;
  }
  return operator === '-' && b instanceof DateOnly ? new Delta(a.micros - b.micros) : undefined;
}

const dayLater = (day: DateOnly, micros: bigint): DateOnly =>
  new DateOnly(day.micros + floorDays(micros) * MICROS_OF_DAY);

function ofDeltas(operator: string, a: bigint, b: bigint): Value | undefined {
  switch (operator) {
    case '+':
      return new Delta(a + b);
    case '-':
      return new Delta(a - b);
    case '/':
      return divideIntegers(a, b);
    case '//':
      return floorDivide(a, b);
    case '%':
      return new Delta(modulo(a, b));
    default:
      return undefined;
  }
}

function ofDeltaAndNumber(operator: string, micros: bigint, by: Value): Value | undefined {
  const number = typeof by === 'boolean' ? BigInt(by) : by;
  if (typeof number === 'bigint') {
    if (operator === '*') return new Delta(micros * number);
    if (number === 0n && (operator === '/' || operator === '//'))
      throw new QueryFailure('ZeroDivisionError', 'division by zero');
    if (operator === '//') return new Delta(floorDivide(micros, number));
    if (operator === '/') return new Delta(rounded(micros, number));
    return undefined;
  }
  if (typeof number !== 'number' || (operator !== '*' && operator !== '/')) return undefined;
  const [top, bottom] = exactRatio(number);
  if (operator === '*') return new Delta(rounded(micros * top, bottom));
  if (top === 0n) throw new QueryFailure('ZeroDivisionError', 'division by zero');
  return new Delta(rounded(micros * bottom, top));
}

const rounded = (top: bigint, bottom: bigint): bigint =>
  bottom < 0n ? roundQuotient(-top, -bottom) : roundQuotient(top, bottom);
