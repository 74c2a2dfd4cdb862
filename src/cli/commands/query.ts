// `runlog query`: what metrics come to, by groups: a number of each, or as curves step by step.
//
// 1. Metrics of the machine are left out as everywhere; a wrong query is shown as it was typed.

import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Aggregate,
  type AggregateCurve,
  type AggregateOptions,
  nearestName,
  type QueryOptions,
  queryParts,
  type Repo,
  RunlogError,
} from '../../index.ts';
import { chart, letterOfCurve, styleOfCurve } from '../chart.ts';
import { isNone, valueText } from '../facts.ts';
import { tellMissing, tellNothing, tellNoValue } from '../hints.ts';
import { openRepo } from '../open.ts';
import {
  contextOption,
  finite,
  groupOrderOption,
  metricOption,
  withExamples,
  withQuestion,
} from '../options.ts';
import { isTerminal, number, print, printAside, printJson, widthOfOutput } from '../print.ts';
import { isExpression, questionOf, type WantedMetrics } from '../select.ts';
import { type Cell, type Column, printTable } from '../table.ts';
import { HEAD_MAX, shortened } from '../text-width.ts';

const statistics = ['mean', 'median', 'std', 'min', 'max'] as const;

interface QueryCommandOptions extends WantedMetrics {
  readonly groupBy?: readonly string[];
  readonly value?: string;
  readonly curves: boolean;
  readonly statistic: (typeof statistics)[number];
  readonly from?: number;
  readonly to?: number;
  readonly json: boolean;
}

/** The number of a metric, unless it is said. */
const LAST = 'metric.last';

const PIPE_WIDTH = 100;
const CURVE_LINES = 16;

/** The query with what the options ask for besides. */
function narrowed(query: string, { metric, context, system }: QueryCommandOptions): string {
  const isOpen = system === true || metric !== undefined || query.includes('__system__');
  const parts = [
    ...(metric === undefined ? [] : [`metric.name in ${JSON.stringify(metric)}`]),
    ...Object.entries(context ?? {}).map(hasContext),
    ...(isOpen ? [] : ["not metric.name.startswith('__system__')"]),
  ];
  const own = parts.join(' and ');
  if (own === '' || query.trim() === '') return own || query;
  const { head, condition } = queryParts(query);
  // A comment ends with its line.
  return `${head} ${own} and (${condition}\n)`.trim();
}

/** Without an order groups stand by their values, which have a direction too; an order by time has its own. */
function withGroupOrder(
  { order: _, descending: __, ...others }: QueryOptions,
  { order, descending = false }: QueryCommandOptions,
): AggregateOptions {
  if (order === undefined) return { ...others, descending };
  return { ...others, order, ...(isExpression(order) ? { descending } : {}) };
}

/** A value of a context is compared as text everywhere: `fold=1` is 1, and '1'. */
function hasContext([key, text]: readonly [string, string]): string {
  const value = `metric.context[${JSON.stringify(key)}]`;
  const constants: Readonly<Record<string, string>> = {
    true: 'True',
    false: 'False',
    null: 'None',
  };
  const constant = constants[text];
  const isNumber = text === String(Number(text)) && Number.isFinite(Number(text));
  const alternatives = [
    `${value} == ${JSON.stringify(text)}`,
    ...(isNumber ? [`${value} == ${text} and not isinstance(${value}, bool)`] : []),
    ...(constant === undefined
      ? []
      : [`${JSON.stringify(key)} in metric.context and ${value} is ${constant}`]),
  ];
  return `(${alternatives.join(' or ')})`;
}

async function query(
  words: string[],
  options: QueryCommandOptions,
  command: Command,
): Promise<void> {
  const repo = await openRepo(command);
  const groupBy = options.groupBy ?? ['metric.name'];
  const [text, asked] = await questionOf(repo, words, options);
  const grouping = { ...withGroupOrder(asked, options), groupBy };
  const answer = async (wanted: string): Promise<readonly Grouped[]> =>
    options.curves
      ? tellCurves(repo, wanted, grouping, options)
      : tellNumbers(repo, wanted, { ...grouping, value: options.value ?? LAST }, options);
  try {
    const groups = await answer(narrowed(text, options));
    if (!options.json) await tellNone(repo, groups, groupBy);
    if (groups.length === 0 && !options.json) await tellNothing(repo, 'metric', words, options);
  } catch (error) {
    const near = nearestName(options.order ?? '', [...numberNames, 'newest', 'oldest']);
    if (error instanceof RunlogError && error.code === 'QUERY_SYNTAX' && near !== undefined)
      printAside(`--order ${options.order}: near: ${near}`);
    // Its line and column are those of what was typed.
    if (error instanceof RunlogError && error.code === 'QUERY_SYNTAX' && text !== '')
      for await (const _ of repo.runs(`${text}`, { limit: 0 }));
    throw error;
  }
}

type Grouped = Pick<Aggregate, 'group'>;

/** An expression that has no value in any group looks like one that has: what it names may be misspelt. */
async function tellNone(
  repo: Repo,
  groups: readonly Grouped[],
  groupBy: readonly string[],
): Promise<void> {
  for (const [index, expression] of groupBy.entries())
    if (groups.length > 0 && groups.every(({ group }) => isNone(group[index])))
      await tellMissing(repo, expression, 'metric');
}

async function tellNumbers(
  repo: Repo,
  wanted: string,
  asked: AggregateOptions,
  { json }: QueryCommandOptions,
): Promise<readonly Grouped[]> {
  const groups = await repo.aggregate(wanted, asked);
  if (json) printJson(groups);
  else if (groups.length > 0)
    printTable(
      [...headsOf(asked), ...numberColumns(asked.value ?? LAST)],
      groups.map(({ group, metrics, count, ...found }): Cell[] => [
        ...group.map(valueText),
        String(metrics),
        String(count),
        ...statistics.map((name) => (Number.isNaN(found[name]) ? '' : number(found[name]))),
      ]),
    );
  if (!json && groups.length > 0 && groups.every(({ count }) => count === 0))
    await tellNoValue(repo, '--value', asked.value ?? LAST, 'metric');
  return groups;
}

/** Of what a group comes to the mean and how many it is of say most. */
const numberColumns = (value: string): Column[] => [
  { right: 'metrics', spare: 1 },
  { right: 'count' },
  { right: `mean of ${shortened(value, HEAD_MAX)}` },
  { right: 'median', spare: 2 },
  { right: 'std', spare: 3 },
  { right: 'min', spare: 4 },
  { right: 'max', spare: 5 },
];

const numberNames = ['metrics', 'count', ...statistics];

const headsOf = ({ groupBy = [] }: AggregateOptions): readonly string[] =>
  typeof groupBy === 'string' ? [groupBy] : groupBy;

async function tellCurves(
  repo: Repo,
  wanted: string,
  asked: AggregateOptions,
  options: QueryCommandOptions,
): Promise<readonly Grouped[]> {
  const { value: _, ...grouping } = asked;
  const groups = await repo.aggregateCurves(wanted, {
    ...grouping,
    ...(options.from === undefined ? {} : { fromStep: options.from }),
    ...(options.to === undefined ? {} : { toStep: options.to }),
  });
  if (options.json) printJson(groups);
  else if (groups.length > 0) await drawGroups(groups, asked, options);
  return groups;
}

async function drawGroups(
  groups: readonly AggregateCurve[],
  asked: AggregateOptions,
  { statistic }: QueryCommandOptions,
): Promise<void> {
  const curves = groups.map((each) => ({ x: each.steps, y: each[statistic] }));
  const lines = await chart(curves, {
    width: isTerminal() ? widthOfOutput() : PIPE_WIDTH,
    height: CURVE_LINES,
    logX: false,
    logY: false,
    x: 'step',
  });
  if (lines.length === 0) print('nothing to draw: no value is a number');
  for (const line of lines) print(line);
  printTable(
    ['', ...headsOf(asked), { right: 'metrics' }, { right: `last ${statistic}` }],
    groups.map((each, index): Cell[] => [
      { text: letterOfCurve(index), style: styleOfCurve(index) },
      ...each.group.map(valueText),
      String(each.metrics),
      number(each[statistic].at(-1) ?? Number.NaN),
    ]),
  );
}

const gather = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

/** The second would take the place of the first without a word. */
function once(text: string, before?: string): string {
  if (before === undefined) return text;
  throw new InvalidArgumentError(
    `one only, and ${before} was given before; ask for the other by itself`,
  );
}

export function addQuery(program: Command): void {
  withExamples(
    withQuestion(
      program
        .command('query')
        .description('says what metrics come to, in groups: count, mean, median, std, min, max')
        .argument('[what...]', 'runs, or one query over run and metric; all runs if left out')
        .addOption(
          new Option(
            '-g, --group-by <expression>',
            'metrics for which it has one value are a group (may be repeated; default: metric.name)',
          ).argParser(gather),
        )
        .addOption(
          new Option(
            '-v, --value <expression>',
            `the number of each metric (default: ${LAST})`,
          ).argParser(once),
        )
        .option('--curves', 'the metrics as curves aligned by step, drawn', false)
        .addOption(
          new Option('--statistic <name>', 'what of the curves is drawn')
            .choices(statistics)
            .default('mean'),
        )
        .option('--from <step>', 'of curves: from this step on', finite)
        .option('--to <step>', 'of curves: up to this step, which is left out', finite)
        .addOption(metricOption())
        .addOption(contextOption()),
      groupOrderOption(),
    ).action(query),
    ['runlog query -m loss -g run.hparams.lr', 'the last loss by learning rate'],
    ['runlog query -m loss -g run.experiment -v metric.min', 'the least loss by experiment'],
    ['runlog query -m loss -g run.hparams.lr -o mean', 'the best learning rate first'],
    ['runlog query \'metric.context.subset == "val"\' --curves', 'mean curves, a line a name'],
  );
}
