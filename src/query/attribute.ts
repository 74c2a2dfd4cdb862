// `value.name` and `value.name(...)`: names are looked up in our tables by type, nowhere else.
//
// 1. Of None every attribute is None: what a missing value has is missing too. Calling one is a
//    failure that says so.
// 2. The names of Python's dict methods are methods of params too; a member of such a name is read by
//    subscript.
//
// Spec: spec/query.md, Missing. Test: test/query/objects.test.ts.

import { nearest } from '../model/nearest.ts';
import { charge } from './budget.ts';
import {
  bytesMembers,
  dictMembers,
  dictNames,
  listMembers,
  rangeMembers,
  setMembers,
  sliceMembers,
  tupleMembers,
  viewMembers,
} from './collection-methods.ts';
import { Complex, complexMembers } from './complex.ts';
import { dateOnlyMembers, dateTimeMembers, deltaMembers } from './date-methods.ts';
import { DateOnly, DateTime, Delta } from './date-value.ts';
import { QueryFailure, typeError } from './failure.ts';
import type { MemberTable } from './methods.ts';
import { floatMembers, integerMembers } from './number-methods.ts';
import { QueryObject } from './query-object.ts';
import { Match, matchMembers, Pattern, patternMembers } from './regex.ts';
import type { Keywords } from './signature.ts';
import { stringMembers } from './string-methods.ts';
import {
  Bytes,
  Dict,
  DictView,
  FunctionValue,
  List,
  ModuleValue,
  NamedTuple,
  RangeValue,
  SetValue,
  SliceValue,
  Structure,
  Tuple,
  TypeValue,
  typeNameOf,
  type Value,
} from './value.ts';

type Table = MemberTable<never>;

const NONE: Table = { methods: new Map(), properties: new Map() };

/** Every table by the name that the page gives the type. */
export const tables: Readonly<Record<string, Table>> = {
  str: stringMembers,
  int: integerMembers,
  float: floatMembers,
  complex: complexMembers,
  list: listMembers,
  tuple: tupleMembers,
  dict: dictMembers,
  'keys, items': viewMembers,
  set: setMembers,
  range: rangeMembers,
  slice: sliceMembers,
  bytes: bytesMembers,
  datetime: dateTimeMembers,
  date: dateOnlyMembers,
  timedelta: deltaMembers,
  pattern: patternMembers,
  match: matchMembers,
};

function tableOf(value: Value): Table {
  switch (typeof value) {
    case 'string':
      return stringMembers;
    case 'number':
      return floatMembers;
    case 'bigint':
      return integerMembers;
    case 'boolean':
      return integerMembers;
    default:
      return value === null ? NONE : tableOfStructure(value);
  }
}

function tableOfStructure(value: Structure): Table {
  if (value instanceof Dict) return dictMembers;
  if (value instanceof List) return listMembers;
  if (value instanceof Tuple) return tupleMembers;
  if (value instanceof SetValue) return setMembers;
  if (value instanceof DateTime) return dateTimeMembers;
  if (value instanceof DateOnly) return dateOnlyMembers;
  if (value instanceof Delta) return deltaMembers;
  if (value instanceof Match) return matchMembers;
  if (value instanceof Pattern) return patternMembers;
  if (value instanceof DictView) return viewMembers;
  if (value instanceof RangeValue) return rangeMembers;
  if (value instanceof SliceValue) return sliceMembers;
  if (value instanceof Complex) return complexMembers;
  return value instanceof Bytes ? bytesMembers : NONE;
}

export function attribute(object: Value, name: string): Value {
  if (object === null) return null;
  if (object instanceof QueryObject) return object.attribute(name);
  if (object instanceof Dict && object.isLenient && !dictNames.has(name))
    return object.getByName(name) ?? null;
  if (object instanceof ModuleValue || object instanceof TypeValue) {
    const member = object.members.get(name);
    if (member !== undefined) return member;
    const own = object instanceof TypeValue ? methodOfType(object, name) : undefined;
    if (own !== undefined) return own;
    throw unknown(object, name, object.members.keys());
  }
  const place = object instanceof NamedTuple ? object.names.indexOf(name) : -1;
  if (place >= 0) return (object as NamedTuple).items[place] as Value;
  const table = tableOf(object);
  const self = (typeof object === 'boolean' ? BigInt(object) : object) as never;
  const property = table.properties.get(name);
  if (property !== undefined) return property(self);
  const method = table.methods.get(name);
  if (method !== undefined) {
    const { signature, body } = method;
    return new FunctionValue(name, (given, keywords) =>
      body(self, ...signature.bind(given, keywords)),
    );
  }
  throw unknown(object, name, [...table.methods.keys(), ...table.properties.keys()]);
}

/** `object.name(...)` without making a value of the method. */
export function callMethod(
  object: Value,
  name: string,
  given: readonly Value[],
  keywords: Keywords,
): Value {
  charge(CALL_STEPS);
  if (object === null) throw typeError(`None has no method ${name}()`, true);
  if (object instanceof QueryObject) {
    const method = object.method(name);
    if (method !== undefined) return method(given, keywords);
  } else {
    const method = tableOf(object).methods.get(name);
    if (method !== undefined) {
      const self = (typeof object === 'boolean' ? BigInt(object) : object) as never;
      return method.body(self, ...method.signature.bind(given, keywords));
    }
  }
  const found = attribute(object, name);
  if (found === null && object instanceof QueryObject)
    throw typeError(`'${object.typeName}' has no method ${name}()`, true);
  return call(found, given, keywords);
}

/** `str.lower`, whose object is its first argument. */
export function methodOfType(type: TypeValue, name: string): FunctionValue | undefined {
  const method = Object.hasOwn(tables, type.name)
    ? tables[type.name]?.methods.get(name)
    : undefined;
  if (method === undefined) return undefined;
  return new FunctionValue(name, ([self, ...given], keywords) => {
    if (self === undefined || !type.has(self))
      throw typeError(`${type.name}.${name}() takes a ${type.name} first`, self === null);
    return callMethod(self, name, given, keywords);
  });
}

/** What a call costs by itself. */
const CALL_STEPS = 3;

export function call(callee: Value, given: readonly Value[], keywords: Keywords): Value {
  charge(CALL_STEPS);
  if (callee instanceof FunctionValue || callee instanceof TypeValue)
    return callee.call(given, keywords);
  throw typeError(`'${typeNameOf(callee)}' object is not callable`, callee === null);
}

function unknown(object: Value, name: string, known: Iterable<string>): QueryFailure {
  const near = nearest(name, known);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  const what = object instanceof Structure && 'name' in object ? object.name : typeNameOf(object);
  return new QueryFailure('AttributeError', `'${what}' has no '${name}'${hint}`);
}
