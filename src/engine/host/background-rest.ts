// How long background work rests between two slices: the event loop belongs to the program.
//
// Test: test/engine/background-rest.test.ts.

/** Of the time that we did not use ourselves. */
const BUSY_SHARE = 0.5;
const REST_IDLE = 1;
const REST_BUSY = 9;

let seen = performance.eventLoopUtilization();

export function rest(ms: number): Promise<void> {
  const now = performance.eventLoopUtilization();
  const { idle, active } = performance.eventLoopUtilization(now, seen);
  seen = now;
  const others = Math.max(0, active - ms);
  const factor = others > BUSY_SHARE * (idle + others) ? REST_BUSY : REST_IDLE;
  return new Promise((resolve) => {
    setTimeout(resolve, factor * ms).unref();
  });
}
