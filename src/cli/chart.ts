// Curves in braille dots: two by four a character, an axis on the left and one below.
//
// 1. Pure but for colours. Every curve ends in its letter, so that it can be told without colours.
// 2. Where curves cross, the dots of all are there, in the colour of the one drawn last.
//
// Test: test/cli/chart.test.ts, test/cli/terminal.test.ts.

import { binsOf, type Curve, rangeOf, type Scale, type Shown, scaleOf } from './curve.ts';
import { type Style, styled } from './print.ts';
import { durationTicks, linearTicks, logTicks, type Tick } from './ticks.ts';

export interface ChartOptions {
  /** Characters of a line. */
  readonly width: number;
  /** Lines of the curves, without the axis below. */
  readonly height: number;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly x: 'step' | 'epoch' | 'time';
}

interface Canvas {
  set(x: number, y: number): void;
  frame(delimiter?: string): string;
}

/** Dots of a character. */
export const DOTS_ACROSS = 2;
const DOTS_DOWN = 4;
const BRAILLE = 0x2800;
/** Curves that end in one line and are told there: room is kept for them. */
const LETTERS_MAX = 6;

// First those that are read on a dark ground and on a light one.
const styles: readonly Style[] = ['cyan', 'magenta', 'green', 'red', 'yellow', 'blue'];
export const styleOfCurve = (index: number): Style => styles[index % styles.length] as Style;
export const letterOfCurve = (index: number): string =>
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'[index] ?? '*';

/** The lines of a chart; none where no point can be drawn. */
export async function chart(curves: readonly Curve[], options: ChartOptions): Promise<string[]> {
  const isX = (value: number): boolean => !options.logX || value > 0;
  const isY = (value: number): boolean => !options.logY || value > 0;
  const shown: Shown = (x, y) => isX(x) && isY(y);
  const xRange = rangeOf(
    curves.map(({ x }) => x),
    isX,
  );
  const yRange = rangeOf(
    curves.map(({ y }) => y),
    isY,
  );
  if (xRange === undefined || yRange === undefined) return [];
  const y = scaleOf(yRange, options.logY);
  // A mark of a linear scale may stand in every other line; powers of ten say enough in fewer.
  const lines = Math.floor(options.height / (y.isLog ? 3 : 2));
  const yTicks = ticksOf(y, Math.max(2, lines), 'value');
  const margin = Math.max(...yTicks.map(({ text }) => text.length), 1);
  const letters = curves.length > 1 ? Math.min(curves.length, LETTERS_MAX) + 1 : 0;
  const columns = Math.max(8, options.width - margin - 2 - letters);
  const x = scaleOf(xRange, options.logX);
  const rows = await curveRows(curves, { x, y, shown, columns, height: options.height });
  const labels = new Map(
    yTicks.map((tick) => [Math.round((1 - y.place(tick.value)) * (options.height - 1)), tick.text]),
  );
  const drawn = rows.map(({ text, letter }, row) => {
    const label = labels.get(row);
    const axis = label === undefined ? '\u2502' : '\u2524';
    const shown = letter === '' ? text.trimEnd() : text + letter;
    return `${styled('dim', (label ?? '').padStart(margin) + axis)}${shown}`;
  });
  return [...drawn, ...axisBelow(x, options.x, margin, columns)];
}

function ticksOf(scale: Scale, count: number, what: 'value' | 'duration'): Tick[] {
  if (what === 'duration' && !scale.isLog) return durationTicks(scale.range, count);
  return scale.isLog ? logTicks(scale.range, count) : linearTicks(scale.range, count);
}

interface Plane {
  readonly x: Scale;
  readonly y: Scale;
  readonly shown: Shown;
  readonly columns: number;
  readonly height: number;
}

interface Row {
  readonly text: string;
  /** Of the curves that end here. */
  readonly letter: string;
}

async function curveRows(curves: readonly Curve[], plane: Plane): Promise<Row[]> {
  const { columns, height } = plane;
  const dots = Array.from({ length: height }, () => new Uint8Array(columns));
  const owners = Array.from({ length: height }, () => new Int16Array(columns).fill(-1));
  const ends = new Map<number, string[]>();
  for (const [index, curve] of curves.entries()) {
    const { lines, end } = await draw(curve, plane);
    for (const [row, line] of lines.entries()) {
      for (let column = 0; column < columns; column += 1) {
        const code = line.charCodeAt(column);
        if (!(code > BRAILLE)) continue;
        (dots[row] as Uint8Array)[column] =
          ((dots[row] as Uint8Array)[column] as number) | (code - BRAILLE);
        (owners[row] as Int16Array)[column] = index;
      }
    }
    if (end === undefined || curves.length === 1) continue;
    const there = ends.get(end) ?? [];
    if (there.length < LETTERS_MAX) there.push(styled(styleOfCurve(index), letterOfCurve(index)));
    ends.set(end, there);
  }
  return dots.map((line, row) => ({
    text: coloured(line, owners[row] as Int16Array),
    letter: ends.has(row) ? ` ${ends.get(row)?.join('')}` : '',
  }));
}

/** One curve alone: its lines, and the one in which it ends. */
async function draw(
  curve: Curve,
  { x, y, shown, columns, height }: Plane,
): Promise<{ lines: string[]; end: number | undefined }> {
  // The package says that it has a default export; it is one.
  const { default: Drawille } = (await import('drawille')) as unknown as {
    default: new (width: number, height: number) => Canvas;
  };
  const across = columns * DOTS_ACROSS;
  const down = height * DOTS_DOWN;
  const canvas = new Drawille(across, down);
  const toRow = (value: number): number => Math.round((1 - y.place(value)) * (down - 1));
  let before: { column: number; row: number } | undefined;
  for (const bin of binsOf(curve, x, shown, across)) {
    if (before !== undefined && !bin.isAfterGap)
      line(canvas, before, { column: bin.column, row: toRow(bin.first) });
    const low = toRow(bin.min);
    for (let row = toRow(bin.max); row <= low; row += 1) canvas.set(bin.column, row);
    before = { column: bin.column, row: toRow(bin.last) };
  }
  const end = before === undefined ? undefined : Math.floor(before.row / DOTS_DOWN);
  return { lines: canvas.frame('\n').split('\n').slice(1, -1), end };
}

interface Dot {
  readonly column: number;
  readonly row: number;
}

function line(canvas: Canvas, from: Dot, to: Dot): void {
  const steps = Math.max(Math.abs(to.column - from.column), Math.abs(to.row - from.row));
  for (let step = 1; step < steps; step += 1) {
    const part = step / steps;
    canvas.set(
      Math.round(from.column + (to.column - from.column) * part),
      Math.round(from.row + (to.row - from.row) * part),
    );
  }
}

/** A line of cells, one run of a colour at a time. */
function coloured(cells: Uint8Array, owners: Int16Array): string {
  let text = '';
  let start = 0;
  const end = cells.findLastIndex((each) => each !== 0) + 1;
  while (start < end) {
    const owner = owners[start] as number;
    let next = start;
    while (next < end && owners[next] === owner) next += 1;
    const part = Array.from(cells.subarray(start, next), (each) =>
      each === 0 ? ' ' : String.fromCharCode(BRAILLE + each),
    ).join('');
    text += owner < 0 ? part : styled(styleOfCurve(owner), part);
    start = next;
  }
  return text + ' '.repeat(cells.length - end);
}

function axisBelow(x: Scale, name: ChartOptions['x'], margin: number, columns: number): string[] {
  const ticks = ticksOf(
    x,
    // Powers of ten are short, and few.
    Math.max(2, Math.floor(columns / (x.isLog ? 8 : 14))),
    name === 'time' ? 'duration' : 'value',
  );
  const axis = Array<string>(columns).fill('\u2500');
  const texts = Array<string>(columns + margin + 2).fill(' ');
  let free = 0;
  for (const { value, text } of ticks) {
    const column = Math.round(x.place(value) * (columns - 1));
    if (column < 0 || column >= columns) continue;
    axis[column] = '\u252c';
    const start = Math.max(
      0,
      Math.min(margin + 1 + column - (text.length >> 1), texts.length - text.length),
    );
    if (start < free) continue;
    texts.splice(start, text.length, ...text);
    free = start + text.length + 1;
  }
  const label = name === 'time' ? 'time since the run began' : name;
  const below = texts.join('').trimEnd();
  return [
    styled('dim', `${' '.repeat(margin)}\u2514${axis.join('')}`),
    styled('dim', below),
    styled('dim', label.padStart(margin + 1 + columns)),
  ];
}
