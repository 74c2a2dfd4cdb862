// The machine's sequences of a run: `__system__cpu` and the like, by `systemTrackingInterval`.
//
// 1. Opening a run does not wait for it: the collector is loaded, and the first sample taken, in a later
//    turn. A run that is closed before that pays nothing.
// 2. Points are ordinary ones: the steps go on where they were when the run is resumed.
// 3. What fails stops, is said once, and takes nothing of the run with it (G1).
//
// Spec: spec/system-metrics.md. Test: test/sdk/system-tracking.test.ts.

import { RunlogError } from '../errors.ts';
import { canonicalContext } from '../model/context.ts';
import { SYSTEM_PREFIX } from '../model/sequence.ts';
import type { SequenceWriter } from '../store/definitions.ts';
import type { Recorded } from '../system/collector.ts';
import type { Gauge } from '../system/reading.ts';
import type { Attachment, RunInside } from './attachment.ts';
import { systemInterval } from './options.ts';

export function attachSystemTracking(run: RunInside): Attachment | undefined {
  const seconds = systemInterval(run.options.systemTrackingInterval);
  return seconds === null ? undefined : new SystemTracking(run, seconds * 1000);
}

class SystemTracking implements Attachment {
  readonly #run: RunInside;
  readonly #sequences = new Map<string, SequenceWriter>();
  #recorded: Recorded | undefined;
  #isOver = false;

  constructor(run: RunInside, interval: number) {
    this.#run = run;
    // Not in this turn: what the program does first after opening comes first.
    setImmediate(() => this.#begin(interval)).unref();
  }

  async #begin(interval: number): Promise<void> {
    if (this.#isOver) return;
    try {
      const { collector } = await import('../system/probes.ts');
      if (this.#isOver) return;
      this.#recorded = collector.begin({
        interval,
        record: (values, time) => this.#record(values, time),
        failed: (reason) => this.#report(reason),
      });
    } catch (error) {
      this.#end(error);
    }
  }

  #record(values: readonly Gauge[], time: number): void {
    if (this.#isOver) return;
    const { writer, touch } = this.#run;
    try {
      const { recording } = writer.log;
      // They would only be counted as lost.
      if (recording === 'failed' || recording === 'fenced') {
        this.stop();
        return;
      }
      for (const value of values)
        writer.track(this.#sequence(value), value.value, undefined, Number.NaN, time);
      touch();
    } catch (error) {
      this.#end(error);
    }
  }

  #sequence({ name, gpu }: Gauge): SequenceWriter {
    const key = gpu === undefined ? name : `${name} ${gpu}`;
    const known = this.#sequences.get(key);
    if (known !== undefined) return known;
    const context = canonicalContext(gpu === undefined ? {} : { gpu });
    const sequence = this.#run.writer.sequence(`${SYSTEM_PREFIX}${name}`, context);
    this.#sequences.set(key, sequence);
    return sequence;
  }

  #end(error: unknown): void {
    if (this.#isOver) return;
    this.stop();
    this.#report(error instanceof Error ? error.message : String(error), error);
  }

  #report(reason: string, cause?: unknown): void {
    this.#run.report(
      new RunlogError('IO', `system metrics, no longer recorded: ${reason}`, { cause }),
    );
  }

  beforeFlush(): void {
    this.#recorded?.beforeFlush();
  }

  stop(): void {
    this.#isOver = true;
    this.#recorded?.stop();
  }
}
