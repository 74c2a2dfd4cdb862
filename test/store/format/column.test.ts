// A sealed column comes back bit for bit, whatever it holds and whichever form was the smallest; bytes
// that are no column of that count are CORRUPT.

import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  columnForm,
  DEFLATED,
  decodeColumn,
  decodeColumnInto,
  inflatedColumn,
  SCALE_MAX,
} from '../../../src/store/format/column.ts';
import { encodeColumn, encodeColumnSync } from '../../../src/store/format/column-encoder.ts';
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

const decoded = (bytes: Uint8Array, count: number): Float64Array | string =>
  outcome(() => decodeColumn(bytes, count));

const differs = (found: Float64Array | string, expected: Float64Array): string | undefined =>
  typeof found === 'string' ? found : firstDifference(found, expected);

const nameOf = (form: number): string =>
  Object.entries(columnForm).find(([, each]) => each === (form & ~DEFLATED))?.[0] ?? 'unknown';

/** Name of the outermost form, and whether its planes are deflated. */
const formOf = (bytes: Uint8Array): string =>
  `${nameOf(bytes[0] as number)}${((bytes[0] as number) & DEFLATED) === 0 ? '' : ' deflated'}`;

/** Both ways of encoding, which must be one. */
async function encoded(column: Float64Array): Promise<Uint8Array> {
  const before = column.slice();
  const bytes = await encodeColumn(column);
  expect(Buffer.compare(bytes, encodeColumnSync(column))).toBe(0);
  expect(firstDifference(column, before)).toBeUndefined();
  return bytes;
}

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('bit for bit', () => {
  it.each(Object.keys(columnKinds))('%s, at every length', async (kind) => {
    for (const length of lengths) {
      const column = columnOf(kind, length, length);
      const bytes = await encoded(column);
      expect(differs(decoded(bytes, length), column), `${length} elements`).toBeUndefined();
      expect(bytes.length).toBeLessThanOrEqual(64 + 8.1 * length);
    }
  });

  it.each(Object.keys(columnKinds).filter((_, index) => index % 5 === 0))(
    '%s, a whole block',
    async (kind) => {
      for (const length of [65_535, 65_536]) {
        const column = columnOf(kind, length, 7);
        expect(differs(decoded(await encoded(column), length), column)).toBeUndefined();
      }
    },
  );

  it.each(Object.entries(specials))('%s', async (_, word) => {
    const one = 0x3ff0_0000_0000_0000n;
    const tenth = 0x3fb9_9999_9999_999an;
    for (const words of [
      [word],
      [word, word, word],
      [word, 0n],
      [0n, word],
      [one, word, one],
      [...new Array<bigint>(100).fill(tenth), word],
      [word, ...new Array<bigint>(100).fill(one)],
      [...new Array<bigint>(60).fill(word), ...new Array<bigint>(60).fill(one)],
      [...new Array<bigint>(60).fill(word), ...new Array<bigint>(60).fill(0x7ff8_0000_0000_0042n)],
      Array.from({ length: 80 }, (_, index) =>
        index % 20 === 3 ? word : BigInt(index) * 0x10_0001n + tenth,
      ),
    ]) {
      const column = columnOfBits(words);
      expect(differs(decoded(await encoded(column), words.length), column)).toBeUndefined();
    }
  });

  it.each([50, 51, 52, 53, 54, 55])(
    'integers 2^%i apart: their differences must be exact',
    async (exponent) => {
      const far = 2 ** exponent;
      for (const values of [
        [-far, 1, far],
        [far, -1, -far],
        [-far, 3, far, 2 * far - 1],
        [-far + 1, 0, far - 1, 0],
        [far, -far],
      ]) {
        for (const factor of [1, 100]) {
          const column = Float64Array.from(values, (value) => value / factor);
          expect(differs(decoded(await encoded(column), column.length), column)).toBeUndefined();
        }
      }
    },
  );

  it('any column, also as a part of a longer memory, into a part of a longer one', async () => {
    await fc.assert(
      fc.asyncProperty(anyColumn, fc.nat(5), fc.nat(5), async ({ column }, before, behind) => {
        const memory = new Float64Array(before + column.length + behind).fill(8.125);
        memory.set(column, before);
        const bytes = await encoded(memory.subarray(before, before + column.length));
        const target = new Float64Array(memory.length).fill(8.125);
        // Bytes at any place of a frame's body.
        const shifted = new Uint8Array(bytes.length + 3);
        shifted.set(bytes, 3);
        decodeColumnInto(shifted.subarray(3), target.subarray(before, before + column.length));
        expect(firstDifference(target, memory)).toBeUndefined();
      }),
      { seed: seeded('sealed column').seed, numRuns: 300 },
    );
  });

  it('and inflated up to a size: the planes as they are, or the same bytes', async () => {
    const seen = new Set<string>();
    for (const kind of Object.keys(columnKinds))
      for (const length of lengths) {
        const column = columnOf(kind, length, length);
        const bytes = await encodeColumn(column);
        const plain = inflatedColumn(bytes, length, 1000);
        expect(differs(decoded(plain, length), column), `${kind} of ${length}`).toBeUndefined();
        expect(plain.length).toBeLessThanOrEqual(Math.max(bytes.length, 1000 + 4 + 8 * 2));
        if (plain === bytes) continue;
        expect([formOf(bytes), formOf(plain)]).toEqual([
          `${formOf(plain)} deflated`,
          formOf(plain),
        ]);
        seen.add(formOf(plain));
      }
    expect([...seen].sort()).toEqual(['float32', 'float64', 'integer']);
  });

  it('no element at all', async () => {
    const bytes = await encoded(new Float64Array(0));
    expect(decoded(bytes, 0)).toEqual(new Float64Array(0));
  });

  it('the kinds of this test reach every form, planes deflated and not', async () => {
    const seen = new Set<string>();
    for (const kind of Object.keys(columnKinds)) {
      for (const length of lengths)
        seen.add(formOf(await encodeColumn(columnOf(kind, length, length))));
    }
    expect([...seen].sort()).toEqual([
      'constant',
      'float32',
      'float32 deflated',
      'float64',
      'float64 deflated',
      'integer',
      'integer deflated',
      'linear',
      'patched',
      'runs',
    ]);
  });
});

describe('the form of a column', () => {
  const noise = columnOf('float64', 400, 1);
  it.each<[string, Float64Array, string]>([
    ['one NaN with a payload', columnOfBits([0x7ff0_0000_0000_0001n]), 'constant'],
    ['equal minus zeros', new Float64Array(3).fill(-0), 'constant'],
    ['zero and minus zero are not equal', Float64Array.from([0, -0]), 'float32 deflated'],
    ['steps', Float64Array.from([10, 8, 6, 4]), 'linear'],
    ['steps that begin with a fraction', Float64Array.from([0.5, 1.5, 2.5]), 'float32 deflated'],
    ['integers', Float64Array.from([2 ** 40, 2 ** 40 + 5, 2 ** 40 - 9, 2 ** 40 + 200]), 'integer'],
    ['decimals', Float64Array.from([0.1, 0.25, 0.3, 7]), 'integer'],
    ['float32', columnOf('float32', 3, 1), 'float32'],
    ['noise', noise, 'float64 deflated'],
    ['noise and one NaN', noise.with(30, Number.NaN), 'patched'],
    [
      'noise and one in eight NaN',
      noise.map((each, index) => (index % 8 === 0 ? Number.NaN : each)),
      'patched',
    ],
    [
      'noise and more than one in eight NaN',
      noise.map((each, index) => (index % 7 === 0 ? Number.NaN : each)),
      'float64 deflated',
    ],
    [
      'two long runs of noise',
      noise.map((_, index) => noise[index < 200 ? 0 : 1] as number),
      'runs',
    ],
  ])('%s', async (_, column, form) => {
    const bytes = await encoded(column);
    expect(formOf(bytes)).toBe(form);
    expect(differs(decoded(bytes, column.length), column)).toBeUndefined();
  });

  it.each(Array.from({ length: SCALE_MAX + 1 }, (_, exponent) => exponent))(
    'decimals of %i places are integers by a power of ten, exactly',
    async (exponent) => {
      const values = ['1', '-7', '12345', '-999', '4'].map((digits) =>
        Number(`${digits}e-${exponent}`),
      );
      const column = Float64Array.from(values);
      const bytes = await encoded(column);
      expect([formOf(bytes), bytes[1]]).toEqual(['integer', exponent]);
      expect(differs(decoded(bytes, 5), column)).toBeUndefined();
    },
  );

  it('of regular steps and times almost nothing is left', async () => {
    expect((await encoded(columnOf('steps by one', 4096, 1))).length).toBe(17);
    expect((await encoded(columnOf('steps with jumps back', 4096, 1))).length).toBeLessThan(
      4096 / 8,
    );
    expect((await encoded(columnOf('decimals by a small step', 4096, 1))).length).toBeLessThan(
      4096 / 2,
    );
    expect((await encoded(columnOf('epochs', 4096, 1))).length).toBeLessThan(100);
  });
});

describe('spec/columns.md, Sealed column: bytes written by hand', () => {
  const deflated = (form: string, header: string, planes: string): string =>
    `${form}${header}${deflateRawSync(fromHex(planes)).toString('hex')}`;
  /** Size of a part, as u32. */
  const u32 = (value: number): string => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes.toString('hex');
  };
  const constant = (hex: string): string => `00${hex}`;
  const ONE = '000000000000f03f';
  const PAYLOAD = 'adde00000000f87f';

  it.each<[string, string, number[] | Float64Array]>([
    ['constant', constant(PAYLOAD), columnOfBits([0x7ff8_0000_0000_deadn, 0x7ff8_0000_0000_deadn])],
    ['linear', '01 0000000000001440 00000000000000c0', [5, 3, 1]],
    ['integer, order 0', '02 00 00 01 00 01 02 03 04 ff', [0, -1, 1, -2, 2, -128]],
    ['integer of two bytes: planes', '02 00 00 02 00 01 ff  01 00 ff', [128, -1, -32768]],
    ['integer of three bytes', '02 00 00 03 00 01  00 00  01 80', [32768, -4194305]],
    ['integer of four bytes', '02 00 00 04 fe ff ff ff ff ff ff ff', [2 ** 31 - 1, -(2 ** 31)]],
    ['integer of seven bytes', '02 00 00 07 00 00 00 00 00 00 20', [2 ** 52]],
    ['integer, order 1', '02 00 01 01 0000000000002440 02 01 00', [10, 11, 10, 10]],
    [
      'integer, order 2',
      '02 00 02 01 0000000000002440 0000000000001440 00 02 03',
      [10, 15, 20, 26, 30],
    ],
    ['scaled', '02 02 01 01 0000000000002440 02 05', [0.1, 0.11, 0.08]],
    ['scaled by 10^14', '02 0e 00 01 02', [1e-14]],
    ['float 32', '03 00 00 00 00 00 80 3f ff', [0.5, -Infinity]],
    ['float 64', '04 9a01 9900 9900 9900 9900 9900 b900 3f00', [0.1, 5e-324]],
    ['integer, planes deflated', deflated('82', '000001', '00'.repeat(6)), [0, 0, 0, 0, 0, 0]],
    ['float 64, planes deflated', deflated('84', '', `${'00'.repeat(15)}80`), [0, -0]],
    ['runs of two and one', `05 ${u32(2)} ${u32(6)} 020000010402 020000010203`, [1, 1, -2]],
    [
      'runs of a payload',
      `05 ${u32(1)} ${u32(9)} ${constant('0000000000000840')} ${constant(PAYLOAD)}`,
      columnOfBits(new Array<bigint>(3).fill(0x7ff8_0000_0000_deadn)),
    ],
    [
      'patched',
      `06 ${u32(1)} ${u32(5)} ${u32(9)} 0200000104 ${constant(PAYLOAD)} ${constant(ONE)}`,
      columnOfBits([0x3ff0_0000_0000_0000n, 0x3ff0_0000_0000_0000n, 0x7ff8_0000_0000_deadn]),
    ],
  ])('%s', (_, hex, values) => {
    const expected = Float64Array.from(values);
    const given = values instanceof Float64Array ? values : expected;
    expect(differs(decoded(fromHex(hex), given.length), given)).toBeUndefined();
  });
});

describe('refused', () => {
  const ONE = '00000000000000f03f';
  it.each<[string, string, number]>([
    ['nothing', '', 1],
    ['an unknown form', '07', 1],
    ['the last form', '7f', 1],
    ['a constant cut', '00 000000000000f0', 2],
    ['linear without its increment', '01 0000000000001440', 3],
    ['integer without its numbers', '02 00 00', 1],
    ['exponent 15', '02 0f 00 01 00', 1],
    ['order 3', `02 00 03 01 ${'00'.repeat(24)} 00`, 4],
    ['width 0', '02 00 00 00', 1],
    ['width 8', '02 00 00 08 0000000000000000', 1],
    ['as many heads as elements', '02 00 01 01 0000000000000000', 1],
    ['heads cut', '02 00 01 01 000000000000', 2],
    ['planes one byte short', '02 00 00 01 00', 2],
    ['planes one byte longer', '02 00 00 01 00 00 00', 2],
    ['float 32, one byte short', '03 00 00 00', 1],
    ['float 64, an element too many', `04 ${'00'.repeat(16)}`, 1],
    ['planes that do not inflate', '84 ffffff', 1],
    ['planes that inflate to less', `84 ${deflateRawSync(Buffer.alloc(7)).toString('hex')}`, 1],
    ['planes that inflate to more', `84 ${deflateRawSync(Buffer.alloc(9)).toString('hex')}`, 1],
    [
      'planes that inflate to far more',
      `84 ${deflateRawSync(Buffer.alloc(1e6)).toString('hex')}`,
      1,
    ],
    ['runs without their numbers', '05 01000000', 1],
    ['more runs than elements', `05 03000000 09000000 ${ONE} ${ONE}`, 2],
    ['no run', `05 00000000 09000000 ${ONE} ${ONE}`, 1],
    ['runs shorter than the column', `05 01000000 09000000 ${ONE} ${ONE}`, 2],
    ['runs longer than the column', `05 01000000 09000000 00000000000000 0840 ${ONE}`, 2],
    ['a run of no length', `05 01000000 09000000 000000000000000000 ${ONE}`, 1],
    [
      'a run of negative length',
      `05 02000000 11000000 01 0000000000000840 00000000000010c0 ${ONE}`,
      2,
    ],
    ['a run of NaN', `05 01000000 09000000 00000000000000f87f ${ONE}`, 1],
    ['a run of one and a half', `05 01000000 09000000 00000000000000f83f ${ONE}`, 2],
    ['runs whose parts are deflated together', `85 01000000 09000000 ${ONE} ${ONE}`, 1],
    ['runs whose first part is longer than all', `05 01000000 ff000000 ${ONE} ${ONE}`, 1],
    ['patches without their numbers', '06 01000000 09000000', 1],
    ['more patches than elements', `06 02000000 09000000 09000000 ${ONE} ${ONE} ${ONE}`, 1],
    ['a patch behind the column', `06 01000000 09000000 09000000 ${ONE} ${ONE} ${ONE}`, 1],
    [
      'a patch before the column',
      `06 01000000 09000000 09000000 00000000000000f0bf ${ONE} ${ONE}`,
      2,
    ],
    ['a patch between two', `06 01000000 09000000 09000000 00000000000000e03f ${ONE} ${ONE}`, 2],
    [
      'patches whose parts are deflated together',
      `86 01000000 09000000 09000000 ${ONE} ${ONE} ${ONE}`,
      2,
    ],
    ['patches without a column', `06 01000000 09000000 09000000 ${ONE} ${ONE}`, 2],
    ['ten levels of runs', `${'05 01000000 09000000 00000000000000f03f'.repeat(10)} ${ONE}`, 1],
    [
      'ten levels of patches',
      `${'06 00000000 09000000 09000000 000000000000000000 000000000000000000'.repeat(10)} ${ONE}`,
      1,
    ],
  ])('%s', (_, hex, count) => {
    expect(decoded(fromHex(hex), count)).toMatch(/^CORRUPT: a sealed column: /);
  });

  it('nine levels of runs are not', () => {
    const hex = `${'05 01000000 09000000 00000000000000f03f'.repeat(9)} ${ONE}`;
    expect(decoded(fromHex(hex), 1)).toEqual(Float64Array.from([1]));
  });

  it('any column cut at any byte', async () => {
    for (const kind of Object.keys(columnKinds)) {
      const bytes = await encodeColumn(columnOf(kind, 60, 3));
      for (let size = 0; size < bytes.length; size += 1)
        expect(decoded(bytes.subarray(0, size), 60), `${kind}, ${size} bytes`).toMatch(
          /^CORRUPT: /,
        );
    }
  });

  it('a count of its own of another column', async () => {
    for (const kind of ['integers within 2^53', 'float32', 'any bits', 'runs of specials']) {
      const bytes = await encodeColumn(columnOf(kind, 1024, 3));
      for (const count of [1, 1023, 1025])
        expect(decoded(bytes, count), kind).toMatch(/^CORRUPT: /);
    }
  });

  it.each([null, undefined, 5, 'text', [0, 1], {}])('%j instead of bytes', (given) => {
    expect(decoded(given as never, 1)).toMatch(/^CORRUPT: /);
  });

  it.each([
    ['nothing', []],
    ['a form alone', [columnForm.integer | DEFLATED]],
    ['no room for its first integers', [columnForm.integer | DEFLATED, 0, 2, 3, 1, 2, 3]],
    ['planes that do not inflate', [columnForm.float64 | DEFLATED, 1, 2, 3, 4]],
  ])('inflating %s', (_, forged) => {
    expect(outcome(() => inflatedColumn(Uint8Array.from(forged), 64, 1000))).toMatch(/^CORRUPT/);
  });

  it('bytes that may be anything are a column of that count, or CORRUPT', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(
          fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 0x82, 0x83, 0x84, 0x85, 0x86),
          fc.uint8Array({ maxLength: 200 }),
        )
        .map(([form, rest]) => Uint8Array.from([form, ...rest])),
      fc
        .tuple(anyColumn, fc.nat(), fc.integer({ min: 1, max: 255 }))
        .map(([{ column }, where, mask]) => {
          const whole = encodeColumnSync(column);
          return changed(whole, where % Math.min(whole.length, 40), mask);
        }),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 300 }), (given, count) => {
        const found = decoded(given, count);
        if (typeof found !== 'string') expect(found.length).toBe(count);
      }),
      { seed: seeded('sealed column of anything').seed, numRuns: 1000 },
    );
  });
});
