// Asking a repo: what runs and metrics give for a query, in which order, and what becomes of rows that
// fail, of archived runs, of live ones, and of views that stand on the catalogue.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Metric, Repo, Run, type RunlogError, type RunView } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-query-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a to e: learning rate 1 to 5 hundredths, loss falls to its tenfold; c is archived, e is live. */
let live: Run;
beforeAll(async () => {
  for (const [index, runHash] of ['run-a', 'run-b', 'run-c', 'run-d', 'run-e'].entries()) {
    const run = await Run.open({
      repo: directory,
      runHash,
      experiment: index % 2 === 0 ? 'even' : 'odd',
      createdAt: 1000 * (index + 1),
      systemTrackingInterval: null,
    });
    const rate = (index + 1) / 100;
    run.set('hparams', { lr: rate, layers: [index, 64], note: index === 1 ? null : 'x' });
    for (let step = 0; step <= index; step += 1) {
      run.track(rate * 100 - step / 10, { name: 'loss', step, context: { subset: 'train' } });
      run.track(step / 10, { name: 'accuracy', step });
    }
    if (runHash === 'run-c') run.archived = true;
    if (runHash === 'run-e') live = run;
    else await run.close();
  }
});
afterAll(() => live.close());

const hashes = async (query: unknown, options?: object): Promise<string[]> => {
  const repo = await Repo.open(directory);
  const found: string[] = [];
  for await (const view of repo.runs(query as string, options)) found.push(view.hash.slice(4));
  return found;
};

const ask = (query: string, options = {}): Promise<string[]> => hashes(query, options);

it('without a query every run that is not archived, newest first', async () => {
  expect(await ask('')).toEqual(['e', 'd', 'b', 'a']);
  expect(await hashes({ order: 'oldest', archived: true })).toEqual([...'abcde']);
  expect(await ask('run.archived or not run.archived')).toEqual([...'edcba']);
});

it('params, properties and metrics decide, of live runs as of ended ones', async () => {
  expect(await ask('run.hparams.lr > 0.015')).toEqual(['e', 'd', 'b']);
  expect(await ask('run.hparams.note == None')).toEqual(['b']);
  expect(await ask("run.experiment == 'odd' and run.hparams.layers[1] == 64")).toEqual(['d', 'b']);
  expect(await ask("run.metrics['loss', {'subset': 'train'}].last < 2")).toEqual(['b', 'a']);
  expect(await ask("'accuracy' in run.metrics and run.metrics['accuracy'].count > 3")).toEqual([
    'e',
    'd',
  ]);
  expect(await ask("run.state == 'running'")).toEqual(['e']);
  expect(await ask("run.state == 'finished'")).toEqual(['d', 'b', 'a']);
});

it('each opening of a run is there, of every writer, oldest first', async () => {
  const repo = join(directory, 'openings');
  for (const writer of ['main', 'main', 'helper', 'main']) {
    const options = { repo, runHash: 'often', writer, systemTrackingInterval: null };
    const run = await Run.open(options);
    run.track(1, { name: 'loss' });
    // No two in one millisecond.
    await sleep(2);
    await run.close(writer === 'helper' ? { error: new Error('lost it') } : {});
  }
  const queries = [
    "[o.writer for o in run.openings] == ['main', 'main', 'helper', 'main']",
    '[o.resumed for o in run.openings] == [False, True, False, True]',
    "[o.error for o in run.openings if o.outcome == 'failed'] == ['lost it']",
    'all(o.closed_at >= o.opened_at for o in run.openings) and run.updated_at == run.created_at',
  ];
  for (const readOnly of [true, false, false])
    for (const query of queries) {
      let found = 0;
      for await (const _ of (await Repo.open(repo, { readOnly })).runs(query)) found += 1;
      expect(found, query).toBe(1);
    }
});

it('an answer is the same once the catalogue knows it, and while it cannot be written', async () => {
  const repo = await Repo.open(directory, { readOnly: true });
  const asked = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const view of repo.runs('run.hparams.lr < 0.045')) {
      const loss = view.metric('loss', { subset: 'train' });
      const { values } = (await loss?.values()) ?? {};
      found.push([view.hash, view.state, view.get(), loss?.last, loss?.count, [...(values ?? [])]]);
      found.push(view.openings.length, view.endedAt, view.tags, view.writers);
    }
    return found;
  };
  const first = await asked();
  await ask('');
  await ask("run.metrics['loss'] == None");
  expect(await asked()).toEqual(first);
});

it('an expression orders, either way; what has no value comes last', async () => {
  const order = "run.metrics['loss', {'subset': 'train'}].last";
  expect(await ask('', { order })).toEqual(['a', 'b', 'd', 'e']);
  expect(await ask('', { order, descending: true })).toEqual(['e', 'd', 'b', 'a']);
  expect(await ask('', { order: 'run.hparams.note' })).toEqual(['e', 'd', 'a', 'b']);
  expect(await ask('', { order: 'run.hparams.note', descending: true })).toEqual([...'edab']);
  expect(await ask('', { order, limit: 2, offset: 1 })).toEqual(['b', 'd']);
});

it('metrics match each by itself, and bring their run', async () => {
  const repo = await Repo.open(directory);
  const found: string[] = [];
  const query = "metric.context.subset == 'train' and run.hparams.lr > 0.015";
  for await (const metric of repo.metrics(query))
    found.push(`${metric.run.hash} ${metric.name} ${metric.last.toFixed(1)} ${metric.count}`);
  expect(found).toEqual(['run-e loss 4.6 5', 'run-d loss 3.7 4', 'run-b loss 1.9 2']);
  const at: number[] = [];
  for await (const metric of repo.metrics('metric.at(2) != None', { order: 'metric.at(2)' }))
    at.push((await metric.values({ fromStep: 2, toStep: 3 })).values[0] as number);
  expect(at).toEqual([0.2, 0.2, 3.8, 4.8]);
});

it('metrics of a run share its view; one that nobody holds is let go', async () => {
  const repo = await Repo.open(directory);
  const byName: Metric[] = [];
  for await (const metric of repo.metrics('', { order: 'metric.name' })) byName.push(metric);
  expect(byName).toHaveLength(8);
  expect(new Set(byName.map(({ run }) => run)).size).toBe(4);

  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const views: WeakRef<RunView>[] = [];
  for await (const metric of repo.metrics("metric.name == 'loss'")) {
    await metric.values();
    views.push(new WeakRef(metric.run));
  }
  await sleep(1);
  collect();
  // The last one may still be in a register.
  expect(views.map((each) => each.deref() !== undefined).slice(0, -1)).toEqual([
    false,
    false,
    false,
  ]);
});

it('a row that fails is left out and counted; strict throws; so does a text that is no query', async () => {
  const kinds: unknown[] = [];
  const onFailures = (failures: readonly { message: string; count: number }[]): void => {
    kinds.push(...failures.map((each) => [each.message.split(':')[0], each.count]));
  };
  expect(await ask('run.hparams.note + 1 > 0', { onFailures })).toEqual([]);
  expect(kinds).toEqual([
    ['TypeError', expect.any(Number)],
    ['TypeError', expect.any(Number)],
  ]);
  const code = async (query: string, options = {}): Promise<string> =>
    ask(query, options).then(
      () => 'answered',
      (error: unknown) => (error as RunlogError).code,
    );
  expect(await code('run.hparams.note + 1 > 0', { strict: true })).toBe('QUERY_EVALUATION');
  expect(await code('run.hparams.lr = 1')).toBe('QUERY_SYNTAX');
  expect(await code('', { order: 'run.' })).toBe('QUERY_SYNTAX');
  expect(await code('', { signal: AbortSignal.abort() })).toBe('ABORTED');
});

it('keys of many and of large params are all there: no row of a query is so large', async () => {
  const place = { repo: mkdtempSync(join(tmpdir(), 'runlog-keys-')), systemTrackingInterval: null };
  afterAll(() => rmSync(place.repo, { recursive: true, force: true }));
  for (const runHash of ['one', 'two', 'three']) {
    const run = await Run.open({ ...place, runHash });
    run.set({ list: Array.from({ length: 100_000 }, () => 1), lr: 1 });
    if (runHash === 'two') run.set('huge', new Array(300_000).fill(true));
    await run.close();
  }
  const { params } = await (await Repo.open(place.repo)).keys();
  expect(params.map(({ path, types, runs }) => [path.join('.'), types, runs])).toEqual([
    ['huge', ['list'], 1],
    ['list', ['list'], 3],
    ['lr', ['int'], 3],
  ]);
});

it('keys of params with types and examples, and of metrics with their contexts', async () => {
  const repo = await Repo.open(directory);
  const { runs, params, metrics } = await repo.keys();
  expect(runs).toBe(4);
  expect(params.map(({ path, types, runs }) => [path.join('.'), types.join(), runs])).toEqual([
    ['hparams.layers', 'list', 4],
    ['hparams.lr', 'float', 4],
    ['hparams.note', 'NoneType,str', 4],
  ]);
  expect(params[1]?.examples).toEqual([0.05, 0.04, 0.02, 0.01]);
  expect(metrics).toEqual([
    { name: 'accuracy', runs: 4, contexts: [{}] },
    { name: 'loss', runs: 4, contexts: [{ subset: 'train' }] },
  ]);
});

it('who allows an age gets runs that came since all the same, and an age is milliseconds', async () => {
  const repo = await Repo.open(directory);
  const asked = async (options: object): Promise<string[]> => {
    const found: string[] = [];
    for await (const view of repo.runs('run.hparams.lr > 0.015', options)) found.push(view.hash);
    return found;
  };
  const before = await asked({ maxAgeMs: 60_000 });
  const added = await Run.open({ repo: directory, runHash: 'run-f', systemTrackingInterval: null });
  added.set('hparams', { lr: 1 });
  await added.close();
  expect(await asked({ maxAgeMs: 60_000 })).toEqual(['run-f', ...before]);
  await repo.delete('run-f');
  expect(await asked({ maxAgeMs: 60_000 })).toEqual(before);
  for (const maxAgeMs of [-1, Number.NaN, '1'])
    await expect(asked({ maxAgeMs })).rejects.toThrow(RangeError);
});
