// Lines without their secrets.
//
// 1. A line is judged whole and without colours, each time it is recorded.
// 2. Of a line that may go on, what could be the first half of a secret is held back: the last word,
//    and all from a quote that is still open.
// 3. A private key in PEM goes over many lines, none of which looks like a secret: all of them go.
//
// Spec: spec/terminal.md, Secrets. Test: test/system/terminal/recorder.test.ts.

import type { Row } from './row.ts';

const MARK = '[redacted]';
const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/;
const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY/;
/** Lines after which a key that never ends is none: an RSA key of 16,384 bits has about 200. */
const KEY_LINES_MAX = 256;

export class SecretLines {
  readonly #redact: (text: string) => string;
  /** Lines of a key that may follow the row that was looked at last: 0 outside of one. */
  #keyLines = 0;
  #lastIndex = -1;
  /** Of rows that the cursor may come back to: the lines of a key that could follow the row above. */
  readonly #before = new WeakMap<Row, number>();

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  /** Requires: rows come in the order of their lines. `isOpen`: the row may go on. */
  textOf(row: Row, isOpen: boolean, isStyled: boolean): string {
    const before = this.#before.get(row) ?? this.#keyLines;
    this.#before.set(row, before);
    const whole = row.text;
    const begins = KEY_BEGIN.exec(whole);
    const ends = KEY_END.exec(whole);
    const isInside = before > 0 && (begins === null || ends === null || ends.index < begins.index);
    if (row.index >= this.#lastIndex) {
      this.#lastIndex = row.index;
      if (begins !== null && (ends === null || ends.index < begins.index))
        this.#keyLines = KEY_LINES_MAX;
      else this.#keyLines = ends === null ? Math.max(0, before - 1) : 0;
    }
    if (isInside) return whole === '' ? '' : MARK;
    const shown = isOpen ? whole.slice(0, safeLength(whole)) : whole;
    const kept = this.#withoutKey(this.#redact(shown));
    return isStyled && kept === whole ? row.styledText : kept;
  }

  /** A key that begins in the line, of which the redactor knows whole ones only. */
  #withoutKey(text: string): string {
    const begin = KEY_BEGIN.exec(text);
    return begin === null ? text : text.slice(0, begin.index) + MARK;
  }
}

/** How much of a line that may go on can be judged: whole words, and no quote left open. */
export function safeLength(text: string): number {
  let end = text.length;
  while (end > 0 && !isBlank(text.charCodeAt(end - 1))) end -= 1;
  for (const quote of ['"', "'", '`']) {
    let open = -1;
    for (let at = text.indexOf(quote); at >= 0 && at < end; at = text.indexOf(quote, at + 1))
      open = open < 0 ? at : -1;
    if (open >= 0) end = Math.min(end, open);
  }
  return end;
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0xa0;
