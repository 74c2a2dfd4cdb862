// What to say where the text stops being a query: the likely reason, and what to write instead.
//
// Test: test/query/syntax.test.ts.

import type { RunlogError } from '../errors.ts';
import { insteadOfMembers, insteadOfOperator } from './foreign-operator.ts';
import { foreignWords } from './other-words.ts';
import { syntaxError } from './syntax-error.ts';

const STATEMENTS = new Set(
  'import from def class if for while with try return assert del raise global nonlocal pass break continue async'.split(
    ' ',
  ),
);

const wordAt = (text: string, at: number): string =>
  /^[\p{XID_Start}_][\p{XID_Continue}]*/u.exec(text.slice(at, at + 100))?.[0] ?? '';

export function unexpected(text: string, near: number): RunlogError {
  const at = near + (/^(?:\s+|#[^\n]*)*/.exec(text.slice(near, near + 4096))?.[0].length ?? 0);
  const start = text.length - text.trimStart().length;
  const first = wordAt(text, start);
  if (STATEMENTS.has(first))
    return syntaxError(text, start, `'${first}' begins a statement: a query is one expression`);
  if (at >= text.length)
    return syntaxError(text, text.trimEnd().length, 'the query ends where a value must follow');
  const word = wordAt(text, at);
  const operator = operatorAt(text, at, word);
  if (operator !== undefined) return operator;
  if (Object.hasOwn(foreignWords, word))
    return syntaxError(text, at, `'${word}' is not Python: write '${foreignWords[word]}'`);
  // `NOT run.a`: the word before is taken for a name, and this one is one too many.
  const before = /(?<![.\p{XID_Continue}])([A-Za-z]+)\s+$/u.exec(
    text.slice(Math.max(0, at - 20), at),
  );
  const earlier = before?.[1] ?? '';
  const misplaced = operatorAt(text, at - (before?.[0].length ?? 0), earlier);
  if (misplaced !== undefined) return misplaced;
  if (word !== '' && Object.hasOwn(foreignWords, earlier))
    return syntaxError(
      text,
      at - (before?.[0].length ?? 0),
      `'${earlier}' is not Python: write '${foreignWords[earlier]}'`,
    );
  if (word !== '' && at > 0 && /^(?:order|limit|group)$/i.test(word))
    return syntaxError(text, at, `'${word}' is no part of a query: it is an option beside it`);
  const sign = signAround(text, at);
  if (sign !== undefined) return sign;
  if (word !== '')
    return syntaxError(text, at, `'${word}' does not fit here: is an operator missing before it?`);
  const shown = /^(?:[\d.]+|"|'|\S)/.exec(text.slice(at, at + 20))?.[0] ?? '';
  return syntaxError(text, at, `'${shown}' does not fit here`);
}

/** An operator of another language that stands between two values. */
function operatorAt(text: string, at: number, word: string): RunlogError | undefined {
  const instead = word === '' ? undefined : insteadOfOperator(text, at);
  return instead === undefined
    ? undefined
    : syntaxError(text, at, `'${word}' is not Python: write ${instead}`);
}

/** Assignments: the error may be told at the sign, before it, or behind it. */
function signAround(text: string, at: number): RunlogError | undefined {
  const change = /^\s*([-+*/%&|^@]|\/\/|\*\*|<<|>>)=(?!=)/.exec(text.slice(at, at + 8));
  if (change !== null)
    return syntaxError(text, at, `'${change[1]}=' would change something: a query changes nothing`);
  if (/^=(?!=)/.test(text.slice(at))) return assignment(text, at);
  if (/^=(?!=)/.test(text.slice(at - 1)) && !/[=<>!]/.test(text[at - 2] ?? ''))
    return assignment(text, at - 1);
  return undefined;
}

function assignment(text: string, at: number): RunlogError {
  const matching = insteadOfOperator(text, at);
  if (matching !== undefined) return syntaxError(text, at, `'=~' is not Python: write ${matching}`);
  const subscript = insteadOfMembers(text, at);
  return subscript === undefined
    ? syntaxError(text, at, "'=' does not compare: write '=='")
    : syntaxError(text, at, `'=' names nothing in a subscript: write ${subscript}`);
}
