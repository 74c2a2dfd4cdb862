// Lines of a terminal as a record holds them, and log records.
//
// 1. Texts are one string: packing and reading it costs what its bytes cost, not a call a line.
// 2. In a rewritten stretch several records have become one, which tells how many lines each held: who
//    has had some of them goes on behind those.
//
// Spec: spec/records.md, Lines and Log. Test: test/store/lines.test.ts.

import { inflateRawSync } from 'node:zlib';

import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { bodyFields } from './record.ts';

/** Columns of equal length, in the order of the log. */
export interface LineColumns {
  readonly numbers: readonly number[];
  /** 0 stdout, 1 stderr; of a child twice its process id, plus 1 for stderr. */
  readonly streams: readonly number[];
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  /** Well-formed, without LF. */
  readonly texts: readonly string[];
}

/** Of a rewritten record: pairs of a place from its first position, and how many lines stood there. */
export type LinePlaces = readonly number[];

export function encodeLines(lines: LineColumns): unknown[] {
  const { numbers, streams, times, texts } = lines;
  let last = 0;
  const differences = times.map((time) => {
    const difference = time - last;
    last = time;
    return difference;
  });
  return [runsOf(numbers, 1), runsOf(streams, 0), timeRuns(differences), texts.join('\n'), null];
}

/** Pairs of the first value and the count of each run, whose values grow by `growth`. */
function runsOf(values: readonly number[], growth: number): number[] {
  const runs: number[] = [];
  let expected = Number.NaN;
  for (const value of values) {
    if (value === expected) (runs[runs.length - 1] as number) += 1;
    else runs.push(value, 1);
    expected = value + growth;
  }
  return runs;
}

/** Pairs of a time and a count: a difference of 0 goes to the pair before it. */
function timeRuns(differences: readonly number[]): number[] {
  const runs: number[] = [];
  for (const difference of differences) {
    if (difference === 0 && runs.length > 0) (runs[runs.length - 1] as number) += 1;
    else runs.push(difference, 1);
  }
  return runs;
}

export interface DecodedLines extends LineColumns {
  readonly places: LinePlaces | undefined;
}

/** @throws RunlogError CORRUPT. */
export function decodeLines(body: unknown): DecodedLines {
  const [numbers, streams, times, stored, places] = bodyFields(body, 5, 'lines');
  const texts = textOf(stored).split('\n');
  const count = texts.length;
  const decoded = {
    numbers: spread(numbers, count, (first, index) => first + index),
    streams: spread(streams, count, (stream) => stream),
    times: timesOf(times, count),
    texts,
    places: places === null ? undefined : checkedPlaces(places, count),
  };
  const isCount = (each: number): boolean => Number.isSafeInteger(each) && each >= 0;
  if (decoded.numbers.every(isCount) && decoded.streams.every(isCount)) return decoded;
  throw wrongShape();
}

/** A string, or raw deflate of its UTF-8. */
function textOf(stored: unknown): string {
  if (typeof stored === 'string') return stored;
  if (!(stored instanceof Uint8Array)) throw wrongShape();
  try {
    return inflateRawSync(stored, { maxOutputLength: limits.frameBodySizeMax }).toString();
  } catch {
    throw wrongShape();
  }
}

const wrongShape = (): RunlogError =>
  new RunlogError('CORRUPT', 'lines: not the shape of its type');

/** What runs stand for, `count` values in all. */
function spread(
  runs: unknown,
  count: number,
  valueAt: (first: number, index: number) => number,
): number[] {
  const pairs = numbersOf(runs);
  const values: number[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const first = pairs[at] as number;
    const length = pairs[at + 1] as number;
    if (!(length >= 1 && length <= count - values.length)) throw wrongShape();
    for (let index = 0; index < length; index += 1) values.push(valueAt(first, index));
  }
  if (values.length !== count) throw wrongShape();
  return values;
}

function timesOf(runs: unknown, count: number): number[] {
  let time = 0;
  return spread(runs, count, (difference, index) => {
    if (index === 0) time += difference;
    return time;
  });
}

function numbersOf(value: unknown): number[] {
  const isPairs = Array.isArray(value) && value.length % 2 === 0;
  if (isPairs && value.every((each) => typeof each === 'number')) return value;
  throw wrongShape();
}

function checkedPlaces(value: unknown, count: number): LinePlaces {
  const places = numbersOf(value);
  let sum = 0;
  let last = -1;
  for (let at = 0; at < places.length; at += 2) {
    const place = places[at] as number;
    if (!(place > last)) throw wrongShape();
    last = place;
    sum += places[at + 1] as number;
  }
  if (sum !== count) throw wrongShape();
  return places;
}

/** Those of a record's lines that stood at `position` of the log or later. `first`: the record's own. */
export function linesFrom(lines: DecodedLines, first: number, position: number): LineColumns {
  const { places } = lines;
  if (places === undefined || position <= first) return lines;
  let skipped = 0;
  for (let at = 0; at < places.length && first + (places[at] as number) < position; at += 2)
    skipped += places[at + 1] as number;
  const { numbers, streams, times, texts } = lines;
  return {
    numbers: numbers.slice(skipped),
    streams: streams.slice(skipped),
    times: times.slice(skipped),
    texts: texts.slice(skipped),
  };
}

/** One past the greatest number of a record's lines. */
export function nextLineOf(body: unknown): number {
  const [runs] = bodyFields(body, 5, 'lines');
  const pairs = numbersOf(runs);
  let next = 0;
  for (let at = 0; at < pairs.length; at += 2)
    next = Math.max(next, (pairs[at] as number) + (pairs[at + 1] as number));
  return next;
}

/** A line as a reader gets it. */
export interface TerminalLine {
  /** Counts from 0 in the log of its writer. */
  readonly line: number;
  readonly stream: 'stdout' | 'stderr';
  /** Process id of the child that printed it; undefined: the process itself. */
  readonly child: number | undefined;
  /** Of its last change, milliseconds since 1970. */
  readonly time: number;
  readonly text: string;
}

export function lineAt(lines: LineColumns, index: number): TerminalLine {
  const stream = lines.streams[index] as number;
  return {
    line: lines.numbers[index] as number,
    stream: stream % 2 === 0 ? 'stdout' : 'stderr',
    child: stream < 2 ? undefined : Math.floor(stream / 2),
    time: lines.times[index] as number,
    text: lines.texts[index] as string,
  };
}

/**
 * Puts lines into their order, each as it was recorded last, holding back no more than
 * `terminalLinesBackMax` numbers.
 */
export class FinalLines {
  readonly #held = new Map<number, TerminalLine>();
  /** Lines below it were given out. */
  #next = 0;
  #end = 0;

  /** Takes lines, and gives those that no later record can replace any more. @throws RunlogError CORRUPT. */
  add(lines: LineColumns): TerminalLine[] {
    const given: TerminalLine[] = [];
    for (let index = 0; index < lines.numbers.length; index += 1) {
      const line = lineAt(lines, index);
      if (line.line < this.#end - 1 - limits.terminalLinesBackMax)
        throw new RunlogError('CORRUPT', `lines: number ${line.line} is too far behind`);
      this.#held.set(line.line, line);
      if (line.line < this.#end) continue;
      this.#end = line.line + 1;
      this.#giveTo(this.#end - 1 - limits.terminalLinesBackMax, given);
    }
    return given;
  }

  rest(): TerminalLine[] {
    const given: TerminalLine[] = [];
    this.#giveTo(this.#end, given);
    return given;
  }

  #giveTo(end: number, given: TerminalLine[]): void {
    // Numbers may be missing, and far apart: only what is held is gone through then.
    const isFar = end - this.#next > 2 * limits.terminalLinesBackMax;
    if (isFar) {
      const due = [...this.#held.keys()].filter((each) => each < end).sort((a, b) => a - b);
      for (const each of due) this.#give(each, given);
      this.#next = end;
    }
    for (; this.#next < end; this.#next += 1) this.#give(this.#next, given);
  }

  #give(number: number, given: TerminalLine[]): void {
    const line = this.#held.get(number);
    if (line === undefined) return;
    this.#held.delete(number);
    given.push(line);
  }
}
