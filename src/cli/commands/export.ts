// `runlog export`: runs, params, metrics or points as CSV or JSON Lines, for another program.
//
// 1. Streamed: memory holds one metric, whatever the number of runs.
// 2. A file that is there is replaced only when that was asked for, and only by a whole one.

import { extname } from 'node:path';

import { type Command, Option } from 'commander';
import { type Metric, pathText, type RunView } from '../../index.ts';
import { confirm } from '../confirm.ts';
import { csvLine } from '../csv.ts';
import { contextText, isSystemPath, leavesOf, listedFacts, metricFacts, textOf } from '../facts.ts';
import { tellMissingMetrics, tellNothing } from '../hints.ts';
import { jsonText, numberText } from '../json.ts';
import { openRepo } from '../open.ts';
import {
  archivedOption,
  contextOption,
  metricOption,
  path,
  systemOption,
  withExamples,
  yesOption,
} from '../options.ts';
import { isReplaced, openOutput } from '../output-file.ts';
import { bytes, counted, printAside } from '../print.ts';
import { beginProgress } from '../progress.ts';
import { metricsOf, selectRuns, type WantedMetrics } from '../select.ts';
import { tellDamage } from '../trouble.ts';

interface ExportOptions extends WantedMetrics {
  readonly what: 'runs' | 'params' | 'metrics' | 'points';
  readonly format?: 'csv' | 'jsonl';
  readonly json: boolean;
  readonly output?: string;
  readonly yes: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/** A piece of the file, and how many rows it is. */
type Piece = readonly [text: string, rows: number];

/** Rows of one run, a piece at a time. */
type Spell = (view: RunView, options: ExportOptions) => AsyncGenerator<Piece>;

const runRow = (view: RunView, options: ExportOptions): Row => ({ ...listedFacts(view, options) });

function* paramRows(view: RunView, { system }: ExportOptions): Generator<Row> {
  for (const { path, value } of leavesOf(view.get()))
    if (system || !isSystemPath(path)) yield { run: view.hash, param: pathText(path), path, value };
}

function* metricRows(view: RunView, options: ExportOptions): Generator<Row> {
  for (const metric of metricsOf(view, options)) yield { run: view.hash, ...metricFacts(metric) };
}

const field = (value: unknown): string => (value === undefined ? '' : textOf(value));

/** Params of a run by their column of a table of runs. */
const paramColumns = (view: RunView, { system }: ExportOptions): Map<string, string> =>
  new Map(
    leavesOf(view.get())
      .filter(({ path }) => system || !isSystemPath(path))
      .map(({ path, value }) => [pathText(path, 'params'), field(value)]),
  );

/** Last values of a run by their metric: its key tells apart what is read as one name. */
const lastValues = (view: RunView, options: ExportOptions): Map<string, LastValue> =>
  new Map(
    metricsOf(view, options).map(({ name, context, last }) => {
      const read = `metrics.${[name, contextText(context)].join(' ').trimEnd()}`;
      return [jsonText([name, context]), { name, context, last, read }];
    }),
  );

interface LastValue extends Pick<Metric, 'name' | 'context' | 'last'> {
  readonly read: string;
}

/** The name of the column of each metric; JSON says which it is where two would be called the same. */
function columnNames(values: ReadonlyMap<string, LastValue>): [key: string, column: string][] {
  const counts = new Map<string, number>();
  for (const { read } of values.values()) counts.set(read, (counts.get(read) ?? 0) + 1);
  return [...values]
    .map(([key, { read, name, context }]): [string, string] => [
      key,
      counts.get(read) === 1 ? read : `metrics.${name} ${jsonText(context)}`,
    ])
    .sort(([, a], [, b]) => (a < b ? -1 : 1));
}

const runNames = [
  'hash',
  'name',
  'experiment',
  'state',
  'createdAt',
  'endedAt',
  'duration',
  'tags',
  'archived',
  'writers',
  'metricCount',
];
const listNames = ['tags', 'writers'];
const summaryNames = ['count', 'first', 'last', 'min', 'max', 'firstStep', 'lastStep'];
const paramNames = ['run', 'param', 'value'];
const metricNames = ['run', 'name', 'context', ...summaryNames];
const pointNames = ['run', 'name', 'context', 'writer', 'step', 'epoch', 'time', 'value'];

async function* points(
  view: RunView,
  options: ExportOptions,
  line: (metric: Metric, writer: string) => (index: number, block: Block) => string,
): AsyncGenerator<Piece> {
  for (const metric of metricsOf(view, options)) {
    for (const writer of metric.writers) {
      const spell = line(metric, writer);
      for await (const block of metric.blocks({ writer })) {
        let text = '';
        for (let index = 0; index < block.steps.length; index += 1) text += spell(index, block);
        yield [text, block.steps.length];
      }
    }
  }
}

type Block = Awaited<ReturnType<Metric['values']>>;

const at = (column: Float64Array, index: number): string => numberText(column[index] as number);

const csv: Readonly<Record<'params' | 'metrics' | 'points', Spell>> = {
  async *params(view, options) {
    for (const row of paramRows(view, options))
      yield [csvLine(paramNames.map((name) => field(row[name]))), 1];
  },
  async *metrics(view, options) {
    for (const row of metricRows(view, options))
      yield [csvLine(metricNames.map((name) => field(row[name]))), 1];
  },
  points: (view, options) =>
    points(view, options, (metric, writer) => {
      const begin = csvLine([view.hash, metric.name, jsonText(metric.context), writer]).trimEnd();
      return (index, { steps, values, times, epochs }) => {
        const epoch = Number.isNaN(epochs[index]) ? '' : at(epochs, index);
        return `${begin},${at(steps, index)},${epoch},${at(times, index)},${at(values, index)}\n`;
      };
    }),
};

const jsonLine = (row: Row): Piece => [`${jsonText(row)}\n`, 1];

const jsonl: Readonly<Record<ExportOptions['what'], Spell>> = {
  async *runs(view, options) {
    const params = view.get() as Record<string, unknown>;
    const kept = Object.entries(params).filter(([key]) => options.system || !isSystemPath([key]));
    const metrics = metricsOf(view, options).map(({ name, context, last }) => ({
      name,
      context,
      last,
    }));
    yield jsonLine({ ...runRow(view, options), params: Object.fromEntries(kept), metrics });
  },
  async *params(view, options) {
    for (const { run, path, value } of paramRows(view, options))
      yield jsonLine({ run, path, value });
  },
  async *metrics(view, options) {
    for (const row of metricRows(view, options)) yield jsonLine(row);
  },
  points: (view, options) =>
    points(view, options, ({ name, context }, writer) => {
      const begin = jsonText({ run: view.hash, name, context, writer }).slice(0, -1);
      return (index, { steps, values, times, epochs }) => {
        const epoch = Number.isNaN(epochs[index]) ? '' : `,"epoch":${at(epochs, index)}`;
        const value = jsonText(values[index]);
        return `${begin},"step":${at(steps, index)}${epoch},"time":${at(times, index)},"value":${value}}\n`;
      };
    }),
};

/** Runs as a table have a column for each param and each metric that any of them has: two passes. */
async function* runTable(
  views: () => AsyncGenerator<RunView>,
  options: ExportOptions,
): AsyncGenerator<Piece> {
  const names = new Set<string>();
  const values = new Map<string, LastValue>();
  for await (const view of views()) {
    for (const name of paramColumns(view, options).keys()) names.add(name);
    for (const [key, value] of lastValues(view, options)) values.set(key, value);
  }
  const columns = [...names].sort();
  const metrics = columnNames(values);
  yield [csvLine([...runNames, ...columns, ...metrics.map(([, column]) => column)]), 0];
  for await (const view of views()) {
    const row = runRow(view, options);
    const params = paramColumns(view, options);
    const last = lastValues(view, options);
    const line = csvLine([
      ...runNames.map((name) =>
        listNames.includes(name) ? (row[name] as string[]).join(';') : field(row[name]),
      ),
      ...columns.map((name) => params.get(name) ?? ''),
      ...metrics.map(([key]) => field(last.get(key)?.last)),
    ]);
    yield [line, 1];
  }
}

async function* rows(
  views: () => AsyncGenerator<RunView>,
  format: 'csv' | 'jsonl',
  options: ExportOptions,
): AsyncGenerator<Piece> {
  const { what } = options;
  if (format === 'csv' && what === 'runs') {
    yield* runTable(views, options);
    return;
  }
  const heads = { params: paramNames, metrics: metricNames, points: pointNames, runs: [] };
  let head = format === 'csv' ? csvLine(heads[what]) : '';
  const spell = format === 'csv' && what !== 'runs' ? csv[what] : jsonl[what];
  for await (const view of views()) {
    // Behind the first run: a query that is wrong writes nothing.
    if (head !== '') yield [head, 0];
    head = '';
    yield* spell(view, options);
  }
  if (head !== '') yield [head, 0];
}

/** What names of files say; a device (/dev/stdout) and what has no ending say nothing. */
const endings: Readonly<Record<string, 'csv' | 'jsonl'>> = {
  '': 'csv',
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

/**
 * As the name of the file says, unless an option does.
 *
 * @throws TypeError of a name that says another format: what opens it would not read it.
 */
function formatOf({ format, json, output = '' }: ExportOptions): 'csv' | 'jsonl' {
  if (format !== undefined) return format;
  if (json) return 'jsonl';
  const ending = extname(output);
  const said = endings[ending.toLowerCase()];
  if (said !== undefined) return said;
  throw new TypeError(
    `--output: ${ending} is no format of this command: name the file .csv, .jsonl or .ndjson, or give --format`,
  );
}

async function exportRuns(
  words: string[],
  options: ExportOptions,
  command: Command,
): Promise<void> {
  const format = formatOf(options);
  const repo = await openRepo(command);
  const { output } = options;
  const isThere = output !== undefined && isReplaced(output);
  if (isThere && !(await confirm(`Replace ${output}?`, options.yes))) return;
  const file = openOutput(output);
  const progress = beginProgress();
  // A table of runs is made in two passes: damage is said in the second.
  let isLastPass = !(format === 'csv' && options.what === 'runs');
  let count = 0;
  let rowCount = 0;
  let runsWritten = 0;
  let written = 0;
  let hasMetrics = false;
  try {
    for await (const [text, count] of rows(exported, format, options)) {
      await file.write(text);
      rowCount += count;
      written += text.length;
      // A terminal that shows the rows shows how far they are.
      if (output !== undefined) progress.tell(`${counted(rowCount, 'row')}, ${bytes(written)} ...`);
    }
    await file.close();
  } catch (error) {
    await file.discard();
    throw error;
  } finally {
    progress.end();
  }
  if (count === 0) await tellNothing(repo, 'run', words);
  else if (output !== undefined)
    printAside(`${counted(rowCount, 'row')} of ${counted(runsWritten, 'run')} in ${output}`);
  if (count > 0 && !hasMetrics) await tellMissingMetrics(repo, options.metric);

  async function* exported(): AsyncGenerator<RunView> {
    count = 0;
    const isQuiet = !isLastPass;
    for await (const view of selectRuns(repo, words, { ...options, isQuiet })) {
      count += 1;
      hasMetrics ||= options.metric === undefined || metricsOf(view, options).length > 0;
      const before = rowCount;
      yield view;
      // Who asks for the next has what this one holds.
      if (rowCount > before) runsWritten += 1;
      if (isLastPass) tellDamage(view);
    }
    isLastPass = true;
  }
}

export function addExport(program: Command): void {
  withExamples(
    program
      .command('export')
      .description('writes runs, params, metrics or points as CSV or JSON Lines')
      .argument('[what...]', 'runs, or one query; all runs if left out')
      .addOption(
        new Option('-w, --what <rows>', 'what a row is')
          .choices(['runs', 'params', 'metrics', 'points'])
          .default('points'),
      )
      .addOption(
        new Option('-f, --format <format>', 'default: as the file is named, else csv').choices([
          'csv',
          'jsonl',
        ]),
      )
      .option('-o, --output <file>', 'default: standard output', path)
      .addOption(metricOption())
      .addOption(contextOption())
      .addOption(archivedOption())
      .addOption(systemOption())
      .addOption(yesOption())
      .option('--json', 'as --format jsonl', false)
      .action(exportRuns),
    ['runlog export -1 > points.csv', 'every point of the newest run'],
    ['runlog export --what runs -o runs.csv', 'a row a run, a column a param and a metric'],
    ['runlog export -m loss -f jsonl | jq .value', 'one metric of every run'],
  );
}
