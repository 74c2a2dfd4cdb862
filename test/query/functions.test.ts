// The page of the language lists every function that the code knows, and no other; and what the
// comparison with CPython does not reach.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';
import { globals } from '../../src/query/functions.ts';
import { parseRowValue, RunObject } from '../../src/query/query.ts';
import { functionRows, functionTable } from './function-table.ts';
import { memoryRun } from './memory-facts.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../spec/query.md'), 'utf8');

const run = new RunObject(memoryRun({ params: { words: ['a', 'bb'] } }));

const value = async (text: string): Promise<unknown> => (await parseRowValue(text)).value(run);

it('the page lists every function, method and property', () => {
  const section = page.split('\n## Functions\n')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(functionRows());
});

it('every name that is known is in the page', () => {
  const shown = [...functionTable()].flatMap(([name, texts]) => [name.replace('.', ''), ...texts]);
  const names = new Set(shown.map((each) => /^\w+/.exec(each)?.[0]));
  expect([...globals.keys()].filter((each) => !names.has(each))).toEqual([]);
});

describe('functions', () => {
  it.each([
    ["'{a}-{b!r:>4}-{{}}'.format_map({'a': 1, 'b': 'x'})", "1- 'x'-{}"],
    ["next(iter(run.words)) == 'a' and next(iter([]), 7) == 7", true],
    ["[next(x) for x in [iter(run.words)] for _ in range(2)] == ['a', 'bb']", true],
    ["'a-b'.encode() == b'a-b' and b'a\\xff'.hex() == '61ff' and b'ab'.decode() == 'ab'", true],
    [
      "b'abc'.startswith(b'a') and b'abc'.endswith(b'c') and b'abc'.find(b'c') == 2 and 97 in b'abc'",
      true,
    ],
    [
      "list(b'ab') == [97, 98] and bytes([97]) == b'a' and bytes('a', 'utf8') == b'a' and b'a' < b'b'",
      true,
    ],
    [
      "{1: 'a'}.get(1.0) == 'a' and {'a': 1}.get('b', 2) == 2 and {**{'a': 1}}.copy() == {'a': 1}",
      true,
    ],
    ["dict([('a', 1)], b=2) == {'a': 1, 'b': 2} and dict({'a': 1}) == dict(a=1)", true],
    ["{'a': 1}.keys() == {'a': 2}.keys() and list({'a': 1}.items()) == [('a', 1)]", true],
    [
      "{'a': 1}.keys().isdisjoint(['b']) and 1 in {'a': 1}.values() and ('a', 1) in {'a': 1}.items()",
      true,
    ],
    ['{1, 2}.issubset([1, 2, 3]) and {1, 2}.issuperset([1]) and {1}.isdisjoint([2])', true],
    ['sorted({1, 2}.union([3], [4])) == [1, 2, 3, 4] and {1, 2}.difference([1]) == {2}', true],
    ['{1, 2}.symmetric_difference([2, 3]) == {1, 3} == {1, 2} ^ {2, 3}', true],
    [
      'range(0, 10, 3)[-1] == 9 and range(10).index(3) == 3 and range(10).count(3.0) == 1 and len(range(5)) == 5',
      true,
    ],
    [
      'range(3) == range(0, 3, 1) and 2.0 in range(3) and range(10)[2:4] == range(2, 4) and range(3).stop == 3',
      true,
    ],
    ['slice(1, 2).stop == 2 and [1, 2, 3][slice(1, None)] == [2, 3]', true],
    ['(1, 2).index(2) == 1 and (1, 1).count(1) == 2 and [1, 2].index(2, 1) == 1', true],
    [
      '(5).real == 5 and (5).imag == 0 and (2.5).as_integer_ratio() == (5, 2) and (2.0).is_integer()',
      true,
    ],
    [
      "(7).bit_count() == 3 and (1.5).hex() == '0x1.8000000000000p+0' and (0.1).hex() == '0x1.999999999999ap-4'",
      true,
    ],
    ['divmod(-7, 2) == (-4, 1) and pow(2, 10, 1000) == 24 and pow(2, -1) == 0.5', true],
    [
      "list(map(lambda a, b: a + b, [1, 2], [3, 4])) == [4, 6] and list(reversed('ab')) == ['b', 'a']",
      true,
    ],
    ['callable(len) and callable(int) and callable(lambda: 1) and not callable(1)', true],
    [
      'isinstance(datetime.now(), datetime) and isinstance(timedelta(1), timedelta) and isinstance({}, dict)',
      true,
    ],
    ["max(['a', 'bb'], key=len) == 'bb' and min([], default=5) == 5 and max(1, 2.5) == 2.5", true],
    [
      'math.isclose(0.1 + 0.2, 0.3) and math.hypot(3, 4) == 5 and math.comb(5, 2) == 10 and math.prod([2, 3]) == 6',
      true,
    ],
    [
      'math.isqrt(10**20) == 10**10 and math.factorial(20) == 2432902008176640000 and math.log(8, 2) == 3',
      true,
    ],
    ["string.digits == '0123456789' and string.ascii_lowercase[0] == 'a'", true],
    [
      "'abc'.translate({97: 'x', 98: None}) == 'xc' and 'a'.translate(str.maketrans({'a': 'b'})) == 'b'",
      true,
    ],
    [
      "'\\U0001F680a'[0] == '\\U0001F680' and len('\\U0001F680a') == 2 and '\\U0001F680a'.find('a') == 1",
      true,
    ],
    ["'\\uffff' < '\\U00010000' and sorted(['\\U00010000', '\\ue000'])[0] == '\\ue000'", true],
    ["'%(a)s-%(b)d' % {'a': 1, 'b': 2} == '1-2' and '%%' % () == '%'", true],
    ["f'{3.14159:.2f}' == '3.14' and f'{\"a\":>3}' == '  a' and f'{1=}' == '1=1'", true],
    ["f'{datetime(2024, 1, 2):%d/%m}' == '02/01'", true],
    ['[1] + [2] == [1, 2] and (1,) + (2,) == (1, 2) and {1} | {2} == {1, 2}', true],
    [
      'complex(1, 2).real == 1 and 3j == complex(0, 3) and abs(3 + 4j) == 5 and (-8) ** (1 / 3) != 2',
      true,
    ],
    [
      "str((1 + 2j) * 2) == '(2+4j)' and repr(3j) == '3j' and 1 + 0j == 1 and (2j).conjugate() == -2j",
      true,
    ],
    ['(1 + 2j) / (1 + 1j) == 1.5 + 0.5j and {1: 2}[1 + 0j] == 2 and bool(0j) is False', true],
    ['1 if ... else 2', 1],
    [
      'str(len) + str(int) + str(...) + str(math)',
      "<function len><class 'int'>Ellipsis<module 'math'>",
    ],
    ["repr('it\\'s \\n \\x00 \\u00e9')", '"it\'s \\n \\x00 \u00e9"'],
    ["hex(255) + oct(8) + bin(5) + chr(97) + str(ord('a'))", '0xff0o100b101a97'],
    ["format(1234.5, ',.1f') + format('a', '^3')", '1,234.5 a '],
    ['None is None and True is True and not (1 is 1) and not ("a" is "a")', true],
  ])('%s', async (text, wanted) => {
    expect(await value(text)).toEqual(wanted);
  });

  it.each([
    ['[1, 2][5]', /IndexError/],
    ["{'a': 1}['b']", /KeyError: 'b'/],
    ['{[1]: 2}', /unhashable/],
    ['{{}}', /unhashable/],
    ["'a' + 1", /TypeError/],
    ['1 < "a"', /TypeError/],
    ['[1] < 1', /TypeError/],
    ['1 @ 2', /TypeError/],
    ['max([])', /ValueError/],
    ["int('x')", /ValueError/],
    ["float('x')", /ValueError/],
    ["sum(['a'], '')", /TypeError/],
    ['3j < 4', /TypeError/],
    ['10.0 ** 400', /OverflowError/],
    ['float(10 ** 400)', /OverflowError/],
    ['1 / 0', /ZeroDivisionError/],
    ['[1].append(2)', /QUERY_SYNTAX|no value has a method append/],
    ['len(5)', /has no len/],
    ['5()', /not callable/],
    ['isinstance(1, 2)', /must be a type/],
    ["'abc'.center(5, 'xx')", /one character/],
    ["'a'.encode('utf-16')", /unknown encoding/],
    ["b'\\xff'.decode()", /can't decode/],
    ['bytes([256])', /range\(0, 256\)/],
    ["'%d' % 'a'", /TypeError/],
    ["'%y' % 1", /unsupported format character/],
    ["'%s %s' % 1", /not enough arguments/],
    ["'%s' % (1, 2)", /not all arguments/],
    ["f'{1:Q}'", /Invalid format specifier/],
    ["f'{[1]:5}'", /unsupported format string/],
    ['dict([1])', /not iterable/],
    ['len(x=1)', /misses its argument|no argument/],
    ['sorted([1], key=5)', /not callable/],
  ])('%s fails', async (text, message) => {
    await expect(value(text)).rejects.toThrow(message);
  });
});
