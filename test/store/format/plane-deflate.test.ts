// Planes as one deflate stream: any inflater gives them back, and noise is not paid for twice.

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deflatePlanes, deflatePlanesSync } from '../../../src/store/format/plane-deflate.ts';
import { seeded } from '../../support/random.ts';

const { random, seed } = seeded('plane-deflate');

/** Planes of every kind: noise, skewed bytes, a counter (bytes equally frequent, yet repeating), zeros. */
const kinds: Readonly<Record<string, (index: number) => number>> = {
  noise: () => Math.floor(random() * 256),
  skewed: () => Math.floor(random() * random() * 256),
  counter: (index) => index & 0xff,
  zeros: () => 0,
};

const plane = (kind: string, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => (kinds[kind] as (i: number) => number)(index));

const planesOf = (names: readonly string[], size: number): Uint8Array =>
  Buffer.concat(names.map((name) => plane(name, size)));

describe(`planes, seed ${seed}`, () => {
  it('come back from an ordinary inflater, whatever kinds stand in a row', async () => {
    const kind = fc.constantFrom(...Object.keys(kinds));
    const size = fc.constantFrom(0, 1, 255, 1023, 1024, 4096, 9300, 65_535, 65_536);
    await fc.assert(
      fc.asyncProperty(
        fc.array(kind, { minLength: 1, maxLength: 8 }),
        size,
        async (names, count) => {
          const planes = planesOf(names, count);
          const inPool = await deflatePlanes(planes, names.length);
          expect(Buffer.compare(inflateRawSync(inPool), planes)).toBe(0);
          expect(Buffer.compare(deflatePlanesSync(planes, names.length), inPool)).toBe(0);
        },
      ),
      { numRuns: 60, seed },
    );
  });

  it('of noise are stored: five bytes a block, and five for the end', () => {
    const bytes = plane('noise', 70_000);
    const spelled = deflatePlanesSync(bytes, 1);
    expect(spelled.length).toBe(bytes.length + 2 * 5 + 5);
    expect(Buffer.compare(spelled.subarray(5, 65_540), bytes.subarray(0, 65_535))).toBe(0);
  });

  it('that repeat are searched for repeats, however even their bytes', () => {
    expect(deflatePlanesSync(plane('counter', 65_536), 1).length).toBeLessThan(1000);
  });

  it('cost no more than all of them deflated together, within a hundredth', () => {
    const names = ['noise', 'noise', 'skewed', 'counter', 'zeros'];
    const planes = planesOf(names, 9300);
    const together = deflateRawSync(planes, { level: 6, strategy: constants.Z_DEFAULT_STRATEGY });
    expect(deflatePlanesSync(planes, names.length).length).toBeLessThan(together.length * 1.01);
  });
});
