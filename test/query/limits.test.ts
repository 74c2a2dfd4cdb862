// What would cost too much is refused at once, by name; whatever stands in a query, nothing but an error
// of ours comes out, and it comes out soon.

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { MetricObject, parseQuery, RowFailures, RunObject } from '../../src/query/query.ts';
import { seeded } from '../support/random.ts';
import { memoryRun } from './memory-facts.ts';

const facts = memoryRun({
  params: { lr: 0.1, words: ['a', 'b'], text: 'a'.repeat(50_000), n: 9, hparams: { lr: 1 } },
  sequences: [{ name: 'loss', values: [3, 2, 1] }],
});
const run = new RunObject(facts);
const metric = new MetricObject(facts.metrics[0] as (typeof facts.metrics)[0], run);

interface Asked {
  readonly code: string | undefined;
  readonly limit: string | undefined;
  readonly ms: number;
  readonly failures: RowFailures;
  readonly matches: boolean | undefined;
}

async function ask(text: string): Promise<Asked> {
  const failures = new RowFailures();
  const start = usedMs();
  const done = (error?: RunlogError, matches?: boolean): Asked => ({
    code: error?.code,
    limit: error?.details.limit,
    ms: usedMs() - start,
    failures,
    matches,
  });
  try {
    const query = await parseQuery(text, 'metric');
    query.mayMatch(run);
    return done(undefined, query.matches(run, metric, failures));
  } catch (error) {
    if (error instanceof RunlogError) return done(error);
    throw new Error(`not an error of ours, from ${text.slice(0, 300)}`, { cause: error });
  }
}

/** Of processor time: the machine of a test may be busy. The goal is 0.1 s. */
const SOON_MS = 1000;
const usedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const deep = (open: string, close: string, count: number): string =>
  `${open.repeat(count)}1${close.repeat(count)}`;

const refused: readonly (readonly [what: string, query: string, limit: string])[] = [
  ['a megabyte', `run.lr == 1 or ${'x'.repeat(1 << 20)}`, 'querySizeMax'],
  ['a megabyte of conditions', 'run.lr == 1 or '.repeat(70_000), 'querySizeMax'],
  ['more words than any needs', '1,'.repeat(20_000), 'queryTokenCountMax'],
  ['a text of thousands of replacements', `f'${'{1}'.repeat(9000)}'`, 'queryTokenCountMax'],
  ['ten thousand brackets', deep('(', ')', 10_000), 'queryDepthMax'],
  ['ten thousand lists', deep('[', ']', 10_000), 'queryDepthMax'],
  ['ten thousand nots', `${'not '.repeat(10_000)}1`, 'queryDepthMax'],
  ['ten thousand signs', `${'-'.repeat(10_000)}1`, 'queryDepthMax'],
  ['thousands of sums', `1${'+1'.repeat(8000)}`, 'queryChainCountMax'],
  ['thousands of powers', `1${'**1'.repeat(5000)}`, 'queryDepthMax'],
  ['ten thousand lambdas', `${'lambda:'.repeat(8000)}1`, 'queryDepthMax'],
  ['thousands of choices', `${'1 if 1 else '.repeat(4000)}1`, 'queryDepthMax'],
  ['thousands of attributes', `run${'.a'.repeat(8000)}`, 'queryChainCountMax'],
  ['thousands of subscripts', `run${'[0]'.repeat(5000)}`, 'queryChainCountMax'],
  ['thousands of calls', `run.a${'()'.repeat(8000)}`, 'queryChainCountMax'],
  ['thousands of conditions', `${'run.a or '.repeat(3000)}1`, 'queryChainCountMax'],
  ['a tower of powers', '9**9**9', 'queryIntegerBitCountMax'],
  ['a tower of powers and a factor', '(9**9**9) * 0 == 0', 'queryIntegerBitCountMax'],
  ['a power of a param', 'run.n ** 10**9 > 0', 'queryIntegerBitCountMax'],
  ['a shift', '1 << 10**12', 'queryIntegerBitCountMax'],
  ['a long number', '9'.repeat(60_000), 'queryIntegerBitCountMax'],
  ['a long number in a text', `int('${'9'.repeat(60_000)}')`, 'queryIntegerBitCountMax'],
  [
    'squares of squares',
    '[x for x in [3] for y in range(99) for x in [x*x]]',
    'queryIntegerBitCountMax',
  ],
  ['a factorial', 'math.factorial(10**9)', 'queryIntegerBitCountMax'],
  ['a repeated text', "'a'*10**9", 'queryStringSizeMax'],
  ['a repeated list', '[0]*10**9', 'queryElementCountMax'],
  ['a repeated tuple', '(0,)*10**9', 'queryElementCountMax'],
  ['a repeated bytes', "b'a'*10**9", 'queryStringSizeMax'],
  ['a range', 'range(10**12)', 'queryElementCountMax'],
  ['a range in a list', '[x for x in range(10**12)]', 'queryElementCountMax'],
  [
    'loops in loops',
    'sum(1 for a in range(9999) for b in range(9999) for c in range(9999))',
    'queryStepCountMax',
  ],
  ['a loop of texts', "[run.text + 'a' for a in range(240000)]", 'queryStepCountMax'],
  [
    'any() that never ends',
    'any(x < 0 for x in map(lambda x: x, range(240000)) for y in range(99))',
    'queryStepCountMax',
  ],
  ['a width', "'%999999999d' % 1", 'queryStringSizeMax'],
  ['a width by star', "'%*d' % (10**9, 1)", 'queryStringSizeMax'],
  ['a width in a format', "f'{1:999999999}'", 'queryStringSizeMax'],
  ['a width in format_map', "'{a:999999999}'.format_map({'a': 1})", 'queryStringSizeMax'],
  ['many fields in format_map', "('{a}'*4000).format_map({'a': run.text})", 'queryStringSizeMax'],
  ['an iterator over a range', 'sum(iter(range(10**12)))', 'queryElementCountMax'],
  ['a precision', "f'{1.5:.999999999f}'", 'queryPrecisionMax'],
  ['a precision by percent', "'%.999999999f' % 1.5", 'queryPrecisionMax'],
  ['zfill', "'1'.zfill(10**9)", 'queryStringSizeMax'],
  ['ljust', "'1'.ljust(10**9)", 'queryStringSizeMax'],
  ['center', "'1'.center(10**12)", 'queryStringSizeMax'],
  ['expandtabs', "('\\t'*1000).expandtabs(10**9)", 'queryStringSizeMax'],
  ['replace', "('a'*50000).replace('a', 'b'*50000)", 'queryStringSizeMax'],
  ['replace of nothing', "('a'*50000).replace('', 'b'*50000)", 'queryStringSizeMax'],
  ['join', "('a'*50000).join('b'*50000)", 'queryStringSizeMax'],
  ['join of a range', "','.join(['a'*1000] * 100000)", 'queryStringSizeMax'],
  ['translate', "('a'*50000).translate({97: 'b'*50000})", 'queryStringSizeMax'],
  ['bytes of a count', 'bytes(10**9)', 'queryStringSizeMax'],
  ['a function that calls itself', '(lambda f: f(f))(lambda f: f(f))', 'queryCallDepthMax'],
  ['a long pattern', `re.search('${'a'.repeat(2000)}', run.text)`, 'queryPatternSizeMax'],
  [
    'a text of nested lists',
    "str((lambda f: f(f, 30))(lambda f, n: '' if n == 0 else [f(f, n - 1)] * 9))",
    'queryStepCountMax',
  ],
];

describe('refused at once', () => {
  it.each(refused)('%s', async (_, query, limit) => {
    const { code, limit: hit, ms } = await ask(query);
    expect(code).toBe('LIMIT');
    // A text of lists may end at the steps or at the elements: whichever is first.
    if (limit !== 'queryStepCountMax') expect(hit).toBe(limit);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it.each([
    ['comparing long texts', "all(run.text + 'a' == run.text + 'a' for a in range(200000))"],
    ['looking at a long text', 'all(run.text[0] for a in range(200000))'],
    ['the length of a long text', 'all(len(run.text) for a in range(200000))'],
    ['the start of a long text', "all(run.text.startswith('a') for a in range(200000))"],
    ['counting in a long text', "all(run.text.count('a') for a in range(200000))"],
    ['texts of large ints', 'all(str(7**1400) for a in range(200000))'],
    ['large ints from texts', "all(int('9' * 1200) for a in range(200000))"],
    ['rests of large ints', 'all(7**1400 % 3**1000 for a in range(200000))'],
    ['powers by a modulus', 'all(pow(7**1400, 7**1400, 7**1400 + 1) for a in range(200000))'],
    ['long decimals', "all(f'{0.1:.1000f}' for a in range(200000))"],
    ['rounding to many places', 'all(round(0.1, 300) for a in range(200000))'],
    ['dates in long formats', "all(datetime.now().strftime('%d' * 1000) for a in range(200000))"],
    [
      'many patterns',
      "all(re.search('((a{10}){10}){9}' + str(a), 'b') is None for a in range(200000))",
    ],
    ['searches that find nothing far away', "re.findall('a.*b|a', 'a' * 50000) == []"],
    [
      'sorting long texts',
      'sorted([run.text + str(a) for a in range(200)]) == sorted([run.text + str(a) for a in range(200)])',
    ],
  ])('%s costs steps', async (_, query) => {
    const { code, limit, ms } = await ask(query);
    expect([code, limit]).toEqual(['LIMIT', 'queryStepCountMax']);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it('a long param costs nothing that is not asked for', async () => {
    const big = memoryRun({
      params: { floats: new Float64Array(2_000_000), list: new Array(2_000_000).fill(1), n: 1 },
    });
    const query = await parseQuery('run.floats is not None and run.list != None and run.n == 1');
    expect(query.matches(new RunObject(big))).toBe(true);
    const sum = await parseQuery('sum(run.floats) == 0');
    expect(() => sum.matches(new RunObject(big))).toThrow(/LIMIT|queryElementCountMax/);
  });

  it('very deep texts, as often as they are asked', async () => {
    // What the grammar's builder does with them depends on how warm the code is.
    for (let round = 0; round < 12; round += 1)
      for (const query of [
        `run${'[0]'.repeat(5000)}`,
        `run.a${'()'.repeat(8000)}`,
        `1${'+1'.repeat(8000)}`,
        `run${'[0]'.repeat(1600)}`,
      ])
        expect((await ask(query)).limit).toBe('queryChainCountMax');
  });

  it('a long list has a text all the same', async () => {
    const { code, failures } = await ask(
      "len(str([a for a in range(20000)])) > 20000 and len(','.join(str(a) for a in range(10000))) > 0",
    );
    expect([code, failures.kinds]).toEqual([undefined, []]);
  });

  it('a pattern that backtracking engines never finish is simply answered', async () => {
    for (const [pattern, text] of [
      ['(a+)+$', "'a' * 40 + '!'"],
      ['(a|aa)+$', "'a' * 40 + '!'"],
      ['(.*a){12}', "'a' * 60 + '!'"],
      ['^(\\\\w+\\\\s?)*$', "'word ' * 40 + '!'"],
    ]) {
      const { code, ms, matches, failures } = await ask(
        `re.fullmatch('${pattern}', ${text}) is None`,
      );
      expect([code, failures.kinds]).toEqual([undefined, []]);
      expect(matches).toBe(true);
      expect(ms).toBeLessThan(SOON_MS);
    }
  });

  it('a pattern whose program is large costs steps, or is refused', async () => {
    for (const pattern of [
      '(a{1000}){1000}',
      '(((a{10}){10}){10})',
      '(\\\\pL{500})*',
      '((.*)(.*)(.*)(.*)[ab]{30})$',
    ]) {
      const { code, ms, failures } = await ask(`re.search('${pattern}', run.text * 20) is None`);
      expect(code === 'LIMIT' || failures.count === 1 || code === undefined).toBe(true);
      expect(ms).toBeLessThan(SOON_MS);
    }
  });
});

describe('what is not reached', () => {
  it.each([
    'run.__class__',
    '().__class__.__bases__',
    "run.name.__init__.__globals__['os']",
    '(lambda: 0).__code__',
    'metric.__proto__',
    "f'{run.__class__}'",
    'str.__mro__',
    'math.__loader__',
    '[].constructor.constructor("return process")()',
    'globals()',
    'eval("1")',
    'getattr(run, "facts")',
    '__import__("os")',
    'process.exit()',
    'require("fs")',
    'constructor',
    'toString()',
    '__builtins__',
  ])('%s is no query', async (query) => {
    expect((await ask(query)).code).toBe('QUERY_SYNTAX');
  });

  it.each([
    'run.constructor is None',
    'run.facts is None',
    'run.toString is None',
    "run['__proto__'] is None",
    "run['__class__'] is None",
    'run.hparams.constructor is None',
    "run.hparams['__proto__'] is None",
    "run.hparams['toString'] is None",
    'metric.constructor is None',
    'metric.facts is None',
    'metric.context.constructor is None',
    "'constructor' not in run.hparams",
    "'toString' not in run",
    "run.get('hasOwnProperty') is None",
  ])('%s: what JavaScript has on an object is missing', async (query) => {
    const { matches, failures } = await ask(query);
    expect([matches, failures.kinds]).toEqual([true, []]);
  });

  it.each([
    'run.lr.constructor',
    "'a'.constructor",
    '[].items',
    'run.words.length',
    'run.metrics.constructor',
    '(lambda x: x).call',
    'len.call',
    'int.has',
    "re.search('a', 'a').groups.constructor",
  ])('%s: what our own classes have is no attribute', async (query) => {
    const { failures, code } = await ask(query);
    expect(code ?? failures.kinds[0]?.message).toMatch(/AttributeError|TypeError|QUERY_SYNTAX/);
  });
});

const TOKENS =
  "run metric . . . lr hparams metrics name last ( ) ( ) [ ] { } , , : 1 2 0 -1 1.5 'a' \"b\" 'loss' == != < > <= >= + - * / // % ** << >> & | ^ ~ and or not in is if else for lambda x x None True False len max sorted sum range str int float list dict set zip any all round re search math sqrt datetime timedelta now upper split join f'{x}' f\"{run.lr:.2f}\" '%s' = := @ ... * ** # \n \\ ` $ ? ! ; && || === => -> 9**9 10**9 0x1f 1e400 3j 010 \u201c \u{1f680} \0 \ud800 _ __class__ import yield await async def exec".split(
    ' ',
  );

describe('fuzz', () => {
  it('texts of tokens by chance: an answer or an error of ours, soon', async () => {
    const { integer, pick } = seeded('query-fuzz');
    const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
    const end = Date.now() + seconds * 1000;
    let slowest = 0;
    for (let round = 0; round < 4000 || Date.now() < end; round += 1) {
      const count = 1 + integer(pick([4, 10, 30]));
      const text = Array.from({ length: count }, () => pick(TOKENS)).join(pick([' ', ' ', '']));
      slowest = Math.max(slowest, (await ask(text)).ms);
    }
    expect(slowest).toBeLessThan(SOON_MS);
  });

  it('characters by chance, and good queries with one changed', async () => {
    const { integer, pick } = seeded('query-characters');
    const good = [
      "run.hparams.lr > 1e-3 and metric.name == 'loss'",
      "[x for x in run.words if x in {'a', 'b'}][0] == f'{metric.name[0]:>3}'",
      "run.metrics['loss', {'subset': 'val'}].last if run.lr else (1, *run.words)",
    ];
    for (let round = 0; round < 3000; round += 1) {
      const text = pick(good);
      const place = integer(text.length);
      const inserted = pick([
        "'",
        '"',
        '(',
        ')',
        '[',
        '}',
        '{',
        '=',
        '.',
        '\n',
        ' ',
        '#',
        '\\',
        '1',
        'not ',
        '\0',
        '\u00e9',
      ]);
      await ask(text.slice(0, place) + inserted + text.slice(place + integer(3)));
      await ask(
        Array.from({ length: integer(12) }, () => String.fromCharCode(integer(300))).join(''),
      );
    }
  });

  it('only text is a query', async () => {
    for (const wrong of [undefined, null, 5, {}, []])
      await expect(parseQuery(wrong as unknown as string)).rejects.toThrow(TypeError);
  });
});
