// Blocks and axes: the rows of a sequence come back bit for bit, whole or as some rows of a shared axis,
// and the summary beside them is what reading every value gives.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBody, unpackBody } from '../../../src/engine/format/msgpack.ts';
import { limits } from '../../../src/limits.ts';
import {
  type Axis,
  axisCount,
  decodeAxis,
  encodeAxis,
  type StoredAxis,
} from '../../../src/store/format/axis.ts';
import {
  blockSummary,
  decodeAxisColumnOf,
  decodeBlock,
  decodeBlockInto,
  decodeNumbers,
  decodeValues,
  encodeBlock,
  hasWholeAxis,
  rowsWithin,
  type StoredBlock,
} from '../../../src/store/format/block.ts';
import { makeRows, type Rows, sortRows } from '../../../src/store/rows.ts';
import {
  chanceOf,
  columnKinds,
  columnOf,
  firstDifference,
  lengths,
} from '../../support/columns.ts';
import { outcome } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

const columns = ['steps', 'values', 'times', 'epochs', 'numbers'] as const;
/** As a body goes to disk and comes from it. */
const stored = <T>(value: T): T => unpackBody(packBody(value).slice()) as T;

function expectSame(found: Partial<Rows>, expected: Partial<Rows>): void {
  for (const name of columns) {
    if (expected[name] === undefined) continue;
    expect(firstDifference(found[name] as Float64Array, expected[name]), name).toBeUndefined();
  }
}

const stepKinds = [
  'steps by one',
  'steps downwards, far below zero',
  'steps up to 2^53 - 1',
  'steps with jumps back',
  'integers of one byte',
  'integers within 2^53',
  'epochs',
];
const epochKinds = [
  'epochs',
  'integers and one minus zero',
  'NaN first and last',
  'times by quarters',
];

interface Given {
  readonly rows: Rows;
  readonly seed: number;
}

/** Sorted rows: steps repeat or not, values of any kind, with epochs, without, or with some. */
const anyRows: fc.Arbitrary<Given> = fc
  .record({
    length: fc.oneof(fc.constantFrom(...lengths), fc.integer({ min: 1, max: 40 })),
    steps: fc.constantFrom(...stepKinds),
    values: fc.constantFrom(...Object.keys(columnKinds)),
    times: fc.constantFrom('times in milliseconds', 'times with fractions', 'one time a tick'),
    epochs: fc.option(fc.constantFrom(...epochKinds)),
    firstNumber: fc.oneof(fc.nat(100), fc.constant(2 ** 50)),
    seed: fc.nat(),
  })
  .map(({ length, steps, values, times, epochs, firstNumber, seed }) => {
    const rows = {
      steps: columnOf(steps, length, seed),
      values: new Float64Array(length),
      times: columnOf(times, length, seed),
      epochs:
        epochs === null
          ? new Float64Array(length).fill(Number.NaN)
          : columnOf(epochs, length, seed),
      numbers: Float64Array.from({ length }, (_, index) => firstNumber + index * 3),
    };
    const sorted = sortRows(rows);
    // After sorting, which need not keep the payload of a NaN.
    return { rows: { ...sorted, values: columnOf(values, length, seed) }, seed };
  });

/** An axis of these rows and of as many others between them, and the places of these rows in it. */
function widened(rows: Rows, seed: number): { axis: Axis; own: Uint32Array } {
  const { integer } = chanceOf(seed);
  const steps: number[] = [];
  const times: number[] = [];
  const epochs: number[] = [];
  const own = new Uint32Array(rows.steps.length);
  rows.steps.forEach((step, index) => {
    for (let others = integer(3); others > 0; others -= 1) {
      steps.push(step);
      times.push(-1 - integer(5));
      epochs.push(integer(2) === 0 ? Number.NaN : 77);
    }
    own[index] = steps.length;
    steps.push(step);
    times.push(rows.times[index] as number);
    epochs.push(rows.epochs[index] as number);
  });
  return {
    axis: {
      steps: Float64Array.from(steps),
      times: Float64Array.from(times),
      epochs: Float64Array.from(epochs),
    },
    own,
  };
}

/** The summary by reading everything, as spec/columns.md has it. */
function bruteForce(rows: Rows) {
  const values = [...rows.values];
  const numbers = [...rows.numbers].sort((a, b) => a - b);
  const real = values.filter((value) => !Number.isNaN(value));
  const order = (a: number, b: number): number =>
    a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  const ascending = [...real].sort((a, b) => (a === b ? order(a, b) : a < b ? -1 : 1));
  return {
    isClean: new Set(rows.steps).size === rows.steps.length,
    count: values.length,
    firstStep: rows.steps[0],
    lastStep: rows.steps.at(-1),
    first: values[0],
    last: values.at(-1),
    min: ascending[0] ?? Number.NaN,
    max: ascending.at(-1) ?? Number.NaN,
    sum: real.reduce((sum, value) => sum + value, 0),
    nanCount: values.length - real.length,
    firstNumber: numbers[0],
    lastNumber: numbers.at(-1),
  };
}

describe('axis', () => {
  it('of any rows comes back bit for bit; without an epoch it holds none', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ rows }) => {
        const axis = stored(await encodeAxis(rows));
        expect(axisCount(axis)).toBe(rows.steps.length);
        expectSame(decodeAxis(axis), { steps: rows.steps, times: rows.times, epochs: rows.epochs });
        if (rows.epochs.every(Number.isNaN)) expect(axis[3]).toBeNull();
      }),
      { seed: seeded('axis').seed, numRuns: 100 },
    );
  });
});

describe('block', () => {
  it('with an axis of its own', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ rows }) => {
        const axis = stored(await encodeAxis(rows));
        const block = stored(await encodeBlock(rows, rows.steps.length, undefined));
        expect(hasWholeAxis(block)).toBe(true);
        expectSame(decodeBlock(block, decodeAxis(axis)), rows);
        const into = makeRows(rows.steps.length);
        decodeBlockInto(block, decodeAxis(axis), into);
        expectSame(into, rows);
        const both = makeRows(rows.steps.length);
        decodeBlockInto(block, axis as never, both);
        expectSame(both, rows);
        for (const from of [axis as never, decodeAxis(axis)]) {
          const alone = makeRows(rows.steps.length);
          for (const name of ['steps', 'times', 'epochs'] as const)
            decodeAxisColumnOf(block, from, name, alone[name]);
          decodeValues(block, alone.values);
          decodeNumbers(block, alone.numbers);
          expectSame(alone, rows);
        }
      }),
      { seed: seeded('block').seed, numRuns: 100 },
    );
  });

  it('as some rows of an axis', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ rows, seed }) => {
        const { axis, own } = widened(rows, seed);
        const storedAxis = stored(await encodeAxis(axis));
        const block = stored(await encodeBlock(rows, axis.steps.length, own));
        expect(hasWholeAxis(block)).toBe(false);
        expect(block[14]?.length).toBe(Math.ceil(axis.steps.length / 8));
        expectSame(decodeBlock(block, decodeAxis(storedAxis)), rows);
        for (const name of ['steps', 'times', 'epochs'] as const) {
          const alone = new Float64Array(rows.steps.length);
          decodeAxisColumnOf(block, decodeAxis(storedAxis), name, alone);
          expectSame({ [name]: alone }, { [name]: rows[name] });
        }
      }),
      { seed: seeded('block of an axis').seed, numRuns: 100 },
    );
  });

  it('says of itself what reading all of it says', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, async ({ rows }) => {
        const block = stored(await encodeBlock(rows, rows.steps.length, undefined));
        expect(blockSummary(block)).toEqual(bruteForce(rows));
      }),
      { seed: seeded('block summary').seed, numRuns: 200 },
    );
  });

  it('as large as a block may be', async () => {
    const count = limits.blockPointCountMax;
    const rows = {
      steps: columnOf('steps by one', count, 1),
      values: columnOf('losses, now and then a NaN with a payload', count, 1),
      times: columnOf('times in milliseconds', count, 1),
      epochs: columnOf('epochs', count, 1),
      numbers: columnOf('steps by one', count, 2).map((each) => each + 5000),
    };
    const axis = stored(await encodeAxis(rows));
    expectSame(
      decodeBlock(stored(await encodeBlock(rows, count, undefined)), decodeAxis(axis)),
      rows,
    );
  });

  it('of no rows is not made', async () => {
    await expect(encodeBlock(makeRows(0), 0, undefined)).rejects.toThrow(RangeError);
  });
});

describe('spec/columns.md, Block', () => {
  const rows: Rows = {
    steps: Float64Array.from([-2, 5, 5]),
    values: Float64Array.from([0, -0, Number.NaN]),
    times: Float64Array.from([1000.5, 1001, 1002]),
    epochs: new Float64Array(3).fill(Number.NaN),
    numbers: Float64Array.from([9, 4, 12]),
  };

  it('fields stand in the order of the page', async () => {
    const block = await encodeBlock(rows, 12, [0, 8, 11]);
    expect(block.slice(0, 12)).toEqual([0, 3, -2, 5, 0, Number.NaN, -0, 0, 0, 1, 4, 12]);
    expect(block[14]).toEqual(new Uint8Array([0b0000_0001, 0b0000_1001]));
    expect(block).toHaveLength(15);
    const axis = await encodeAxis(rows);
    expect([axis.length, axis[0], axis[3]]).toEqual([4, 3, null]);
  });

  it('is clean when no step repeats in it', async () => {
    const clean = { ...rows, steps: Float64Array.from([-2, 5, 6]) };
    expect((await encodeBlock(clean, 3, undefined))[0]).toBe(1);
    expect((await encodeBlock(rows, 3, undefined))[0]).toBe(0);
  });

  it('least and greatest are without NaN, and -0 is less than 0 in either order', async () => {
    const of = async (values: number[]): Promise<unknown[]> => {
      const given = { ...rows, values: Float64Array.from(values) };
      return (await encodeBlock(given, 3, undefined)).slice(6, 10);
    };
    expect(await of([0, -0, 0])).toEqual([-0, 0, 0, 0]);
    expect(await of([-0, 0, Number.NaN])).toEqual([-0, 0, 0, 1]);
    expect(await of([Number.NaN, Number.NaN, Number.NaN])).toEqual([Number.NaN, Number.NaN, 0, 3]);
    expect(await of([Infinity, -Infinity, 1])).toEqual([-Infinity, Infinity, Number.NaN, 0]);
    expect(await of([5e-324, -5e-324, 0])).toEqual([-5e-324, 5e-324, 0, 0]);
  });
});

describe('rows within an axis', () => {
  it('are found where they stand, whatever else is there', () => {
    fc.assert(
      fc.property(anyRows, ({ rows, seed }) => {
        expect(rowsWithin(rows, rows)).toBe('all');
        const { axis, own } = widened(rows, seed);
        const found = rowsWithin(rows, axis);
        if (own.length === axis.steps.length) expect(found).toBe('all');
        else {
          const places = found as Uint32Array;
          expect(
            firstDifference(
              Float64Array.from(places, (row) => axis.steps[row] as number),
              rows.steps,
            ),
          ).toBeUndefined();
          expect(
            firstDifference(
              Float64Array.from(places, (row) => axis.times[row] as number),
              rows.times,
            ),
          ).toBeUndefined();
          places.forEach((row, index) => {
            expect(index === 0 || row > (places[index - 1] as number)).toBe(true);
          });
        }
      }),
      { seed: seeded('rows within').seed, numRuns: 100 },
    );
  });

  const axisOf = (
    steps: number[],
    times = steps,
    epochs: number[] = steps.map(() => Number.NaN),
  ): Rows => ({
    ...makeRows(steps.length),
    steps: Float64Array.from(steps),
    times: Float64Array.from(times),
    epochs: Float64Array.from(epochs),
  });

  it.each<[string, Rows, Rows, unknown]>([
    ['the same', axisOf([1, 2, 3]), axisOf([1, 2, 3]), 'all'],
    ['some', axisOf([1, 3]), axisOf([1, 2, 3]), new Uint32Array([0, 2])],
    ['the second of two at a step', axisOf([1], [9]), axisOf([1, 1], [8, 9]), new Uint32Array([1])],
    [
      'two of three at a step',
      axisOf([1, 1], [7, 9]),
      axisOf([1, 1, 1], [7, 8, 9]),
      new Uint32Array([0, 2]),
    ],
    ['more than the axis', axisOf([1, 2]), axisOf([1]), undefined],
    ['a step that is not there', axisOf([2]), axisOf([1, 3]), undefined],
    ['a step behind all', axisOf([4]), axisOf([1, 3]), undefined],
    ['another time', axisOf([1], [5]), axisOf([1], [6]), undefined],
    ['a time of minus zero for zero', axisOf([1], [-0]), axisOf([1], [0]), undefined],
    ['another epoch', axisOf([1], [1], [5]), axisOf([1], [1], [6]), undefined],
    ['an epoch where there is none', axisOf([1], [1], [5]), axisOf([1], [1]), undefined],
    ['none where there is an epoch', axisOf([1], [1]), axisOf([1], [1], [5]), undefined],
    ['an epoch of minus zero for zero', axisOf([1], [1], [-0]), axisOf([1], [1], [0]), undefined],
    ['a row twice', axisOf([1, 1]), axisOf([1, 2]), undefined],
    ['none', axisOf([]), axisOf([1]), new Uint32Array(0)],
  ])('%s', (_, rows, axis, expected) => {
    expect(rowsWithin(rows, axis)).toEqual(expected);
  });
});

describe('refused', () => {
  const constant = (value: number): Uint8Array => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setFloat64(1, value, true);
    return bytes;
  };
  const axis: StoredAxis = [3, constant(1), constant(2), null];
  const block: StoredBlock = [1, 3, 1, 3, 5, 5, 5, 5, 15, 0, 0, 2, constant(5), constant(7), null];
  const NO_AXIS = /^CORRUPT: (axis|a sealed column): /;
  const NO_BLOCK = /^CORRUPT: (block|a sealed column): /;
  const three = decodeAxis(axis);
  const readBlock = (given: unknown, on: Axis = three): unknown =>
    outcome(() => decodeBlock(given, on));

  it('the unedited ones are not', () => {
    expect(three.steps).toEqual(new Float64Array(3).fill(1));
    expectSame(readBlock(block) as Rows, {
      values: new Float64Array(3).fill(5),
      numbers: new Float64Array(3).fill(7),
    });
  });

  it.each<[string, unknown]>([
    ['nil', null],
    ['text', 'axis'],
    ['an object', {}],
    ['three fields', axis.slice(0, 3)],
    ['five fields', [...axis, null]],
    ['a count of 0', axis.with(0, 0)],
    ['a count of -1', axis.with(0, -1)],
    ['a count with a fraction', axis.with(0, 2.5)],
    ['a count over its bound', axis.with(0, limits.blockPointCountMax + 1)],
    ['a count of 64 bits', axis.with(0, 3n as never)],
    ['a count that is text', axis.with(0, '3' as never)],
    ['steps that are nil', axis.with(1, null)],
    ['times that are a number', axis.with(2, 5)],
    ['epochs that are text', axis.with(3, 'none' as never)],
    ['steps of another count', axis.with(1, new Uint8Array([2, 0, 0, 1, 0, 0]))],
  ])('an axis: %s', (_, given) => {
    expect(outcome(() => decodeAxis(given))).toMatch(NO_AXIS);
  });

  it.each<[string, unknown]>([
    ['nil', null],
    ['an object', {}],
    ['14 fields', block.slice(0, 14)],
    ['16 fields', [...block, null]],
    ['a count of 0', block.with(1, 0)],
    ['a count over its bound', block.with(1, limits.blockPointCountMax + 1)],
    ["a count that is not the axis's", block.with(1, 2)],
    ['flags that are nil', block.with(0, null)],
    ['an unknown flag', block.with(0, 3)],
    ['a first step that is text', block.with(2, '1' as never)],
    ['a last step that is nil', block.with(3, null)],
    ['a sum of 64 bits', block.with(8, 15n as never)],
    ['a least value that is nil', block.with(6, null)],
    ['a NaN count of -1', block.with(9, -1)],
    ['a NaN count over the count', block.with(9, 4)],
    ['a NaN count that is NaN', block.with(9, Number.NaN)],
    ['a point number that is nil', block.with(10, null)],
    ['values that are nil', block.with(12, null)],
    ['numbers that are text', block.with(13, 'x' as never)],
    ['values of another count', block.with(12, new Uint8Array([2, 0, 0, 1, 0, 0]))],
    ['a bitmap that is a number', block.with(14, 7)],
    ['a bitmap that is text', block.with(14, '\u0007' as never)],
    ['a bitmap that is an array', block.with(14, [7] as never)],
    ['a bitmap one byte short', block.with(14, new Uint8Array(0))],
    ['a bitmap one byte longer', block.with(14, new Uint8Array([7, 0]))],
    ['a bitmap of too few rows', block.with(14, new Uint8Array([3]))],
    ['a bitmap of rows behind the axis', block.with(14, new Uint8Array([0b1011]))],
    ['a bitmap of all rows and one behind the axis', block.with(14, new Uint8Array([0b1111]))],
  ])('a block: %s', (_, given) => {
    expect(readBlock(given)).toMatch(NO_BLOCK);
  });

  it('a block on an axis of another count', async () => {
    const long = decodeAxis(axis.with(0, 4));
    expect(readBlock(block, long)).toMatch(NO_BLOCK);
    expect(readBlock(block.with(14, new Uint8Array([0b1111])), long)).toMatch(NO_BLOCK);
    expect(outcome(() => decodeBlockInto(block, axis.with(0, 4) as never, makeRows(3)))).toMatch(
      NO_BLOCK,
    );
    expect(outcome(() => decodeBlockInto(block, long, makeRows(3)))).toMatch(NO_BLOCK);
    const some = block.with(14, new Uint8Array([7]));
    expect(outcome(() => decodeBlockInto(some, axis as never, makeRows(3)))).toMatch(NO_BLOCK);
  });
});
