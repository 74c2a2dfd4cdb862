// What recording adds to a line that is printed, in CPU time: the same loop with and without, to /dev/null
// by writeSync. Lines of 80 characters, in turns of 1,000 lines and of 10. And what reading them takes.

import { closeSync, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

import { Repo, Run } from 'runlog';

import { inChild, inDirectory, sized, type Tasks, type Workload } from '../harness.ts';
import { turn } from '../inputs.ts';

interface Lines {
  readonly count: number;
  /** Lines a turn. */
  readonly burst: number;
}

const LINE_SIZE = 80;

function lineOf(index: number): string {
  const text = `[2026-01-01 12:00:00] step ${index} loss 0.${(index * 7919) % 99991} accuracy 0.5`;
  return `${text.padEnd(LINE_SIZE, '.')}\n`;
}

/** Calls `body` while stdout writes to /dev/null. */
async function toNull<T>(body: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(process, 'stdout') as PropertyDescriptor;
  const file = openSync('/dev/null', 'w');
  const value = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _, done) {
      writeSync(file, chunk);
      done();
    },
  });
  Object.defineProperty(process, 'stdout', { value, configurable: true });
  try {
    return await body();
  } finally {
    Object.defineProperty(process, 'stdout', before);
    closeSync(file);
  }
}

/** Seconds of CPU that printing takes, on all threads: what is deflated and synced counts as well. */
async function print({ count, burst }: Lines): Promise<number> {
  const start = process.cpuUsage();
  for (let index = 0; index < count; index += 1) {
    process.stdout.write(lineOf(index));
    if (index % burst === 0) await turn();
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

const openRun = (repo: string, captureTerminalLogs: boolean): Promise<Run> =>
  Run.open({ repo, systemTrackingInterval: null, captureTerminalLogs });

const recording = (lines: Lines) =>
  inDirectory((repo) =>
    toNull(async () => {
      await print(lines);
      const off = await openRun(repo, false);
      const without = Math.min(await print(lines), await print(lines));
      await off.close();
      const on = await openRun(repo, true);
      await print(lines);
      const within = Math.min(await print(lines), await print(lines));
      const closing = performance.now();
      await on.close();
      const close = performance.now() - closing;
      const opened = await Repo.open(repo);
      const view = await opened.run(on.hash);
      const reading = performance.now();
      let read = 0;
      for await (const { text } of view?.terminalLines() ?? []) read += text.length > 0 ? 1 : 0;
      const seconds = (performance.now() - reading) / 1000;
      if (read !== lines.count * 3) throw new Error(`${read} lines of ${lines.count * 3}`);
      return {
        without: (without / lines.count) * 1e6,
        more: ((within - without) / lines.count) * 1e6,
        close,
        read: read / seconds / 1e6,
        size: (await opened.size()).bytes / read,
      };
    }),
  );

/** `run.log.info` with a field, and its place in the program. */
const saying = ({ count }: Lines) =>
  inDirectory(async (repo) => {
    const run = await openRun(repo, false);
    const start = performance.now();
    for (let index = 0; index < count; index += 1) {
      run.log.info('a message of some words', { index });
      if (index % 100 === 0) await turn();
    }
    const us = ((performance.now() - start) / count) * 1000;
    await run.close();
    return { us };
  });

export const tasks: Tasks<Lines> = { recording, saying };

export const terminalLines: Workload = {
  async measure({ size }) {
    const count = sized(size, 2000, 300_000);
    const many = inChild(import.meta.url, 'recording', { count, burst: 1000 });
    const few = inChild(import.meta.url, 'recording', { count: count / 10, burst: 10 });
    const { us = Number.NaN } = inChild(import.meta.url, 'saying', { count: count / 10, burst: 1 });
    const { without = 0, more = 0, close = 0, read = 0, size: bytes = 0 } = many;
    return [
      { metric: 'CPU of a line of 80 characters', value: without, unit: 'us' },
      { metric: 'CPU that recording adds, 1000 lines a turn', value: more, unit: 'us' },
      { metric: 'CPU that recording adds, 10 lines a turn', value: few['more'] ?? 0, unit: 'us' },
      {
        metric: 'lines a second of added CPU',
        value: 1 / Math.max(more, 0.001),
        unit: 'M lines/s',
      },
      { metric: 'closing afterwards', value: close, unit: 'ms' },
      { metric: 'reading them', value: read, unit: 'M lines/s' },
      { metric: 'size', value: bytes, unit: 'bytes/line' },
      { metric: 'run.log.info', value: us, unit: 'us' },
    ];
  },
};
