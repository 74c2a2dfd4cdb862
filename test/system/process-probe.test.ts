// What a process tells of itself is what it does: a loop that was blocked, time that was burnt, memory
// that was taken, collections that ran.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { ProcessProbe } from '../../src/system/process-probe.ts';
import { Recording } from '../../src/system/reading.ts';

/** Of processor time: others may have the core meanwhile. */
function burn(ms: number): void {
  const start = process.cpuUsage();
  const used = (): number => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  while (used() < ms);
}

const valuesOf = (probe: ProcessProbe, recording: Recording): Record<string, number> =>
  Object.fromEntries(recording.record(probe.read()).map(({ name, value }) => [name, value]));

it('tells of memory, processor time and the loop at once', () => {
  const probe = new ProcessProbe();
  const first = valuesOf(probe, new Recording());
  probe.stop();
  expect(first['cpu']).toBeGreaterThan(0);
  expect(first['p_memory_percent']).toBeGreaterThan(0);
  expect(first['p_memory_percent']).toBeLessThan(100);
  expect(first['p_rss_bytes']).toBeGreaterThan(10e6);
  expect(first['heap_used_bytes']).toBeGreaterThan(1e6);
  expect(first['heap_limit_bytes']).toBeGreaterThan(first['heap_used_bytes'] ?? 0);
  expect(first['loop_utilization_percent']).toBeGreaterThan(0);
  expect(first['loop_utilization_percent']).toBeLessThanOrEqual(100);
});

it('sees a loop that was blocked, and what was burnt', async () => {
  const probe = new ProcessProbe();
  const recording = new Recording();
  valuesOf(probe, recording);
  await sleep(250);
  burn(900);
  await sleep(250);
  const told = valuesOf(probe, recording);
  probe.stop();
  expect(told['loop_delay_max_ms']).toBeGreaterThan(600);
  expect(told['loop_delay_p99_ms']).toBeGreaterThan(500);
  expect(told['loop_delay_p50_ms']).toBeLessThanOrEqual(told['loop_delay_max_ms'] ?? 0);
  expect(told['loop_utilization_percent']).toBeGreaterThan(40);
  expect(told['cpu']).toBeGreaterThan(0);
});

it('sees collections, but not those while it was paused', async () => {
  const probe = new ProcessProbe();
  const recording = new Recording();
  valuesOf(probe, recording);
  let kept: unknown[] = [];
  for (let index = 0; index < 3e6; index += 1) {
    kept.push({ index });
    if (kept.length > 100_000) kept = [];
  }
  await sleep(50);
  expect(valuesOf(probe, recording)['gc_time_percent']).toBeGreaterThan(0);
  probe.pause();
  expect(valuesOf(probe, recording)).not.toHaveProperty('gc_time_percent');
  expect(valuesOf(probe, recording)).toHaveProperty('gc_time_percent');
  probe.stop();
});
