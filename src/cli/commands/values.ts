// `runlog values`: what one sequence of a run holds, ordered by (step, writer): points in full precision, or
// texts, images and other objects.
//
// 1. Written in pieces of 65,536 points: a table of ten million is no text of its own in memory.

import type { Command } from 'commander';
import type { Metric, RunView, Values } from '../../index.ts';
import { findSequence, isObjects } from '../find-sequence.ts';
import { jsonText, numberText } from '../json.ts';
import { findRun, openRepo } from '../open.ts';
import {
  contextOption,
  finite,
  jsonOption,
  path,
  type WantedContext,
  withExamples,
  yesOption,
} from '../options.ts';
import { openOutput } from '../output-file.ts';
import { counted, printAside, styled, time } from '../print.ts';
import { tellDamage } from '../trouble.ts';

interface ValuesOptions {
  readonly context?: WantedContext;
  readonly kind?: string;
  readonly from?: number;
  readonly to?: number;
  readonly writer?: string;
  readonly raw: boolean;
  readonly out?: string;
  readonly yes: boolean;
  readonly json: boolean;
}

const rangeOf = ({ from, to, writer, raw }: ValuesOptions) => ({
  ...(from === undefined ? {} : { fromStep: from }),
  ...(to === undefined ? {} : { toStep: to }),
  ...(writer === undefined ? {} : { writer }),
  raw,
});

async function values(
  run: string,
  name: string,
  options: ValuesOptions,
  command: Command,
): Promise<void> {
  const view = await findRun(await openRepo(command), run);
  const { context, kind, writer, json } = options;
  const found = findSequence(view, { name, context, kind });
  if (writer !== undefined && !found.writers.includes(writer))
    throw new TypeError(
      `--writer: ${writer} has no ${name} in ${view.hash}; ${found.writers.join(', ')} have`,
    );
  const isAny = isObjects(found)
    ? await (await import('../object-values.ts')).tellObjects(view, found, {
        ...options,
        range: rangeOf(options),
      })
    : await tellPoints(view, found, options);
  if (!isAny && !json)
    printAside(
      `nothing there; ${name} has ${counted(found.count, isObjects(found) ? 'step' : 'point')}, steps ${found.firstStep} to ${found.lastStep}`,
    );
  tellDamage(view);
}

/** False: there was none. */
async function tellPoints(view: RunView, metric: Metric, options: ValuesOptions): Promise<boolean> {
  if (options.out !== undefined)
    throw new TypeError(
      `--out: ${metric.name} is a metric, whose points are no files; \`runlog export ${view.hash} -m ${metric.name} -o points.csv\` writes one`,
    );
  if (!options.json) return printRows(metric.blocks(rangeOf(options)));
  await printColumns(metric, await metric.values(rangeOf(options)));
  return true;
}

async function printRows(blocks: AsyncGenerator<Values>): Promise<boolean> {
  // A pipe that is read slowly is waited for: what is written to it at once is held in memory.
  const output = openOutput(undefined);
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
    if (isFirst) await output.write(`${styled('bold', line(0))}\n`);
    isFirst = false;
    for (let start = 0; start < block.steps.length; start += ROWS_AT_ONCE) {
      const rows = block.steps.subarray(start, start + ROWS_AT_ONCE);
      await output.write(`${Array.from(rows, (_, index) => line(start + index + 1)).join('\n')}\n`);
    }
  }
  return !isFirst;
}

const ROWS_AT_ONCE = 4096;

const epochText = (epoch: number): string => (Number.isNaN(epoch) ? '' : numberText(epoch));

async function printColumns(metric: Metric, columns: Values): Promise<void> {
  const { name, context, run, count } = metric;
  const output = openOutput(undefined);
  const head = jsonText({ run: run.hash, name, context, count }, 2);
  await output.write(head.slice(0, -2));
  for (const key of ['steps', 'values', 'times', 'epochs'] as const) {
    await output.write(`,\n  "${key}": [`);
    const spell = key === 'epochs' ? epochJson : jsonText;
    for (let start = 0; start < columns[key].length; start += 65_536) {
      const part = Array.from(columns[key].subarray(start, start + 65_536), (each) => spell(each));
      await output.write(`${start === 0 ? '' : ','}${part.join(',')}`);
    }
    await output.write(']');
  }
  await output.write('\n}\n');
}

const epochJson = (epoch: number): string => (Number.isNaN(epoch) ? 'null' : jsonText(epoch));

export function addValues(program: Command): void {
  withExamples(
    program
      .command('values')
      .description('prints what a sequence holds: points, texts, images and other objects')
      .argument('<run>', 'a hash, a prefix of it, or -1')
      .argument('<sequence>', 'the name of a metric, of texts, images, distributions, ...')
      .addOption(contextOption())
      .option('--kind <kind>', 'metric, texts, images, ...: where a name is several')
      .option('--from <step>', 'from this step on', finite)
      .option('--to <step>', 'up to this step, which is left out', finite)
      .option('--writer <name>', 'only what this writer of the run tracked')
      .option('--raw', 'also what was replaced at its step, and what a rewind hides', false)
      .option('--out <directory>', 'writes each text, image or other object to a file in it', path)
      .addOption(yesOption())
      .addOption(jsonOption())
      .action(values),
    ['runlog values -1 loss', 'all points'],
    ['runlog values -1 loss -c subset=val --from 1000', 'one of several contexts, a part'],
    ['runlog values 3fa9 loss --json', 'columns, for another program'],
    ['runlog values -1 samples --out pictures', 'the images of a sequence, as files'],
  );
}
