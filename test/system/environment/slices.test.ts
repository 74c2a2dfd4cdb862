// Work in slices lets the event loop turn, and rests no oftener than it must.

import { expect, it } from 'vitest';
import { durations } from '../../../src/limits.ts';
import { Slices } from '../../../src/system/environment/slices.ts';

it('a turn of the loop passes once a slice is over, and none before', async () => {
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const slices = new Slices();
  await slices.rest();
  expect(turns).toBe(0);
  for (let piece = 0; piece < 3; piece += 1) {
    const start = performance.now();
    while (performance.now() - start < durations.sliceMs);
    await slices.rest();
    expect(turns).toBeGreaterThan(piece);
  }
  isOver = true;
});
