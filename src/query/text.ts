// Strings by code points, as Python counts them. JavaScript counts UTF-16 units: the two differ only
// where a string holds a character beyond U+FFFF, which one look tells.
//
// Requires: well-formed strings. Test: test/query/functions.test.ts.

import { charge } from './budget.ts';

const SURROGATE = /[\ud800-\udfff]/;

/** Pays for the look: a loop may take it at a long text each time. */
export function isWide(text: string): boolean {
  if (text.length > 64) charge(text.length >>> 6);
  return SURROGATE.test(text);
}

export function lengthOfText(text: string): number {
  if (!isWide(text)) return text.length;
  charge(text.length >>> 5);
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The characters, one string each. */
export function charactersOf(text: string): string[] {
  // An array of strings costs several times what a look at the text does.
  charge(text.length >>> 3);
  return isWide(text) ? Array.from(text) : text.split('');
}

export function characterAt(text: string, index: number): string {
  return (isWide(text) ? charactersOf(text)[index] : text[index]) as string;
}

/** From code point `start` to `end`, both within the text. */
export function partOfText(text: string, start: number, end: number): string {
  if (!isWide(text)) return text.slice(start, end);
  return charactersOf(text).slice(start, end).join('');
}

/** The code point that stands at this UTF-16 unit. */
export function pointOfUnit(text: string, unit: number): number {
  return unit < 0 ? unit : lengthOfText(text.slice(0, unit));
}

/** Order by code points: UTF-16 order puts U+10000 before U+E000. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (!isWide(a) && !isWide(b)) return a < b ? -1 : 1;
  const left = charactersOf(a);
  const right = charactersOf(b);
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const difference =
      ((left[index] as string).codePointAt(0) as number) -
      ((right[index] as string).codePointAt(0) as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
