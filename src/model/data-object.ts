// Objects that hold data and nothing else: what a params object, a context and values by name may be.
//
// 1. At run time: a plain object, or an instance of classes that have fields alone. One that has methods,
//    accessors or a built-in above it, or no field, may hold what its fields do not say (a tensor, a
//    decimal, a Map): storing its fields would keep something else, so it is refused.
// 2. For TypeScript: whatever could be one. A value typed by an interface has no index signature, so
//    `Record<string, ...>` refuses it; its members are looked at one by one instead. What is `unknown`
//    is left to the check at run time.
//
// Test: test/model/data-object.test.ts, test/types.test.ts.

import type { Context } from './context.ts';
import { isPlainObject } from './given.ts';

/** What functions, arrays, dates, maps, sets, promises and typed arrays have, and no object of data. */
interface NotData {
  readonly [Symbol.hasInstance]?: never;
  readonly [Symbol.iterator]?: never;
  readonly [Symbol.toPrimitive]?: never;
  readonly [Symbol.toStringTag]?: never;
}

/** An object of data: plain, of an interface, or of a class that has fields alone. */
export type DataObject = Readonly<Record<string, unknown>> | (object & NotData);

/** A context as a program types it: `Context`, or an interface or class of the same kinds of values. */
export type ContextLike<Given> =
  | Context
  | (object & NotData & { readonly [Key in keyof Given]: InContext<Given[Key]> });

type InContext<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null | undefined
    ? Value
    : Value extends readonly (infer Element)[]
      ? readonly InContext<Exclude<Element, undefined>>[]
      : Value extends object
        ? ContextLike<Value>
        : never;

/** Values by the names of their metrics. One that is undefined is left out. */
export interface MetricValues {
  readonly [name: string]: number | bigint | boolean | undefined;
}

/** The same as a program types them: `MetricValues`, or an interface or class of such members. */
export type MetricValuesLike<Given> =
  | MetricValues
  | (object & NotData & { readonly [Key in keyof Given]: MetricValues[string] });

/** True for a plain object, and for an instance of classes that have fields alone. */
export function isDataObject(value: unknown): value is Record<string, unknown> {
  if (isPlainObject(value)) return true;
  // Of an instance that shows nothing all may be hidden.
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return false;
  let prototype: object | null = Object.getPrototypeOf(value);
  while (prototype !== null && hasFieldsAlone(prototype)) {
    prototype = Object.getPrototypeOf(prototype);
    if (prototype !== null && isRoot(prototype)) return true;
  }
  return false;
}

/** The prototype of a class without a method, an accessor or a symbol. */
function hasFieldsAlone(prototype: object): boolean {
  const [only, ...more] = Reflect.ownKeys(prototype);
  if (only !== 'constructor' || more.length > 0) return false;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, only)?.value;
  return typeof maker === 'function' && maker.prototype === prototype;
}

/** `Object.prototype`, of any realm. */
const isRoot = (prototype: object): boolean =>
  Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
