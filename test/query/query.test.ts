// What a query says of its rows: archived runs, failures that are counted or thrown, what it reads.

import { describe, expect, it } from 'vitest';
import { RunlogError } from '../../src/errors.ts';
import { parseQuery, RowFailures, RunObject } from '../../src/query/query.ts';
import { memoryRun } from './memory-facts.ts';

const live = new RunObject(memoryRun({ params: { a: 1, text: 'x' } }));
const archived = new RunObject(memoryRun({ archived: true, params: { a: 1, archived: 1 } }));

describe('archived runs', () => {
  it.each([
    ['', false],
    ['   # nothing', false],
    ['run.a == 1', false],
    ["run['archived'] == 1", false],
    ["'run.archived' != run.text", false],
    ['run.a == 1 # run.archived', false],
    ['run.archivedx is None', false],
    ['select run.archived if run.a == 1', false],
    ['run.archived', true],
    ['run.archived in [True, False]', true],
    ['run.a == 1 or run.archived', true],
    ['(run).archived', true],
    ['any(run.archived for each in [1])', true],
  ])('%s', async (text, wanted) => {
    expect((await parseQuery(text)).matches(archived)).toBe(wanted);
  });

  it('are named through the run of a metric too', async () => {
    expect((await parseQuery('metric.run.archived', 'metric')).excludesArchived).toBe(false);
    expect((await parseQuery('metric.archived', 'metric')).excludesArchived).toBe(true);
    expect((await parseQuery('[run for run in [{}]][0] == {}')).excludesArchived).toBe(true);
  });
});

describe('what no row gets to', () => {
  it.each([
    'True or nope.x',
    'True or run.name.startwith(1)',
    'run.a == 1 if True else nope',
    'not (False and nope)',
    '1 == 1 or True or nope',
  ])('%s', async (text) => {
    expect((await parseQuery(text)).matches(live)).toBe(true);
  });

  it('names no variable that Python keeps for itself, and is no end of what stands before it', async () => {
    for (const text of ['True or __builtins__', 'run.a or nope', 'nope or True', 'False or nope'])
      await expect(parseQuery(text), text).rejects.toMatchObject({ code: 'QUERY_SYNTAX' });
    expect((await parseQuery('True or run.archived')).excludesArchived).toBe(false);
  });
});

describe('failures in rows', () => {
  it('are counted by what they say, with an example', async () => {
    const failures = new RowFailures();
    const query = await parseQuery('run.a + run.text > 0');
    for (let count = 0; count < 3; count += 1)
      expect(query.matches(live, undefined, failures)).toBe(false);
    const other = new RunObject(memoryRun({ hash: 'other', params: { a: 1 } }));
    query.matches(other, undefined, failures);
    expect(failures.count).toBe(4);
    expect(failures.kinds).toEqual([
      {
        message: "TypeError: unsupported operand types for +: 'int' and 'str'",
        count: 3,
        example: live.facts.hash,
        isMissing: false,
      },
      {
        message: "TypeError: unsupported operand types for +: 'int' and 'NoneType'",
        count: 1,
        example: 'other',
        isMissing: true,
      },
    ]);
  });

  it('are thrown where nobody counts, with place and run', async () => {
    const query = await parseQuery('run.a == 1 and\n  1 / 0');
    const error = (() => {
      try {
        query.matches(live);
      } catch (each) {
        return each;
      }
      return undefined;
    })() as RunlogError;
    expect(error).toBeInstanceOf(RunlogError);
    expect([error.code, error.details.line, error.details.column]).toEqual([
      'QUERY_EVALUATION',
      2,
      3,
    ]);
    expect(error.message).toContain(`run ${live.facts.hash}: ZeroDivisionError: division by zero`);
    expect(error.message.split('\n').slice(1)).toEqual(['      1 / 0', '      ^']);
  });

  it('are not remembered without bound', async () => {
    const failures = new RowFailures();
    const query = await parseQuery('{}[run.name]');
    for (let count = 0; count < 500; count += 1)
      query.matches(new RunObject(memoryRun({ name: `n${count}` })), undefined, failures);
    expect([failures.count, failures.kinds.length]).toEqual([500, 100]);
  });
});

describe('what a query reads', () => {
  it('parameters, properties and metrics', async () => {
    const { reads } = await parseQuery(
      "run.hparams.lr > run['a', 'b'] and run.h['x'].y and run.name == 'n' and run.metrics['loss', {}].last < 1 and metric.context.subset == metric.run.opt",
      'metric',
    );
    expect(reads.params).toEqual([['hparams', 'lr'], ['a', 'b'], ['h', 'x', 'y'], ['opt']]);
    expect([...reads.runProperties]).toEqual(['name', 'metrics']);
    expect([...reads.sequenceProperties]).toEqual(['context', 'run']);
    expect([...reads.metrics]).toEqual(['loss']);
    expect([reads.hasOtherParams, reads.hasOtherMetrics, reads.usesRegex]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('and when that cannot be told', async () => {
    expect((await parseQuery('run[run.name]')).reads.hasOtherParams).toBe(true);
    expect((await parseQuery('len(run[...]) > 3')).reads.hasOtherParams).toBe(true);
    expect((await parseQuery('(lambda r: r.a)(run)')).reads.hasOtherParams).toBe(true);
    expect((await parseQuery('(lambda r: r.a)(run)')).reads.hasOtherMetrics).toBe(true);
    expect((await parseQuery('len(run.metrics) > 3')).reads.hasOtherMetrics).toBe(true);
    expect((await parseQuery("re.search('a', run.name)")).reads.usesRegex).toBe(true);
  });
});
