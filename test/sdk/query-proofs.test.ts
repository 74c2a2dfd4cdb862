// Asking a repo by chance: what push-down leaves out has no row; the catalogue, whatever has become of it,
// changes no answer; neither do other scans at the same time; order, offset and limit are those of sorting
// by hand; and runs that are deleted, changed or broken meanwhile harm no other.

import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeVfs } from '../../src/engine/index.ts';
import { fileSystemError } from '../../src/engine/vfs/memory-disk.ts';
import { Repo, Run, type RunlogError, Text } from '../../src/index.ts';
import {
  MetricObject,
  parseQuery,
  parseRowValue,
  RowFailures,
  RunObject,
} from '../../src/query/query.ts';
import { askObjects } from '../../src/sdk/ask.ts';
import { EntryFacts } from '../../src/sdk/entry-facts.ts';
import { checkQueryOptions } from '../../src/sdk/query-options.ts';
import { RowScan } from '../../src/sdk/scan.ts';
import { Catalogue } from '../../src/store/catalogue.ts';
import { TICK_MAX_MS } from '../../src/store/catalogue-stamp.ts';
import { condition } from '../query/random-condition.ts';
import { CatalogueRepo, REPO } from '../support/catalogue-repo.ts';
import { type Seeded, seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-query-proofs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const mixed = [1, 2.5, 'b', 'a', null, true, [2, 1], [1], Number.NaN, { k: 1 }, -3];

async function addRun(repo: string, runHash: string, by: Seeded): Promise<void> {
  const run = await Run.open({
    repo,
    runHash,
    createdAt: 1000 * by.integer(4),
    tags: by.pick([[], ['best']]),
    systemTrackingInterval: null,
  });
  run.set({ a: by.integer(3), b: by.pick([true, false, '', 'b']), mixed: by.pick(mixed) });
  run.set(
    'map',
    new Map<unknown, unknown>([
      ['a', by.integer(3)],
      [1, 'one'],
      ['1', 'text'],
    ]),
  );
  // One run has texts in every case: a question about them is asked of some row.
  const isFirst = runHash === 'run-0';
  if (by.integer(2) === 0 || isFirst)
    for (const name of ['x', 'y'])
      for (let step = by.integer(3); step >= 0; step -= 1)
        run.track(new Text(name), { name: `${name} said`, step, context: { of: name } });
  for (const name of ['x', 'y'])
    for (let point = by.integer(3); point >= 0; point -= 1) run.track(by.integer(3), { name });
  if (by.integer(3) === 0 && !isFirst) run.archived = true;
  await run.close();
}

const seed = seeded('query proofs');
const path = join(directory, 'repo');
const aim = join(path, '.aim');
const parts = join(aim, 'catalogue');
beforeAll(async () => {
  for (let index = 0; index < 9; index += 1) await addRun(path, `run-${index}`, seed);
});

type Question = readonly ['runs' | 'metrics' | 'texts', string];

async function answer(repo: Repo, [kind, query]: Question): Promise<string[]> {
  const rows: string[] = [];
  if (kind === 'runs')
    for await (const view of repo.runs(query))
      rows.push(`${view.hash} ${view.tags} ${view.get('a')}`);
  else if (kind === 'texts')
    for await (const each of repo.texts(query)) {
      const { runHash, name, context, count, firstStep, lastStep } = each;
      const [at] = await each.values();
      rows.push(
        `${runHash} ${name} ${JSON.stringify(context)} ${count} ${firstStep} ${lastStep} ${at?.time}`,
      );
    }
  else
    for await (const metric of repo.metrics(query))
      rows.push(`${metric.run.hash} ${metric.name} ${metric.last} ${metric.count}`);
  return rows;
}

async function listed(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const each of rows) all.push(each);
  return all;
}

/** Runs that the catalogue answers for. */
const known = (): number =>
  [...new Catalogue(nodeVfs(), aim, { readOnly: true }).scan()].filter(
    (each) => each.isFromCatalogue,
  ).length;

const answers = async (repo: Repo, questions: readonly Question[]): Promise<string[][]> => {
  const all: string[][] = [];
  for (const each of questions) all.push(await answer(repo, each));
  return all;
};

/** Without the catalogue, and nothing may be written. */
async function plainly(questions: readonly Question[]): Promise<string[][]> {
  const away = join(directory, 'away');
  if (existsSync(parts)) renameSync(parts, away);
  try {
    return await answers(await Repo.open(path, { readOnly: true }), questions);
  } finally {
    expect(existsSync(parts)).toBe(false);
    if (existsSync(away)) renameSync(away, parts);
  }
}

/** The same of one metric of the run; where a loop has the name, of all. */
const ofRun = (text: string): string =>
  text.includes('for metric')
    ? 'run.archived or run.a != 1'
    : text
        .replace(/\bmetric\b/g, "run.metrics['x']")
        .replaceAll('lambda x:', 'lambda each:')
        .replaceAll('x.last', 'each.last');

/** The same of texts, by what they have. */
const ofTexts = (text: string): string =>
  text
    .replace(/\bmetric\b/g, 'texts')
    .replaceAll('texts.last', 'texts.last_step')
    .replaceAll(/texts.name == '(.)'/g, "texts.context.of == '$1'");

const questionsOf = (by: Seeded, count: number): Question[] =>
  Array.from({ length: count }, () =>
    by.pick<() => Question>([
      () => ['metrics', condition(by, 2)],
      () => ['runs', ofRun(condition(by, 2))],
      () => ['texts', ofTexts(condition(by, 2))],
    ])(),
  );

it('a scan that pushes down gives the rows of every sequence looked at', async () => {
  const by = seeded('pushed scan');
  const repo = await Repo.open(path);
  const entries = [...new Catalogue(nodeVfs(), aim, { readOnly: true }).scan()];
  expect(entries.length).toBe(9);
  let left = 0;
  for (let round = 0; round < 60; round += 1) {
    const text = condition(by, 3);
    const query = await parseQuery(text, 'metric');
    const wanted: string[] = [];
    for (const entry of entries) {
      const facts = new EntryFacts(entry, new Map());
      const run = new RunObject(facts);
      if (!query.mayMatch(run)) left += 1;
      for (const each of facts.sequences)
        if (query.matches(run, new MetricObject(each, run), new RowFailures()))
          wanted.push(`${entry.hash} ${each.name} ${each.last} ${each.count}`);
    }
    expect((await answer(repo, ['metrics', text])).sort(), text).toEqual(wanted.sort());
  }
  expect(left).toBeGreaterThan(30);
});

it.each([
  ["not (run.a == 1 and metric.name == 'x')", "metric.name != 'x' or run.a != 1"],
  ["any(metric.name == n for n in ['x', 'z'])", "metric.name == 'x'"],
  ["[m.name for m in [metric]][0] == 'y' and run.a >= 0", "metric.name == 'y'"],
  ["not (run.a == 1) or metric.name == 'x'", "metric.name == 'x' or run.a != 1"],
])('where Aim leaves out too much or breaks: %s', async (text, same) => {
  const repo = await Repo.open(path);
  const rows = await answer(repo, ['metrics', text]);
  expect(rows).toEqual(await answer(repo, ['metrics', same]));
  expect(rows.length).toBeGreaterThan(0);
});

it('members of a Map are found as computed, by a text and by a number', async () => {
  const repo = await Repo.open(path);
  const all = (await answer(repo, ['runs', 'run.archived in [True, False]'])).length;
  for (const text of [
    "run.map['1'] == 'text' and run.map[1] == 'one' and run.map.a in [0, 1, 2]",
    "run['map', '1'] == 'text' and run['map']['a'] == run.map['a'] and run.map.nope == None",
  ])
    expect((await answer(repo, ['runs', `${text} and run.archived in [True, False]`])).length).toBe(
      all,
    );
});

it('absent, present, stale, damaged or not to be written: the catalogue changes no answer', async () => {
  const by = seeded('states of the catalogue');
  const questions = questionsOf(by, 12);
  const check = async (what: string, options = {}): Promise<void> => {
    const wanted = await plainly(questions);
    expect(await answers(await Repo.open(path, options), questions), what).toEqual(wanted);
  };
  rmSync(parts, { recursive: true, force: true });
  await sleep(TICK_MAX_MS + 100);
  await check('absent');
  expect(known()).toBe(9);
  await check('present');
  const repo = await Repo.open(path);
  const view = await repo.run(`run-${by.integer(9)}`);
  await view?.edit({ tags: { add: ['best'] }, archived: by.integer(2) === 0 });
  const run = await Run.open({ repo: path, runHash: 'run-3', systemTrackingInterval: null });
  run.track(7, { name: 'x' });
  run.set('a', 5);
  run.flush();
  await check('stale, one that is live', { readOnly: true });
  await check('stale, one that is live');
  await run.close();
  await addRun(path, 'run-new', by);
  await check('one that is new');
  for (const name of readdirSync(parts)) {
    const bytes = readFileSync(join(parts, name));
    for (let hit = 0; hit < 20; hit += 1) {
      const place = by.integer(bytes.length);
      bytes[place] = (bytes[place] as number) ^ (1 + by.integer(255));
    }
    writeFileSync(join(parts, name), bytes.subarray(0, bytes.length - by.integer(3) * 7));
  }
  await check('damaged', { readOnly: true });
  await check('damaged');
  await check('made anew');
});

it('scans of one repo at the same time, and a run that changes under them', async () => {
  const by = seeded('scans at once');
  const repo = await Repo.open(path);
  const questions = questionsOf(by, 8);
  const wanted = await plainly(questions);
  expect(await Promise.all(questions.map((each) => answer(repo, each)))).toEqual(wanted);

  await addRun(path, 'run-gone', by);
  await addRun(path, 'run-kept', by);
  const everyone = 'run.archived in [True, False]';
  const seen: string[] = [];
  for await (const { hash } of repo.runs(everyone)) {
    if (seen.length === 0) {
      await repo.delete('run-gone');
      await (await repo.run('run-kept'))?.edit({ tags: { add: ['late'] }, archived: true });
    }
    seen.push(hash);
  }
  expect(seen).toContain('run-kept');
  const now = await answer(repo, ['runs', everyone]);
  expect(now.some((each) => each.startsWith('run-gone'))).toBe(false);
  expect((await answer(repo, ['runs', "'late' in run.tags and run.archived"])).length).toBe(1);
  expect(await answer(repo, ['runs', "'late' in run.tags"])).toEqual([]);
});

it('order, offset and limit: as sorted by hand, whatever the types', async () => {
  const by = seeded('order');
  const repo = await Repo.open(path);
  const list = async (
    options: object,
  ): Promise<{ hash: string; value: unknown; createdAt: number }[]> => {
    const rows: { hash: string; value: unknown; createdAt: number }[] = [];
    for await (const view of repo.runs('', { archived: true, ...options }))
      rows.push({ hash: view.hash, value: view.get('mixed'), createdAt: view.createdAt });
    return rows;
  };
  const newest = await list({});
  const byHand = [...newest].sort(
    (a, b) => b.createdAt - a.createdAt || (a.hash < b.hash ? -1 : 1),
  );
  expect(newest).toEqual(byHand);
  expect(await list({ order: 'oldest' })).toEqual([...byHand].reverse());
  for (const descending of [false, true]) {
    const order = pickOrder(by);
    const all = await list({ order, descending });
    expect(all.map((each) => each.hash).sort()).toEqual(byHand.map((each) => each.hash).sort());
    for (let round = 0; round < 4; round += 1) {
      const [offset, limit] = [by.integer(12), by.integer(12)];
      const part = await list({ order, descending, offset, limit });
      expect(part).toEqual(all.slice(offset, offset + limit));
    }
    const mixedOrder = (await list({ order: 'run.mixed', descending })).map((each) => each.value);
    const numbers = mixedOrder.filter((each) => typeof each === 'number' && !Number.isNaN(each));
    const sorted = [...numbers].sort((a, b) => Number(a) - Number(b));
    expect(numbers).toEqual(descending ? sorted.reverse() : sorted);
    const isNothing = mixedOrder.map((each) => each === null || Number.isNaN(each));
    expect(isNothing).toEqual([...isNothing].sort());
  }
  expect((await parseRowValue('run.mixed')).text).toBe('run.mixed');
});

const pickOrder = (by: Seeded): string =>
  by.pick(['run.a', 'run.b', "run.metrics['x'].last", '(run.a, run.hash)', 'run.none + 1']);

it('aggregates are those of the matching metrics', async () => {
  const repo = await Repo.open(path);
  const values = new Map<string, number[]>();
  for await (const metric of repo.metrics('', { archived: true })) {
    const group = JSON.stringify([metric.run.get('a'), metric.name]);
    values.set(group, [...(values.get(group) ?? []), metric.last]);
  }
  const groups = await repo.aggregate('', { groupBy: ['run.a', 'metric.name'], archived: true });
  expect(groups.length).toBe(values.size);
  for (const { group, metrics, count, mean, min, max } of groups) {
    const own = values.get(JSON.stringify(group)) ?? [];
    expect([metrics, count, min, max]).toEqual([
      own.length,
      own.length,
      Math.min(...own),
      Math.max(...own),
    ]);
    expect(mean).toBeCloseTo(own.reduce((sum, each) => sum + each, 0) / own.length, 12);
  }
});

it('a run that is damaged is named; the others are answered, with and without the catalogue', async () => {
  const repo = await Repo.open(path);
  const before = (await answer(repo, ['runs', 'run.archived in [True, False]'])).length;
  const edits = join(aim, 'runs/run-1/edits');
  for (const name of readdirSync(edits)) writeFileSync(join(edits, name), 'not an edit');
  for (const options of [{ readOnly: true }, {}, {}]) {
    const named: string[] = [];
    const rows: string[] = [];
    for await (const { hash } of (await Repo.open(path, options)).runs(
      'run.archived in [True, False]',
      {
        onUnreadable: (hash: string, error: RunlogError) => named.push(`${hash} ${error.code}`),
      },
    ))
      rows.push(hash);
    expect(named).toEqual(['run-1 CORRUPT']);
    expect(rows.length).toBe(before - 1);
    expect(rows).not.toContain('run-1');
  }
});

it('a run whose holder cannot be read is named where its state is asked for, and harms no other', async () => {
  const run = await Run.open({ repo: path, runHash: 'run-open', systemTrackingInterval: null });
  run.track(1, { name: 'x' });
  await run.sync();
  let isFailing = false;
  const vfs = new Proxy(
    { ...nodeVfs() },
    {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => {
          const isItsLog = typeof given[0] === 'string' && given[0].includes('run-open/logs');
          if (isFailing && isItsLog) throw Object.assign(new Error('broken disk'), { code: 'EIO' });
          return Reflect.apply(member, target, given) as unknown;
        };
      },
    },
  );
  const catalogue = new Catalogue(vfs, aim, { readOnly: true });
  const scan = catalogue.scan.bind(catalogue);
  catalogue.scan = function* (options) {
    for (const entry of scan(options)) {
      isFailing = entry.hash === 'run-open';
      yield entry;
      isFailing = false;
    }
  };
  const named: string[] = [];
  const options = checkQueryOptions({
    archived: true,
    onUnreadable: (hash, { code }) => named.push(`${hash} ${code}`),
  });
  const text = "run.state != 'running'";
  const rows = await (await RowScan.of({ vfs, path: aim, catalogue }, 'run', text, options)).rows();
  expect(named.filter((each) => !each.startsWith('run-1 '))).toEqual(['run-open IO']);
  expect(rows.length).toBeGreaterThan(7);
  await run.close();
});

it('bad input of any place is an error that names it', async () => {
  const repo = await Repo.open(path);
  const code = (ask: Promise<unknown>): Promise<string> =>
    ask.then(
      () => 'answered',
      (error: unknown) => `${(error as RunlogError).code} ${(error as Error).message}`,
    );
  const bad = new Map([
    ['x'.repeat(1 << 20), /^LIMIT .*querySizeMax/],
    ['('.repeat(10_000), /^LIMIT .*queryDepthMax/],
    ['9**9**9', /^LIMIT .*queryIntegerBitCountMax/],
    ["'a'*10**9", /^LIMIT .*queryStringSizeMax/],
    ['run.hash.__class__.__mro__()', /^QUERY_SYNTAX /],
    ['__import__', /^QUERY_SYNTAX /],
    ['rum.a', /^QUERY_SYNTAX .*did you mean 'run'/],
    ['run.name.startwith(1)', /^QUERY_SYNTAX .*startswith/],
    ['run.a = 1', /^QUERY_SYNTAX .*==/],
  ]);
  for (const [text, wanted] of bad) {
    const places = [
      () => answer(repo, ['runs', text]),
      () => answer(repo, ['metrics', text]),
      () => listed(repo.runs('', { order: text })),
      () => repo.aggregate('', { groupBy: text }),
      () => repo.aggregate('', { value: text }),
      () => repo.aggregateCurves(text),
      () => repo.keys(text),
      () => listed(repo.texts(text)),
    ];
    for (const each of places) expect(await code(each()), text.slice(0, 40)).toMatch(wanted);
  }
});

it('objects: what no run has is read once, then only runs that have some; one that broke since is told', async () => {
  const repo = new CatalogueRepo();
  for (const hash of ['a', 'b', 'c', 'd', 'e']) {
    await repo.track(hash);
    if (hash === 'b' || hash === 'd') await repo.show(hash);
    await repo.close(hash);
  }
  repo.time += 10_000;
  let isBroken = false;
  const ask = async (query: string, options = {}): Promise<[names: string[], opened: string]> => {
    const opened = new Set<string>();
    const vfs = repo.vfs.attach({
      onCall: ({ name, path }) => {
        const hash = /\/runs\/([^/]+)\/logs\//.exec(path)?.[1];
        if (name !== 'open' || hash === undefined) return;
        opened.add(hash);
        if (isBroken && hash === 'd') throw fileSystemError('EIO', 'open', path);
      },
    });
    const catalogue = new Catalogue(vfs, REPO, { bootId: 'boot' });
    const asked = { vfs, path: REPO, readOnly: false, catalogue: async () => catalogue };
    const names: string[] = [];
    for await (const each of askObjects(asked, 'images', query, options)) names.push(each.name);
    return [names, [...opened].sort().join('')];
  };
  const [names, opened] = await ask('');
  expect([names.length, opened]).toEqual([2, 'abcde']);
  expect(await ask('')).toEqual([names, 'bd']);
  expect(await ask("run.hash == 'd'")).toEqual([[names[0]], 'd']);
  expect(await ask('images.count > 1 or images.last_step > 1')).toEqual([[], '']);
  expect(await ask("images.name == 'none'")).toEqual([[], '']);

  const told: string[] = [];
  isBroken = true;
  expect(await ask('', { onUnreadable: (hash: string) => told.push(hash) })).toEqual([
    names.slice(1),
    'bd',
  ]);
  expect(told).toEqual(['d']);
});
