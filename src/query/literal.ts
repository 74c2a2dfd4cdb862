// Numbers and strings as they stand in a query, as values.
//
// Spec: spec/query.md. Test: test/query/syntax.test.ts.

import { Complex } from './complex.ts';
import { parseInteger } from './number-text.ts';
import { syntaxError } from './syntax-error.ts';

import { Bytes, type Value } from './value.ts';

const FLOAT = /^(?:\d+(?:_\d+)*)?(?:\.(?:\d+(?:_\d+)*)?)?(?:[eE][-+]?\d+(?:_\d+)*)?$/;

export function numberOf(text: string, query: string, at: number): Value {
  if (/[jJ]$/.test(text) && FLOAT.test(text.slice(0, -1)) && /\d/.test(text))
    return new Complex(0, Number(text.slice(0, -1).replaceAll('_', '')));
  if (/^0(?:_?\d)+$/.test(text) && !/^[0_]+$/.test(text))
    throw syntaxError(
      query,
      at,
      `a number does not begin with 0: write ${text.replace(/^[0_]+/, '')}`,
    );
  if (/^\d[\d_]*$|^0[xXoObB]/.test(text)) {
    const integer = /^\d[\d_]*$/.test(text) ? parseInteger(text, 10) : parseInteger(text, 0);
    if (integer !== undefined) return integer;
  } else if (FLOAT.test(text) && /\d/.test(text)) return Number(text.replaceAll('_', ''));
  throw syntaxError(query, at, `'${text.slice(0, 40)}' is no number`);
}

export interface StringParts {
  readonly isRaw: boolean;
  readonly isBytes: boolean;
  readonly isFormat: boolean;
  readonly quote: string;
  /** Where the text inside begins, from the beginning of the literal. */
  readonly start: number;
}

export function stringParts(literal: string): StringParts {
  const [, prefix = '', quote = ''] = /^([a-zA-Z]*)("""|'''|"|')/.exec(literal) ?? [];
  const letters = prefix.toLowerCase();
  return {
    isRaw: letters.includes('r'),
    isBytes: letters.includes('b'),
    isFormat: letters.includes('f'),
    quote,
    start: prefix.length + quote.length,
  };
}

export function stringOfLiteral(literal: string, query: string, at: number): string | Bytes {
  const parts = stringParts(literal);
  const inside = literal.slice(parts.start, literal.length - parts.quote.length);
  if (!parts.isBytes)
    return parts.isRaw ? newlines(inside) : decodeEscapes(inside, query, at, false);
  const text = parts.isRaw ? inside : decodeEscapes(inside, query, at, true);
  if (/\P{ASCII}/u.test(inside))
    throw syntaxError(query, at, 'bytes hold only ASCII characters: write \\x escapes');
  return new Bytes(Buffer.from(text, 'latin1'));
}

const newlines = (text: string): string => text.replace(/\r\n?/g, '\n');

const simple: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g;

/** Escapes by what they mean; an unknown one keeps its backslash, as in Python. */
export function decodeEscapes(text: string, query: string, at: number, isBytes: boolean): string {
  if (!text.includes('\\')) return newlines(text);
  const result = newlines(text).replace(
    ESCAPE,
    (whole, octal?: string, byte?: string, short?: string, long?: string, other?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
      const point = short ?? long;
      if (point !== undefined) return isBytes ? whole : characterOf(point, query, at);
      if (!isBytes && 'xuUN'.includes(other as string))
        throw syntaxError(query, at, `the escape ${whole} is not complete, or not known here`);
      return Object.hasOwn(simple, other as string) ? (simple[other as string] as string) : whole;
    },
  );
  return result;
}

function characterOf(hex: string, query: string, at: number): string {
  const point = Number.parseInt(hex, 16);
  if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
    throw syntaxError(
      query,
      at,
      `U+${hex} is no character; one beyond U+FFFF is written \\U0001F680`,
    );
  return String.fromCodePoint(point);
}
