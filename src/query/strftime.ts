// strftime and strptime with the usual codes, in English, as the C locale has them.
//
// Test: test/query/dates.test.ts.

import { charge, chargeText } from './budget.ts';
import {
  type DateOnly,
  DateTime,
  dateOfDays,
  daysOfDate,
  MICROS_OF_DAY,
  microsOf,
  type TimeParts,
  weekdayOfDays,
} from './date-value.ts';
import { valueError } from './failure.ts';

export const DAY_NAMES = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const;

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const MIDNIGHT: TimeParts = { hour: 0, minute: 0, second: 0, microsecond: 0 };

interface Moment extends TimeParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly days: number;
  readonly weekday: number;
  readonly dayOfYear: number;
  readonly micros: bigint;
}

function momentOf(value: DateTime | DateOnly): Moment {
  const date = value.date;
  const days = daysOfDate(date);
  return {
    ...date,
    ...(value instanceof DateTime ? value.time : MIDNIGHT),
    days,
    weekday: weekdayOfDays(days),
    dayOfYear: days - daysOfDate({ year: date.year, month: 1, day: 1 }) + 1,
    micros: value.micros,
  };
}

const two = (number: number): string => number.toString().padStart(2, '0');
const hour12 = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

const codes: Readonly<Record<string, (moment: Moment) => string>> = {
  a: ({ weekday }) => (DAY_NAMES[weekday] as string).slice(0, 3),
  A: ({ weekday }) => DAY_NAMES[weekday] as string,
  w: ({ weekday }) => String((weekday + 1) % 7),
  u: ({ weekday }) => String(weekday + 1),
  d: ({ day }) => two(day),
  e: ({ day }) => day.toString().padStart(2, ' '),
  b: ({ month }) => (MONTH_NAMES[month - 1] as string).slice(0, 3),
  h: ({ month }) => (MONTH_NAMES[month - 1] as string).slice(0, 3),
  B: ({ month }) => MONTH_NAMES[month - 1] as string,
  m: ({ month }) => two(month),
  y: ({ year }) => two(year % 100),
  Y: ({ year }) => String(year),
  C: ({ year }) => two(Math.floor(year / 100)),
  H: ({ hour }) => two(hour),
  I: ({ hour }) => two(hour12(hour)),
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  M: ({ minute }) => two(minute),
  S: ({ second }) => two(second),
  f: ({ microsecond }) => microsecond.toString().padStart(6, '0'),
  z: () => '',
  Z: () => '',
  j: ({ dayOfYear }) => dayOfYear.toString().padStart(3, '0'),
  U: ({ dayOfYear, weekday }) => two(Math.floor((dayOfYear + 6 - ((weekday + 1) % 7)) / 7)),
  W: ({ dayOfYear, weekday }) => two(Math.floor((dayOfYear + 6 - weekday) / 7)),
  g: (moment) => two(isoWeek(moment).year % 100),
  k: ({ hour }) => hour.toString().padStart(2, ' '),
  l: ({ hour }) => hour12(hour).toString().padStart(2, ' '),
  P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  G: (moment) => String(isoWeek(moment).year),
  V: (moment) => two(isoWeek(moment).week),
  s: ({ micros }) => String(micros / 1_000_000n),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

/** Codes that stand for several others. */
const compound: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
};

export function isoWeek({ days, weekday }: { days: number; weekday: number }): {
  year: number;
  week: number;
} {
  // The week belongs to the year of its Thursday.
  const thursday = days - weekday + 3;
  const { year } = dateOfDays(thursday);
  const week = Math.floor((thursday - daysOfDate({ year, month: 1, day: 1 })) / 7) + 1;
  return { year, week };
}

export function formatDate(value: DateTime | DateOnly, format: string): string {
  chargeText(format.length * 8);
  charge(16 + format.length * 4);
  const moment = momentOf(value);
  const spelled = format.replace(/%(.)/gs, (field, code: string) =>
    Object.hasOwn(compound, code) ? (compound[code] as string) : field,
  );
  charge((spelled.length - format.length) * 4);
  return spelled.replace(/%([-_0]?)(.?)/gs, (field, flag: string, code: string) =>
    Object.hasOwn(codes, code)
      ? padded((codes[code] as (moment: Moment) => string)(moment), flag)
      : field,
  );
}

/** `%-d` is a number without zeros before it, `%_d` has spaces there, as the C library of Linux has it. */
function padded(shown: string, flag: string): string {
  if (flag === '' || !/^[ 0]*\d+$/.test(shown)) return shown;
  const digits = shown.trimStart().replace(/^0+(?=\d)/, '');
  return flag === '-' ? digits : digits.padStart(shown.length, flag === '_' ? ' ' : '0');
}

const readers: Readonly<Record<string, string>> = {
  Y: '\\d{4}',
  m: '\\d{1,2}',
  d: '\\d{1,2}',
  H: '\\d{1,2}',
  I: '\\d{1,2}',
  M: '\\d{1,2}',
  S: '\\d{1,2}',
  f: '\\d{1,6}',
  y: '\\d{2}',
  j: '\\d{1,3}',
  p: '[AaPp][Mm]',
  b: '[A-Za-z]{3}',
  B: '[A-Za-z]{3,9}',
  a: '[A-Za-z]{3}',
  A: '[A-Za-z]{6,9}',
  F: '\\d{4}-\\d{1,2}-\\d{1,2}',
  T: '\\d{1,2}:\\d{1,2}:\\d{1,2}',
};

const MASK_SIZE_MAX = 100;

/** @throws QueryFailure ValueError */
export function parseDate(text: string, format: string): DateTime {
  if (format.length > MASK_SIZE_MAX || text.length > MASK_SIZE_MAX)
    throw valueError(`strptime takes at most ${MASK_SIZE_MAX} characters`);
  // A pattern is made of the format each time.
  charge(16);
  const spelled = format.replaceAll('%F', '%Y-%m-%d').replaceAll('%T', '%H:%M:%S');
  const names: string[] = [];
  // A run of spaces is one part: two that meet would be tried in every way.
  const pattern = spelled.replace(/%(.?)|\s+|[^%]/gs, (part, code: string | undefined) => {
    if (code === undefined) return /\s/.test(part) ? '\\s+' : escaped(part);
    if (code === '%') return '%';
    const reader = Object.hasOwn(readers, code) ? readers[code] : undefined;
    if (reader === undefined || names.includes(code))
      throw valueError(`'${code}' is a bad directive in format '${format}'`);
    names.push(code);
    return `(${reader})`;
  });
  const match = new RegExp(`^${pattern}$`).exec(text);
  if (match === null) throw valueError(`time data '${text}' does not match format '${format}'`);
  return dateOfFields(new Map(names.map((name, index) => [name, match[index + 1] as string])));
}

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');

function dateOfFields(fields: ReadonlyMap<string, string>): DateTime {
  const number = (name: string, preset: number): number => Number(fields.get(name) ?? preset);
  const short = fields.get('y');
  const year =
    short === undefined ? number('Y', 1900) : Number(short) + (short < '69' ? 2000 : 1900);
  const monthName = (fields.get('b') ?? fields.get('B'))?.toLowerCase();
  const month =
    monthName === undefined
      ? number('m', 1)
      : MONTH_NAMES.findIndex((each) => each.toLowerCase().startsWith(monthName)) + 1;
  const isAfternoon = fields.get('p')?.toLowerCase() === 'pm';
  const hour = fields.has('I') ? (number('I', 0) % 12) + (isAfternoon ? 12 : 0) : number('H', 0);
  const microsecond = Number((fields.get('f') ?? '0').padEnd(6, '0'));
  const time = { hour, minute: number('M', 0), second: number('S', 0), microsecond };
  const day = fields.has('j') && !fields.has('d') ? 1 : number('d', 1);
  const micros = microsOf({ year, month, day }, time);
  const later = fields.has('j') && !fields.has('d') ? number('j', 1) - 1 : 0;
  return new DateTime(micros + BigInt(later) * MICROS_OF_DAY);
}
