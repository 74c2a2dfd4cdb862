// A value of a query as a plain value of JavaScript: for contexts, for output, for order.
//
// Test: test/query/objects.test.ts.

import { charge, chargeElements } from './budget.ts';
import { DateOnly, DateTime, Delta } from './date-value.ts';
import { elementsOf } from './iterate.ts';
import { QueryObject } from './query-object.ts';
import { represent } from './represent.ts';
import {
  Bytes,
  Dict,
  DictView,
  List,
  RangeValue,
  SetValue,
  Stream,
  Tuple,
  type Value,
} from './value.ts';

/**
 * Numbers where they are exact, bigints beyond; lists as arrays, dicts as objects with their keys as
 * text, dates as Date, durations in seconds, an object of the query as its text.
 */
export function toPlain(value: Value): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Dict) {
    // Shared dicts could make an exponentially large tree.
    chargeElements(value.size);
    charge(4 + value.size);
    const members = Array.from(value.entries.values(), ([key, each]): [string, unknown] => [
      typeof key === 'string' ? key : represent(key),
      toPlain(each),
    ]);
    return Object.fromEntries(members);
  }
  if (value instanceof DateTime || value instanceof DateOnly)
    return new Date(Number(value.micros) / 1000);
  if (value instanceof Delta) return Number(value.micros) / 1e6;
  if (value instanceof Bytes) return Uint8Array.from(value.bytes);
  if (
    value instanceof List ||
    value instanceof Tuple ||
    value instanceof SetValue ||
    value instanceof RangeValue ||
    value instanceof DictView ||
    value instanceof Stream
  )
    return elementsOf(value).map(toPlain);
  return value instanceof QueryObject ? value.text() : represent(value);
}

/** Ranks of types where no order is said: numbers, then texts, dates, the rest; None is last. */
function rankOf(value: unknown): number {
  if (value === null || value === undefined || Number.isNaN(value)) return 9;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return 1;
  if (typeof value === 'string') return 2;
  return value instanceof Date ? 3 : Array.isArray(value) ? 4 : 5;
}

/** As `comparePlain`, the other way round if `descending`: what is missing and NaN is last either way. */
export function orderPlain(a: unknown, b: unknown, descending: boolean): number {
  const order = comparePlain(a, b);
  return descending && !isNothing(a) && !isNothing(b) ? -order : order;
}

const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || Number.isNaN(value);

/**
 * A total order of plain values, for `order`: of one kind as Python has it, of several by kind; what is
 * missing and NaN is last.
 */
export function comparePlain(a: unknown, b: unknown): number {
  const difference = rankOf(a) - rankOf(b);
  if (difference !== 0) return difference;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < a.length && index < b.length; index += 1) {
      const order = comparePlain(a[index], b[index]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (typeof a === 'object' && !(a instanceof Date)) return 0;
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
