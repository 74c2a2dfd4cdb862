// Images are kept byte for byte; raw pixels become a PNG that decodes to the same pixels; files that are none,
// too large or not there are refused with a clear error.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

import { afterAll, expect, it } from 'vitest';
import { Image, type Pixels } from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-image-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Decodes by the book: chunks, inflate, each row by its filter. */
function decodePng(file: Uint8Array): number[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const parts: Uint8Array[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let place = 8; place < file.length; ) {
    const size = view.getUint32(place);
    const type = Buffer.from(file.subarray(place + 4, place + 8)).toString();
    if (type === 'IHDR') {
      [width, height] = [view.getUint32(place + 8), view.getUint32(place + 12)];
      expect(file[place + 16]).toBe(8);
      channels = { 0: 1, 2: 3, 6: 4 }[file[place + 17] as 0 | 2 | 6];
    }
    if (type === 'IDAT') parts.push(file.subarray(place + 8, place + 8 + size));
    place += 12 + size;
  }
  const rows = inflateSync(Buffer.concat(parts));
  const values: number[] = [];
  const size = width * channels;
  for (let row = 0; row < height; row += 1) {
    const filter = rows[row * (size + 1)];
    for (let index = 0; index < size; index += 1) {
      const above = row === 0 ? 0 : (values[(row - 1) * size + index] as number);
      const coded = rows[row * (size + 1) + 1 + index] as number;
      values.push(filter === 0 ? coded : (coded + above) & 255);
    }
  }
  return values;
}

const pixelsOf = (width: number, height: number, channels: 1 | 3 | 4): Pixels => ({
  data: seeded(`image ${width} ${height} ${channels}`).bytes(width * height * channels),
  width,
  height,
  channels,
});

it('pixels become a PNG of the same pixels, at once or later', async () => {
  for (const channels of [1, 3, 4] as const) {
    for (const [width, height] of [
      [1, 1],
      [7, 3],
      [3, 700],
    ] as const) {
      const pixels = pixelsOf(width, height, channels);
      const image = new Image(pixels, { caption: 'x' });
      expect(image).toMatchObject({ format: 'png', width, height, caption: 'x' });
      expect(decodePng(image.input.bytes)).toEqual([...pixels.data]);
      const later = Image.fromPixels(pixels);
      const before = [...pixels.data];
      pixels.data.fill(0);
      expect(decodePng((await later).input.bytes)).toEqual(before);
    }
  }
});

it('a PNG of ours is one to another decoder', (context) => {
  const file = join(directory, 'ours.png');
  const pixels = pixelsOf(5, 4, 3);
  writeFileSync(file, new Image(pixels).input.bytes);
  const program =
    'import sys; from PIL import Image; print(list(Image.open(sys.argv[1]).tobytes()))';
  let printed: string;
  try {
    printed = execFileSync('python3', ['-c', program, file], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    context.skip('no Python with Pillow');
    return;
  }
  expect(JSON.parse(printed)).toEqual([...pixels.data]);
});

it('bytes are copied and kept as they are', async () => {
  const { bytes } = new Image(pixelsOf(4, 4, 3)).input;
  const own = bytes.slice();
  const image = new Image(own);
  own.fill(0);
  expect(image.input.bytes).toEqual(bytes);
  const file = join(directory, 'image.png');
  writeFileSync(file, bytes);
  const read = await Image.fromFile(file, { caption: 'read' });
  expect(read.input.bytes).toEqual(bytes);
  expect(read).toMatchObject({ width: 4, height: 4, format: 'png', caption: 'read' });
  expect(read.input.mediaType).toBe('image/png');
});

it('what is no image, or cannot be read, is told', async () => {
  const wrong = (data: unknown, message: RegExp, options = {}): void =>
    expect(() => new Image(data as Pixels, options)).toThrow(message);
  wrong('x', /^data: expected an object, got "x"/);
  wrong({ ...pixelsOf(1, 1, 3), depth: 16 }, /^data.depth: there is no such option/);
  wrong({ ...pixelsOf(1, 1, 3), data: [1, 2, 3] }, /^data.data: expected a Uint8Array/);
  wrong({ ...pixelsOf(1, 1, 3), width: 0 }, /^data.width: expected 1 to 65535/);
  wrong({ ...pixelsOf(1, 1, 3), height: 1.5 }, /^data.height: /);
  wrong({ ...pixelsOf(1, 1, 3), channels: 2 }, /^data.channels: expected 1, 3 or 4/);
  wrong({ ...pixelsOf(1, 1, 3), width: 2 }, /^data.data: 3 values, expected 6 for 2 x 1 x 3/);
  wrong(pixelsOf(1, 1, 3), /^caption: expected a string/, { caption: 5 });
  wrong(pixelsOf(1, 1, 3), /captionSizeMax/, { caption: 'x'.repeat(limits.captionSizeMax + 1) });
  wrong(pixelsOf(1, 1, 3), /^options.title: /, { title: 'x' });
  const from = (path: unknown) => Image.fromFile(path as string);
  await expect(from(5)).rejects.toThrow(/^path: expected a path/);
  await expect(from(join(directory, 'none.png'))).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('none.png'),
  });
  await expect(from(directory)).rejects.toThrow(/not a file/);
  await expect(from('/dev/zero')).rejects.toThrow(/not a file/);
  const file = join(directory, 'broken.png');
  writeFileSync(file, 'no image');
  await expect(from(file)).rejects.toThrow(/^path: .*broken.png: not a PNG, JPEG or WebP image/);
  truncateSync(file, limits.objectSizeMax + 1);
  await expect(from(file)).rejects.toMatchObject({
    code: 'LIMIT',
    message: expect.stringContaining('logArtifact'),
  });
});
