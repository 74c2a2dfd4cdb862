// `value in container`.
//
// Test: test/query/cpython.test.ts.

import { charge } from './budget.ts';
import { placeInBytes, rangePlace } from './collection-methods.ts';
import { isSame, keyOf } from './compare.ts';
import { typeError } from './failure.ts';
import { elementsOf, iterate } from './iterate.ts';
import { QueryObject } from './query-object.ts';
import {
  Bytes,
  Dict,
  DictView,
  List,
  RangeValue,
  SetValue,
  Stream,
  Structure,
  Tuple,
  typeNameOf,
  type Value,
} from './value.ts';

export function contains(container: Value, value: Value): boolean {
  if (typeof container === 'string') {
    if (typeof value !== 'string')
      throw typeError(
        `'in <string>' requires a string as left operand, not ${typeNameOf(value)}`,
        value === null,
      );
    charge(container.length >>> 5);
    return container.includes(value);
  }
  if (container instanceof Structure) return structureHas(container, value);
  throw typeError(
    `argument of type '${typeNameOf(container)}' is not iterable`,
    container === null,
  );
}

function structureHas(container: Structure, value: Value): boolean {
  if (container instanceof List || container instanceof Tuple) {
    charge(container.items.length);
    return container.items.some((each) => isSame(each, value));
  }
  if (container instanceof SetValue) return container.members.has(keyOf(value));
  if (container instanceof Dict) {
    if (typeof value === 'string') return container.getByName(value) !== undefined;
    return container.entries.has(keyOf(value));
  }
  if (container instanceof RangeValue) return rangePlace(container, value) >= 0;
  if (container instanceof Bytes) return placeInBytes(container, value) >= 0;
  if (container instanceof QueryObject) return container.has(value);
  if (container instanceof Stream) {
    for (const each of iterate(container)) if (isSame(each, value)) return true;
    return false;
  }
  // A key is looked up: what cannot be one fails.
  if (container instanceof DictView && container.typeName === 'dict_keys')
    return container.dict.entries.has(keyOf(value));
  return elementsOf(container).some((each) => isSame(each, value));
}
