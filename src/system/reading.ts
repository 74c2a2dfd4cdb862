// What a probe reads, and how what grows becomes what is recorded: the growth since the last sample of
// the run that records it.
//
// Runs with different intervals share readings, so that a reading has no rates: only whoever records
// knows since when.
//
// Spec: spec/system-metrics.md. Test: test/system/reading.test.ts.

import { type DelayWindow, LoopDelays } from './loop-delay.ts';

/** A value that stands for itself, under its name without the prefix. */
export interface Gauge {
  readonly name: string;
  readonly value: number;
  /** The card it is of. */
  readonly gpu?: number;
}

/** Recorded as growth(total) / growth(of) * scale. */
export interface Counter {
  readonly name: string;
  readonly total: number;
  /** Milliseconds of a clock that never goes back, or another counter. */
  readonly of: number;
  readonly scale: number;
  /** Both began at 0 with the process: also the first reading tells something. */
  readonly isFromStart?: boolean;
}

export interface Reading {
  readonly gauges?: readonly Gauge[];
  readonly counters?: readonly Counter[];
  readonly delays?: DelayWindow;
}

/** One way to read. A probe that fails is not asked again; the others are. */
export interface Probe {
  /** What it reads, for the person who is told that it stopped. */
  readonly name: string;
  /** Others do not wait for it: it asks another program, which it gives up by itself. */
  readonly isSlow?: boolean;
  /** Called again only when it has answered. Throws or rejects: it cannot go on. */
  read(): Reading | Promise<Reading>;
  /** Lets go of what would pile up in a loop that does not yield; the next reading takes it up again. */
  pause?(): void;
  /** Idempotent; must not throw. */
  stop(): void;
}

/** What one run records of the readings. */
export class Recording {
  readonly #previous = new Map<string, Counter>();
  readonly #delays = new LoopDelays();

  /** Of a sample that is not recorded: another run asked for it. */
  pass({ delays }: Reading): void {
    if (delays !== undefined) this.#delays.add(delays);
  }

  /** The values of a sample. What cannot be told yet, or went backwards, is not among them. */
  record(reading: Reading): Gauge[] {
    this.pass(reading);
    const values = [...(reading.gauges ?? [])];
    for (const counter of reading.counters ?? []) {
      const value = this.#growth(counter);
      if (value !== undefined) values.push({ name: counter.name, value });
    }
    if (reading.delays !== undefined) values.push(...this.#delays.take());
    return values.filter(({ value }) => Number.isFinite(value)).map(rounded);
  }

  #growth(counter: Counter): number | undefined {
    const { name, total, of, scale, isFromStart } = counter;
    const previous = this.#previous.get(name) ?? (isFromStart ? { total: 0, of: 0 } : undefined);
    this.#previous.set(name, counter);
    if (previous === undefined) return undefined;
    const [grown, over] = [total - previous.total, of - previous.of];
    // Backwards: an interface that went and came again.
    return over > 0 && grown >= 0 ? (grown / over) * scale : undefined;
  }
}

/** As Aim does: the sixth decimal of a percentage is noise, and rounded values are stored in less. */
const rounded = (gauge: Gauge): Gauge => ({ ...gauge, value: Math.round(gauge.value * 1e6) / 1e6 });
