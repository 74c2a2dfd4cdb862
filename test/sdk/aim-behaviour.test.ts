// What Aim's own tests and documentation promise of a Run holds here too: opening, ending, tracking,
// params, properties. Where it is another on purpose, the test has the number of the difference in
// spec/aim-differences.md.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { type Context, Repo, Run, type RunOptions, type RunView } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-aim-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (options: RunOptions = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    ...options,
  });

async function viewOf({ hash }: { hash: string }): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

const listed: number[] = [];
/** A difference of the page, by its number. */
function difference(number: number, name: string, test: () => Promise<void>): void {
  listed.push(number);
  it(`${name} (difference ${number})`, test);
}

async function steps(run: Run, name: string, context?: Context): Promise<number[]> {
  run.flush();
  return [...((await (await viewOf(run)).metric(name, context)?.values())?.steps ?? [])];
}

describe('opening', () => {
  it('an existing hash gives that run, to write and to read', async () => {
    const { hash } = await open().then(async (run) => {
      await run.close();
      return run;
    });
    const again = await open({ runHash: hash });
    expect(again.hash).toBe(hash);
    await again.close();
    const reading = await open({ runHash: hash, readOnly: true });
    expect(reading.hash).toBe(hash);
    expect(() => reading.track(1, { name: 'loss' })).toThrow(/readOnly/);
  });

  difference(27, 'a hash is 24 lower-case hex digits', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => open()));
    for (const { hash } of runs) expect(hash).toMatch(/^[0-9a-f]{24}$/);
    // Those of a UUID all have a 4 there.
    expect(new Set(runs.map(({ hash }) => hash[12])).size).toBeGreaterThan(1);
    await Promise.all(runs.map((run) => run.close()));
  });

  it('a repo that is not there is made, and one above the directory is found', async () => {
    const repo = join(directory, 'new');
    const run = await open({ repo });
    await run.close();
    expect(run.repo.path).toBe(join(repo, '.aim'));
    expect((await Repo.open(join(repo, '.aim'))).path).toBe(run.repo.path);
  });

  it('an interval of the system metrics out of range is said, and switches them off', async () => {
    const said: string[] = [];
    const listen = (warning: Error): void => void said.push(warning.message);
    process.on('warning', listen);
    for (const systemTrackingInterval of [0, 2 * 86_400]) {
      const run = await open({ systemTrackingInterval });
      await new Promise((done) => setTimeout(done, 20));
      await run.close();
      expect((await viewOf(run)).metrics()).toEqual([]);
    }
    process.off('warning', listen);
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('systemTrackingInterval');
  });

  it('the experiment is "default", and on resume stays what it was unless one is given', async () => {
    const run = await open();
    expect(run.experiment).toBe('default');
    run.experiment = 'baseline';
    await run.close();
    const resumed = await open({ runHash: run.hash });
    expect(resumed.experiment).toBe('baseline');
    await resumed.close();
    const moved = await open({ runHash: run.hash, experiment: 'other' });
    await moved.close();
    expect((await viewOf(run)).experiment).toBe('other');
  });

  difference(28, 'the terminal is left alone unless it is asked for', async () => {
    const { write } = process.stdout;
    const run = await open();
    expect(process.stdout.write).toBe(write);
    await run.close();
  });
});

describe('the end', () => {
  it('is not set while a run is open, and is set by close, by leaving its block, by Run.with', async () => {
    const run = await open();
    run.flush();
    expect(await viewOf(run)).toMatchObject({ endedAt: undefined, state: 'running' });
    const before = Date.now();
    await run.close();
    const { endedAt = 0, createdAt, duration } = await viewOf(run);
    expect(endedAt).toBeGreaterThanOrEqual(before);
    expect(duration).toBe(endedAt - createdAt);
    const hashes: Run[] = [];
    {
      await using block = await open();
      hashes.push(block);
    }
    await Run.with({ repo: directory, systemTrackingInterval: null }, (each) => hashes.push(each));
    for (const each of hashes) expect((await viewOf(each)).endedAt).toEqual(expect.any(Number));
  });

  difference(24, 'of earlier openings stays when a run goes on', async () => {
    const run = await open();
    await run.close({ endedAt: 4000 });
    const again = await open({ runHash: run.hash });
    again.flush();
    const view = await viewOf(run);
    expect(view.endedAt).toBeUndefined();
    expect(view.openings.map((each) => each.closedAt)).toEqual([4000, undefined]);
    await again.close();
  });
});

describe('tracking', () => {
  it('steps are 0, 1, 2 of each sequence by itself; those given may come in any order', async () => {
    const run = await open();
    const train = { subset: 'train' };
    for (let index = 0; index < 3; index += 1) {
      run.track(index, { name: 'auto' });
      run.track(index, { name: 'auto', context: train });
      run.track(index, { name: 'given', step: (index + 1) * 10 });
    }
    for (const step of [30, 10, 20]) run.track(step, { name: 'unordered', step });
    expect(await steps(run, 'auto')).toEqual([0, 1, 2]);
    expect(await steps(run, 'auto', train)).toEqual([0, 1, 2]);
    expect(await steps(run, 'given')).toEqual([10, 20, 30]);
    expect(await steps(run, 'unordered')).toEqual([10, 20, 30]);
    run.track(1, { name: 'given' });
    run.track(1, { name: 'unordered' });
    expect(await steps(run, 'given')).toEqual([10, 20, 30, 31]);
    expect(await steps(run, 'unordered')).toEqual([10, 20, 30, 31]);
    await run.close();
  });

  it('goes on behind the greatest step when the run is resumed', async () => {
    const run = await open();
    for (const step of [0, 5, 2]) run.track(step, { name: 'loss', step });
    await run.close();
    const again = await open({ runHash: run.hash });
    again.track(1, { name: 'loss' });
    again.sequence('loss').track(1);
    expect(await steps(again, 'loss')).toEqual([0, 2, 5, 6, 7]);
    await again.close();
  });

  it('an object of values tracks each by its name', async () => {
    const run = await open();
    for (let index = 0; index < 10; index += 1)
      run.track({ plain: index, square: index * index }, { context: { subset: 'val' } });
    await run.close();
    const view = await viewOf(run);
    expect(view.metric('plain', { subset: 'val' })?.last).toBe(9);
    expect(view.metric('square', { subset: 'val' })?.last).toBe(81);
  });

  difference(22, 'an object of values has one step, that of the name that is ahead', async () => {
    const run = await open();
    for (let index = 0; index < 5; index += 1) run.track(index, { name: 'ahead' });
    run.track({ behind: 1, ahead: 1 });
    expect([await steps(run, 'behind'), await steps(run, 'ahead')]).toEqual([
      [5],
      [0, 1, 2, 3, 4, 5],
    ]);
    await run.close();
  });

  it('a value needs a name, and an object of values must have none', async () => {
    const run = await open();
    expect(() => run.track(1)).toThrow(/^name: /);
    expect(() => run.track({ a: 1 }, { name: 'a' })).toThrow(/^name: /);
    for (const value of ['text', null, undefined, [1, 2], new Date()])
      expect(() => run.track(value as unknown as number, { name: 'a' })).toThrow(/^value: /);
    await run.close();
    expect((await viewOf(run)).metrics()).toEqual([]);
  });

  it('integers and floats mix in both ways, in any context and run', async () => {
    const run = await open();
    for (const value of [1, 2.5, true, 3n, Math.fround(0.1)]) run.track(value, { name: 'mixed' });
    for (const value of [2.5, 1]) run.track(value, { name: 'mixed', context: { a: 1 } });
    await run.close();
    const metric = (await viewOf(run)).metric('mixed');
    expect([...((await metric?.values())?.values ?? [])]).toEqual([1, 2.5, 1, 3, Math.fround(0.1)]);
  });

  it('a step that is tracked again has the later value; NaN is neither least nor greatest', async () => {
    const run = await open();
    for (const value of [3, Number.NaN, 1, Number.POSITIVE_INFINITY])
      run.track(value, { name: 'loss' });
    run.track(2, { name: 'loss', step: 0 });
    await run.close();
    const metric = (await viewOf(run)).metric('loss');
    expect([...((await metric?.values())?.values ?? [])]).toEqual([
      2,
      Number.NaN,
      1,
      Number.POSITIVE_INFINITY,
    ]);
    expect(metric).toMatchObject({ min: 1, max: Number.POSITIVE_INFINITY, first: 2, count: 4 });
  });

  difference(32, 'the time is in milliseconds: now, or as given', async () => {
    const run = await open();
    const before = Date.now();
    run.track(1, { name: 'loss' });
    run.track(1, { name: 'loss', time: 12.5 });
    await run.close();
    const { times } = (await (await viewOf(run)).metric('loss')?.values()) ?? { times: [] };
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[0]).toBeLessThanOrEqual(Date.now());
    expect(times[1]).toBe(12.5);
  });

  difference(33, 'an epoch is a finite number, or none, which reads as NaN', async () => {
    const run = await open();
    run.track(1, { name: 'loss', epoch: 1.5 });
    run.track(1, { name: 'loss', epoch: Number.NaN });
    run.track(1, { name: 'loss' });
    expect(() => run.track(1, { name: 'loss', epoch: Number.POSITIVE_INFINITY })).toThrow(
      RangeError,
    );
    await run.close();
    const { epochs } = (await (await viewOf(run)).metric('loss')?.values()) ?? { epochs: [] };
    expect([...epochs]).toEqual([1.5, Number.NaN, Number.NaN]);
  });

  it('the order of the keys of a context does not count, and no context is the empty one', async () => {
    const run = await open();
    run.track(1, { name: 'loss', context: { a: 1, b: { c: 2, d: 3 } } });
    run.track(2, { name: 'loss', context: { b: { d: 3, c: 2 }, a: 1 } });
    run.track(3, { name: 'loss' });
    run.track(4, { name: 'loss', context: {} });
    expect(await steps(run, 'loss', { b: { c: 2, d: 3 }, a: 1 })).toEqual([0, 1]);
    expect(await steps(run, 'loss')).toEqual([0, 1]);
    await run.close();
  });

  it('every name and every context is listed', async () => {
    const run = await open();
    for (const name of ['loss', 'accuracy'])
      for (const context of [{}, { subset: 'train' }, { subset: 'val' }])
        run.track(0.5, { name, context });
    await run.close();
    const found = (await viewOf(run)).metrics().map(({ name, context }) => [name, context]);
    expect(found).toHaveLength(6);
    expect(found).toContainEqual(['accuracy', { subset: 'val' }]);
  });
});

describe('params', () => {
  const values: Readonly<Record<string, unknown>> = {
    int: 1,
    float: 0.5,
    bool: true,
    dict: { a: 1, b: { c: [1, { d: null }] } },
    list: [1, 'two', [3.5]],
    none: null,
    text: 'baz\u0565\u0000a-a',
    empty: {},
  };

  it('come back with their types; a set replaces the whole subtree', async () => {
    const run = await open();
    run.set(values);
    run.set('replaced', { a: 1, b: 2 });
    run.set('replaced', { c: 3 });
    run.set(['deep', 'path', 'to'], 1);
    await run.close();
    const view = await viewOf(run);
    for (const [key, value] of Object.entries(values)) expect(view.get(key), key).toEqual(value);
    expect(view.get('replaced')).toEqual({ c: 3 });
    expect(view.get(['deep', 'path'])).toEqual({ to: 1 });
    expect(view.get(['dict', 'b', 'c', 1, 'd'])).toBeNull();
    expect(view.get('missing')).toBeUndefined();
  });

  it('one is removed with what is below it', async () => {
    const run = await open();
    run.set({ kept: 1, gone: { a: 1 } });
    run.unset('gone');
    run.unset('never there');
    await run.close();
    expect((await viewOf(run)).get()).toEqual({ kept: 1 });
  });

  difference(29, 'what cannot be stored is refused by its place, and nothing is set', async () => {
    const run = await open();
    class Config {
      lr = 1;
      half(): number {
        return this.lr / 2;
      }
    }
    for (const value of [new Config(), () => 1, Symbol('s'), new Date(Number.NaN)])
      expect(() => run.set({ fine: 1, hparams: { inner: value } })).toThrow(
        /^params\.hparams\.inner: /,
      );
    expect(run.get()).toEqual({});
    await run.close();
  });

  difference(30, 'bytes are a Uint8Array', async () => {
    const run = await open();
    run.set('bytes', Buffer.from([0, 1, 255]));
    await run.close();
    const bytes = (await viewOf(run)).get('bytes');
    expect(bytes).toEqual(new Uint8Array([0, 1, 255]));
    expect(Buffer.isBuffer(bytes)).toBe(false);
  });

  difference(31, 'undefined is left out of objects, and refused elsewhere', async () => {
    const run = await open();
    run.set('p', { a: undefined, b: null });
    expect(() => run.set('q', undefined)).toThrow(TypeError);
    expect(() => run.set('q', [undefined])).toThrow(TypeError);
    await run.close();
    expect((await viewOf(run)).get()).toEqual({ p: { b: null } });
  });
});

describe('properties', () => {
  it('name, description, experiment and archived are read and written, tags added and removed', async () => {
    const run = await open({ tags: ['one'] });
    run.name = 'first';
    run.description = 'what it is for';
    run.archived = true;
    run.addTag('two');
    run.addTag('two');
    run.removeTag('one');
    run.addNote('seen');
    expect([run.name, run.tags]).toEqual(['first', ['two']]);
    await run.close();
    const view = await viewOf(run);
    expect(view).toMatchObject({
      name: 'first',
      description: 'what it is for',
      archived: true,
      tags: ['two'],
    });
    expect(view.notes.map((note) => note.text)).toEqual(['seen']);
  });

  it('an archived run is left out of a listing unless it is asked for', async () => {
    const repo = join(directory, 'archived');
    for (const runHash of ['shown', 'hidden']) {
      const run = await open({ repo, runHash });
      run.archived = runHash === 'hidden';
      await run.close();
    }
    const hashes = async (options: object): Promise<string[]> => {
      const found: string[] = [];
      for await (const view of (await Repo.open(repo)).runs(options)) found.push(view.hash);
      return found.sort();
    };
    expect(await hashes({})).toEqual(['shown']);
    expect(await hashes({ archived: true })).toEqual(['hidden', 'shown']);
  });
});

it("the data of Aim's own tests: ten runs, four sequences each, a hundred steps", async () => {
  const repo = join(directory, 'filled');
  for (let index = 0; index < 10; index += 1) {
    const run = await open({ repo, name: `Run # ${index}`, createdAt: 1000 + index });
    run.set({ hparams: { lr: 0.001, batch_size: null }, run_index: index });
    const contexts = [
      { is_training: true, subset: 'train' },
      { is_training: true, subset: 'val' },
    ];
    for (let step = 0; step < 100; step += 1) {
      const value = 1 - 1 / (step + 1);
      for (const context of [...contexts, { is_training: false }])
        run.track(value, { name: 'loss', step, epoch: 1, context });
      run.track(value, { name: 'accuracy', step, epoch: 1, context: { is_training: false } });
    }
    await run.close();
  }
  const names: (string | undefined)[] = [];
  for await (const view of (await Repo.open(repo)).runs()) {
    names.push(view.name);
    const metrics = view.metrics();
    expect(metrics).toHaveLength(4);
    for (const metric of metrics) {
      expect([metric.count, metric.lastStep, metric.last]).toEqual([100, 99, 0.99]);
      const { epochs } = await metric.values();
      expect(new Set(epochs)).toEqual(new Set([1]));
    }
    expect(view.get(['hparams', 'batch_size'])).toBeNull();
  }
  // Newest first.
  expect(names).toEqual(Array.from({ length: 10 }, (_, index) => `Run # ${9 - index}`));
});

it('the page lists the differences that are shown here', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../spec/aim-differences.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\d+) \|.*\| behaviour \|$/gm)].map(([, number]) =>
    Number(number),
  );
  expect(rows).toEqual([...listed].sort((a, b) => a - b));
});
