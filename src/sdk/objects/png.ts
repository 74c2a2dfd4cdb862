// Raw pixels as a PNG file, 8 bits a channel.
//
// 1. Every row is coded against the one above it: one pass, and most of what trying all filters saves.
//
// Source: PNG (W3C, third edition) 9.2 and 11.2. Test: test/sdk/image.test.ts.

import { promisify } from 'node:util';
import { crc32, deflate, deflateSync } from 'node:zlib';

/** An image as its pixels, 8 bits a channel. */
export interface Pixels {
  /** Rows from the top, channels of a pixel together: width * height * channels values of 0 to 255. */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue, 4: and opacity. Any other is refused. */
  readonly channels: number;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPE: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };
const UP = 2;
/** Bytes that are coded between two turns of the event loop. */
const SLICE_SIZE = 1024 * 1024;

export const encodePng = (pixels: Pixels): Uint8Array => {
  const rows = new Rows(pixels);
  rows.code(pixels.height);
  return fileOf(pixels, deflateSync(rows.bytes));
};

/** As `encodePng`, deflated in the thread pool. `pixels.data` must not change meanwhile. */
export async function encodePngLater(pixels: Pixels): Promise<Uint8Array> {
  const rows = new Rows(pixels);
  const slice = Math.max(1, Math.floor(SLICE_SIZE / (pixels.width * pixels.channels)));
  while (!rows.areCoded) {
    rows.code(slice);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return fileOf(pixels, await promisify(deflate)(rows.bytes));
}

class Rows {
  readonly bytes: Uint8Array;
  readonly #pixels: Pixels;
  #row = 0;

  constructor(pixels: Pixels) {
    this.#pixels = pixels;
    this.bytes = new Uint8Array((pixels.width * pixels.channels + 1) * pixels.height);
  }

  get areCoded(): boolean {
    return this.#row === this.#pixels.height;
  }

  code(count: number): void {
    const { data, width, height, channels } = this.#pixels;
    const size = width * channels;
    const { bytes } = this;
    const end = Math.min(height, this.#row + count);
    for (; this.#row < end; this.#row += 1) {
      const source = this.#row * size;
      const target = this.#row * (size + 1);
      bytes[target] = UP;
      for (let index = 0; index < size; index += 1) {
        const above = this.#row === 0 ? 0 : (data[source + index - size] as number);
        bytes[target + 1 + index] = (data[source + index] as number) - above;
      }
    }
  }
}

function fileOf({ width, height, channels }: Pixels, deflated: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = COLOUR_TYPE[channels] as number;
  const parts = [SIGNATURE, ...chunk('IHDR', header), ...chunk('IDAT', deflated), ...chunk('IEND')];
  const file = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let place = 0;
  for (const part of parts) {
    file.set(part, place);
    place += part.length;
  }
  return file;
}

function chunk(type: string, body: Uint8Array = new Uint8Array(0)): Uint8Array[] {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, body.length);
  for (let index = 0; index < 4; index += 1) head[4 + index] = type.charCodeAt(index);
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc32(body, crc32(head.subarray(4))));
  return [head, body, sum];
}
