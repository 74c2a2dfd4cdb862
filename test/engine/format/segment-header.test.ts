// The header of a segment comes back as it was written, or the file is no segment and the reason is
// said: a torn header is normal, so that is a value; only a newer version is thrown.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  NO_PREDECESSOR,
  SEGMENT_HEADER_SIZE,
  type SegmentHeader,
} from '../../../src/engine/format/segment-header.ts';
import { dataViewOf } from '../../../src/engine/format/version.ts';
import { loadXxhash, xxh64 } from '../../../src/engine/format/xxhash.ts';
import { byteTable, changed, numberAt, outcome, textDamage } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

await loadXxhash();

const GIVEN: SegmentHeader = {
  rewritten: true,
  repeat: false,
  logId: 0x1112_1314_1516_1718n,
  fence: 0xf1f2_f3f4,
  number: 0x0a0b_0c0d,
  first: 2 ** 45 + 3,
  salt: 0x2122_2324_2526_2728n,
  predecessor: { fence: 7, number: 8, length: 2 ** 32 + 9, sum: 0x3132_3334_3536_3738n },
  nonce: Uint8Array.from({ length: 16 }, (_, index) => 0x40 + index),
};

const read = (bytes: Uint8Array): SegmentHeader | string =>
  outcome(() => decodeSegmentHeader(bytes, 'segment-1'));

/** Edited, and the checksum made to agree again. */
function forged(edit: (view: DataView) => void): Uint8Array {
  const bytes = encodeSegmentHeader(GIVEN);
  edit(dataViewOf(bytes));
  dataViewOf(bytes).setBigUint64(120, xxh64(bytes.subarray(0, 120), 0n), true);
  return bytes;
}

const u32 = fc.oneof(fc.nat(9), fc.integer({ min: 0, max: 0xffff_ffff }));
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const natural = fc.maxSafeInteger().map(Math.abs);
const header = fc.record({
  rewritten: fc.boolean(),
  repeat: fc.boolean(),
  logId: u64,
  fence: u32,
  number: u32,
  first: natural,
  salt: u64,
  predecessor: fc.oneof(
    fc.constant(NO_PREDECESSOR),
    fc.record({ fence: u32, number: u32, length: natural, sum: u64 }),
  ),
  nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

it('every field stands where spec/segment.md says', () => {
  const bytes = encodeSegmentHeader(GIVEN);
  const fields = byteTable('segment', '## Header, 128 bytes');
  const found = Object.fromEntries(fields.map((field) => [field.name, numberAt(bytes, field)]));
  expect(found).toEqual({
    magic: 0x0a1a_0a0d_534c_5289n,
    version: 1n,
    'header size': 128n,
    flags: 1n,
    'log id': GIVEN.logId,
    fence: 0xf1f2_f3f4n,
    number: 0x0a0b_0c0dn,
    'first position': 2n ** 45n + 3n,
    salt: GIVEN.salt,
    'predecessor fence': 7n,
    'predecessor number': 8n,
    'predecessor length': 2n ** 32n + 9n,
    'predecessor sum': GIVEN.predecessor.sum,
    nonce: 0x4f4e_4d4c_4b4a_4948_4746_4544_4342_4140n,
    reserved: 0n,
    checksum: xxh64(bytes.subarray(0, 120), 0n),
  });
});

it('comes back, whatever it holds', () => {
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 20 }), (given, behind) => {
      const bytes = encodeSegmentHeader(given);
      expect(bytes.length).toBe(SEGMENT_HEADER_SIZE);
      expect(read(bytes)).toEqual(given);
      expect(read(Uint8Array.from([...bytes, ...behind]))).toEqual(given);
    }),
    { seed: seeded('segment header round trip').seed, numRuns: 300 },
  );
});

it('keeps nothing of the bytes that it was read from', () => {
  const bytes = encodeSegmentHeader(GIVEN);
  const decoded = read(bytes);
  bytes.fill(0);
  expect(decoded).toEqual(GIVEN);
});

describe('no segment', () => {
  it('any byte changed to any other value', () => {
    const bytes = encodeSegmentHeader(GIVEN);
    for (let place = 0; place < bytes.length; place += 1) {
      for (let mask = 1; mask < 256; mask += 1) {
        expect(typeof read(changed(bytes, place, mask)), `byte ${place} ^ ${mask}`).toBe('string');
      }
    }
  });

  it('cut at every byte', () => {
    const bytes = encodeSegmentHeader(GIVEN);
    for (let size = 0; size < bytes.length; size += 1) {
      expect(read(bytes.subarray(0, size))).toBe(`only ${size} bytes`);
    }
  });

  it('zeros', () => {
    expect(read(new Uint8Array(SEGMENT_HEADER_SIZE))).toBe('not a file of this kind (magic)');
  });

  it.each(['F', 'M', 'E', 'P', 's'])('a file of kind %s', (letter) => {
    const bytes = forged((view) => view.setUint8(3, letter.charCodeAt(0)));
    expect(read(bytes)).toBe('not a file of this kind (magic)');
  });

  it.each(Object.entries(textDamage))('%s', (_, damage) => {
    const damaged = damage(encodeSegmentHeader(GIVEN));
    const padded = new Uint8Array(200);
    padded.set(damaged);
    expect(read(padded)).toContain('text mode');
  });

  it.each([2, 3, 4, 31].map((bit) => [bit]))('reserved flag bit %i', (bit) => {
    const bytes = forged((view) => view.setUint32(12, (1 | (1 << bit)) >>> 0, true));
    expect(read(bytes)).toBe('reserved bytes are not zero');
  });

  it('any reserved byte set', () => {
    for (let place = 88; place < 120; place += 1) {
      for (const value of [1, 0x80]) {
        const bytes = forged((view) => view.setUint8(place, value));
        expect(read(bytes), `byte ${place}`).toBe('reserved bytes are not zero');
      }
    }
  });

  it('a header of another size', () => {
    for (const size of [0, 127, 129, 256])
      expect(read(forged((view) => view.setUint16(10, size, true)))).toBe('header size');
  });

  it('version 0, which never was', () => {
    expect(read(forged((view) => view.setUint16(8, 0, true)))).toBe('format version 0');
  });
});

describe('a newer version', () => {
  const newer = forged((view) => view.setUint16(8, 2, true));

  it('is thrown, and names the file and what to do', () => {
    expect(read(newer)).toMatch(/^FORMAT_TOO_NEW: segment-1: format version 2.*upgrade/);
    expect(read(forged((view) => view.setUint16(8, 0xffff, true)))).toContain('FORMAT_TOO_NEW');
  });

  it('is judged before checksum, size and reserved bytes: they may mean something else there', () => {
    for (const place of [10, 12, 60, 100, 127])
      expect(read(changed(newer, place, 0xff))).toContain('FORMAT_TOO_NEW');
    expect(read(newer.subarray(0, 64))).toContain('FORMAT_TOO_NEW');
    expect(read(newer.subarray(0, 10))).toContain('FORMAT_TOO_NEW');
  });

  it('is not believed of a file that is no segment', () => {
    expect(read(changed(newer, 0, 1))).toBe('not a file of this kind (magic)');
  });
});
