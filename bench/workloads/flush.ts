// The flush at the end of a turn, and its floors: the same bytes by writeSync, msgpackr alone.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { Packr } from 'msgpackr/pack';

import { Calls } from '../calls.ts';
import {
  figures,
  inChild,
  inDirectory,
  median,
  quantile,
  sized,
  type Tasks,
  type Workload,
} from '../harness.ts';
import { METRICS, Noise, names, openRun, turn } from '../inputs.ts';

interface Steps {
  readonly steps: number;
}

/** Tracks 100 points a step and times the flush that ends it. Times in microseconds. */
const timedFlushes = ({ steps }: Steps) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo);
    const noise = new Noise();
    const times: number[] = [];
    for (let step = 0; step < steps; step += 1) {
      for (const name of names) run.track(noise.next(), { name, step });
      const start = performance.now();
      run.flush();
      times.push((performance.now() - start) * 1000);
      await turn();
    }
    await run.close();
    const longest = Math.max(...times);
    // The first flushes run code that is not compiled yet, beside the threads that compile it.
    const sorted = times.slice(steps >> 2).sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), longest };
  });

/** What one flush of 100 points writes, in calls and bytes, and the longest call. */
const writes = ({ steps }: Steps) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo);
    const calls = new Calls();
    const noise = new Noise();
    for (let step = 0; step < steps; step += 1) {
      for (const name of names) run.track(noise.next(), { name, step });
      run.flush();
      await turn();
    }
    const write = calls.of('writeSync');
    const found = {
      longest: write.longest * 1000,
      size: median(write.sizes),
      calls: calls.count / steps,
    };
    await run.close();
    return found;
  });

/** `writeSync` of as many bytes, with and without a turn of the event loop around it. */
const floor = ({ steps, size }: Steps & { size: number }) =>
  inDirectory(async (directory) => {
    const file = openSync(join(directory, 'floor'), 'w');
    const bytes = new Uint8Array(size).fill(0x5a);
    const times: number[] = [];
    const begin = performance.now();
    for (let step = 0; step < steps; step += 1) {
      const start = performance.now();
      writeSync(file, bytes, 0, size, step * size);
      times.push((performance.now() - start) * 1000);
      await turn();
    }
    const us = ((performance.now() - begin) * 1000) / steps;
    closeSync(file);
    times.sort((a, b) => a - b);
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), speed: METRICS / us };
  });

async function msgpackr({ steps }: Steps): Promise<Record<string, number>> {
  const packr = new Packr({ useRecords: false });
  const noise = new Noise();
  let size = 0;
  const start = performance.now();
  for (let step = 0; step < steps; step += 1) {
    for (const name of names)
      size += packr.pack({
        name,
        step,
        value: noise.next(),
        time: 1_700_000_000_000 + step,
      }).length;
  }
  const points = steps * METRICS;
  return { speed: points / (performance.now() - start) / 1000, size: size / points };
}

export const tasks: Tasks<Steps & { size: number }> = {
  flush: timedFlushes,
  writes,
  floor,
  msgpackr,
};

export const flush: Workload = {
  async measure({ size }) {
    const steps = sized(size, 100, 30_000);
    const { calls = Number.NaN, longest = Number.NaN } = inChild(import.meta.url, 'writes', {
      steps,
    });
    return [
      ...figures('us', inChild(import.meta.url, 'flush', { steps })),
      { metric: 'longest single write call', value: longest, unit: 'us' },
      { metric: 'file system calls a flush', value: calls, unit: 'calls' },
    ];
  },
};

export const floorWrite: Workload = {
  async measure({ size: scale }) {
    const { size } = inChild(import.meta.url, 'writes', { steps: 50 });
    const steps = sized(scale, 100, 8000);
    const { p50 = 0, p99 = 0, speed = 0 } = inChild(import.meta.url, 'floor', { steps, size });
    return [
      ...figures('us', { p50, p99 }),
      { metric: '100 points a write, a turn each', value: speed, unit: 'M points/s' },
    ];
  },
};

export const floorMsgpackr: Workload = {
  async measure({ size: scale }) {
    const { speed = 0, size = 0 } = inChild(import.meta.url, 'msgpackr', {
      steps: sized(scale, 10, 10_000),
    });
    return [
      { metric: 'one map a point', value: speed, unit: 'M points/s' },
      { metric: 'size', value: size, unit: 'bytes/point' },
    ];
  },
};
