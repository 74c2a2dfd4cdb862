// Values of several runs side by side: what tells them apart is seen, and no run is left out. Pure.
//
// Test: test/cli/compare.test.ts.

import { textOf, valueText } from './facts.ts';
import type { Cell } from './table.ts';

/** A value longer than this is cut: a diff, a path. JSON has it whole. */
const CELL_MAX = 40;
const DOTS = 3;

export const none: Cell = { text: '-', style: 'dim' };

/** Of a value that does not fit what tells it from the others: texts that begin alike are cut at the beginning. */
export function cellsOf(values: readonly unknown[]): Cell[] {
  const short = values.map((value) => (value === undefined ? '' : valueText(value)));
  // Six digits, unless it takes more to tell them apart.
  const isExact = new Set(short).size === new Set(values.map(textOf)).size;
  const texts = isExact ? short : values.map((value) => (value === undefined ? '' : textOf(value)));
  const there = texts.filter((_, index) => values[index] !== undefined);
  const begin = commonBeginning(there) - SEEN_BEFORE;
  const isCutThere = begin > DOTS && there.some((text) => text.length > CELL_MAX);
  return texts.map((text, index) => {
    if (values[index] === undefined) return none;
    const seen = isCutThere && text.length > CELL_MAX ? `...${text.slice(begin)}` : text;
    return seen.length > CELL_MAX ? `${seen.slice(0, CELL_MAX - DOTS)}...` : seen;
  });
}

/** Characters that are seen of what texts have in common. */
const SEEN_BEFORE = 6;

function commonBeginning([first = '', ...others]: readonly string[]): number {
  if (others.length === 0 || others.every((each) => each === first)) return 0;
  let length = 0;
  while (length < first.length && others.every((each) => each[length] === first[length]))
    length += 1;
  return length;
}

/** The end of a path says more than where it begins. */
export const pathCell = (path: string, room: number): string =>
  path.length <= room ? path : `...${path.slice(DOTS - room)}`;

/** A column of values says something with so many characters. */
const COLUMN_MIN = 14;

/** As many columns beside each other as there is room for: a table for each lot, none is left out. */
export function lotsOf(heads: readonly string[], room: number): [from: number, to: number][] {
  const count = heads.length;
  // A hash is not cut.
  const column = heads.reduce((most, head) => Math.max(most, head.length + 2), COLUMN_MIN);
  const most = Math.max(1, Math.min(count, Math.floor(room / column)));
  // Lots of like size: seven and one is harder to read than four and four.
  const size = Math.ceil(count / Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => [
    index * size,
    Math.min(count, (index + 1) * size),
  ]);
}

/** Columns of the names on the left, which two values stand beside where a terminal has forty. */
export const nameRoom = (width: number): number => Math.max(12, Math.floor(width * 0.3));
