// Tables of methods and properties by type: the only attributes that values have.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts.

import { type Signature, signature } from './signature.ts';
import type { Value } from './value.ts';

export interface Method<T> {
  readonly signature: Signature;
  readonly body: (self: T, ...given: Value[]) => Value;
}

export interface MemberTable<T> {
  readonly methods: ReadonlyMap<string, Method<T>>;
  readonly properties: ReadonlyMap<string, (self: T) => Value>;
}

/** Methods by their signature, properties by name. */
export function members<T>(
  methods: Readonly<Record<string, (self: T, ...given: Value[]) => Value>>,
  properties: Readonly<Record<string, (self: T) => Value>> = {},
): MemberTable<T> {
  const table = new Map<string, Method<T>>();
  for (const [text, body] of Object.entries(methods)) {
    const parsed = signature(text);
    table.set(parsed.name, { signature: parsed, body });
  }
  return { methods: table, properties: new Map(Object.entries(properties)) };
}
