// Dates and durations as Python has them, naive and in UTC.

import { spawnSync } from 'node:child_process';

import { expect, it } from 'vitest';
import { DateTime, dateOfDays, daysOfDate } from '../../src/query/date-value.ts';
import { parseRowValue, RunObject } from '../../src/query/query.ts';
import { formatDate } from '../../src/query/strftime.ts';
import { seeded } from '../support/random.ts';
import { memoryRun } from './memory-facts.ts';

const run = new RunObject(memoryRun({}));

const value = async (text: string): Promise<unknown> => (await parseRowValue(text)).value(run);

it.each([
  ['str(datetime(2024, 1, 2))', '2024-01-02 00:00:00'],
  ['datetime(2024, 1, 2, 3, 4, 5, 6).isoformat()', '2024-01-02T03:04:05.000006'],
  ["datetime(2024, 1, 2).isoformat(sep=' ')", '2024-01-02 00:00:00'],
  ["str(datetime.fromisoformat('2024-01-02T03:04:05.5'))", '2024-01-02 03:04:05.500000'],
  ["str(datetime.fromisoformat('2024-01-02 03:04:05+02:00'))", '2024-01-02 01:04:05'],
  ["str(datetime.fromisoformat('20240102'))", '2024-01-02 00:00:00'],
  ['str(datetime.fromtimestamp(0.5))', '1970-01-01 00:00:00.500000'],
  ["str(datetime.strptime('3 Feb 2024 04:05 PM', '%d %b %Y %I:%M %p'))", '2024-02-03 16:05:00'],
  ["str(datetime.strptime('2024-060', '%Y-%j'))", '2024-02-29 00:00:00'],
  ['str(datetime(2024, 2, 29).replace(year=2023, day=1))', '2023-02-01 00:00:00'],
  ['str(datetime(2024, 2, 29, 5).date())', '2024-02-29'],
  ['datetime(2024, 2, 29, 5).date() == date(2024, 2, 29)', true],
  ['(date(2024, 3, 1) - date(2024, 2, 1)).days', 29],
  ['str(date(2024, 2, 28) + timedelta(days=2))', '2024-03-01'],
  ['datetime(2024, 2, 29).weekday() == 3 and datetime(2024, 2, 29).isoweekday() == 4', true],
  ['datetime(2021, 1, 3).isocalendar()', [2020, 53, 7]],
  ['datetime(2024, 2, 29).toordinal()', 738945],
  ['timedelta(hours=1.5) == timedelta(minutes=90) == timedelta(seconds=5400)', true],
  ['str(timedelta(days=-1, seconds=1))', '-1 day, 0:00:01'],
  ['repr(timedelta(days=1, microseconds=5))', 'datetime.timedelta(days=1, microseconds=5)'],
  ['timedelta(weeks=1) / timedelta(days=2)', 3.5],
  ['timedelta(weeks=1) // timedelta(days=2)', 3],
  ['str(timedelta(seconds=7) % timedelta(seconds=4))', '0:00:03'],
  ['str(timedelta(seconds=1) * 1.5) == str(1.5 * timedelta(seconds=1)) == "0:00:01.500000"', true],
  ['str(abs(-timedelta(hours=1)))', '1:00:00'],
  ['sorted([datetime(2024, 1, 2), datetime(2024, 1, 1)])[0].day', 1],
  ['datetime.now() - timedelta(days=1) < datetime.now()', true],
  ['datetime.max.year - datetime.min.year', 9998],
  ['bool(timedelta(0))', false],
  ['{datetime(2024, 1, 1): 1}[datetime(2024, 1, 1)]', 1],
  ['datetime(2024, 1, 1) == "2024-01-01"', false],
])('%s', async (text, wanted) => {
  expect(await value(text)).toEqual(wanted);
});

it.each([
  ['datetime(2024, 13, 1)', /ValueError: month must be in 1..12/],
  ['datetime(2023, 2, 29)', /ValueError: day/],
  ['datetime(9999, 12, 31) + timedelta(days=1)', /OverflowError/],
  ['timedelta(days=10**12)', /OverflowError/],
  ['datetime(2024, 1, 1) < 5', /TypeError/],
  ['datetime(2024, 1, 1) + 5', /TypeError/],
  ["datetime.fromisoformat('yesterday')", /ValueError/],
  ["datetime.strptime('x', '%Y')", /ValueError/],
  ["datetime.strptime('x', '%Q')", /bad directive/],
  ["datetime.strptime(' ' * 90 + 'x', ' ' * 90)", /ValueError/],
  ['timedelta(1) / 0', /ZeroDivisionError/],
])('%s fails', async (text, message) => {
  await expect(value(text)).rejects.toThrow(message);
});

it('days count both ways over all years', () => {
  for (let days = -719_162; days <= 2_932_896; days += 97)
    expect(daysOfDate(dateOfDays(days))).toBe(days);
});

const CODES =
  '%a %A %w %d %b %B %m %y %Y %H %I %p %M %S %f %j %U %W %G %V %u %% %c %x %X %D %F %T %R';

it('strftime writes what Python writes', (context) => {
  const { integer } = seeded('strftime');
  const micros = Array.from(
    { length: 400 },
    () => integer(4_000_000_000) * 1_000_000 + integer(1_000_000),
  );
  const program = `import datetime, json, sys
start = datetime.datetime(1970, 1, 1)
for each in json.load(sys.stdin):
    print((start + datetime.timedelta(microseconds=each)).strftime(${JSON.stringify(CODES)}))`;
  const { stdout, status } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(micros),
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status !== 0) context.skip('python3 is not here');
  const ours = micros.map((each) => formatDate(new DateTime(BigInt(each)), CODES));
  expect(ours).toEqual(stdout.trimEnd().split('\n'));
});
