// The look at a query before it is parsed: its size, its nesting, quotes and brackets that are not
// closed, and what other languages write. The parser forgives; here it is said what is wrong.
//
// Spec: spec/query.md, Limits. Test: test/query/syntax.test.ts.

import { limits } from '../limits.ts';
import { limitError } from './failure.ts';
import { syntaxError } from './syntax-error.ts';

/** What Python does not have, and what it has instead. The longest first. */
const foreign: readonly (readonly [string, string])[] = [
  ['===', "'===' is not Python: write '=='"],
  ['!==', "'!==' is not Python: write '!='"],
  ['&&', "'&&' is not Python: write 'and'"],
  ['||', "'||' is not Python: write 'or'"],
  ['<>', "'<>' is not Python: write '!='"],
  ['=>', "'=>' is not Python: write '>='"],
  ['=<', "'=<' is not Python: write '<='"],
  ['->', "'->' has no meaning in a query: write '.' for a member, '>' to compare"],
  [':=', "':=' is not allowed in a query: write '==' to compare"],
  ['++', ''],
  ['!=', ''],
  ['!~', "'!~' is not Python: write not re.search('x', run.name)"],
  ['!', "'!' is not Python: write 'not'"],
  ['?', "'?' is not Python: write 'a if condition else b'"],
  ['`', "'`' is no quote in Python: write ' or \""],
  ['$', "'$' has no meaning in a query"],
  [';', "';' ends a statement: a query is one expression; join conditions with 'and'"],
  ['\\', "'\\' has no meaning outside a string: a query may go over several lines without it"],
];

const TYPOGRAPHIC = /[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb]/;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** A word or sign of code; of a string what it begins with. Sticky: set `lastIndex`. */
export const TOKEN =
  /(?<space>[ \t\n\f\r]+|#[^\n\r]*)|(?<string>[rRbBuUfF]{0,2}(?<quote>"""|'''|"|'))|(?<word>[\p{XID_Start}_][\p{XID_Continue}]*)|(?<number>\d[\w.]*|\.\d[\w.]*)|(?<other>.)/suy;

/** @throws RunlogError LIMIT, QUERY_SYNTAX */
export function checkText(text: string): void {
  if (text.length > limits.querySizeMax)
    throw limitError('querySizeMax', `a query of ${text.length} characters`);
  const half = /\p{Surrogate}/u.exec(text);
  if (half !== null)
    throw syntaxError(text, half.index, 'half of a surrogate pair is no character');
  const open: { mark: string; at: number }[] = [];
  let tokens = 0;
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups ?? {};
    const end = TOKEN.lastIndex;
    if (groups['space'] === undefined) tokens += 1;
    if (tokens > limits.queryTokenCountMax)
      throw limitError('queryTokenCountMax', 'a query of more words and signs');
    if (groups['string'] !== undefined) {
      const start = at;
      at = endOfString(text, at, end, groups['quote'] as string, open.at(-1));
      if (/f/i.test(groups['string'])) tokens += bracesOf(text, start, at) * REPLACEMENT_TOKENS;
      continue;
    }
    if (groups['other'] !== undefined) at += checkSign(text, at, groups['other'], open);
    else at = end;
  }
  if (tokens > limits.queryTokenCountMax)
    throw limitError('queryTokenCountMax', 'a query of more words and signs');
  const last = open.at(-1);
  if (last !== undefined)
    throw syntaxError(text, last.at, `'${last.mark}' is not closed: add '${CLOSING[last.mark]}'`);
}

/** What stands in a replacement of an f-string is not read here; it is one such count. */
const REPLACEMENT_TOKENS = 4;

function bracesOf(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('{', start); at >= 0 && at < end; at = text.indexOf('{', at + 1))
    count += 1;
  return count;
}

/** Words and signs before the place, since the last comma or bracket on its level. */
export function wordsBefore(text: string, place: number): number {
  const counts = [0];
  let at = 0;
  while (at < place) {
    TOKEN.lastIndex = at;
    const { space, string, quote = '', other } = TOKEN.exec(text)?.groups ?? {};
    at =
      string === undefined
        ? TOKEN.lastIndex
        : endOfString(text, at, TOKEN.lastIndex, quote, undefined);
    if (other !== undefined && other in CLOSING) counts.push(0);
    else if (other !== undefined && /[)\]}]/.test(other)) counts.pop();
    else if (other === ',') counts[counts.length - 1] = 0;
    else if (space === undefined) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
  }
  return counts.at(-1) ?? 0;
}

function endOfString(
  text: string,
  start: number,
  inside: number,
  quote: string,
  open: { mark: string } | undefined,
): number {
  for (let at = inside; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(quote, at)) return at + quote.length;
    else if (text[at] === '\n' && quote.length === 1) break;
  }
  const hint = open === undefined ? '' : ` before '${CLOSING[open.mark]}'`;
  throw syntaxError(text, start, `the string is not closed: add ${quote}${hint}`);
}

/** Checks the sign at `at`; returns its size. */
function checkSign(
  text: string,
  at: number,
  sign: string,
  open: { mark: string; at: number }[],
): number {
  if (sign in CLOSING) {
    open.push({ mark: sign, at });
    if (open.length > limits.queryDepthMax)
      throw limitError('queryDepthMax', 'brackets inside each other');
    return 1;
  }
  if (sign === ')' || sign === ']' || sign === '}') {
    const last = open.pop();
    if (last === undefined) throw syntaxError(text, at, `'${sign}' closes nothing: remove it`);
    if (CLOSING[last.mark] !== sign)
      throw syntaxError(
        text,
        at,
        `'${sign}' cannot close '${last.mark}': write '${CLOSING[last.mark]}'`,
      );
    return 1;
  }
  if (TYPOGRAPHIC.test(sign))
    throw syntaxError(text, at, `${sign} is a typographic quote: write ' or "`);
  const line = sign === '\\' ? /^\\\r?\n/.exec(text.slice(at, at + 3)) : null;
  if (line !== null) return line[0].length;
  for (const [mark, message] of foreign) {
    if (!text.startsWith(mark, at)) continue;
    if (message !== '') throw syntaxError(text, at, message);
    return mark.length;
  }
  if (!/[ -~]/.test(sign))
    throw syntaxError(
      text,
      at,
      `the character U+${hexOf(sign)} has no meaning in a query${
        /[\p{Z}\p{Cf}]/u.test(sign) ? ': it cannot be seen; write a plain space, or nothing' : ''
      }`,
    );
  return sign.length;
}

const hexOf = (character: string): string =>
  (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');

/** What a query is made of. */
export interface QueryParts {
  /** `select ... if`, as old versions of Aim wrote it: all up to the first `if`. Of other queries empty. */
  readonly head: string;
  /** What rows are chosen by; nothing but blanks and comments: every row. */
  readonly condition: string;
}

/**
 * A query is `head + condition`, whatever is in it.
 *
 * @throws RunlogError QUERY_SYNTAX where a condition stands behind another word than `if`.
 */
export function queryParts(text: string): QueryParts {
  // `select == 1` compares a name.
  const select = /^\s*select(?=\s|$)(?!\s*[-=<>!+/%.&|,)\]])/i.exec(text);
  if (select === null) return { head: '', condition: text };
  const condition = /\sif(?=\s|$)/i.exec(text);
  const foreign = /(?<=\s)(?:where|from|order|limit|having)(?=\s|$)|[=<>!]/i.exec(text);
  // It would mean every row, and it might say which to remove.
  if (condition === null && foreign !== null)
    throw syntaxError(
      text,
      foreign.index,
      "a condition stands behind 'if': select run if run.hparams.lr > 1",
    );
  const end = condition === null ? text.length : condition.index + condition[0].length;
  return { head: text.slice(0, end), condition: text.slice(end) };
}

/** The query without what stands before its condition. Blanked, not cut, so that places stay what they are. */
export function withoutSelect(text: string): string {
  const { head, condition } = queryParts(text);
  return head.replace(/[^\n]/g, ' ') + condition;
}

/** A query that chooses nothing among the rows: it is asked for all of them. */
export const isForAll = (text: string): boolean =>
  queryParts(text).condition.replace(/#.*/g, '').trim() === '';
