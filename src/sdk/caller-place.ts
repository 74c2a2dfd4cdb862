// Where a function of ours was called from: file and line, by a stack of one frame.
//
// Test: test/sdk/terminal.test.ts.

import { fileURLToPath } from 'node:url';

import type { LogPlace } from '../store/log-entry.ts';

/** At the end of a frame, as V8 prints it: `at name (file:line:column)` or `at file:line:column`. */
const framePlace = /(?:\(|at (?:async )?)([^()\s][^()]*):(\d+):\d+\)?$/;

/** Of the caller of `of`. Undefined where the stack does not tell; never throws. */
export function callerPlace(of: (...args: never[]) => unknown): LogPlace | undefined {
  const depth = Error.stackTraceLimit;
  try {
    // A stack of one frame costs a tenth of a whole one.
    Error.stackTraceLimit = 1;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, of);
    const { stack } = holder;
    const [, file, line] = typeof stack === 'string' ? (framePlace.exec(stack) ?? []) : [];
    if (file === undefined) return undefined;
    return { file: file.startsWith('file:') ? fileURLToPath(file) : file, line: Number(line) };
  } catch {
    return undefined;
  } finally {
    Error.stackTraceLimit = depth;
  }
}
