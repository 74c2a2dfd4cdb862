// Bytes that look like frames and are none of this place: of another segment, of another place of the
// same one, or with a field that was damaged. Disks give back old blocks; a reader believes nothing of
// a frame before its sums, and loses no more than the frames that are damaged.

import { beforeAll, expect, it } from 'vitest';
import { FRAME_HEADER_SIZE, paddedSize, readFrameHeader } from '../../src/engine/format/frame.ts';
import { SEGMENT_HEADER_SIZE } from '../../src/engine/format/segment-header.ts';
import { dataViewOf } from '../../src/engine/format/version.ts';
import { Log, loadXxhash, type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';
import { SegmentFile } from '../../src/engine/segment-file.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const DIRECTORY = '/log';
const NAME = { fence: 1, number: 1, rewritten: false };
const SEGMENT = `${DIRECTORY}/segment-00000001-000001`;

beforeAll(loadXxhash);

/** A killed owner's log of these bodies, one frame each; `synced`: all of it, and a watermark says so. */
async function logOf(bodies: readonly string[], synced = false): Promise<MemoryVfs> {
  const vfs = memoryVfs();
  const log = await Log.open(DIRECTORY, {
    vfs,
    host: simulatedHost(),
    durability: { syncMs: null },
  });
  for (const body of bodies) {
    log.append(20, body);
    log.flush();
  }
  if (synced) {
    await log.sync();
    log.append(20, 'last');
    log.flush();
  }
  vfs.detach();
  return vfs;
}

function framesOf(vfs: MemoryVfs): { offset: number; bytes: Uint8Array }[] {
  const bytes = bytesOf(vfs);
  const frames: { offset: number; bytes: Uint8Array }[] = [];
  for (let offset = SEGMENT_HEADER_SIZE; offset < bytes.length; ) {
    const size = paddedSize(dataViewOf(bytes).getUint32(offset + 4, true));
    frames.push({ offset, bytes: bytes.slice(offset, offset + size) });
    offset += size;
  }
  return frames;
}

function bytesOf(vfs: MemoryVfs): Uint8Array {
  const file = vfs.open(SEGMENT, 'read');
  const bytes = new Uint8Array(vfs.facts(file).size);
  vfs.read(file, bytes, 0);
  vfs.close(file);
  return bytes;
}

function write(vfs: MemoryVfs, offset: number, bytes: Uint8Array): void {
  const file = vfs.open(SEGMENT, 'write');
  vfs.write(file, bytes, offset);
  vfs.close(file);
}

function flip(vfs: MemoryVfs, offset: number, bit: number): void {
  const byte = bytesOf(vfs)[offset] as number;
  write(vfs, offset, Uint8Array.of(byte ^ (1 << bit)));
}

function read(vfs: MemoryVfs): { bodies: unknown[]; damage: number } {
  const log = Log.snapshot(DIRECTORY, { vfs });
  return { bodies: [...log.records()].map(({ body }) => body), damage: log.damage.length };
}

it('a frame of another segment, at its place and position, is not read', async () => {
  const vfs = await logOf(['one', 'two', 'three']);
  const other = await logOf(['ONE', 'TWO', 'THREE']);
  for (const { offset, bytes } of framesOf(other).slice(1)) write(vfs, offset, bytes);
  expect(read(vfs)).toEqual({ bodies: ['one'], damage: 0 });
});

it('a frame of this segment at another place is not read', async () => {
  const vfs = await logOf(['one', 'two', 'three']);
  const [first] = framesOf(vfs);
  write(vfs, bytesOf(vfs).length, first?.bytes as Uint8Array);
  expect(read(vfs)).toEqual({ bodies: ['one', 'two', 'three'], damage: 0 });
});

it('no field of a header is believed before its sum', async () => {
  const vfs = await logOf(['one', 'two']);
  const file = new SegmentFile(vfs, DIRECTORY, NAME);
  const salt = typeof file.header === 'string' ? 0n : file.header.salt;
  file.close();
  const bytes = bytesOf(vfs);
  for (let bit = 0; bit < FRAME_HEADER_SIZE * 8; bit += 1) {
    const flipped = bytes.slice();
    const place = SEGMENT_HEADER_SIZE + (bit >> 3);
    flipped[place] = (flipped[place] as number) ^ (1 << (bit & 7));
    const view = dataViewOf(flipped);
    const header = readFrameHeader(flipped, view, SEGMENT_HEADER_SIZE, flipped.length, salt);
    expect(header, `bit ${bit}`).toBe(bit < 32 ? 'no frame marker' : 'frame header checksum');
  }
});

it('frames behind a damaged length are found again', async () => {
  const bodies = ['one', 'two', 'three', 'four', 'five', 'six'];
  const vfs = await logOf(bodies, true);
  const frames = framesOf(vfs);
  // The body of the second, and the length of the third: it would reach beyond the fourth.
  flip(vfs, (frames[1]?.offset ?? 0) + FRAME_HEADER_SIZE, 0);
  flip(vfs, (frames[2]?.offset ?? 0) + 4, 6);
  const { bodies: found, damage } = read(vfs);
  expect(found).toEqual(['one', 'four', 'five', 'six', 'last']);
  expect(damage).toBeGreaterThan(0);
});
