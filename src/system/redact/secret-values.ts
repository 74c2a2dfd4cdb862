// What a value looks like: nothing to hide, drawn at random, a digest, a path, an expression.
//
// 1. Every test is linear in the value, and callers give at most `judgedSize` characters.
//
// Test: test/system/redact/corpus.test.ts. Page: spec/redaction.md.

/** What stands where a secret stood. */
export const mark = '[redacted]';

/** Characters of a value that are looked at; the rest shares their fate. */
export const judgedSize = 512;

const plainWords = new Set(
  'true false yes no on off y n none null nil undefined nan default auto empty unset n/a'.split(
    ' ',
  ),
);
const placeholders: readonly RegExp[] = [
  /^\$(?:\w+|\{[^}]*\}?|\([^)]*\)?)(?:$|[/.:_-])/,
  /^\{\{?[^}]*\}?\}?$/,
  /^<[^<>]*>?$/,
  /^%(?:\w+%|[sdrv])$/,
  /^@\w+@$/,
  /^\[[^\]]*\]?$/,
  /^!?\.{2,}$/,
];

/** Nothing to hide under any name: empty, a switch, a mask, a place where a value is put later. */
export function isPlain(value: string): boolean {
  if (value === '' || value.startsWith(mark)) return true;
  if (plainWords.has(value.toLowerCase())) return true;
  const first = value.charAt(0);
  if (!/\w/.test(first) && placeholders.some((each) => each.test(value))) return true;
  return isRepeated(value) || /^(?:your|enter|insert|replace|todo)[-_ ]/i.test(value);
}

/** One character again and again, as masks are: `****`, `xxxx`. */
function isRepeated(value: string): boolean {
  if (value.length < 3 && value !== '*') return false;
  const first = value.charAt(0).toLowerCase();
  if (!/[*x.#_-]/.test(first)) return false;
  for (let index = 1; index < value.length; index++)
    if (value.charAt(index).toLowerCase() !== first) return false;
  return true;
}

export const isNumber = (value: string): boolean =>
  /^[+-]?(?:\d[\d_]{0,30}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,3})?[a-z%]{0,3}$/i.test(value);

const uuid = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i;
export const isUuid = (value: string): boolean => uuid.test(value);

/** A file, a socket, a route: its parts are words. */
export function isPath(value: string): boolean {
  const isRooted = /^(?:~|\.{1,2})?[/\\]|^[A-Za-z]:[/\\]|^\$?\w+\/|^file:/.test(value);
  if (!isRooted && !/^[\w-]+\.[a-z]{2,5}$/.test(value)) return false;
  return value.split(/[/\\]/).every((part) => randomness(part) === 'none' && !/[+=]/.test(part));
}

/**
 * random: letters of both cases or letters and digits, mixed as no word is; hex: hexadecimal digits
 * alone, which digests are too; none: words, numbers, short things.
 */
export type Randomness = 'none' | 'hex' | 'random';

export function randomness(value: string): Randomness {
  if (value.length < 8 || /\s/.test(value)) return 'none';
  if (isUuid(value)) return 'hex';
  let result: Randomness = 'none';
  for (const part of value.split(/[-_.:/\\,;=&?@~|]+/)) {
    if (part.length < 8) continue;
    if (/^(?:0x)?[0-9a-f]+$/i.test(part)) {
      if (part.length >= 16 && /\d/.test(part) && /[a-f]/i.test(part)) result = 'hex';
    } else if (isMixed(part)) return 'random';
  }
  return result;
}

type Kind = 'other' | 'digit' | 'lower' | 'upper';

function kindOf(code: number): Kind {
  if (code >= 48 && code <= 57) return 'digit';
  if (code >= 97 && code <= 122) return 'lower';
  return code >= 65 && code <= 90 ? 'upper' : 'other';
}

/** Changes of kind come often, and many characters are different. */
function isMixed(part: string): boolean {
  let changes = 0;
  let before = kindOf(part.charCodeAt(0));
  const seen = new Set<number>();
  for (let index = 0; index < part.length; index++) {
    const code = part.charCodeAt(index);
    const kind = kindOf(code);
    // A capital and its small letters are one word.
    if (kind !== before && !(before === 'upper' && kind === 'lower')) changes++;
    before = kind;
    seen.add(code);
  }
  if (seen.size < Math.min(8, part.length * 0.6)) return false;
  return changes >= 3 && changes / part.length >= 0.13;
}

/** Hard to guess, or long enough to be drawn at random: what hides under a name like `STRIPE_KEY`. */
export function isGuarded(value: string): boolean {
  if (/\s/.test(value) || isPath(value) || isNumber(value)) return false;
  const found = randomness(value);
  if (found !== 'none') return found === 'random' ? !isVersion(value) : value.length >= 16;
  if (value.length < 8) return false;
  return /[a-z]/i.test(value) && /\d/.test(value) && /[^\w.:/@-]/.test(value);
}

const isVersion = (value: string): boolean =>
  /^v?\d+(?:\.\d+){1,3}(?:[-+.][\w.+-]{1,40})?$/.test(value) ||
  /^\d{4}-\d\d-\d\d(?:[T ][\d:.,+-]+Z?)?$/.test(value);

/** Random beyond doubt, under a name that alone would say little. Digests stay. */
export const isClearlyRandom = (value: string): boolean =>
  value.length >= 20 &&
  !/^(?:sha\d{1,3}|md5|h1|blake\w+)[-:=~]/i.test(value) &&
  !/^[\w+.-]+:\/\//.test(value) &&
  !isVersion(value) &&
  !isPath(value) &&
  randomness(value) === 'random';

const reserved =
  /^(?:new|await|async|lambda|function|typeof|self|this|not|in|is|if|else|return|str|string|int|bytes|bool|boolean|number|any|unknown|object|void|never|secretstr|optional|required|type)\b/i;

/** Code that yields a value, or the type of one: nothing is given away. */
export function isExpression(value: string): boolean {
  if (/^[\w$.:!?&*]*[([{]/.test(value) || /[)\]}]$/.test(value)) return true;
  if (/^[A-Za-z_$][\w$]*(?:(?:\?\.|!?\.|::|->)[A-Za-z_$][\w$]*)+!?$/.test(value))
    return randomness(value) !== 'random';
  return reserved.test(value) && /^[\w.[\]|<> ]+$/.test(value) && !/\d/.test(value);
}

/** A name of something in a program: letters and underscores, no digit. */
export const isIdentifier = (value: string): boolean => /^&?[A-Za-z_$][A-Za-z_$]*$/.test(value);

/** Words of a sentence. */
export const isProse = (value: string): boolean =>
  /\s/.test(value.trim()) && /^[\p{L}\p{M}\s.,;:!?'"()%/-]+$/u.test(value);
