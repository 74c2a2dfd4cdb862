// The values of a query. Python's types in what JavaScript has of its own, else in classes of ours;
// nothing of the program is a value.
//
// 1. int is bigint, float is number, str is a well-formed string, bool and None as they are. So each
//    value has one type, and arithmetic cannot confuse 1 with 1.0.
// 2. All else derives from `Structure`. Attributes are looked up by name in tables of ours, never on
//    the object: no name reaches a property or a prototype.
// 3. Values are not changed once they are made; lists of params are shared between rows.
//
// Spec: spec/query.md, Types. Test: test/query/objects.test.ts.

import { valueError } from './failure.ts';
import type { Keywords } from './signature.ts';

export abstract class Structure {
  /** As Python calls the type. */
  abstract readonly typeName: string;
}

export type Value = null | boolean | bigint | number | string | Structure;

export class List extends Structure {
  readonly typeName = 'list';
  #items: readonly Value[] | undefined;
  readonly #make: (() => readonly Value[]) | undefined;

  /** A function is called when the elements are first asked for: a long param may only be named. */
  constructor(items: readonly Value[] | (() => readonly Value[])) {
    super();
    this.#items = typeof items === 'function' ? undefined : items;
    this.#make = typeof items === 'function' ? items : undefined;
  }

  get items(): readonly Value[] {
    this.#items ??= this.#make?.() ?? [];
    return this.#items;
  }
}

export class Tuple extends Structure {
  readonly typeName = 'tuple';
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }
}

/** A tuple whose items have names too, as a calendar week has. */
export class NamedTuple extends Tuple {
  readonly shownName: string;
  readonly names: readonly string[];

  constructor(shownName: string, members: Readonly<Record<string, Value>>) {
    super(Object.values(members));
    this.shownName = shownName;
    this.names = Object.keys(members);
  }
}

/** What a value is found by in a set or dict: equal values have equal keys. */
export type Key = null | string | number | bigint | Structure;

export class SetValue extends Structure {
  readonly typeName: 'set' | 'frozenset';
  readonly members: ReadonlyMap<Key, Value>;

  constructor(members: ReadonlyMap<Key, Value>, typeName: 'set' | 'frozenset' = 'set') {
    super();
    this.members = members;
    this.typeName = typeName;
  }
}

export type Entries = ReadonlyMap<Key, readonly [key: Value, value: Value]>;

/** Members by name of what is not read before it is asked for, as the params of a run. */
export interface Members {
  get(name: string): Value | undefined;
  entries(): Entries;
  readonly size: number;
}

export class Dict extends Structure {
  readonly typeName = 'dict';
  /** Of params and contexts: a member that is not there is None, and members are attributes. */
  readonly isLenient: boolean;
  readonly #members: Members | undefined;
  #entries: Entries | undefined;

  constructor(entries: Entries | Members, isLenient = false) {
    super();
    this.isLenient = isLenient;
    this.#entries = entries instanceof Map ? entries : undefined;
    this.#members = entries instanceof Map ? undefined : (entries as Members);
  }

  get entries(): Entries {
    this.#entries ??= this.#members?.entries() ?? new Map();
    return this.#entries;
  }

  get size(): number {
    return this.#members?.size ?? this.entries.size;
  }

  getByName(name: string): Value | undefined {
    if (this.#members !== undefined) return this.#members.get(name);
    return this.entries.get(name.startsWith('\0') ? `\0s${name}` : name)?.[1];
  }
}

/** keys(), values() or items() of a dict. */
export class DictView extends Structure {
  readonly typeName: 'dict_keys' | 'dict_values' | 'dict_items';
  readonly dict: Dict;

  constructor(typeName: 'dict_keys' | 'dict_values' | 'dict_items', dict: Dict) {
    super();
    this.typeName = typeName;
    this.dict = dict;
  }
}

export class RangeValue extends Structure {
  readonly typeName = 'range';
  readonly start: bigint;
  readonly stop: bigint;
  readonly step: bigint;
  readonly length: number;

  constructor(start: bigint, stop: bigint, step: bigint, length: number) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.length = length;
  }

  at(index: number): bigint {
    return this.start + BigInt(index) * this.step;
  }
}

export class SliceValue extends Structure {
  readonly typeName = 'slice';
  readonly start: Value;
  readonly stop: Value;
  readonly step: Value;

  constructor(start: Value, stop: Value, step: Value) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

export class Bytes extends Structure {
  readonly typeName = 'bytes';
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }
}

export class EllipsisValue extends Structure {
  readonly typeName = 'ellipsis';
}

export const ELLIPSIS: EllipsisValue = new EllipsisValue();

/** Gives each element once: a generator, zip, map, enumerate, reversed. */
export class Stream extends Structure {
  readonly typeName: string;
  readonly iterator: IterableIterator<Value>;

  constructor(iterator: IterableIterator<Value>, typeName = 'generator') {
    super();
    let isRunning = false;
    // Without `return`: a loop that is left early must not end what another goes on with.
    this.iterator = {
      next: () => {
        // It asks itself, through a function that it calls.
        if (isRunning) throw valueError('generator already executing');
        isRunning = true;
        try {
          return iterator.next();
        } finally {
          isRunning = false;
        }
      },
      [Symbol.iterator](): IterableIterator<Value> {
        return this;
      },
    };
    this.typeName = typeName;
  }
}

/** A function: built in, a method with its object, or a lambda. */
export class FunctionValue extends Structure {
  readonly typeName: string;
  readonly name: string;
  readonly call: (given: readonly Value[], keywords: Keywords) => Value;

  constructor(
    name: string,
    call: (given: readonly Value[], keywords: Keywords) => Value,
    typeName = 'function',
  ) {
    super();
    this.name = name;
    this.call = call;
    this.typeName = typeName;
  }
}

/** A type: makes values when called, and is asked by isinstance. */
export class TypeValue extends Structure {
  readonly typeName = 'type';
  readonly name: string;
  readonly has: (value: Value) => boolean;
  readonly call: (given: readonly Value[], keywords: Keywords) => Value;
  readonly members: ReadonlyMap<string, Value>;

  constructor(
    name: string,
    has: (value: Value) => boolean,
    call: (given: readonly Value[], keywords: Keywords) => Value,
    members: ReadonlyMap<string, Value> = new Map(),
  ) {
    super();
    this.name = name;
    this.has = has;
    this.call = call;
    this.members = members;
  }
}

/** `math`, `re`, `string`: names by a dot. */
export class ModuleValue extends Structure {
  readonly typeName = 'module';
  readonly name: string;
  readonly members: ReadonlyMap<string, Value>;

  constructor(name: string, members: ReadonlyMap<string, Value>) {
    super();
    this.name = name;
    this.members = members;
  }
}

export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'str';
    case 'number':
      return 'float';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    default:
      return value === null ? 'NoneType' : value.typeName;
  }
}
