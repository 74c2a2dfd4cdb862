// An object that a query is about: `run`, `metric`, its context, `run.metrics`. What it knows it says
// through these methods only; behind them may be a catalogue, an open run, or a test.
//
// Test: test/query/objects.test.ts.

import { QueryFailure, typeError } from './failure.ts';
import type { Keywords } from './signature.ts';
import { Structure, type Value } from './value.ts';

export type QueryMethod = (given: readonly Value[], keywords: Keywords) => Value;

export abstract class QueryObject extends Structure {
  /** None where there is no such property: a missing one is None. */
  abstract attribute(name: string): Value;

  /**
   * What a chain of names leads to, where it can be told at once; undefined: name by name. `isItem`:
   * the first stood in brackets.
   */
  path(_names: readonly string[], _isItem: boolean): Value | undefined {
    return undefined;
  }

  /** `object[key]`. */
  item(_key: Value): Value {
    throw typeError(`'${this.typeName}' object is not subscriptable`);
  }

  /** `value in object`. */
  has(_value: Value): boolean {
    throw typeError(`argument of type '${this.typeName}' is not iterable`);
  }

  /** What a loop over it gives. */
  elements(): readonly Value[] {
    throw typeError(`'${this.typeName}' object is not iterable`);
  }

  length(): number {
    throw typeError(`object of type '${this.typeName}' has no len()`);
  }

  isTrue(): boolean {
    return true;
  }

  /** `str(object)`. */
  text(): string {
    return `<${this.typeName}>`;
  }

  /** `object.name(...)`; undefined: it has no such method, and the attribute is called. */
  method(_name: string): QueryMethod | undefined {
    return undefined;
  }

  protected noAttribute(name: string): QueryFailure {
    return new QueryFailure('AttributeError', `'${this.typeName}' has no '${name}'`);
  }
}
