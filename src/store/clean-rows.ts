// The rows of blocks that say everything of their sequence: in order, each step once, none hidden.
//
// 1. Steps and values are decoded at once, each column into its place; times, epochs and numbers when
//    somebody asks. They are in memory, packed: asking reads no file.
//
// Spec: spec/columns.md, Axis and Block. Test: test/store/clean-rows.test.ts.

import type { AxisColumn, AxisToTake } from './format/axis.ts';
import {
  type BlockSummary,
  decodeAxisColumnOf,
  decodeNumbers,
  decodeValues,
} from './format/block.ts';
import { lateRows, type Rows } from './rows.ts';

export interface CleanBlock {
  readonly summary: BlockSummary;
  readonly stored: unknown;
  readonly axis: AxisToTake;
}

/** Undefined where a summary does not say what the steps are. @throws RunlogError CORRUPT. */
export function cleanRowsOf(blocks: readonly CleanBlock[]): Rows | undefined {
  const axisColumn = (name: AxisColumn): Float64Array =>
    columnOf(blocks, ({ stored, axis }, part) => decodeAxisColumnOf(stored, axis, name, part));
  const steps = axisColumn('steps');
  // A summary that says otherwise speaks for nothing.
  let end = 0;
  for (const { summary } of blocks) {
    if (steps[end] !== summary.firstStep) return undefined;
    end += summary.count;
    if (steps[end - 1] !== summary.lastStep) return undefined;
  }
  return lateRows(
    { steps, values: columnOf(blocks, ({ stored }, part) => decodeValues(stored, part)) },
    {
      times: () => axisColumn('times'),
      epochs: () => axisColumn('epochs'),
      numbers: () => columnOf(blocks, ({ stored }, part) => decodeNumbers(stored, part)),
    },
  );
}

/** One column of all blocks, each of which fills its part. */
function columnOf(
  blocks: readonly CleanBlock[],
  decode: (block: CleanBlock, part: Float64Array) => void,
): Float64Array {
  const column = new Float64Array(blocks.reduce((sum, each) => sum + each.summary.count, 0));
  let end = 0;
  for (const block of blocks) {
    const start = end;
    end += block.summary.count;
    decode(block, column.subarray(start, end));
  }
  return column;
}
