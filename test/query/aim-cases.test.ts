// The queries whose answers were recorded from Aim: ours is Aim's, or that of plain Python where Aim has
// an accident, or the case is listed with its reason in spec/aim-differences.md, and no other is.

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { MetricObject, parseQuery, RowFailures, RunObject } from '../../src/query/query.ts';
import { type AimCase, type AimRun, aimCases, aimRuns, hasAimData } from './aim-dump.ts';
import {
  contradictedOf,
  isOfLayout,
  listedIds,
  listedRows,
  readIds,
  shownRow,
  tidied,
  type Verdict,
  verdictOf,
} from './aim-verdict.ts';

/** Rows, sorted; an error has none. */
async function ask(
  { kind, query }: Pick<AimCase, 'kind' | 'query'>,
  runs: Map<string, AimRun>,
): Promise<string[]> {
  const rows: string[] = [];
  const failures = new RowFailures();
  try {
    const parsed = await parseQuery(query, kind === 'runs' ? 'run' : 'metric');
    for (const [label, facts] of runs) {
      const run = new RunObject(facts);
      if (kind === 'runs') {
        if (parsed.matches(run, undefined, failures)) rows.push(shownRow(label));
        continue;
      }
      for (const each of facts.metrics)
        if (parsed.matches(run, new MetricObject(each, run), failures))
          rows.push(shownRow([label, each.name, each.context]));
    }
    return rows.sort();
  } catch (error) {
    if (!(error instanceof RunlogError)) throw error;
    return [];
  }
}

describe('queries of Aim', () => {
  it('have the answer of Aim, or of plain Python, or are listed', async (context) => {
    if (!hasAimData) context.skip('../shared/data/aimql is not there');
    const runs = aimRuns();
    const contradicted = contradictedOf(runs);
    const ids: Record<Verdict, string[]> = {
      'as Aim': [],
      'as Python': [],
      'read as Python': [],
      other: [],
    };
    for (const each of aimCases()) {
      const rows = await ask(each, runs);
      const verdict = verdictOf(each, rows, contradicted);
      ids[verdict].push(each.id);
      if (isOfLayout(each))
        expect(rows, each.id).toEqual(await ask({ ...each, query: tidied(each.query) }, runs));
    }
    expect(ids.other.sort()).toEqual(listedIds);
    expect(ids['read as Python'].sort()).toEqual(readIds);
    expect(ids.other.length / 618).toBeLessThanOrEqual(0.03);
    expect(Object.values(ids).flat().length).toBe(618);
    expect(ids['as Aim'].length).toBeGreaterThan(500);
  });

  it('differ nowhere silently: each listed case has a reason', () => {
    expect(listedRows.length).toBeGreaterThan(0);
    for (const { ids, reason } of listedRows) expect(reason, ids.join()).toMatch(/ \S/);
    expect(new Set(listedIds).size).toBe(listedIds.length);
  });
});
