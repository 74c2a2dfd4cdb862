// An error as it can be kept: well-formed text of a bounded size, whatever was thrown.
//
// 1. Keeping throws nothing and runs nothing but the getters of what was thrown.
//
// Spec: spec/records.md, Ends. Test: test/store/kept-error.test.ts.

import { types } from 'node:util';

/** An error as it was recorded. */
export interface KeptError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /**
   * What it was caused by, nearest first: its `cause`, the `errors` of an AggregateError, and theirs; at
   * most 8. Absent: nothing.
   */
  readonly causes?: readonly KeptError[];
}

/** Characters of the message and the stack of an error: the close record must fit its frame. */
const TEXT_MAX = 64 * 1024;
/** Of a cause: each says less than what it caused. */
const CAUSE_TEXT_MAX = 8 * 1024;
const CAUSES_MAX = 8;

export function keepError(error: unknown): KeptError {
  const kept = textsOf(error, TEXT_MAX);
  const causes = causesOf(error).map((each) => textsOf(each, CAUSE_TEXT_MAX));
  return causes.length === 0 ? kept : { ...kept, causes };
}

function textsOf(error: unknown, size: number): KeptError {
  if (!isError(error)) return { name: 'Error', message: textOf(() => error, size), stack: '' };
  return {
    name: textOf(() => error.name, size),
    message: textOf(() => error.message, size),
    stack: textOf(() => error.stack ?? '', size),
  };
}

/** Level by level, so that a long list hides no cause above it; each once, for they may be a circle. */
function causesOf(error: unknown): unknown[] {
  const seen = new Set<unknown>([error]);
  const found: unknown[] = [];
  for (let level = [error]; level.length > 0 && found.length < CAUSES_MAX; ) {
    const next = level.filter(isError).flatMap(directCauses);
    level = next.filter((each) => !seen.has(each) && seen.add(each));
    found.push(...level);
  }
  return found.slice(0, CAUSES_MAX);
}

function directCauses(error: Error): unknown[] {
  const cause = memberOf(error, 'cause');
  const errors = memberOf(error, 'errors');
  // A long list is cut here: what it holds may be anything, and any number of it.
  const list = Array.isArray(errors) ? errors.slice(0, CAUSES_MAX) : [];
  return [...(cause === undefined ? [] : [cause]), ...list];
}

function memberOf(error: Error, name: 'cause' | 'errors'): unknown {
  try {
    return (error as { cause?: unknown; errors?: unknown })[name];
  } catch {
    return undefined;
  }
}

function isError(error: unknown): error is Error {
  try {
    return types.isNativeError(error) || error instanceof Error;
  } catch {
    return false;
  }
}

function textOf(read: () => unknown, size: number): string {
  try {
    return String(read()).slice(0, size).toWellFormed();
  } catch {
    return 'a value without text';
  }
}
