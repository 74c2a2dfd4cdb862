// What an answer is beside the one that Aim gave: the same, that of plain Python, or another. Rows decide:
// an error has none, so an unknown name, which Aim finds in each row and we before any, is no difference.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { AimAnswer, AimCase, AimRun } from './aim-dump.ts';

/** read as Python: no plain answer was recorded, but a rule of the page says which it is. */
export type Verdict = 'as Aim' | 'as Python' | 'read as Python' | 'other';

const page = readFileSync(resolve(import.meta.dirname, '../../spec/aim-differences.md'), 'utf8');
const section = (page.split('\n## Queries\n')[1] ?? '').split('\n## ')[0] ?? '';

/** Rows of the table in the section Queries: the cases of each, the query, the reason. */
export const listedRows: readonly { readonly ids: readonly string[]; readonly reason: string }[] =
  section
    .split('\n')
    .filter((line) => /^\| [RM]\d{3}/.test(line))
    .map((line) => {
      const [, ids = '', , reason = ''] = line.split(/(?<!\\)\|/);
      return { ids: ids.trim().split(/, /), reason: reason.trim() };
    });

/** Cases of the list before the table. */
export const readIds: readonly string[] = section
  .split('\n')
  .flatMap((line) => /^- ([RM]\d{3}(?:, [RM]\d{3})*):/.exec(line)?.[1]?.split(', ') ?? [])
  .sort();

export const listedIds: readonly string[] = listedRows.flatMap((each) => each.ids).sort();

const sortedContext = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** A row as text: the label of a run, or [label, name, context]. */
export const shownRow = (row: unknown): string => JSON.stringify(row, sortedContext);

const rowsOf = (answer: AimAnswer | undefined): string[] | undefined =>
  answer === undefined ? undefined : (answer.rows ?? []).map(shownRow).sort();

const isSame = (ours: readonly string[], theirs: readonly string[] | undefined): boolean =>
  theirs !== undefined && ours.join('\n') === theirs.join('\n');

/** In Aim an error for a comment, for lines, or for blanks before the first word. */
export const isOfLayout = ({ query, expect }: AimCase): boolean =>
  expect.error !== undefined && tidied(query) !== query;

/** Aim's compiler refuses names with `_`, which in Python are names. */
const isOfRefusedName = ({ expect }: AimCase): boolean =>
  /is an invalid attribute name/.test(expect.message ?? '');

/** Aim takes a name for its word `select`; in Python it is an unknown one. */
const isOfLostName = ({ accident, notes }: AimCase): boolean =>
  accident && /NameError expected/.test(notes);

/** Requires: no `#` within a text. */
export const tidied = (query: string): string =>
  query
    .replace(/#[^\n]*/g, ' ')
    .replace(/\s*\n\s*/g, ' ')
    .trim();

/**
 * `ours` sorted, of an error none. `contradicted`: sequences, as `label name`, whose summary in Aim is not
 * what its own points say.
 */
export function verdictOf(
  each: AimCase,
  ours: readonly string[],
  contradicted: ReadonlySet<string>,
): Verdict {
  if (isSame(ours, rowsOf(each.expect))) return 'as Aim';
  if (isSame(ours, rowsOf(each.plain_python))) return 'as Python';
  const isRead =
    isOfLayout(each) ||
    isOfRefusedName(each) ||
    (ours.length === 0 && isOfLostName(each)) ||
    isOfSummaries(each, ours, contradicted);
  return isRead ? 'read as Python' : 'other';
}

/** It differs in rows only that the contradicted summaries decide. */
function isOfSummaries(
  { expect, plain_python, kind, query }: AimCase,
  ours: readonly string[],
  contradicted: ReadonlySet<string>,
): boolean {
  if (!/metrics\[|metric\./.test(query)) return false;
  return [expect, plain_python].some((answer) => {
    if (answer?.rows === undefined) return false;
    const [mine, theirs] = [new Set(ours), new Set(rowsOf(answer))];
    const differing = [...mine, ...theirs]
      .filter((row) => mine.has(row) !== theirs.has(row))
      .map((row) => JSON.parse(row) as unknown);
    return differing.every((row) =>
      kind === 'runs'
        ? [...contradicted].some((one) => {
            const [label = '', name = ''] = one.split(' ');
            return label === row && query.includes(`"${name}"`);
          })
        : contradicted.has((row as string[]).slice(0, 2).join(' ')),
    );
  });
}

export const contradictedOf = (runs: ReadonlyMap<string, AimRun>): Set<string> =>
  new Set([...runs].flatMap(([label, run]) => run.contradicted.map((each) => `${label} ${each}`)));
