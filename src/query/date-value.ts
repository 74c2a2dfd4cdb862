// Naive dates and times to the microsecond, in UTC: the values, and how days are counted.
//
// A clock is read in one place, `now()`, by `datetime.now()` and the duration of a run that goes on.
//
// Spec: spec/query.md, Types. Test: test/query/dates.test.ts.

import { charge } from './budget.ts';
import { QueryFailure, valueError } from './failure.ts';
import { Structure } from './value.ts';

export const MICROS_OF_DAY = 86_400_000_000n;
const MICROS_OF_SECOND = 1_000_000n;

/** 0001-01-01 and the end of 9999-12-31, microseconds since 1970. */
const MICROS_MIN = -62_135_596_800_000_000n;
const MICROS_MAX = 253_402_300_799_999_999n;
const DELTA_DAYS_MAX = 999_999_999n;

export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface TimeParts {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

export class DateTime extends Structure {
  readonly typeName = 'datetime.datetime';
  /** Since 1970. */
  readonly micros: bigint;

  /** @throws QueryFailure OverflowError outside the years 1 to 9999. */
  constructor(micros: bigint) {
    super();
    this.micros = inRange(micros);
  }

  get date(): DateParts {
    return dateOfDays(Number(floorDays(this.micros)));
  }

  get time(): TimeParts {
    return timeOfMicros(Number(this.micros - floorDays(this.micros) * MICROS_OF_DAY));
  }
}

/** A day without a time. */
export class DateOnly extends Structure {
  readonly typeName = 'datetime.date';
  /** Of its midnight, since 1970. */
  readonly micros: bigint;

  constructor(micros: bigint) {
    super();
    this.micros = floorDays(inRange(micros)) * MICROS_OF_DAY;
  }

  get date(): DateParts {
    charge(4);
    return dateOfDays(Number(this.micros / MICROS_OF_DAY));
  }
}

export class Delta extends Structure {
  readonly typeName = 'datetime.timedelta';
  readonly micros: bigint;

  /** @throws QueryFailure OverflowError beyond 999,999,999 days. */
  constructor(micros: bigint) {
    super();
    const days = floorDays(micros);
    if (days > DELTA_DAYS_MAX || days < -DELTA_DAYS_MAX)
      throw new QueryFailure('OverflowError', 'timedelta of more than 999999999 days');
    this.micros = micros;
  }

  get days(): bigint {
    return floorDays(this.micros);
  }

  get seconds(): bigint {
    return (this.micros - this.days * MICROS_OF_DAY) / MICROS_OF_SECOND;
  }

  get microseconds(): bigint {
    return (this.micros - this.days * MICROS_OF_DAY) % MICROS_OF_SECOND;
  }
}

function inRange(micros: bigint): bigint {
  if (micros < MICROS_MIN || micros > MICROS_MAX)
    throw new QueryFailure('OverflowError', 'date value out of range');
  return micros;
}

export function floorDays(micros: bigint): bigint {
  const days = micros / MICROS_OF_DAY;
  return micros < 0n && days * MICROS_OF_DAY !== micros ? days - 1n : days;
}

function timeOfMicros(micros: number): TimeParts {
  const seconds = Math.floor(micros / 1_000_000);
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    microsecond: micros % 1_000_000,
  };
}

// The Gregorian calendar both ways, in years that begin in March: leap days come last.

export function daysOfDate({ year, month, day }: DateParts): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

export function dateOfDays(days: number): DateParts {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

export const isLeapYear = (year: number): boolean =>
  (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

export const daysOfMonth = (year: number, month: number): number =>
  month === 2 ? (isLeapYear(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;

/** Monday is 0. */
export const weekdayOfDays = (days: number): number => (((days + 3) % 7) + 7) % 7;

/** @throws QueryFailure ValueError naming the part that is out of range. */
export function microsOf(date: DateParts, time?: TimeParts): bigint {
  charge(4);
  const { hour = 0, minute = 0, second = 0, microsecond = 0 } = time ?? {};
  check('year', date.year, 1, 9999);
  check('month', date.month, 1, 12);
  check('day', date.day, 1, daysOfMonth(date.year, date.month));
  check('hour', hour, 0, 23);
  check('minute', minute, 0, 59);
  check('second', second, 0, 59);
  check('microsecond', microsecond, 0, 999_999);
  const seconds = BigInt(daysOfDate(date) * 86_400 + hour * 3600 + minute * 60 + second);
  return seconds * MICROS_OF_SECOND + BigInt(microsecond);
}

function check(name: string, value: number, min: number, max: number): void {
  if (value < min || value > max)
    throw valueError(`${name} must be in ${min}..${max}, not ${value}`);
}

/** Milliseconds of a fact as a date; rounded to the microsecond. */
export const dateTimeOfMs = (ms: number): DateTime => new DateTime(BigInt(Math.round(ms * 1000)));

/** Milliseconds since 1970. */
export const now = (): number => Date.now();
