// Tables: texts on the left, numbers on the right, in the room that a terminal has.
//
// 1. Where there is not enough, columns that can be spared go first, then long texts are cut, each to the
//    same length; numbers and hashes stay whole as long as there is room for anything.
//
// Test: test/cli/print.test.ts.

import { escaped, print, type Style, styled, widthOfOutput } from './print.ts';
import { beginningOf, shortened, widthOf } from './text-width.ts';

/** A cell: text of the repo or our own, escaped when it is printed; with a style where it has one. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** A column: its name; `right` for one of numbers, `whole` for texts that are not cut. */
export type Column =
  | string
  | ({
      /** Goes where there is no room: the one of the least number first. Default: it stays. */
      readonly spare?: number;
      /** The last one: it takes what the others leave, and goes where that is nothing. */
      readonly isTail?: boolean;
    } & ({ readonly right: string } | { readonly whole: string } | { readonly left: string }));

/** A cut text says something with so many characters. */
const TEXT_MIN = 12;
const GAP = 2;

const nameOf = (column: Column): string => {
  if (typeof column === 'string') return column;
  if ('right' in column) return column.right;
  return 'whole' in column ? column.whole : column.left;
};
const isRight = (column: Column): boolean => typeof column === 'object' && 'right' in column;
const isText = (column: Column): boolean => typeof column === 'string' || 'left' in column;
const spareOf = (column: Column): number =>
  (typeof column === 'string' ? undefined : column.spare) ?? Number.POSITIVE_INFINITY;

const textOf = (cell: Cell | undefined): string =>
  escaped(typeof cell === 'string' ? cell : (cell?.text ?? ''));

interface Shown {
  readonly column: Column;
  /** Escaped. */
  readonly texts: readonly string[];
  readonly cells: readonly Cell[];
  readonly width: number;
}

/**
 * The lines of a table. A column that says nothing in any row is left out; a line that cannot be made to fit
 * into `width` is cut. Pure but for colours.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const all = columns
    .map((column, index): Shown => {
      const cells = rows.map((row) => row[index] ?? '');
      const texts = cells.map(textOf);
      const widest = texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
      return { column, cells, texts, width: Math.max(widest, widthOf(nameOf(column))) };
    })
    .filter(({ texts }) => texts.length === 0 || texts.some((text) => text !== ''));
  const shown = fitted(all, width);
  const head = shown.map(({ column }) => nameOf(column));
  return [
    lineOf(shown, head, head, width),
    ...rows.map((_, row) =>
      lineOf(
        shown,
        shown.map(({ texts }) => texts[row] as string),
        shown.map(({ cells }) => cells[row] as Cell),
        width,
      ),
    ),
  ];
}

const roomOf = (columns: readonly Shown[], width: (column: Shown) => number): number =>
  columns.reduce((sum, each) => sum + width(each) + GAP, -GAP);

/** The columns that stay, as wide as there is room for them. */
function fitted(all: readonly Shown[], width: number): readonly Shown[] {
  const tail = all.find(({ column }) => typeof column === 'object' && column.isTail);
  if (tail === undefined || roomOf(all, (each) => each.width) <= width)
    return withinWidth(all, width);
  const others = withinWidth(
    all.filter((each) => each !== tail),
    width,
  );
  const room = width - roomOf(others, (each) => each.width) - GAP;
  return room < TEXT_MIN / 2 ? others : [...others, { ...tail, width: room }];
}

function withinWidth(all: readonly Shown[], width: number): readonly Shown[] {
  const least = (each: Shown): number => limited(each, TEXT_MIN);
  let shown = all;
  while (roomOf(shown, least) > width) {
    const spared = Math.min(...shown.map(({ column }) => spareOf(column)));
    if (spared === Number.POSITIVE_INFINITY) break;
    shown = shown.filter(({ column }) => spareOf(column) !== spared);
  }
  if (roomOf(shown, (each) => each.width) <= width) return shown;
  // The greatest length of a text with which everything fits.
  let limit = TEXT_MIN;
  while (roomOf(shown, (each) => limited(each, limit + 1)) <= width) limit += 1;
  // What is left over is too little for all that are cut: the last gets it.
  const over = width - roomOf(shown, (each) => limited(each, limit));
  const last = shown.findLastIndex((each) => isText(each.column) && each.width > limit);
  return shown.map((each, index) => ({
    ...each,
    width: limited(each, limit + (index === last ? Math.max(0, over) : 0)),
  }));
}

/** A head may be a hash, which is not cut. */
const limited = ({ column, width }: Shown, most: number): number =>
  isText(column) ? Math.min(width, Math.max(most, widthOf(nameOf(column)))) : width;

function lineOf(
  shown: readonly Shown[],
  texts: readonly string[],
  cells: readonly Cell[],
  width: number,
): string {
  const last = texts.findLastIndex((text) => text !== '');
  const parts = shown.slice(0, last + 1).map((each, index) => {
    const text = shortened(texts[index] as string, each.width);
    const padding = ' '.repeat(Math.max(0, each.width - widthOf(text)));
    const gap = index === 0 ? '' : ' '.repeat(GAP);
    if (isRight(each.column)) return { before: gap + padding, text, after: '' };
    return { before: gap, text, after: index === last ? '' : padding };
  });
  const whole = parts.map(({ before, text, after }) => before + text + after).join('');
  if (widthOf(whole) <= width)
    return parts
      .map(({ before, text, after }, index) => before + styledAs(cells[index], text) + after)
      .join('');
  // Numbers alone are wider than the terminal.
  let room = width - 3;
  const cut = parts.map(({ before, text, after }, index) => {
    const [ahead, said, behind] = [before, text, after].map((part) => {
      const kept = beginningOf(part, room);
      room -= widthOf(kept);
      return kept;
    }) as [string, string, string];
    return ahead + styledAs(cells[index], said) + behind;
  });
  return `${cut.join('')}${'.'.repeat(Math.max(0, Math.min(3, width)))}`;
}

const styledAs = (cell: Cell | undefined, text: string): string =>
  typeof cell === 'object' && text !== '' ? styled(cell.style, text) : text;

export function printTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
  const [first, ...rest] = table(columns, rows, widthOfOutput());
  print(styled('bold', first ?? ''));
  for (const line of rest) print(line);
}
