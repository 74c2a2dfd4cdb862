// Params and contexts, as they are stored, as values of a query.
//
// 1. A number is an int if it is a safe integer and not minus zero, else a float: JavaScript has no
//    1.0 beside 1. A bigint is an int.
// 2. Objects are turned into values member by member, when asked: a query that reads one of 150
//    params does not pay for the others.
// 3. Members that JavaScript inherits are not there: only own ones are looked up.
//
// Spec: spec/query.md, Numbers and Missing. Test: test/query/objects.test.ts.

import { charge, chargeElements } from './budget.ts';
import { keyOf } from './compare.ts';
import { dateTimeOfMs } from './date-value.ts';
import {
  Bytes,
  Dict,
  EllipsisValue,
  type Entries,
  type Key,
  List,
  type Members,
  SetValue,
  type Value,
} from './value.ts';

export function fromParams(stored: unknown): Value {
  switch (typeof stored) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return stored;
    case 'number':
      return fromNumber(stored);
    case 'object':
      return stored === null ? null : fromObject(stored);
    default:
      return null;
  }
}

export const fromNumber = (stored: number): bigint | number =>
  Number.isSafeInteger(stored) && !Object.is(stored, -0) ? BigInt(stored) : stored;

function fromObject(stored: object): Value {
  if (Array.isArray(stored)) {
    return new List(() => {
      chargeElements(stored.length);
      return stored.map(fromParams);
    });
  }
  if (stored instanceof Map) return new Dict(entriesOfMap(stored), true);
  if (stored instanceof Set) {
    chargeElements(stored.size);
    return new SetValue(new Map([...stored].map(keyed)));
  }
  if (stored instanceof Date) return dateTimeOfMs(stored.getTime());
  if (stored instanceof Uint8Array) return new Bytes(stored);
  if (ArrayBuffer.isView(stored)) return fromTypedArray(stored as NodeJS.TypedArray);
  return new Dict(new StoredMembers(stored as Record<string, unknown>), true);
}

function fromTypedArray(stored: NodeJS.TypedArray): List {
  const isFloat = stored instanceof Float32Array || stored instanceof Float64Array;
  return new List(() => {
    chargeElements(stored.length);
    return Array.from(stored as Iterable<number | bigint>, (each) =>
      isFloat ? each : BigInt(each),
    );
  });
}

function keyed(stored: unknown): [Key, Value] {
  // An array or object as a member or key is one by identity in JavaScript: nothing equals it here.
  const value = fromParams(stored);
  return [
    value instanceof List || value instanceof Dict ? new EllipsisValue() : keyOf(value),
    value,
  ];
}

function entriesOfMap(stored: ReadonlyMap<unknown, unknown>): Entries {
  // Each is a key and a pair.
  chargeElements(stored.size);
  charge(stored.size);
  return new Map(
    Array.from(stored, ([key, value]) => {
      const [found, shown] = keyed(key);
      return [found, [shown, fromParams(value)] as const];
    }),
  );
}

class StoredMembers implements Members {
  readonly #stored: Record<string, unknown>;

  constructor(stored: Record<string, unknown>) {
    this.#stored = stored;
  }

  get(name: string): Value | undefined {
    return Object.hasOwn(this.#stored, name) ? fromParams(this.#stored[name]) : undefined;
  }

  entries(): Entries {
    const names = Object.keys(this.#stored);
    chargeElements(names.length);
    return new Map(
      names.map((name) => [keyOf(name), [name, fromParams(this.#stored[name])] as const]),
    );
  }

  get size(): number {
    const { length } = Object.keys(this.#stored);
    // Counted anew for each value that is made of them.
    charge(2 + (length >>> 1));
    return length;
  }
}

/** What the path leads to through own members and entries; undefined where there is nothing. */
export function storedAt(stored: unknown, path: readonly string[]): unknown {
  let place = stored;
  for (const name of path) {
    if (typeof place !== 'object' || place === null) return undefined;
    if (place instanceof Map) place = place.get(name);
    else if (Object.getPrototypeOf(place) !== Object.prototype && !isBare(place)) return undefined;
    else place = Object.hasOwn(place, name) ? (place as Record<string, unknown>)[name] : undefined;
  }
  return place;
}

const isBare = (stored: object): boolean => Object.getPrototypeOf(stored) === null;
