// A clock that stands still until it is moved, with its timers; and probes that tests hold in hand.

import type { CollectorClock, Recorder } from '../../src/system/collector.ts';
import type { Gauge, Probe, Reading } from '../../src/system/reading.ts';

export class SimulatedClock implements CollectorClock {
  #now = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly call: () => void }>();
  #timerCount = 0;

  now(): number {
    return this.#now;
  }

  time(): number {
    return 1e12 + this.#now;
  }

  after(ms: number, call: () => void): () => void {
    this.#timerCount += 1;
    const id = this.#timerCount;
    this.#timers.set(id, { at: this.#now + ms, call });
    return () => this.#timers.delete(id);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on, calling each timer when it is due and letting what it began be answered. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await answered();
    for (;;) {
      const next = [...this.#timers].sort(([, one], [, other]) => one.at - other.at)[0];
      if (next === undefined || next[1].at > end) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].call();
      await answered();
    }
    this.#now = end;
  }

  /** The loop is blocked: time goes on, no timer is called. */
  block(ms: number): void {
    this.#now += ms;
  }
}

/** Every promise that can be answered without a timer is. */
const answered = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Counts its readings: the value of the nth is n. */
export class CountingProbe implements Probe {
  readonly name: string;
  isSlow = false;
  readCount = 0;
  isStopped = false;
  pauseCount = 0;
  /** What the next readings are instead. */
  answer: (() => Reading | Promise<Reading>) | undefined;

  constructor(name: string) {
    this.name = name;
  }

  read(): Reading | Promise<Reading> {
    this.readCount += 1;
    return this.answer?.() ?? { gauges: [{ name: this.name, value: this.readCount }] };
  }

  pause(): void {
    this.pauseCount += 1;
  }

  stop(): void {
    this.isStopped = true;
  }
}

/** Keeps what it is given. */
export class KeepingRecorder implements Recorder {
  readonly interval: number;
  readonly samples: { readonly values: readonly Gauge[]; readonly time: number }[] = [];
  readonly failures: string[] = [];

  constructor(interval: number) {
    this.interval = interval;
  }

  record(values: readonly Gauge[], time: number): void {
    this.samples.push({ values, time });
  }

  failed(reason: string): void {
    this.failures.push(reason);
  }

  get times(): number[] {
    return this.samples.map(({ time }) => time - 1e12);
  }

  get values(): number[] {
    return this.samples.map(({ values }) => values[0]?.value ?? Number.NaN);
  }
}
