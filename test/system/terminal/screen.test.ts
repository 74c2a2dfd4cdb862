// The screen shows what a terminal would: the cases of spec/terminal.md one by one; against a slow
// model over output by chance; and however the bytes are cut, also in characters and sequences.

import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { BytesToText } from '../../../src/system/terminal/bytes-to-text.ts';
import type { Row } from '../../../src/system/terminal/row.ts';
import { Screen } from '../../../src/system/terminal/screen.ts';
import { type Seeded, seeded } from '../../support/random.ts';
import { SlowScreen } from './slow-screen.ts';

/** The last text of each line, after writes that are each taken at once. */
function linesOf(parts: readonly string[], colors: 'keep' | 'strip' = 'strip'): string[] {
  const lines: string[] = [];
  const screen = new Screen({ next: 0 });
  const take = (row: Row): void => {
    lines[row.line] = colors === 'keep' ? row.styledText : row.text;
  };
  for (const part of parts) {
    screen.write(part, 0);
    for (const row of screen.take()) take(row);
  }
  return lines;
}

const show = (text: string, colors: 'keep' | 'strip' = 'strip'): string[] =>
  linesOf([text], colors);

describe('lines', () => {
  it.each([
    ['end with a line feed, and the last need not', 'a\nb', ['a', 'b']],
    ['may be empty', '\n\nx\n', ['', '', 'x']],
    ['CRLF is one end', 'a\r\nb\r\n', ['a', 'b']],
    ['CR writes over', 'abcdef\rxyz', ['xyzdef']],
    ['a progress bar', '10%\r 50%\r100%\n', ['100%']],
    ['a shorter text leaves the rest, erased it does not', 'abcdef\rx\x1b[K\n', ['x']],
    ['backspace', 'abc\b\bX', ['aXc']],
    ['backspace stops at the first column', '\b\b\bx', ['x']],
    ['tabs go to columns of 8', 'a\tb\t\tc', [`a${' '.repeat(7)}b${' '.repeat(15)}c`]],
    ['spaces at the end stay', 'a  \n', ['a  ']],
    ['bell and other controls are nothing', 'a\x07\x00\x0eb\x7f', ['ab']],
    ['vertical tab and form feed end a line', 'a\vb\fc', ['a', 'b', 'c']],
  ])('%s', (_, text, lines) => {
    expect(show(text)).toEqual(lines);
  });
});

describe('the cursor', () => {
  it.each([
    ['goes up and down again', 'a\nb\n\x1b[2AA\x1b[1B\rB\n', ['A', 'B']],
    [
      'two bars, as multi-progress draws them',
      'x 1%\ny 1%\n\x1b[2A\rx 9%\n\ry 9%\n',
      ['x 9%', 'y 9%'],
    ],
    [
      'tqdm in two rows',
      'outer 0%\n\rinner 0%\x1b[A\router 1%\n\rinner 1%\n',
      ['outer 1%', 'inner 1%'],
    ],
    [
      'a list that is drawn anew, as log-update',
      'a\nb\n\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[Gc\nd\n',
      ['c', 'd'],
    ],
    ['stops at the top', 'a\n\x1b[9AX', ['X']],
    ['stops at the lowest row that it has reached', 'a\nb\x1b[9BX', ['a', 'bX']],
    [
      'comes back to the empty row behind the last line',
      'a\nb\n\x1b[2Ax\x1b[2B\rend',
      ['x', 'b', 'end'],
    ],
    ['left and right', 'abc\x1b[2DX\x1b[3CY', ['aXc  Y']],
    ['to a column', 'abc\x1b[2GX\x1b[0GY', ['YXc']],
    ['to a place, also a new one', '\x1b[2;3Hx\x1b[1;1Hy', ['y', '  x']],
    ['down and up to the first column', 'abc\nd\x1b[FX\x1b[EY', ['Xbc', 'Y']],
    ['kept and restored', 'ab\x1b7cd\x1b8X\x1b[sY\x1b[uZ', ['abXZ']],
    ['reverse line feed', 'a\nb\x1bMX', ['aX', 'b']],
  ])('%s', (_, text, lines) => {
    expect(show(text)).toEqual(lines);
  });

  it(`reaches ${limits.terminalRowCountMax} rows`, () => {
    const many = Array.from({ length: 1000 }, (_, index) => `${index}\n`).join('');
    const lines = show(`${many}\x1b[999AX`);
    const top = 1000 - limits.terminalRowCountMax + 1;
    expect(lines[top]).toBe(`X${String(top).slice(1)}`);
    expect(lines[top - 1]).toBe(String(top - 1));
    expect(lines).toHaveLength(1000);
  });
});

describe('erasing', () => {
  it.each([
    ['to the end', 'abc\x1b[2D\x1b[K', ['a']],
    ['from the start', 'abc\x1b[2D\x1b[1Kx', [' xc']],
    ['the whole line', 'abc\x1b[2K\rx', ['x']],
    ['characters', 'abcd\r\x1b[2X', ['  cd']],
    ['characters out and in', 'abcd\r\x1b[2P\x1b[3@', ['   cd']],
    ['the screen from here', 'a\nb\nc\x1b[2A\x1b[J', ['a', '', '']],
    ['the screen up to here', 'aa\nbb\ncc\x1b[A\r\x1b[1J', ['', ' b', 'cc']],
    [
      'the screen: what was printed stays',
      'a\nb\n\x1b[H\x1b[2Jc\n\x1b[2J\x1b[Hd\n',
      ['a', 'b', 'c', 'd'],
    ],
    ['the screen by a reset', 'a\x1b[31m\x1bcb', ['a', 'b']],
  ])('%s', (_, text, lines) => {
    expect(show(text)).toEqual(lines);
  });
});

describe('sequences', () => {
  it.each([
    [
      'titles and links are nothing',
      '\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\',
      ['ab'],
    ],
    ['a stray string hides its line at most', 'a\x1b]b\nc', ['a', 'c']],
    ['pictures may hold line feeds', 'a\x1bPq#0\n#1\n\x1b\\b', ['ab']],
    ['the alternate screen is not recorded', 'a\x1b[?1049hvim\nvim\x1b[2J\x1b[?1049lb', ['ab']],
    ['modes and unknown ones are nothing', '\x1b[?25la\x1b[?25h\x1b[>c\x1b[1 qb\x1b(Bc', ['abc']],
    ['controls act within', 'ab\x1b[\r1CX', ['aX']],
    ['CAN ends one', 'a\x1b[12\x18b', ['ab']],
    ['another begins', 'a\x1b[12\x1b[Db', ['b']],
    ['a character beyond ASCII ends one', 'a\x1b[1\u00e9b', ['a\u00e9b']],
    ['one that is too long is nothing', `a\x1b[${'1;'.repeat(300)}Db`, ['ab']],
    ['without an end it shows nothing', 'a\x1b[12', ['a']],
  ])('%s', (_, text, lines) => {
    expect(show(text)).toEqual(lines);
  });
});

describe('colours', () => {
  it.each([
    ['stay where they were', '\x1b[31mred\x1b[39m plain', '\x1b[31mred\x1b[0m plain'],
    ['are ended by the line', '\x1b[1;32mgreen', '\x1b[1;32mgreen\x1b[0m'],
    ['change', '\x1b[31ma\x1b[1mb\x1b[22mc', '\x1b[31ma\x1b[0;1;31mb\x1b[0;31mc\x1b[0m'],
    ['that nothing is written in are not there', '\x1b[31m\x1b[0ma\x1b[44m', 'a'],
    ['are replaced with the character', '\x1b[31mabc\r\x1b[0mx', 'x\x1b[31mbc\x1b[0m'],
  ])('%s', (_, text, line) => {
    expect(show(text, 'keep')).toEqual([line]);
  });

  it('go on in the next line, and are stripped', () => {
    expect(show('\x1b[31ma\nb', 'keep')).toEqual(['\x1b[31ma\x1b[0m', '\x1b[31mb\x1b[0m']);
    expect(show('\x1b[31ma\nb')).toEqual(['a', 'b']);
  });
});

describe('widths', () => {
  it.each([
    ['wide characters take two columns', '\u4f60\u597d\rX', ['X \u597d']],
    ['the second half as well', '\u4f60\u597d\x1b[2GX', [' X\u597d']],
    ['an emoji', '\u{1f600}ab\x1b[3GX', ['\u{1f600}Xb']],
    ['marks stay with their character', 'e\u0301x\rE', ['Ex']],
    ['marks join the one before', 'ae\u0301', ['ae\u0301']],
    ['a mark at the start is nothing', '\u0301a', ['a']],
    ['a family is one after the other', '\u{1f468}\u200d\u{1f469}', ['\u{1f468}\u200d\u{1f469}']],
    ['blocks of a bar take one', '\u2588\u2588\u2591\r12', ['12\u2591']],
    ['C1 is nothing', 'a\u009bb', ['ab']],
  ])('%s', (_, text, lines) => {
    expect(show(text)).toEqual(lines);
  });

  it('lines do not wrap; what is beyond the last column is left out', () => {
    const screen = new Screen({ next: 0 });
    const size = limits.terminalColumnCountMax;
    screen.write(`${'x'.repeat(size - 1)}`, 0);
    expect(screen.isCut).toBe(false);
    screen.write('\u4f60yz\nnext', 0);
    expect(screen.isCut).toBe(true);
    expect(screen.take().map((row) => row.text)).toEqual([`${'x'.repeat(size - 1)}y`, 'next']);
  });
});

describe('numbers', () => {
  it('are of the order in which lines were begun, over several screens', () => {
    const counter = { next: 7 };
    const [out, err] = [new Screen(counter), new Screen(counter)];
    out.write('a', 1);
    err.write('x\ny', 2);
    out.write('b\nc', 3);
    const facts = (row: Row): unknown => [row.line, row.text, row.time];
    expect(out.take().map(facts)).toEqual([
      [7, 'ab', 3],
      [10, 'c', 3],
    ]);
    expect(err.take().map(facts)).toEqual([
      [8, 'x', 2],
      [9, 'y', 2],
    ]);
    expect(out.take()).toEqual([]);
  });

  it('a row far behind the newest begins anew', () => {
    const counter = { next: 0 };
    const [bar, out] = [new Screen(counter), new Screen(counter)];
    bar.write('1%', 0);
    out.write('x\n'.repeat(limits.terminalLinesBackMax), 0);
    bar.write('\r2%', 0);
    expect(bar.take().map((row) => [row.line, row.text])).toEqual([[0, '2%']]);
    out.write('x\n', 0);
    bar.write('\r3%', 0);
    expect(bar.take().map((row) => [row.line, row.text])).toEqual([[1026, '3%']]);
  });
});

// ---- by chance

const pieces: readonly string[] = [
  ...['a', 'bc', 'hello world', '0123456789', ' ', 'x'.repeat(30)],
  ...['\n', '\n', '\r', '\r\n', '\b', '\t', '\v', '\x07', '\x00', '\x7f', '\x18', '\x1a'],
  ...['\u00e9', '\u4f60\u597d', '\u{1f600}', '\u0301', '\u200d', '\u2588', '\u009b', '\ufeff'],
  ...[
    'A',
    'B',
    '2A',
    '2B',
    'C',
    'D',
    '3D',
    '99C',
    'E',
    'F',
    'G',
    '5G',
    'H',
    '2;4H',
    '3d',
    's',
    'u',
  ].map((each) => `\x1b[${each}`),
  ...['K', '1K', '2K', 'J', '1J', '2J', '3J', '2X', '2P', '2@', '?1049h', '?1049l', '?1049l'].map(
    (each) => `\x1b[${each}`,
  ),
  ...['m', '0m', '31m', '1;32m', '38;5;9m', '39m', '48;2;1;2;3m', '22m'].map(
    (each) => `\x1b[${each}`,
  ),
  ...[
    '\x1b7',
    '\x1b8',
    '\x1bM',
    '\x1bD',
    '\x1bE',
    '\x1bc',
    '\x1b(B',
    '\x1b',
    '\x1b[',
    '\x1b[1',
    '\x1b]',
    '\x1bP',
  ],
  ...['\x1b]0;t\x07', '\x1b]8;;u\x1b\\', '\x1b_x\x1b\\', '\x1b[\n1', '\x1b[>1;2'],
];

function output(random: Seeded): string {
  let text = '';
  const count = 1 + random.integer(60);
  for (let index = 0; index < count; index += 1)
    text += random.random() < 0.4 ? random.pick(['word ', 'ab', '\n']) : random.pick(pieces);
  return text;
}

/** The same in pieces of 1 to `size`. */
function cut(bytes: Uint8Array, random: Seeded, size: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + random.integer(size);
    parts.push(bytes.subarray(start, end));
    start = end;
  }
  return parts;
}

const rounds = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0 ? 200_000 : 5000;

it('shows what the slow model shows, with and without colours', () => {
  const random = seeded('screen-model');
  for (let round = 0; round < rounds; round += 1) {
    const text = output(random);
    const slow = new SlowScreen(text);
    for (const colors of ['keep', 'strip'] as const)
      expect(show(text, colors), JSON.stringify(text)).toEqual(slow.lines(colors));
  }
});

it('shows the same however the bytes are cut, also such as are no text', () => {
  const random = seeded('screen-cuts');
  for (let round = 0; round < rounds; round += 1) {
    const noise = random.random() < 0.3 ? random.bytes(8) : new Uint8Array();
    const bytes = Buffer.concat([Buffer.from(output(random)), noise, Buffer.from(output(random))]);
    const whole = linesOf([new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)], 'keep');
    const decoder = new BytesToText();
    const parts = cut(bytes, random, random.pick([1, 3, 20])).map((part) => decoder.decode(part));
    expect(linesOf([...parts, decoder.end()], 'keep'), bytes.toString('hex')).toEqual(whole);
  }
});
