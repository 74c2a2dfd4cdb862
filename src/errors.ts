// The one error class of the package and its codes. Codes are data: a class per failure would
// only repeat this table. The codes are API, the messages are not.
//
// Spec: spec/errors.md (a test compares the two tables). Test: test/errors.test.ts.

import { constants } from 'node:os';

/** Every code with what it means, in the order of spec/errors.md. */
export const errorCodes = {
  REPO_NOT_FOUND: 'there is no repo where one was looked for',
  RUN_NOT_FOUND: 'the repo holds no such run',
  HASH_AMBIGUOUS: 'a short hash begins several hashes, or a new hash would begin another one',
  RUN_CLOSED: 'the run was used after close',
  RUN_READ_ONLY: 'the run or repo was opened for reading',
  RUN_LOCKED: 'a live owner holds the log, or what a log that is copied ends with is not decided',
  RUN_FENCED: 'another owner has taken the log over',
  RUN_DELETED: 'the run was deleted while it was open',
  CORRUPT:
    'bytes contradict the format, or a file is missing that they name or that must have been there',
  FORMAT_TOO_NEW: 'a newer version of the package wrote this',
  POSITION_GONE: 'the record at this position was dropped on order',
  IO: 'a system call failed; the cause is its error',
  LIMIT: 'a named bound of limits.ts was hit',
  FILE_REFUSED: 'a file cannot be kept or given back as it is',
  QUERY_SYNTAX: 'the query cannot be parsed',
  QUERY_EVALUATION: 'the query failed on a run',
  ABORTED: 'the AbortSignal fired',
} as const;

/** The codes of `RunlogError`, a union: a switch over `error.code` narrows. */
export type ErrorCode = keyof typeof errorCodes;

/** Facts that some codes carry; absent where they do not apply. */
export interface ErrorDetails {
  /** The file the error is about, as it was opened. */
  readonly file?: string;
  /** Byte place in `file` (CORRUPT). */
  readonly offset?: number;
  /** Byte count from `offset` (CORRUPT). */
  readonly size?: number;
  /** Who holds the log (RUN_LOCKED, RUN_FENCED). */
  readonly holder?: LogHolder;
  /** The name of the bound in limits.ts (LIMIT). */
  readonly limit?: string;
  /** Place in the text of a query, from 1, in characters (QUERY_SYNTAX, QUERY_EVALUATION). */
  readonly line?: number;
  /** Place in that line, from 1, in characters. */
  readonly column?: number;
}

/** The owner of a log, as far as its fence tells. Times are wall clock, milliseconds. */
export interface LogHolder {
  readonly host: string;
  readonly pid: number;
  readonly thread: number;
  readonly since: number;
  readonly lastHeartbeat?: number;
}

/**
 * A failure of the world: disk, crash, other process, bad file, bad query. A caller's mistake is a
 * TypeError or RangeError instead.
 */
export class RunlogError extends Error {
  override readonly name: string = 'RunlogError';
  /** What happened; messages may change, codes do not. */
  readonly code: ErrorCode;
  /** Facts that the code carries. */
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & ErrorDetails = {}) {
    const { cause, ...details } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** libuv has no name for a quota that is used up: Node says UNKNOWN. */
const QUOTA_ERRNO = -constants.errno.EDQUOT;

/** The `code` of an error of Node or of this package ('ENOENT', 'CORRUPT'), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as { code?: string; errno?: number };
  return code === 'UNKNOWN' && errno === QUOTA_ERRNO ? 'EDQUOT' : code;
}

/** Does the work; an error of the file system that nobody below has named gets `what` before it. */
export async function attempted<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asRunlogError(error, what);
  }
}

/** Wraps an error of the file system once, where it is known what was being done. */
export function asRunlogError(error: unknown, what: string): unknown {
  if (error instanceof RunlogError || errorCode(error) === undefined) return error;
  return new RunlogError('IO', `${what}: ${(error as Error).message}`, { cause: error });
}

/** @throws RunlogError ABORTED once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new RunlogError('ABORTED', 'the signal was aborted', { cause: signal.reason });
}
