// `runlog metrics`: the metrics of runs, with their summaries; or their names, over all runs.

import type { Command } from 'commander';
import type { Metric, Repo, RunView } from '../../index.ts';
import { contextText, isNone, metricFacts, valueText } from '../facts.ts';
import { shellWord, tellNext, tellNothing, tellNoValue } from '../hints.ts';
import { jsonText } from '../json.ts';
import { openRepo, shortHashes } from '../open.ts';
import {
  contextOption,
  limitOption,
  metricOption,
  withExamples,
  withQuestion,
} from '../options.ts';
import { number, printAside, printJson } from '../print.ts';
import { isExpression, questionOf, selectMetrics, type WantedMetrics } from '../select.ts';
import { type Cell, printTable } from '../table.ts';
import { HEAD_MAX, shortened } from '../text-width.ts';
import { tellDamage } from '../trouble.ts';

/** What the order says of each metric; undefined where it is that of time. */
async function orderValues(
  repo: Repo,
  words: readonly string[],
  options: MetricsOptions,
): Promise<((metric: Metric) => unknown) | undefined> {
  const { order } = options;
  if (!isExpression(order)) return undefined;
  const [query, asked] = await questionOf(repo, words, { ...options, isQuiet: true });
  // They were looked at a moment ago.
  const rows = await repo.evaluateMetrics(order, query, { ...asked, maxAgeMs: 60_000 });
  const keyOf = (run: string, name: string, context: Metric['context']): string =>
    jsonText([run, name, context]);
  const values = new Map(
    rows.map(({ run, name, context, values: [value] }) => [keyOf(run, name, context), value]),
  );
  return ({ run, name, context }) => values.get(keyOf(run.hash, name, context));
}

interface MetricsOptions extends WantedMetrics {
  readonly limit: number;
  readonly names: boolean;
  readonly json: boolean;
}

/** A name and context, and in how many runs they are. */
interface Named {
  readonly name: string;
  readonly context: Metric['context'];
  runs: number;
}

export const metricCells = (metric: Metric): Cell[] => [
  metric.name,
  contextText(metric.context),
  String(metric.count),
  number(metric.last),
  number(metric.min),
  number(metric.max),
  `${metric.firstStep ?? ''}..${metric.lastStep ?? ''}`,
];

export const metricColumns = [
  'metric',
  'context',
  { right: 'points', spare: 2 },
  { right: 'last' },
  { right: 'min', spare: 4 },
  { right: 'max', spare: 3 },
  { right: 'steps', spare: 1 },
];

async function metrics(words: string[], options: MetricsOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  const named = new Map<string, Named>();
  const found: Metric[] = [];
  let count = 0;
  const views = new Set<RunView>();
  for await (const metric of selectMetrics(repo, words, options)) {
    count += 1;
    views.add(metric.run);
    if (!options.names) {
      if (count <= options.limit) found.push(metric);
      continue;
    }
    const key = jsonText([metric.name, metric.context]);
    const known = named.get(key) ?? { name: metric.name, context: metric.context, runs: 0 };
    known.runs += 1;
    named.set(key, known);
  }
  const names = [...named.values()];
  const orderOf = options.names ? undefined : await orderValues(repo, words, options);
  if (options.json) {
    printJson(
      options.names
        ? names
        : found.map((each) => ({
            run: each.run.hash,
            ...metricFacts(each),
            order: orderOf?.(each),
          })),
    );
  } else if (count === 0) await tellNothing(repo, 'metric', words, options);
  else if (options.names)
    printTable(
      ['metric', 'context', { right: 'runs' }],
      names.map((each) => [each.name, contextText(each.context), String(each.runs)]),
    );
  else {
    const short = shortHashes(repo.hashes());
    printTable(
      [
        { whole: 'run' },
        ...(orderOf === undefined ? [] : [{ right: shortened(options.order ?? '', HEAD_MAX) }]),
        ...metricColumns,
      ],
      found.map((each) => [
        { text: short(each.run.hash), style: 'cyan' as const },
        ...(orderOf === undefined ? [] : [valueText(orderOf(each))]),
        ...metricCells(each),
      ]),
    );
  }
  if (!options.json && orderOf !== undefined && found.map(orderOf).every(isNone) && count > 0)
    await tellNoValue(repo, '--order', options.order ?? '', 'metric');
  for (const view of views) tellDamage(view);
  if (!options.names && count > found.length)
    printAside(`${found.length} of ${count} metrics; --limit for more, --names for the names`);
  if (!options.json && found[0] !== undefined)
    tellNext(repo, `runlog values -1 ${shellWord(found[0].name)}`, 'runlog plot -1');
}

export function addMetrics(program: Command): void {
  withExamples(
    withQuestion(
      program
        .command('metrics')
        .description('lists metrics with their last, least and greatest values')
        .argument('[what...]', 'runs, or one query; all runs if left out')
        .addOption(metricOption())
        .addOption(contextOption())
        .option('--names', 'each name and context once, with the number of its runs', false)
        .addOption(limitOption(50)),
    ).action(metrics),
    ['runlog metrics -1', 'those of the newest run'],
    ['runlog metrics --names', 'what there is to ask for'],
    ['runlog metrics -m loss -c subset=val -o metric.min -n 5', 'in which runs it was least'],
  );
}
