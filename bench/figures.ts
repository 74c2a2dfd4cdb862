// The table of figures in the README: what, the goal, what was measured, and peers or floors beside it.
//
// A row names metrics by pattern, because names say sizes. A figure that a run did not measure is a
// dash; which those are, a test sees.

import type { Result } from './harness.ts';

/** The value of the first metric that fits, or undefined. */
type Find = (workload: string, metric: RegExp) => number | undefined;

export interface Row {
  readonly what: string;
  readonly goal: string;
  readonly measured: (find: Find, results: readonly Result[]) => string;
  readonly beside?: (find: Find, results: readonly Result[]) => string;
}

export const MISSING = '-';

/** Three digits, without an exponent. */
function digits(value: number | undefined): string {
  if (value === undefined) return MISSING;
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 3 });
}

const joined = (unit: string, ...values: readonly (number | undefined)[]): string =>
  `${values.map(digits).join(' / ')} ${unit}`;

/** Peers of a workload by the value of `what`, best first. */
function peers(results: readonly Result[], workload: string, what: string, order: 1 | -1) {
  const pattern = new RegExp(`^${what}: (\\S+)`);
  return results
    .filter((each) => each.workload === workload)
    .map(({ metric, value }) => ({ name: pattern.exec(metric)?.[1] ?? '', value }))
    .filter(({ name }) => name !== '' && name !== 'runlog' && name !== 'raw-writes')
    .sort((a, b) => order * (a.value - b.value));
}

function bestPeer(results: readonly Result[], workload: string, what: string, order: 1 | -1) {
  const [best] = peers(results, workload, what, order);
  return best === undefined ? `peers: ${MISSING}` : `${best.name} ${digits(best.value)}`;
}

/** What the metrics that fit were measured of. */
const casesOf = (results: readonly Result[], workload: string, metric: RegExp): string[] =>
  results
    .filter((each) => each.workload === workload)
    .map((each) => metric.exec(each.metric)?.[1])
    .filter((each) => each !== undefined)
    .map((each) => each.replace(/\d{4,}/, (count) => digits(Number(count))));

function greatest(results: readonly Result[], workload: string, metric: RegExp) {
  const values = results
    .filter((each) => each.workload === workload && metric.test(each.metric))
    .map(({ value }) => value);
  return values.length === 0 ? undefined : Math.max(...values);
}

const ingest: readonly Row[] = [
  {
    what: '`track()` by name and context, 100 metrics a step',
    goal: '>= 6 M points/s, >= 5x the fastest peer',
    measured: (find) => joined('M points/s', find('track', /^speed$/)),
    beside: (find, results) =>
      `${bestPeer(results, 'peers-a-step', 'speed', -1)} committing each step; one write a step ${digits(find('floor-write', /a turn each$/))}`,
  },
  {
    what: 'the same with all defaults',
    goal: '>= 6 M points/s',
    measured: (find) => joined('M points/s', find('track', /^all defaults$/)),
    beside: (find) => `the loop alone ${digits(find('track', /^the loop alone$/))}`,
  },
  {
    what: 'hot handle, a turn each step / never yields',
    goal: '>= 15 M points/s',
    measured: (find) =>
      joined('M points/s', find('hot-handle', /^a turn/), find('hot-handle', /^never/)),
    beside: (_, results) =>
      `${bestPeer(results, 'peers-at-best', 'speed', -1)} in its best batches`,
  },
  {
    what: '`trackColumns`, 100,000 points a call',
    goal: '>= 60 M points/s',
    measured: (find) => joined('M points/s', find('track-columns', /a call$/)),
    beside: (find) => `msgpackr alone, a map a point ${digits(find('floor-msgpackr', /^one map/))}`,
  },
  {
    what: 'flush at the end of a turn, p50 / p99',
    goal: '<= 8 / 40 us',
    measured: (find) => joined('us', find('flush', /^p50$/), find('flush', /^p99$/)),
    beside: (find) =>
      `writeSync of the bytes ${joined('us', find('floor-write', /^p50$/), find('floor-write', /^p99$/))}`,
  },
  {
    what: 'longest single write call',
    goal: '',
    measured: (find) => joined('us', find('flush', /^longest single write call$/)),
  },
];

const size: readonly Row[] = [
  {
    what: 'bytes a point while hot, noise in 53 bits',
    goal: '<= 12',
    measured: (find) => joined('bytes', find('bytes-hot', /^hot/)),
    beside: (_, results) => `${bestPeer(results, 'peers-at-best', 'size', 1)}`,
  },
  {
    what: 'bytes a value of 1,082 real runs, whole repo',
    goal: '<= 1.0',
    measured: (find) => joined('bytes', find('corpus', /^size of the whole repo$/)),
    beside: () => 'brotli of their CSV 1.43, without parameters',
  },
  {
    what: 'written for a byte kept',
    goal: '',
    measured: (find) => joined('bytes', find('write-amplification', /^written for/)),
  },
];

const opening: readonly Row[] = [
  {
    what: "`import 'runlog'`",
    goal: '<= 40 ms',
    measured: (find) => joined('ms', find('import', /^import 'runlog'/)),
    beside: (find) => `bare node ${joined('ms', find('import', /^bare node$/))}`,
  },
  {
    what: 'new run, 10 values, close: first of a process / second',
    goal: '<= 5 ms, <= 8 syncs',
    measured: (find) =>
      `${joined('ms', find('open-close', /^new run/), find('open-close', /^the second$/))}, ${joined('syncs', find('open-close', /^sync calls$/))}`,
  },
  {
    what: 'resume of a closed run, the worst case: first of a process / second',
    goal: '<= 10 ms, <= 256 KiB read',
    measured: (_, results) =>
      `${joined('ms', greatest(results, 'resume', /first of a process$/), greatest(results, 'resume', /the second$/))}, ${joined('KiB', greatest(results, 'resume', /: read$/))}`,
    beside: (_, results) => `cases: ${casesOf(results, 'resume', /^(.*): read$/).join(', ')}`,
  },
  {
    what: 'resume after a kill, tail of 64 MiB: 100 / 2 points a frame',
    goal: '<= 150 / 500 ms',
    measured: (find) =>
      joined('ms', find('resume-killed', /100 points/), find('resume-killed', /2 points/)),
  },
];

const reading: readonly Row[] = [
  {
    what: 'read of one sealed sequence, new process / once more',
    goal: '>= 50 M points/s',
    measured: (find) =>
      joined(
        'M points/s',
        find('read-sequence', /^steps.*cold$/),
        find('read-sequence', /^steps.*once more$/),
      ),
    beside: (find, results) =>
      `steps and values; with times and epochs ${joined('M points/s', find('read-sequence', /^all.*cold$/), find('read-sequence', /^all.*once more$/))}; ${bestPeer(results, 'peers-a-step', 'read of one', -1)}`,
  },
  {
    what: 'every point of one metric of 1,000 runs, new process',
    goal: '<= 150 ms',
    measured: (find) => joined('ms', find('read-metric-1000', /^one metric/)),
  },
  {
    what: 'parameters of 10,000 runs without a catalogue, new process',
    goal: '<= 1,500 ms',
    measured: (_, results) => joined('ms', greatest(results, 'param-scan', /^params/)),
  },
];

const ask = (find: Find, when: string, of: RegExp): number | undefined =>
  find('ask-params', new RegExp(`^${when}: ${of.source}`)) ??
  find('ask-metrics', new RegExp(`^${when}: ${of.source}`)) ??
  find('ask-corpus', new RegExp(`^${when}: ${of.source}`));

/** The same question in SQL, the better of its forms: cold / warm of each store. */
function inSql(results: readonly Result[], what: RegExp): string {
  const least = (store: string, when: string): number | undefined => {
    const values = results
      .filter(({ metric }) => metric.startsWith(`${when}: ${store} `) && what.test(metric))
      .map(({ value }) => value);
    return values.length === 0 ? undefined : Math.min(...values);
  };
  const text = (name: string, store: string): string =>
    `${name} ${joined('ms', least(store, 'cold'), least(store, 'warm'))}`;
  return `${text('SQLite', 'better-sqlite3')}, ${text('DuckDB', 'duckdb')}`;
}

const PARAMS = /params of \d+ runs/;
const LAST = /metric\.last of \d+ runs/;
const POINTS = /points of \d+ runs/;
const REAL = / of \d+ real runs/;

const asking: readonly Row[] = [
  {
    what: 'query of parameters, 10,000 runs of 150: new process / again / again with `maxAgeMs`',
    goal: '<= 300 / 30 ms',
    measured: (find) =>
      joined(
        'ms',
        ask(find, 'cold', PARAMS),
        ask(find, 'warm', PARAMS),
        ask(find, 'warm, maxAgeMs 60,000', PARAMS),
      ),
    beside: (find, results) =>
      `its stat calls alone ${joined('ms', ask(find, 'floor, stat calls alone', PARAMS))}; ${inSql(results, /params in/)}`,
  },
  {
    what: 'the same without a catalogue, which is then written',
    goal: '<= 1,500 ms',
    measured: (find) => joined('ms', ask(find, 'without catalogue', PARAMS)),
    beside: (find) =>
      `RSS with / without it ${joined('MiB', ask(find, 'RSS', PARAMS), ask(find, 'RSS without catalogue', PARAMS))}; open files ${joined('files', ask(find, 'open files', PARAMS), ask(find, 'open files without catalogue', PARAMS))}`,
  },
  {
    what: '`metric.last < x` over 1,000 runs of 20 metrics: new process / again',
    goal: '<= 100 ms',
    measured: (find) => joined('ms', ask(find, 'cold', LAST), ask(find, 'warm', LAST)),
    beside: (_, results) => inSql(results, /last of a metric/),
  },
  {
    what: 'every point of one metric over 1,000 runs, by a query: new process / again',
    goal: '<= 150 ms',
    measured: (find) => joined('ms', ask(find, 'cold', POINTS), ask(find, 'warm', POINTS)),
    beside: (_, results) => inSql(results, /points of a metric/),
  },
  {
    what: 'the three questions over 1,082 real runs, new process',
    goal: '<= 300 / 100 / 150 ms',
    measured: (find) =>
      joined(
        'ms',
        ask(find, 'cold', new RegExp(`params${REAL.source}`)),
        ask(find, 'cold', new RegExp(`metric\\.last${REAL.source}`)),
        ask(find, 'cold', new RegExp(`points${REAL.source}`)),
      ),
  },
  {
    what: '10 million points to 1,000 columns, once open',
    goal: '<= 10 ms',
    measured: (find) => joined('ms', find('downsample', /once open$/)),
    beside: (find) =>
      `any of 20 windows ${joined('ms', find('downsample', /windows$/))}, first ${joined('ms', find('downsample', /first$/))}`,
  },
];

const taken: readonly Row[] = [
  {
    what: 'event loop blocked at 50,000 points/s, longest / in our own calls',
    goal: '<= 20 ms, our calls apart',
    measured: (find) =>
      joined('ms', find('loop-delay', /^longest delay$/), find('loop-delay', /system call$/)),
    beside: (find) => `without a run ${joined('ms', find('loop-delay', /without a run$/))}`,
  },
  {
    what: 'RSS over the start while ingesting',
    goal: '<= 64 MiB',
    measured: (find) => joined('MiB', find('memory', /^growth of RSS/)),
    beside: (find, results) =>
      `${casesOf(results, 'memory', /^growth of RSS (.*)$/).join()}; the same loop without a run ${joined('MiB', find('memory', /^the same loop/))}; heap after a collection ${joined('MiB', find('memory', /^heap/))}`,
  },
  {
    what: 'open files of one / 1,000 open runs',
    goal: '',
    measured: (find) => joined('files', find('open-files', /^one/), find('open-files', /runs$/)),
  },
  {
    what: 'a point of a short / a long run',
    goal: 'the same',
    measured: (_, results) => ends(results, 'length-cost', / points$/),
    beside: (_, results) => casesOf(results, 'length-cost', /^(.*) points$/).join(', '),
  },
  {
    what: 'a point among few / many sequences',
    goal: 'the same',
    measured: (_, results) => ends(results, 'sequences-cost', / sequences$/),
    beside: (_, results) => casesOf(results, 'sequences-cost', /^(.*) sequences$/).join(', '),
  },
];

/** The first and the last of the metrics that fit. */
function ends(results: readonly Result[], workload: string, metric: RegExp): string {
  const values = results
    .filter((each) => each.workload === workload && metric.test(each.metric))
    .map(({ value }) => value);
  return joined('ns', values[0], values.at(-1));
}

/** Only in the full size. */
const LARGE = /params of 75000 runs/;

const large: Row = {
  what: 'query of parameters, 75,000 runs: new process / again / without a catalogue',
  goal: '<= 2,000 ms, bounded memory',
  measured: (find) =>
    joined(
      'ms',
      ask(find, 'cold', LARGE),
      ask(find, 'warm', LARGE),
      ask(find, 'without catalogue', LARGE),
    ),
  beside: (find) =>
    `RSS with / without it ${joined('MiB', ask(find, 'RSS', LARGE), ask(find, 'RSS without catalogue', LARGE))}; open files ${joined('files', ask(find, 'open files', LARGE), ask(find, 'open files without catalogue', LARGE))}`,
};

const around: readonly Row[] = [
  {
    what: '`Run.open` without an option / with everything on: first of a process / later',
    goal: '<= 10 ms',
    measured: (find) =>
      joined(
        'ms',
        find('opening', /no option$/),
        find('opening', /first of a process$/),
        find('opening', /everything on$/),
      ),
  },
  {
    what: 'a sample of the machine, processor time',
    goal: '<= 1 ms',
    measured: (find) => joined('ms', find('system-sample', /^a sample/)),
  },
  {
    what: 'what ran, until it is recorded: here / with 3,000 packages',
    goal: '<= 300 ms',
    measured: (find) =>
      joined('ms', find('system-params', /^until/), find('system-params', /packages: until/)),
    beside: (find) =>
      `longest delay of the loop ${joined('ms', find('system-params', /^longest/), find('system-params', /packages: longest/))}`,
  },
  {
    what: 'lines of a terminal, by the processor time that recording adds',
    goal: '>= 0.3 M lines/s',
    measured: (find) => joined('M lines/s', find('terminal-lines', /^lines a second/)),
    beside: (find) => `${digits(find('terminal-lines', /^size/))} bytes a line on disk`,
  },
  {
    what: 'an image of 1 MB, tracked and flushed, p50 / p99',
    goal: '',
    measured: (find) => joined('ms', find('images', /flush, p50/), find('images', /flush, p99/)),
  },
  {
    what: '`runlog ls` / `show`, beyond bare Node',
    goal: '<= 100 ms',
    measured: (find) =>
      joined('ms', find('command-start', /^runlog ls/), find('command-start', /^runlog show/)),
  },
];

export const rows: readonly Row[] = [
  ...ingest,
  ...size,
  ...opening,
  ...reading,
  ...asking,
  ...around,
  ...taken,
];

/** The table, and above it where it was measured. */
export function tableOf(results: readonly Result[]): string {
  const find: Find = (workload, metric) =>
    results.find((each) => each.workload === workload && metric.test(each.metric))?.value;
  const machine = results.find((each) => each.workload === 'machine')?.metric ?? 'Unknown machine';
  const isLarge = results.some(({ metric }) => LARGE.test(metric));
  return [
    `${machine}. Medians, a new process each; points of noise unless said.`,
    '',
    '| what | goal | measured | beside it |',
    '|---|---|---|---|',
    ...(isLarge ? [...rows, large] : rows).map(
      ({ what, goal, measured, beside }) =>
        `| ${what} | ${goal} | ${measured(find, results)} | ${beside?.(find, results) ?? ''} |`,
    ),
  ].join('\n');
}
