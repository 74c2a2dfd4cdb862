// What a loop over a value gives, and the makers of collections that pay for what they hold.
//
// Test: test/query/functions.test.ts.

import { charge, chargeElements } from './budget.ts';
import { keyOf } from './compare.ts';
import { typeError } from './failure.ts';
import { QueryObject } from './query-object.ts';
import { charactersOf } from './text.ts';
import {
  Bytes,
  Dict,
  DictView,
  type Key,
  List,
  RangeValue,
  SetValue,
  Stream,
  Structure,
  Tuple,
  typeNameOf,
  type Value,
} from './value.ts';

/** Elements one by one; each costs a step. @throws QueryFailure TypeError: no loop over it. */
export function iterate(value: Value): Iterable<Value> {
  if (value instanceof Stream) return value.iterator;
  if (value instanceof RangeValue) return elementsOfRange(value);
  return elementsOf(value);
}

function* elementsOfRange(range: RangeValue): Generator<Value> {
  for (let index = 0; index < range.length; index += 1) {
    charge(1);
    yield range.at(index);
  }
}

/** All elements at once. */
export function elementsOf(value: Value): readonly Value[] {
  if (typeof value === 'string') {
    chargeElements(value.length);
    return charactersOf(value);
  }
  if (value instanceof Structure) {
    const elements = elementsOfStructure(value);
    if (elements !== undefined) {
      chargeElements(elements.length);
      return elements;
    }
  }
  throw typeError(`'${typeNameOf(value)}' object is not iterable`, value === null);
}

function elementsOfStructure(value: Structure): readonly Value[] | undefined {
  if (value instanceof List || value instanceof Tuple) return value.items;
  if (value instanceof SetValue) return [...value.members.values()];
  if (value instanceof Dict) return Array.from(value.entries.values(), ([key]) => key);
  if (value instanceof DictView) return elementsOfView(value);
  if (value instanceof Bytes) return Array.from(value.bytes, BigInt);
  if (value instanceof RangeValue) {
    chargeElements(value.length);
    return Array.from({ length: value.length }, (_, index) => value.at(index));
  }
  if (value instanceof QueryObject) return value.elements();
  return value instanceof Stream ? drained(value.iterator) : undefined;
}

/** What is left of a stream; pays as it goes, since nothing says how much there is. */
function drained(iterator: IterableIterator<Value>): Value[] {
  const elements: Value[] = [];
  for (const each of iterator) {
    charge(1);
    elements.push(each);
  }
  return elements;
}

function elementsOfView({ typeName, dict }: DictView): Value[] {
  const entries = [...dict.entries.values()];
  if (typeName === 'dict_keys') return entries.map(([key]) => key);
  if (typeName === 'dict_values') return entries.map(([, value]) => value);
  return entries.map((entry) => new Tuple(entry));
}

export function setOf(elements: Iterable<Value>, typeName: 'set' | 'frozenset' = 'set'): SetValue {
  const members = new Map<Key, Value>();
  for (const each of elements) {
    const key = keyOf(each);
    // The first of equal members stays, as in Python.
    if (!members.has(key)) members.set(key, each);
  }
  return new SetValue(members, typeName);
}

export function dictOf(pairs: Iterable<readonly [Value, Value]>): Dict {
  const entries = new Map<Key, readonly [Value, Value]>();
  for (const [name, value] of pairs) {
    const key = keyOf(name);
    entries.set(key, [entries.get(key)?.[0] ?? name, value]);
  }
  return new Dict(entries);
}
