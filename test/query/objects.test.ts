// What `run`, `metric` and what hangs on them are in a query: properties, parameters, what is missing,
// numbers, contexts, and conditions on points.

import { describe, expect, it } from 'vitest';
import { MetricObject, parseQuery, parseRowValue, RunObject } from '../../src/query/query.ts';
import { comparePlain, toPlain } from '../../src/query/to-plain.ts';
import { type GivenRun, memoryRun } from './memory-facts.ts';

const given: GivenRun = {
  name: 'alpha',
  tags: ['best', 'prod'],
  notes: ['looks good'],
  endedAt: Date.UTC(2026, 0, 2, 3, 5, 5),
  state: 'finished',
  writers: ['main', 'rank-1'],
  openings: [
    {
      writer: 'main',
      host: 'node-1',
      pid: 7,
      openedAt: Date.UTC(2026, 0, 2),
      resumed: false,
      closedAt: undefined,
      outcome: 'failed',
      error: 'out of memory',
    },
  ],
  params: {
    hparams: { lr: 0.1, layers: [64, 128], opt: 'Adam', 'a.b': 1, items: 3, note: null },
    one: 1,
    half: 0.5,
    whole: 2.0,
    minusZero: -0,
    big: 2n ** 62n,
    huge: 1e300,
    flag: true,
    map: new Map<unknown, unknown>([
      [1, 'one'],
      ['1', 'text'],
    ]),
    set: new Set([1, 2]),
    when: new Date(Date.UTC(2024, 1, 29)),
    bytes: Uint8Array.of(1, 2),
    floats: Float32Array.of(1, 0.5),
    __system_params: { git_info: { branch: 'feature/testing' } },
    __proto: 1,
    name: 'a param',
  },
  sequences: [
    { name: 'loss', context: { subset: 'val', fold: 1 }, steps: [0, 10, 20], values: [3, 1, 2] },
    { name: 'loss', values: [5, 4] },
    { name: 'nan', values: [Number.NaN] },
    { kind: 'images', name: 'samples', steps: [1, 2] },
  ],
};

const facts = memoryRun(given);
const run = new RunObject(facts);
const sequence = (index: number): MetricObject =>
  new MetricObject(facts.sequences[index] as (typeof facts.sequences)[0], run);

const isTrue = async (text: string, index?: number): Promise<boolean> => {
  const kind = index === undefined ? 'run' : (facts.sequences[index]?.kind ?? 'metric');
  const query = await parseQuery(text, kind);
  return query.matches(run, index === undefined ? undefined : sequence(index));
};

describe('run', () => {
  it.each([
    "run.name == 'alpha' and run['name'] == 'a param'",
    "run.experiment == 'default' and run.description is None",
    "run.tags == ['best', 'prod'] and 'best' in run.tags",
    "run.notes == ['looks good'] and any('good' in each for each in run.notes)",
    "run.state == 'finished' and not run.active and not run.archived",
    'run.created_at == datetime(2026, 1, 2, 3, 4, 5) and run.finalized_at - run.created_at == timedelta(minutes=1)',
    'run.creation_time == 1767323045.0 and run.end_time == run.creation_time + 60 and run.duration == 60',
    'run.created_at.timestamp() == run.creation_time and run.updated_at == run.created_at',
    "run.host == 'node-1' and run.writers == ['main', 'rank-1']",
    "run.openings[0].error == 'out of memory' and run.openings[-1].closed_at is None and run.openings[0]['pid'] == 7",
    "len(run.hash) == 24 and run.hash.startswith('0123')",
    "run.hparams.lr == 0.1 == run['hparams', 'lr'] == run['hparams']['lr'] == run.hparams['lr']",
    'run.hparams.layers[-1] == 128 and run.hparams.layers == [64, 128] and sum(run.hparams.layers) == 192',
    "run.hparams.opt.lower() == 'adam' and run.hparams['a.b'] == 1",
    "run.__system_params.git_info.branch == 'feature/testing' and run.__proto == 1",
    "run.get('none', default=5) == 5 and run.get(key='one') == 1 and run.get(('hparams', 'lr'), 5) == 0.1",
    "run.get(('hparams', 'none'), 5) == 5 and run.get(('none', 'none')) is None",
    "run.get('one') == 1 and run.get('none', 5) == 5 and 'one' in run and 'none' not in run",
    // What is stored is there, also None.
    "run.hparams.get('note', 5) is None and run.hparams.get('nope', 5) == 5",
    "run[['hparams', 'lr']] == 0.1 and run[['hparams', 'nope']] is None and len(run[[]]) > 10",
    'run.whole.is_integer() and not run.half.is_integer()',
    "len(run[...]) == len(run[()]) > 10 and 'hparams' in run[...]",
    "run.map[1] == 'one' and run.map['1'] == 'text' and run.set == {1, 2} and run.when.month == 2",
    "run.bytes == b'\\x01\\x02' and run.floats == [1.0, 0.5]",
    "list(run.hparams.items())[0] == ('lr', 0.1) and run.hparams['items'] == 3 and 'lr' in run.hparams.keys()",
    'run[0] is None and run[1.5] is None',
  ])('%s', async (text) => {
    expect(await isTrue(text)).toBe(true);
  });

  it('a number of a param is an int if it is a whole one, else a float', async () => {
    for (const text of [
      'isinstance(run.one, int) and isinstance(run.whole, int) and isinstance(run.half, float)',
      "str(run.whole) == '2' and str(run.half) == '0.5' and f'{run.one:03d}' == '001'",
      'run.one / 2 == 0.5 and run.one // 2 == 0 and isinstance(run.one // 2, int)',
      "str(run.minusZero) == '-0.0' and run.minusZero == 0",
      'run.big * 4 == 2**64 and run.huge > 2**900 and isinstance(run.huge, float)',
      'run.flag == 1 and isinstance(run.flag, bool) and run.one == 1.0 == True',
    ])
      expect(await isTrue(text), text).toBe(true);
  });
});

describe('what is missing is None, at any depth', () => {
  it.each([
    'run.none == None and run.none is None and not run.none',
    'run.none.deep.er is None and run["none", "deep"] is None and run["none"]["deep"] is None',
    'run.hparams.none is None and run.hparams.none.deep is None and run.hparams.note is None',
    'run.metrics["none"] is None and run.metrics["none"].last is None',
    'run.metrics["loss", {"subset": "train"}] is None',
    'not (run.none < 1) and not (run.none > 1) and not (run.none <= None)',
    'run.none != 1 and run.none not in [1, 2] and run.none in [None]',
  ])('%s', async (text) => {
    expect(await isTrue(text)).toBe(true);
  });

  it.each([
    ['run.none + 1 > 0', 'TypeError'],
    ['not run.none + 1', 'TypeError'],
    ["run.none.startswith('a')", 'None has no method startswith()'],
    ["'a' in run.none", 'TypeError'],
    ["'a' not in run.none", 'TypeError'],
    ['len(run.none) == 0', 'TypeError'],
    ['all(x > 0 for x in run.none)', 'TypeError'],
    ['max(run.none, 1) == 1', 'TypeError'],
    ['sorted([run.none, 1])', 'TypeError'],
    ['f"{run.none:.2f}"', 'TypeError'],
  ])('%s is a failure of a missing value', async (text, part) => {
    const { RowFailures } = await import('../../src/query/query.ts');
    const failures = new RowFailures();
    const query = await parseQuery(text);
    expect(query.matches(run, undefined, failures)).toBe(false);
    expect(failures.kinds[0]?.message).toContain(part);
    expect(failures.kinds[0]?.isMissing).toBe(true);
  });

  it('what is there and is no dict has the attributes of its type', async () => {
    for (const text of ['run.hparams.opt.nope', 'run.hparams.layers.nope', 'run.one.nope'])
      await expect(isTrue(text)).rejects.toThrow(/AttributeError/);
  });
});

describe('metrics', () => {
  it.each([
    "run.metrics['loss'].last == 4 and run.metrics['loss', {}].first == 5",
    "run.metrics['loss', {'subset': 'val', 'fold': 1.0}].min == 1.0",
    "run.metrics['loss', {'fold': 1, 'subset': 'val'}].last_step == 20",
    "'loss' in run.metrics and 'none' not in run.metrics and ('loss', {'fold': 2}) not in run.metrics",
    'len(run.metrics) == 3 and run.metrics and any(each.last == 2 for each in run.metrics)',
    "{each.name for each in run.metrics} == {'loss', 'nan'}",
  ])('of the run: %s', async (text) => {
    expect(await isTrue(text)).toBe(true);
  });

  it.each([
    "metric.name == 'loss' and metric.context.subset == 'val' and metric.context == {'fold': 1, 'subset': 'val'}",
    "metric.context['subset'] == 'val' and metric.context.none is None and metric.context.none.deep is None",
    "metric.context.subset.startswith('v') and 'fold' in metric.context and sorted(metric.context) == ['fold', 'subset']",
    'metric.last == 2 and metric.first == 3 and metric.min == 1 and metric.max == 3 and metric.mean == 2',
    'metric.count == 3 and metric.first_step == 0 and metric.last_step == 20',
    "str(metric.last) == '2.0' and isinstance(metric.last_step, int) and metric.writers == ['main']",
    'metric.at(10) == 1 and metric.at(11) is None',
    'metric.first_step_below(2.5) == 10 and metric.first_step_above(2) == 0 and metric.first_step_below(0) is None',
    'metric.count_above(1) == 2 and metric.count_below(3) == 2',
    "metric.run.name == run.name == 'alpha' and metric.run.hparams.lr == 0.1",
    "metric.dtype == 'float' and metric.none is None",
    "run.metrics['loss'].at(1) == 4",
  ])('as a row: %s', async (text) => {
    expect(await isTrue(text, 0)).toBe(true);
  });

  it('without a number that is not NaN there is no least and greatest', async () => {
    const text =
      'metric.min is None and metric.max is None and metric.mean is None and metric.last != metric.last';
    expect(await isTrue(text, 2)).toBe(true);
  });

  it('of other kinds have no values', async () => {
    expect(
      await isTrue("images.name == 'samples' and images.last is None and images.last_step == 2", 3),
    ).toBe(true);
    await expect(isTrue('images.at(1)', 3)).rejects.toThrow(/have no values/);
  });

  it.each([
    ['run.metrics.loss', "a metric is run.metrics['loss']"],
    ['run.metrics[0]', 'takes a name'],
    ["run.metrics['loss', None]", 'a context is a dict'],
    ["metric.at('a')", 'must be real number'],
    ['metric.at()', 'takes one number'],
    ['metric["last"]', 'not subscriptable'],
  ])('%s: %s', async (text, part) => {
    await expect(isTrue(text, 0)).rejects.toThrow(part);
  });
});

describe('values', () => {
  it.each([
    ['run.hparams.lr', 0.1],
    ['run.hparams.layers', [64, 128]],
    ['run.big', 2n ** 62n],
    ['run.one', 1],
    ['run.created_at', new Date(Date.UTC(2026, 0, 2, 3, 4, 5))],
    ['run.finalized_at - run.created_at', 60],
    ['(run.name, run.none)', ['alpha', null]],
    ["{'a': {1: 2}}", { a: { 1: 2 } }],
    ['run.metrics["loss"]', 'loss'],
    ['run', '0123456789abcdef01234567'],
    ['{1}', [1]],
    ['range(3)', [0, 1, 2]],
    ["b'a'", Uint8Array.of(97)],
    ['len', '<function len>'],
  ])('%s is a plain value outside', async (text, wanted) => {
    expect((await parseRowValue(text)).value(run)).toEqual(wanted);
  });

  it('are ordered with what is missing last', () => {
    const mixed = [
      null,
      'b',
      2,
      undefined,
      1n,
      Number.NaN,
      'a',
      true,
      new Date(5),
      [2],
      [1, 2],
      -1.5,
    ];
    expect([...mixed].sort(comparePlain)).toEqual([
      -1.5,
      1n,
      true,
      2,
      'a',
      'b',
      new Date(5),
      [1, 2],
      [2],
      null,
      Number.NaN,
      undefined,
    ]);
  });

  it('that are cut off at the depth of the stack are a limit', async () => {
    expect(toPlain(null)).toBe(null);
    await expect(parseRowValue(' ')).rejects.toThrow(/QUERY_SYNTAX|no value/);
  });
});
