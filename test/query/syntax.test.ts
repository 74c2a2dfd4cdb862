// What is wrong with a text is said with its place and what to write instead; what Python has and a
// query has not is refused by name; what is right is read as Python reads it.

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { nearest } from '../../src/model/nearest.ts';
import { isForAll, queryParts } from '../../src/query/lexical.ts';
import { parseQuery, type RowKind } from '../../src/query/query.ts';

async function errorOf(text: string, kind: RowKind = 'run'): Promise<RunlogError> {
  const error: unknown = await parseQuery(text, kind).then(
    () => undefined,
    (each: unknown) => each,
  );
  if (!(error instanceof RunlogError)) throw new Error(`no error of ours from ${text}: ${error}`);
  return error;
}

describe('a message says where and what to write', () => {
  it('with a caret under the place', async () => {
    const { message, code, details } = await errorOf('run.lr > 1\n  && run.bs == 8');
    expect(code).toBe('QUERY_SYNTAX');
    expect([details.line, details.column]).toEqual([2, 3]);
    expect(message).toBe(
      "query, line 2, column 3: '&&' is not Python: write 'and'\n      && run.bs == 8\n      ^",
    );
  });

  it.each([
    ['run.a && run.b', 7, "write 'and'"],
    ['run.a || run.b', 7, "write 'or'"],
    ['!run.a', 1, "write 'not'"],
    ['run.a = 1', 7, "write '=='"],
    ['(run.a = 1) and run.b', 8, "write '=='"],
    ['run.a == 1 and run.b = 2', 22, "write '=='"],
    ['run.a === 1', 7, "write '=='"],
    ['run.a !== 1', 7, "write '!='"],
    ['run.a <> 1', 7, "write '!='"],
    ['run.a => 1', 7, "write '>='"],
    ['run.a =< 1', 7, "write '<='"],
    ['run->a', 4, "write '.'"],
    ['run.a ? 1 : 2', 7, "write 'a if condition else b'"],
    ['run.a AND run.b', 7, "write 'and'"],
    ['run.a == 1 OR run.b', 12, "write 'or'"],
    ['NOT run.a', 1, "write 'not'"],
    ['run.a == null', 10, 'write None'],
    ['run.a == true', 10, 'write True'],
    ['run.a == undefined', 10, 'write None'],
    ['run.name == "alpha', 13, 'the string is not closed: add "'],
    ["run['lr] == 1", 5, "the string is not closed: add ' before ']'"],
    ['run.name == \u201calpha\u201d', 13, 'typographic quote'],
    ['(run.a == 1', 1, "'(' is not closed: add ')'"],
    ['run.a == 1)', 11, "')' closes nothing"],
    ['run.l[0)', 8, "']'"],
    ['run.a ==', 9, 'ends where a value must follow'],
    ['run.a == 1 and', 15, 'ends where a value must follow'],
    ['', 0, ''],
    ['run.', 5, 'ends where a value must follow'],
    ['run.a run.b', 7, 'is an operator missing'],
    ['run.class == 1', 5, "write ['class']"],
    ['run.idx == 010', 12, 'write 10'],
    ['run.idx == 0_1', 12, 'write 1'],
    ['run.idx == 0_0_1_0', 12, 'write 1_0'],
    ['import os', 1, "'import' begins a statement"],
    ['if run.a: True', 1, "'if' begins a statement"],
    ['del run', 1, "'del' begins a statement"],
    ['run.a += 1', 7, 'changes nothing'],
    ['yield 1', 1, "'yield' is not allowed"],
    ['await run', 1, "'await' is not allowed"],
    ['(x := 1)', 4, "':=' is not allowed"],
    ['max(*run.l)', 5, "'*' is not allowed in the arguments"],
    ['dict(**run.h)', 6, "'**' is not allowed in the arguments"],
    ['run.a; run.b', 6, "join conditions with 'and'"],
    ['$run', 1, "'$' has no meaning"],
    ['run.n == 1.real', 10, '(1).real'],
    ['run.n == 1.x', 10, '(1).real'],
    ["f'{1.real}'", 4, '(1).real'],
    ["f'{2:{1.real}}'", 7, '(1).real'],
    ["f'{f'{1.x}'}'", 7, '(1).real'],
    ["f'{7.' == run.n", 6, 'does not fit here'],
    ["f'a}'", 1, "write '}}'"],
    ["f'{1}}'", 1, "write '}}'"],
    ['run.a == `x`', 10, "'`' is no quote"],
    ['1 == not 2', 6, 'stands in brackets'],
    ['[x async for x in run.l]', 4, 'async'],
    ["'\\ud800'", 1, 'is no character'],
    ['max(1, key=len, key=abs)', 17, 'given twice'],
    ['max(key=len, 1)', 14, 'follows one by name'],
    ["sorted(run.l, key='a' = 2)", 23, "write '=='"],
    ['SELECT run WHERE run.lr > 5', 12, "behind 'if'"],
    ['SELECT * FROM runs', 10, "behind 'if'"],
    ['select run.lr > 5', 15, "behind 'if'"],
  ])('%s', async (text, column, part) => {
    if (text === '') return;
    const { code, message, details } = await errorOf(text);
    expect(code).toBe('QUERY_SYNTAX');
    expect(message).toContain(part);
    expect(details.column).toBe(column);
  });

  it.each([
    ['rn.lr == 1', "did you mean 'run'?"],
    ['lenn(run.tags) == 1', "did you mean 'len'?"],
    ['lr > 0.1', 'a parameter is run.lr'],
    ['state == "killed"', 'write run.state'],
    ['datetme(2024, 1, 1) < run.created_at', "did you mean 'datetime'?"],
    ["run.name.startwith('a')", "did you mean 'startswith'?"],
    ['run.name.Lower() == 1', "did you mean 'lower'?"],
    ["re.serch('a', run.name)", "did you mean 'search'?"],
    ['math.sqr(4)', "did you mean 'sqrt'?"],
    ['metric.name == "loss"', 'this query is about run; ask repo.metrics(...)'],
    ['images.name == "digit"', 'this query is about run; ask repo.images(...)'],
    ["run.name.format() == 'a'", 'use an f-string'],
    ["run.tags.contains('best')", "write 'part' in value"],
    ['run.hparams.lr.isnull()', 'write value is None'],
    ['isnull(run.lr)', 'write x is None'],
    ["hasattr(run.hparams, 'lr')", "'lr' in run.hparams"],
    ['type(run.lr) == float', 'write isinstance'],
    ['log10(run.lr) < -2', 'write math.log10'],
    ['np.log(run.lr) < -2', "'np' is not known: write math"],
    ['run.creation_time > time.time() - 86400', 'datetime.now().timestamp()'],
    ['run.created_at < datetime.datetime(2027, 1, 1)', 'write datetime(...)'],
    ['datetime.now() - datetime.timedelta(days=3)', 'write timedelta(...)'],
    ["metrics['loss'].last < 1", "run.metrics['loss'].last"],
    ['run.lr between 0.1 and 1', "write 'low <= x <= high'"],
    ['run.hparams.learning-rate == 0.1', "a '-' in its name is ['learning-rate']"],
    ['run.lr > 1 order by run.lr', 'an option beside it'],
    ['run.lr\u00a0> 0', 'cannot be seen'],
    ['\ufeffrun.lr > 0', 'cannot be seen'],
    ["run.name == '\ud800'", 'half of a surrogate pair'],
  ])('%s: the nearest known name', async (text, part) => {
    const { code, message } = await errorOf(text);
    expect(code).toBe('QUERY_SYNTAX');
    expect(message).toContain(part);
  });

  it('columns count characters, and control characters do not move the caret', async () => {
    const { details, message } = await errorOf("run.e == '\u{1f680}\u{1f680}' && 1");
    expect(details.column).toBe(15);
    expect(message.split('\n')[2]).toHaveLength(4 + 14 + 1);
    const long = await errorOf(`${'run.a == 1 and '.repeat(100)} && 1`);
    expect(Math.max(...long.message.split('\n').map((each) => each.length))).toBeLessThan(220);
  });
});

describe('a text is read as Python reads it', () => {
  it.each([
    'run.a == 1 # a comment',
    '# only a comment',
    '  run.a == 1  ',
    'run.a == 1\n  and run.b == 2',
    "run['a', 'b'] == 1",
    'run[...] == {}',
    '*run.l, 1',
    'f"{run.a!r:>{run.w}.2f} {{}}" == "x"',
    'f"{run.a=}" == "x"',
    "'a' 'b' == run.a",
    'lambda x, y=1: x + y',
    '{**run.h, "a": 1} == {}',
    '[y for x in run.m if x for y in x if y]',
    'any(a == b for a, b in run.pairs)',
    'any(a == b for (a, [b, c]) in run.pairs)',
    'run.a[1:2, ::3]',
    'run.größe == 1',
    "rb'a' == b'a'",
    'SELECT * IF run.a == 1',
    'select run if\nrun.a',
    'run.selection == 1',
    "'if' in run.a",
    'not not run.a',
    'run.a is not None',
  ])('%s', async (text) => {
    await parseQuery(text, 'run');
  });

  it('a chain of conditions may be long', async () => {
    const hash = (index: number): string => `run.h == ${index}`;
    for (const [word, count] of [
      ['or', 301],
      ['or', 1400],
      ['and', 1400],
      ['or not', 301],
    ] as const)
      await parseQuery(Array.from({ length: count }, (_, index) => hash(index)).join(` ${word} `));
    await parseQuery(`run.a in [${Array.from({ length: 8000 }, (_, index) => index).join(', ')}]`);
    await expect(parseQuery('run.a or '.repeat(2500) + 1)).rejects.toThrow(/queryChainCountMax/);
  });

  it('near is near', () => {
    expect(nearest('lenght', ['length', 'last'])).toBe('length');
    expect(nearest('x', ['y', 'z'])).toBeUndefined();
    expect(nearest('LEN', ['len', 'let'])).toBe('len');
    expect(nearest('nmae', ['name', 'same'])).toBe('name');
    expect(nearest('completely', ['other'])).toBeUndefined();
  });
});

describe('the parts of a query', () => {
  it.each([
    ['run.a > 1', ''],
    ['select * if run.a', 'select * if'],
    ['SELECT run\nIF\nrun.a', 'SELECT run\nIF'],
    ['select if run.a if run.b else run.c', 'select if'],
    ['select run', 'select run'],
    ['select == 1', ''],
    ["selection if run.a else 'select'", ''],
  ])('of %j: its head is %j', (text, head) => {
    expect(queryParts(text)).toEqual({ head, condition: text.slice(head.length) });
  });

  it('choose nothing where the condition is blank, whatever stands around it', () => {
    for (const text of ['', ' ', '# a', 'select run', ' select x if # run.a', 'select if\n#'])
      expect([text, isForAll(text)]).toEqual([text, true]);
    for (const text of ['True', "'#'", '# a\nrun.a', 'select run if run.a', 'select == 1'])
      expect([text, isForAll(text)]).toEqual([text, false]);
    // Its comment might be many, and then there are more of them than anybody waits for.
    expect(isForAll(`${'#'.repeat(1000)}\nrun.a`)).toBe(false);
    expect(() => isForAll('SELECT run WHERE run.a > 1')).toThrow(/behind 'if'/);
  });
});
