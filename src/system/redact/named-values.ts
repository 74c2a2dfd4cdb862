// Values under a telling name in any text: settings, programs, logs, command lines.
//
// 1. Set off by a word of secrets; the name around it is read to at most 64 characters each way, the
//    value to at most 4,096 before it is judged, so that a search that finds nothing is bounded.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

import type { Found, Trigger } from './found.ts';
import { isSecretBare, isSecretQuoted, isSecretValue, type Place } from './judge.ts';
import type { NameLevel } from './secret-names.ts';
import { isGuarded, mark } from './secret-values.ts';

const secretWords =
  'pass pwd secret token key auth cred cookie bearer jwt _pat -pat salt pepper sig mnemonic phrase otp webhook session'.split(
    ' ',
  );

const nameMax = 64;
const valueMax = 4096;
const bareMax = 640;
const blanksMax = 8;

/** @param levelOf What is said of a name; options may have changed it. */
export const namedValueTriggers = (
  levelOf: (name: string) => NameLevel,
  moreWords: readonly string[],
): Trigger[] =>
  [...new Set([...secretWords, ...moreWords])].map((literal) => ({
    literal,
    anyCase: true,
    find: (text, at, from) => findNamed(text, at, at + literal.length, from, levelOf),
  }));

export function findNamed(
  text: string,
  at: number,
  wordEnd: number,
  from: number,
  levelOf: (name: string) => NameLevel,
): Found | undefined {
  let right = wordEnd;
  while (right < wordEnd + nameMax && isNameCode(text.charCodeAt(right))) right++;
  const separator = separatorAt(text, right);
  if (separator === undefined) return undefined;
  let left = at;
  const leftMin = Math.max(from, at - nameMax);
  while (left > leftMin && isNameCode(text.charCodeAt(left - 1))) left--;
  const name = text.slice(left, right).replace(/^[.-]?(?=[^-])|^-{3,}/, '');
  const level = levelOf(name);
  if (level === 'none') return undefined;
  const range = valueRange(text, { left, right, name, level, separator });
  if (range === undefined) return undefined;
  return { start: range.start, end: wholeEnd(text, range), name, isNamed: true };
}

/** What was too long to be judged whole goes whole: only now is its end looked for. */
function wholeEnd(text: string, { start, end, sizeMax }: Range): number {
  if (sizeMax === undefined || end - start < sizeMax) return end;
  const stop = sizeMax === valueMax ? /\n/g : /[\s"'`]/g;
  stop.lastIndex = end;
  return stop.exec(text)?.index ?? text.length;
}

function isNameCode(code: number): boolean {
  if (code >= 97 && code <= 122) return true;
  if (code >= 65 && code <= 90) return true;
  return (code >= 48 && code <= 57) || code === 95 || code === 45 || code === 46;
}

type SeparatorKind = 'equals' | 'colon' | 'compare' | 'comma' | 'tag' | 'call' | 'blank' | 'field';

interface Separator {
  readonly kind: SeparatorKind;
  /** Where it ends. */
  readonly end: number;
  readonly isSpaced: boolean;
  readonly isQuoted: boolean;
}

interface Named {
  readonly left: number;
  readonly right: number;
  readonly name: string;
  readonly level: NameLevel;
  readonly separator: Separator;
}

const fieldOfValue = /["']?\s{0,3},?\s{0,40}[+-]?\s{0,40}["']?value["']?\s{0,3}[:=]\s{0,3}/iy;

function separatorAt(text: string, right: number): Separator | undefined {
  let at = right;
  while (text[at] === '\\') at++;
  const isQuoted = at < text.length && `"'\``.includes(text.charAt(at));
  if (isQuoted) at++;
  else at = right;
  if (text[at] === ']') at++;
  const afterName = at;
  at = skipBlanks(text, at);
  const isSpaced = at > afterName;
  const found = (kind: SeparatorKind, size: number): Separator => ({
    kind,
    end: at + size,
    isSpaced,
    isQuoted,
  });
  const two = text.slice(at, at + 2);
  if (two === '=>' || two === ':=' || two === '?=' || two === ':-') return found('equals', 2);
  if (two === '==' || two === '!=') return found('compare', text[at + 2] === '=' ? 3 : 2);
  if (two[0] === '=') return found('equals', 1);
  if (two === '::' || two === ':/') return undefined;
  if (two[0] === ':') return found('colon', 1);
  if (two[0] === '>') return found('tag', 1);
  if (/^%3d/i.test(text.slice(at, at + 3))) return found('equals', 3);
  fieldOfValue.lastIndex = right;
  if (/[\s"',]/.test(text.charAt(right)) && fieldOfValue.test(text))
    return { kind: 'field', end: fieldOfValue.lastIndex, isSpaced: true, isQuoted };
  if (two[0] === ',' && isQuoted) return found('comma', 1);
  if (two[0] === '(' && !isSpaced && !isQuoted) return found('call', 1);
  return isSpaced && !isQuoted ? found('blank', 0) : undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < from + blanksMax && (text[at] === ' ' || text[at] === '\t')) at++;
  return at;
}

interface Range {
  readonly start: number;
  readonly end: number;
  /** As long as this: it may go on. */
  readonly sizeMax?: number;
}

const annotation = /[\w.[\]|<> ]{1,60}=[ \t]{0,4}(?=["'`])/y;
const nameField = /(?:name|key)["']?\s{0,3}[:=]\s{0,3}["']?$/i;

function valueRange(text: string, named: Named): Range | undefined {
  const { kind } = named.separator;
  if (kind === 'tag') return tagRange(text, named);
  if (kind === 'field') {
    if (!nameField.test(text.slice(Math.max(0, named.left - 16), named.left))) return undefined;
  }
  let at = skipBlanks(text, named.separator.end);
  if (kind === 'colon') {
    annotation.lastIndex = at;
    if (annotation.test(text)) at = annotation.lastIndex;
  }
  const quoted = quotedAt(text, at);
  if (quoted !== undefined) return judgeQuoted(text, named, quoted);
  if (kind === 'compare' || kind === 'comma' || kind === 'call') return undefined;
  if (kind === 'blank') return flagRange(text, named, at);
  const bare = bareAt(text, at, isFromLineStart(text, named.left) && kind === 'equals');
  if (bare === undefined) return undefined;
  if (kind === 'field')
    return isSecretValue(named.level, text.slice(bare.start, bare.end)) ? bare : undefined;
  const value = text.slice(bare.start, Math.min(bare.end, bare.start + bareMax));
  return isSecretBare(named.level, value, placeOf(text, named, bare)) ? bare : undefined;
}

/** `<password>x</password>` */
function tagRange(text: string, { left, level, separator }: Named): Range | undefined {
  if (text[left - 1] !== '<') return undefined;
  const start = separator.end;
  let end = start;
  while (end < start + bareMax && end < text.length && !'<\n'.includes(text.charAt(end))) end++;
  const value = text.slice(start, end);
  return text[end] === '<' && isSecretQuoted(level, value) ? { start, end } : undefined;
}

interface Quoted extends Range {
  readonly isClosed: boolean;
}

const stringPrefix = /(?:[bfrux]{1,2}|@|\$)?(?=["'`\\])/iy;

/** Between quotes, which may themselves be escaped: in JSON in a string, in a shell in a program. */
function quotedAt(text: string, from: number): Quoted | undefined {
  stringPrefix.lastIndex = from;
  let at = stringPrefix.test(text) ? stringPrefix.lastIndex : from;
  const opening = at;
  while (text[at] === '\\' && at < opening + 8) at++;
  const quote = text.charAt(at);
  if (quote === '' || !`"'\``.includes(quote)) return undefined;
  let delimiter = text.slice(opening, at + 1);
  const isTriple = text.startsWith(quote.repeat(3), at);
  if (isTriple) delimiter = quote.repeat(3);
  const start = opening + delimiter.length;
  const end = closingAt(text, start, delimiter, isTriple || quote === '`');
  return {
    start,
    end,
    isClosed: text.startsWith(delimiter, end) || end - start >= valueMax,
    sizeMax: valueMax,
  };
}

function closingAt(text: string, start: number, delimiter: string, isLong: boolean): number {
  const first = delimiter.charCodeAt(0);
  const limit = Math.min(text.length, start + valueMax);
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 && !isLong) return at;
    if (code === first && text.startsWith(delimiter, at)) return at;
    if (code === 92) at++;
  }
  return limit;
}

function judgeQuoted(text: string, named: Named, range: Quoted): Range | undefined {
  const value = text.slice(range.start, Math.min(range.end, range.start + valueMax));
  const { kind } = named.separator;
  // The quote may also be the end of a string that ends with the name.
  const isSetter = kind === 'call' && /(?:^|\.)(?:set|with)_?[A-Za-z]/.test(named.name);
  const isDoubtful = kind === 'comma' || (kind === 'call' && !isSetter) || !range.isClosed;
  if (isDoubtful && !isGuarded(value)) return undefined;
  if (kind === 'blank' && named.level !== 'password' && !named.name.startsWith('-'))
    return undefined;
  return isSecretQuoted(named.level, value) ? range : undefined;
}

/** `--password x`, `password x` of a netrc, `ENV API_KEY x`. */
function flagRange(text: string, named: Named, at: number): Range | undefined {
  const before = text.slice(Math.max(0, named.left - 160), named.left);
  const isFlag = named.name.startsWith('--');
  const isTold =
    /\b(?:login\s{1,4}\S{1,64}|machine\s.{0,80})\s{1,4}$/.test(before) ||
    /(?:^|\n)[+-]?\s{0,8}(?:ENV|setx|setenv|set -\w{1,4})\s{1,4}$/.test(before) ||
    /\b(?:config|configure|secrets?|variables?) set\s{1,4}$/.test(before);
  if ((!isFlag && !isTold) || text[at] === '-') return undefined;
  const bare = bareAt(text, at, true);
  if (bare === undefined) return undefined;
  const value = text.slice(bare.start, Math.min(bare.end, bare.start + bareMax));
  if (!isSecretValue(named.level, value)) return undefined;
  // In a sentence about a flag the next word is no value of it.
  const isWord = /^[a-z]+[.,:;)]?$/i.test(value);
  if (
    isWord &&
    !isTold &&
    !/^[ \t]{0,4}(?:\\?\n|\r|$|-|\\$)/.test(text.slice(bare.end, bare.end + 8))
  )
    return undefined;
  return bare;
}

const isCloser = new Uint8Array(0x10000);
for (const each of `"'\`,;&)}]<>|\\`) isCloser[each.charCodeAt(0)] = 1;

/** Up to a blank, and where the value is not the rest of a line, up to what may close it. */
function bareAt(text: string, start: number, isRest: boolean): Range | undefined {
  if (text.startsWith(mark, start)) return undefined;
  let end = start;
  let firstCloser = -1;
  const limit = Math.min(text.length, start + bareMax);
  for (; end < limit; end++) {
    const code = text.charCodeAt(end);
    if (code <= 32 || code === 0xa0) break;
    if (firstCloser === -1 && isCloser[code] === 1) {
      firstCloser = end;
      if (!isRest) break;
    }
  }
  if (isRest && firstCloser !== -1 && isListed(text.slice(start, Math.min(end, limit))))
    end = firstCloser;
  const isCut = end - start >= bareMax;
  while (!isCut && end > start && ',;&|)"\'`'.includes(text.charAt(end - 1))) end--;
  return end === start ? undefined : { start, end, sizeMax: bareMax };
}

/** More pairs, calls or quotes follow: what closes the value is no part of it. */
const isListed = (run: string): boolean =>
  /[&;,][\w.-]{1,64}=|&&|["'`)}\]]|\\[nrt"']|^[[{(<$]/.test(run);

const lineLead =
  /(?:^|[\n\r])(?:[+-]|\\n)?[ \t]{0,40}(?:- )?(?:export |set |setenv |env |declare -x )?["']?$/;

const isFromLineStart = (text: string, left: number): boolean =>
  lineLead.test(text.slice(Math.max(0, left - 56), left));

function placeOf(text: string, named: Named, bare: Range): Place {
  const { left, name, separator } = named;
  const after = text.slice(bare.end, bare.end + 12);
  const before = text.slice(Math.max(0, left - 8), left);
  return {
    name,
    isColon: separator.kind === 'colon',
    isSpaced: separator.isSpaced || bare.start > separator.end,
    isLineStart: isFromLineStart(text, left) || /^[\n\r]-$/.test(text.slice(left - 1, left + 1)),
    isLineEnd: /^[ \t]{0,8}(?:$|[\r\n#]|\/\/)/.test(after),
    isArgument: /[(,]\s{0,4}$/.test(before) && /^\s{0,4}[,)]/.test(after),
  };
}
