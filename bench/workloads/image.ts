// An image of 1 MB at each step: what tracking and flushing it takes, new each time and the same each time;
// what closing, reading and a metric beside them take; and a PNG of raw pixels.

import { Image, Repo, Run } from 'runlog';

import { inChild, inDirectory, sized, type Tasks, type Workload } from '../harness.ts';
import { turn } from '../inputs.ts';

interface Images {
  readonly count: number;
  readonly isSame: boolean;
}

const SIZE = 1_000_000;

/** A WebP file whose pixels are noise: no decoder looks at it. */
function noise(): Uint8Array {
  const file = new Uint8Array(SIZE);
  let state = 1;
  for (let index = 0; index < SIZE; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    file[index] = state >>> 24;
  }
  file.set(Buffer.from('RIFF....WEBPVP8L....'));
  const view = new DataView(file.buffer);
  view.setUint32(4, SIZE - 8, true);
  view.setUint32(16, SIZE - 20, true);
  file[20] = 0x2f;
  return file;
}

const tracking = ({ count, isSame }: Images) =>
  inDirectory(async (directory) => {
    const run = await Run.open({ repo: directory, systemTrackingInterval: null });
    const file = noise();
    const times: number[] = [];
    let made = 0;
    for (let step = 0; step < count; step += 1) {
      if (!isSame) new DataView(file.buffer).setUint32(100, step);
      const start = performance.now();
      const image = new Image(file);
      made += performance.now() - start;
      const tracked = performance.now();
      run.track(image, { name: 'samples' });
      run.track(step, { name: 'loss' });
      run.flush();
      times.push(performance.now() - tracked);
      await turn();
    }
    const closing = performance.now();
    await run.close();
    const close = performance.now() - closing;
    times.sort((a, b) => a - b);
    const repo = await Repo.open(directory);
    const { bytes } = await repo.size();
    const metricStart = performance.now();
    const view = await repo.run(run.hash);
    await view?.metric('loss')?.values();
    const metric = performance.now() - metricStart;
    const values = (await view?.images('samples')?.values()) ?? [];
    const reading = performance.now();
    let read = 0;
    for (const { objects } of values.slice(0, 50))
      for (const each of objects) read += (await each.data()).length;
    const data = (performance.now() - reading) / Math.min(50, values.length);
    if (read !== Math.min(50, count) * SIZE) throw new Error(`${read} bytes were read`);
    return {
      made: made / count,
      p50: times[Math.floor(count / 2)] as number,
      p99: times[Math.floor(count * 0.99)] as number,
      close,
      metric,
      data,
      size: bytes / count,
    };
  });

const encoding = async () => {
  const data = noise().subarray(0, 960_000);
  const pixels = { data, width: 800, height: 400, channels: 3 as const };
  const start = performance.now();
  const image = new Image(pixels);
  const ms = performance.now() - start;
  return { ms, size: image.size };
};

export const tasks: Tasks<Images> = { tracking, encoding };

export const images: Workload = {
  async measure({ size }) {
    const count = sized(size, 20, 200);
    const fresh = inChild(import.meta.url, 'tracking', { count, isSame: false });
    const same = inChild(import.meta.url, 'tracking', { count, isSame: true });
    const { ms = Number.NaN } = inChild(import.meta.url, 'encoding', { count: 1, isSame: true });
    const of = (found: Readonly<Record<string, number>>, name: string): number =>
      found[name] ?? Number.NaN;
    return [
      { metric: 'making one of a file', value: of(fresh, 'made'), unit: 'ms' },
      { metric: 'track and flush, p50', value: of(fresh, 'p50'), unit: 'ms' },
      { metric: 'track and flush, p99', value: of(fresh, 'p99'), unit: 'ms' },
      { metric: 'the same again, p50', value: of(same, 'p50'), unit: 'ms' },
      { metric: 'size of the same, a step', value: of(same, 'size'), unit: 'bytes' },
      { metric: `closing after ${count}`, value: of(fresh, 'close'), unit: 'ms' },
      { metric: `a metric beside ${count}`, value: of(fresh, 'metric'), unit: 'ms' },
      { metric: 'reading one', value: of(fresh, 'data'), unit: 'ms' },
      { metric: 'a PNG of 800 x 400 noise', value: ms, unit: 'ms' },
    ];
  },
};
