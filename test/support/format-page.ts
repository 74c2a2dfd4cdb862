// What the tests of the formats share: the byte tables of the spec pages, and bytes with damage.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../../src/errors.ts';

export interface TableField {
  readonly offset: number;
  readonly size: number;
  readonly name: string;
}

/** Rows `| offset | size | name |` below a heading of a spec page. */
export function byteTable(page: string, heading: string): TableField[] {
  const text = readFileSync(resolve(import.meta.dirname, `../../spec/${page}.md`), 'utf8');
  const [, section = ''] = `\n${text}`.split(`\n${heading}\n`);
  const [table = ''] = section.split(/\n#+ /);
  return [...table.matchAll(/^\| (\d+) \| (\d+) \| ([^|]+?) \|/gm)].map(
    ([, offset, size, name]) => ({
      offset: Number(offset),
      size: Number(size),
      name: name?.startsWith('u') ? name.replace(/^u\d+ (\w+).*$/, '$1') : String(name),
    }),
  );
}

/** The field as an unsigned little-endian number. */
export function numberAt(bytes: Uint8Array, { offset, size }: TableField): bigint {
  let value = 0n;
  for (let index = size - 1; index >= 0; index -= 1)
    value = value * 256n + BigInt(bytes[offset + index] as number);
  return value;
}

/** A copy with one byte changed by `mask`. */
export function changed(bytes: Uint8Array, place: number, mask: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[place] = (copy[place] as number) ^ mask;
  return copy;
}

/** What transfers in text mode do to bytes. */
export const textDamage: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'CR LF turned into LF': (bytes) => replaced(bytes, '\r\n', '\n'),
  'LF turned into CR LF': (bytes) => replaced(bytes, '\n', '\r\n'),
  'lone LF turned into CR LF': (bytes) => replaced(bytes, /(?<!\r)\n/g, '\r\n'),
  'LF turned into CR': (bytes) => replaced(bytes, '\n', '\r'),
  'the eighth bit dropped': (bytes) => bytes.map((byte) => byte & 0x7f),
  'read as Latin-1, written as UTF-8': (bytes) => {
    return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8'));
  },
  'read as UTF-8, written as UTF-8': (bytes) => {
    return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('utf8'), 'utf8'));
  },
};

function replaced(bytes: Uint8Array, search: string | RegExp, by: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  return Uint8Array.from(Buffer.from(text.replaceAll(search, by), 'latin1'));
}

/** What `work` returns, or code and message of what it throws; other errors are thrown on. */
export function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'CORRUPT' && code !== 'FORMAT_TOO_NEW' && code !== 'LIMIT') throw error;
    return `${code}: ${(error as Error).message}`;
  }
}
