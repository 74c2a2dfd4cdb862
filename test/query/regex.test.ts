// Regular expressions: Python's functions on an engine of linear time, and where its patterns differ.

import { expect, it } from 'vitest';
import { parseRowValue, RunObject } from '../../src/query/query.ts';
import { translatePattern } from '../../src/query/regex.ts';
import { memoryRun } from './memory-facts.ts';

const run = new RunObject(memoryRun({ name: 'train_v3-\u00e9t\u00e9' }));

const value = async (text: string): Promise<unknown> => (await parseRowValue(text)).value(run);

it.each([
  ["re.search('v\\\\d+', run.name).group()", 'v3'],
  ["re.match('v', run.name) is None", true],
  ["bool(re.match('train', run.name)) and not re.fullmatch('train', run.name)", true],
  ["re.search('v(\\\\d)', run.name).group(1)", '3'],
  ["re.search('(?P<word>[a-z]+)_(?P<number>.)', run.name).group('word', 'number')", ['train', 'v']],
  [
    "re.search('(?P<word>[a-z]+)_(?P<number>.)', run.name).groupdict()",
    { word: 'train', number: 'v' },
  ],
  ["re.search('(x)?t', run.name).groups()", [null]],
  ["re.search('v', run.name).span()", [6, 7]],
  ["re.search('(a)', '\\U0001F680a').start(1)", 1],
  ["re.findall('[a-z]', 'a1b2')", ['a', 'b']],
  [
    "re.findall('(.)=(.)', 'a=1 b=2')",
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ["re.findall('(.)=.', 'a=1 b=2')", ['a', 'b']],
  ["re.search('TRAIN', run.name, re.I) is not None", true],
  ["re.search('^b', 'a\\nb', flags=re.MULTILINE) is not None", true],
  ["re.search('a.b', 'a\\nb', re.S | re.I) is not None", true],
  ["re.compile('v.').search(run.name).group()", 'v3'],
  ["re.compile('v.').pattern", 'v.'],
  ["re.fullmatch('\\\\w+', '\\u00e9t\\u00e9') is not None", true],
  ["re.fullmatch('[\\\\w-]+', run.name) is not None", true],
  ["re.fullmatch('\\\\d', '\\u0663') is not None", true],
  ["re.search('\\\\s', 'a\\u00a0b') is not None", true],
  ["re.fullmatch('[]a]+', 'a]') is not None", true],
  ["re.fullmatch('[[:]', ':') is not None", true],
  ["re.search('a\\\\Z', 'ba') is not None", true],
  ["re.escape('a.b')", 'a\\.b'],
  ["re.search('x', '') is None", true],
])('%s', async (text, wanted) => {
  expect(await value(text)).toEqual(wanted);
});

it.each([
  ["re.search('(a', 'a')", /ValueError/],
  ["re.search('(?=a)b', 'a')", /patterns are those of RE2/],
  ["re.search('(a)\\\\1', 'aa')", /patterns are those of RE2/],
  ["re.search('a', 5)", /TypeError/],
  ["re.search(5, 'a')", /TypeError/],
  ["re.search('a', 'a', 64)", /flags/],
  ["re.search('a', 'a').group(1)", /IndexError/],
  ["re.search('a', 'a').group('__proto__')", /IndexError/],
  ["re.search('b', 'a').group()", /None has no method/],
])('%s fails', async (text, message) => {
  await expect(value(text)).rejects.toThrow(message);
});

it('classes are translated outside and inside brackets', () => {
  expect(translatePattern('\\d[\\d\\]x]\\\\d')).toBe('\\p{Nd}[\\p{Nd}\\]x]\\\\d');
  expect(translatePattern('[^\\w]')).toBe('[^\\p{L}\\p{N}_]');
});
