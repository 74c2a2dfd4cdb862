// The context of a sequence: its one canonical text, and the cache that finds it fast.
//
// 1. Equal contexts have equal texts: JSON without spaces, keys sorted by UTF-16 code units. Order
//    of keys does not count, 1 and 1.0 are one number, so are 0 and -0. A member that is undefined is left
//    out, as of params: an optional property of TypeScript that nobody has set.
// 2. The cache reads a context anew at each call. One that was changed after an earlier call is
//    another context.
//
// Spec: spec/records.md. Test: test/model/context.test.ts.

import { limits } from '../limits.ts';
import { isDataObject } from './data-object.ts';
import { given, memberPath, shownPlace } from './given.ts';

/** What a context may hold; numbers are finite. */
export type ContextValue = string | number | boolean | null | readonly ContextValue[] | Context;

/** What tells sequences of one name apart, as `{ subset: 'val' }`. The order of keys does not count. */
export interface Context {
  readonly [key: string]: ContextValue;
}

/**
 * The canonical text of `context`; undefined is the empty one. Members whose key is a symbol do not
 * count.
 *
 * @throws TypeError naming the place, as `context.layer[2]`, of anything but well-formed strings,
 * finite numbers, booleans, null, arrays and plain objects; RangeError when it is too large.
 */
export function canonicalContext(context: unknown): string {
  if (context === undefined) return '{}';
  if (!isDataObject(context))
    throw new TypeError(`context: expected an object, got ${given(context)}`);
  const text = textOf(context, 'context', 0);
  const size = Buffer.byteLength(text);
  if (size > limits.contextSizeMax) {
    throw new RangeError(
      `context: ${size} bytes, at most ${limits.contextSizeMax} (contextSizeMax)`,
    );
  }
  return text;
}

function textOf(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed())
        throw new TypeError(`${shownPlace(path)}: not well-formed Unicode, got ${given(value)}`);
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value))
        throw new TypeError(`${shownPlace(path)}: expected a finite number, got ${given(value)}`);
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : textOfContainer(value, path, depth);
    default:
      throw new TypeError(
        `${shownPlace(path)}: expected a string, number, boolean, null, array or object, got ${given(value)}`,
      );
  }
}

function textOfContainer(value: object, path: string, depth: number): string {
  if (depth >= limits.paramsDepthMax) {
    throw new TypeError(
      `${shownPlace(path)}: nested deeper than ${limits.paramsDepthMax} (paramsDepthMax), or a cycle`,
    );
  }
  if (Array.isArray(value)) {
    const elements = Array.from(value, (each, index) =>
      textOf(each, `${path}[${index}]`, depth + 1),
    );
    return `[${elements.join(',')}]`;
  }
  if (!isDataObject(value))
    throw new TypeError(`${shownPlace(path)}: expected a plain object, got ${given(value)}`);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => {
      const place = memberPath(path, key);
      if (!key.isWellFormed())
        throw new TypeError(`${shownPlace(place)}: the key is not well-formed Unicode`);
      return `${JSON.stringify(key)}:${textOf(value[key], place, depth + 1)}`;
    });
  return `{${members.join(',')}}`;
}

/** The context of a canonical text, frozen. Requires: `text` is canonical. */
export const parseContext = (text: string): Context => freeze(JSON.parse(text)) as Context;

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}

/** What a cache knows of one context; the same object each time the context is met. */
export interface ContextEntry<T> {
  readonly text: string;
  /** Counted from 0 in the order of first use. */
  readonly id: number;
  /** For the owner of the cache: what it keeps by name in this context. */
  readonly slots: Map<string, T>;
}

const OPEN_OBJECT = Symbol('object');
const OPEN_ARRAY = Symbol('array');
const CLOSE = Symbol('close');

/**
 * Spellings that one cache remembers, in nodes of about 100 bytes. Beyond it, contexts in a new order
 * of keys or with new values are found by their text, in about a microsecond.
 */
const NODE_COUNT_MAX = 1 << 17;

/**
 * One place in the spellings met so far: keys and values in the order in which objects give them.
 * Most places have one continuation, which is compared before the map is asked.
 */
class Node<T> {
  token: unknown = undefined;
  child: Node<T> | undefined = undefined;
  others: Map<unknown, Node<T>> | undefined = undefined;
  entry: ContextEntry<T> | undefined = undefined;
}

/**
 * Finds the entry of a context without making its text, whether the same object comes again or an
 * equal one is made for each call.
 */
export class ContextCache<T> {
  readonly #root = new Node<T>();
  readonly #byText = new Map<string, ContextEntry<T>>();
  #nodeCount = 1;

  /** @throws TypeError, RangeError as `canonicalContext`. */
  get(context: object | undefined): ContextEntry<T> {
    if (
      typeof context === 'object' &&
      context !== null &&
      // Says nothing by itself; but where it was read, the compiler knows the prototype and need not ask.
      context.constructor === Object &&
      Object.getPrototypeOf(context) === Object.prototype
    ) {
      const entry = find(this.#root, context as Record<string, unknown>)?.entry;
      if (entry !== undefined) return entry;
    }
    return this.#add(context);
  }

  /** The entry of a canonical text: of a sequence that was read, not tracked. */
  getByText(text: string): ContextEntry<T> {
    let entry = this.#byText.get(text);
    if (entry === undefined) {
      entry = { text, id: this.#byText.size, slots: new Map() };
      this.#byText.set(text, entry);
    }
    return entry;
  }

  get size(): number {
    return this.#byText.size;
  }

  #add(context: object | undefined): ContextEntry<T> {
    const entry = this.getByText(canonicalContext(context));
    if (context !== undefined && this.#nodeCount < NODE_COUNT_MAX) {
      this.#insert(this.#root, context as Context).entry = entry;
    }
    return entry;
  }

  /** Adds the spelling of a checked object; returns the node after its last value. */
  #insert(start: Node<T>, object: Context): Node<T> {
    let node = start;
    for (const key of Object.keys(object))
      node = this.#insertValue(this.#step(node, key), object[key]);
    return node;
  }

  #insertValue(node: Node<T>, value: ContextValue | undefined): Node<T> {
    if (typeof value !== 'object' || value === null) return this.#step(node, value);
    if (!Array.isArray(value)) {
      return this.#step(this.#insert(this.#step(node, OPEN_OBJECT), value as Context), CLOSE);
    }
    let inner = this.#step(node, OPEN_ARRAY);
    for (const each of value as readonly ContextValue[]) inner = this.#insertValue(inner, each);
    return this.#step(inner, CLOSE);
  }

  #step(node: Node<T>, token: unknown): Node<T> {
    const known = next(node, token);
    if (known !== undefined) return known;
    this.#nodeCount += 1;
    const child = new Node<T>();
    if (node.child === undefined) {
      node.token = token;
      node.child = child;
    } else {
      node.others ??= new Map();
      node.others.set(token, child);
    }
    return child;
  }
}

function next<T>(node: Node<T>, token: unknown): Node<T> | undefined {
  return node.token === token ? node.child : node.others?.get(token);
}

/** The node after the last value of `object`, where this spelling was met before. */
function find<T>(start: Node<T>, object: Record<string, unknown>): Node<T> | undefined {
  let node: Node<T> | undefined = start;
  // Only own members: the prototype was compared, and has none that enumerate.
  for (const key in object) {
    node = next(node, key);
    if (node === undefined) return undefined;
    const value = object[key];
    node =
      typeof value !== 'object' || value === null ? next(node, value) : findContainer(node, value);
    if (node === undefined) return undefined;
  }
  return node;
}

function findContainer<T>(start: Node<T>, value: object): Node<T> | undefined {
  if (!Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
    const open = next(start, OPEN_OBJECT);
    const last = open && find(open, value as Record<string, unknown>);
    return last && next(last, CLOSE);
  }
  let node = next(start, OPEN_ARRAY);
  for (let index = 0; node !== undefined && index < value.length; index += 1) {
    const each: unknown = value[index];
    node = typeof each !== 'object' || each === null ? next(node, each) : findContainer(node, each);
  }
  return node && next(node, CLOSE);
}
