// How this process and its event loop do: what Node tells of itself, on every platform.
//
// 1. Of a thread: heap, loop and collections are those of the thread that asks; processor time and
//    memory are the process's.
// 2. In a loop that never yields nothing is read, and nothing may pile up meanwhile: `pause` lets go of
//    the collections, which Node keeps until the loop yields.
//
// Spec: spec/system-metrics.md. Test: test/system/process-probe.test.ts.

import os from 'node:os';
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import v8 from 'node:v8';

import { delayWindow } from './loop-delay.ts';
import type { Counter, Gauge, Probe, Reading } from './reading.ts';

/**
 * Milliseconds between two looks at how late the loop is. A look wakes a loop that sleeps, which costs
 * 50 us there, and 2 us in a loop that is at work.
 */
const LOOK_MS = 200;

export class ProcessProbe implements Probe {
  readonly name = 'the process';
  readonly #delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  readonly #memoryTotal = os.totalmem();
  #collections: PerformanceObserver | undefined;
  #collectionMs = 0;

  constructor() {
    this.#delays.enable();
    this.#watch();
  }

  #watch(): void {
    this.#collections ??= new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#collectionMs += duration;
    });
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  read(): Reading {
    const { user, system } = process.cpuUsage();
    const sinceStart = process.uptime() * 1000;
    const { idle, active } = performance.eventLoopUtilization();
    const counters: Counter[] = [
      { name: 'cpu', total: (user + system) / 1000, of: sinceStart, scale: 100, isFromStart: true },
      {
        name: 'loop_utilization_percent',
        total: active,
        of: idle + active,
        scale: 100,
        isFromStart: true,
      },
    ];
    if (this.#collections === undefined) this.#watch();
    else {
      const total = this.#collectionMs;
      counters.push({ name: 'gc_time_percent', total, of: performance.now(), scale: 100 });
    }
    const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
    const gauges: Gauge[] = [
      ...this.#residentMemory(),
      { name: 'heap_used_bytes', value: used_heap_size },
      { name: 'heap_limit_bytes', value: heap_size_limit },
    ];
    const delays = this.#takeDelays();
    return delays === undefined ? { gauges, counters } : { gauges, counters, delays };
  }

  /** Without /proc it cannot be told on Linux; the rest can. */
  #residentMemory(): Gauge[] {
    try {
      const value = process.memoryUsage.rss();
      return [
        { name: 'p_memory_percent', value: (value * 100) / this.#memoryTotal },
        { name: 'p_rss_bytes', value },
      ];
    } catch {
      return [];
    }
  }

  #takeDelays(): ReturnType<typeof delayWindow> {
    const taken = delayWindow(this.#delays.percentiles, this.#delays.count, LOOK_MS);
    this.#delays.reset();
    return taken;
  }

  /** Until the next reading collections are not counted. */
  pause(): void {
    this.#collections?.disconnect();
    this.#collections = undefined;
  }

  stop(): void {
    this.#delays.disable();
    this.pause();
  }
}
