// A batch of points comes back bit for bit, whatever its columns hold and in whichever way they were
// gathered.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import {
  BatchDecoder,
  decodeBatch,
  encodeBatch,
  encodeSequenceBatch,
  PointBuffer,
  type PointColumns,
  type SequenceColumns,
} from '../../../src/store/format/batch.ts';
import {
  columnKinds,
  columnOf,
  columnOfBits,
  firstDifference,
  lengths,
} from '../../support/columns.ts';
import { changed, outcome } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

const names = ['sequences', 'steps', 'values', 'times', 'epochs'] as const;
type Columns = Record<(typeof names)[number], Float64Array>;

const kind = fc.constantFrom(...Object.keys(columnKinds));
/** Five columns of any kinds, of one length. */
const anyColumns: fc.Arbitrary<Columns> = fc
  .tuple(
    fc.oneof(fc.constantFrom(...lengths), fc.integer({ min: 1, max: 40 })),
    fc.tuple(kind, kind, kind, kind, kind),
    fc.nat(),
  )
  .map(
    ([length, kinds, seed]) =>
      Object.fromEntries(
        names.map((name, index) => [name, columnOf(kinds[index] as string, length, seed)]),
      ) as Columns,
  );

function pushed(columns: Columns, into = new PointBuffer()): PointBuffer {
  const { sequences, steps, values, times, epochs } = columns;
  for (let index = 0; index < steps.length; index += 1) {
    into.push(
      sequences[index] as number,
      steps[index] as number,
      values[index] as number,
      times[index] as number,
      epochs[index] as number,
    );
  }
  return into;
}

/** The buffer with its columns exactly as given: a number on its way through `push` may lose the payload of a NaN. */
function bufferOf(columns: Columns): PointBuffer {
  const buffer = pushed(columns);
  for (const name of names) buffer[name].set(columns[name]);
  return buffer;
}

function expectSame(found: PointColumns, expected: Columns): void {
  expect(found.count).toBe(expected.steps.length);
  for (const name of names)
    expect(firstDifference(found[name], expected[name]), name).toBeUndefined();
}

const withoutPayloads = (columns: Columns): Columns =>
  Object.fromEntries(
    names.map((name) => [
      name,
      columns[name].map((each) => (Number.isNaN(each) ? Number.NaN : each)),
    ]),
  ) as Columns;

/** Decodes all of them into the columns that the one before left. */
const decoder = new BatchDecoder();

describe('round trip', () => {
  it('columns of any kind, bit for bit', () => {
    fc.assert(
      fc.property(anyColumns, (columns) => {
        const bytes = encodeBatch(bufferOf(columns)).slice();
        const isWithoutEpochs = columns.epochs.every(Number.isNaN);
        const expected = isWithoutEpochs
          ? { ...columns, epochs: columns.epochs.map(() => Number.NaN) }
          : columns;
        const { length } = columns.steps;
        expectSame(decodeBatch(bytes, length), expected);
        expectSame(decoder.decode(bytes, length), expected);
        expect(
          firstDifference(decoder.sequences(bytes, length), columns.sequences),
        ).toBeUndefined();
      }),
      { seed: seeded('batch').seed, numRuns: 200 },
    );
  });

  it.each([1, 2, 1023, 1024, 1025, 4095, 4096, 4097, 20_000])(
    '%i points as they are tracked',
    (length) => {
      const sequences = columnOf('sequences in turn', length, 5);
      const columns = {
        sequences,
        steps: columnOf('one time a tick', length, 5).map((time) => time - 1_700_000_000_000),
        values: columnOf('losses, now and then a NaN with a payload', length, 5).map((each) =>
          Number.isNaN(each) ? Number.NaN : each,
        ),
        times: columnOf('times in milliseconds', length, 5),
        epochs: columnOf('epochs', length, 5),
      };
      expectSame(decodeBatch(encodeBatch(pushed(columns)), length), columns);
    },
  );

  it('points of one sequence, by the columns that were given: the same bytes as through the buffer', () => {
    const given = fc.constantFrom('not', 'Float64Array', 'Float32Array', 'Array');
    const as = (how: string, column: Float64Array): ArrayLike<number> | undefined => {
      if (how === 'not') return undefined;
      return how === 'Array'
        ? [...column]
        : how === 'Float64Array'
          ? column
          : Float32Array.from(column);
    };
    fc.assert(
      fc.property(
        anyColumns,
        fc.tuple(given, given, given, given),
        fc.nat(99_999),
        fc.integer({ min: -5, max: 2 ** 40 }),
        (columns, [values, steps, times, epochs], sequence, firstStep) => {
          const all = {
            values: as(values, columns.values) ?? columns.values,
            steps: as(steps, columns.steps),
            times: as(times, columns.times),
            epochs: as(epochs, columns.epochs),
            time: 1_700_000_000_000,
            firstStep,
          };
          const start = columns.values.length >> 2;
          const end = columns.values.length;
          const buffer = new PointBuffer();
          buffer.pushColumns(sequence, all, start, end);
          const expected = encodeBatch(buffer).slice();
          expect(encodeSequenceBatch(sequence, all, start, end)).toEqual(expected);
        },
      ),
      { seed: seeded('sequence batch').seed, numRuns: 300 },
    );
  });

  it('negative and huge steps, fractional times, epochs with gaps', () => {
    const columns = {
      sequences: Float64Array.from([0, 99_999, 1, 0]),
      steps: Float64Array.from([-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, -1, 0]),
      values: columnOfBits([
        0x8000_0000_0000_0000n,
        1n,
        0x7ff0_0000_0000_0000n,
        0x4340_0000_0000_0000n,
      ]),
      times: Float64Array.from([1_700_000_000_000.125, -0.5, 0, -1e300]),
      epochs: Float64Array.from([Number.NaN, 1.5, Number.NaN, -3]),
    };
    expectSame(decodeBatch(encodeBatch(pushed(columns)), 4), columns);
  });

  it('as many points as a batch holds', () => {
    const count = limits.frameRecordCountMax;
    const points = new PointBuffer();
    points.pushColumns(
      3,
      {
        values: new Float64Array(count).fill(0.1),
        steps: undefined,
        epochs: undefined,
        times: undefined,
        time: 5,
        firstStep: -10,
      },
      0,
      count,
    );
    const bytes = encodeBatch(points);
    expect(bytes.length).toBe(9 + 17 + 9 + 9 + 1);
    const found = decodeBatch(bytes, count);
    expect([found.steps[0], found.steps.at(-1)]).toEqual([-10, count - 11]);
    expect(found.values.every((value) => value === 0.1)).toBe(true);
  });

  it('without epochs they cost one byte, and come back as none', () => {
    const points = new PointBuffer();
    for (const step of [1, 2, 3]) points.push(0, step, 0.5, 1000, Number.NaN);
    const bytes = encodeBatch(points).slice();
    expect(bytes.at(-1)).toBe(9);
    expect(decodeBatch(bytes, 3).epochs).toEqual(new Float64Array(3).fill(Number.NaN));
  });
});

describe('gathering', () => {
  it('a batch without epochs behind one with them has none', () => {
    const buffer = new PointBuffer();
    buffer.push(0, 1, 0.5, 1000, 3);
    buffer.clear();
    buffer.push(0, 1, 0.5, 1000, Number.NaN);
    expect(encodeBatch(buffer).at(-1)).toBe(9);
    expect(encodeBatch(buffer).length).toBe(4 * 9 + 1);
  });

  it('a buffer holds nothing of the batch before', () => {
    const buffer = new PointBuffer();
    fc.assert(
      fc.property(anyColumns, (columns) => {
        buffer.clear();
        pushed(columns, buffer);
        const expected = withoutPayloads(columns);
        const found = decodeBatch(encodeBatch(buffer).slice(), columns.steps.length);
        expectSame({ ...found, ...withoutPayloads(found as never as Columns) }, expected);
      }),
      { seed: seeded('one buffer').seed, numRuns: 100 },
    );
  });

  it('columns of one sequence are what pushing one by one is', () => {
    const optional = fc.boolean();
    fc.assert(
      fc.property(
        anyColumns,
        optional,
        optional,
        optional,
        fc.boolean(),
        fc.nat(),
        fc.nat(),
        (columns, steps, times, epochs, isTyped, from, to) => {
          const length = columns.steps.length;
          const start = from % length;
          const end = start + 1 + (to % (length - start));
          const given = (column: Float64Array): ArrayLike<number> =>
            isTyped ? column : [...column];
          const sequence: SequenceColumns = {
            values: given(columns.values),
            steps: steps ? given(columns.steps) : undefined,
            times: times ? given(columns.times) : undefined,
            epochs: epochs ? given(columns.epochs) : undefined,
            time: 1234.5,
            firstStep: -7,
          };
          const whole = new PointBuffer();
          whole.push(8, 1, 2, 3, Number.NaN);
          whole.pushColumns(4, sequence, start, end);
          const single = new PointBuffer();
          single.push(8, 1, 2, 3, Number.NaN);
          for (let index = start; index < end; index += 1) {
            single.push(
              4,
              steps ? (columns.steps[index] as number) : index - 7,
              columns.values[index] as number,
              times ? (columns.times[index] as number) : 1234.5,
              epochs ? (columns.epochs[index] as number) : Number.NaN,
            );
          }
          expect(whole.count).toBe(single.count);
          for (const name of names) {
            const quiet = (buffer: PointBuffer): Float64Array =>
              buffer[name]
                .slice(0, buffer.count)
                .map((each) => (Number.isNaN(each) ? Number.NaN : each));
            expect(firstDifference(quiet(whole), quiet(single)), name).toBeUndefined();
          }
        },
      ),
      { seed: seeded('pushColumns').seed, numRuns: 100 },
    );
  });
});

describe('refused', () => {
  const points = new PointBuffer();
  for (const step of [7, 8, 10]) points.push(step % 2, step, 0.1 * step, 1000.5, step);
  const bytes = encodeBatch(points).slice();
  const read = (given: Uint8Array, count: number): PointColumns | string =>
    outcome(() => decodeBatch(given, count));

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    Infinity,
    limits.frameRecordCountMax + 1,
    2 ** 32,
    '3',
    null,
    3n,
    undefined,
  ])('a count of %s', (count) => {
    expect(read(bytes, count as number)).toMatch(/^CORRUPT: a batch of /);
  });

  it.each([2, 4, 100])('%i points of three', (count) => {
    expect(read(bytes, count)).toMatch(/^CORRUPT: /);
  });

  it('cut at every byte, or longer', () => {
    for (let size = 0; size < bytes.length; size += 1)
      expect(read(bytes.subarray(0, size), 3), `${size} bytes`).toMatch(/^CORRUPT: /);
    expect(read(Uint8Array.from([...bytes, 9]), 3)).toBe(
      'CORRUPT: bytes behind the columns of a batch',
    );
  });

  it('any byte changed is a batch of three points, or CORRUPT', () => {
    for (let place = 0; place < bytes.length; place += 1) {
      for (let mask = 1; mask < 256; mask += 1) {
        const found = read(changed(bytes, place, mask), 3);
        if (typeof found !== 'string') for (const name of names) expect(found[name].length).toBe(3);
      }
    }
  });

  it.each([null, 5, 'text', [1, 2], {}])('columns that are %j instead of bytes', (given) => {
    expect(read(given as never, 3)).toMatch(/^CORRUPT: /);
  });
});
