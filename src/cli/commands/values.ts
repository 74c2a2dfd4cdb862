// `runlog values`: the points of one metric of a run, in full precision, ordered by (step, writer).
//
// 1. Written in pieces of 65,536 points: a table of ten million is no text of its own in memory.

import type { Command } from 'commander';
import type { Metric, RunView, Values } from '../../index.ts';
import { contextText, textOf } from '../facts.ts';
import { shellWord } from '../hints.ts';
import { jsonText, numberText } from '../json.ts';
import { findRun, openRepo } from '../open.ts';
import { contextOption, finite, jsonOption, type WantedContext, withExamples } from '../options.ts';
import { counted, print, printAside, styled, time } from '../print.ts';
import { tellDamage } from '../trouble.ts';

interface ValuesOptions {
  readonly context?: WantedContext;
  readonly from?: number;
  readonly to?: number;
  readonly writer?: string;
  readonly raw: boolean;
  readonly json: boolean;
}

/** The metric of this name whose context is the one given, or the only one that holds it. */
export function findMetric(view: RunView, name: string, wanted: WantedContext = {}): Metric {
  const named = view.metrics().filter((metric) => metric.name === name);
  if (named.length === 0) {
    const names = [...new Set(view.metrics().map((metric) => metric.name))];
    const have = names.length === 0 ? 'it has none' : `it has ${names.slice(0, 10).join(', ')}`;
    throw new TypeError(`metric: ${view.hash} has no ${name}; ${have}`);
  }
  const holding = named.filter(({ context }) =>
    Object.entries(wanted).every(
      ([key, text]) => Object.hasOwn(context, key) && textOf(context[key]) === text,
    ),
  );
  const exact = holding.find(
    ({ context }) => Object.keys(context).length === Object.keys(wanted).length,
  );
  const found = exact ?? (holding.length === 1 ? holding[0] : undefined);
  if (found !== undefined) return found;
  const contexts = named.map(({ context }) => contextText(context) || '(none)');
  const [example] = named.flatMap(({ context }) =>
    Object.entries(context).map(([key, value]) => `${key}=${textOf(value)}`),
  );
  const how = example === undefined ? '' : `, as -c ${shellWord(example)}`;
  const there = `${name} has ${counted(named.length, 'context')}: ${contexts.join('; ')}`;
  throw new TypeError(`${there}; choose one with --context${how}`);
}

async function values(
  run: string,
  name: string,
  options: ValuesOptions,
  command: Command,
): Promise<void> {
  const view = await findRun(await openRepo(command), run);
  const metric = findMetric(view, name, options.context);
  const range = {
    ...(options.from === undefined ? {} : { fromStep: options.from }),
    ...(options.to === undefined ? {} : { toStep: options.to }),
    ...(options.writer === undefined ? {} : { writer: options.writer }),
    raw: options.raw,
  };
  if (options.writer !== undefined && !metric.writers.includes(options.writer))
    throw new TypeError(
      `--writer: ${options.writer} has no ${name} in ${view.hash}; ${metric.writers.join(', ')} have`,
    );
  if (options.json) await printColumns(metric, await metric.values(range));
  else if (!(await printRows(metric.blocks(range))))
    printAside(
      `no point there; ${name} has ${counted(metric.count, 'point')}, steps ${metric.firstStep} to ${metric.lastStep}`,
    );
  tellDamage(view);
}

/** False: there was none. */
async function printRows(blocks: AsyncGenerator<Values>): Promise<boolean> {
  let isFirst = true;
  for await (const block of blocks) {
    if (block.steps.length === 0) continue;
    const hasEpochs = block.epochs.some((epoch) => !Number.isNaN(epoch));
    const columns: readonly string[][] = [
      ['step', ...Array.from(block.steps, numberText)],
      ['value', ...Array.from(block.values, numberText)],
      ...(hasEpochs ? [['epoch', ...Array.from(block.epochs, epochText)]] : []),
      ['time', ...Array.from(block.times, time)],
    ];
    const widths = columns.map((texts) =>
      texts.reduce((max, { length }) => Math.max(max, length), 0),
    );
    const line = (index: number): string =>
      columns.map((texts, column) => (texts[index] ?? '').padStart(widths[column] ?? 0)).join('  ');
    if (isFirst) print(styled('bold', line(0)));
    isFirst = false;
    print(Array.from(block.steps, (_, index) => line(index + 1)).join('\n'));
  }
  return !isFirst;
}

const epochText = (epoch: number): string => (Number.isNaN(epoch) ? '' : numberText(epoch));

async function printColumns(metric: Metric, columns: Values): Promise<void> {
  const { name, context, run, count } = metric;
  const head = jsonText({ run: run.hash, name, context, count }, 2);
  process.stdout.write(head.slice(0, -2));
  for (const key of ['steps', 'values', 'times', 'epochs'] as const) {
    process.stdout.write(`,\n  "${key}": [`);
    const spell = key === 'epochs' ? epochJson : jsonText;
    for (let start = 0; start < columns[key].length; start += 65_536) {
      const part = Array.from(columns[key].subarray(start, start + 65_536), (each) => spell(each));
      process.stdout.write(`${start === 0 ? '' : ','}${part.join(',')}`);
    }
    process.stdout.write(']');
  }
  process.stdout.write('\n}\n');
}

const epochJson = (epoch: number): string => (Number.isNaN(epoch) ? 'null' : jsonText(epoch));

export function addValues(program: Command): void {
  withExamples(
    program
      .command('values')
      .description('prints the points of a metric')
      .argument('<run>', 'a hash, a prefix of it, or -1')
      .argument('<metric>', 'its name')
      .addOption(contextOption())
      .option('--from <step>', 'from this step on', finite)
      .option('--to <step>', 'up to this step, which is left out', finite)
      .option('--writer <name>', 'only what this writer of the run tracked')
      .option('--raw', 'also what was replaced at its step, and what a rewind hides', false)
      .addOption(jsonOption())
      .action(values),
    ['runlog values -1 loss', 'all points'],
    ['runlog values -1 loss -c subset=val --from 1000', 'one of several contexts, a part'],
    ['runlog values 3fa9 loss --json', 'columns, for another program'],
  );
}
