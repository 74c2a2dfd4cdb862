// What an error of the disk means for an appender, and how it is told.
//
// 1. After a failed sync a handle is never trusted again: the pages may be marked clean with their
//    data lost (Rebello et al., ATC 2020).
//
// Spec: spec/segment.md, Disk trouble. Test: test/engine/failing-calls.test.ts.

import { errorCode, RunlogError } from '../errors.ts';

/** No bytes, or no descriptor for the next segment. */
const OUT_OF_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE']);

/** Marks an error as one of fdatasync, whatever its code. */
export class SyncFailure extends Error {
  static of(error: Error): SyncFailure {
    return error instanceof SyncFailure ? error : new SyncFailure('sync', { cause: error });
  }
}

/** Marks an error of syncing a directory, whatever its code: the next one may be well. */
export class DirectoryFailure extends Error {}

/** True where waiting may help: there is no room, and the handle is as good as before. */
export const isOutOfRoom = (error: unknown): boolean =>
  error instanceof DirectoryFailure ||
  (!(error instanceof SyncFailure) && OUT_OF_ROOM.has(errorCode(error) ?? ''));

const told = (error: unknown): string =>
  errorCode(error) ?? String((error as Error | undefined)?.message);

export const pausedError = (directory: string, cause: unknown): RunlogError => {
  const what = cause instanceof DirectoryFailure ? cause.message : `no room (${told(cause)})`;
  const text = `${directory}: ${what}; recording is paused and tried again each second`;
  return new RunlogError('IO', text, { cause });
};

export const directoryError = (directory: string, cause: unknown): RunlogError =>
  new RunlogError('IO', `${directory}: the directory could not be synced`, { cause });

export const failedError = (directory: string, durable: number, cause: unknown): RunlogError =>
  new RunlogError(
    'IO',
    `${directory}: the disk refused (${told(cause)}); recording has ended, records from position ${durable} on are in doubt`,
    { cause },
  );

export const removedError = (directory: string): RunlogError =>
  new RunlogError('IO', `${directory}: the directory was removed; recording has ended`);

export const fencedError = (directory: string): RunlogError =>
  new RunlogError(
    'RUN_FENCED',
    `${directory}: another owner has taken this log over; nothing that follows is recorded`,
  );
