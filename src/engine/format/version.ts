// Magic bytes and the version rule, shared by every kind of file.
//
// Spec: spec/document.md, spec/versions.md. Test: test/engine/format.test.ts.

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

export const MAGIC_SIZE = 8;

export function writeMagic(target: Uint8Array, letter: FileLetter): void {
  target.set([0x89, 0x52, 0x4c, letter.charCodeAt(0), 0x0d, 0x0a, 0x1a, 0x0a]);
}

export function hasMagic(bytes: Uint8Array, letter: FileLetter): boolean {
  const expected = new Uint8Array(MAGIC_SIZE);
  writeMagic(expected, letter);
  return bytes.length >= MAGIC_SIZE && expected.every((byte, index) => bytes[index] === byte);
}

/** Before anything else of the file is judged. */
export function checkVersion(version: number, file: string): void {
  if (version > FORMAT_VERSION) {
    throw new RunlogError(
      'FORMAT_TOO_NEW',
      `${file}: format version ${version}, this package reads up to ${FORMAT_VERSION}; upgrade runlog, nothing was changed`,
      { file },
    );
  }
}

export function dataViewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
