// `runlog compare`: what differs between runs, side by side: params, packages, git, environment, and the
// last values of metrics.

import type { Command } from 'commander';
import { pathText, type RunView } from '../../index.ts';
import {
  type Difference,
  type MetricDifference,
  metricDifferences,
  type Section,
  sectionsOf,
} from '../difference.ts';
import { contextText, textOf } from '../facts.ts';
import { tellMissing, tellMissingMetrics } from '../hints.ts';
import { openRepo, shortHashes } from '../open.ts';
import { contextOption, metricOption, withExamples, withQuestion } from '../options.ts';
import { number, print, printJson, styled } from '../print.ts';
import { isExpression, selectRuns, type WantedMetrics } from '../select.ts';
import { type Cell, printTable } from '../table.ts';
import { tellDamage } from '../trouble.ts';

interface CompareOptions extends WantedMetrics {
  readonly all: boolean;
  readonly json: boolean;
}

/** Columns of values that fit a terminal, and are still read side by side. */
const RUNS_MAX = 12;
/** A value longer than this is cut: a diff, a path. JSON has it whole. */
const CELL_MAX = 40;

const sectionFacts = ({ name, different, same }: Section, { all }: CompareOptions): object => ({
  name,
  different: different.map(jsonOf),
  sameCount: same.length,
  ...(all ? { same: same.map(jsonOf) } : {}),
});

// An absent value keeps its place.
const jsonOf = ({ path, values }: Difference): object => ({
  path,
  values: values.map((value) => (value === undefined ? null : value)),
});

const metricJson = ({ name, context, metrics }: MetricDifference): object => ({
  name,
  context,
  last: metrics.map((metric) => metric?.last ?? null),
  min: metrics.map((metric) => metric?.min ?? null),
  max: metrics.map((metric) => metric?.max ?? null),
});

async function compare(words: string[], options: CompareOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const views: RunView[] = [];
  for await (const view of selectRuns(repo, words, options)) {
    views.push(view);
    if (views.length > RUNS_MAX)
      throw new RangeError(`runs: at most ${RUNS_MAX} can be compared, and these are more`);
  }
  if (views.length < 2)
    throw new RangeError(
      `runs: two or more are compared, and ${views.length === 1 ? 'this is one' : 'these are none'}; \`runlog ls\` lists them`,
    );
  const sections = sectionsOf(views);
  const metrics = metricDifferences(views, options);
  if (options.json)
    printJson({
      runs: views.map((view) => view.hash),
      sections: sections.map((section) => sectionFacts(section, options)),
      metrics: metrics.map(metricJson),
    });
  else {
    const short = shortHashes(repo.hashes());
    const heads = views.map((view) => short(view.hash));
    for (const section of sections) printSection(section, heads, options);
    printMetrics(metrics, heads);
    if (metrics.length === 0) await tellMissingMetrics(repo, options.metric);
    if (isExpression(options.order)) await tellMissing(repo, options.order, 'run');
  }
  for (const view of views) tellDamage(view);
}

const none: Cell = { text: '-', style: 'dim' };

function cellOf(value: unknown): Cell {
  if (value === undefined) return none;
  const text = textOf(value);
  return text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 3)}...` : text;
}

/** A package or a property has a name of its own; the rest is asked for by its path. */
const nameOf = (section: Section['name'], path: readonly string[]): string =>
  section === 'params' || path.length > 1 ? pathText(path) : path.join('');

function printSection(section: Section, heads: readonly string[], { all }: CompareOptions): void {
  const { name, different, same } = section;
  const rows = all ? [...different, ...same] : different;
  if (different.length + same.length === 0) return;
  const agreed = same.length === 0 ? '' : `${same.length} the same${all ? '' : ' (--all)'}`;
  if (rows.length > 0)
    printTable(
      [name, ...heads],
      rows.map(({ path, values }) => [nameOf(name, path), ...values.map(cellOf)]),
    );
  else print(styled('bold', name));
  if (agreed !== '') print(styled('dim', agreed));
  print('');
}

function printMetrics(metrics: readonly MetricDifference[], heads: readonly string[]): void {
  if (metrics.length === 0) return;
  const isPair = heads.length === 2;
  printTable(
    [
      'last of',
      'context',
      ...heads.map((right) => ({ right })),
      ...(isPair ? [{ right: 'change' }] : []),
    ],
    metrics.map(({ name, context, metrics: found }) => {
      const [first, second] = found;
      const change = first && second ? second.last - first.last : Number.NaN;
      return [
        name,
        contextText(context),
        ...found.map((metric) => (metric === undefined ? none : number(metric.last))),
        ...(isPair
          ? [Number.isNaN(change) ? '' : `${change > 0 ? '+' : ''}${number(change)}`]
          : []),
      ];
    }),
  );
}

export function addCompare(program: Command): void {
  withExamples(
    withQuestion(
      program
        .command('compare')
        .description('says what differs between runs')
        .argument('<what...>', 'two or more runs, or one query')
        .option('--all', 'also what is the same', false)
        .addOption(metricOption())
        .addOption(contextOption()),
    ).action(compare),
    ['runlog compare -2 -1', 'the newest with the one before it'],
    ['runlog compare 3fa9 77b0 baseline -m loss --all', 'three, everything, one metric'],
  );
}
