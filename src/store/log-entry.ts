// What a program says with `run.log`, as a record.
//
// Spec: spec/records.md, Log. Test: test/store/lines.test.ts.

import { RunlogError } from '../errors.ts';
import { readParams } from '../model/params.ts';
import { bodyFields } from './record.ts';

/** By rising weight. */
export const logLevels = { debug: 10, info: 20, warn: 30, error: 40 } as const;

/** debug, info, warn or error. */
export type LogLevel = keyof typeof logLevels;

/** Where `run.log` was called. */
export interface LogPlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** One message of `run.log`. */
export interface LogEntry {
  readonly level: LogLevel;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Undefined where the stack did not tell. */
  readonly place: LogPlace | undefined;
}

/** `fields`: spelled. */
export const encodeLogEntry = (entry: LogEntry): unknown => [
  logLevels[entry.level],
  entry.time,
  entry.message,
  Object.keys(entry.fields).length === 0 ? null : entry.fields,
  entry.place === undefined ? null : [entry.place.file, entry.place.line],
  null,
];

/** @throws RunlogError CORRUPT. */
export function decodeLogEntry(body: unknown): LogEntry {
  const [number, time, message, fields, place] = bodyFields(body, 5, 'log');
  const level = (Object.keys(logLevels) as LogLevel[]).find((each) => logLevels[each] === number);
  const isFields = fields === null || (typeof fields === 'object' && !Array.isArray(fields));
  const isWhole = typeof time === 'number' && typeof message === 'string' && isFields;
  if (level === undefined || !isWhole || !isPlace(place))
    throw new RunlogError('CORRUPT', 'log: not the shape of its type');
  return {
    level,
    time,
    message,
    fields: (readParams(fields) ?? {}) as Record<string, unknown>,
    place: place === null ? undefined : { file: place[0], line: place[1] },
  };
}

const isPlace = (value: unknown): value is [string, number] | null =>
  value === null ||
  (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number');
