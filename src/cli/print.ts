// What a person sees: lines, times, sizes. Colours and truncation on a terminal, plain text in a pipe.
//
// 1. Text of a repo is printed with its control characters escaped: a name neither breaks a row nor
//    speaks to the terminal. JSON says everything exactly.
// 2. Numbers stand on the right, in one format. Times are of the local zone.
//
// Test: test/cli/print.test.ts, test/cli/cli.test.ts.

import { styleText } from 'node:util';

import type { RunStateName, RunView } from '../index.ts';
import { jsonText } from './json.ts';

export const isTerminal = (): boolean => process.stdout.isTTY === true;

/** NO_COLOR wins over FORCE_COLOR, and both over what the output is. */
export function hasColours(): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM = '' } = process.env;
  if (NO_COLOR !== '') return false;
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal() && TERM !== 'dumb';
}

export type Style = Parameters<typeof styleText>[0];
export const styled = (style: Style, text: string): string =>
  // What colours are for was decided above: Node would look at the environment in its own way.
  hasColours() && style !== 'reset' ? styleText(style, text, { validateStream: false }) : text;

/** Columns that a line may take. */
export const widthOfOutput = (): number =>
  isTerminal() ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** A line beside the answer. */
export const printAside = (text: string): void => {
  process.stderr.write(`runlog: ${escaped(text)}\n`);
};

export const printJson = (value: unknown): void => print(jsonText(value, 2));

/** C0, DEL and C1, and what separates lines or turns the direction of writing round. */
const controls = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  const long = code < 256 ? `x${hex(code, 2)}` : `u${hex(code, 4)}`;
  return shortEscapes[character] ?? `\\${long}`;
}

const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0');

/** Text of a repo, for printing. Pure. */
export const escaped = (text: string): string => text.replace(controls, escapeOf);

/** Local, to the second. */
export function time(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** To the second; what is less than half of one to the millisecond. */
export function duration(ms: number): string {
  if (ms >= 0.5 && ms < 500) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m`;
}

/** Bytes to a person, in powers of 1024. */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  let value = count;
  while (value >= 1024 && power < units.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${power === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[power]}`;
}

/** `1 run`, `2 runs`. */
export const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

/** How long a run took, or has taken so far; empty where nothing tells when it ended. */
export const took = (view: RunView): string =>
  view.duration === undefined ? '' : duration(view.duration);

/** Integers whole, others to six digits. */
export const number = (value: number): string =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));

const stateStyles: Record<RunStateName, Style> = {
  running: 'green',
  finished: 'reset',
  failed: 'red',
  killed: 'red',
  stalled: 'yellow',
  unknown: 'gray',
};
export const stateNames = Object.keys(stateStyles);
export const stateStyle = (name: RunStateName): Style => stateStyles[name];
