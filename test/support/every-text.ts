// Everything that a repo holds, for a search: the bytes of each file; each frame of each segment, also those
// that are no records; each record of each log as the engine reads it, walked to its strings and bytes;
// with what is packed unpacked, and colours left out, which may stand within a word.

import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import zlib from 'node:zlib';
import { Log, nodeVfs } from '../../src/engine/index.ts';
import { decodeLines } from '../../src/store/lines.ts';
import { recordType } from '../../src/store/record.ts';
import { framesOf } from './log-files.ts';

export interface Held {
  readonly place: string;
  readonly bytes: Buffer;
}

const DEPTH_MAX = 64;

export async function everyText(repo: string): Promise<Held[]> {
  const held: Held[] = [];
  const entries = fs.readdirSync(repo, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    held.push({ place: 'a file name', bytes: Buffer.from(path) });
    if (entry.isFile()) addFile(path, held);
    if (entry.isDirectory() && basename(dirname(path)) === 'logs') await addLog(path, held);
  }
  return held;
}

const isSegment = (name: string): boolean => /^(?:segment|rewritten)-/.test(name);
const FRAME_HEADER_SIZE = 48;

function addFile(path: string, held: Held[]): void {
  const bytes = fs.readFileSync(path);
  held.push({ place: path, bytes });
  if (!isSegment(basename(path))) return;
  for (const { offset, end, type } of framesOf(bytes)) {
    const size = bytes.readUInt32LE(offset + 4);
    const body = bytes.subarray(offset + FRAME_HEADER_SIZE, offset + FRAME_HEADER_SIZE + size);
    if (end <= bytes.length) addBytes(body, `${path}, frame of type ${type} at ${offset}`, held);
  }
}

async function addLog(directory: string, held: Held[]): Promise<void> {
  const log = await Log.open(directory, { vfs: nodeVfs(), readOnly: true });
  for (const { type, key, body, position } of log.records()) {
    const place = `${directory}, record ${position} of type ${type}`;
    walk([key, body], place, held, 0);
    if (type === recordType.lines) walk(decodeLines(body).texts, `${place}, a line`, held, 0);
  }
  await log.close();
}

function walk(value: unknown, place: string, held: Held[], depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError(`${place}: deeper than ${DEPTH_MAX}`);
  if (typeof value === 'string') addText(value, place, held);
  else if (value instanceof Uint8Array) addBytes(Buffer.from(value), place, held);
  else if (value instanceof Map) for (const each of value) walk(each, place, held, depth + 1);
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) {
      held.push({ place, bytes: Buffer.from(name) });
      walk(each, place, held, depth + 1);
    }
}

function addText(text: string, place: string, held: Held[]): void {
  held.push({ place, bytes: Buffer.from(text) });
  if (!text.includes('\x1b')) return;
  held.push({ place: `${place}, uncoloured`, bytes: Buffer.from(stripVTControlCharacters(text)) });
}

const unpackings = [
  zlib.inflateRawSync,
  zlib.inflateSync,
  zlib.gunzipSync,
  zlib.brotliDecompressSync,
];

function addBytes(bytes: Buffer, place: string, held: Held[]): void {
  held.push({ place, bytes });
  for (const unpack of unpackings) {
    try {
      held.push({
        place: `${place}, unpacked`,
        bytes: unpack(bytes, { maxOutputLength: 2 ** 26 }),
      });
    } catch {
      // Not packed in this way.
    }
  }
}

/** A secret in every form in which it might be written. */
export const formsOf = (secret: string): Buffer[] =>
  [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    // Base64 of it at each of three places in a text: the characters that do not depend on neighbours.
    ...[0, 1, 2].map((shift) =>
      Buffer.from(`${'.'.repeat(shift)}${secret}`)
        .toString('base64')
        .slice(shift === 0 ? 0 : 4)
        .replace(/.{4}$/, ''),
    ),
  ]
    .filter((form) => form.length >= 6)
    .map((form) => Buffer.from(form));

/** Which secrets are held, and where. */
export const findSecrets = (held: readonly Held[], secrets: readonly string[]): string[] =>
  secrets.flatMap((secret) =>
    formsOf(secret).flatMap((form) =>
      held.filter(({ bytes }) => bytes.includes(form)).map(({ place }) => `${form} in ${place}`),
    ),
  );
