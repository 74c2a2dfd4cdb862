// A frame comes back as it was written, or is refused and says why: whatever byte of it differs,
// whatever salt it is judged by, wherever it is cut.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkFrameBody,
  encodeFrame,
  FRAME_HEADER_SIZE,
  FRAME_MARKER,
  type FrameHeader,
  frameFlag,
  frameType,
  headerSum,
  paddedSize,
  readFrameHeader,
  SegmentSum,
  sealFrame,
} from '../../../src/engine/format/frame.ts';
import { dataViewOf } from '../../../src/engine/format/version.ts';
import { loadXxhash, xxh64 } from '../../../src/engine/format/xxhash.ts';
import { limits } from '../../../src/limits.ts';
import { byteTable, changed, numberAt } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';

await loadXxhash();

const SALT = 0x0123_4567_89ab_cdefn;
const U64_MAX = 2n ** 64n - 1n;
const ONE_BYTE = encodeFrame(
  { type: 20, flags: frameFlag.keyed, count: 2, first: 3, watermark: 1 },
  new Uint8Array([9]),
  SALT,
);

/** Header and body as every reader judges them, or why there are none. */
function judge(
  bytes: Uint8Array,
  salt = SALT,
  offset = 0,
  limit = bytes.length,
): { header: FrameHeader; body: Uint8Array } | string {
  const view = dataViewOf(bytes);
  const header = readFrameHeader(bytes, view, offset, limit, salt);
  if (typeof header === 'string') return header;
  const wrong = checkFrameBody(bytes, view, offset, limit, header, salt);
  if (wrong !== undefined) return wrong;
  const body = offset + FRAME_HEADER_SIZE;
  return { header, body: bytes.slice(body, body + header.bodySize) };
}

/** A frame whose header was edited, and its sum made to agree again: what no checksum refuses. */
function forged(
  edit: (view: DataView, bytes: Uint8Array) => void,
  frame: Uint8Array = ONE_BYTE,
): Uint8Array {
  const bytes = Uint8Array.from(frame);
  const view = dataViewOf(bytes);
  edit(view, bytes);
  view.setBigUint64(40, xxh64(bytes.subarray(0, 40), SALT), true);
  return bytes;
}

const position = fc.oneof(
  fc.nat(1000),
  fc.maxSafeInteger().map(Math.abs),
  fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER),
);
const header = fc
  .record({
    type: fc.nat(255),
    flags: fc.nat(7),
    count: fc.oneof(fc.nat(3), fc.nat(0xffff_ffff), fc.constant(0xffff_ffff)),
    first: position,
    below: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ below, ...rest }) => ({ ...rest, watermark: Math.floor(rest.first * below) }));
const salt = fc.bigInt({ min: 0n, max: U64_MAX });
const body = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(0, 1, 7, 8, 9, 1023, 1024, 1025, 65535, 65536, 65537), fc.nat(255))
    .map(([size, byte]) => new Uint8Array(size).fill(byte)),
);

describe('spec/segment.md, Frame', () => {
  const table = byteTable('segment', '## Frame');

  it('every field stands where the page says', () => {
    const bytes = encodeFrame(
      { type: 0x94, flags: 5, count: 0xa1b2_c3d4, first: 2 ** 40 + 5, watermark: 2 ** 33 + 7 },
      new Uint8Array([1, 2, 3]),
      SALT,
    );
    const found = Object.fromEntries(table.map((field) => [field.name, numberAt(bytes, field)]));
    expect(found).toEqual({
      marker: 0x7266_4c52n,
      'body size': 3n,
      type: 0x94n,
      flags: 5n,
      reserved: 0n,
      count: 0xa1b2_c3d4n,
      'first position': 2n ** 40n + 5n,
      watermark: 2n ** 33n + 7n,
      'body sum': xxh64(new Uint8Array([1, 2, 3]), SALT),
      'header sum': xxh64(bytes.subarray(0, 40), SALT),
    });
    expect([...bytes.subarray(48)]).toEqual([1, 2, 3, 0, 0, 0, 0, 0]);
  });

  it('a whole frame, byte by byte', () => {
    expect(Buffer.from(ONE_BYTE).toString('hex')).toBe(
      '524c667201000000140100000200000003000000000000000100000000000000' +
        `${le64(xxh64(new Uint8Array([9]), SALT))}${le64(xxh64(ONE_BYTE.subarray(0, 40), SALT))}` +
        '0900000000000000',
    );
  });

  it('types and flags have the numbers of the page', () => {
    expect(frameType).toEqual({ batch: 0, indexPage: 1, indexRoot: 2, state: 3 });
    expect(frameFlag).toEqual({ keyed: 1, holdsKeys: 2, deflated: 4 });
    expect(FRAME_MARKER).toBe(0x7266_4c52);
  });
});

const le64 = (value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.toString('hex');
};

describe('round trip', () => {
  it('any header, any body, any salt, anywhere in a buffer', () => {
    fc.assert(
      fc.property(header, body, salt, fc.nat(5), (given, content, seed, before) => {
        const frame = encodeFrame(given, content, seed);
        expect(frame.length).toBe(paddedSize(content.length));
        const bytes = new Uint8Array(before * 8 + frame.length + 16).fill(0xee);
        bytes.set(frame, before * 8);
        const found = judge(bytes, seed, before * 8);
        if (typeof found === 'string') throw new Error(found);
        expect(found.header).toEqual({ ...given, bodySize: content.length });
        expect(Buffer.compare(found.body, content)).toBe(0);
      }),
      { seed: seeded('frame round trip').seed, numRuns: 300 },
    );
  });

  it('sealed in place is the same, and leaves nothing of what stood in the padding', () => {
    fc.assert(
      fc.property(header, body, salt, fc.nat(3), (given, content, seed, before) => {
        const offset = before * 8;
        const bytes = new Uint8Array(offset + paddedSize(content.length) + 8).fill(0xff);
        bytes.set(content, offset + FRAME_HEADER_SIZE);
        const whole = { ...given, bodySize: content.length };
        const end = sealFrame(bytes, dataViewOf(bytes), offset, whole, seed);
        const frame = encodeFrame(given, content, seed);
        expect(Buffer.compare(bytes.subarray(offset, end), frame)).toBe(0);
        expect([...bytes.subarray(end)]).toEqual(new Array(8).fill(0xff));
        expect(bytes.subarray(0, offset).every((byte) => byte === 0xff)).toBe(true);
      }),
      { seed: seeded('frame sealed in place').seed, numRuns: 200 },
    );
  });

  it.each([
    [0, 48],
    [1, 56],
    [7, 56],
    [8, 56],
    [9, 64],
    [limits.frameBodySizeMax, limits.frameBodySizeMax + 48],
  ])('a body of %i bytes takes %i', (size, whole) => {
    expect(paddedSize(size)).toBe(whole);
  });

  it('a body at its bound is read, one byte more is refused', () => {
    const given = { type: 20, flags: 0, count: 1, first: 0, watermark: 0 };
    const largest = encodeFrame(given, new Uint8Array(limits.frameBodySizeMax).fill(7), SALT);
    expect(typeof judge(largest)).toBe('object');
    const larger = encodeFrame(given, new Uint8Array(limits.frameBodySizeMax + 1), SALT);
    expect(judge(larger)).toBe('body size over its bound');
  });

  it('a watermark frame has no records and no body', () => {
    const frame = encodeFrame(
      { type: 0, flags: 0, count: 0, first: 7, watermark: 7 },
      new Uint8Array(0),
      SALT,
    );
    expect(frame.length).toBe(48);
    expect(judge(frame)).toMatchObject({ header: { count: 0, bodySize: 0, watermark: 7 } });
  });
});

describe('refused', () => {
  it.each([
    ...[3, 4, 5, 6, 7].map((bit) => ({
      name: `reserved flag bit ${bit}`,
      bytes: () => forged((view) => view.setUint8(9, 1 << bit)),
      reason: 'reserved bits are not zero',
    })),
    ...[10, 11].flatMap((place) =>
      [1, 0x80].map((bit) => ({
        name: `reserved byte ${place} is ${bit}`,
        bytes: () => forged((view) => view.setUint8(place, bit)),
        reason: 'reserved bits are not zero',
      })),
    ),
    {
      name: 'body size one over its bound, its sum right',
      bytes: () => forged((view) => view.setUint32(4, limits.frameBodySizeMax + 1, true)),
      reason: 'body size over its bound',
    },
    {
      name: 'body size of all ones, its sum right',
      bytes: () => forged((view) => view.setUint32(4, 0xffff_ffff, true)),
      reason: 'body size over its bound',
    },
    {
      name: 'a body longer than what is there',
      bytes: () => forged((view) => view.setUint32(4, 9, true)),
      reason: 'ends within a frame body',
    },
    {
      name: 'a shorter body: its rest is padding',
      bytes: () => forged((view) => view.setUint32(4, 0, true)).subarray(0, 48),
      reason: 'frame body checksum',
    },
    {
      name: 'watermark one above the first position',
      bytes: () => forged((view) => view.setUint32(24, 4, true)),
      reason: 'watermark above the position',
    },
    {
      name: 'watermark above the first position by its high half',
      bytes: () => forged((view) => view.setUint32(28, 1, true)),
      reason: 'watermark above the position',
    },
    ...[49, 55].map((place) => ({
      name: `padding byte ${place} is not zero, both sums right`,
      bytes: () => changed(ONE_BYTE, place, 1),
      reason: 'padding is not zero',
    })),
    {
      name: 'marker in the other byte order',
      bytes: () => forged((view) => view.setUint32(0, FRAME_MARKER, false)),
      reason: 'no frame marker',
    },
    { name: 'nothing', bytes: () => new Uint8Array(0), reason: 'ends within a frame header' },
  ])('$name', ({ bytes, reason }) => {
    expect(judge(bytes())).toBe(reason);
  });

  it('a watermark equal to the first position is not', () => {
    expect(typeof judge(forged((view) => view.setUint32(24, 3, true)))).toBe('object');
  });

  it('a length is not believed before the header sum', () => {
    for (const size of [
      0,
      2,
      9,
      limits.frameBodySizeMax,
      limits.frameBodySizeMax + 1,
      2 ** 32 - 1,
    ]) {
      const bytes = Uint8Array.from(ONE_BYTE);
      dataViewOf(bytes).setUint32(4, size, true);
      expect(judge(bytes)).toBe('frame header checksum');
    }
  });

  it('nor are reserved bits and watermark', () => {
    for (const place of [9, 10, 11, 24, 31]) {
      expect(judge(changed(ONE_BYTE, place, 0x80))).toBe('frame header checksum');
    }
  });

  it('zeros of any length are never a frame', () => {
    for (const size of [48, 56, 4096]) {
      expect(judge(new Uint8Array(size), 0n)).toBe('no frame marker');
    }
  });

  it('every byte changed to every other value', () => {
    for (let place = 0; place < ONE_BYTE.length; place += 1) {
      for (let mask = 1; mask < 256; mask += 1) {
        expect(typeof judge(changed(ONE_BYTE, place, mask)), `byte ${place} ^ ${mask}`).toBe(
          'string',
        );
      }
    }
  });

  it('any byte of any frame changed', () => {
    fc.assert(
      fc.property(
        header,
        body,
        salt,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        (given, content, seed, where, mask) => {
          const frame = encodeFrame(given, content, seed);
          const place = Math.floor(where * frame.length);
          expect(typeof judge(changed(frame, place, mask), seed)).toBe('string');
        },
      ),
      { seed: seeded('frame damage').seed, numRuns: 500 },
    );
  });

  it('cut at every byte: torn in the header, then in the body', () => {
    for (let size = 0; size < ONE_BYTE.length; size += 1) {
      const reason =
        size < FRAME_HEADER_SIZE ? 'ends within a frame header' : 'ends within a frame body';
      expect(judge(ONE_BYTE.subarray(0, size))).toBe(reason);
      expect(judge(ONE_BYTE, SALT, 0, size)).toBe(reason);
    }
  });

  it('the salt of another segment, one bit apart', () => {
    for (let bit = 0n; bit < 64n; bit += 1n) {
      expect(judge(ONE_BYTE, SALT ^ (1n << bit))).toBe('frame header checksum');
    }
  });

  it('any other salt', () => {
    fc.assert(
      fc.property(header, body, salt, salt, (given, content, seed, other) => {
        fc.pre(seed !== other);
        expect(judge(encodeFrame(given, content, seed), other)).toBe('frame header checksum');
      }),
      { seed: seeded('frame salt').seed },
    );
  });

  it('a body under the salt of another segment, below a header of this one', () => {
    const other = encodeFrame(
      { type: 20, flags: 1, count: 2, first: 3, watermark: 1 },
      new Uint8Array([9]),
      SALT + 1n,
    );
    expect(judge(forged(() => {}, other))).toBe('frame body checksum');
  });

  it('bytes that may be anything, without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(3), (bytes, before) => {
        expect(typeof judge(bytes, SALT, before * 8)).toBe('string');
      }),
      { seed: seeded('frame of anything').seed },
    );
  });
});

describe('the sum of a segment', () => {
  /** As the page has it: groups of 1024 header sums, each hashed with the sum before it as seed. */
  function reference(checksum: bigint, sums: readonly bigint[]): bigint {
    let state = checksum;
    for (let start = 0; start < sums.length; start += 1024) {
      const group = sums.slice(start, start + 1024);
      const bytes = new Uint8Array(group.length * 8);
      group.forEach((sum, index) => {
        dataViewOf(bytes).setBigUint64(index * 8, sum, true);
      });
      state = xxh64(bytes, state);
    }
    return state;
  }

  it.each([0, 1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 5000])('of %i frames', (count) => {
    const { integer } = seeded('segment sum');
    const sums = Array.from({ length: count }, () => {
      return (BigInt(integer(2 ** 32)) << 32n) | BigInt(integer(2 ** 32));
    });
    const sum = new SegmentSum(SALT);
    sums.forEach((each, index) => {
      if (index % 700 === 0) sum.digest(); // asking changes nothing
      sum.add(each);
    });
    expect(sum.digest()).toBe(reference(SALT, sums));
    expect(sum.digest()).toBe(reference(SALT, sums));
  });

  it('without frames it is the checksum of the header', () => {
    expect(new SegmentSum(42n).digest()).toBe(42n);
  });

  it('tells order, count, and every frame', () => {
    const digest = (sums: bigint[]): bigint => {
      const sum = new SegmentSum(1n);
      sums.forEach((each) => {
        sum.add(each);
      });
      return sum.digest();
    };
    expect(digest([2n, 1n])).not.toBe(digest([1n, 2n]));
    expect(digest([1n])).not.toBe(digest([1n, 0n]));
    expect(new SegmentSum(2n).digest()).not.toBe(digest([]));
  });

  it('takes the header sum from where a frame holds it', () => {
    expect(headerSum(dataViewOf(ONE_BYTE), 0)).toBe(xxh64(ONE_BYTE.subarray(0, 40), SALT));
  });
});
