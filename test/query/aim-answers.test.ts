// Queries over runs of our own, of every kind that was recorded, with the answers that Aim 3.29.1 gave: ours
// are Aim's, or others by a rule that spec/aim-differences.md names.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import type { Context } from '../../src/model/context.ts';
import { MetricObject, parseQuery, RowFailures, RunObject } from '../../src/query/query.ts';
import { shownRow } from './aim-verdict.ts';
import { type MemoryRun, memoryRun } from './memory-facts.ts';

/** Rows, or the name of an error: of Aim the class, of ours the code. */
type Answer = readonly unknown[] | string;

interface Asked {
  readonly feature: string;
  readonly kind: 'runs' | 'metrics';
  readonly query: string;
  readonly aim: Answer;
  /** Number in the page, where ours differs. */
  readonly rule?: number;
  readonly ours?: Answer;
}

interface GivenRun {
  readonly label: string;
  readonly hash: string;
  readonly name: string;
  readonly experiment: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly notes: readonly string[];
  readonly archived: boolean;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly endedAfter: number | null;
  readonly params: unknown;
  readonly metrics: readonly {
    readonly name: string;
    readonly context: Context;
    readonly points: readonly (readonly [step: number, value: number | 'nan'])[];
  }[];
}

const folder = import.meta.dirname;
const { runs, queries } = JSON.parse(readFileSync(resolve(folder, 'aim-answers.json'), 'utf8')) as {
  readonly runs: readonly GivenRun[];
  readonly queries: readonly Asked[];
};
const page = readFileSync(resolve(folder, '../../spec/aim-differences.md'), 'utf8');

function factsOf({ createdAt, endedAfter, description, metrics, ...run }: GivenRun): MemoryRun {
  return memoryRun({
    ...run,
    description: description ?? undefined,
    createdAt: createdAt * 1000,
    endedAt: endedAfter === null ? undefined : (createdAt + endedAfter) * 1000,
    state: endedAfter === null ? 'running' : 'finished',
    sequences: metrics.map(({ name, context, points }) => ({
      name,
      context,
      steps: points.map(([step]) => step),
      values: points.map(([, value]) => Number(value)),
    })),
  });
}

const facts = runs.map((each) => [each.label, factsOf(each)] as const);

async function ask({ kind, query }: Asked): Promise<Answer> {
  const rows: unknown[] = [];
  const failures = new RowFailures();
  try {
    const parsed = await parseQuery(query, kind === 'runs' ? 'run' : 'metric');
    for (const [label, each] of facts) {
      const run = new RunObject(each);
      if (kind === 'runs') {
        if (parsed.matches(run, undefined, failures)) rows.push(label);
        continue;
      }
      for (const metric of each.metrics)
        if (parsed.matches(run, new MetricObject(metric, run), failures))
          rows.push([label, metric.name, metric.context]);
    }
    return rows;
  } catch (error) {
    if (!(error instanceof RunlogError)) throw error;
    return error.code;
  }
}

/** Sorted; an error has no rows. */
const shown = (answer: Answer): string[] =>
  typeof answer === 'string' ? [] : answer.map(shownRow).sort();

describe('as Aim, or by a rule', () => {
  it.each(queries.map((each) => [each.feature, each.query, each] as const))(
    '%s: %s',
    async (_, __, asked) => {
      const answer = await ask(asked);
      if (asked.ours === undefined) {
        expect(shown(answer)).toEqual(shown(asked.aim));
        return;
      }
      expect(typeof answer === 'string' ? answer : shown(answer)).toEqual(
        typeof asked.ours === 'string' ? asked.ours : shown(asked.ours),
      );
      expect(shown(answer)).not.toEqual(shown(asked.aim));
    },
  );
});

it('each rule stands in the page, and each of the page has its queries', () => {
  const used = new Set(queries.flatMap((each) => each.rule ?? []));
  const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const numbers = new Set(rows.map((cells) => Number(cells[1])));
  for (const rule of used) expect(numbers, String(rule)).toContain(rule);
  const own = rows.filter((cells) => cells.at(-2) === 'answers').map((cells) => Number(cells[1]));
  expect(own.length).toBeGreaterThan(0);
  for (const number of own) expect(used, String(number)).toContain(number);
});

it('every kind is there', () => {
  expect(new Set(queries.map((each) => each.feature)).size).toBe(26);
});
