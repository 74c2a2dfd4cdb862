// The methods of str that look for or at something. Those that make a text are in string-makers.ts.
//
// 1. `format` is left out, as in Aim: f-strings and % say the same.
// 2. Places count characters; JavaScript's UTF-16 places never show.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts, test/query/cpython.test.ts.

import { integer, placeWithin, SPACE, stringOf, trimEnd, trimStart } from './argument.ts';
import { charge, chargeElements, chargeText } from './budget.ts';
import { encode } from './encoding.ts';
import { valueError } from './failure.ts';
import { elementsOf } from './iterate.ts';
import { type MemberTable, members } from './methods.ts';
import { stringMakers } from './string-makers.ts';
import { charactersOf, lengthOfText, partOfText, pointOfUnit } from './text.ts';
import { List, Tuple, type Value } from './value.ts';

/** The part between start and end, and where it begins; undefined: start is behind the end. */
function windowOf(
  text: string,
  start: Value,
  end: Value,
): { part: string; from: number } | undefined {
  const length = lengthOfText(text);
  const from = placeWithin(start, length, 0);
  const to = Math.min(length, placeWithin(end, length, length));
  if (from > length || from > to) return undefined;
  return { part: partOfText(text, from, to), from };
}

function find(text: string, sub: Value, start: Value, end: Value, fromRight: boolean): bigint {
  const wanted = stringOf(sub, 'what is looked for');
  const window = windowOf(text, start, end);
  if (window === undefined) return -1n;
  charge((text.length >>> 5) + 1);
  const { part, from } = window;
  chargeBackwards(part, wanted, fromRight);
  const unit = fromRight ? part.lastIndexOf(wanted) : part.indexOf(wanted);
  return unit < 0 ? -1n : BigInt(from + pointOfUnit(part, unit));
}

/** From the right the engine of JavaScript compares at each place anew: text times what is looked for. */
function chargeBackwards(text: string, wanted: string, fromRight: boolean): void {
  if (fromRight) charge(Math.floor((text.length * wanted.length) / 512));
}

function index(text: string, sub: Value, start: Value, end: Value, fromRight: boolean): bigint {
  const place = find(text, sub, start, end, fromRight);
  if (place < 0n) throw valueError('substring not found');
  return place;
}

function isAtEdge(text: string, edge: Value, start: Value, end: Value, atStart: boolean): boolean {
  const wanted = edge instanceof Tuple ? edge.items : [edge];
  const texts = wanted.map((each) => stringOf(each, 'what is compared'));
  for (const each of texts) charge(1 + (each.length >>> 6));
  const window = windowOf(text, start, end);
  if (window === undefined) return false;
  return texts.some((each) =>
    atStart ? window.part.startsWith(each) : window.part.endsWith(each),
  );
}

/** Occurrences that do not overlap. */
function count(text: string, sub: Value, start: Value, end: Value): bigint {
  const wanted = stringOf(sub, 'what is counted');
  const window = windowOf(text, start, end);
  if (window === undefined) return 0n;
  charge((text.length >>> 5) + 1);
  if (wanted === '') return BigInt(lengthOfText(window.part) + 1);
  const parts = window.part.split(wanted).length;
  charge(parts);
  return BigInt(parts - 1);
}

/** As Python's str.split: by white space if there is no separator, without empty parts. */
function split(text: string, separator: Value, most: Value, fromRight: boolean): List {
  const limit = Number(integer(most));
  chargeElements(text.length >>> 1);
  if (separator === null) return new List(splitAtSpace(text, limit, fromRight));
  const by = stringOf(separator, 'the separator');
  if (by === '') throw valueError('empty separator');
  const parts = text.split(by);
  if (limit < 0 || parts.length - 1 <= limit) return new List(parts);
  return new List(
    fromRight
      ? [parts.slice(0, parts.length - limit).join(by), ...parts.slice(parts.length - limit)]
      : [...parts.slice(0, limit), parts.slice(limit).join(by)],
  );
}

const spaces = new RegExp(`${SPACE}+`, 'u');

function splitAtSpace(text: string, limit: number, fromRight: boolean): string[] {
  const words = trimStart(trimEnd(text)).split(spaces);
  if (words.length === 1 && words[0] === '') return [];
  if (limit < 0 || words.length <= limit) return words;
  // The spaces at the far end of what is left over stay.
  if (fromRight) {
    const kept = words.slice(words.length - limit);
    let rest = trimEnd(text);
    for (const word of [...kept].reverse())
      rest = trimEnd(rest.slice(0, rest.length - word.length));
    return limit === 0 ? [rest] : [rest, ...kept];
  }
  let rest = trimStart(text);
  for (const word of words.slice(0, limit)) rest = trimStart(rest.slice(word.length));
  return [...words.slice(0, limit), rest];
}

function partition(text: string, separator: Value, fromRight: boolean): Tuple {
  const by = stringOf(separator, 'the separator');
  if (by === '') throw valueError('empty separator');
  charge(text.length >>> 5);
  chargeBackwards(text, by, fromRight);
  const unit = fromRight ? text.lastIndexOf(by) : text.indexOf(by);
  if (unit < 0) return new Tuple(fromRight ? ['', '', text] : [text, '', '']);
  return new Tuple([text.slice(0, unit), by, text.slice(unit + by.length)]);
}

const LINE_ENDS = '\\r\\n|[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029]';
const LINE_END = new RegExp(LINE_ENDS, 'gu');

function splitLines(text: string, keepsEnds: boolean): List {
  chargeElements(text.length >>> 1);
  const lines: string[] = [];
  let from = 0;
  for (const match of text.matchAll(LINE_END)) {
    const after = match.index + match[0].length;
    lines.push(text.slice(from, keepsEnds ? after : match.index));
    from = after;
  }
  if (from < text.length) lines.push(text.slice(from));
  return new List(lines);
}

const every = (pattern: RegExp) => (text: string) => {
  charge(text.length >>> 4);
  return pattern.test(text);
};

/** It has letters of two forms, and none of the other one. */
function isCased(text: string, other: RegExp): boolean {
  charge(text.length >>> 4);
  return /\p{Uppercase}|\p{Lowercase}|\p{Lt}/u.test(text) && !other.test(text);
}

/** Characters that are digits though not decimal: superscripts, circled ones. */
const DIGITS =
  '\\p{Nd}\\u00b2\\u00b3\\u00b9\\u1369-\\u1371\\u19da\\u2070\\u2074-\\u2079\\u2080-\\u2089\\u2460-\\u2468' +
  '\\u2474-\\u247c\\u2488-\\u2490\\u24ea\\u24f5-\\u24fd\\u24ff\\u2776-\\u277e\\u2780-\\u2788\\u278a-\\u2792' +
  '\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}';

function isTitle(text: string): boolean {
  let wasCased = false;
  let found = false;
  for (const character of charactersOf(text)) {
    const isUpper = /\p{Uppercase}|\p{Lt}/u.test(character);
    const isLower = /\p{Lowercase}/u.test(character);
    if ((isUpper && wasCased) || (isLower && !wasCased)) return false;
    wasCased = isUpper || isLower;
    found ||= wasCased;
  }
  return found;
}

export const stringMembers: MemberTable<string> = members<string>({
  ...stringMakers,
  'count(sub, start=None, end=None)': count,
  "encode(encoding='utf-8')": (text, encoding) => encode(text, encoding as Value),
  'endswith(suffix, start=None, end=None)': (text, edge, start, end) =>
    isAtEdge(text, edge as Value, start as Value, end as Value, false),
  'find(sub, start=None, end=None)': (text, ...given) =>
    find(text, ...(given as [Value, Value, Value]), false),
  'index(sub, start=None, end=None)': (text, ...given) =>
    index(text, ...(given as [Value, Value, Value]), false),
  'isalnum()': every(/^[\p{L}\p{N}]+$/u),
  'isalpha()': every(/^\p{L}+$/u),
  'isascii()': every(/^\p{ASCII}*$/u),
  'isdecimal()': every(/^\p{Nd}+$/u),
  'isdigit()': every(new RegExp(`^[${DIGITS}]+$`, 'u')),
  'isidentifier()': every(/^[\p{XID_Start}_]\p{XID_Continue}*$/u),
  'islower()': (text) => isCased(text, /\p{Uppercase}|\p{Lt}/u),
  'isnumeric()': every(/^\p{N}+$/u),
  'isprintable()': every(/^[ \p{L}\p{M}\p{N}\p{P}\p{S}]*$/u),
  'isspace()': every(new RegExp(`^${SPACE}+$`, 'u')),
  'istitle()': isTitle,
  'isupper()': (text) => isCased(text, /\p{Lowercase}|\p{Lt}/u),
  'join(iterable)': (text, iterable) => join(text, iterable as Value),
  'partition(sep)': (text, separator) => partition(text, separator as Value, false),
  'rfind(sub, start=None, end=None)': (text, ...given) =>
    find(text, ...(given as [Value, Value, Value]), true),
  'rindex(sub, start=None, end=None)': (text, ...given) =>
    index(text, ...(given as [Value, Value, Value]), true),
  'rpartition(sep)': (text, separator) => partition(text, separator as Value, true),
  'rsplit(sep=None, maxsplit=-1)': (text, by, most) =>
    split(text, by as Value, most as Value, true),
  'split(sep=None, maxsplit=-1)': (text, by, most) =>
    split(text, by as Value, most as Value, false),
  'splitlines(keepends=False)': (text, keeps) => splitLines(text, integer(keeps as Value) !== 0n),
  'startswith(prefix, start=None, end=None)': (text, edge, start, end) =>
    isAtEdge(text, edge as Value, start as Value, end as Value, true),
});

function join(separator: string, iterable: Value): string {
  const parts = elementsOf(iterable).map((each, place) =>
    stringOf(each, `element ${place} of join`),
  );
  let size = separator.length * parts.length;
  for (const part of parts) size += part.length;
  chargeText(size);
  return parts.join(separator);
}
