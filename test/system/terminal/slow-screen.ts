// A terminal as spec/terminal.md draws it, for comparison: the whole input at once, cut by one pattern,
// onto a grid that nothing is ever let go of. No state between two texts, no fast path, no window.

import { Style } from '../../../src/system/terminal/style.ts';
import { widthOf } from '../../../src/system/terminal/width.ts';

const ROWS = 128;
const COLUMNS = 65536;

interface Cell {
  text: string;
  style: string;
}

const C0 = '[\\x00-\\x17\\x19\\x1c-\\x1f\\x7f]';
/** The forms of what begins with ESC, each with the controls that may stand in it. */
const tokens = new RegExp(
  [
    // CSI, whole.
    `\\x1b${C0}*\\[(?:[\\x20-\\x3f]|${C0})*[\\x40-\\x7e]`,
    // Strings: OSC to BEL, ST's ESC, CAN, SUB or before LF; DCS also over LF; the others not at BEL.
    `\\x1b${C0}*\\][^\\x07\\x18\\x1a\\x1b\\n]*(?:[\\x07\\x18\\x1a]|(?=[\\x1b\\n])|$)`,
    `\\x1b${C0}*P[^\\x18\\x1a\\x1b]*(?:[\\x18\\x1a]|(?=\\x1b)|$)`,
    `\\x1b${C0}*[X^_][^\\x18\\x1a\\x1b\\n]*(?:[\\x18\\x1a]|(?=[\\x1b\\n])|$)`,
    // Two characters, or with intermediates.
    `\\x1b${C0}*[\\x20-\\x2f](?:[\\x20-\\x2f]|${C0})*[\\x30-\\x7e]`,
    `\\x1b${C0}*[^\\x00-\\x2f\\x7f-\\u{10ffff}PX\\]^_[]`,
    // Broken off: by another ESC, CAN, SUB, a character beyond ASCII, or the end.
    `\\x1b(?:[\\x20-\\x3f[]|${C0})*(?:[\\x18\\x1a]|(?=\\x1b)|(?=[^\\x00-\\x7f])|$)`,
    '[\\s\\S]',
  ].join('|'),
  'gu',
);

/** Controls stand in every one of them: spelled so that they can be seen. */
const pattern = (text: string): RegExp => new RegExp(text, 'gsu');

export class SlowScreen {
  readonly rows: Cell[][] = [];
  #row = 0;
  #column = 0;
  #home = 0;
  #lowest = 0;
  #saved = [0, 0];
  #isAlternate = false;
  readonly #style = new Style();

  constructor(text: string) {
    for (const [token] of text.matchAll(tokens)) this.#token(token);
  }

  lines(colors: 'keep' | 'strip'): string[] {
    return this.rows.map((row) => {
      if (colors === 'strip') return row.map((cell) => cell.text).join('');
      let text = '';
      let style = '';
      for (const cell of row) {
        if (cell.text === '') continue;
        if (cell.style !== style)
          text += cell.style === '' ? '\x1b[0m' : `\x1b[${style === '' ? '' : '0;'}${cell.style}m`;
        style = cell.style;
        text += cell.text;
      }
      return style === '' ? text : `${text}\x1b[0m`;
    });
  }

  #token(token: string): void {
    if (token[0] !== '\x1b') {
      this.#character(token);
      return;
    }
    const [, opening = ''] = pattern('^\\x1b[\\x00-\\x1f\\x7f]*(.)').exec(token) ?? [];
    const isText = opening !== '' && ']PX^_'.includes(opening);
    // Controls act before the sequence that they stand in has come to its end.
    const held = isText ? token.slice(1, token.indexOf(opening)) : token.slice(1);
    const controls = held.replace(pattern('[^\\x00-\\x17\\x19\\x1c-\\x1f]'), '');
    for (const control of controls) this.#character(control);
    if (isText) return;
    const bare = token.replace(pattern('(?!^)[\\x00-\\x1a\\x1c-\\x1f\\x7f]'), '');
    const sequence = pattern('^\\x1b\\[([\\x20-\\x3f]*)([\\x40-\\x7e])$').exec(bare);
    if (sequence !== null) this.#sequence(sequence[1] ?? '', sequence[2] ?? '');
    else if (pattern('^\\x1b[\\x30-\\x7e]$').test(bare) && !pattern('[\\x18\\x1a]$').test(token))
      this.#escape(bare[1] ?? '');
  }

  get #top(): number {
    return Math.max(this.#home, this.#lowest - ROWS + 1);
  }

  #exist(): Cell[] {
    while (this.rows.length <= this.#row) this.rows.push([]);
    return this.rows[this.#row] as Cell[];
  }

  #lineFeed(): void {
    this.#exist();
    this.#row += 1;
    this.#lowest = Math.max(this.#lowest, this.#row);
  }

  #character(character: string): void {
    if (this.#isAlternate) return;
    const code = character.codePointAt(0) ?? 0;
    if (character === '\r') this.#column = 0;
    else if ('\n\v\f'.includes(character)) {
      this.#lineFeed();
      this.#column = 0;
    } else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (character === '\t') this.#column = Math.min(COLUMNS, (this.#column >> 3) * 8 + 8);
    else if (code >= 0x20 && (code < 0x7f || code >= 0xa0)) this.#print(character, widthOf(code));
  }

  #print(character: string, width: number): void {
    if (width === 0) {
      const row = this.rows[this.#row];
      if (row === undefined || this.#column === 0 || this.#column > row.length) return;
      const cell = row[this.#column - 1] as Cell;
      const base = cell.text === '' ? (row[this.#column - 2] as Cell) : cell;
      if (base.text.length + character.length <= 32) base.text += character;
      return;
    }
    if (this.#column + width > COLUMNS) return;
    const row = this.#exist();
    while (row.length < this.#column) row.push({ text: ' ', style: '' });
    this.#cut(row, this.#column);
    this.#cut(row, this.#column + width);
    row[this.#column] = { text: character, style: this.#style.text };
    if (width === 2) row[this.#column + 1] = { text: '', style: this.#style.text };
    this.#column += width;
  }

  /** A wide character on both sides of the column is none any more. */
  #cut(row: Cell[], column: number): void {
    if (row[column]?.text !== '') return;
    (row[column - 1] as Cell).text = ' ';
    (row[column] as Cell).text = ' ';
  }

  #escape(final: string): void {
    if (final === 'c') {
      this.#isAlternate = false;
      this.#style.reset();
      this.#clear();
      this.#column = 0;
    }
    if (this.#isAlternate) return;
    if (final === 'D') this.#lineFeed();
    if (final === 'E') this.#character('\n');
    if (final === 'M') this.#row = Math.max(this.#top, this.#row - 1);
    if (final === '7') this.#saved = [this.#row, this.#column];
    if (final === '8') this.#restore();
  }

  #restore(): void {
    const [row = 0, column = 0] = this.#saved;
    this.#row = Math.min(Math.max(row, this.#top), this.#lowest);
    this.#column = column;
  }

  #clear(): void {
    this.#home = Math.max(this.#home, this.rows.length);
    this.#row = this.#home;
    this.#lowest = this.#home;
  }

  #sequence(parameters: string, final: string): void {
    if (parameters.length > 256) return;
    if (final === 'm' && /^[\d;:]*$/.test(parameters)) this.#style.apply(parameters);
    if ('hl'.includes(final) && /^\?(.*;)?(47|1047|1049)(;|$)/.test(parameters))
      this.#isAlternate = final === 'h';
    if (this.#isAlternate || !/^[\d;]*$/.test(parameters)) return;
    const numbers = parameters.split(';').map((each) => Math.min(COLUMNS, Number(each)));
    const [first = 0, second = 0] = numbers;
    const isGiven = !/^(;|$)/.test(parameters);
    const count = Math.max(1, first);
    const up = Math.max(this.#top, this.#row - count);
    const down = Math.min(this.#lowest, this.#row + count);
    if (final === 'A' || final === 'F') this.#row = up;
    if (final === 'B' || final === 'E' || final === 'e') this.#row = down;
    if (final === 'E' || final === 'F') this.#column = 0;
    if (final === 'C' || final === 'a') this.#column = Math.min(COLUMNS, this.#column + count);
    if (final === 'D') this.#column = Math.max(0, this.#column - count);
    if (final === 'G' || final === '`') this.#column = count - 1;
    if (final === 'd' || final === 'H' || final === 'f') {
      this.#row = this.#top + Math.min(ROWS, count) - 1;
      this.#lowest = Math.max(this.#lowest, this.#row);
      if (final !== 'd') this.#column = Math.max(1, second) - 1;
    }
    if (final === 's' && !isGiven) this.#saved = [this.#row, this.#column];
    if (final === 'u' && !isGiven) this.#restore();
    if (final === 'J') this.#eraseScreen(first);
    if (final === 'K') this.#eraseLine(first);
    if (final === 'X') this.#blank(this.#column, this.#column + count);
    if (final === 'P' || final === '@') this.#shift(final, count);
  }

  /** Blank in the middle, gone at the end. */
  #blank(from: number, to: number): void {
    const row = this.rows[this.#row];
    if (row === undefined || from >= row.length) return;
    this.#cut(row, from);
    this.#cut(row, to);
    if (to >= row.length) row.length = from;
    else for (let column = from; column < to; column += 1) row[column] = { text: ' ', style: '' };
  }

  #eraseLine(kind: number): void {
    if (kind === 0) this.#blank(this.#column, Number.POSITIVE_INFINITY);
    if (kind === 1) this.#blank(0, this.#column + 1);
    if (kind === 2) this.#blank(0, Number.POSITIVE_INFINITY);
  }

  #eraseScreen(kind: number): void {
    if (kind === 2) this.#clear();
    if (kind === 0) for (const row of this.rows.slice(this.#row + 1)) row.length = 0;
    if (kind === 1) for (const row of this.rows.slice(this.#top, this.#row)) row.length = 0;
    if (kind === 0 || kind === 1) this.#eraseLine(kind);
  }

  #shift(final: string, count: number): void {
    const row = this.rows[this.#row];
    if (row === undefined || this.#column >= row.length) return;
    this.#cut(row, this.#column);
    if (final === 'P') {
      this.#cut(row, this.#column + count);
      row.splice(this.#column, count);
      return;
    }
    const blanks = Array.from({ length: count }, () => ({ text: ' ', style: '' }));
    row.splice(this.#column, 0, ...blanks);
    this.#cut(row, COLUMNS);
    row.length = Math.min(row.length, COLUMNS);
  }
}
