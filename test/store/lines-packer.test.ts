// Lines through rewriting, with segments so small that it happens all the time: every line is read as it
// stood last, the next number is known, and a follower that goes on from a cursor taken anywhere has
// nothing twice, in order, and ends with the same lines. What is put together becomes smaller.

import { beforeAll, expect, it } from 'vitest';
import {
  Log,
  type LogRecord,
  loadXxhash,
  type MemoryVfs,
  memoryVfs,
  type RecordInput,
} from '../../src/engine/index.ts';
import { type WriterCursor, WriterEvents } from '../../src/sdk/writer-events.ts';
import { decodeLines, encodeLines, FinalLines, type LineColumns } from '../../src/store/lines.ts';
import { LinesPacker } from '../../src/store/lines-packer.ts';
import { recordType } from '../../src/store/record.ts';
import type { RunWriter } from '../../src/store/run-writer.ts';
import { DIRECTORY, LIFE, openMemoryWriter } from '../support/memory-writer.ts';
import { type Seeded, seeded } from '../support/random.ts';

beforeAll(() => loadXxhash());

const open = (vfs: MemoryVfs): Promise<RunWriter> =>
  openMemoryWriter(vfs, { segmentSize: 2500, stateInterval: 1200 });

interface Told {
  readonly cursor: WriterCursor;
  /** Ordinals of the versions of lines and of messages, as they came. */
  readonly ordinals: number[];
  readonly lines: Map<number, string>;
}

function follow(vfs: MemoryVfs, from: WriterCursor, before: ReadonlyMap<number, string>): Told {
  const events = new WriterEvents({ vfs, directory: DIRECTORY, writer: 'main', cursor: from });
  const ordinals: number[] = [];
  const lines = new Map(before);
  for (const record of Log.snapshot(DIRECTORY, { vfs }).records(from.position)) {
    for (const change of events.of(record)) {
      if (change.type === 'log') ordinals.push(Number(change.message));
      if (change.type !== 'terminal') continue;
      for (const { line, text } of change.lines) {
        lines.set(line, text);
        ordinals.push(Number(/^\d+/.exec(text)?.[0]));
      }
    }
  }
  return { cursor: events.cursor, ordinals, lines };
}

function finalOf(vfs: MemoryVfs): Map<number, string> {
  const final = new FinalLines();
  const given = [];
  for (const { type, body } of Log.snapshot(DIRECTORY, { vfs }).records())
    if (type === recordType.lines) given.push(...final.add(decodeLines(body)));
  given.push(...final.rest());
  expect(given.map(({ line }) => line)).toEqual(
    given.map(({ line }) => line).sort((a, b) => a - b),
  );
  return new Map(given.map(({ line, text }) => [line, text]));
}

/** Some lines, new ones and versions of the newest, of a run that has `next` lines. */
function someLines(random: Seeded, next: number, ordinal: () => number): LineColumns {
  const numbers: number[] = [];
  let end = next;
  for (let count = 1 + random.integer(8); count > 0; count -= 1) {
    if (end > 0 && random.random() < 0.5) numbers.push(end - 1 - random.integer(Math.min(end, 4)));
    else {
      numbers.push(end);
      end += 1;
    }
  }
  return {
    numbers,
    streams: numbers.map(() => random.integer(2)),
    times: numbers.map(() => 1000 + random.integer(3)),
    texts: numbers.map(() => `${ordinal()} ${random.pick(['', 'some text', 'x'.repeat(40)])}`),
  };
}

const step = (writer: RunWriter, random: Seeded, ordinal: () => number): void => {
  const sequence = writer.sequence('loss', '{}');
  for (let count = random.integer(10); count > 0; count -= 1)
    writer.track(sequence, 0.5, undefined, Number.NaN, 1);
  if (random.random() < 0.15) {
    const message = String(ordinal());
    writer.logEntry({ level: 'info', time: 1, message, fields: {}, place: undefined });
  }
};

it.each([1, 2, 3, 4, 5, 6])('lines are the same through rewriting, case %i', async (number) => {
  const random = seeded(`lines-rewritten-${number}`);
  const vfs = memoryVfs();
  const model = new Map<number, string>();
  let count = 0;
  const ordinal = (): number => {
    count += 1;
    return count;
  };
  const cursors: { cursor: WriterCursor; lines: Map<number, string>; count: number }[] = [
    { cursor: { life: LIFE, position: 0, points: 0 }, lines: new Map(), count: 0 },
  ];
  for (let opening = 0; opening < 4; opening += 1) {
    const writer = await open(vfs);
    let next = [...model.keys()].reduce((most, each) => Math.max(most, each + 1), 0);
    expect(writer.nextLine).toBe(next);
    for (let turn = 0; turn < 60; turn += 1) {
      step(writer, random, ordinal);
      const lines = someLines(random, next, ordinal);
      writer.lines(lines);
      lines.numbers.forEach((line, index) => {
        model.set(line, lines.texts[index] as string);
        next = Math.max(next, line + 1);
      });
      writer.flush();
      if (random.random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      if (random.random() < 0.1) {
        const { cursor } = follow(vfs, cursors.at(-1)?.cursor as WriterCursor, new Map());
        cursors.push({ cursor, lines: new Map(model), count });
      }
    }
    await writer.close({ closedAt: 2, outcome: 'finished', error: undefined });
    expect(finalOf(vfs)).toEqual(model);
    for (const from of cursors) {
      const { ordinals, lines } = follow(vfs, from.cursor, from.lines);
      expect(lines).toEqual(model);
      // Nothing that was delivered, nothing twice, in the order in which it was recorded.
      expect(ordinals).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
      expect(ordinals.every((each) => each > from.count)).toBe(true);
    }
  }
  const { manifest } = Log.snapshot(DIRECTORY, { vfs });
  expect(manifest?.segments.some((each) => each.rewritten)).toBe(true);
  expect((await Log.verify(DIRECTORY, { vfs })).damaged).toEqual([]);
});

interface Written {
  readonly records: readonly RecordInput[];
  readonly from: number;
  readonly to: number;
}

const bodyOf = (written: Written | undefined): unknown[] =>
  (written?.records[0]?.body ?? []) as unknown[];

/** What the packer makes of records at positions 10, 11 and so on. */
async function pack(bodies: readonly unknown[]): Promise<Written[]> {
  const written: Written[] = [];
  const packer = new LinesPacker({
    append(records, from, to) {
      written.push({ records, from, to });
      return 0;
    },
    pause: async () => {},
  });
  for (const [index, body] of bodies.entries()) {
    const position = 10 + index;
    const record = { type: recordType.lines, body, position, end: position + 1 } as LogRecord;
    await packer.add(record);
  }
  await packer.write();
  return written;
}

const line = (number: number, text: string): unknown =>
  encodeLines({ numbers: [number], streams: [0], times: [number], texts: [text] });

it('a progress bar becomes one line, and text is deflated where it pays', async () => {
  const bar = Array.from({ length: 500 }, (_, at) => line(7, `${at / 5}% ${'#'.repeat(at / 10)}`));
  const [only, ...none] = await pack([line(6, 'before'), ...bar, line(8, 'x'.repeat(1000))]);
  expect(none).toEqual([]);
  expect([only?.from, only?.to]).toEqual([10, 512]);
  const body = bodyOf(only);
  expect(body[3]).toBeInstanceOf(Uint8Array);
  expect((body[3] as Uint8Array).length).toBeLessThan(200);
  expect(decodeLines(body)).toMatchObject({
    numbers: [6, 7, 8],
    texts: ['before', `99.8% ${'#'.repeat(49)}`, 'x'.repeat(1000)],
    places: [0, 1, 500, 1, 501, 1],
  });
});

it('what does not pay stays text; large ones are not put together; others stay', async () => {
  const [small] = await pack([line(0, 'a'), line(1, 'b')]);
  expect(bodyOf(small)[3]).toBe('a\nb');
  const large = await pack([line(0, 'x'.repeat(200_000)), line(1, 'y'.repeat(200_000))]);
  expect(large.map(({ from, to }) => [from, to])).toEqual([
    [10, 11],
    [11, 12],
  ]);
  expect(await pack([['no lines']])).toEqual([]);
});
