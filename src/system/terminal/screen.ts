// What a terminal would show of a stream: text in, rows that have changed out.
//
// 1. How the text is cut makes no difference, also within an escape sequence.
// 2. Memory is bounded: rows that the cursor cannot reach any more are let go, a row has a last column,
//    a sequence a greatest length.
// 3. Nothing that is printed makes it throw, or hides more than spec/terminal.md says.
//
// Spec: spec/terminal.md, The screen. Test: test/system/terminal/screen.test.ts.

import { limits } from '../../limits.ts';
import { type EscapeActions, EscapeParser } from './escape-parser.ts';
import { Row } from './row.ts';
import { Style } from './style.ts';
import { widthOf } from './width.ts';

/** Numbers of lines, shared by the screens of a run. */
export interface LineCounter {
  next: number;
}

const TAB = 8;

export class Screen implements EscapeActions {
  /** Something lay beyond the last column. */
  isCut = false;
  readonly #counter: LineCounter;
  readonly #parser = new EscapeParser(this);
  readonly #style = new Style();
  /** Those that the cursor can reach, and some above. */
  #rows: Row[] = [];
  /** Index of the first of them. */
  #base = 0;
  /** First row after the last clearing. */
  #home = 0;
  /** Lowest row that the cursor has reached. */
  #lowest = 0;
  #row = 0;
  #column = 0;
  #saved: readonly [row: number, column: number] = [0, 0];
  #isAlternate = false;
  #changed: Row[] = [];
  #time = 0;

  constructor(counter: LineCounter) {
    this.#counter = counter;
  }

  /** `text`: well-formed. `time`: milliseconds since 1970. */
  write(text: string, time: number): void {
    this.#time = time;
    this.#parser.write(text);
  }

  /** Rows that have changed since they were taken last, in the order of their lines. */
  take(): Row[] {
    const rows = this.#changed;
    this.#changed = [];
    let last = -1;
    let isSorted = true;
    for (const row of rows) {
      row.isChanged = false;
      if (row.line < last) isSorted = false;
      last = row.line;
    }
    return isSorted ? rows : rows.sort((a, b) => a.line - b.line);
  }

  /** Index of the row that the cursor is in: it may go on. */
  get cursorRow(): number {
    return this.#row;
  }

  // ---- what the parser finds

  plain(text: string): void {
    if (this.#isAlternate) return;
    const room = limits.terminalColumnCountMax - this.#column;
    if (text.length > room) this.isCut = true;
    if (room === 0) return;
    const kept = text.length > room ? text.slice(0, room) : text;
    const row = this.#current();
    row.put(this.#column, kept, this.#style.text);
    this.#column += kept.length;
    this.#change(row);
  }

  character(character: string, codePoint: number): void {
    if (this.#isAlternate || codePoint < 0xa0) return;
    const width = widthOf(codePoint);
    if (width === 0) {
      const row = this.#at(this.#row);
      if (row?.join(this.#column, character)) this.#change(row);
      return;
    }
    if (this.#column + width > limits.terminalColumnCountMax) {
      this.isCut = true;
      return;
    }
    const row = this.#current();
    row.putCharacter(this.#column, character, width, this.#style.text);
    this.#column += width;
    this.#change(row);
  }

  control(code: number): void {
    if (this.#isAlternate) return;
    if (code === 0x0a || code === 0x0b || code === 0x0c) this.#lineFeed(0);
    else if (code === 0x0d) this.#column = 0;
    else if (code === 0x08) this.#toColumn(this.#column - 1);
    else if (code === 0x09) this.#toColumn((Math.floor(this.#column / TAB) + 1) * TAB);
  }

  escape(final: string): void {
    if (final === 'c') {
      this.#isAlternate = false;
      this.#style.reset();
      this.#clear();
      this.#column = 0;
      return;
    }
    if (this.#isAlternate) return;
    if (final === 'D') this.#lineFeed(this.#column);
    else if (final === 'E') this.#lineFeed(0);
    else if (final === 'M') this.#up(1);
    else if (final === '7') this.#save();
    else if (final === '8') this.#restore();
  }

  sequence(parameters: string, final: string): void {
    if (final === 'm') {
      if (/^[\d;:]*$/.test(parameters)) this.#style.apply(parameters);
      return;
    }
    if (final === 'h' || final === 'l') {
      if (parameters[0] === '?' && /(?:^|[?;])(?:47|1047|1049)(?:;|$)/.test(parameters))
        this.#isAlternate = final === 'h';
      return;
    }
    if (this.#isAlternate || !/^[\d;]*$/.test(parameters)) return;
    const [first = '', second = ''] = parameters.split(';');
    this.#move(final, first, second);
    this.#eraseBy(final, first);
  }

  #move(final: string, first: string, second: string): void {
    const count = countOf(first);
    switch (final) {
      case 'A':
        this.#up(count);
        break;
      case 'B':
      case 'e':
        this.#down(count);
        break;
      case 'C':
      case 'a':
        this.#toColumn(this.#column + count);
        break;
      case 'D':
        this.#toColumn(this.#column - count);
        break;
      case 'E':
        this.#down(count);
        this.#column = 0;
        break;
      case 'F':
        this.#up(count);
        this.#column = 0;
        break;
      case 'G':
      case '`':
        this.#toColumn(count - 1);
        break;
      case 'd':
        this.#toRow(count);
        break;
      case 'H':
      case 'f':
        this.#toRow(count);
        this.#toColumn(countOf(second) - 1);
        break;
      case 's':
        if (first === '') this.#save();
        break;
      case 'u':
        if (first === '') this.#restore();
        break;
      default:
    }
  }

  #eraseBy(final: string, first: string): void {
    if (final === 'J') this.#eraseScreen(first);
    const row = this.#at(this.#row);
    if (row === undefined || row.length === 0) return;
    const count = countOf(first);
    if (final === 'K') this.#eraseLine(row, first);
    else if (final === 'X') row.erase(this.#column, count);
    else if (final === 'P') row.delete(this.#column, count);
    else if (final === '@') row.insert(this.#column, count, limits.terminalColumnCountMax);
    else return;
    this.#change(row);
  }

  #eraseLine(row: Row, kind: string): void {
    if (kind === '' || kind === '0') row.eraseEnd(this.#column);
    else if (kind === '1') row.erase(0, this.#column + 1);
    else if (kind === '2') row.eraseEnd(0);
  }

  #eraseScreen(kind: string): void {
    if (kind === '2') this.#clear();
    else if (kind === '' || kind === '0') {
      this.#empty(this.#row + 1, this.#base + this.#rows.length);
      this.#eraseBy('K', '0');
    } else if (kind === '1') {
      this.#empty(this.#top, this.#row);
      this.#eraseBy('K', '1');
    }
  }

  #empty(from: number, to: number): void {
    for (let index = from; index < to; index += 1) {
      const row = this.#at(index);
      if (row === undefined || row.length === 0) continue;
      row.eraseEnd(0);
      this.#change(row);
    }
  }

  /** What was printed is kept: the screen begins anew below it. */
  #clear(): void {
    this.#home = Math.max(this.#home, this.#base + this.#rows.length);
    this.#row = this.#home;
    this.#lowest = this.#home;
  }

  // ---- the cursor

  get #top(): number {
    return Math.max(this.#home, this.#lowest - limits.terminalRowCountMax + 1);
  }

  #lineFeed(column: number): void {
    this.#current();
    this.#row += 1;
    this.#column = column;
    this.#lowest = Math.max(this.#lowest, this.#row);
  }

  #up(count: number): void {
    this.#row = Math.max(this.#top, this.#row - count);
  }

  #down(count: number): void {
    this.#row = Math.min(this.#lowest, this.#row + count);
  }

  /** Counts from 1 at the top. */
  #toRow(place: number): void {
    this.#row = this.#top + Math.min(place, limits.terminalRowCountMax) - 1;
    this.#lowest = Math.max(this.#lowest, this.#row);
  }

  #toColumn(column: number): void {
    this.#column = Math.min(Math.max(0, column), limits.terminalColumnCountMax);
  }

  #save(): void {
    this.#saved = [this.#row, this.#column];
  }

  #restore(): void {
    const [row, column] = this.#saved;
    this.#row = Math.min(Math.max(row, this.#top), this.#lowest);
    this.#column = column;
  }

  // ---- rows

  #at(index: number): Row | undefined {
    return this.#rows[index - this.#base];
  }

  /** The row of the cursor; it, and those above it, come to be now if they are not there. */
  #current(): Row {
    const row = this.#rows[this.#row - this.#base];
    return row ?? this.#make();
  }

  #make(): Row {
    const rows = this.#rows;
    for (let index = this.#base + rows.length; index <= this.#row; index += 1) {
      const row = new Row(this.#counter.next, index);
      this.#counter.next += 1;
      rows.push(row);
      this.#change(row);
    }
    const made = rows.at(-1) as Row;
    if (rows.length > 2 * limits.terminalRowCountMax) {
      this.#base += rows.length - limits.terminalRowCountMax;
      this.#rows = rows.slice(-limits.terminalRowCountMax);
    }
    return made;
  }

  #change(row: Row): void {
    row.time = this.#time;
    if (this.#counter.next - 1 - row.line > limits.terminalLinesBackMax) {
      // A reader holds no line back for so long.
      row.line = this.#counter.next;
      this.#counter.next += 1;
    }
    if (row.isChanged) return;
    row.isChanged = true;
    this.#changed.push(row);
  }
}

/** A parameter that counts: 1 where it is left out. */
const countOf = (text: string): number =>
  Math.max(1, Math.min(Number(text), limits.terminalColumnCountMax));
