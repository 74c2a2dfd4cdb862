// Magic bytes and the version rule, shared by every kind of file.
//
// Spec: spec/document.md, spec/versions.md. Test: test/engine/format/document.test.ts.

import { RunlogError } from '../../errors.ts';

export const FORMAT_VERSION = 1;

/** Letter in the magic of each kind of file. */
export const fileLetter = {
  fence: 'F',
  manifest: 'M',
  edit: 'E',
  snapshot: 'P',
  segment: 'S',
} as const;

export type FileLetter = (typeof fileLetter)[keyof typeof fileLetter];

const MAGIC_SIZE = 8;
const VERSION_END = MAGIC_SIZE + 2;

export function writeMagic(target: Uint8Array, letter: FileLetter): void {
  target.set([0x89, 0x52, 0x4c, letter.charCodeAt(0), 0x0d, 0x0a, 0x1a, 0x0a]);
}

function hasMagic(bytes: Uint8Array, letter: FileLetter): boolean {
  const expected = new Uint8Array(MAGIC_SIZE);
  writeMagic(expected, letter);
  return bytes.length >= MAGIC_SIZE && expected.every((byte, index) => bytes[index] === byte);
}

/** What transfers in text mode make of the magic, in hex; kk is the letter. */
const TEXT_MODE_MAGIC = [
  '89524ckk0a1a0a', // CR LF to LF
  '89524ckk0d0d0a1a0d0a', // LF to CR LF
  '89524ckk0d0a1a0d0a', // a lone LF to CR LF
  '89524ckk0d0d1a0d', // LF to CR
  '09524ckk', // the eighth bit dropped
  'c289524ckk', // Latin-1 to UTF-8
  'efbfbd524ckk', // bytes that are no UTF-8 replaced
] as const;

function isTextMode(bytes: Uint8Array, letter: FileLetter): boolean {
  const start = hexOf(bytes.subarray(0, 10));
  const kk = letter.charCodeAt(0).toString(16);
  return TEXT_MODE_MAGIC.some((each) => start.startsWith(each.replace('kk', kk)));
}

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Why these are not the first bytes of a file of this kind, or undefined. The version is judged
 * before all but the magic: a newer one may have another header, shorter ones too.
 *
 * @throws RunlogError FORMAT_TOO_NEW.
 */
export function faultOfStart(
  bytes: Uint8Array,
  letter: FileLetter,
  headerSize: number,
  file: string,
): string | undefined {
  const isOurs = hasMagic(bytes, letter);
  if (isOurs && bytes.length >= VERSION_END) {
    const version = dataViewOf(bytes).getUint16(MAGIC_SIZE, true);
    if (version > FORMAT_VERSION) {
      throw new RunlogError(
        'FORMAT_TOO_NEW',
        `${file}: format version ${version}, this package reads up to ${FORMAT_VERSION}; upgrade runlog, nothing was changed`,
        { file },
      );
    }
    if (version !== FORMAT_VERSION) return `format version ${version}`;
  }
  if (bytes.length < headerSize) return `only ${bytes.length} bytes`;
  if (isOurs) return undefined;
  return isTextMode(bytes, letter)
    ? 'changed by a transfer in text mode (magic)'
    : 'not a file of this kind (magic)';
}

export function dataViewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
