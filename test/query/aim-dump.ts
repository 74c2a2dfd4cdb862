// The repository that Aim's answers were recorded from, as facts in memory.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Context } from '../../src/model/context.ts';
import type { SequenceKind } from '../../src/query/facts.ts';
import { type GivenSequence, type MemoryRun, memoryRun } from './memory-facts.ts';

const folder = resolve(import.meta.dirname, '../../../shared/data/aimql');

export const hasAimData: boolean = existsSync(resolve(folder, 'dump.json'));

export interface AimCase {
  readonly id: string;
  readonly kind: 'runs' | 'metrics';
  readonly feature: string;
  readonly query: string;
  readonly expect: AimAnswer;
  readonly plain_python?: AimAnswer;
  /** Exceptions in rows, counted. */
  readonly eval_errors?: Readonly<Record<string, number>>;
  /** True: the answer looks like a mistake; `notes` says why. */
  readonly accident: boolean;
  readonly notes: string;
}

/** Labels of runs, or of sequences as [label, name, context]; or an error. */
export interface AimAnswer {
  readonly rows?: readonly unknown[];
  readonly error?: string;
  readonly message?: string;
}

export function aimCases(): AimCase[] {
  return readFileSync(resolve(folder, 'cases.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AimCase);
}

export type Typed = readonly [type: string, value: unknown];

export interface DumpSequence {
  readonly name: string;
  readonly context: Context;
  readonly type: string;
  /** The calls of track() in order; the value of an object is the name of its class. */
  readonly tracked: readonly (readonly [
    step: number | null,
    epoch: number | null,
    value: number | string | boolean,
    type: string,
  ])[];
  readonly steps?: readonly number[];
  readonly values?: readonly (number | string)[];
  readonly first?: number | string;
  readonly last?: number | string;
  readonly first_step?: number;
  readonly last_step?: number;
}

export interface DumpRun {
  readonly label: string;
  readonly hash: string;
  readonly props: {
    readonly name: string;
    readonly description: string | null;
    readonly experiment: string;
    readonly tags: readonly string[];
    readonly archived: boolean;
    readonly active: boolean;
    readonly creation_time: number;
    readonly end_time: number | null;
    readonly notes: readonly string[];
  };
  readonly params_typed: Typed;
  readonly sequences: readonly DumpSequence[];
}

export interface AimRun extends MemoryRun {
  /** Sequences whose summary in Aim contradicts their points. */
  readonly contradicted: readonly string[];
}

/** What Aim calls first or last is not what its points have at that step, or it has no last at all. */
function isContradicted({ type, steps = [], values = [], ...summary }: DumpSequence): boolean {
  if (type !== 'metric' || steps.length === 0) return false;
  const isAt = (step: number | undefined, value: number | string | undefined): boolean => {
    const stored = step === undefined ? undefined : values[steps.indexOf(step)];
    return (
      stored !== undefined && value !== undefined && Object.is(numberOf(stored), numberOf(value))
    );
  };
  return !isAt(summary.first_step, summary.first) || !isAt(summary.last_step, summary.last);
}

export function dumpedRuns(): readonly DumpRun[] {
  const text = readFileSync(resolve(folder, 'dump.json'), 'utf8');
  return (JSON.parse(text) as { runs: readonly DumpRun[] }).runs;
}

/** Every run by its label, params as JavaScript holds them: 1.0 is 1 there. */
export function aimRuns(): Map<string, AimRun> {
  return new Map(
    dumpedRuns().map((run) => {
      const contradicted = run.sequences.filter(isContradicted).map((each) => each.name);
      return [run.label, { ...runOf(run), contradicted }];
    }),
  );
}

function runOf({ hash, props, params_typed, sequences }: DumpRun): MemoryRun {
  return memoryRun({
    hash,
    name: props.name,
    description: props.description ?? undefined,
    experiment: props.experiment,
    tags: props.tags,
    notes: props.notes,
    archived: props.archived,
    createdAt: props.creation_time * 1000,
    endedAt: props.end_time === null ? undefined : props.end_time * 1000,
    state: props.active ? 'running' : 'finished',
    params: stored(params_typed),
    sequences: sequences.map(sequenceOf),
  });
}

export const numberOf = (value: number | string): number =>
  typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity'));

function sequenceOf({ name, context, type, steps = [], values = [] }: DumpSequence): GivenSequence {
  return { kind: type as SequenceKind, name, context, steps, values: values.map(numberOf) };
}

export function stored([type, value]: Typed): unknown {
  switch (type) {
    case 'int': {
      const number = BigInt(value as string);
      return Number.isSafeInteger(Number(number)) ? Number(number) : number;
    }
    case 'float':
      return numberOf(value as number | string);
    case 'list':
    case 'tuple':
      return (value as Typed[]).map(stored);
    case 'dict': {
      const entries = (value as [Typed, Typed][]).map(([key, each]) => [stored(key), stored(each)]);
      const areNames = entries.every(([key]) => typeof key === 'string');
      return areNames ? Object.fromEntries(entries) : new Map(entries as [unknown, unknown][]);
    }
    case 'none':
      return null;
    case 'bytes':
      return Buffer.from(value as string, 'latin1');
    default:
      return value;
  }
}
