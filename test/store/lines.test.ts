// Lines and log records as bodies: what went in comes out, what is not of their shape is refused, and
// lines are put in order with bounded memory.

import { describe, expect, it } from 'vitest';
import { packBody, unpackBody } from '../../src/engine/index.ts';
import { limits } from '../../src/limits.ts';
import {
  decodeLines,
  encodeLines,
  FinalLines,
  type LineColumns,
  lineAt,
  linesFrom,
  nextLineOf,
} from '../../src/store/lines.ts';
import { decodeLogEntry, encodeLogEntry, type LogEntry } from '../../src/store/log-entry.ts';
import { seeded } from '../support/random.ts';

const stored = (body: unknown): unknown => unpackBody(packBody(body));

const columns = (...lines: [number: number, text: string][]): LineColumns => ({
  numbers: lines.map(([number]) => number),
  streams: lines.map(() => 0),
  times: lines.map(() => 0),
  texts: lines.map(([, text]) => text),
});

it('lines by chance come out as they went in', () => {
  const { integer, random, pick } = seeded('lines');
  for (let round = 0; round < 500; round += 1) {
    const count = 1 + integer(30);
    let number = integer(5);
    let time = 1_700_000_000_000 + integer(1000);
    const lines: LineColumns = {
      numbers: Array.from({ length: count }, () => {
        number = random() < 0.8 ? number + 1 : integer(100);
        return number;
      }),
      streams: Array.from({ length: count }, () => pick([0, 0, 0, 1, 8_388_608, 8_388_609])),
      times: Array.from({ length: count }, () => {
        time += pick([0, 0, 1, 250, -3]);
        return time;
      }),
      texts: Array.from({ length: count }, () =>
        pick(['', 'x', '\ufeffbom', '\u{1f600}', 'a b\tc']),
      ),
    };
    const body = stored(encodeLines(lines));
    expect(decodeLines(body)).toEqual({ ...lines, places: undefined });
    expect(nextLineOf(body)).toBe(Math.max(...lines.numbers) + 1);
  }
});

it('a stream of a child is twice its process id', () => {
  const lines = { ...columns([3, 'x']), streams: [2 * 4711 + 1], times: [7] };
  expect(lineAt(lines, 0)).toEqual({ line: 3, stream: 'stderr', child: 4711, time: 7, text: 'x' });
});

it('a rewritten record is read from a position within it', () => {
  const lines = columns([0, 'a'], [1, 'b'], [0, 'c'], [2, 'd']);
  const decoded = decodeLines(stored(encodeLines(lines).with(4, [0, 1, 3, 2, 4, 1])));
  const textsFrom = (position: number): readonly string[] =>
    linesFrom(decoded, 100, position).texts;
  expect(textsFrom(0)).toEqual(['a', 'b', 'c', 'd']);
  expect(textsFrom(100)).toEqual(['a', 'b', 'c', 'd']);
  expect(textsFrom(101)).toEqual(['b', 'c', 'd']);
  expect(textsFrom(103)).toEqual(['b', 'c', 'd']);
  expect(textsFrom(104)).toEqual(['d']);
  expect(textsFrom(105)).toEqual([]);
});

it.each([
  ['no array', 7],
  ['too short', [[0, 1], [0, 1], [0, 1], 'a']],
  ['text that is none', [[0, 1], [0, 1], [0, 1], 7, null]],
  ['counts that are too few', [[0, 1], [0, 1], [0, 1], 'a\nb', null]],
  ['counts that are too many', [[0, 2], [0, 1], [0, 1], 'a', null]],
  ['a count for ever', [[0, 1e15], [0, 1], [0, 1], 'a', null]],
  ['half a pair', [[0, 1, 2], [0, 1], [0, 1], 'a', null]],
  ['a number below 0', [[-1, 1], [0, 1], [0, 1], 'a', null]],
  ['a stream that is none', [[0, 1], [0.5, 1], [0, 1], 'a', null]],
  ['bytes that do not inflate', [[0, 1], [0, 1], [0, 1], Uint8Array.of(7, 7), null]],
  ['places of other lines', [[0, 1], [0, 1], [0, 1], 'a', [0, 2]]],
  ['places that go back', [[0, 2], [0, 2], [0, 2], 'a\nb', [1, 1, 0, 1]]],
])('%s is refused', (_, body) => {
  expect(() => decodeLines(body)).toThrow(/lines/);
});

describe('final lines', () => {
  const all = (...records: LineColumns[]): string[] => {
    const final = new FinalLines();
    const given = records.flatMap((each) => final.add(each));
    return [...given, ...final.rest()].map(({ line, text }) => `${line} ${text}`);
  };

  it('are the last of each number, in order; numbers may be missing', () => {
    expect(all(columns([0, 'a'], [2, 'b'], [0, 'c']), columns([2, 'd'], [7, 'e']))).toEqual([
      '0 c',
      '2 d',
      '7 e',
    ]);
    expect(all(columns([0, 'a'], [1e9, 'b']), columns([1e9 - 1024, 'c'], [2e9, 'd']))).toEqual([
      '0 a',
      `${1e9 - 1024} c`,
      `${1e9} b`,
      `${2e9} d`,
    ]);
  });

  it('are given out when nothing can replace them, and no earlier', () => {
    const final = new FinalLines();
    const back = limits.terminalLinesBackMax;
    const many = Array.from({ length: back + 1 }, (_, at): [number, string] => [at, 'x']);
    expect(final.add(columns(...many))).toEqual([]);
    expect(final.add(columns([0, 'y']))).toEqual([]);
    const given = final.add(columns([back + 1, 'z']));
    expect(given.map(({ line, text }) => [line, text])).toEqual([[0, 'y']]);
    expect(() => final.add(columns([0, 'late']))).toThrow(/too far behind/);
  });
});

it('log records come out as they went in, and others are refused', () => {
  const entry: LogEntry = {
    level: 'warn',
    time: 5,
    message: 'm',
    fields: { a: [1] },
    place: { file: '/x.ts', line: 3 },
  };
  expect(decodeLogEntry(stored(encodeLogEntry(entry)))).toEqual(entry);
  const bare: LogEntry = { level: 'debug', time: 5, message: '', fields: {}, place: undefined };
  expect(decodeLogEntry(stored(encodeLogEntry(bare)))).toEqual(bare);
  for (const body of [
    [11, 5, 'm', null, null, null],
    [10, '5', 'm', null, null, null],
    [10, 5, 7, null, null, null],
    [10, 5, 'm', [], null, null],
    [10, 5, 'm', null, ['x'], null],
    [10, 5, 'm'],
  ])
    expect(() => decodeLogEntry(body)).toThrow(/^log: not the shape/);
});
