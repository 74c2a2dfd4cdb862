// The envelope of a part of the catalogue: a header, sections, a directory of them. Pure bytes.
//
// 1. Each section has its own sum, seeded by the file's salt and the section's place: it is neither of
//    another file nor of another place. A section is read and checked only when it is needed.
// 2. A part is derived. Whatever is wrong with it is an answer, not an error: it is passed over.
// 3. Kinds of sections that a reader does not know are left alone: what they say is not in the answer.
//
// Spec: spec/catalogue.md. Test: test/store/catalogue.test.ts.

import { randomBytes } from 'node:crypto';

import { packBody, unpackBody, xxh64 } from '../../engine/index.ts';
import { errorCode, RunlogError } from '../../errors.ts';

export const CATALOGUE_VERSION = 1;
export const PART_HEADER_SIZE = 64;

export const sectionKind = {
  hashes: 1,
  stampNames: 2,
  stampEnds: 3,
  stampNumbers: 4,
  fact: 5,
  param: 6,
  sequence: 7,
  points: 8,
  object: 9,
} as const;

export type SectionKey = readonly (string | number)[];

export interface Section {
  readonly kind: number;
  /** What of its kind it is: keys of a param, name of a fact or column. */
  readonly key: SectionKey;
  readonly bytes: Uint8Array;
}

export interface SectionPlace {
  readonly kind: number;
  readonly key: SectionKey;
  readonly offset: number;
  readonly size: number;
  readonly sum: bigint;
}

export interface PartHeader {
  readonly rowCount: number;
  /** Stamps that hold on a file system of other machines too. */
  readonly isRemote: boolean;
  readonly salt: bigint;
  readonly size: number;
  readonly directory: { readonly offset: number; readonly size: number; readonly sum: bigint };
}

const MAGIC = [0x89, 0x52, 0x4c, 0x43, 0x0d, 0x0a, 0x1a, 0x0a] as const;

const aligned = (size: number): number => Math.ceil(size / 8) * 8;
const U64 = (1n << 64n) - 1n;
const seedOf = (salt: bigint, offset: number): bigint => (salt + BigInt(offset)) & U64;

const corrupt = (what: string): RunlogError =>
  new RunlogError('CORRUPT', `part of the catalogue: ${what}`);

export function encodePart(
  rowCount: number,
  isRemote: boolean,
  sections: readonly Section[],
): Uint8Array {
  const salt = randomBytes(8).readBigUInt64LE();
  let offset = PART_HEADER_SIZE;
  const places = sections.map(({ kind, key, bytes }) => {
    const place = [kind, key, offset, bytes.length, xxh64(bytes, seedOf(salt, offset))];
    offset += aligned(bytes.length);
    return place;
  });
  const directory = packBody(places).slice();
  const part = new Uint8Array(offset + directory.length);
  const view = new DataView(part.buffer);
  part.set(MAGIC);
  view.setUint16(8, CATALOGUE_VERSION, true);
  view.setUint16(10, isRemote ? 1 : 0, true);
  view.setUint32(12, rowCount, true);
  view.setBigUint64(16, BigInt(part.length), true);
  view.setBigUint64(24, BigInt(offset), true);
  view.setUint32(32, directory.length, true);
  view.setBigUint64(40, xxh64(directory, seedOf(salt, offset)), true);
  view.setBigUint64(48, salt, true);
  view.setBigUint64(56, xxh64(part.subarray(0, 56), 0n), true);
  for (const [index, { bytes }] of sections.entries())
    part.set(bytes, (places[index] as unknown[])[2] as number);
  part.set(directory, offset);
  return part;
}

/**
 * Undefined: of a newer version, which is not ours to judge or to remove.
 *
 * @throws RunlogError CORRUPT.
 */
export function decodePartHeader(bytes: Uint8Array): PartHeader | undefined {
  if (bytes.length < PART_HEADER_SIZE) throw corrupt('no header');
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) throw corrupt('magic');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(8, true);
  if (version > CATALOGUE_VERSION) return undefined;
  if (version !== CATALOGUE_VERSION) throw corrupt('version');
  if (view.getBigUint64(56, true) !== xxh64(bytes.subarray(0, 56), 0n)) throw corrupt('header');
  const flags = view.getUint16(10, true);
  if (flags > 1 || view.getUint32(36, true) !== 0) throw corrupt('reserved bits are not zero');
  return {
    rowCount: view.getUint32(12, true),
    isRemote: flags === 1,
    salt: view.getBigUint64(48, true),
    size: Number(view.getBigUint64(16, true)),
    directory: {
      offset: Number(view.getBigUint64(24, true)),
      size: view.getUint32(32, true),
      sum: view.getBigUint64(40, true),
    },
  };
}

/** @throws RunlogError CORRUPT. */
export function checkSection(
  bytes: Uint8Array,
  { salt }: PartHeader,
  { offset, sum }: { offset: number; sum: bigint },
): Uint8Array {
  if (xxh64(bytes, seedOf(salt, offset)) !== sum) throw corrupt(`section at ${offset}`);
  return bytes;
}

/** Places of the sections in a directory whose sum agrees. @throws RunlogError CORRUPT. */
export function decodeDirectory(bytes: Uint8Array, { directory }: PartHeader): SectionPlace[] {
  let body: unknown;
  try {
    body = unpackBody(bytes);
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
  }
  if (!Array.isArray(body)) throw corrupt('directory');
  return body.map((each: unknown) => {
    if (!Array.isArray(each) || each.length < 5) throw corrupt('directory');
    const [kind, key, offset, size, sum] = each as unknown[];
    const isPlace =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(size) &&
      (offset as number) >= PART_HEADER_SIZE &&
      (size as number) >= 0 &&
      (offset as number) + (size as number) <= directory.offset;
    const isKey =
      Array.isArray(key) && key.every((one) => ['string', 'number'].includes(typeof one));
    if (typeof kind !== 'number' || !isKey || !isPlace) throw corrupt('directory');
    if (typeof sum !== 'bigint' && typeof sum !== 'number') throw corrupt('directory');
    return { kind, key, offset, size, sum: BigInt(sum) } as SectionPlace;
  });
}
