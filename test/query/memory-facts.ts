// Facts of runs in memory, as a query asks for them.

import { type Context, canonicalContext } from '../../src/model/context.ts';
import {
  pointFacts,
  type RunFactsForQuery,
  type SequenceFactsForQuery,
  type SequenceKind,
} from '../../src/query/facts.ts';
import { storedAt } from '../../src/query/from-params.ts';

export interface GivenSequence {
  readonly kind?: SequenceKind;
  readonly name: string;
  readonly context?: Context;
  /** In the order of steps. */
  readonly steps?: readonly number[];
  readonly values?: readonly number[];
}

export type GivenRun = Partial<Omit<RunFactsForQuery, 'param' | 'metrics' | 'metric'>> & {
  readonly params?: unknown;
  readonly sequences?: readonly GivenSequence[];
};

export interface MemoryRun extends RunFactsForQuery {
  readonly sequences: readonly SequenceFactsForQuery[];
}

export function memoryRun({ params = {}, sequences = [], ...given }: GivenRun): MemoryRun {
  const all = sequences.map(memorySequence);
  const metrics = all.filter((each) => each.kind === 'metric');
  return {
    hash: '0123456789abcdef01234567',
    name: undefined,
    experiment: 'default',
    description: undefined,
    tags: [],
    notes: [],
    archived: false,
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    endedAt: undefined,
    updatedAt: undefined,
    state: 'running',
    lastSeenAt: undefined,
    host: 'node-1',
    writers: ['main'],
    openings: [],
    ...given,
    param: (path) => storedAt(params, path),
    sequences: all,
    metrics,
    metric: (name, contextText) =>
      metrics.find((each) => each.name === name && canonicalContext(each.context) === contextText),
  };
}

function memorySequence(given: GivenSequence): SequenceFactsForQuery {
  const { kind = 'metric', name, context = {}, values = [] } = given;
  const steps = given.steps ?? values.map((_, index) => index);
  const facts = {
    kind,
    name,
    context,
    writers: ['main'],
    count: steps.length,
    firstStep: steps[0],
    lastStep: steps.at(-1),
  };
  if (kind !== 'metric') return facts;
  const numbers = values.filter((each) => !Number.isNaN(each));
  return {
    ...facts,
    first: values[0],
    last: values.at(-1),
    min: numbers.length === 0 ? undefined : Math.min(...numbers),
    max: numbers.length === 0 ? undefined : Math.max(...numbers),
    mean:
      numbers.length === 0 ? undefined : numbers.reduce((sum, each) => sum + each) / numbers.length,
    points: pointFacts(steps, values),
  };
}
