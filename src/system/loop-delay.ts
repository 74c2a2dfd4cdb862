// How late the event loop was: the delays of one time, and of several times together.
//
// Node's own histogram can neither be added to another nor be kept for each run (half a megabyte), so
// that what it saw between two readings is put into buckets of a sixteenth of an octave: within 5 %.
//
// Test: test/system/loop-delay.test.ts.

import type { Gauge } from './reading.ts';

/** Delays of the time between two readings: milliseconds, and how many of them. */
export interface DelayWindow {
  readonly delays: readonly (readonly [delay: number, count: number])[];
  readonly max: number;
}

const BUCKETS_AN_OCTAVE = 16;
/** Below 2 ** -4 ms no clock of ours tells anything. */
const OCTAVE_MIN = -4;
/** 2 ** 27 ms is more than a day. */
const OCTAVE_MAX = 27;
const BUCKET_COUNT = (OCTAVE_MAX - OCTAVE_MIN) * BUCKETS_AN_OCTAVE;

export class LoopDelays {
  readonly #counts = new Float64Array(BUCKET_COUNT);
  #count = 0;
  #max = 0;

  add({ delays, max }: DelayWindow): void {
    for (const [delay, count] of delays) {
      const bucket = bucketOf(delay);
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
      this.#count += count;
    }
    this.#max = Math.max(this.#max, max);
  }

  /** What was added since the last time; nothing where nothing was. */
  take(): Gauge[] {
    if (this.#count === 0) return [];
    const taken = [
      { name: 'loop_delay_p50_ms', value: this.#percentile(0.5) },
      { name: 'loop_delay_p99_ms', value: this.#percentile(0.99) },
      { name: 'loop_delay_max_ms', value: this.#max },
    ];
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
    return taken;
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (count > 0 && left <= 1e-9) return Math.min(this.#max, delayOf(bucket));
    }
    return this.#max;
  }
}

function bucketOf(delay: number): number {
  const bucket = Math.round(
    (Math.log2(Math.max(delay, 2 ** OCTAVE_MIN)) - OCTAVE_MIN) * BUCKETS_AN_OCTAVE,
  );
  return Math.min(Math.max(bucket, 0), BUCKET_COUNT - 1);
}

const delayOf = (bucket: number): number =>
  bucket === 0 ? 0 : 2 ** (OCTAVE_MIN + bucket / BUCKETS_AN_OCTAVE);

/**
 * What Node's histogram saw: times between two calls of a timer, of which the timer's own is no delay.
 * `percentiles` are pairs of a percentage and the nanoseconds that so many were at most.
 */
export function delayWindow(
  percentiles: Iterable<readonly [percent: number, nanoseconds: number]>,
  count: number,
  resolutionMs: number,
): DelayWindow | undefined {
  if (count === 0) return undefined;
  const delays: [number, number][] = [];
  let [before, max] = [0, 0];
  for (const [percent, nanoseconds] of percentiles) {
    const delay = Math.max(0, nanoseconds / 1e6 - resolutionMs);
    if (percent > before) delays.push([delay, ((percent - before) / 100) * count]);
    before = percent;
    max = Math.max(max, delay);
  }
  return { delays, max };
}
