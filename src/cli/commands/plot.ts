// `runlog plot`: curves of metrics in the terminal, as wide as it is.
//
// 1. Without --metric a run that has many metrics is drawn one chart a name: one scale for all says
//    nothing of any.

import { type Command, Option } from 'commander';
import type { Metric, Repo } from '../../index.ts';
import { chart, DOTS_ACROSS, letterOfCurve, styleOfCurve } from '../chart.ts';
import { binsOf, type Curve, curveOfColumns, rangeOf, scaleOf } from '../curve.ts';
import { contextText } from '../facts.ts';
import { shellWord, tellMissing, tellNext, tellNothing } from '../hints.ts';
import { findRun, openRepo, shortHashes } from '../open.ts';
import {
  contextOption,
  finite,
  limitOption,
  metricOption,
  natural,
  withExamples,
  withQuestion,
} from '../options.ts';
import {
  escaped,
  isTerminal,
  number,
  print,
  printAside,
  printJson,
  styled,
  widthOfOutput,
} from '../print.ts';
import { isExpression, selectMetrics, type WantedMetrics } from '../select.ts';
import { table } from '../table.ts';
import { tellDamage } from '../trouble.ts';

interface PlotOptions extends WantedMetrics {
  readonly x: 'step' | 'epoch' | 'time';
  readonly log: boolean;
  readonly logX: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly width?: number;
  readonly height: number;
  readonly limit: number;
  readonly json: boolean;
}

const PIPE_WIDTH = 100;
/** Several for each column of dots of a wide terminal. */
const FINE_COLUMNS = 4096;

interface Drawn extends Curve {
  readonly metric: Metric;
  /** As it is shown. */
  readonly run: string;
}

/** Every point, as the axis asks for it. */
async function curveOf(metric: Metric, options: PlotOptions): Promise<Curve> {
  const values = await metric.values(windowOf(options));
  const began = metric.run.createdAt;
  const x = {
    step: () => values.steps,
    epoch: () => values.epochs,
    time: () => values.times.map((time) => time - began),
  }[options.x]();
  return { x, y: values.values };
}

const windowOf = ({ from, to }: PlotOptions): { fromStep?: number; toStep?: number } => ({
  ...(from === undefined ? {} : { fromStep: from }),
  ...(to === undefined ? {} : { toStep: to }),
});

/** What a terminal can show of it: of a long metric by steps, from summaries where blocks have them. */
const drawnCurve = async (metric: Metric, options: PlotOptions): Promise<Curve> =>
  options.x === 'step' && !options.logX && metric.count > 4 * FINE_COLUMNS
    ? curveOfColumns(await metric.downsample({ width: FINE_COLUMNS, ...windowOf(options) }))
    : curveOf(metric, options);

/** The metrics to draw, by name; more than the limit are counted. */
async function find(
  repo: Repo,
  words: readonly string[],
  options: PlotOptions,
): Promise<[Map<string, Metric[]>, number]> {
  const byName = new Map<string, Metric[]>();
  let left = 0;
  // A plot of everything there is would be none: the newest run.
  const given = words.length === 0 ? ['-1'] : words;
  for await (const metric of selectMetrics(repo, given, options)) {
    const drawn = byName.get(metric.name) ?? [];
    if (drawn.length < options.limit) drawn.push(metric);
    else left += 1;
    byName.set(metric.name, drawn);
  }
  return [byName, left];
}

async function plot(words: string[], options: PlotOptions, command: Command): Promise<void> {
  const repo = await openRepo(command);
  if (repo.hashes().length === 0 && words.length === 0) {
    if (options.json) printJson([]);
    else await tellNothing(repo, 'metric', words, options);
    return;
  }
  const [byName, left] = await find(repo, words, options);
  const short = shortHashes(repo.hashes());
  const metrics = [...byName.values()].flat();
  if (metrics.length === 0 && !options.json) {
    const newest = words.length === 0 ? { newest: (await findRun(repo, '-1')).hash } : {};
    await tellNothing(repo, 'metric', words, { ...options, ...newest });
  }
  if (options.json) printJson(await Promise.all(metrics.map((each) => curveFacts(each, options))));
  else
    for (const [name, drawn] of byName) {
      const curves = await Promise.all(
        drawn.map(async (metric) => ({
          ...(await drawnCurve(metric, options)),
          metric,
          run: short(metric.run.hash),
        })),
      );
      await printChart(name, curves, options);
    }
  for (const view of new Set(metrics.map(({ run }) => run))) tellDamage(view);
  if (!options.json && isExpression(options.order))
    await tellMissing(repo, options.order, 'metric');
  if (left > 0) printAside(`${left} more metrics are not drawn; --limit for more`);
  if (!options.json && metrics[0] !== undefined)
    tellNext(repo, `runlog values -1 ${shellWord(metrics[0].name)}`, 'runlog follow');
}

/** The curve as it is drawn: of each column of dots what is in it. */
async function curveFacts(metric: Metric, options: PlotOptions): Promise<object> {
  const curve = await curveOf(metric, options);
  const { name, context, run } = metric;
  const isShown = (x: number, y: number): boolean =>
    (!options.logX || x > 0) && (!options.log || y > 0);
  const range = rangeOf([curve.x], (x) => !options.logX || x > 0);
  const scale = range === undefined ? undefined : scaleOf(range, options.logX);
  const dots = (options.width ?? PIPE_WIDTH) * DOTS_ACROSS;
  const bins = scale === undefined ? [] : binsOf(curve, scale, isShown, dots);
  const columns = bins.map(({ x, first, last, min, max }) => ({ x, first, last, min, max }));
  return { run: run.hash, name, context, columns };
}

async function printChart(
  name: string,
  curves: readonly Drawn[],
  options: PlotOptions,
): Promise<void> {
  const width = options.width ?? (isTerminal() ? widthOfOutput() : PIPE_WIDTH);
  const lines = await chart(curves, { ...options, logY: options.log, width });
  print(styled('bold', escaped(name)));
  if (lines.length === 0) print(`nothing to draw${reasonOf(options)}`);
  for (const line of lines) print(line);
  if (lines.length > 0 && options.log && curves.some(({ y }) => y.some((value) => value <= 0)))
    print(styled('dim', 'values that are not above 0 have no place on this scale: gaps'));
  printLegend(curves);
  print('');
}

/** A line a curve, in its colour and with its letter. */
function printLegend(curves: readonly Drawn[]): void {
  const [head = '', ...lines] = table(
    [
      '',
      { whole: 'run' },
      'context',
      { right: 'last' },
      { right: 'min', spare: 2 },
      { right: 'max', spare: 1 },
      'name',
    ],
    curves.map(({ run, metric }, index) => [
      { text: letterOfCurve(index), style: styleOfCurve(index) },
      { text: run, style: styleOfCurve(index) },
      contextText(metric.context),
      ...[metric.last, metric.min, metric.max].map(number),
      metric.run.name ?? '',
    ]),
    widthOfOutput(),
  );
  print(styled('dim', head));
  for (const line of lines) print(line);
}

function reasonOf({ x, log }: PlotOptions): string {
  if (x === 'epoch') return ': no point has an epoch; --x step';
  return log ? ': no value is above 0, which --log needs' : ': no value is a number';
}

export function addPlot(program: Command): void {
  withExamples(
    withQuestion(
      program
        .command('plot')
        .description(
          'draws metrics in the terminal, a chart for each name; the newest run if left out',
        )
        .argument('[what...]', 'runs, or one query')
        .addOption(metricOption())
        .addOption(contextOption())
        .addOption(
          new Option('--x <axis>', 'what goes to the right')
            .choices(['step', 'epoch', 'time'])
            .default('step'),
        )
        .option('--log', 'the values on a logarithmic scale', false)
        .option('--log-x', 'steps, epochs or times on a logarithmic scale', false)
        .option('--from <step>', 'from this step on', finite)
        .option('--to <step>', 'up to this step, which is left out', finite)
        .option('--width <characters>', 'of a line (default: the terminal, or 100)', natural)
        .option('--height <lines>', 'of the curves', natural, 16)
        .addOption(limitOption(12)),
    ).action(plot),
    ['runlog plot', 'the newest run'],
    ['runlog plot -1 -2 -m loss --log', 'one metric of two runs'],
    ['runlog plot 3fa9 -m loss -c subset=val --x time', 'by time since the run began'],
  );
}
