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
import { contextText } from '../facts.ts';
import { tellMissing, tellMissingMetrics } from '../hints.ts';
import { openRepo, shortHashes } from '../open.ts';
import { contextOption, metricOption, withExamples, withQuestion } from '../options.ts';
import { number, print, printJson, styled, widthOfOutput } from '../print.ts';
import { isExpression, selectRuns, type WantedMetrics } from '../select.ts';
import { cellsOf, lotsOf, nameRoom, none, pathCell } from '../side-by-side.ts';
import { printTable } from '../table.ts';
import { tellDamage } from '../trouble.ts';

interface CompareOptions extends WantedMetrics {
  readonly all: boolean;
  readonly json: boolean;
}

/** Columns of values that fit a terminal, and are still read side by side. */
const RUNS_MAX = 12;

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
      throw new RangeError(
        `runs: at most ${RUNS_MAX} can be compared, and these are more; \`runlog export --what runs\` writes a table of any number`,
      );
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
    const lots = lotsFor(sections, metrics, heads);
    for (const section of sections) printSection(section, heads, lots, options);
    printMetrics(metrics, heads, lots);
    if (metrics.length === 0) await tellMissingMetrics(repo, options.metric);
    if (isExpression(options.order)) await tellMissing(repo, options.order, 'run');
  }
  for (const view of views) tellDamage(view);
}

/** A package or a property has a name of its own; the rest is asked for by its path. */
const nameOf = (section: Section['name'], path: readonly string[]): string =>
  section === 'params' || path.length > 1 ? pathText(path) : path.join('');

type Lots = readonly (readonly [from: number, to: number])[];

/** The same runs stand beside each other in every table. */
function lotsFor(
  sections: readonly Section[],
  metrics: readonly MetricDifference[],
  heads: readonly string[],
): Lots {
  const names = [
    ...sections.flatMap(({ name, different }) => different.map(({ path }) => nameOf(name, path))),
    ...metrics.map(({ name, context }) => `${name}  ${contextText(context)}`),
  ];
  const widest = names.reduce((most, { length }) => Math.max(most, length), 'last of'.length);
  const width = widthOfOutput();
  return lotsOf(heads, width - Math.min(widest, nameRoom(width)));
}

function printSection(
  section: Section,
  heads: readonly string[],
  lots: Lots,
  { all }: CompareOptions,
): void {
  const { name, different, same } = section;
  const rows = all ? [...different, ...same] : different;
  if (different.length + same.length === 0) return;
  const agreed = same.length === 0 ? '' : `${same.length} the same${all ? '' : ' (--all)'}`;
  if (rows.length === 0) print(styled('bold', name));
  const room = nameRoom(widthOfOutput());
  const paths = rows.map(({ path }) => pathCell(nameOf(name, path), room));
  const cells = rows.map(({ values }) => cellsOf(values));
  if (rows.length > 0)
    for (const [from, to] of lots) {
      if (from > 0) print('');
      printTable(
        [{ whole: name }, ...heads.slice(from, to)],
        cells.map((row, index) => [paths[index] ?? '', ...row.slice(from, to)]),
      );
    }
  if (agreed !== '') print(styled('dim', agreed));
  print('');
}

function printMetrics(
  metrics: readonly MetricDifference[],
  heads: readonly string[],
  lots: Lots,
): void {
  if (metrics.length === 0) return;
  for (const [from, to] of lots) {
    if (from > 0) print('');
    const isPair = heads.length === 2 && lots.length === 1;
    printTable(
      [
        'last of',
        'context',
        ...heads.slice(from, to).map((right) => ({ right })),
        ...(isPair ? [{ right: 'change' }] : []),
      ],
      metrics.map(({ name, context, metrics: found }) => [
        name,
        contextText(context),
        ...found
          .slice(from, to)
          .map((metric) => (metric === undefined ? none : number(metric.last))),
        ...(isPair ? [changeText(found)] : []),
      ]),
    );
  }
}

/** From the first to the second; empty where one has none. */
function changeText([first, second]: MetricDifference['metrics']): string {
  const change = first && second ? second.last - first.last : Number.NaN;
  return Number.isNaN(change) ? '' : `${change > 0 ? '+' : ''}${number(change)}`;
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
