// Params: which values may be stored, and the tree they are kept in.
//
// A value is spelled when it is set: checked throughout and copied, so that nothing the caller does
// later changes it and nothing after this point can refuse it. Spelled are null, booleans, numbers
// (NaN, infinities and -0 as they are), well-formed strings, bigints within int64, and Date,
// Uint8Array (a Buffer becomes one), the other typed arrays but Float16Array, Map, Set, arrays and
// objects of such values: plain ones, and instances of classes that have fields alone, as their fields.
//
// 1. Order of members is kept, as far as objects keep it. A member that is undefined is left out;
//    elsewhere undefined is refused, as are functions, symbols, and instances of any other class (also
//    ArrayBuffer, DataView, boxed primitives, and classes derived from Map, Set, Date or Array). `toJSON`
//    is not called: it is a function, and so refused.
// 2. Spelled objects and arrays are frozen. A tree copies a frozen object before it changes it, so
//    spelled values may be shared.
// 3. What is read is a copy: callers cannot change what is stored.
//
// Spec: spec/records.md. Test: test/model/params.test.ts.

import { types } from 'node:util';
import { limits } from '../limits.ts';
import { isDataObject } from './data-object.ts';
import { given, isPlainObject, memberPath, setMember, shownPlace } from './given.ts';

/** Keys from the top of the params; none for the whole. */
export type ParamsPath = readonly string[];

/** The params of a run: spelled values by key. Changed by `setParam` and `unsetParam` only. */
export type ParamsTree = Record<string, unknown>;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * The path of `key`: a string is one key, an array is a path.
 *
 * @throws TypeError, RangeError naming `argument`.
 */
export function checkParamsPath(key: unknown, argument = 'key'): ParamsPath {
  const keys: readonly unknown[] = Array.isArray(key) ? key : [key];
  if (keys.length === 0)
    throw new RangeError(`${argument}: expected at least one key, got an empty array`);
  if (keys.length > limits.paramsDepthMax) {
    throw new RangeError(
      `${argument}: ${keys.length} keys, at most ${limits.paramsDepthMax} (paramsDepthMax)`,
    );
  }
  for (const [index, each] of keys.entries()) {
    const place = Array.isArray(key) ? `${argument}[${index}]` : argument;
    if (typeof each !== 'string')
      throw new TypeError(`${place}: expected a string, got ${given(each)}`);
    if (!each.isWellFormed())
      throw new TypeError(`${place}: not well-formed Unicode, got ${given(each)}`);
  }
  return Array.from(keys as readonly string[]);
}

/**
 * A frozen copy of `value`, to be kept at `path`. Its depth counts from the top of the params.
 *
 * @throws TypeError naming the place, as `params.hparams.layers[3]`, of what cannot be stored.
 */
export function spellParams(value: unknown, path: ParamsPath = []): unknown {
  return spell(value, path.reduce(memberPath, 'params'), path.length);
}

function spell(value: unknown, place: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed())
        throw new TypeError(`${shownPlace(place)}: not well-formed Unicode, got ${given(value)}`);
      return value;
    case 'bigint':
      if (value < INT64_MIN || value > INT64_MAX) {
        throw new TypeError(
          `${shownPlace(place)}: an integer beyond 64 bits cannot be stored, got ${given(value)}`,
        );
      }
      return value;
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : spellObject(value, place, depth);
    default:
      throw new TypeError(`${shownPlace(place)}: ${given(value)} cannot be stored`);
  }
}

function spellObject(value: object, place: string, depth: number): unknown {
  if (types.isTypedArray(value)) {
    const copy = copyOfTypedArray(value);
    if (copy === undefined)
      throw new TypeError(`${shownPlace(place)}: ${given(value)} cannot be stored`);
    return copy;
  }
  if (types.isDate(value) && isOfBuiltIn(value)) {
    if (Number.isNaN(value.getTime()))
      throw new TypeError(`${shownPlace(place)}: an invalid Date cannot be stored`);
    return new Date(value.getTime());
  }
  if (depth >= limits.paramsDepthMax) {
    throw new TypeError(
      `${shownPlace(place)}: nested deeper than ${limits.paramsDepthMax} (paramsDepthMax), or a cycle`,
    );
  }
  const inner = (each: unknown, step: string): unknown => spell(each, `${place}${step}`, depth + 1);
  if (Array.isArray(value) && isOfBuiltIn(value)) {
    return Object.freeze(Array.from(value, (each, index) => inner(each, `[${index}]`)));
  }
  if (types.isMap(value) && isOfBuiltIn(value)) {
    const entry = ([key, each]: [unknown, unknown], index: number): [unknown, unknown] => [
      inner(key, `.keys()[${index}]`),
      inner(each, `.values()[${index}]`),
    ];
    return new Map(Array.from(value, entry));
  }
  if (types.isSet(value) && isOfBuiltIn(value)) {
    return new Set(Array.from(value, (each, index) => inner(each, `.values()[${index}]`)));
  }
  if (isDataObject(value)) return spellMembers(value, place, depth);
  const hasFields = !Array.isArray(value) && Object.keys(value).length > 0;
  const hint = hasFields ? '; give its fields, as { ...value }' : '';
  throw new TypeError(`${shownPlace(place)}: ${given(value)} cannot be stored${hint}`);
}

function spellMembers(value: Record<string, unknown>, place: string, depth: number): unknown {
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) {
      throw new TypeError(`${shownPlace(place)}: a key that is a symbol cannot be stored`);
    }
  }
  const spelled: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    const memberPlace = memberPath(place, key);
    if (!key.isWellFormed())
      throw new TypeError(`${shownPlace(memberPlace)}: the key is not well-formed Unicode`);
    if (member !== undefined) setMember(spelled, key, spell(member, memberPlace, depth + 1));
  }
  return Object.freeze(spelled);
}

/** False for an instance of a derived class, which would be read back as something else. */
function isOfBuiltIn(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype !== null && isPlainObject(prototype);
}

/** The typed arrays that each supported Node.js has; Float16Array is younger. */
const typedArrayKinds = new Map<string, new (buffer: ArrayBuffer) => NodeJS.TypedArray>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((kind) => [kind.name, kind]),
);

/**
 * A copy in memory of its own: a view could hold a buffer of any size, or one that others write.
 * Undefined for a kind that is not stored.
 */
function copyOfTypedArray(value: NodeJS.TypedArray): NodeJS.TypedArray | undefined {
  const Kind = typedArrayKinds.get(value[Symbol.toStringTag]);
  if (Kind === undefined) return undefined;
  return new Kind(
    Uint8Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)).buffer,
  );
}

/** A copy of a spelled value, for the caller to keep and change. */
export function readParams(spelled: unknown): unknown {
  if (typeof spelled !== 'object' || spelled === null) return spelled;
  if (Array.isArray(spelled)) return spelled.map(readParams);
  if (spelled instanceof Map) {
    return new Map(Array.from(spelled, ([key, value]) => [readParams(key), readParams(value)]));
  }
  if (spelled instanceof Set) return new Set(Array.from(spelled, readParams));
  if (spelled instanceof Date) return new Date(spelled.getTime());
  if (types.isTypedArray(spelled)) return copyOfTypedArray(spelled);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(spelled)) {
    setMember(copy, key, readParams((spelled as Record<string, unknown>)[key]));
  }
  return copy;
}

/**
 * A copy of what is kept at `path`, the whole for an empty one, undefined where there is nothing.
 * Beside keys of objects a path may hold indexes of arrays.
 */
export function getParam(tree: ParamsTree, path: readonly (string | number)[]): unknown {
  let value: unknown = tree;
  for (const key of path) {
    const fits = Array.isArray(value)
      ? Number.isInteger(key)
      : typeof key === 'string' && isPlainObject(value);
    if (!fits || !Object.hasOwn(value as object, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return readParams(value);
}

/**
 * Keeps a spelled value at `path`, in place of what is there. Parents that are missing, or are no
 * plain objects, become objects: what is stored does not depend on what another writer has set.
 * Requires: a path of one key at least.
 */
export function setParam(tree: ParamsTree, path: ParamsPath, spelled: unknown): void {
  let parent = tree;
  for (const key of path.slice(0, -1)) parent = ownMember(parent, key);
  setMember(parent, path[path.length - 1] as string, spelled);
}

/** @throws TypeError where `path` leads into an array, which is stored as a whole. */
export function refuseArrays(tree: ParamsTree, path: ParamsPath): void {
  let value: unknown = tree;
  for (const [index, key] of path.entries()) {
    if (Array.isArray(value))
      throw new TypeError(
        `key[${index}]: ${path.slice(0, index).reduce(memberPath, 'params')} is an array; set the whole of it`,
      );
    if (!isPlainObject(value)) return;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
}

/** Removes what is kept at `path`; false where there is nothing. Parents stay, empty or not. */
export function unsetParam(tree: ParamsTree, path: ParamsPath): boolean {
  let exists: unknown = tree;
  for (const key of path) {
    if (!isPlainObject(exists) || !Object.hasOwn(exists, key)) return false;
    exists = exists[key];
  }
  let parent = tree;
  for (const key of path.slice(0, -1)) parent = ownMember(parent, key);
  return delete parent[path[path.length - 1] as string];
}

/** The object at `key` of `parent`, made or copied so that it may be changed. */
function ownMember(parent: ParamsTree, key: string): ParamsTree {
  const member = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (isPlainObject(member) && !Object.isFrozen(member)) return member;
  const own: ParamsTree = {};
  if (isPlainObject(member))
    for (const each of Object.keys(member)) setMember(own, each, member[each]);
  setMember(parent, key, own);
  return own;
}
