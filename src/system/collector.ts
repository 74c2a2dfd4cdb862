// Samples the machine for all runs of a thread: when who is due, what is shared, what has failed.
//
// 1. Whoever begins gets a sample at once, then one at each multiple of its interval after that: a late
//    sample delays no other, those that a busy loop missed are left out.
// 2. A probe is asked again only when it has answered. One that fails, or does not answer for a minute
//    and three samples, is stopped and each run is told once; the others go on.
// 3. Runs that are due together get the values of one reading; each its own growth since its last one.
// 4. Nothing keeps the process alive, and nothing is left when no run records: no timer, file or child.
//
// Spec: spec/system-metrics.md. Test: test/system/collector.test.ts.

import { type Gauge, type Probe, type Reading, Recording } from './reading.ts';

/** Where time comes from. */
export interface CollectorClock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970. */
  time(): number;
  /** Calls later, if the process still lives then. What it gives takes the call back. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: CollectorClock = {
  now: () => performance.now(),
  time: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Who records. Nothing of it may throw. */
export interface Recorder {
  /** Milliseconds. */
  readonly interval: number;
  /** Values of a sample, at a time in milliseconds since 1970. */
  record(values: readonly Gauge[], time: number): void;
  /** What has stopped and why: once each. */
  failed(reason: string): void;
}

export interface Recorded {
  /** Called in a loop that may not yield: lets go of what would pile up. */
  beforeFlush(): void;
  /** Idempotent. */
  stop(): void;
}

interface Entry {
  readonly recorder: Recorder;
  readonly recording: Recording;
  readonly begun: number;
  due: number;
}

/** What is read at one time: given out in one piece, as one write costs less than five. */
interface Sample {
  readonly due: readonly Entry[];
  readonly time: number;
  readonly readings: Reading[];
  /** How many probes have not answered yet. */
  waiting: number;
}

interface Asked {
  readonly probe: Probe;
  /** When it was asked what it has not answered yet. */
  since: number | undefined;
  missed: number;
}

/** Recorders whose time comes so soon after another's, in milliseconds, share its sample. */
const TOGETHER_MS = 5;
const SILENCE_MS = 60_000;
const MISSED_MAX = 3;

export class Collector {
  readonly #open: () => Promise<readonly Probe[]>;
  readonly #clock: CollectorClock;
  readonly #entries = new Set<Entry>();
  #asked: Asked[] = [];
  /** The last one, until all of it is there. */
  #sample: Sample | undefined;
  #failures: string[] = [];
  #state: 'off' | 'opening' | 'on' = 'off';
  /** Counts the times that it was begun: what an earlier one opened is not this one's. */
  #life = 0;
  #cancel: (() => void) | undefined;

  constructor(open: () => Promise<readonly Probe[]>, clock: CollectorClock = systemClock) {
    this.#open = open;
    this.#clock = clock;
  }

  begin(recorder: Recorder): Recorded {
    const begun = this.#clock.now();
    const entry = { recorder, recording: new Recording(), begun, due: begun };
    this.#entries.add(entry);
    for (const reason of this.#failures) recorder.failed(reason);
    if (this.#state === 'off') this.#start();
    else this.#arm();
    return {
      beforeFlush: () => this.#pauseIfLate(entry),
      stop: () => this.#end(entry),
    };
  }

  #end(entry: Entry): void {
    if (!this.#entries.delete(entry)) return;
    if (this.#entries.size === 0) this.#stop();
    else this.#arm();
  }

  #start(): void {
    this.#state = 'opening';
    this.#life += 1;
    const life = this.#life;
    this.#open().then(
      (probes) => {
        if (life !== this.#life || this.#state === 'off') {
          stopAll(probes);
          return;
        }
        this.#asked = probes.map((probe) => ({ probe, since: undefined, missed: 0 }));
        this.#state = 'on';
        this.#arm();
      },
      (error: unknown) => {
        if (life === this.#life) this.#fail('the collector', error);
      },
    );
  }

  #stop(): void {
    this.#state = 'off';
    this.#cancel?.();
    this.#cancel = undefined;
    stopAll(this.#asked.map(({ probe }) => probe));
    this.#asked = [];
    this.#sample = undefined;
    this.#failures = [];
  }

  /** One timer for all: for whoever is due first. */
  #arm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#state !== 'on' || this.#asked.length === 0) return;
    const due = Math.min(...[...this.#entries].map((each) => each.due));
    const wait = Math.max(0, due - this.#clock.now());
    this.#cancel = this.#clock.after(wait, () => this.#tick());
  }

  #tick(): void {
    const now = this.#clock.now() + TOGETHER_MS;
    const due = [...this.#entries].filter((each) => each.due <= now);
    for (const entry of due) {
      const { begun, recorder } = entry;
      entry.due = begun + (Math.floor((now - begun) / recorder.interval) + 1) * recorder.interval;
    }
    // Of a probe that stalls the others do not wait for longer than this.
    this.#deliver();
    const sample: Sample = { due, time: this.#clock.time(), readings: [], waiting: 0 };
    this.#sample = sample;
    const ready = this.#asked.filter((asked) => this.#isReady(asked));
    sample.waiting = ready.filter(({ probe }) => !probe.isSlow).length;
    for (const asked of ready) this.#ask(asked, asked.probe.isSlow ? undefined : sample, due);
    this.#arm();
  }

  /** It has answered; one that has not for long is stopped. */
  #isReady(asked: Asked): boolean {
    const { probe, since } = asked;
    const now = this.#clock.now();
    if (since === undefined) {
      asked.since = now;
      asked.missed = 0;
      return true;
    }
    asked.missed += 1;
    const isStalled = now - since >= SILENCE_MS && asked.missed >= MISSED_MAX;
    // A card is asked for by a child, which has its own time limit.
    if (isStalled && !probe.isSlow)
      this.#remove(asked, new Error(`no answer for ${Math.round((now - since) / 1000)} s`));
    return false;
  }

  /** `sample` undefined, or given out already: what it answers is given out by itself. */
  #ask(asked: Asked, sample: Sample | undefined, due: readonly Entry[]): void {
    const answered = (reading: Reading): void => {
      asked.since = undefined;
      if (!this.#asked.includes(asked)) return;
      if (sample === this.#sample && sample !== undefined) {
        sample.readings.push(reading);
        this.#answered(sample);
      } else this.#give([reading], due, this.#clock.time());
    };
    const failed = (error: unknown): void => {
      this.#remove(asked, error);
      if (sample !== undefined) this.#answered(sample);
    };
    try {
      const reading = asked.probe.read();
      if (reading instanceof Promise) reading.then(answered, failed);
      else answered(reading);
    } catch (error) {
      failed(error);
    }
  }

  #answered(sample: Sample): void {
    sample.waiting -= 1;
    if (sample.waiting === 0 && sample === this.#sample) this.#deliver();
  }

  #deliver(): void {
    const sample = this.#sample;
    this.#sample = undefined;
    if (sample !== undefined && sample.readings.length > 0)
      this.#give(sample.readings, sample.due, sample.time);
  }

  #give(readings: readonly Reading[], due: readonly Entry[], time: number): void {
    for (const entry of this.#entries) {
      const { recorder, recording } = entry;
      if (due.includes(entry)) {
        const values = readings.flatMap((each) => recording.record(each));
        if (values.length > 0) recorder.record(values, time);
      } else for (const each of readings) recording.pass(each);
    }
  }

  #remove(asked: Asked, error: unknown): void {
    if (!this.#asked.includes(asked)) return;
    this.#asked = this.#asked.filter((each) => each !== asked);
    stopAll([asked.probe]);
    this.#fail(asked.probe.name, error);
    if (this.#asked.length === 0) this.#arm();
  }

  #fail(what: string, error: unknown): void {
    const reason = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    this.#failures.push(reason);
    for (const { recorder } of this.#entries) recorder.failed(reason);
  }

  /** Two intervals behind: the loop does not yield. */
  #pauseIfLate({ due, recorder }: Entry): void {
    if (this.#clock.now() - due < 2 * recorder.interval) return;
    for (const { probe } of this.#asked) probe.pause?.();
  }
}

function stopAll(probes: readonly Probe[]): void {
  for (const probe of probes) {
    try {
      probe.stop();
    } catch {
      // It must not; what it holds is let go with it.
    }
  }
}
