// Columns of every kind that a form was made for, at the lengths where forms and pieces change, and
// comparison to the last bit.

import fc from 'fast-check';

/** Where the first difference is, or undefined: two columns are the same only bit by bit. */
export function firstDifference(found: Float64Array, expected: Float64Array): string | undefined {
  if (found.length !== expected.length)
    return `${found.length} elements instead of ${expected.length}`;
  const bits = (column: Float64Array): BigUint64Array =>
    new BigUint64Array(column.buffer, column.byteOffset, column.length);
  const left = bits(found);
  const right = bits(expected);
  const index = left.findIndex((word, place) => word !== right[place]);
  if (index < 0) return undefined;
  const show = (word: bigint | undefined, value: number | undefined): string =>
    `${String(word?.toString(16)).padStart(16, '0')} (${value})`;
  return `element ${index}: ${show(left[index], found[index])} instead of ${show(right[index], expected[index])}`;
}

/** A column of elements given by their bits: a NaN in a number may lose its payload on the way. */
export function columnOfBits(words: readonly bigint[]): Float64Array {
  return new Float64Array(BigUint64Array.from(words).buffer);
}

/** Numbers that encoders have lost. */
export const specials: Readonly<Record<string, bigint>> = {
  zero: 0n,
  'minus zero': 0x8000_0000_0000_0000n,
  one: 0x3ff0_0000_0000_0000n,
  infinity: 0x7ff0_0000_0000_0000n,
  'minus infinity': 0xfff0_0000_0000_0000n,
  NaN: 0x7ff8_0000_0000_0000n,
  'negative NaN': 0xfff8_0000_0000_0000n,
  'NaN with a payload': 0x7ff8_0000_0000_beefn,
  'signalling NaN': 0x7ff0_0000_0000_0001n,
  'negative signalling NaN': 0xfff7_ffff_ffff_ffffn,
  'least subnormal': 1n,
  'greatest subnormal': 0x000f_ffff_ffff_ffffn,
  'negative subnormal': 0x8000_0000_0000_0001n,
  'least normal': 0x0010_0000_0000_0000n,
  'greatest double': 0x7fef_ffff_ffff_ffffn,
  'greatest float32': 0x47ef_ffff_e000_0000n,
  'least float32': 0x36a0_0000_0000_0000n,
  '2^53': 0x4340_0000_0000_0000n,
  '2^53 - 1': 0x433f_ffff_ffff_ffffn,
  '-(2^53 - 1)': 0xc33f_ffff_ffff_ffffn,
  '2^51 + 1': 0x4320_0000_0000_0002n,
  '0.1': 0x3fb9_9999_9999_999an,
};
const specialWords = Object.values(specials);

/** Lengths around what encoders count by; several blocks of 1,024 and 4,096. */
export const lengths = [
  1, 2, 3, 7, 8, 9, 16, 17, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097,
] as const;

/** As `seeded` gives, but of a seed that fast-check has chosen: nothing is printed. */
interface Chance {
  readonly random: () => number;
  readonly integer: (limit: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
}

/** Mulberry32 by Tommy Ettinger. */
export function chanceOf(seed: number): Chance {
  let state = seed | 0;
  const random = (): number => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (limit: number): number => Math.floor(random() * limit);
  return { random, integer, pick: (items) => items[integer(items.length)] as never };
}

export type MakeColumn = (random: Chance, length: number) => Float64Array;

const fill = (length: number, element: (index: number) => number): Float64Array =>
  Float64Array.from({ length }, (_, index) => element(index));
const signed = ({ random }: Chance, most: number): number => Math.round((random() * 2 - 1) * most);
const word = ({ integer }: Chance): bigint =>
  (BigInt(integer(2 ** 32)) << 32n) | BigInt(integer(2 ** 32));

/** Replaces about one element in `rarity` by one of `specials`. */
function sprinkled(random: Chance, column: Float64Array, rarity: number): Float64Array {
  const words = new BigUint64Array(column.buffer);
  for (let index = 0; index < words.length; index += 1)
    if (random.integer(rarity) === 0) words[index] = random.pick(specialWords);
  return column;
}

/** Runs of equal elements, of lengths up to `most`. */
function runs(random: Chance, length: number, most: number, next: () => bigint): Float64Array {
  const words = new BigUint64Array(length);
  for (let start = 0; start < length; ) {
    const end = start + 1 + random.integer(most);
    words.fill(next(), start, end);
    start = end;
  }
  return new Float64Array(words.buffer);
}

/** What is tracked, and what is worse. */
export const columnKinds: Readonly<Record<string, MakeColumn>> = {
  'one special number': (random, length) =>
    columnOfBits(new Array<bigint>(length).fill(random.pick(specialWords))),
  'steps by one': (random, length) => {
    const first = signed(random, 1000);
    return fill(length, (index) => first + index);
  },
  'steps downwards, far below zero': (random, length) => {
    const first = -(2 ** 52) + random.integer(1000);
    return fill(length, (index) => first - index * 7);
  },
  'steps up to 2^53 - 1': (_, length) =>
    fill(length, (index) => Number.MAX_SAFE_INTEGER - length + 1 + index),
  'steps with jumps back': (random, length) => {
    let step = 0;
    return fill(length, () => {
      step = random.integer(50) === 0 ? step - random.integer(100) : step + 1;
      return step;
    });
  },
  'linear but for one element': (random, length) => {
    const column = fill(length, (index) => 5 + 3 * index);
    column[random.integer(length)] = signed(random, 1e6);
    return column;
  },
  'integers of one byte': (random, length) => fill(length, () => 1000 + random.integer(256)),
  'integers of one byte and one over': (random, length) =>
    fill(length, (index) => (index === 0 ? 256 : random.integer(256))),
  'integers of two bytes': (random, length) => fill(length, () => signed(random, 0x7fff)),
  'integers of four bytes': (random, length) => fill(length, () => -5 + random.integer(2 ** 32)),
  'integers of 2^32 and one over': (random, length) =>
    fill(length, (index) => (index === 0 ? 0 : 2 ** 32 - random.integer(2))),
  'integers within 2^51': (random, length) => fill(length, () => signed(random, 2 ** 51)),
  'integers within 2^53': (random, length) =>
    fill(length, () => signed(random, Number.MAX_SAFE_INTEGER)),
  'ends of the safe integers': (random, length) =>
    fill(length, () => random.pick([-1, 1]) * (Number.MAX_SAFE_INTEGER - random.integer(2))),
  'powers of two and neighbours': (random, length) =>
    fill(length, () => random.pick([-1, 1]) * (2 ** random.integer(54) + random.integer(3) - 1)),
  'times in milliseconds': (random, length) => {
    let time = 1_700_000_000_000;
    return fill(length, () => {
      time += random.integer(300);
      return time;
    });
  },
  'times with fractions': (random, length) => {
    let time = 1_700_000_000_000;
    return fill(length, () => {
      time += random.random() * 300;
      return time;
    });
  },
  'times by quarters': (random, length) => {
    let time = 1_700_000_000_000.25;
    return fill(length, () => {
      time += random.integer(300) / 4;
      return time;
    });
  },
  'one time a tick': (random, length) => {
    let time = 1_700_000_000_000;
    return fill(length, (index) => {
      if (index % 8 === 0) time += random.integer(9);
      return time;
    });
  },
  'decimals of one exponent': (random, length) => {
    const factor = 10 ** random.integer(15);
    return fill(length, () => signed(random, 1e6) / factor);
  },
  'decimals of several exponents': (random, length) =>
    fill(length, () => signed(random, 1e5) / 10 ** random.integer(8)),
  'decimals by a small step': (random, length) => {
    let value = 20_000;
    return fill(length, () => {
      value += signed(random, 3);
      return value / 10_000;
    });
  },
  'decimals near 2^51': (random, length) =>
    fill(length, () => (2 ** 51 - random.integer(2000) + 1000) / 10 ** random.integer(3)),
  'decimals that reach 2^52 by the places of another': (random, length) =>
    fill(length, (index) =>
      index === length - 1
        ? (2 * random.integer(1e6) + 1) / 1e5
        : Math.round(2.3e12 + random.random() * 2e12) / 100,
    ),
  'a decimal too long among short ones': (random, length) =>
    fill(length, (index) => (index === length >> 1 ? 1 / 3 : signed(random, 1e4) / 1e3)),
  float32: (random, length) => fill(length, () => Math.fround(random.random() * 2 - 1)),
  'float32 with specials': (random, length) =>
    fill(length, () =>
      random.pick([
        0,
        -0,
        Infinity,
        -Infinity,
        2 ** -149,
        -(2 ** -126),
        Math.fround(random.random()),
        16_777_217 - 1,
      ]),
    ),
  float64: (random, length) => fill(length, () => random.random() * 4 - 2),
  'float64 of all sizes': (random, length) =>
    fill(length, () => signed(random, 1e9) * 10 ** (random.integer(600) - 300)),
  'any bits': (random, length) => columnOfBits(Array.from({ length }, () => word(random))),
  'only specials': (random, length) =>
    columnOfBits(Array.from({ length }, () => random.pick(specialWords))),
  'payloads of NaN': (random, length) =>
    columnOfBits(Array.from({ length }, () => 0x7ff0_0000_0000_0001n | word(random))),
  'runs of any bits': (random, length) => runs(random, length, 200, () => word(random)),
  'runs of specials': (random, length) =>
    runs(random, length, 100, () => random.pick(specialWords)),
  'runs of integers, all of one length': (random, length) => {
    const each = 2 + random.integer(9);
    return fill(length, (index) => Math.floor(index / each) * 3 - 7);
  },
  'runs of one length, but the last element': (random, length) => {
    const each = 2 + random.integer(3);
    return fill(length, (index) => (index === length - 1 ? -9 : Math.floor(index / each) * 3));
  },
  epochs: (random, length) => {
    const each = 1 + random.integer(500);
    return fill(length, (index) => Math.floor(index / each));
  },
  'sequences in turn': (random, length) => {
    const period = 1 + random.integer(12);
    return fill(length, (index) => index % period);
  },
  'sequences in turn, each twice': (random, length) => {
    const period = 2 + random.integer(5);
    return fill(length, (index) => Math.floor(index / 2) % period);
  },
  'sequences in turn but the last': (_, length) =>
    fill(length, (index) => (index === length - 1 ? 99 : index % 4)),
  'zeros and minus zeros': (random, length) => fill(length, () => random.pick([0, -0])),
  'integers and one minus zero': (random, length) => {
    const column = fill(length, (index) => index);
    column[random.integer(length)] = -0;
    return column;
  },
  'zeros, the last minus zero': (_, length) =>
    fill(length, (index) => (index === length - 1 ? -0 : 0)),
  subnormals: (random, length) => fill(length, () => signed(random, 1e6) * Number.MIN_VALUE),
  'decimals, few that are not finite': (random, length) =>
    sprinkled(
      random,
      fill(length, () => signed(random, 1e5) / 1e4),
      60,
    ),
  'losses, now and then a NaN with a payload': (random, length) => {
    const column = fill(length, (index) => 3 / (1 + index) + random.random() / 10);
    const words = new BigUint64Array(column.buffer);
    for (let index = 0; index < length; index += 40)
      words[index] = 0xfff0_0000_0000_0001n | word(random);
    return column;
  },
  'NaN first and last': (random, length) =>
    fill(length, (index) =>
      index === 0 || index === length - 1 ? Number.NaN : signed(random, 1e5) / 100,
    ),
};

export interface GivenColumn {
  readonly kind: string;
  readonly column: Float64Array;
}

/** A column of any kind and any length of `lengths`; also short ones of any doubles. */
export const anyColumn: fc.Arbitrary<GivenColumn> = fc.oneof(
  {
    arbitrary: fc
      .tuple(
        fc.constantFrom(...Object.keys(columnKinds)),
        fc.oneof(fc.constantFrom(...lengths), fc.integer({ min: 1, max: 70 })),
        fc.nat(),
      )
      .map(([kind, length, seed]) => ({ kind, column: columnOf(kind, length, seed) })),
    weight: 3,
  },
  {
    arbitrary: fc
      .array(
        fc.oneof(
          fc.double(),
          fc.maxSafeInteger(),
          fc.integer(),
          fc.float(),
          fc.constantFrom(0, -0, 1, Number.NaN),
        ),
        { minLength: 1, maxLength: 40 },
      )
      .map((values) => ({ kind: 'doubles', column: Float64Array.from(values) })),
    weight: 1,
  },
);

export function columnOf(kind: string, length: number, seed: number): Float64Array {
  return (columnKinds[kind] as MakeColumn)(chanceOf(seed), length);
}
