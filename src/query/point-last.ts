// Numbers that end with their point, such as `7.` and `1.e-1`, of which the grammar knows nothing: it gets a digit
// for the point. They are looked for wherever the grammar finds numbers, also in the braces of f-strings and of
// their formats; in braces a quote opens another string, as for the grammar.
//
// Test: test/query/syntax.test.ts, test/query/python-facts.test.ts.

import { TOKEN } from './lexical.ts';
import { syntaxError } from './syntax-error.ts';

const MEMBER_OF_NUMBER = 'a member of a number stands behind brackets: (1).real';

const POINT_LAST = /\d+(?:_\d+)*\.(?![\d_])/y;
/** What may follow it: nothing of a word, an exponent, a `j`, or a keyword. */
const AFTER_POINT =
  /(?:[eE][-+]?\d|[jJ]?(?![\p{XID_Continue}])|(?:and|else|for|if|in|is|not|or)\b)/uy;

/** Where the number that begins at `at` ends with its point; undefined: it does not. */
function pointBehind(text: string, at: number): number | undefined {
  POINT_LAST.lastIndex = at;
  if (!POINT_LAST.test(text)) return undefined;
  const end = POINT_LAST.lastIndex;
  AFTER_POINT.lastIndex = end;
  if (!AFTER_POINT.test(text)) throw syntaxError(text, at, MEMBER_OF_NUMBER);
  return end - 1;
}

/** What the place is in: the text of an f-string, an expression, or the format behind its colon. */
interface Part {
  kind: 'text' | 'code' | 'format';
  /** Of a text. */
  readonly quote: string;
  /** Brackets of an expression that are open. */
  brackets: number;
}

class Scan {
  readonly text: string;
  readonly points: number[] = [];
  readonly #parts: Part[] = [{ kind: 'code', quote: '', brackets: 0 }];

  constructor(text: string) {
    this.text = text;
  }

  #open(kind: Part['kind'], quote = ''): void {
    this.#parts.push({ kind, quote, brackets: 0 });
  }

  /** Behind the next part of the text; at its end: what follows is for the grammar to refuse. */
  next(at: number): number {
    const part = this.#parts.at(-1);
    if (part === undefined) return this.text.length;
    if (part.kind === 'code') return this.#nextOfCode(at, part);
    const sign = this.text[at];
    if (part.kind === 'text') {
      if (sign === '\\' || this.text.startsWith('{{', at)) return at + 2;
      if (this.text.startsWith(part.quote, at)) {
        this.#parts.pop();
        return at + part.quote.length;
      }
      if (sign === '\n' && part.quote.length === 1) return this.text.length;
    } else if (sign === '}') this.#parts.pop();
    if (sign === '{') this.#open('code');
    return at + 1;
  }

  #nextOfCode(at: number, part: Part): number {
    TOKEN.lastIndex = at;
    const { string, quote = '', number, other } = TOKEN.exec(this.text)?.groups ?? {};
    const end = TOKEN.lastIndex;
    if (string !== undefined) {
      if (!/f/i.test(string)) return this.#endOfString(end, quote);
      this.#open('text', quote);
    } else if (number !== undefined) {
      const point = pointBehind(this.text, at);
      if (point !== undefined) this.points.push(point);
    } else if (other !== undefined && this.#parts.length > 1) this.#sign(other, part);
    return end;
  }

  #sign(sign: string, part: Part): void {
    if (/[([{]/.test(sign)) part.brackets += 1;
    else if (part.brackets > 0) part.brackets -= /[)\]}]/.test(sign) ? 1 : 0;
    else if (sign === ':') part.kind = 'format';
    else if (sign === '}') this.#parts.pop();
  }

  #endOfString(inside: number, quote: string): number {
    for (let at = inside; at < this.text.length; at += 1) {
      if (this.text[at] === '\\') at += 1;
      else if (this.text.startsWith(quote, at)) return at + quote.length;
      else if (this.text[at] === '\n' && quote.length === 1) break;
    }
    return this.text.length;
  }
}

/**
 * The text as the grammar takes it: of the same length, so that places are those of `text`.
 *
 * @throws RunlogError QUERY_SYNTAX
 */
export function withDigitsForPoints(text: string): string {
  const scan = new Scan(text);
  for (let at = 0; at < text.length; ) at = scan.next(at);
  if (scan.points.length === 0) return text;
  const units = text.split('');
  for (const point of scan.points) units[point] = '0';
  return units.join('');
}
