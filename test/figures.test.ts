// The table of figures in the README is the one that bench/readme.ts makes: row by row what the goals
// name. Values are the machine's and not compared.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

import { MISSING, rows, tableOf } from '../bench/figures.ts';
import { workloads } from '../bench/workloads/table.ts';

const readme = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8');
const figures = /<!-- figures -->\n([\s\S]*)<!-- \/figures -->/.exec(readme)?.[1] ?? '';

const cellsOf = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

it('has a row for each goal', () => {
  const table = cellsOf(figures);
  expect(table.map(([what, goal]) => [what, goal])).toEqual(
    rows.map(({ what, goal }) => [what, goal]),
  );
  for (const cells of table) expect(cells, cells[0]).toHaveLength(4);
});

it('asks only for workloads that there are', () => {
  const asked = new Set<string>();
  const find = (workload: string): undefined => void asked.add(workload);
  for (const { measured, beside } of rows) {
    measured(find, []);
    beside?.(find, []);
  }
  expect([...asked].filter((workload) => !(workload in workloads))).toEqual([]);
});

it('shows a dash for what a run did not measure', () => {
  const table = cellsOf(tableOf([]));
  expect(table).toHaveLength(rows.length);
  for (const [what, , measured] of table) expect(measured, what).toContain(MISSING);
});
