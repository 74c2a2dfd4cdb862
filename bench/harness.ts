// What every workload is made of: sizes, figures, a directory of its own, child processes.
//
// 1. A workload is prepared once and measured several times; `measure` says what it found each time.
// 2. What must be cold, or must not share memory and compiled code with others, is a task: a function
//    that a new process calls (child.ts) and whose figures it prints.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

/** All that was measured of one metric: `value` is the median. */
export interface Result extends Figure {
  readonly workload: string;
  readonly samples: readonly number[];
}

/** 'small': a test runs it. 'usual': `npm run bench`. 'full': the sizes of the goals, minutes each. */
export type Size = 'small' | 'usual' | 'full';

export interface Place {
  /** Empty when `prepare` is called, removed after the last `measure`. */
  readonly directory: string;
  readonly size: Size;
}

export interface Workload {
  /** Default 3; 1 where one takes minutes. */
  readonly repetitions?: number;
  prepare?(place: Place): Promise<void>;
  measure(place: Place): Promise<Figure[]>;
}

/** What a module of workloads lets a new process do: named figures, each a number. */
export type Tasks<Argument> = Readonly<
  Record<string, (argument: Argument) => Promise<Record<string, number>>>
>;

export const sized = <T>(size: Size, small: T, usual: T, full: T = usual): T =>
  size === 'small' ? small : size === 'usual' ? usual : full;

export const median = (samples: readonly number[]): number =>
  [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? Number.NaN;

/** The element below which `part` of them lie. */
export const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

export async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'runlog-bench-'));
  try {
    return await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function measureAll(name: string, workload: Workload, size: Size): Promise<Result[]> {
  return inDirectory(async (directory) => {
    const found = new Map<string, { unit: string; samples: number[] }>();
    await workload.prepare?.({ directory, size });
    const repetitions = size === 'small' ? 1 : (workload.repetitions ?? 3);
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const { metric, value, unit } of await workload.measure({ directory, size })) {
        const known = found.get(metric);
        if (known === undefined) found.set(metric, { unit, samples: [value] });
        else known.samples.push(value);
      }
    }
    return [...found].map(([metric, { unit, samples }]) => ({
      workload: name,
      metric,
      value: median(samples),
      unit,
      samples,
    }));
  });
}

const childProgram = fileURLToPath(new URL('child.js', import.meta.url));

function spawnTask(module: string, task: string, argument: unknown): ReturnType<typeof spawnText> {
  return spawnText(['--expose-gc', childProgram, module, task, JSON.stringify(argument)]);
}

const spawnText = (args: readonly string[]) =>
  spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });

/** The figures of a task of `module` (its `import.meta.url`), found by a new process. */
export function inChild(module: string, task: string, argument: unknown): Record<string, number> {
  const { status, stdout, stderr } = spawnTask(module, task, argument);
  if (status !== 0) throw new Error(`${task} in ${module} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, number>;
}

/** Runs a task that ends by killing its own process. */
export function untilKilled(module: string, task: string, argument: unknown): void {
  const { signal, stderr } = spawnTask(module, task, argument);
  if (signal !== 'SIGKILL') throw new Error(`${task} in ${module} was not killed: ${stderr}`);
}

/** Figures of one unit, by name. */
export const figures = (unit: string, found: Record<string, number>): Figure[] =>
  Object.entries(found).map(([metric, value]) => ({ metric, value, unit }));
