// A hot column comes back bit for bit, in the form that spec/columns.md says a writer takes; bytes that
// are no column are CORRUPT, never another column and never a read past the end.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  ByteWriter,
  decodeHotColumn,
  encodeIntegers,
  encodeNone,
  encodeValues,
  hotForm,
  hotSizeMax,
} from '../../../src/store/format/hot-column.ts';
import {
  anyColumn,
  columnKinds,
  columnOf,
  columnOfBits,
  firstDifference,
  lengths,
  specials,
} from '../../support/columns.ts';
import { changed, outcome } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

type Encode = typeof encodeIntegers;
const encoders: Readonly<Record<string, Encode>> = { encodeIntegers, encodeValues };

function encoded(encode: Encode, column: Float64Array, count = column.length): Uint8Array {
  const writer = new ByteWriter(16);
  encode(writer, column, count);
  return writer.bytes.slice(0, writer.size);
}

/** The column, or code and reason; what stands behind it is refused, as in a batch. */
function decoded(bytes: Uint8Array, count: number): Float64Array | string {
  return outcome(() => {
    const reader = new ByteReader(bytes);
    const column = decodeHotColumn(reader, count);
    return reader.isAtEnd ? column : 'bytes behind';
  });
}

const differs = (found: Float64Array | string, expected: Float64Array): string | undefined =>
  typeof found === 'string' ? found : firstDifference(found, expected);

/** Names of the forms of a column, outside in. */
function formsOf(bytes: Uint8Array): string[] {
  const name = Object.entries(hotForm).find(([, form]) => form === bytes[0])?.[0] ?? 'unknown';
  return name === 'periodic' || name === 'repeated'
    ? [name, ...formsOf(bytes.subarray(5))]
    : [name];
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('bit for bit', () => {
  describe.each(Object.entries(encoders))('%s', (name, encode) => {
    it.each(Object.keys(columnKinds))('%s, at every length', (kind) => {
      for (const length of lengths) {
        const column = columnOf(kind, length, length);
        const bytes = encoded(encode, column);
        expect(differs(decoded(bytes, length), column), `${length} elements`).toBeUndefined();
        expect(bytes.length).toBeLessThanOrEqual(hotSizeMax(length));
      }
    });

    it.each(Object.entries(specials))('%s', (_, word) => {
      for (const length of [1, 2, 5]) {
        const column = columnOfBits(new Array<bigint>(length).fill(word));
        expect(differs(decoded(encoded(encode, column), length), column)).toBeUndefined();
        // Beside a zero and a one, at either end.
        for (const words of [
          [word, 0n],
          [0n, word],
          [0x3ff0_0000_0000_0000n, word, word],
          [word, word, 0x3ff0_0000_0000_0000n],
        ]) {
          const mixed = columnOfBits(words);
          expect(differs(decoded(encoded(encode, mixed), mixed.length), mixed)).toBeUndefined();
        }
      }
    });

    it('any column, the first of a longer memory, behind another', () => {
      fc.assert(
        fc.property(anyColumn, fc.nat(40), fc.nat(9), ({ column }, cut, before) => {
          const count = Math.max(1, column.length - cut);
          const writer = new ByteWriter(8);
          for (let index = 0; index < before; index += 1) {
            writer.reserve(1);
            writer.byte(0xee);
          }
          encode(writer, column, count);
          const reader = new ByteReader(writer.bytes.subarray(0, writer.size));
          reader.take(before);
          expect(differs(decodeHotColumn(reader, count), column.slice(0, count))).toBeUndefined();
          expect(reader.isAtEnd).toBe(true);
        }),
        { seed: seeded(name).seed, numRuns: 300 },
      );
    });

    it('the column itself stays as it was', () => {
      for (const kind of Object.keys(columnKinds)) {
        const column = columnOf(kind, 257, 1);
        encoded(encode, column);
        expect(firstDifference(column, columnOf(kind, 257, 1))).toBeUndefined();
      }
    });
  });

  it('the kinds of this test reach every form but none, nested ones too', () => {
    const seen = new Set<string>();
    for (const kind of Object.keys(columnKinds)) {
      for (const length of lengths) {
        const column = columnOf(kind, length, length);
        for (const encode of Object.values(encoders))
          seen.add(formsOf(encoded(encode, column)).join(' '));
      }
    }
    expect([...seen].flatMap((each) => each.split(' '))).toEqual(
      expect.arrayContaining(Object.keys(hotForm).filter((each) => each !== 'none')),
    );
    expect(seen).toContain('repeated periodic linear');
    expect(seen).toContain('periodic linear');
    expect(seen).toContain('repeated linear');
  });
});

describe('the form of a column', () => {
  it.each<[string, number[], string[]]>([
    ['one integer', [7], ['constant']],
    ['one fraction', [0.1], ['constant']],
    ['one zero', [0], ['constant']],
    ['one minus zero', [-0], ['float64']],
    ['one NaN', [Number.NaN], ['float64']],
    ['equal integers', [7, 7, 7], ['constant']],
    ['equal fractions', [0.1, 0.1], ['constant']],
    ['two integers', [5, 1000], ['linear']],
    ['a huge increment', [-(2 ** 52), 2 ** 52], ['linear']],
    ['steps by minus three', [9, 6, 3, 0, -3], ['linear']],
    ['fractions by a step', [0.5, 1.5, 2.5], ['float64']],
    ['a range of 255', [0, 255, 3], ['offset8']],
    ['a range of 256', [0, 256, 3], ['offset16']],
    ['a range of 65535', [-1, 65534, 3], ['offset16']],
    ['a range of 65536', [-1, 65535, 3], ['offset32']],
    ['a range of 2^32 - 1', [0, 2 ** 32 - 1, 3], ['offset32']],
    ['a range of 2^32', [0, 2 ** 32, 3], ['float64']],
    ['two runs of two', [4, 4, 9, 9], ['repeated', 'linear']],
    ['runs, the last shorter', [4, 4, 4, 9, 9, 9, 5], ['repeated', 'offset8']],
    ['runs, the last of two, its last shorter', [4, 4, 9, 9, 9], ['repeated', 'offset8']],
    ['runs, the first shorter', [4, 9, 9, 5, 5], ['offset8']],
    ['runs of two lengths', [4, 4, 9, 5, 5], ['offset8']],
    ['runs, the last element another', [4, 4, 9, 5], ['offset8']],
    ['a period of three', [4, 9, 5, 4, 9, 5, 4], ['periodic', 'offset8']],
    ['a period of two', [0, 1, 0, 1], ['periodic', 'linear']],
    ['a period broken at its end', [0, 1, 0, 1, 1], ['offset8']],
    ['runs with a period', [0, 0, 9, 9, 4, 4, 0, 0, 9, 9], ['repeated', 'periodic', 'offset8']],
    ['a minus zero among integers', [3, -0, 5], ['float64']],
    ['an unsafe integer', [2 ** 53, 1, 2], ['float64']],
  ])('integers: %s', (_, values, forms) => {
    const column = Float64Array.from(values);
    const bytes = encoded(encodeIntegers, column);
    expect(formsOf(bytes)).toEqual(forms);
    expect(differs(decoded(bytes, values.length), column)).toBeUndefined();
  });

  it.each<[string, number[], string]>([
    ['equal', [0.1, 0.1, 0.1], 'constant'],
    ['infinite', [Infinity, Infinity], 'constant'],
    ['zeros: one may be minus', [0, 0], 'float32'],
    ['minus zeros', [-0, -0], 'float32'],
    ['zero and minus zero', [0, -0], 'float32'],
    ['exact as float32', [0.5, -3.25, Infinity], 'float32'],
    ['least float32', [2 ** -149, 1], 'float32'],
    ['half of the least float32', [2 ** -150, 1], 'float64'],
    ['2^24 + 1', [2 ** 24 + 1, 0.5], 'float64'],
    ['beyond float32', [1e39, 1], 'float64'],
    ['a NaN', [Number.NaN, 1], 'float64'],
    ['one that is not', [0.5, 0.1], 'float64'],
  ])('values: %s', (_, values, form) => {
    const column = Float64Array.from(values);
    const bytes = encoded(encodeValues, column);
    expect(formsOf(bytes)).toEqual([form]);
    expect(differs(decoded(bytes, values.length), column)).toBeUndefined();
  });
});

describe('spec/columns.md, Hot batch: bytes written by hand', () => {
  it.each<[string, string, number[]]>([
    ['constant', '00 000000000000e03f', [0.5, 0.5, 0.5]],
    ['linear', '01 0000000000001c40 00000000000000c0', [7, 5, 3]],
    ['offset 8', '02 00000000000024c0 00 05 ff', [-10, -5, 245]],
    ['offset 16', '03 0000000000002440 0000 0102 ffff', [10, 523, 65545]],
    ['offset 32', '04 0000000000000000 00000000 01020304 ffffffff', [0, 0x0403_0201, 2 ** 32 - 1]],
    ['float 32', '05 0000003f 000080ff 00000080', [0.5, -Infinity, -0]],
    ['float 64', '06 9a9999999999b93f 0000000000000080 0100000000000000', [0.1, -0, 5e-324]],
    ['periodic', '07 02000000 01 0000000000000000 000000000000f03f', [0, 1, 0]],
    ['repeated', '08 02000000 02 0000000000001440 00 04', [5, 5, 9]],
    ['none', '09', [Number.NaN, Number.NaN, Number.NaN]],
    ['three deep', '08 01000000 07 02000000 08 01000000 02 0000000000000000 03 01', [3, 1, 3]],
  ])('%s', (_, hex, values) => {
    expect(
      differs(decoded(fromHex(hex), values.length), Float64Array.from(values)),
    ).toBeUndefined();
  });

  it('what a writer makes of the same', () => {
    const of = (encode: Encode, values: number[]): string =>
      hexOf(encoded(encode, Float64Array.from(values)));
    expect(of(encodeIntegers, [7, 5, 3])).toBe('010000000000001c4000000000000000c0');
    expect(of(encodeIntegers, [-10, -5, 245])).toBe('0200000000000024c00005ff');
    expect(of(encodeIntegers, [10, 523, 65545])).toBe(
      '030000000000002440000001 02ffff'.replace(' ', ''),
    );
    expect(of(encodeIntegers, [0, 1, 0])).toBe(
      '07020000000100000000000000000000 00000000f03f'.replace(' ', ''),
    );
    expect(of(encodeIntegers, [5, 5, 9])).toBe(
      '0802000000010000000000001440 0000000000001040'.replace(' ', ''),
    );
    expect(of(encodeValues, [0.5, -Infinity, -0])).toBe('050000003f000080ff00000080');
    const writer = new ByteWriter(1);
    encodeNone(writer);
    expect(hexOf(writer.bytes.subarray(0, writer.size))).toBe('09');
  });
});

describe('refused', () => {
  it.each<[string, string, number]>([
    ['nothing', '', 1],
    ['an unknown form', '0a', 1],
    ['form 255', 'ff', 1],
    ['a constant cut', '00 000000000000e0', 3],
    ['linear without its increment', '01 0000000000001c40', 3],
    ['offsets, one short', '02 0000000000002440 00 05', 3],
    ['offsets of 16 bits, half an element short', '03 0000000000002440 0000 0100 00', 3],
    ['offsets of 32 bits without any', '04 0000000000002440', 1],
    ['float 32, one short', '05 0000003f', 2],
    ['float 64, one byte short', '06 9a9999999999b9', 1],
    ['a period of 0', '07 00000000 09', 3],
    ['a period over the count', '07 04000000 09', 3],
    ['a run length of 0', '08 00000000 09', 3],
    ['a run length over the count', '08 04000000 09', 3],
    ['a period cut', '07 0200', 3],
    ['a period without its column', '07 02000000', 3],
    ['four deep', '08 01000000 08 01000000 08 01000000 08 01000000 09', 3],
  ])('%s', (_, hex, count) => {
    expect(decoded(fromHex(hex), count)).toMatch(/^CORRUPT: /);
  });

  it('any column cut at any byte, and with a byte behind it', () => {
    for (const kind of Object.keys(columnKinds)) {
      for (const encode of Object.values(encoders)) {
        const bytes = encoded(encode, columnOf(kind, 17, 3));
        for (let size = 0; size < bytes.length; size += 1)
          expect(decoded(bytes.subarray(0, size), 17), `${kind}, ${size} bytes`).toMatch(
            /^CORRUPT: /,
          );
        expect(decoded(Uint8Array.from([...bytes, 0]), 17)).toBe('bytes behind');
      }
    }
  });

  it('bytes that may be anything are a column of that count, or CORRUPT', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.nat(9), fc.uint8Array({ maxLength: 200 }))
        .map(([form, rest]) => Uint8Array.from([form, ...rest])),
      fc
        .tuple(anyColumn, fc.nat(), fc.integer({ min: 1, max: 255 }))
        .map(([{ column }, where, mask]) => {
          const copy = encoded(encodeIntegers, column);
          return changed(copy, where % Math.min(copy.length, 20), mask);
        }),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 300 }), (given, count) => {
        const found = decoded(given, count);
        if (typeof found !== 'string') expect(found.length).toBe(count);
      }),
      { seed: seeded('hot column of anything').seed, numRuns: 1000 },
    );
  });
});
