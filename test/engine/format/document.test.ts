// The envelope of the small files: what was published comes back whole, or the file is refused with
// its name and a reason; only the heartbeat may change under the checksum.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DOCUMENT_HEADER_SIZE,
  type Document,
  decodeDocument,
  encodeDocument,
  HEARTBEAT_OFFSET,
} from '../../../src/engine/format/document.ts';
import { packBody } from '../../../src/engine/format/msgpack.ts';
import { dataViewOf, type FileLetter } from '../../../src/engine/format/version.ts';
import { loadXxhash, xxh64 } from '../../../src/engine/format/xxhash.ts';
import { RunlogError } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { byteTable, changed, numberAt, outcome, textDamage } from '../../support/format-page.ts';
import { seeded } from '../../support/random.ts';
import { exact, storable } from '../../support/values.ts';

await loadXxhash();

const letters = ['F', 'M', 'E', 'P'] as const;
const BODY = [1, 'two', new Uint8Array([3, 4]), null];

const read = (bytes: Uint8Array, letter: FileLetter = 'M'): Document | string =>
  outcome(() => decodeDocument(bytes, letter, 'manifest-1'));

function sealed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.fill(0, 16, 32);
  dataViewOf(bytes).setBigUint64(24, xxh64(copy, 0n), true);
  return bytes;
}

/** Edited, and the checksum made to agree again. */
function forged(edit: (view: DataView) => void, letter: FileLetter = 'M'): Uint8Array {
  const bytes = encodeDocument(letter, letter === 'F' ? 1 : 0, BODY);
  edit(dataViewOf(bytes));
  return sealed(bytes);
}

/** A document around bytes that need not be a body. */
function around(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(DOCUMENT_HEADER_SIZE + body.length);
  bytes.set(encodeDocument('M', 0, null).subarray(0, DOCUMENT_HEADER_SIZE));
  bytes.set(body, DOCUMENT_HEADER_SIZE);
  dataViewOf(bytes).setUint32(12, body.length, true);
  return sealed(bytes);
}

it('every field stands where spec/document.md says', () => {
  const bytes = encodeDocument('F', 3, BODY);
  const body = Uint8Array.from(packBody(BODY));
  dataViewOf(bytes).setBigUint64(16, 0x0102_0304_0506_0708n, true);
  const fields = byteTable('document', '# Small files: fence, manifest, edit');
  const zeroed = Uint8Array.from(bytes).fill(0, 16, 32);
  expect(fields.map((field) => [field.name, numberAt(bytes, field)])).toEqual([
    ['magic', 0x0a1a_0a0d_464c_5289n],
    ['version', 1n],
    ['kind', 3n],
    ['body size', BigInt(body.length)],
    ['heartbeat', 0x0102_0304_0506_0708n],
    ['checksum', xxh64(zeroed, 0n)],
  ]);
  expect(bytes.slice(32)).toEqual(body);
});

describe('round trip', () => {
  it('any body, of any kind of file', () => {
    fc.assert(
      fc.property(fc.constantFrom(...letters), storable, (letter, body) => {
        const kind = letter === 'F' ? 2 : 0;
        const found = read(encodeDocument(letter, kind, body), letter);
        expect(found).toMatchObject({ kind, heartbeat: 0n });
        expect(exact((found as Document).body)).toBe(exact(body));
      }),
      { seed: seeded('document round trip').seed, numRuns: 200 },
    );
  });

  it('any heartbeat of a fence, written over it in place', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (heartbeat) => {
        const bytes = encodeDocument('F', 1, BODY);
        dataViewOf(bytes).setBigUint64(HEARTBEAT_OFFSET, heartbeat, true);
        expect(read(bytes, 'F')).toEqual({ kind: 1, heartbeat, body: BODY });
      }),
      { seed: seeded('heartbeat').seed },
    );
  });
});

describe('size', () => {
  /** A text whose document is this large. */
  const textFor = (size: number): string => 'x'.repeat(size - DOCUMENT_HEADER_SIZE - 3);

  it('at the bound it is written and read', () => {
    const bytes = encodeDocument('M', 0, textFor(limits.documentSizeMax));
    expect(bytes.length).toBe(limits.documentSizeMax);
    expect(dataViewOf(bytes).getUint32(12, true)).toBe(65504);
    expect(read(bytes)).toMatchObject({ body: textFor(limits.documentSizeMax) });
  });

  it('one byte over it LIMIT names the bound', () => {
    const tooLarge = (): Uint8Array => encodeDocument('M', 0, textFor(limits.documentSizeMax + 1));
    expect(outcome(tooLarge)).toContain('LIMIT: documentSizeMax: 65537 bytes');
    try {
      tooLarge();
    } catch (error) {
      expect((error as RunlogError).details.limit).toBe('documentSizeMax');
    }
  });

  it('one byte over it is refused when read, its checksum right', () => {
    const bytes = around(Uint8Array.from(packBody(textFor(limits.documentSizeMax + 1))));
    expect(read(bytes)).toContain('CORRUPT: manifest-1: 65537 bytes');
  });

  it('the smallest body is one byte', () => {
    expect(encodeDocument('E', 0, null).length).toBe(33);
    expect(read(around(new Uint8Array(0)))).toBe('CORRUPT: manifest-1: body');
  });
});

describe('refused', () => {
  const bytes = (): Uint8Array => encodeDocument('M', 0, BODY);

  it('every byte changed to every other value', () => {
    const whole = bytes();
    for (let place = 0; place < whole.length; place += 1) {
      for (let mask = 1; mask < 256; mask += 1)
        expect(typeof read(changed(whole, place, mask)), `byte ${place} ^ ${mask}`).toBe('string');
    }
  });

  it('any byte of any document changed, except the heartbeat of a fence', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...letters),
        storable,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        (letter, body, where, mask) => {
          const whole = encodeDocument(letter, letter === 'F' ? 1 : 0, body);
          const place = Math.floor(where * whole.length);
          const isHeartbeat = letter === 'F' && place >= 16 && place < 24;
          expect(typeof read(changed(whole, place, mask), letter)).toBe(
            isHeartbeat ? 'object' : 'string',
          );
        },
      ),
      { seed: seeded('document damage').seed, numRuns: 500 },
    );
  });

  it('cut at every byte, and with any byte behind it', () => {
    const whole = bytes();
    for (let size = 0; size < whole.length; size += 1)
      expect(read(whole.subarray(0, size)), `${size} bytes`).toContain('CORRUPT: manifest-1: ');
    for (const byte of [0, 1, 0x0a, 0xc0])
      expect(read(Uint8Array.from([...whole, byte]))).toBe(
        'CORRUPT: manifest-1: size and header differ',
      );
  });

  it('an empty file', () => {
    expect(read(new Uint8Array(0))).toBe('CORRUPT: manifest-1: only 0 bytes');
  });

  it('every other kind of file', () => {
    for (const letter of letters) {
      for (const other of [...letters, 'S' as const]) {
        const found = read(encodeDocument(letter, letter === 'F' ? 1 : 0, BODY), other);
        if (letter === other) expect(typeof found).toBe('object');
        else expect(found).toBe('CORRUPT: manifest-1: not a file of this kind (magic)');
      }
    }
  });

  it.each(Object.entries(textDamage))('%s: said as such', (_, damage) => {
    const damaged = new Uint8Array(100);
    damaged.set(damage(bytes()));
    expect(read(damaged)).toMatch(/^CORRUPT: manifest-1: .*text mode/);
  });

  it.each(['M', 'E', 'P'] as const)('reserved bytes of %s where a fence beats', (letter) => {
    for (let place = 16; place < 24; place += 1)
      expect(read(changed(encodeDocument(letter, 0, BODY), place, 1), letter)).toBe(
        'CORRUPT: manifest-1: reserved bytes are not zero',
      );
  });

  it.each(['M', 'E', 'P'] as const)('a kind of %s that is not known', (letter) => {
    for (const kind of [1, 2, 0x100])
      expect(
        read(
          forged((view) => view.setUint16(10, kind, true), letter),
          letter,
        ),
      ).toBe(`CORRUPT: manifest-1: unknown kind ${kind}`);
  });

  it('version 0, which never was', () => {
    expect(read(forged((view) => view.setUint16(8, 0, true)))).toBe(
      'CORRUPT: manifest-1: format version 0',
    );
  });

  it.each([
    ['no value', ''],
    ['a value and one byte more', 'c0c0'],
    ['a value that ends early', '92c0'],
    ['a byte that begins no value', 'c1'],
    ['bad UTF-8', 'a1ff'],
  ])('a body under a right checksum that is %s', (_, hex) => {
    const found = read(around(Uint8Array.from(Buffer.from(hex, 'hex'))));
    expect(found).toBe('CORRUPT: manifest-1: body');
  });

  it('the error names file, extent and cause', () => {
    const whole = around(new Uint8Array([0xc1]));
    try {
      decodeDocument(whole, 'M', 'a/manifest-00000001');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(RunlogError);
      expect((error as RunlogError).details).toEqual({
        file: 'a/manifest-00000001',
        offset: 0,
        size: 33,
      });
      expect((error as RunlogError).cause).toBeInstanceOf(RunlogError);
    }
  });
});

describe('a newer version', () => {
  const newer = forged((view) => view.setUint16(8, 2, true));

  it('is FORMAT_TOO_NEW, and says what to do', () => {
    expect(read(newer)).toMatch(/^FORMAT_TOO_NEW: manifest-1: format version 2, .*upgrade/);
  });

  it('whatever else there is: size, kind, checksum, reserved bytes may mean something else there', () => {
    for (const place of [10, 12, 16, 24, 40])
      expect(read(changed(newer, place, 0xff))).toContain('FORMAT_TOO_NEW');
    for (const size of [10, 31, 32, newer.length - 1])
      expect(read(newer.subarray(0, size))).toContain('FORMAT_TOO_NEW');
  });

  it('but not of another kind of file', () => {
    expect(read(newer, 'F')).toContain('CORRUPT');
  });
});
