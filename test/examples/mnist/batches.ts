// The minibatches of a training: each epoch goes through all images in an order of its own, which the
// seed and the epoch alone decide, so that a resumed training meets the images that it would have met.

import { copyImages, type Digits, PIXEL_COUNT } from './digits.ts';
import { createRandom, shuffledOrder } from './random.ts';

export const BATCH_SIZE = 32;
// Far apart: the epochs of one seed and of the next must not share an order.
const EPOCH_SEED_STRIDE = 1_000_003;

export class Batches {
  /** The images of the batch that was loaded last. */
  readonly pixels = new Float32Array(BATCH_SIZE * PIXEL_COUNT);
  readonly labels = new Uint8Array(BATCH_SIZE);
  readonly #digits: Digits;
  readonly #seed: number;
  /** Batches in an epoch. */
  readonly #batchCount: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  constructor(digits: Digits, seed: number) {
    this.#digits = digits;
    this.#seed = seed;
    this.#batchCount = Math.floor(digits.count / BATCH_SIZE);
  }

  epochOf(step: number): number {
    return Math.floor(step / this.#batchCount);
  }

  load(step: number): void {
    const epoch = this.epochOf(step);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      const random = createRandom(this.#seed + (epoch + 1) * EPOCH_SEED_STRIDE);
      this.#order = shuffledOrder(this.#digits.count, random);
    }
    const start = (step % this.#batchCount) * BATCH_SIZE;
    copyImages(this.#digits, this.#order.subarray(start, start + BATCH_SIZE), this);
  }
}
