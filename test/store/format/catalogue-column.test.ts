// A column of the catalogue gives back each cell as it was, in whichever form it is stored, and refuses
// bytes that contradict their own lengths.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  catalogueForm,
  encodeCatalogueColumn,
  openCatalogueColumn,
} from '../../../src/store/format/catalogue-column.ts';
import { seeded } from '../../support/random.ts';

const cell = fc.oneof(
  fc.constant(undefined),
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, 0, Number.NaN, null, true, false, '', 'text', 2n ** 60n),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.oneof(fc.double(), fc.string({ unit: 'grapheme' })), { maxLength: 3 }),
);

function expectSame(values: readonly unknown[]): number {
  const bytes = encodeCatalogueColumn(values);
  // Aligned or not: a section stands where it stands.
  for (const shift of [0, 1]) {
    const room = new Uint8Array(bytes.length + shift);
    room.set(bytes, shift);
    const column = openCatalogueColumn(room.subarray(shift));
    expect(column.count).toBe(values.length);
    for (const [row, value] of values.entries()) expect(column.at(row)).toEqual(value);
  }
  return bytes[0] as number;
}

describe('a column', () => {
  it('gives back every cell', () => {
    const { seed } = seeded('catalogue column');
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 600 }), (values) => void expectSame(values)),
      { seed, numRuns: 100 },
    );
  });

  it('takes the form that suits', () => {
    const many = Array.from({ length: 1000 }, (_, index) => index / 7);
    expect(expectSame(many)).toBe(catalogueForm.numbers);
    expect(expectSame([...many, undefined, -0, Number.NaN])).toBe(catalogueForm.numbers);
    expect(expectSame(many.map((each) => `${each}`))).toBe(catalogueForm.heap);
    expect(expectSame(many.map((_, index) => index % 300))).toBe(catalogueForm.dictionary);
    const long = Array.from({ length: 140_000 }, (_, index) => index % 70_000);
    expect(expectSame(long)).toBe(catalogueForm.dictionary);
    expect(expectSame([])).toBe(catalogueForm.dictionary);
  });

  it('is CORRUPT, or another column, where its bytes are wrong; never more', () => {
    const { integer } = seeded('catalogue column damage');
    const columns = [
      [1, 'a', undefined, 'a', null],
      Array.from({ length: 300 }, (_, index) => index / 3),
      Array.from({ length: 300 }, (_, index) => `${index}`),
    ];
    for (const values of columns) {
      const whole = encodeCatalogueColumn(values);
      for (let time = 0; time < 2000; time += 1) {
        const bytes = whole.slice(0, integer(2) === 0 ? whole.length : integer(whole.length));
        if (bytes.length > 0) bytes[integer(Math.min(bytes.length, 64))] = integer(256);
        try {
          const column = openCatalogueColumn(bytes);
          for (let row = 0; row < Math.min(column.count, 400); row += 1) column.at(row);
        } catch (error) {
          expect((error as { code?: string }).code).toBe('CORRUPT');
        }
      }
    }
  });
});
