// XXH64 against published vectors, and against the algorithm written out, over the sizes where our
// pieces begin and end. The memory of the instance must not grow whatever is hashed.

import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadXxhash, xxh64 } from '../../src/engine/format/xxhash.ts';
import { seeded } from '../support/random.ts';

const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint): bigint =>
  u64(value << bits) | (value >> (64n - bits));
const round = (lane: bigint, word: bigint): bigint =>
  u64(rotate(u64(lane + word * PRIME_2), 31n) * PRIME_1);

/** XXH64 as its specification has it (doc/xxhash_spec.md of Cyan4973/xxHash). */
function reference(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let place = 0;
  let sum = u64(seed + PRIME_5);
  if (bytes.length >= 32) {
    const lanes = [seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1].map(u64);
    for (; place + 32 <= bytes.length; place += 32) {
      for (let lane = 0; lane < 4; lane += 1) {
        lanes[lane] = round(lanes[lane] as bigint, view.getBigUint64(place + lane * 8, true));
      }
    }
    sum = u64(
      lanes.reduce(
        (total, lane, index) => total + rotate(lane, [1n, 7n, 12n, 18n][index] as bigint),
        0n,
      ),
    );
    for (const lane of lanes) sum = u64((sum ^ round(0n, lane)) * PRIME_1 + PRIME_4);
  }
  sum = u64(sum + BigInt(bytes.length));
  for (; place + 8 <= bytes.length; place += 8) {
    sum = u64(rotate(sum ^ round(0n, view.getBigUint64(place, true)), 27n) * PRIME_1 + PRIME_4);
  }
  if (place + 4 <= bytes.length) {
    sum = u64(
      rotate(sum ^ u64(BigInt(view.getUint32(place, true)) * PRIME_1), 23n) * PRIME_2 + PRIME_3,
    );
    place += 4;
  }
  for (; place < bytes.length; place += 1)
    sum = u64(rotate(sum ^ u64(BigInt(bytes[place] as number) * PRIME_5), 11n) * PRIME_1);
  sum = u64((sum ^ (sum >> 33n)) * PRIME_2);
  sum = u64((sum ^ (sum >> 29n)) * PRIME_3);
  return sum ^ (sum >> 32n);
}

// Without the types of browsers, WebAssembly has none.
const memoryPrototype = (
  globalThis as unknown as {
    WebAssembly: { Memory: { prototype: { grow(pages: number): number } } };
  }
).WebAssembly.Memory.prototype;

/** The input of the vectors: the high byte of successive products. */
function sanityBytes(size: number): Uint8Array {
  let state = 2654435761n;
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(state >> 56n);
    state = u64(state * 11400714785074694797n);
    return byte;
  });
}

describe('xxh64', () => {
  it('refuses to work before it is loaded', async () => {
    vi.resetModules();
    const fresh = await import('../../src/engine/format/xxhash.ts');
    expect(() => fresh.xxh64(new Uint8Array(1), 0n)).toThrow('before loadXxhash');
    const first = fresh.loadXxhash();
    expect(fresh.loadXxhash()).toBe(first);
    await first;
    expect(fresh.xxh64(new Uint8Array(0), 0n)).toBe(0xef46db3751d8e999n);
  });

  beforeAll(loadXxhash);

  // XSUM_XXH64_testdata of Cyan4973/xxHash, tests/sanity_test_vectors.h and cli/xsum_sanity_check.c.
  it.each([
    [0, 0n, 0xef46db3751d8e999n],
    [0, 2654435761n, 0xac75fda2929b17efn],
    [1, 0n, 0xe934a84adb052768n],
    [1, 2654435761n, 0x5014607643a9b4c3n],
    [4, 0n, 0x9136a0dca57457een],
    [14, 0n, 0x8282dcc4994e35c8n],
    [14, 2654435761n, 0xc3bd6bf63deb6df0n],
    [16, 0n, 0x98c90b57fdfcb55cn],
    [32, 0n, 0x18b216492bb44b70n],
    [32, 2654435761n, 0xb3f33bdf93ade409n],
    [222, 0n, 0xb641ae8cb691c174n],
    [222, 2654435761n, 0x20cb8ab7ae10c14an],
    [2367, 0n, 0xa82418ddec0ea581n],
    [2367, 2654435761n, 0xa36a93c18052673an],
  ])('published vector: %i bytes, seed %i', (size, seed, expected) => {
    expect(xxh64(sanityBytes(size), seed)).toBe(expected);
    expect(reference(sanityBytes(size), seed)).toBe(expected);
  });

  it('any bytes and seed, also as a view', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.nat(40),
        (bytes, seed, skip) => {
          const view = bytes.subarray(Math.min(skip, bytes.length));
          expect(xxh64(view, seed)).toBe(reference(view, seed));
        },
      ),
      { seed: seeded('xxh64 any bytes').seed, numRuns: 500 },
    );
  });

  it.each([65_407, 65_408, 65_409, 65_535, 65_536, 65_537, 2 * 65_408, 2 * 65_408 + 1, 200_003])(
    '%i bytes: one shot or pieces, memory of the same size',
    (size) => {
      const grow = vi.spyOn(memoryPrototype, 'grow');
      const bytes = sanityBytes(size);
      expect(xxh64(bytes, 0x0123_4567_89ab_cdefn)).toBe(reference(bytes, 0x0123_4567_89ab_cdefn));
      expect(grow).not.toHaveBeenCalled();
      grow.mockRestore();
    },
  );

  it('a Buffer and shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set([97, 98, 99]);
    expect(xxh64(Buffer.from('abc'), 0n)).toBe(0x44bc2cf5ad770999n);
    expect(xxh64(shared, 0n)).toBe(0x44bc2cf5ad770999n);
  });
});
