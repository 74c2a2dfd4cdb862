// What the demo shows: lines, checks, progress, charts. In a pipe plain text; colours and a progress
// bar only on a terminal, colours only where it has them and NO_COLOR is not set.

import { createRequire } from 'node:module';

import { Presets, SingleBar } from 'cli-progress';

interface Chart {
  readonly plot: (
    curves: readonly (readonly number[])[],
    options: { readonly height: number; readonly colors: readonly (string | undefined)[] },
  ) => string;
  readonly green: string;
  readonly red: string;
}

// The package ships no types.
const chart = createRequire(import.meta.url)('asciichart') as Chart;

const CHART_WIDTH = 72;
const CHART_HEIGHT = 10;
/** Columns that asciichart takes for the axis. */
const AXIS_WIDTH = 12;

let failedCount = 0;

export function print(text = ''): void {
  console.log(text);
}

/** Prints whether something holds. The demo fails if one check did. */
export function check(isRight: boolean, fact: string): void {
  if (!isRight) failedCount += 1;
  print(`  ${isRight ? 'ok' : 'FAILED'}: ${fact}`);
}

export function failedCheckCount(): number {
  return failedCount;
}

/** With separators between thousands. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** A bar on a terminal, nothing in a pipe. */
export function startProgress(total: number): Progress {
  if (process.stdout.isTTY !== true) return { update() {}, stop() {} };
  const bar = new SingleBar(
    {
      format: '  {bar} {value} of {total} steps',
      stream: process.stdout,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

/** Means of the values in `CHART_WIDTH` equal stretches of the steps 0 to `stepCount`. */
export function columnsOfChart(
  { steps, values }: { readonly steps: Float64Array; readonly values: Float64Array },
  stepCount: number,
): number[] {
  const sums = new Float64Array(CHART_WIDTH);
  const counts = new Float64Array(CHART_WIDTH);
  for (let index = 0; index < steps.length; index += 1) {
    const column = columnOf(steps[index] as number, stepCount);
    (sums[column] as number) += values[index] as number;
    (counts[column] as number) += 1;
  }
  // A stretch without a value goes on with the one before, the first with the first there is: the
  // chart cannot show gaps.
  let mean = values[0] ?? 0;
  return Array.from(sums, (sum, column) => {
    const count = counts[column] as number;
    if (count > 0) mean = sum / count;
    return mean;
  });
}

/** Draws curves of `columnsOfChart`; the first is green and the second red where colours are had. */
export function printChart(title: string, curves: readonly (readonly number[])[]): void {
  const isColoured = process.stdout.isTTY === true && process.stdout.hasColors();
  const colors = isColoured ? [chart.green, chart.red] : [];
  print(`\n${title}`);
  // It fills its lines up with blanks.
  print(chart.plot(curves, { height: CHART_HEIGHT, colors }).replaceAll(/ +$/gm, ''));
}

/** Points at steps of the chart above, a line each. */
export function printMarks(marks: readonly (readonly [number, string])[], stepCount: number): void {
  for (const [step, text] of marks)
    print(`${' '.repeat(AXIS_WIDTH + columnOf(step, stepCount))}^ ${text}`);
}

function columnOf(step: number, stepCount: number): number {
  return Math.min(CHART_WIDTH - 1, Math.floor((step / stepCount) * CHART_WIDTH));
}
