// Where a compiled query finds its values: the row, and the variables of loops and lambdas around it.
//
// Test: test/query/scope.test.ts.

import { QueryFailure } from './failure.ts';
import type { Value } from './value.ts';

/** A compiled expression. */
export type Code = (scope: Scope) => Value;

export class Scope {
  /** The objects of the row, in the order of the query's variables: run, then its sequence. */
  readonly row: readonly Value[];
  readonly values: Value[] = [];
  readonly parent: Scope | undefined;

  constructor(row: readonly Value[], parent?: Scope) {
    this.row = row;
    this.parent = parent;
  }
}

/** The names that are known at one place of the text. */
export class Names {
  readonly variables: readonly string[];
  readonly #own: readonly string[];
  readonly #parent: Names | undefined;

  constructor(variables: readonly string[], own: readonly string[] = [], parent?: Names) {
    this.variables = variables;
    this.#own = own;
    this.#parent = parent;
  }

  /** The names inside a loop or lambda that has names of its own. */
  within(own: readonly string[]): Names {
    return new Names(this.variables, [...new Set(own)], this);
  }

  slot(name: string): number {
    return this.#own.indexOf(name);
  }

  /** True: a loop or lambda gives the name its value. */
  isLocal(name: string): boolean {
    return this.#own.includes(name) || (this.#parent?.isLocal(name) ?? false);
  }

  /** Reads a variable of a loop or lambda; undefined: there is none of that name. */
  local(name: string): Code | undefined {
    let depth = 0;
    for (let names: Names | undefined = this; names !== undefined; names = names.#parent) {
      const slot = names.slot(name);
      if (slot >= 0) return reader(name, depth, slot);
      depth += 1;
    }
    return undefined;
  }
}

function reader(name: string, depth: number, slot: number): Code {
  return (scope) => {
    let place: Scope | undefined = scope;
    for (let step = 0; step < depth; step += 1) place = place?.parent;
    const value = place?.values[slot];
    if (value === undefined) throw new QueryFailure('NameError', `'${name}' has no value yet`);
    return value;
  };
}
