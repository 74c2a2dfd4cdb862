// A log on the memory disk as a test wants it: small options, its files taken, changed and put back.

import {
  type Fold,
  Log,
  type LogOptions,
  type MemoryVfs,
  type RewriteHook,
} from '../../src/engine/index.ts';
import { simulatedHost } from './simulated-host.ts';

export const DIRECTORY = '/log';

/** Writes each record again, in a frame of its own: rewriting changes bytes and not what is read. */
export const copyRecords: RewriteHook = async (input, output) => {
  for (const { type, body, key, position, end } of input)
    output.append([{ type, body, key }], position, end);
};

/** How many records there are, and the sum of their numbers. */
export const countAndSum: Fold<[number, number]> = {
  initial: () => [0, 0],
  apply: ([count, sum], { body }) => [count + 1, sum + ((body as [number])[0] ?? 0)],
};

/** No background syncs, and an earlier owner is dead. */
export const optionsOf = <State>(
  vfs: MemoryVfs,
  options: LogOptions<State> = {},
): LogOptions<State> => ({
  vfs,
  host: simulatedHost(),
  durability: { syncMs: null },
  ...options,
});

/** Appends `[number]` for each number of [from, to) as a frame of its own, and flushes. */
export function appendNumbers<State>(log: Log<State>, from: number, to: number): void {
  for (let number = from; number < to; number += 1)
    log.append(20, [number], { key: `k${number % 3}` });
  if (!log.flush()) throw new Error(`not flushed: ${log.trouble}`);
}

/** The numbers that a reader is given now. */
export function numbersOf(vfs: MemoryVfs): number[] {
  const log = Log.snapshot(DIRECTORY, { vfs });
  return Array.from(log.records(), ({ body }) => (body as [number])[0]);
}

export const upTo = (end: number): number[] => Array.from({ length: end }, (_, index) => index);

/** Names in the log's directory that begin with `prefix`, in order. */
export const namesOf = (vfs: MemoryVfs, prefix = ''): string[] =>
  vfs
    .list(DIRECTORY)
    .filter((name) => name.startsWith(prefix))
    .sort();

export function readFile(vfs: MemoryVfs, name: string): Uint8Array {
  const file = vfs.open(`${DIRECTORY}/${name}`, 'read');
  const bytes = new Uint8Array(vfs.facts(file).size);
  vfs.read(file, bytes, 0);
  vfs.close(file);
  return bytes;
}

/** Puts a file in the place of another, or where there was none. */
export function writeFile(vfs: MemoryVfs, name: string, bytes: Uint8Array): void {
  const path = `${DIRECTORY}/${name}`;
  if (vfs.stat(path) !== undefined) vfs.unlink(path);
  const file = vfs.open(path, 'create');
  if (bytes.length > 0) vfs.write(file, bytes, 0);
  vfs.close(file);
}

/** Inverts one byte. */
export function flip(vfs: MemoryVfs, name: string, offset: number): void {
  const bytes = readFile(vfs, name);
  bytes[offset] = ~(bytes[offset] as number);
  writeFile(vfs, name, bytes);
}

/** Where each frame of a segment begins, as its lengths say. */
export function framesOf(bytes: Uint8Array): { offset: number; end: number; type: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const frames: { offset: number; end: number; type: number }[] = [];
  for (let offset = 128; offset < bytes.length; ) {
    const end = offset + 48 + ((view.getUint32(offset + 4, true) + 7) & ~7);
    frames.push({ offset, end, type: view.getUint8(offset + 8) });
    offset = end;
  }
  return frames;
}
