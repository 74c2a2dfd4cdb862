// What the command makes of values and texts: tables, numbers, times, JSON. Nothing of a repo speaks to
// the terminal or breaks a row.

import { describe, expect, it } from 'vitest';
import { jsonText } from '../../src/cli/json.ts';
import { duration, escaped, number, time } from '../../src/cli/print.ts';
import { table } from '../../src/cli/table.ts';

const WIDE = Number.POSITIVE_INFINITY;

describe('a table', () => {
  it('has names on the left and numbers on the right', () => {
    const rows = [
      ['loss', '9', 'x'],
      ['accuracy', '10.25', ''],
    ];
    expect(table(['metric', { right: 'last' }, 'note'], rows, WIDE)).toEqual([
      'metric     last  note',
      'loss          9  x',
      'accuracy  10.25',
    ]);
  });

  it('leaves out a column that says nothing, unless there is no row', () => {
    expect(table(['a', 'b', 'c'], [['1', '', '3']], WIDE)).toEqual(['a  c', '1  3']);
    expect(table(['a', 'b'], [], WIDE)).toEqual(['a  b']);
  });

  it('cuts a line that is longer than the terminal', () => {
    expect(table(['a'], [['0123456789']], 8)).toEqual(['a', '01234...']);
    expect(table(['a', { right: 'b' }], [['0123', '56789']], 10)).toEqual([
      'a      ...',
      '0123  5...',
    ]);
    expect(table(['a', 'b'], [['0123', '56789']], 11)).toEqual(['a     b', '0123  56789']);
    expect(table(['a'], [['01234\u{1f600}789']], 9)).toEqual(['a', '01234...']);
  });

  it('spares columns, then cuts texts, where there is no room; numbers and hashes stay', () => {
    const columns = [
      { whole: 'run' },
      'experiment',
      { whole: 'created', spare: 2 },
      { right: 'metrics', spare: 1 },
      'name',
      { left: 'ended', isTail: true },
    ];
    const rows = [
      ['abcdef01', 'first-of-all', '2026-01-02 03:04:05', '12', 'wider layers and more', 'killed'],
      ['abcdef02', 'second', '2026-01-02 03:04:06', '3', 'short', 'Error: out of memory'],
    ];
    const at = (width: number): string[] => table(columns, rows, width);
    const joined = (...parts: string[]): string => parts.join('  ');
    expect(at(200)[2]).toBe(
      joined(
        'abcdef02',
        'second      ',
        '2026-01-02 03:04:06',
        '      3',
        'short                ',
        'Error: out of memory',
      ),
    );
    // The tail takes what is left.
    expect(at(90)[2]).toBe(
      joined(
        'abcdef02',
        'second      ',
        '2026-01-02 03:04:06',
        '      3',
        'short                ',
        'Error: out...',
      ),
    );
    expect(at(77)[1]).toBe(
      joined('abcdef01', 'first-of-all', '2026-01-02 03:04:05', '     12', 'wider layers and more'),
    );
    expect(at(66)[1]).toBe(
      joined('abcdef01', 'first-of-all', '2026-01-02 03:04:05', '     12', 'wider lay...'),
    );
    expect(at(60)[1]).toBe(
      joined('abcdef01', 'first-of-all', '2026-01-02 03:04:05', 'wider layers...'),
    );
    expect(at(40)[1]).toBe(joined('abcdef01', 'first-of-all', 'wider layers ...'));
    for (let width = 0; width < 120; width += 1)
      for (const line of at(width)) expect(line.length).toBeLessThanOrEqual(width);
  });

  it('is straight also where its texts are of wide characters, and cuts none in two', () => {
    const names = ['漢字の名前', '\u{1f680} launch', 'e\u0301te\u0301', 'plain'];
    const lines = table(
      ['name', { right: 'n' }],
      names.map((name) => [name, '1']),
      WIDE,
    );
    expect(lines).toEqual([
      'name        n',
      '漢字の名前  1',
      '\u{1f680} launch   1',
      'e\u0301te\u0301         1',
      'plain       1',
    ]);
    expect(table(['name'], [[names[0] as string]], 8)[1]).toBe('漢字...');
    expect(table(['name'], [[names[0] as string]], 9)[1]).toBe('漢字の...');
    const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
    expect(table(['name'], [[family.repeat(9)]], 8)[1]).toBe(`${family.repeat(2)}...`);
  });

  it('keeps a row a row, whatever its texts hold', () => {
    const lines = table(
      ['name', 'tag'],
      [
        ['a\nb\u001b[31mred', '\u0085\u2028'],
        ['c', 'd'],
      ],
      WIDE,
    );
    expect(lines).toEqual([
      'name             tag',
      'a\\nb\\x1b[31mred  \\x85\\u2028',
      'c                d',
    ]);
  });
});

it('escapes every control character and leaves other text as it is', () => {
  for (let code = 0; code < 0x3000; code += 1) {
    const character = String.fromCharCode(code);
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    if (isControl) expect(escaped(character)).toMatch(/^\\(x[0-9a-f]{2}|[nrt])$/);
    else if (code < 0x2000 || code >= 0x2070) expect(escaped(character)).toBe(character);
  }
  expect(escaped('a\u202eb\ttab')).toBe('a\\u202eb\\ttab');
});

it('prints integers whole and other numbers to six digits, without filling up', () => {
  const texts = [0, 9, 9.9, 1234567.25, 1e-7 / 3, 2 ** 53, Number.NaN, -0.5].map(number);
  expect(texts).toEqual([
    '0',
    '9',
    '9.9',
    '1234570',
    '3.33333e-8',
    '9007199254740992',
    'NaN',
    '-0.5',
  ]);
});

it('prints times of the local zone, and durations', () => {
  expect(time(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('2026-01-02 03:04:05');
  expect([0, 120, 499.4, 500, 61_000, 3_720_000].map(duration)).toEqual([
    ...['0s', '120ms', '499ms', '1s', '1m1s', '1h2m'],
  ]);
});

it('has a JSON form for everything that a param may be', () => {
  const value = {
    big: 2n ** 60n,
    notNumber: Number.NaN,
    endless: Number.NEGATIVE_INFINITY,
    map: new Map([['a', 1n]]),
    other: new Map([[1, 'x']]),
    set: new Set([1, 2]),
    column: new BigInt64Array([1n, -2n]),
    nested: [{ deep: [Number.NaN] }],
  };
  expect(JSON.parse(jsonText(value))).toEqual({
    big: '1152921504606846976',
    notNumber: 'NaN',
    endless: '-Infinity',
    map: { a: '1' },
    other: [[1, 'x']],
    set: [1, 2],
    column: ['1', '-2'],
    nested: [{ deep: ['NaN'] }],
  });
});

it('JSON says nothing to a terminal, and reads back the same', () => {
  const text = `${String.fromCharCode(0x1b, 0x7f, 0x9b)}31m${String.fromCharCode(0x202e, 0x2066)}`;
  expect(jsonText({ [text]: text })).toMatch(/^[ -~]*$/);
  expect(JSON.parse(jsonText({ [text]: text }))).toEqual({ [text]: text });
});
