// The methods and properties of datetime, date and timedelta, and how they are made.
//
// Spec: spec/query.md, Functions. Test: test/query/dates.test.ts.

import { integer, stringOf } from './argument.ts';
import { charge } from './budget.ts';
import {
  DateOnly,
  type DateParts,
  DateTime,
  Delta,
  daysOfDate,
  microsOf,
  now,
  weekdayOfDays,
} from './date-value.ts';
import { typeError, valueError } from './failure.ts';
import { isoDate, isoDateTime, parseIsoDate } from './iso-date.ts';
import { type MemberTable, members } from './methods.ts';
import { divideIntegers, exactRatio, roundQuotient } from './number.ts';
import { signature } from './signature.ts';
import { formatDate, isoWeek, parseDate } from './strftime.ts';
import {
  ELLIPSIS,
  FunctionValue,
  NamedTuple,
  type Tuple,
  TypeValue,
  typeNameOf,
  type Value,
} from './value.ts';

const big = (number: number): bigint => BigInt(number);

const weekdayOf = (value: DateTime | DateOnly): number => weekdayOfDays(daysOfDate(value.date));

function isoCalendar(value: DateTime | DateOnly): Tuple {
  const days = daysOfDate(value.date);
  const weekday = weekdayOfDays(days);
  const { year, week } = isoWeek({ days, weekday });
  return new NamedTuple('datetime.IsoCalendarDate', {
    year: big(year),
    week: big(week),
    weekday: big(weekday + 1),
  });
}

const NO_CLOCK = { hour: 0, minute: 0, second: 0 };

/** As time.struct_time; whether it is summer there is not known. */
function timeTuple(value: DateTime | DateOnly): Tuple {
  const { date } = value;
  const { hour, minute, second } = value instanceof DateTime ? value.time : NO_CLOCK;
  const days = daysOfDate(date);
  return new NamedTuple('time.struct_time', {
    tm_year: big(date.year),
    tm_mon: big(date.month),
    tm_mday: big(date.day),
    tm_hour: big(hour),
    tm_min: big(minute),
    tm_sec: big(second),
    tm_wday: big(weekdayOfDays(days)),
    tm_yday: big(days - daysOfDate({ year: date.year, month: 1, day: 1 }) + 1),
    tm_isdst: -1n,
  });
}

/** A zone is None: no time has one. */
function withoutZone(zone: Value | undefined): void {
  if (zone !== null) throw typeError('times have no zone here: it is None');
}

const dayMethods = {
  // strftime does not fill up a year, as the C library of Linux has it.
  'ctime()': (self: DateTime | DateOnly) =>
    formatDate(self, '%a %b %e %H:%M:%S ') + self.date.year.toString().padStart(4, '0'),
  'isocalendar()': isoCalendar,
  'isoweekday()': (self: DateTime | DateOnly) => big(weekdayOf(self) + 1),
  'strftime(format)': (self: DateTime | DateOnly, format: Value) =>
    formatDate(self, stringOf(format, 'the format')),
  'timetuple()': timeTuple,
  'toordinal()': (self: DateTime | DateOnly) => big(daysOfDate(self.date) + 719_163),
  'weekday()': (self: DateTime | DateOnly) => big(weekdayOf(self)),
};

const dayProperties = {
  year: (self: DateTime | DateOnly) => big(self.date.year),
  month: (self: DateTime | DateOnly) => big(self.date.month),
  day: (self: DateTime | DateOnly) => big(self.date.day),
};

export const dateTimeMembers: MemberTable<DateTime> = members<DateTime>(
  {
    ...dayMethods,
    'date()': (self) => new DateOnly(self.micros),
    'dst()': () => null,
    "isoformat(sep='T', timespec='auto')": (self, separator, timespec) =>
      isoDateTime(
        self,
        stringOf(separator as Value, 'the separator'),
        stringOf(timespec as Value, 'timespec'),
      ),
    'replace(year=..., month=..., day=..., hour=..., minute=..., second=..., microsecond=..., tzinfo=None)':
      replaced,
    'timestamp()': (self) => divideIntegers(self.micros, 1_000_000n),
    'tzname()': () => null,
    'utcoffset()': () => null,
  },
  {
    ...dayProperties,
    hour: (self) => big(self.time.hour),
    minute: (self) => big(self.time.minute),
    second: (self) => big(self.time.second),
    microsecond: (self) => big(self.time.microsecond),
    tzinfo: () => null,
  },
);

function replaced(self: DateTime, ...given: Value[]): DateTime {
  charge(16);
  const parts = { ...self.date, ...self.time };
  const names = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'] as const;
  for (const [index, name] of names.entries()) {
    const value = given[index] as Value;
    if (value !== ELLIPSIS) parts[name] = Number(integer(value));
  }
  withoutZone(given[names.length]);
  return new DateTime(microsOf(parts, parts));
}

export const dateOnlyMembers: MemberTable<DateOnly> = members<DateOnly>(
  {
    ...dayMethods,
    'isoformat()': (self) => isoDate(self.date),
    'replace(year=..., month=..., day=...)': (self, ...given) => {
      const { date } = self;
      const [year, month, day] = given.map((each) =>
        each === ELLIPSIS ? undefined : Number(integer(each)),
      );
      return new DateOnly(
        microsOf({ year: year ?? date.year, month: month ?? date.month, day: day ?? date.day }),
      );
    },
  },
  dayProperties,
);

export const deltaMembers: MemberTable<Delta> = members<Delta>(
  { 'total_seconds()': (self) => divideIntegers(self.micros, 1_000_000n) },
  {
    days: (self) => self.days,
    seconds: (self) => self.seconds,
    microseconds: (self) => self.microseconds,
  },
);

const DATE_TIME = signature(
  'datetime(year, month, day, hour=0, minute=0, second=0, microsecond=0)',
);

function makeDateTime(given: readonly Value[], keywords: ReadonlyMap<string, Value> | undefined) {
  const [year, month, day, hour, minute, second, microsecond] = DATE_TIME.bind(given, keywords).map(
    (each) => Number(integer(each)),
  ) as [number, number, number, number, number, number, number];
  return new DateTime(microsOf({ year, month, day }, { hour, minute, second, microsecond }));
}

/** How `date.` makes days. */
export function dateMakers(): [string, FunctionValue][] {
  return [
    maker('today()', () => new DateOnly(nowValue().micros)),
    maker('fromisoformat(text)', (text) => {
      const shown = stringOf(text as Value, 'the argument');
      if (shown.length > 10) throw valueError(`Invalid isoformat string: ${JSON.stringify(shown)}`);
      return new DateOnly(parseIsoDate(shown).micros);
    }),
  ];
}

const DATE = signature('date(year, month, day)');

export const dateType: TypeValue = new TypeValue(
  'date',
  (value) => value instanceof DateOnly || value instanceof DateTime,
  (given, keywords) => {
    const [year, month, day] = DATE.bind(given, keywords).map((each) => Number(integer(each)));
    return new DateOnly(microsOf({ year, month, day } as DateParts));
  },
  new Map<string, Value>(dateMakers()),
);

const DELTA = signature(
  'timedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)',
);
const UNITS = [
  86_400_000_000n,
  1_000_000n,
  1n,
  1000n,
  60_000_000n,
  3_600_000_000n,
  604_800_000_000n,
];

export const deltaType: TypeValue = new TypeValue(
  'timedelta',
  (value) => value instanceof Delta,
  (given, keywords) => {
    const parts = DELTA.bind(given, keywords);
    // The fractions of all parts together are rounded once, as Python does it.
    const sum = parts.reduce(
      ([top, bottom], part, index) => {
        const [partTop, partBottom] = exactly(part);
        const unit = UNITS[index] as bigint;
        return [top * partBottom + partTop * unit * bottom, bottom * partBottom] as const;
      },
      [0n, 1n] as readonly [bigint, bigint],
    );
    return new Delta(roundQuotient(sum[0], sum[1]));
  },
);

function exactly(value: Value): [bigint, bigint] {
  if (typeof value === 'bigint' || typeof value === 'boolean') return [BigInt(value), 1n];
  if (typeof value !== 'number')
    throw typeError(
      `a part of timedelta must be a number, not ${typeNameOf(value)}`,
      value === null,
    );
  return exactRatio(value);
}

function maker(text: string, body: (...given: Value[]) => Value): [string, FunctionValue] {
  const parsed = signature(text);
  const call = (given: readonly Value[], keywords: ReadonlyMap<string, Value> | undefined) =>
    body(...parsed.bind(given, keywords));
  return [parsed.name, new FunctionValue(parsed.name, call, 'method')];
}

function fromSeconds(value: Value | undefined): DateTime {
  const [top, bottom] = exactly(value as Value);
  return new DateTime(roundQuotient(top * 1_000_000n, bottom));
}

function nowValue(): DateTime {
  return new DateTime(BigInt(now()) * 1000n);
}

/** How `datetime.` makes dates; all in UTC, as the times of runs are. */
export const dateTimeMakers: readonly [string, FunctionValue][] = [
  maker('now(tz=None)', (zone) => {
    withoutZone(zone);
    return nowValue();
  }),
  maker('utcnow()', nowValue),
  maker('today()', nowValue),
  maker('fromisoformat(text)', (text) => parseIsoDate(stringOf(text as Value, 'the argument'))),
  maker('fromtimestamp(seconds)', fromSeconds),
  maker('utcfromtimestamp(seconds)', fromSeconds),
  maker('strptime(text, format)', (text, format) =>
    parseDate(stringOf(text as Value, 'the text'), stringOf(format as Value, 'the format')),
  ),
];

export const dateTimeType: TypeValue = new TypeValue(
  'datetime',
  (value) => value instanceof DateTime,
  makeDateTime,
  new Map<string, Value>([
    ...dateTimeMakers,
    ['min', new DateTime(-62_135_596_800_000_000n)],
    ['max', new DateTime(253_402_300_799_999_999n)],
  ]),
);
