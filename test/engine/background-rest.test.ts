// Background work leaves nine tenths of a busy event loop, and half of an idle one.

import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

import { expect, it } from 'vitest';
import { nodeHost } from '../../src/engine/index.ts';

const { rest } = nodeHost().schedule;

async function restedFor(ms: number): Promise<number> {
  const start = performance.now();
  await rest(ms);
  return performance.now() - start;
}

it('rests as long as it worked where the loop waits', async () => {
  await restedFor(1);
  const rests: number[] = [];
  // Where it does not wait it is 540 each time; once a machine under load lets us wake in time.
  while (rests.length < 20 && !rests.some((ms) => ms < 400)) {
    await wait(300);
    rests.push(await restedFor(60));
  }
  expect(Math.min(...rests)).toBeLessThan(400);
});

it('rests nine times as long where the loop is busy', async () => {
  let isBusy = true;
  const work = (async () => {
    while (isBusy) {
      const end = performance.now() + 1;
      while (performance.now() < end);
      await turn();
    }
  })();
  await restedFor(10);
  // Long beside the 10 ms that are said to be our own.
  await wait(100);
  // A timer may fire a millisecond early.
  expect(await restedFor(10)).toBeGreaterThanOrEqual(89);
  isBusy = false;
  await work;
});
