// Dates as ISO 8601 writes them, both ways.
//
// Test: test/query/dates.test.ts.

import { charge } from './budget.ts';
import { type DateParts, DateTime, MICROS_OF_DAY, microsOf, type TimeParts } from './date-value.ts';
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

/** A date, and behind any one character a time, and an offset. */
const PATTERN = /^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))(?:.([\d:.,]+)(?:Z|([-+])([\d:.,]+))?)?$/su;
/** With colons everywhere, or nowhere. */
const CLOCK = /^(\d\d)(?:(:?)(\d\d)(?:\2(\d\d)(?:[.,](\d+))?)?)?$/;

const invalid = (text: string): Error =>
  valueError(`Invalid isoformat string: ${JSON.stringify(text.slice(0, 50))}`);

/**
 * Of `datetime.fromisoformat`. An offset is taken into account: what comes out is UTC.
 *
 * @throws QueryFailure ValueError
 */
export function parseIsoDate(text: string): DateTime {
  charge(2);
  // Longer than any: what is no date is not repeated as a whole.
  const match = text.length > 100 ? null : PATTERN.exec(text);
  if (match === null) throw invalid(text);
  const [, year, month, day, shortMonth, shortDay, clock, sign, offset] = match;
  const date = {
    year: Number(year),
    month: Number(month ?? shortMonth),
    day: Number(day ?? shortDay),
  };
  const time = clockOf(clock ?? '00', text);
  return new DateTime(microsOf(date, time) - offsetOf(sign, offset, text));
}

function clockOf(clock: string, text: string): TimeParts {
  const match = CLOCK.exec(clock);
  if (match === null) throw invalid(text);
  const [, hour, , minute = '0', second = '0', fraction = ''] = match;
  return {
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    microsecond: Number(fraction.slice(0, 6).padEnd(6, '0')),
  };
}

function offsetOf(sign: string | undefined, offset: string | undefined, text: string): bigint {
  if (sign === undefined || offset === undefined) return 0n;
  const { hour, minute, second, microsecond } = clockOf(offset, text);
  const micros = BigInt((hour * 60 + minute) * 60 + second) * 1_000_000n + BigInt(microsecond);
  if (micros >= MICROS_OF_DAY) throw valueError('an offset is shorter than a day');
  return sign === '-' ? -micros : micros;
}
