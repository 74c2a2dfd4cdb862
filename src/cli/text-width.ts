// How many columns of a terminal a text takes: an ideograph or an emoji takes two, a combining mark none.
// Pure.
//
// Test: test/cli/print.test.ts.

import truncatedWidth from 'fast-string-truncated-width';

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Requires: no control characters. */
export const widthOf = (text: string): number =>
  isPlain(text) ? text.length : truncatedWidth(text).width;

const characters = new Intl.Segmenter();

/** The beginning of a text that fits, without half a character at its end. */
export function beginningOf(text: string, width: number): string {
  if (isPlain(text)) return text.slice(0, Math.max(0, width));
  let room = width;
  let end = 0;
  for (const { segment } of characters.segment(text)) {
    room -= widthOf(segment);
    if (room < 0) break;
    end += segment.length;
  }
  return text.slice(0, end);
}

/** The text, or its beginning and three dots where it does not fit. */
export const shortened = (text: string, width: number): string =>
  widthOf(text) <= width
    ? text
    : `${beginningOf(text, width - 3)}${'.'.repeat(Math.max(0, Math.min(3, width)))}`;

/** Columns of the head of what an expression comes to: a long one is not the width of a table. */
export const HEAD_MAX = 32;
