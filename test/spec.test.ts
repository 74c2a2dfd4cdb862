// The pages say what the code does: tables of limits, codes and types, layouts, and the hex example.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { beforeAll, expect, it } from 'vitest';
import { encodeFence } from '../src/engine/format/fence.ts';
import { encodeFrame } from '../src/engine/format/frame.ts';
import { encodeSegmentHeader, NO_PREDECESSOR } from '../src/engine/format/segment-header.ts';
import { loadXxhash } from '../src/engine/format/xxhash.ts';
import { errorCodes } from '../src/errors.ts';
import { durations, limits } from '../src/limits.ts';
import { decodeBatch, encodeBatch, PointBuffer } from '../src/store/format/batch.ts';
import { columnForm } from '../src/store/format/column.ts';
import { hotForm } from '../src/store/format/hot-column.ts';
import { recordType } from '../src/store/record.ts';

beforeAll(loadXxhash);

const page = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, `../spec/${name}.md`), 'utf8');

/** Cells of every row of the page's tables whose first cell fits. */
function rows(name: string, first: RegExp): string[][] {
  return page(name)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([cell]) => first.test(cell ?? ''));
}

it('limits.md lists every limit and duration with its value', () => {
  const listed = Object.fromEntries(
    rows('limits', /^[a-z]+[A-Z]\w*$/).map(([name, value]) => [name, Number(value)]),
  );
  expect(listed).toEqual({ ...limits, ...durations });
});

it('errors.md lists every code', () => {
  expect(rows('errors', /^[A-Z_]+$/).map(([code, cause]) => [code, cause])).toEqual(
    Object.entries(errorCodes),
  );
});

it('records.md lists every record type', () => {
  const listed = rows('records', /^\d+$/).map(([number]) => Number(number));
  expect(listed).toEqual(Object.values(recordType).sort((a, b) => a - b));
});

it('columns.md lists every form', () => {
  const names = rows('columns', /^\d+$/).map(([number, name]) => `${number} ${name}`);
  expect(names.slice(0, 10).map((each) => Number(each.split(' ')[0]))).toEqual(
    Object.values(hotForm).sort((a, b) => a - b),
  );
  expect(names.slice(10, 17).map((each) => Number(each.split(' ')[0]))).toEqual(
    Object.values(columnForm),
  );
});

it('the hex example of columns.md is what the code writes and reads', () => {
  const hex = [...page('columns').matchAll(/^ {4}((?: {0,3}[0-9a-f]{2} ?)+)/gm)]
    .map((match) => match[1]?.replaceAll(' ', ''))
    .join('');
  const points = new PointBuffer();
  for (const step of [7, 8, 9]) points.push(0, step, 0.5, 1677721600000, Number.NaN);
  expect(Buffer.from(encodeBatch(points)).toString('hex')).toBe(hex);
  expect([...decodeBatch(Buffer.from(hex, 'hex'), 3).steps]).toEqual([7, 8, 9]);
});

/** [offset, size] of a byte table. */
const fields = (name: string, heading: string): [number, number][] => {
  const text =
    page(name)
      .split(`\n## ${heading}`)[1]
      ?.split(/\n##+ /)[0] ?? '';
  return [...text.matchAll(/^\| (\d+) \| (\d+) \|/gm)].map((match) => [
    Number(match[1]),
    Number(match[2]),
  ]);
};

it('byte tables have no hole', () => {
  for (const [name, heading, size] of [
    ['segment', 'Header', 128],
    ['segment', 'Frame', 48],
  ] as const) {
    let end = 0;
    for (const [offset, length] of fields(name, heading)) {
      expect(offset, `${name}, ${heading}`).toBe(end);
      end += length;
    }
    expect(end).toBe(size);
  }
});

it('magic, letters and sizes are as the pages say', () => {
  const owner = {
    host: 'h',
    bootId: '',
    pidNamespace: '',
    pid: 1,
    startTime: '',
    thread: 0,
    nonce: new Uint8Array(16),
    since: 0,
    probe: '',
  };
  const fence = encodeFence('maintenance', owner);
  expect(Buffer.from(fence.subarray(0, 12)).toString('hex')).toBe('89524c460d0a1a0a01000200');
  const header = encodeSegmentHeader({
    rewritten: true,
    repeat: false,
    logId: 1n,
    fence: 2,
    number: 3,
    first: 4,
    salt: 5n,
    predecessor: NO_PREDECESSOR,
    nonce: new Uint8Array(16),
  });
  expect(Buffer.from(header.subarray(0, 48)).toString('hex')).toBe(
    '89524c530d0a1a0a010080000100000001000000000000000200000003000000040000000000000005' +
      '00000000000000',
  );
  const frame = encodeFrame(
    { type: 20, flags: 1, count: 2, first: 3, watermark: 1 },
    new Uint8Array([9]),
    5n,
  );
  expect(frame.length).toBe(56);
  expect(Buffer.from(frame.subarray(0, 32)).toString('hex')).toBe(
    '524c667201000000140100000200000003000000000000000100000000000000',
  );
});
