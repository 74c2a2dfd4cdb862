// QUERY_SYNTAX: what is wrong, in which line and column, with a caret under it, and what to write.
//
// Test: test/query/syntax.test.ts.

import { RunlogError } from '../errors.ts';

/** Characters of a line that are shown around the place. */
const SHOWN_MAX = 100;

/** A name in a message is not longer: the place shows where it stands. */
const LONG_NAME = /[\p{XID_Continue}]{60,}/gu;

export function syntaxError(text: string, at: number, given: string): RunlogError {
  const place = placeOf(text, at);
  const message = given.replace(LONG_NAME, (name) => `${name.slice(0, 40)}...`);
  return new RunlogError(
    'QUERY_SYNTAX',
    `query, line ${place.line}, column ${place.column}: ${message}\n${place.shown}`,
    { line: place.line, column: place.column },
  );
}

/** Line and column from 1, in characters, and the line with a caret under the place. */
export function placeOf(text: string, at: number): { line: number; column: number; shown: string } {
  const end = Math.min(at, text.length);
  const start = text.lastIndexOf('\n', end - 1) + 1;
  const line = text.slice(0, start).split('\n').length;
  const before = Array.from(text.slice(start, end));
  const after = Array.from(text.slice(end, end + SHOWN_MAX * 2).split('\n', 1)[0] as string);
  const shownBefore = before.slice(-SHOWN_MAX);
  const shownLine = shownBefore.concat(after.slice(0, SHOWN_MAX)).map(visible).join('');
  const column = before.length + 1;
  return { line, column, shown: `    ${shownLine}\n    ${' '.repeat(shownBefore.length)}^` };
}

/** A control character would move the caret. */
const visible = (character: string): string =>
  /[\p{C}\p{Zl}\p{Zp}]/u.test(character) ? ' ' : character;
