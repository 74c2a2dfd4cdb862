// Work on the event loop in slices, so that it is never held for long.
//
// Test: test/system/environment/slices.test.ts.

import { durations } from '../../limits.ts';

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Rests in the next turn each time that a slice is over. Asked between pieces of a millisecond at most. */
export class Slices {
  #since = performance.now();

  async rest(): Promise<void> {
    if (performance.now() - this.#since < durations.sliceMs / 2) return;
    await nextTurn();
    this.#since = performance.now();
  }
}
