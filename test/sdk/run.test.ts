// What Run.open, track and the hot handle promise: each option, the step that comes next, values as
// they were given, equal contexts as one sequence.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { Repo, Run, type RunView } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-run-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;
const open = (runHash: string, more: object = {}): Promise<Run> =>
  Run.open({ repo: directory, runHash, ...quiet, ...more });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

const stepsOf = async (hash: string, name = 'loss'): Promise<number[]> => [
  ...((await (await viewOf(hash)).metric(name)?.values())?.steps ?? []),
];

describe('Run.open', () => {
  it('without options makes a run with a hash of 24 hex digits, experiment default', async () => {
    const run = await Run.open({ repo: directory, ...quiet });
    expect(run.hash).toMatch(/^[0-9a-f]{24}$/);
    expect([run.experiment, run.name, run.description, run.archived, run.tags]).toEqual([
      'default',
      undefined,
      undefined,
      false,
      [],
    ]);
    expect(run.recording).toBe('on');
    expect(run.repo.path).toBe(join(directory, '.aim'));
    const before = Date.now();
    await run.close();
    const view = await viewOf(run.hash);
    expect(Math.abs(view.createdAt - before)).toBeLessThan(60_000);
  });

  it('takes every option of a new run, and makes the repo with its .gitignore', async () => {
    const path = join(directory, 'made', 'here');
    const run = await Run.open({
      repo: path,
      runHash: 'all',
      experiment: 'mnist',
      name: 'baseline',
      description: 'all of them',
      tags: ['a', 'b', 'a'],
      createdAt: new Date(1_600_000_000_000),
      writer: 'trainer',
      forceResume: true,
      lockTimeout: 1,
      durability: { flush: 'batch', syncMs: 50, onFlush: 'sync' },
      systemTrackingInterval: 5,
      logSystemParams: true,
      captureTerminalLogs: true,
      onError: () => {},
    });
    run.track(1, { name: 'loss' });
    expect(run.flush()).toBe(true);
    await run.close();
    const view = await (await Repo.open(path)).run('all');
    expect(view).toMatchObject({
      experiment: 'mnist',
      name: 'baseline',
      description: 'all of them',
      tags: ['a', 'b'],
      createdAt: 1_600_000_000_000,
      writers: ['trainer'],
      state: 'finished',
    });
    expect(readFileSync(join(path, '.aim/.gitignore'), 'utf8')).toBe('*\n');
    expect(readdirSync(join(path, '.aim')).sort()).toEqual(['.gitignore', 'runlog.json', 'runs']);
  });

  it('again: options left out change nothing, those given do, createdAt never', async () => {
    const first = await open('again', {
      experiment: 'one',
      name: 'first',
      description: 'text',
      tags: ['a'],
      createdAt: 1000,
    });
    await first.close();
    await (await open('again')).close();
    const same = {
      experiment: 'one',
      name: 'first',
      description: 'text',
      tags: ['a'],
      createdAt: 1000,
    };
    expect(await viewOf('again')).toMatchObject(same);
    const edits = (): number => readdirSync(join(directory, '.aim/runs/again/edits')).length;
    expect(edits()).toBe(1);
    await (await open('again', { ...same, createdAt: 2000 })).close();
    expect(edits(), 'what is as it was is no edit').toBe(1);
    const run = await open('again', { experiment: 'two', tags: ['b'], createdAt: 3000 });
    expect(run.experiment).toBe('two');
    await run.close();
    expect(await viewOf('again')).toMatchObject({
      ...same,
      experiment: 'two',
      tags: ['a', 'b'],
    });
    expect((await viewOf('again')).openings.map((each) => each.resumed)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('with mustExist or readOnly makes nothing; readOnly reads and refuses the rest', async () => {
    for (const options of [{ mustExist: true }, { readOnly: true }]) {
      const before = readdirSync(join(directory, '.aim/runs'));
      await expect(open('missing', options)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
      expect(readdirSync(join(directory, '.aim/runs'))).toEqual(before);
    }
    const run = await open('readable');
    run.set('lr', 1);
    await run.close();
    await (await open('readable', { mustExist: true })).close();
    const reading = await open('readable', { readOnly: true });
    expect(reading.get('lr')).toBe(1);
    for (const write of [
      () => reading.track(1, { name: 'a' }),
      () => reading.set('a', 1),
      () => reading.unset('a'),
      () => reading.addTag('a'),
      () => reading.rewind({ step: 1 }),
      () => reading.sequence('a'),
    ])
      expect(write).toThrow(expect.objectContaining({ code: 'RUN_READ_ONLY' }) as Error);
    await reading.close();
  });

  it('waits lockTimeout for a live holder, then names it; forceResume takes over', async () => {
    const holder = await open('held');
    const started = performance.now();
    await expect(open('held', { lockTimeout: 0.5 })).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      details: { holder: { pid: process.pid } },
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(450);
    setTimeout(() => void holder.close(), 300);
    await (await open('held', { lockTimeout: 30 })).close();
    const errors: string[] = [];
    const old = await open('held', {
      onError: (error: { code: string }) => errors.push(error.code),
    });
    old.track(1, { name: 'loss' });
    expect(old.flush()).toBe(true);
    const taker = await open('held', { forceResume: true });
    old.track(2, { name: 'loss' });
    expect(old.flush()).toBe(false);
    expect([old.recording, old.lost, ...errors]).toEqual(['fenced', 1, 'RUN_FENCED']);
    taker.track(3, { name: 'loss' });
    await taker.close();
    await old.close().catch(() => {});
    const values = await (await viewOf('held')).metric('loss')?.values();
    expect([...(values?.values ?? [])]).toEqual([1, 3]);
  });
});

describe('a step left out', () => {
  it('is the one after the largest visible, per sequence, also after resume and rewind', async () => {
    let run = await open('steps');
    run.track(1, { name: 'loss' });
    run.track(1, { name: 'loss', step: 10 });
    run.track(1, { name: 'loss', step: 4 });
    run.track(1, { name: 'loss' });
    run.track(1, { name: 'loss', context: { subset: 'val' } });
    run.track(1, { name: 'other' });
    expect(run.flush()).toBe(true);
    expect(await stepsOf('steps')).toEqual([0, 4, 10, 11]);
    await run.close();
    run = await open('steps');
    run.track(1, { name: 'loss' });
    run.rewind({ step: 5 });
    run.track(1, { name: 'loss' });
    run.sequence('other').track(1);
    expect(run.flush()).toBe(true);
    expect(await stepsOf('steps')).toEqual([0, 4, 5]);
    expect(await stepsOf('steps', 'other')).toEqual([0, 1]);
    run.rewind({ step: 0, name: 'loss' });
    await run.close();
    run = await open('steps');
    run.track(1, { name: 'loss' });
    run.sequence('loss').trackColumns({ values: [1, 2, 3] });
    run.sequence('loss').track(9);
    await run.close();
    expect(await stepsOf('steps')).toEqual([0, 1, 2, 3, 4]);
  });

  it('is told by the handle before a point is tracked, and refused once the run is closed', async () => {
    let run = await open('told');
    const loss = run.sequence('loss');
    expect(loss.nextStep).toBe(0);
    loss.track(1);
    loss.track(1, 10);
    loss.track(1, 4);
    expect(loss.nextStep).toBe(11);
    expect(run.sequence('loss', { subset: 'val' }).nextStep).toBe(0);
    await run.close();
    expect(() => loss.nextStep).toThrow(/used after close/);
    run = await open('told');
    expect(run.sequence('loss').nextStep).toBe(11);
    run.rewind({ step: 5 });
    expect(run.sequence('loss').nextStep).toBe(5);
    run.sequence('loss').track(1);
    expect(run.sequence('loss').nextStep).toBe(6);
    await run.close();
    expect(await stepsOf('told')).toEqual([0, 4, 5]);
  });

  it('goes on below zero as above, in the same opening and in the next', async () => {
    let run = await open('negative');
    run.track(1, { name: 'loss', step: -5 });
    run.track(1, { name: 'loss' });
    run.sequence('columns').trackColumns({ values: [1, 2], steps: [-9, -8] });
    run.sequence('columns').trackColumns({ values: [3, 4] });
    run.track({ a: 1 }, { step: -7 });
    run.track({ a: 1 });
    await run.close();
    run = await open('negative');
    run.track(1, { name: 'loss' });
    run.track(1, { name: 'columns' });
    await run.close();
    expect(await stepsOf('negative')).toEqual([-5, -4, -3]);
    expect(await stepsOf('negative', 'columns')).toEqual([-9, -8, -7, -6, -5]);
    expect(await stepsOf('negative', 'a')).toEqual([-7, -6]);
  });

  it('of an object is one for all its keys: the largest of their next ones', async () => {
    const run = await open('object');
    run.track(1, { name: 'a', step: 7 });
    run.track({ a: 1, b: 2, c: undefined });
    run.track({ b: 3, d: 4 });
    run.track({});
    run.track({ a: 5, b: 6 }, { step: 3, epoch: 2, time: 1000, context: { subset: 'val' } });
    await run.close();
    const view = await viewOf('object');
    const of = async (name: string, context = {}) => {
      const { steps, values } = (await view.metric(name, context)?.values()) ?? {
        steps: [],
        values: [],
      };
      return Array.from(steps, (step, index) => [step, values[index]]);
    };
    expect(await of('a')).toEqual([
      [7, 1],
      [8, 1],
    ]);
    expect(await of('b')).toEqual([
      [8, 2],
      [9, 3],
    ]);
    expect(await of('d')).toEqual([[9, 4]]);
    expect(view.metric('c')).toBeUndefined();
    const val = await view.metric('b', { subset: 'val' })?.values();
    expect([val?.steps[0], val?.epochs[0], val?.times[0]]).toEqual([3, 2, 1000]);
  });
});

describe('a value', () => {
  it('is a number to the last bit, a bigint within 2^53, a boolean', async () => {
    const run = await open('values');
    const given = [
      0.1,
      -0,
      Number.NaN,
      Infinity,
      -Infinity,
      5e-324,
      2 ** 53,
      -(2n ** 53n),
      3n,
      true,
      false,
    ];
    for (const value of given) run.track(value, { name: 'loss' });
    const columns = {
      values: [0.5, -0],
      steps: [100, 101],
      epochs: [1, Number.NaN],
      times: [5, 6],
    };
    run.sequence('loss').trackColumns(columns);
    columns.values[0] = 9;
    await run.close();
    const metric = (await viewOf('values')).metric('loss');
    const { values = [], epochs = [], times = [] } = (await metric?.values()) ?? {};
    const expected = [...given.map(Number), 0.5, -0];
    expect(values.length).toBe(expected.length);
    for (const [index, value] of expected.entries())
      expect(Object.is(values[index], value)).toBe(true);
    expect([...epochs.slice(-2)]).toEqual([1, Number.NaN]);
    expect([...times.slice(-2)]).toEqual([5, 6]);
  });

  it('beyond that is refused by the name of the argument', async () => {
    const run = await open('refused');
    expect(() => run.track(2n ** 53n + 1n, { name: 'a' })).toThrow(RangeError);
    expect(() => run.track(1, { name: 'a', step: 0.5 })).toThrow(/^step: /);
    expect(() => run.track({ a: 1 }, { step: 0.5 })).toThrow(RangeError);
    expect(() => run.sequence('a').track(1, 0.5)).toThrow(RangeError);
    expect(() => run.sequence('a').trackColumns({ values: [1], steps: [0.5] })).toThrow(RangeError);
    expect(() => run.track(1, { name: 'a', step: 2 ** 53 })).toThrow(RangeError);
    await run.close();
    expect((await viewOf('refused')).metrics()).toEqual([]);
  });
});

describe('a context', () => {
  it('names one sequence however it is spelled', async () => {
    const run = await open('contexts');
    const spellings = [
      { subset: 'val', layer: { index: 1, names: ['a', null] } },
      { layer: { names: ['a', null], index: 1.0 }, subset: 'val' },
      JSON.parse('{"layer":{"names":["a",null],"index":1.0},"subset":"val"}'),
    ];
    for (const context of spellings) run.track(1, { name: 'loss', context });
    for (const context of spellings) run.sequence('loss', context).track(2);
    run.track(3, {
      name: 'loss',
      context: { ...spellings[0], layer: { index: 2, names: ['a', null] } },
    });
    run.track(4, { name: 'loss', context: { subset: ['val'] } });
    run.track(5, { name: 'loss', context: {} });
    run.track(6, { name: 'loss' });
    run.flush();
    const view = await viewOf('contexts');
    for (const context of spellings)
      expect([...((await view.metric('loss', context)?.values())?.values ?? [])]).toEqual([
        1, 1, 1, 2, 2, 2,
      ]);
    expect(view.metrics().map((each) => each.count)).toEqual([6, 1, 1, 2]);
    expect(view.metric('loss', spellings[1])?.context).toEqual(spellings[0]);
    await run.close();
  });
});

it('a param is not set into an array, which would become an object of its keys', async () => {
  const run = await Run.open({ repo: directory, runHash: 'arrays', ...quiet });
  run.set({ items: [{ x: 1 }, { x: 2 }], deep: { list: [1] } });
  expect(() => run.set(['items', '1', 'x'], 9)).toThrow(
    new TypeError('key[1]: params.items is an array; set the whole of it'),
  );
  expect(() => run.set(['deep', 'list', '0'], 9)).toThrow(
    /^key\[2\]: params\.deep\.list is an array/,
  );
  run.set(['deep', 'more'], 1);
  run.set('items', [3]);
  await run.close();
  expect((await viewOf('arrays')).get()).toEqual({ items: [3], deep: { list: [1], more: 1 } });
});
