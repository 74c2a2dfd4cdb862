// NVIDIA cards, by one `nvidia-smi` that prints again and again: starting it wakes the driver and takes
// up to a second, reading on costs a line.
//
// 1. The child never keeps the process alive, and never outlives it by more than a line: whoever prints
//    into a pipe that nobody reads is ended by it, also when the process was killed.
// 2. A child that ends, falls silent or prints without end is replaced, each time after twice the time; one that never told
//    anything, five times over, ends the probe.
// 3. A value is recorded only while it is fresh.
//
// Spec: spec/system-metrics.md. Test: test/system/gpu-probe.test.ts.

import { type ChildProcess, spawn } from 'node:child_process';

import { type GpuReading, parseGpuReading, sampleColumns } from './nvidia-text.ts';
import type { Gauge, Probe, Reading } from './reading.ts';

export interface GpuTimes {
  /** Between two readings of the cards: whole seconds, as the program takes no less. */
  readonly loopMs: number;
  /** A value older than this is not recorded. */
  readonly freshMs: number;
  /** A child that prints nothing for so long is ended. */
  readonly silenceMs: number;
  /** Before a child is replaced; doubles while none tells anything. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
}

export const gpuTimes: GpuTimes = {
  loopMs: 1000,
  freshMs: 5000,
  silenceMs: 15_000,
  retryMs: 1000,
  retryMaxMs: 60_000,
};

/** Children in a row that told nothing. */
const FAILURE_MAX = 5;
/** A line of ours is below a hundred bytes; more without an end is something else. */
const LINE_SIZE_MAX = 4096;
/** Characters that a child may print at once, and then a second: those of hundreds of cards. */
const PRINTED_MAX = 64 * 1024;
const PRINTED_PER_SECOND = 16 * 1024;
/** Exit code of a machine that has the program and no card. */
const NO_DEVICE = 6;

export class GpuProbe implements Probe {
  readonly name = 'nvidia-smi';
  readonly isSlow = true;
  readonly #program: string;
  readonly #times: GpuTimes;
  readonly #latest = new Map<number, { readonly reading: GpuReading; readonly at: number }>();
  #child: ChildProcess | undefined;
  #rest = '';
  #complaint = '';
  #failureCount = 0;
  #gone: Error | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(program: string, times: GpuTimes = gpuTimes) {
    this.#program = program;
    this.#times = times;
    this.#start();
  }

  /** Waits for the first values of the first child: they come when they come. */
  async read(): Promise<Reading> {
    if (this.#latest.size === 0 && this.#gone === undefined && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#gone !== undefined) throw this.#gone;
    const since = performance.now() - this.#times.freshMs;
    const fresh = [...this.#latest.values()].filter(({ at }) => at >= since);
    return { gauges: fresh.flatMap(({ reading }) => gaugesOf(reading)) };
  }

  #start(): void {
    if (this.#isOver) return;
    const query = `--query-gpu=${sampleColumns.join(',')}`;
    const loop = `--loop=${Math.max(1, Math.round(this.#times.loopMs / 1000))}`;
    this.#rest = '';
    try {
      const child = spawn(this.#program, [query, '--format=csv,noheader,nounits', loop], {
        stdio: ['ignore', 'pipe', 'pipe'],
        windowsHide: true,
      });
      this.#child = child;
      this.#listen(child);
    } catch (error) {
      // No process or no file left for it.
      this.#ended(undefined, (error as Error).message);
    }
  }

  #listen(child: ChildProcess): void {
    child.unref();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('error', () => {});
      (stream as unknown as { unref?(): void } | null)?.unref?.();
    }
    const since = performance.now();
    let printed = 0;
    const ofThis = (call: (text: string) => void) => (text: string) => {
      if (this.#child !== child) return;
      call(text);
      printed += text.length;
      const seconds = (performance.now() - since) / 1000;
      if (printed > PRINTED_MAX + seconds * PRINTED_PER_SECOND)
        this.#kill(child, this.#complaint || 'it prints without end');
    };
    child.stdout?.on(
      'data',
      ofThis((text) => this.#take(text)),
    );
    child.stderr?.on(
      'data',
      ofThis((text) => this.#complain(text)),
    );
    child.once('error', (error) => this.#endedOf(child, undefined, error.message));
    child.once('close', (code, signal) =>
      this.#endedOf(child, code, this.#complaint || `it ended with ${signal ?? `code ${code}`}`),
    );
    this.#watchSilence(child);
  }

  #watchSilence(child: ChildProcess): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#kill(child, `it printed nothing for ${this.#times.silenceMs} ms`);
    }, this.#times.silenceMs).unref();
  }

  #kill(child: ChildProcess, reason: string): void {
    kill(child);
    this.#endedOf(child, undefined, reason);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LINE_SIZE_MAX) this.#rest = '';
    const at = performance.now();
    const readings = lines.map(parseGpuReading).filter((each) => each !== undefined);
    for (const reading of readings) this.#latest.set(reading.index, { reading, at });
    if (readings.length === 0) {
      // Some faults are printed there.
      this.#complain(lines.join(' '));
      return;
    }
    this.#failureCount = 0;
    this.#timer?.refresh();
    this.#answer();
  }

  #complain(text: string): void {
    this.#complaint = (this.#complaint || text.trim()).slice(0, 200);
  }

  #endedOf(child: ChildProcess, code: number | null | undefined, reason: string): void {
    if (this.#child === child) this.#ended(code, reason);
  }

  #ended(code: number | null | undefined, reason: string): void {
    clearTimeout(this.#timer);
    this.#child = undefined;
    this.#complaint = '';
    this.#failureCount += 1;
    if (code === NO_DEVICE && this.#latest.size === 0) {
      this.stop();
      return;
    }
    if (this.#failureCount >= FAILURE_MAX) {
      this.#gone = new Error(`${reason} (${FAILURE_MAX} times)`);
      this.#answer();
      return;
    }
    const { retryMs, retryMaxMs } = this.#times;
    const wait = Math.min(retryMaxMs, retryMs * 2 ** (this.#failureCount - 1));
    this.#timer = setTimeout(() => this.#start(), wait).unref();
  }

  #answer(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) kill(child);
    this.#answer();
  }
}

/** Nothing more of it is read. */
function kill(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.kill('SIGKILL');
}

function gaugesOf({ index, ...values }: GpuReading): Gauge[] {
  const named = [
    ['gpu', values.utilization],
    ['gpu_memory_percent', values.memoryPercent],
    ['gpu_temp', values.temperature],
    ['gpu_power_watts', values.powerWatts],
  ] as const;
  return named.flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value, gpu: index }],
  );
}
