// The host of a real process: its clocks, its machine, its timers.
//
// Test: test/engine/host.test.ts, test/process/host.test.ts.

import type { Host } from '../host.ts';
import { rest } from './background-rest.ts';
import { ownerState, selfRecord } from './liveness.ts';
import { takePoliteLock } from './polite-lock.ts';
import { openProbe } from './probe.ts';
import { watchSegment } from './sync-scheduler.ts';

const host: Host = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  liveness: { self: () => selfRecord(Date.now()), announce: openProbe, state: ownerState },
  politeLock: takePoliteLock,
  schedule: {
    after(ms, callback) {
      const timer = setTimeout(callback, ms).unref();
      return () => clearTimeout(timer);
    },
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    rest,
    watch: watchSegment,
  },
};

/** The one host of this thread. */
export const nodeHost = (): Host => host;
