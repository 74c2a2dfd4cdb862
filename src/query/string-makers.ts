// The methods of str that make another text. Each pays for its result before it makes it.
//
// Spec: spec/query.md, Functions. Test: test/query/functions.test.ts, test/query/cpython.test.ts.

import { integer, stringOf, trimEnd, trimStart } from './argument.ts';
import { charge, chargeGrowth, chargeText } from './budget.ts';
import { QueryFailure, typeError, valueError } from './failure.ts';
import { characterOf, checkedWidth, format } from './format.ts';
import { asciiOf, quote, represent, textOf } from './represent.ts';
import { charactersOf, lengthOfText } from './text.ts';
import { Dict, type Value } from './value.ts';

type Maker = (text: string, ...given: Value[]) => Value;

/** Upper and lower case may take several characters for one: three at most. */
const cased =
  (change: (text: string) => string): Maker =>
  (text) => {
    chargeText(text.length * 3);
    // Most look at each character by itself.
    charge(text.length >>> 2);
    return change(text);
  };

const upper = (text: string): string => text.toUpperCase();
const lower = (text: string): string => text.toLowerCase();

/** What upper case and back gives, but for what has no way back. */
const caseFold = (text: string): string =>
  charactersOf(text)
    .map((each) => (each === '\u0131' ? each : lower(upper(each)).replaceAll('\u03c2', '\u03c3')))
    .join('');

function capitalize(text: string): string {
  const [first = '', ...rest] = charactersOf(text);
  return titleOf(first) + lower(rest.join(''));
}

/** A letter of two, as U+01C6, has a form of its own at the beginning of a word. */
const titleForms: ReadonlyMap<string, string> = new Map([
  ['\u01c4', '\u01c5'],
  ['\u01c7', '\u01c8'],
  ['\u01ca', '\u01cb'],
  ['\u01f1', '\u01f2'],
]);

function titleOf(character: string): string {
  const large = upper(character);
  if (large.length > 1 && charactersOf(large).length > 1) {
    const [first = '', ...rest] = charactersOf(large);
    return first + lower(rest.join(''));
  }
  return titleForms.get(large) ?? large;
}

function title(text: string): string {
  let wasCased = false;
  return charactersOf(text)
    .map((character) => {
      const shown = wasCased ? lower(character) : titleOf(character);
      wasCased = /\p{Lu}|\p{Ll}|\p{Lt}/u.test(character);
      return shown;
    })
    .join('');
}

const swapCase = (text: string): string =>
  charactersOf(text)
    .map((each) => {
      if (/\p{Uppercase}/u.test(each)) return lower(each);
      // A letter of two forms at once, as U+01C5, stays.
      return /\p{Lowercase}/u.test(each) ? upper(each) : each;
    })
    .join('');

function pad(text: string, width: Value, fill: Value, side: 'left' | 'right' | 'both'): string {
  const by = stringOf(fill, 'the fill character');
  if (lengthOfText(by) !== 1) throw typeError('the fill character must be one character long');
  const missing = checkedWidth(integer(width)) - lengthOfText(text);
  if (missing <= 0) return text;
  if (side === 'left') return by.repeat(missing) + text;
  if (side === 'right') return text + by.repeat(missing);
  // As CPython does it: the odd one goes left where the width is odd too.
  const before = Math.floor(missing / 2) + (missing & (missing + lengthOfText(text)) & 1);
  return by.repeat(before) + text + by.repeat(missing - before);
}

function strip(text: string, characters: Value, atStart: boolean, atEnd: boolean): string {
  if (characters === null) {
    const ended = atEnd ? trimEnd(text) : text;
    return atStart ? trimStart(ended) : ended;
  }
  const dropped = new Set(charactersOf(stringOf(characters, 'what is stripped')));
  const all = charactersOf(text);
  let start = 0;
  let end = all.length;
  while (atStart && start < end && dropped.has(all[start] as string)) start += 1;
  while (atEnd && end > start && dropped.has(all[end - 1] as string)) end -= 1;
  return all.slice(start, end).join('');
}

function replace(text: string, old: Value, next: Value, count: Value): string {
  const wanted = stringOf(old, 'what is replaced');
  const by = stringOf(next, 'the replacement');
  const parts = wanted === '' ? ['', ...charactersOf(text), ''] : text.split(wanted);
  charge(parts.length);
  const limit = Number(integer(count));
  const times = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  chargeText(text.length + times * by.length);
  const changed = parts.slice(0, times + 1).join(by);
  return times === parts.length - 1 ? changed : [changed, ...parts.slice(times + 1)].join(wanted);
}

function expandTabs(text: string, size: Value): string {
  const width = checkedWidth(integer(size));
  chargeText(text.length + (text.split('\t').length - 1) * width);
  let column = 0;
  return charactersOf(text)
    .map((character) => {
      if (character === '\t') {
        const spaces = width <= 0 ? 0 : width - (column % width);
        column += spaces;
        return ' '.repeat(spaces);
      }
      column = character === '\n' || character === '\r' ? 0 : column + 1;
      return character;
    })
    .join('');
}

function zeroFill(text: string, width: Value): string {
  const missing = checkedWidth(integer(width)) - lengthOfText(text);
  if (missing <= 0) return text;
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

const FIELD = /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::([^{}]*))?\}|[{}]/g;

/** Fields are names alone: no attribute, no subscript, and no field within a field. */
function formatMap(text: string, members: Value): string {
  if (!(members instanceof Dict)) throw typeError('format_map() takes a dict');
  const made: string[] = [];
  let end = 0;
  let size = 0;
  const add = (part: string): void => {
    made.push(part);
    size += part.length;
    chargeGrowth(size, part.length);
  };
  for (const match of text.matchAll(FIELD)) {
    const [whole, name, conversion, spec = ''] = match;
    add(text.slice(end, match.index));
    end = match.index + whole.length;
    if (whole === '{{' || whole === '}}') add(whole.slice(1));
    else {
      if (name === undefined || name === '' || /[.[\]]/.test(name))
        throw valueError(`format_map() takes fields as {name}, not '${whole}'`);
      const value = members.getByName(name);
      if (value === undefined) throw new QueryFailure('KeyError', quote(name));
      const convert = { s: textOf, r: represent, a: asciiOf }[conversion ?? ''];
      add(format(convert === undefined ? value : convert(value), spec));
    }
  }
  add(text.slice(end));
  return made.join('');
}

function translate(text: string, table: Value): string {
  if (!(table instanceof Dict)) throw typeError('translate() takes a dict, as str.maketrans makes');
  charge(text.length >>> 2);
  let size = 0;
  return charactersOf(text)
    .map((character) => {
      // The key of an int.
      const entry = table.entries.get(character.codePointAt(0) as number);
      if (entry === undefined) return character;
      const by = entry[1];
      if (by === null) return '';
      const shown = typeof by === 'bigint' ? characterOf(by) : stringOf(by, 'a translation');
      size += shown.length;
      chargeGrowth(size, shown.length);
      return shown;
    })
    .join('');
}

export const stringMakers: Readonly<Record<string, Maker>> = {
  'capitalize()': cased(capitalize),
  'casefold()': cased(caseFold),
  "center(width, fillchar=' ')": (text, width, fill) =>
    pad(text, width as Value, fill as Value, 'both'),
  'expandtabs(tabsize=8)': (text, size) => expandTabs(text, size as Value),
  'format_map(mapping)': (text, members) => formatMap(text, members as Value),
  "ljust(width, fillchar=' ')": (text, width, fill) =>
    pad(text, width as Value, fill as Value, 'right'),
  'lower()': cased(lower),
  'lstrip(chars=None)': (text, characters) => strip(text, characters as Value, true, false),
  'removeprefix(prefix)': (text, prefix) => {
    const start = stringOf(prefix as Value, 'the prefix');
    charge(start.length >>> 6);
    return text.startsWith(start) ? text.slice(start.length) : text;
  },
  'removesuffix(suffix)': (text, suffix) => {
    const end = stringOf(suffix as Value, 'the suffix');
    charge(end.length >>> 6);
    return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text;
  },
  'replace(old, new, count=-1)': (text, old, next, count) =>
    replace(text, old as Value, next as Value, count as Value),
  "rjust(width, fillchar=' ')": (text, width, fill) =>
    pad(text, width as Value, fill as Value, 'left'),
  'rstrip(chars=None)': (text, characters) => strip(text, characters as Value, false, true),
  'strip(chars=None)': (text, characters) => strip(text, characters as Value, true, true),
  'swapcase()': cased(swapCase),
  'title()': cased(title),
  'translate(table)': (text, table) => translate(text, table as Value),
  'upper()': cased(upper),
  'zfill(width)': (text, width) => zeroFill(text, width as Value),
};
