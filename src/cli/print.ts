// What a person sees: tables, times, sizes. Colours and truncation on a terminal, plain text in a pipe.
//
// Test: test/cli/cli.test.ts.

import { stripVTControlCharacters, styleText } from 'node:util';

import type { RunStateName } from '../index.ts';

const isTerminal = (): boolean => process.stdout.isTTY === true;
const hasColours = (): boolean => isTerminal() && (process.env['NO_COLOR'] ?? '') === '';

type Style = Parameters<typeof styleText>[0];
export const styled = (style: Style, text: string): string =>
  hasColours() ? styleText(style, text) : text;

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const printJson = (value: unknown): void => print(JSON.stringify(value, jsonValue, 2));

/** JSON has no NaN, no infinity and no bigint: they are text. */
function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as Float64Array)
    : value;
}

const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

/** Pure: rows aligned to the left; a line longer than `width` is cut. Cells may hold colours. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = header.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  return [header, ...rows].map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)),
    );
    const line = cells.join('  ').trimEnd();
    return widthOf(line) > width
      ? `${stripVTControlCharacters(line).slice(0, Math.max(0, width - 3))}...`
      : line;
  });
}

export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const [first, ...rest] = table(
    header,
    rows,
    isTerminal() ? process.stdout.columns : Number.POSITIVE_INFINITY,
  );
  print(styled('bold', first ?? ''));
  for (const line of rest) print(line);
}

export const time = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m`;
}

export const number = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toPrecision(6);

const stateStyles: Record<RunStateName, Style> = {
  running: 'green',
  finished: 'reset',
  failed: 'red',
  killed: 'red',
  stalled: 'yellow',
  unknown: 'gray',
};
export const state = (name: RunStateName): string => styled(stateStyles[name], name);
