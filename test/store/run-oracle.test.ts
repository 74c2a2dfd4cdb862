// A run against a model in memory: random tracking by several writers with repeated steps, rewinds,
// undos, params, closing, killing and compacting; whatever happened, values, raw values, summaries
// and params are what brute force over the model gives. Seeds are printed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run, type RunView } from '../../src/index.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-oracle-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface ModelPoint {
  readonly step: number;
  readonly value: number;
  readonly time: number;
  readonly epoch: number;
}

/** Points of each writer in order of arrival, by metric; rewinds with how far each log was then. */
class Model {
  readonly points = new Map<string, Map<string, ModelPoint[]>>();
  rewinds: { id: string; step: number; name: string | undefined; reach: Map<string, number> }[] =
    [];

  of(writer: string, name: string): ModelPoint[] {
    const byName = this.points.get(writer) ?? new Map<string, ModelPoint[]>();
    this.points.set(writer, byName);
    const points = byName.get(name) ?? [];
    byName.set(name, points);
    return points;
  }

  /** [order of arrival, point] that no rewind hides. */
  visible(writer: string, name: string): ModelPoint[] {
    return this.of(writer, name).filter(
      (point, arrival) =>
        !this.rewinds.some(
          (each) =>
            (each.name ?? name) === name &&
            point.step >= each.step &&
            arrival < (each.reach.get(`${writer} ${name}`) ?? 0),
        ),
    );
  }

  expected(name: string): (ModelPoint & { writer: string })[] {
    return [...this.points.keys()]
      .sort()
      .flatMap((writer) => {
        const newest = new Map(
          this.visible(writer, name).map((point) => [point.step, { ...point, writer }]),
        );
        return [...newest.values()];
      })
      .sort((a, b) => a.step - b.step || (a.writer < b.writer ? -1 : 1));
  }

  reach(writer: string, names: readonly string[]): Map<string, number> {
    return new Map(names.map((name) => [`${writer} ${name}`, this.of(writer, name).length]));
  }
}

const names = ['loss', 'accuracy'];
const odd = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  5e-324,
  2 ** 53,
  0.1,
];

async function check(view: RunView, model: Model): Promise<void> {
  for (const name of names) {
    const expected = model.expected(name);
    const metric = view.metric(name);
    const columns = await metric?.values();
    expect([...(columns?.steps ?? [])]).toEqual(expected.map((each) => each.step));
    expect([...(columns?.values ?? [])]).toEqual(expected.map((each) => each.value));
    expect([...(columns?.times ?? [])]).toEqual(expected.map((each) => each.time));
    expect([...(columns?.epochs ?? [])]).toEqual(expected.map((each) => each.epoch));
    const raw = await metric?.values({ raw: true });
    expect(raw?.steps.length ?? 0).toBe(
      [...model.points.keys()].reduce((sum, writer) => sum + model.of(writer, name).length, 0),
    );
    if (metric === undefined || expected.length === 0) continue;
    const numbers = expected.map((each) => each.value).filter((each) => !Number.isNaN(each));
    expect(metric.count).toBe(expected.length);
    expect(metric.last).toBe(expected.at(-1)?.value);
    expect(metric.first).toBe(expected[0]?.value);
    expect(metric.min).toBe(
      numbers.length === 0 ? Number.NaN : numbers.reduce((a, b) => Math.min(a, b)),
    );
    expect(metric.max).toBe(
      numbers.length === 0 ? Number.NaN : numbers.reduce((a, b) => Math.max(a, b)),
    );
  }
}

async function play(round: number): Promise<void> {
  const { random, pick, integer, seed } = seeded(`run oracle ${round}`);
  const hash = `oracle-${round}`;
  const model = new Model();
  const repo = await Repo.create(directory);
  const runs = new Map<string, Run>();
  const open = async (writer: string): Promise<Run> => {
    const run =
      runs.get(writer) ??
      (await Run.open({
        repo,
        runHash: hash,
        writer,
        systemTrackingInterval: null,
        durability: { syncMs: null },
      }));
    runs.set(writer, run);
    return run;
  };
  const writers = ['main', 'rank-1', 'rank-2'].slice(0, 1 + integer(3));
  for (let action = 0; action < 40; action += 1) {
    const writer = pick(writers);
    const run = await open(writer);
    const chance = random();
    if (chance < 0.6) {
      const name = pick(names);
      const base = integer(20);
      for (let index = 0; index < 1 + integer(30); index += 1) {
        const point = {
          step: random() < 0.7 ? base + index : integer(40) - 10,
          value: random() < 0.2 ? pick(odd) : random() * 10,
          time: 1_700_000_000_000 + integer(1000),
          epoch: random() < 0.5 ? Number.NaN : integer(5),
        };
        model.of(writer, name).push(point);
        run.track(point.value, { name, step: point.step, time: point.time, epoch: point.epoch });
      }
    } else if (chance < 0.7) {
      const name = random() < 0.5 ? pick(names) : undefined;
      const step = integer(30);
      const all = random() < 0.4;
      if (all) for (const each of runs.values()) each.flush();
      const reach = new Map(
        (all ? [...runs.keys()] : [writer]).flatMap((each) => [...model.reach(each, names)]),
      );
      if (all)
        for (const each of model.points.keys())
          for (const [key, count] of model.reach(each, names)) reach.set(key, count);
      const id = run.rewind({
        step,
        ...(name === undefined ? {} : { name }),
        writers: all ? 'all' : 'own',
      });
      model.rewinds.push({ id, step, name, reach });
    } else if (chance < 0.75 && model.rewinds.length > 0) {
      const undone = pick(model.rewinds);
      try {
        run.undoRewind(undone.id);
        model.rewinds = model.rewinds.filter((each) => each !== undone);
      } catch (error) {
        // A writer knows the rewinds of the others as they were when it was opened.
        expect(error).toBeInstanceOf(RangeError);
      }
    } else if (chance < 0.9) {
      await run.close();
      runs.delete(writer);
    } else if (chance < 0.95) {
      await repo.compact();
    } else {
      for (const each of runs.values()) expect(each.flush()).toBe(true);
      const view = await repo.run(hash);
      await check(view as RunView, model);
    }
  }
  for (const run of runs.values()) await run.close();
  await check((await repo.run(hash)) as RunView, model);
  await repo.compact();
  await check((await repo.run(hash)) as RunView, model);
  expect((await repo.verify()).damaged, `seed ${seed}`).toEqual([]);
}

it('agrees with a model in memory through repeats, rewinds, writers, resumes and compaction', async () => {
  const rounds = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0 ? 400 : 25;
  for (let round = 0; round < rounds; round += 1) await play(round);
}, 600_000);
