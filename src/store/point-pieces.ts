// The pieces of a metric, and what a plot asks of them column by column.
//
// 1. Pieces of a writer ascend in step without repeats: blocks that say so, what is hot behind them, else
//    the rows that a reader is shown.
// 2. A piece that lies in one column whole is told by its summary; only where its least or greatest
//    value is the column's is it decoded, to find the step.
// 3. What a piece is made of is in memory, packed: asking again reads no file.
//
// Test: test/store/downsample.test.ts.

import { limits } from '../limits.ts';
import { Columns, columnEdges, type Downsampled, isLess } from './downsample.ts';
import { decodeStepsAndValues } from './format/block.ts';
import { firstAtLeast, PointPiece } from './point-piece.ts';
import {
  type Cut,
  newestRows,
  partOfRows,
  type Rows,
  type Summary,
  sortRows,
  summarize,
  visibleRows,
} from './rows.ts';

/** Undefined: its axis is not there. */
export const pieceOfBlock = (
  summary: Summary,
  stored: unknown,
  storedAxis: unknown,
): PointPiece | undefined =>
  storedAxis === undefined
    ? undefined
    : new PointPiece(summary, () => decodeStepsAndValues(stored, storedAxis));

/** Rows in order of step, each step once. */
export function piecesOfRows(rows: Rows): PointPiece[] {
  const size = limits.blockPointCountMax;
  const pieces: PointPiece[] = [];
  for (let start = 0; start < rows.steps.length; start += size) {
    const part = partOfRows(rows, start, Math.min(start + size, rows.steps.length));
    const { steps, values } = part;
    pieces.push(new PointPiece(summarize(part) as Summary, () => ({ steps, values })));
  }
  return pieces;
}

/** Blocks and what is hot behind them; undefined where a block is missing, or they overlap. */
export function piecesBehind(
  blocks: readonly (PointPiece | undefined)[],
  hot: Rows,
  cuts: readonly Cut[],
): PointPiece[] | undefined {
  const whole = blocks.filter((each) => each !== undefined);
  if (whole.length < blocks.length) return undefined;
  const rows = newestRows(visibleRows(sortRows(hot), cuts));
  const [firstStep = Number.POSITIVE_INFINITY] = rows.steps;
  // Also what a rewind hides of the blocks by now.
  if (firstStep <= (whole.at(-1)?.lastStep ?? Number.NEGATIVE_INFINITY)) return undefined;
  return [...whole, ...piecesOfRows(rows)];
}

/** A step as a bound: whole, and where numbers of steps are exact. */
const bound = (step: number): number =>
  Math.min(Number.MAX_SAFE_INTEGER + 1, Math.max(Number.MIN_SAFE_INTEGER, Math.ceil(step)));

/** Pieces of each writer, in the order of their names. */
export function downsamplePieces(
  writers: readonly (readonly PointPiece[])[],
  window: { width: number; fromStep?: number | undefined; toStep?: number | undefined },
): Downsampled {
  const { width, fromStep = -Infinity, toStep = Infinity } = window;
  const all = writers.flat();
  const first = all.reduce((least, each) => Math.min(least, each.firstStep), Infinity);
  const last = all.reduce((most, each) => Math.max(most, each.lastStep), -Infinity);
  const from = fromStep === -Infinity ? (all.length === 0 ? 0 : first) : bound(fromStep);
  const to = toStep === Infinity ? (all.length === 0 ? from : last + 1) : bound(toStep);
  const columns = new Columns(from, Math.max(from, to), width);
  if (to <= from) return columns;
  const edges = columnEdges(from, to, width);
  for (const pieces of writers) addPieces(columns, edges, pieces);
  return columns;
}

/** The column that a step of the window is in. */
const columnOf = (edges: Float64Array, step: number): number => {
  let column = firstAtLeast(edges, step, 0);
  // Columns narrower than a step are empty, and have the edge of the next.
  while (edges[column] !== undefined && (edges[column] as number) <= step) column += 1;
  return column - 1;
};

/** A piece that lies in a column whole, and by its summary has the least or greatest value of it. */
interface Whole {
  readonly piece: PointPiece;
  readonly column: number;
}

/** Adds the points of one writer: pieces in order of step. */
function addPieces(columns: Columns, edges: Float64Array, pieces: readonly PointPiece[]): void {
  const whole: Whole[] = [];
  for (const piece of pieces) {
    if (piece.lastStep < columns.fromStep || piece.firstStep >= columns.toStep) continue;
    const isInside = piece.firstStep >= columns.fromStep && piece.lastStep < columns.toStep;
    const column = isInside ? columnOf(edges, piece.firstStep) : 0;
    if (isInside && column === columnOf(edges, piece.lastStep)) whole.push({ piece, column });
    else addPart(columns, edges, piece);
  }
  addWhole(columns, whole);
}

function addPart(columns: Columns, edges: Float64Array, piece: PointPiece): void {
  let index = piece.firstAtLeast(columns.fromStep);
  const end = piece.firstAtLeast(columns.toStep, index);
  while (index < end) {
    const column = columnOf(edges, piece.stepAt(index));
    const next = Math.min(end, piece.firstAtLeast(edges[column + 1] as number, index));
    columns.add(column, piece.sample(index, next));
    index = next;
  }
}

/** The steps of least and greatest are asked only of the pieces that have those of their column. */
function addWhole(columns: Columns, whole: readonly Whole[]): void {
  const least = new Map<number, number>();
  const greatest = new Map<number, number>();
  for (const { piece, column } of whole) {
    const { min, max } = piece.summary;
    const low = least.get(column);
    const high = greatest.get(column);
    if (!Number.isNaN(min) && (low === undefined || isLess(min, low))) least.set(column, min);
    if (!Number.isNaN(max) && (high === undefined || isLess(high, max))) greatest.set(column, max);
  }
  for (const { piece, column } of whole) {
    const { summary } = piece;
    const hasMin = Object.is(summary.min, least.get(column));
    const hasMax = Object.is(summary.max, greatest.get(column));
    const { minStep, maxStep } =
      hasMin || hasMax ? piece.extremes() : { minStep: Number.NaN, maxStep: Number.NaN };
    columns.add(column, {
      ...summary,
      min: hasMin ? summary.min : Number.NaN,
      minStep,
      max: hasMax ? summary.max : Number.NaN,
      maxStep,
    });
    // Only the first that has it is the column's.
    if (hasMin) least.delete(column);
    if (hasMax) greatest.delete(column);
  }
}
