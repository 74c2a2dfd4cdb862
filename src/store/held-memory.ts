// Memory of what was decoded and can be decoded again, bounded in the whole process: the one that was used
// longest ago is let go first.
//
// Test: test/store/kept-points.test.ts, test/store/downsample.test.ts.

export interface Holder {
  /** Lets go of what it holds; it may be asked for again. */
  release(): void;
}

export class HeldMemory {
  readonly #sizeMax: number;
  /** Bytes of each, the one used last at the end. */
  readonly #sizes = new Map<Holder, number>();
  #size = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** It is used now. `size`: bytes that it holds. */
  use(holder: Holder, size: number): void {
    this.leave(holder);
    this.#sizes.set(holder, size);
    this.#size += size;
    for (const oldest of this.#sizes.keys()) {
      if (this.#size <= this.#sizeMax) break;
      this.leave(oldest);
      oldest.release();
    }
  }

  /** It holds nothing any more. */
  leave(holder: Holder): void {
    this.#size -= this.#sizes.get(holder) ?? 0;
    this.#sizes.delete(holder);
  }
}
