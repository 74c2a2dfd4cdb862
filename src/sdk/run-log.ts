// What a program says beside its numbers: `run.log.info('...', { ... })`.
//
// 1. A message is a record like any other: in order between points and params, flushed with its turn.
// 2. Telling of an error must not become one: errors may be given as fields, and ill-formed text is
//    made well-formed.
//
// Spec: spec/records.md, Log. Test: test/sdk/terminal.test.ts.

import { types } from 'node:util';

import { checkObject } from '../model/check.ts';
import type { DataObject } from '../model/data-object.ts';
import { given } from '../model/given.ts';
import { spellParams } from '../model/params.ts';
import { keepError } from '../store/kept-error.ts';
import type { LogEntry, LogLevel } from '../store/log-entry.ts';
import { callerPlace } from './caller-place.ts';

/**
 * Values by name, of what `run.set` takes; an Error is kept as `{ name, message, stack }`, also where it
 * stands for all of them. One that is undefined is left out.
 */
export type LogFields = DataObject;

/** Messages of a run by level: `run.log`. */
export class RunLog {
  readonly #record: (entry: LogEntry) => void;

  /** @internal Use `run.log`. */
  constructor(record: (entry: LogEntry) => void) {
    this.#record = record;
  }

  /**
   * Records a message with its time, its place in the program, and fields.
   *
   * @throws TypeError naming the argument or the place of what cannot be stored; RunlogError RUN_CLOSED,
   * RUN_READ_ONLY, LIMIT.
   */
  debug(message: string, fields?: LogFields): void {
    this.#say('debug', message, fields, this.debug);
  }

  /** @throws as `debug`. */
  info(message: string, fields?: LogFields): void {
    this.#say('info', message, fields, this.info);
  }

  /** @throws as `debug`. */
  warn(message: string, fields?: LogFields): void {
    this.#say('warn', message, fields, this.warn);
  }

  /** @throws as `debug`. */
  error(message: string, fields?: LogFields): void {
    this.#say('error', message, fields, this.error);
  }

  #say(
    level: LogLevel,
    message: unknown,
    fields: LogFields | undefined,
    method: (message: string) => void,
  ): void {
    if (typeof message !== 'string')
      throw new TypeError(`message: expected a string, got ${given(message)}`);
    this.#record({
      level,
      time: Date.now(),
      message: message.toWellFormed(),
      fields: fields === undefined ? {} : spelledFields(fields),
      place: callerPlace(method),
    });
  }
}

function spelledFields(fields: LogFields): Record<string, unknown> {
  checkObject(fields, 'fields');
  // What it says of itself are no members that are gone through.
  if (types.isNativeError(fields)) return spelledFields({ ...keepError(fields) });
  const plain = Object.fromEntries(
    Object.entries(fields).map(([name, each]) => [
      name,
      types.isNativeError(each) ? { ...keepError(each) } : each,
    ]),
  );
  return spellParams(plain, ['fields']) as Record<string, unknown>;
}
