// Single answers of CPython 3.11 that are easily got wrong, each as repr() gives it, or as the exception
// that it is. Those by chance are in cpython.test.ts.

import { expect, it } from 'vitest';
import { parseRowValue, RowFailures, RunObject } from '../../src/query/query.ts';
import { memoryRun } from './memory-facts.ts';

const run = new RunObject(memoryRun({}));

async function answer(text: string): Promise<string> {
  const failures = new RowFailures();
  const found = (await parseRowValue(`repr(${text})`)).value(run, undefined, failures);
  return failures.kinds[0]?.message.split(':')[0] ?? String(found);
}

it.each([
  // keys() and items() are sets.
  ["{'a': 1}.keys() == {'a'}", 'True'],
  ["{'a'} == {'a': 1}.keys()", 'True'],
  ["{'a': 1}.keys() & {'a', 'b'}", "{'a'}"],
  ["{'a'} & {'a': 1}.keys()", "{'a'}"],
  ["{'a': 1}.keys() - {'a'}", 'set()'],
  ["{'a': 1, 'b': 2}.keys() >= {'a'}", 'True'],
  ["{'a': 1}.items() == {('a', 1)}", 'True'],
  ["{1: 'a'} | {1.0: 'b'}", "{1: 'b'}"],
  // Ranges are equal by what they hold, and a part of one is one.
  ['range(3) in {range(0, 3)}', 'True'],
  ['range(10)[::2]', 'range(0, 10, 2)'],
  ['range(10)[5:2]', 'range(5, 2)'],
  ['range(10)[::-3]', 'range(9, -1, -3)'],
  ['[1, 2, 3][::10**400]', '[1]'],
  ['[1, 2, 3][::-10**400]', '[3]'],
  // Rounding.
  ['round(10**1000, -500) == 10**1000', 'True'],
  ['round(1.7e308, -308)', 'OverflowError'],
  ['round(25, -1)', '20'],
  // Formats.
  ['f\'{"\u00e9"!a}\'', '"\'\\\\xe9\'"'],
  ["'%a' % '\u00e9'", '"\'\\\\xe9\'"'],
  ["'abc' % [1]", "'abc'"],
  ["'abc' % (1,)", 'TypeError'],
  ["'%(b)s' % {'a': 1}", 'KeyError'],
  ["f'{255:,x}'", 'ValueError'],
  ["f'{255:_x}'", "'ff'"],
  ["f'{97:+c}'", 'ValueError'],
  ["f'{97:5c}'", "'    a'"],
  ["f'{1234:,n}'", 'ValueError'],
  ["f'{1:zd}'", 'ValueError'],
  ["f'{-3:<08}'", "'-3000000'"],
  ["f'{1 = }'", "'1 = 1'"],
  ["f'{1+1 =:>4}'", "'1+1 =   2'"],
  // Dates.
  ["datetime(2024, 1, 7).strftime('%-d/%-m/%y')", "'7/1/24'"],
  ["datetime(2024, 1, 7, 5).strftime('%k|%l|%P|%g|%-H|%_d')", "' 5| 5|am|24|5| 7'"],
  ["date.fromisoformat('2024-01-02')", 'datetime.date(2024, 1, 2)'],
  ['date.today() == datetime.now().date()', 'True'],
  ['date(2024, 3, 1).replace(day=5)', 'datetime.date(2024, 3, 5)'],
  // Digits of other scripts, and what is no space.
  ["int('\u0661\u0662')", '12'],
  ["float('\u0661.5')", '1.5'],
  ["int('\u{1d7da}')", '2'],
  ["int('\\ufeff12')", 'ValueError'],
  ["'\u2776'.isdigit()", 'True'],
  ["'\u00aa'.islower()", 'True'],
  ["'\u2167'.isupper()", 'True'],
  ["'\u01c6'.title().swapcase()", "'\u01c5'"],
  ['[1] * -2**64', 'OverflowError'],
  ['range(20, 3, -4)[1:1:10**30]', 'range(16, 16, -4000000000000000000000000000000)'],
  ["'%05r' % 1", "'    1'"],
  ["'%5%' % (1,)", 'ValueError'],
  ['divmod(timedelta(days=1), 0)', 'TypeError'],
  // Powers of complex numbers by products.
  ['(1+2j)**2', '(-3+4j)'],
  ['1j**2', '(-1+0j)'],
  // Methods by the name of their type.
  ["sorted(['b', 'A'], key=str.lower)", "['A', 'b']"],
  ["list(map(str.upper, ['a']))", "['A']"],
  ['str.upper(5)', 'TypeError'],
  // Numbers whose point is the end of their digits.
  ['7. == 7', 'True'],
  ['[1., 2.]', '[1.0, 2.0]'],
  ['1.e-1', '0.1'],
  ['1_0.e1', '100.0'],
  ['2.j', '2j'],
  ['1..real', '1.0'],
  ['1. .real', '1.0'],
  ['1e1.real', '10.0'],
  ['0x1f.real', '31'],
  ['1.if 1.else 2.', '1.0'],
  ["'1.e' + '7.'", "'1.e7.'"],
  ['[1, 2, 3][1:2]', '[2]'],
  ['0x1f', '31'],
  // Braces that are written as escapes are text.
  ["f'\\x7d\\x7d{1}'", "'}}1'"],
  ["f'{1}}}'", "'1}'"],
  ['slice(1) == slice(None, 1)', 'True'],
  ['slice(1) == slice(2)', 'False'],
  ["complex('1+2j')", '(1+2j)'],
  ["complex(' (-1.5e3-j) ')", '(-1500-1j)'],
  ["complex('2j')", '2j'],
  ["complex('3')", '(3+0j)'],
  ["complex('12j3')", 'ValueError'],
  ["complex('')", 'ValueError'],
  ["complex('1', 2)", 'TypeError'],
  ['zip(None)', 'TypeError'],
  // None that is given is no argument that is left out.
  ['list(None)', 'TypeError'],
  ['set(None)', 'TypeError'],
  ['tuple(None)', 'TypeError'],
  ['frozenset(None)', 'TypeError'],
  ['bytes(None)', 'TypeError'],
  ['dict(None)', 'TypeError'],
  ['math.log(8, None)', 'TypeError'],
  ["int('7', None)", 'TypeError'],
  ['int(7, None)', 'TypeError'],
  ['math.isclose(1, 1.5, rel_tol=None)', 'TypeError'],
  ['datetime(2024, 1, 1).replace(year=None)', 'TypeError'],
  ['date(2024, 1, 1).replace(day=None)', 'TypeError'],
  ['round(2.5, None)', '2'],
  ['[1, 2].index(2, None)', 'TypeError'],
  ['(1, 2).index(2, 0, None)', 'TypeError'],
  ['(1, 2).index(2, 1)', '1'],
  ["'a\\nb'.splitlines(None)", 'TypeError'],
  ["'a\\nb'.splitlines(-1)", "['a\\n', 'b']"],
  // More than is taken, or less.
  ['list([1], 1)', 'TypeError'],
  ['set([1], 1)', 'TypeError'],
  ['dict([(1, 2)], 1)', 'TypeError'],
  ['slice()', 'TypeError'],
  ['slice(1, 2, 3, 4)', 'TypeError'],
  ['map(abs)', 'TypeError'],
  ['next(iter([1]), 0, 1)', 'TypeError'],
  ["bytes(0, 'utf-8')", 'TypeError'],
  ["bytes('a')", 'TypeError'],
  ['math.prod([2, 3], 1)', 'TypeError'],
  ['math.prod([2, 3], start=2)', '12'],
  ["datetime(2024, 1, 2).isoformat('')", 'TypeError'],
  ["int('f', base=16)", '15'],
  ['map(abs, 5)', 'TypeError'],
  // Parts of dates.
  ['datetime(2024, 1, 1).isocalendar().week', '1'],
  ['datetime(2024, 1, 1).isocalendar()', 'datetime.IsoCalendarDate(year=2024, week=1, weekday=1)'],
  ['date(2024, 12, 31).timetuple().tm_yday', '366'],
  ['datetime(2024, 1, 1, 5).timetuple()[:4]', '(2024, 1, 1, 5)'],
  ['datetime(2024, 1, 1, 9, 30).ctime()', "'Mon Jan  1 09:30:00 2024'"],
  ["datetime(2024, 1, 1, 9, 30).isoformat(timespec='minutes')", "'2024-01-01T09:30'"],
  ["datetime(2024, 1, 1).isoformat(' ', 'milliseconds')", "'2024-01-01 00:00:00.000'"],
  ["datetime(2024, 1, 1).isoformat(timespec='days')", 'ValueError'],
  ['datetime.now(None) >= datetime(2024, 1, 1)', 'True'],
  ['datetime.now(1)', 'TypeError'],
  ['datetime(2024, 1, 1).replace(tzinfo=None)', 'datetime.datetime(2024, 1, 1, 0, 0)'],
  ['datetime(2024, 1, 1).utcoffset()', 'None'],
  // Bytes.
  ['300 in b"abc"', 'ValueError'],
  ['97 in b"abc"', 'True'],
  ['bytes(True)', "b'\\x00'"],
  // Patterns.
  ["re.match('(?P<x>a)', 'a')['x']", "'a'"],
  ["re.match('(a)', 'a')[1]", "'a'"],
  ["re.search('a{,2}b', 'aab').group()", "'aab'"],
  ["re.search(r'\\u00e9', '\u00e9') is not None", 'True'],
  ["re.search(r'[\\b]', '\\b') is not None", 'True'],
  ["re.search(r'\\Q', 'Q')", 'ValueError'],
  ["re.search(r'\\pL', 'pL')", 'ValueError'],
  ["re.escape('100% a-b\\n')", "'100%\\\\ a\\\\-b\\\\\\n'"],
  ["re.fullmatch(re.escape(' a-b\\n#~&'), ' a-b\\n#~&') is not None", 'True'],
])('%s', async (text, wanted) => {
  expect(await answer(text)).toBe(wanted);
});
