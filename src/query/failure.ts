// How evaluation ends early: a failure of one row, or a limit that ends the query.
//
// 1. A failure is Python's exception by name. It says that this row does not match; nothing else.
// 2. A limit is an error of the query: a row that costs too much would cost it again.
//
// Spec: spec/query.md. Test: test/query/limits.test.ts.

import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';

export type FailureKind =
  | 'TypeError'
  | 'ValueError'
  | 'AttributeError'
  | 'IndexError'
  | 'NameError'
  | 'KeyError'
  | 'ZeroDivisionError'
  | 'OverflowError'
  | 'StopIteration';

const MESSAGE_MAX = 300;

/** What went wrong in one row. Never leaves the query: `Query` counts it or wraps it. */
export class QueryFailure extends Error {
  readonly kind: FailureKind;
  /** True: an operation met None, which is what a missing value is. */
  readonly isMissing: boolean;
  /** Place in the text of the innermost expression that failed. */
  at: number | undefined;

  constructor(kind: FailureKind, message: string, isMissing = false) {
    // Without a stack: it would be most of the cost of a row that fails, and nobody sees it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      // It may repeat a value of any length, and kinds of failures are kept.
      super(message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}...` : message);
    } finally {
      // Also where the stack ends here: the program goes on with it.
      Error.stackTraceLimit = stackTraceLimit;
    }
    this.kind = kind;
    this.isMissing = isMissing;
  }
}

export const typeError = (message: string, isMissing = false): QueryFailure =>
  new QueryFailure('TypeError', message, isMissing);

export const valueError = (message: string): QueryFailure =>
  new QueryFailure('ValueError', message);

export function limitError(name: keyof typeof limits, what: string): RunlogError {
  return new RunlogError('LIMIT', `query: ${what}; at most ${limits[name]} (${name})`, {
    limit: name,
  });
}
