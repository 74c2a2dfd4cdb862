// Dates as ISO 8601 writes them, both ways.
//
// Test: test/query/dates.test.ts.

import { charge } from './budget.ts';
import { type DateParts, DateTime, microsOf } from './date-value.ts';
import { typeError, valueError } from './failure.ts';
import { lengthOfText } from './text.ts';

const padded = (value: number, size: number): string => value.toString().padStart(size, '0');

export const isoDate = ({ year, month, day }: DateParts): string =>
  `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;

/** Characters of the time that each word of `timespec` keeps. */
const KEPT: Readonly<Record<string, number>> = {
  hours: 2,
  minutes: 5,
  seconds: 8,
  milliseconds: 12,
  microseconds: 15,
};

/** @throws QueryFailure ValueError: no such `timespec`. */
export function isoDateTime(value: DateTime, separator: string, timespec: string): string {
  if (lengthOfText(separator) !== 1) throw typeError('the separator is one character');
  const { hour, minute, second, microsecond } = value.time;
  const word = timespec === 'auto' ? (microsecond === 0 ? 'seconds' : 'microseconds') : timespec;
  const kept = Object.hasOwn(KEPT, word) ? KEPT[word] : undefined;
  if (kept === undefined) throw valueError('Unknown timespec value');
  const seconds = `${padded(second, 2)}.${padded(microsecond, 6)}`;
  const time = `${padded(hour, 2)}:${padded(minute, 2)}:${seconds}`;
  return isoDate(value.date) + separator + time.slice(0, kept);
}

const PATTERN =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:.(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?)?(Z|[+-]\d\d:?\d\d)?$/su;

/**
 * Of `datetime.fromisoformat`. An offset is taken into account: what comes out is UTC.
 *
 * @throws QueryFailure ValueError
 */
export function parseIsoDate(text: string): DateTime {
  charge(2);
  // Longer than any: what is no date is not repeated as a whole.
  const match = text.length > 50 ? null : PATTERN.exec(text);
  if (match === null)
    throw valueError(`Invalid isoformat string: ${JSON.stringify(text.slice(0, 50))}`);
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const microsecond = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
  const micros = microsOf({ year, month, day }, { hour, minute, second, microsecond });
  return new DateTime(micros - offsetOf(match[8]));
}

function offsetOf(text: string | undefined): bigint {
  if (text === undefined || text === 'Z') return 0n;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return BigInt(text.startsWith('-') ? -minutes : minutes) * 60_000_000n;
}
