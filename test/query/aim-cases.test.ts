// The queries whose answers were recorded from Aim: ours is Aim's, or that of plain Python where Aim has
// an accident, or the case is listed with its reason in spec/aim-differences.md, and no other is.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { MetricObject, parseQuery, RowFailures, RunObject } from '../../src/query/query.ts';
import {
  type AimAnswer,
  type AimCase,
  type AimRun,
  aimCases,
  aimRuns,
  hasAimData,
} from './aim-dump.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../spec/aim-differences.md'), 'utf8');

/** Cases of the table in the section Queries. */
const listed = new Set(
  (page.split('\n## Queries\n')[1] ?? '').split('\n## ')[0]?.match(/(?<=^\| )[RM]\d{3}(?= )/gm),
);

interface Row {
  readonly shown: string;
  readonly run: string;
  readonly sequence: string;
}

type Answer = { readonly rows: readonly Row[] } | { readonly error: string };

const sortedContext = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const shown = (row: unknown): string => JSON.stringify(row, sortedContext);

async function ask({ kind, query }: AimCase, runs: Map<string, AimRun>): Promise<Answer> {
  const rows: Row[] = [];
  const failures = new RowFailures();
  try {
    const parsed = await parseQuery(query, kind === 'runs' ? 'run' : 'metric');
    for (const [label, facts] of runs) {
      const run = new RunObject(facts);
      if (kind === 'runs') {
        if (parsed.matches(run, undefined, failures))
          rows.push({ shown: shown(label), run: label, sequence: '' });
        continue;
      }
      for (const each of facts.metrics) {
        if (!parsed.matches(run, new MetricObject(each, run), failures)) continue;
        const row = shown([label, each.name, each.context]);
        rows.push({ shown: row, run: label, sequence: each.name });
      }
    }
    return { rows };
  } catch (error) {
    if (!(error instanceof RunlogError)) throw error;
    return { error: error.code };
  }
}

const textOf = (rows: readonly string[]): string => [...rows].sort().join('\n');

function isSame(ours: Answer, theirs: AimAnswer | undefined): boolean {
  if (theirs === undefined) return false;
  if ('error' in ours || theirs.rows === undefined)
    return 'error' in ours && theirs.rows === undefined;
  return textOf(ours.rows.map((each) => each.shown)) === textOf(theirs.rows.map(shown));
}

/** What Aim or Python says in each row, as an unknown name, is said here once, before any row. */
function isSaidAtOnce(
  ours: Answer,
  { expect: aim, plain_python, eval_errors, accident, notes }: AimCase,
): boolean {
  if (!('error' in ours) || ours.error !== 'QUERY_SYNTAX') return false;
  const isEmpty = (answer: AimAnswer | undefined): boolean => answer?.rows?.length === 0;
  const isExpected = accident && /NameError expected/.test(notes);
  return isExpected || (isEmpty(aim) && eval_errors !== undefined) || isEmpty(plain_python);
}

/** Aim's compiler refuses these names; in Python they are names. */
const isRefusedName = (ours: Answer, { expect: aim }: AimCase): boolean =>
  'rows' in ours && /is an invalid attribute name/.test(aim.message ?? '');

/**
 * Aim's summary of some sequences contradicts their points: `last` of a step that was tracked twice, of
 * negative steps, `first` of steps out of order. The answers differ in such sequences only.
 */
function isMiscounted(
  ours: Answer,
  { expect: aim, plain_python, kind, query }: AimCase,
  wrong: ReadonlySet<string>,
): boolean {
  if (!('rows' in ours)) return false;
  return [aim, plain_python].some((answer) => {
    if (answer?.rows === undefined) return false;
    const mine = new Set(ours.rows.map((each) => each.shown));
    const theirs = new Set(answer.rows.map(shown));
    const differing = [
      ...[...mine].filter((each) => !theirs.has(each)),
      ...[...theirs].filter((each) => !mine.has(each)),
    ].map((each) => JSON.parse(each) as unknown);
    return differing.every((row) =>
      kind === 'runs'
        ? [...wrong].some((each) => {
            const [label = '', name = ''] = each.split(' ');
            return label === row && query.includes(`"${name}"`);
          })
        : wrong.has(`${(row as string[])[0]} ${(row as string[])[1]}`),
    );
  });
}

/** In Aim an error that the text does not deserve: a comment, or lines, of a condition. */
const isTextAccident = (ours: Answer, { query, expect: aim }: AimCase): boolean =>
  'rows' in ours && aim.error !== undefined && /#|\n|^\s/.test(query);

describe('queries of Aim', () => {
  it('have the answer of Aim, or of plain Python, or are listed', async (context) => {
    if (!hasAimData) context.skip('../shared/data/aimql is not there');
    const runs = aimRuns();
    const wrong = new Set(
      [...runs].flatMap(([label, { miscounted }]) => miscounted.map((each) => `${label} ${each}`)),
    );
    const counts = { asAim: 0, asPython: 0, listed: 0 };
    const different: string[] = [];
    for (const each of aimCases()) {
      const ours = await ask(each, runs);
      if (isSame(ours, each.expect) || isSaidAtOnce(ours, each)) counts.asAim += 1;
      else if (
        isSame(ours, each.plain_python) ||
        isRefusedName(ours, each) ||
        isTextAccident(ours, each) ||
        (/metrics\[|metric\./.test(each.query) && isMiscounted(ours, each, wrong))
      )
        counts.asPython += 1;
      else {
        counts.listed += 1;
        different.push(each.id);
      }
    }
    expect(different.sort()).toEqual([...listed].sort());
    const all = counts.asAim + counts.asPython + counts.listed;
    expect(counts.listed / all).toBeLessThanOrEqual(0.03);
    expect(all).toBe(618);
    expect(counts.asAim).toBeGreaterThan(all / 2);
  });

  it('differ nowhere silently: each listed case has a reason', () => {
    for (const id of listed) {
      const line = page.split('\n').find((each) => each.startsWith(`| ${id} `)) ?? '';
      expect(line.split('|').length, line).toBe(5);
      expect(line.split('|')[3]?.trim(), line).toMatch(/ \S/);
    }
    expect(listed.size).toBeGreaterThan(0);
  });
});
