// A table comes back cell for cell, of the types of its columns; what does not fit is refused with its place.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Cell, Table, type TableContent } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { readTable } from '../../src/sdk/objects/table.ts';
import { seeded } from '../support/random.ts';

const read = (table: Table) => readTable(Buffer.from(table.input.bytes).toString());

const cells = {
  number: fc.oneof(fc.double(), fc.constant(-0), fc.integer()),
  string: fc.string({ unit: 'grapheme' }),
  boolean: fc.boolean(),
  time: fc.date({ noInvalidDate: true }),
};

it('cells come back as they went in, by rows or by columns', () => {
  const { seed } = seeded('tables');
  const type = fc.constantFrom('number', 'string', 'boolean', 'time' as const);
  const table = fc
    .tuple(fc.array(type, { minLength: 1, maxLength: 5 }), fc.nat({ max: 8 }))
    .chain(([types, count]) =>
      fc.tuple(
        fc.constant(types),
        fc.tuple(
          ...types.map((each) =>
            fc.array(fc.option<Cell>(cells[each]), { minLength: count, maxLength: count }),
          ),
        ),
      ),
    );
  fc.assert(
    fc.property(table, ([types, values]) => {
      const columns = types.map((each, index) => ({ name: `column ${index}`, type: each }));
      const rows = Array.from({ length: values[0]?.length ?? 0 }, (_, row) =>
        values.map((column) => column[row] as Cell),
      );
      const byRows = new Table({ columns, rows });
      const byColumns = new Table({
        columns: columns.map((each, index) => ({ ...each, values: values[index] as Cell[] })),
      });
      expect(read(byRows)).toEqual({ columns, rows });
      expect(byColumns.input.hash).toBe(byRows.input.hash);
      expect(byRows.input.attributes).toEqual({
        rows: rows.length,
        columns: columns.map((each) => each.name),
      });
    }),
    { numRuns: 200, seed },
  );
});

it('types are those of the values where none is given', () => {
  const { columns } = new Table({
    columns: [
      { name: 'a', values: Float32Array.of(1) },
      { name: 'b', values: [null] },
      { name: 'c', values: [true] },
      { name: 'd', values: [new Date(0)] },
      { name: 'e', type: 'time', values: [5] },
    ],
  });
  expect(columns.map((each) => each.type)).toEqual(['number', 'string', 'boolean', 'time', 'time']);
  expect(new Table({ columns: [{ name: 'a' }], rows: [] }).rowCount).toBe(0);
});

it('values are copied', () => {
  const rows = [[1]];
  const table = new Table({ columns: [{ name: 'a' }], rows });
  (rows[0] as number[])[0] = 2;
  expect(read(table).rows).toEqual([[1]]);
});

it('what does not fit is refused with its place', () => {
  const wrong = (content: unknown, message: RegExp): void =>
    expect(() => new Table(content as TableContent)).toThrow(message);
  const column = (values: unknown, type?: string): unknown => ({
    columns: [{ name: 'a', values, ...(type && { type }) }],
  });
  wrong([], /^table: expected an object/);
  wrong({ columns: [], rows: [] }, /^columns: 0, expected 1 to 1024/);
  wrong({ columns: {} }, /^columns: expected an array/);
  wrong({ columns: [{ name: 'a' }], row: [] }, /^table.row: /);
  wrong({ columns: [{ name: 'a' }] }, /^columns\[0\].values: expected where there are no rows/);
  wrong({ columns: [{ name: 'a', values: [] }], rows: [] }, /^columns\[0\].values: /);
  wrong({ columns: [{ name: '' }], rows: [] }, /^columns\[0\].name: /);
  wrong(
    { columns: [{ name: 'a' }, { name: 'a' }], rows: [] },
    /^columns\[1\].name: "a" stands twice/,
  );
  wrong({ columns: [{ name: 'a', unit: 's' }], rows: [] }, /^columns\[0\].unit: /);
  wrong({ columns: [{ name: 'a' }], rows: [[1], 2] }, /^rows\[1\]: expected an array/);
  wrong({ columns: [{ name: 'a' }], rows: [[1, 2]] }, /^rows\[0\]: 2 cells, expected 1/);
  wrong(column(['x', 1]), /^column "a", row 1: expected a string/);
  wrong(column([1, 'x']), /^column "a", row 1: expected a number or null, got "x"/);
  wrong(column([1, undefined]), /^column "a", row 1: /);
  wrong(column([1n]), /^column "a", row 0: /);
  wrong(column([new Date(Number.NaN)]), /^column "a", row 0: expected a time or null/);
  wrong(column([1], 'integer'), /^columns\[0\].type: expected number, string, boolean, time/);
  wrong(column('x'), /^columns\[0\].values: expected an array/);
  wrong(column(['x'.repeat(limits.tableCellSizeMax + 1)]), /tableCellSizeMax/);
  wrong(column(new Float64Array(limits.tableRowCountMax + 1)), /tableRowCountMax/);
  const many = Array.from({ length: limits.tableColumnCountMax + 1 }, (_, index) => ({
    name: `${index}`,
  }));
  wrong({ columns: many, rows: [] }, /tableColumnCountMax/);
  const uneven = {
    columns: [
      { name: 'a', values: [1] },
      { name: 'b', values: [1, 2] },
    ],
  };
  wrong(uneven, /^columns: "b" has 2 values, "a" 1/);
});

it('a time is one that a Date holds: what is read is what was given', () => {
  const values = [8.64e15, -8.64e15];
  const { rows } = readTable(
    Buffer.from(
      new Table({ columns: [{ name: 'at', type: 'time', values }] }).input.bytes,
    ).toString(),
  );
  expect(rows.map(([cell]) => (cell as Date).getTime())).toEqual(values);
  for (const value of [8.64e15 + 1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => new Table({ columns: [{ name: 'at', type: 'time', values: [value] }] })).toThrow(
      /row 0: expected a time or null/,
    );
});
