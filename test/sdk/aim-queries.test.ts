// The queries whose answers were recorded from Aim, asked of a repo that was made by `Run` and is asked by
// `Repo`: each answer is Aim's, plain Python's, or listed with its reason; the same with the catalogue,
// while it is written, and without one where nothing can be written; and as for facts in memory.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, expect, it } from 'vitest';
import { nodeVfs } from '../../src/engine/index.ts';
import {
  Distribution,
  Image,
  Repo,
  Run,
  RunlogError,
  Text,
  type TrackedObject,
} from '../../src/index.ts';
import {
  MetricObject,
  parseQuery,
  type Query,
  RowFailures,
  RunObject,
} from '../../src/query/query.ts';
import { EntryFacts } from '../../src/sdk/entry-facts.ts';
import { lastSignsOf } from '../../src/sdk/openings.ts';
import { Catalogue } from '../../src/store/catalogue.ts';
import { TICK_MAX_MS } from '../../src/store/catalogue-stamp.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import {
  type AimCase,
  aimCases,
  aimRuns,
  type DumpRun,
  type DumpSequence,
  dumpedRuns,
  hasAimData,
  numberOf,
  stored,
} from '../query/aim-dump.ts';
import { contradictedOf, listedIds, shownRow, verdictOf } from '../query/aim-verdict.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-aim-queries-'));
const live: Run[] = [];
/** Through `Repo` without a catalogue, which opens every run for each: each tenth, or all in a long run. */
const stride = process.env['FUZZ_SECONDS'] === undefined ? 10 : 1;
afterAll(async () => {
  await Promise.all(live.map((run) => run.close()));
  rmSync(directory, { recursive: true, force: true });
});

const objectOf = (name: unknown): TrackedObject => {
  const pixels = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 as const };
  if (name === 'Image') return new Image(pixels);
  return name === 'Distribution' ? new Distribution([1, 2, 3]) : new Text('a text');
};

function track(run: Run, { name, context, type, tracked }: DumpSequence): void {
  for (const [step, epoch, value] of tracked) {
    const options = {
      name,
      context,
      ...(step === null ? {} : { step }),
      ...(epoch === null ? {} : { epoch }),
    };
    if (type === 'metric') run.track(numberOf(Number(value)), options);
    else run.track(objectOf(value), options);
  }
}

/** One run as Aim had it; left open where it was active. */
async function rebuild(repo: string, { hash, props, params_typed, sequences }: DumpRun) {
  const run = await Run.open({
    repo,
    runHash: hash,
    experiment: props.experiment,
    // Aim has a run whose name is the empty text, which is none here.
    ...(props.name === '' ? {} : { name: props.name }),
    ...(props.description === null ? {} : { description: props.description }),
    tags: props.tags,
    createdAt: props.creation_time * 1000,
    systemTrackingInterval: null,
  });
  for (const note of props.notes) run.addNote(note);
  run.set(stored(params_typed) as Record<string, unknown>);
  for (const each of sequences) track(run, each);
  if (props.archived) run.archived = true;
  if (props.end_time === null) live.push(run);
  else await run.close({ endedAt: props.end_time * 1000 });
}

/** Rows of each case by its id, sorted; an error has none. */
async function answersOf(repo: Repo, cases: readonly AimCase[]): Promise<Map<string, string[]>> {
  const labels = new Map(dumpedRuns().map(({ hash, label }) => [hash, label]));
  const answers = new Map<string, string[]>();
  for (const { id, kind, query } of cases) {
    const rows: string[] = [];
    try {
      if (kind === 'runs')
        for await (const { hash } of repo.runs(query)) rows.push(shownRow(labels.get(hash)));
      else
        for await (const { run, name, context } of repo.metrics(query))
          rows.push(shownRow([labels.get(run.hash), name, context]));
    } catch (error) {
      if (!(error instanceof RunlogError)) throw error;
    }
    answers.set(id, rows.sort());
  }
  return answers;
}

/** The same, of one look at each run: no catalogue stands between. */
async function answersOfRuns(repo: string, cases: readonly AimCase[]) {
  const labels = new Map(dumpedRuns().map(({ hash, label }) => [hash, label]));
  const answers = new Map(cases.map(({ id }) => [id, [] as string[]]));
  const queries: [AimCase, Query][] = [];
  for (const each of cases) {
    const kind = each.kind === 'runs' ? 'run' : 'metric';
    const query = await parseQuery(each.query, kind).catch(() => undefined);
    if (query !== undefined) queries.push([each, query]);
  }
  const vfs = nodeVfs();
  const failures = new RowFailures();
  for (const entry of new Catalogue(vfs, repo, { readOnly: true }).scan()) {
    expect(entry.isFromCatalogue).toBe(false);
    const places = runPlaces(repo, entry.hash);
    const facts = new EntryFacts(entry, await lastSignsOf(vfs, places, entry.writers));
    const run = new RunObject(facts);
    const label = labels.get(entry.hash);
    const metrics = facts.metrics.map((each) => new MetricObject(each, run));
    for (const [{ id, kind }, query] of queries) {
      const rows = answers.get(id) as string[];
      const fits = (metric?: MetricObject): boolean => query.matches(run, metric, failures);
      if (kind === 'metrics')
        for (const metric of metrics.filter(fits))
          rows.push(shownRow([label, metric.facts.name, metric.facts.context]));
      else if (fits()) rows.push(shownRow(label));
    }
  }
  for (const rows of answers.values()) rows.sort();
  return answers;
}

it('have the same answers through a repo, with and without its catalogue', async (context) => {
  if (!hasAimData) context.skip('../shared/data/aimql is not there');
  const path = join(directory, 'repo');
  for (const run of dumpedRuns()) await rebuild(path, run);
  const catalogue = join(path, '.aim/catalogue');
  rmSync(catalogue, { recursive: true, force: true });

  const cases = aimCases();
  const bare = await Repo.open(path, { readOnly: true });
  const without = cases.filter((_, index) => index % stride === 0);
  const read = await answersOf(bare, without);
  const ofRuns = await answersOfRuns(join(path, '.aim'), cases);
  expect(existsSync(catalogue)).toBe(false);
  // What is younger than the clock's tick is not relied on.
  await sleep(TICK_MAX_MS + 100);
  const repo = await Repo.open(path);
  expect(await countOf(repo.metrics('metric.last != None or run.archived'))).toBeGreaterThan(0);
  const known = [...new Catalogue(nodeVfs(), join(path, '.aim'), { readOnly: true }).scan()];
  expect(known.filter((each) => each.isFromCatalogue).length).toBeGreaterThanOrEqual(
    40 - live.length,
  );
  const first = await answersOf(repo, cases);
  expect(existsSync(catalogue)).toBe(true);
  for (const [id, rows] of [...read, ...ofRuns]) expect(rows, id).toEqual(first.get(id));

  const contradicted = contradictedOf(aimRuns());
  const others = cases.filter(
    (each) => verdictOf(each, first.get(each.id) ?? [], contradicted) === 'other',
  );
  expect(others.map(({ id }) => id).sort()).toEqual(listedIds);
  for (const mode of [repo, bare]) {
    expect(await countOf(mode.texts('texts.name != None'))).toBe(4);
    const ofText =
      'texts.run.hash == run.hash and texts.first_step <= texts.last_step and texts.count > 0 and texts.last == None and texts.dtype == "texts" and texts.context.nope == None';
    expect(await countOf(mode.texts(ofText))).toBe(4);
    await expect(countOf(mode.texts('metric.name == "a"'))).rejects.toThrow(/about texts/);
    expect(await countOf(mode.images('run.idx >= 0 and images.count > 0'))).toBe(2);
    expect(await countOf(mode.distributions('run.idx >= 0'))).toBe(2);
  }
});

async function countOf(rows: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of rows) count += 1;
  return count;
}
