// A run against a model in memory: random tracking by several writers in several contexts with repeated
// steps, rewinds of each reach, undos, closing and compacting; whatever happened, values, raw values and
// summaries are what brute force over the model gives, and a follower that goes on from its last cursor
// has been given each point once, in order of arrival. Seeds are printed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { type FollowCursor, Repo, Run, type RunView } from '../../src/index.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-oracle-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface ModelPoint {
  readonly step: number;
  readonly value: number;
  readonly time: number;
  readonly epoch: number;
}

interface ModelRewind {
  readonly id: string;
  readonly step: number;
  readonly name: string | undefined;
  readonly subset: string | undefined;
  readonly reach: ReadonlyMap<string, number>;
}

/** Points of each writer in order of arrival, by sequence; rewinds with how far each log was then. */
class Model {
  readonly points = new Map<string, Map<string, ModelPoint[]>>();
  rewinds: ModelRewind[] = [];

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
            (each.name ?? nameOf(name)) === nameOf(name) &&
            (each.subset ?? subsetOf(name)) === subsetOf(name) &&
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

/** 'name subset' of each sequence. */
const names = ['loss train', 'loss val', 'accuracy train'];
const nameOf = (sequence: string): string => sequence.split(' ')[0] as string;
const subsetOf = (sequence: string): string => sequence.split(' ')[1] as string;
const contextOf = (sequence: string) => ({ subset: subsetOf(sequence) });

/** Follows a run in stages, each from the cursor of the one before. */
class Follower {
  #cursor: FollowCursor | undefined;
  /** Points by 'writer name subset', in the order in which they came. */
  readonly #got = new Map<string, [step: number, value: number][]>();
  #count = 0;

  async catchUp(view: RunView, model: Model): Promise<void> {
    const expected = [...model.points].flatMap(([writer, byName]) =>
      [...byName].map(([name, points]) => [`${writer} ${name}`, points] as const),
    );
    const total = expected.reduce((sum, [, points]) => sum + points.length, 0);
    if (this.#count < total) await this.#follow(view, total);
    for (const [key, points] of expected) {
      const own = points.map(({ step, value }) => [step, value]);
      expect(this.#got.get(key) ?? []).toEqual(own);
    }
  }

  async #follow(view: RunView, total: number): Promise<void> {
    const from = this.#cursor === undefined ? {} : { from: this.#cursor };
    const signal = AbortSignal.timeout(30_000);
    for await (const event of view.follow({ ...from, signal })) {
      this.#cursor = event.cursor;
      if (event.type !== 'points') continue;
      const key = `${event.writer} ${event.name} ${String(event.context['subset'])}`;
      const own = this.#got.get(key) ?? [];
      this.#got.set(key, own);
      for (const [index, step] of event.steps.entries())
        own.push([step, event.values[index] as number]);
      this.#count += event.steps.length;
      // Left in the middle of what was tracked together, where it happens to be.
      if (this.#count >= total) return;
    }
  }
}

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
    const metric = view.metric(nameOf(name), contextOf(name));
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
    for (const writer of metric.writers) {
      const own = expected.filter((each) => each.writer === writer);
      const { steps } = await metric.values({ writer, fromStep: 3, toStep: 17 });
      expect([...steps]).toEqual(
        own.map((each) => each.step).filter((step) => step >= 3 && step < 17),
      );
    }
    const numbers = expected.map((each) => each.value).filter((each) => !Number.isNaN(each));
    expect(metric.count).toBe(expected.length);
    expect(metric.last).toBe(expected.at(-1)?.value);
    expect(metric.first).toBe(expected[0]?.value);
    expect(metric.min).toBe(
      numbers.length === 0 ? Number.NaN : numbers.reduce((a, b) => Math.min(a, b)),
    );
    expect(metric.firstStep).toBe(expected[0]?.step);
    expect(metric.lastStep).toBe(expected.at(-1)?.step);
    expectSum(metric.sum, numbers);
    expect(metric.max).toBe(
      numbers.length === 0 ? Number.NaN : numbers.reduce((a, b) => Math.max(a, b)),
    );
  }
}

/** Blocks are added up apart: the sum is that of brute force but for the order of its additions. */
function expectSum(sum: number, numbers: readonly number[]): void {
  const brute = numbers.reduce((total, each) => total + each, 0);
  if (!Number.isFinite(brute)) expect(sum).toBe(brute);
  else {
    const size = numbers.reduce((total, each) => total + Math.abs(each), 0);
    expect(Math.abs(sum - brute)).toBeLessThanOrEqual(size * 1e-12);
  }
}

async function play(round: number): Promise<void> {
  const { random, pick, integer, seed } = seeded(`run oracle ${round}`);
  const hash = `oracle-${round}`;
  const model = new Model();
  // A repo each: compacting goes over every run of its repo.
  const repo = await Repo.create(join(directory, hash));
  const runs = new Map<string, Run>();
  const follower = new Follower();
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
        const { value, ...more } = point;
        run.track(value, { name: nameOf(name), context: contextOf(name), ...more });
      }
    } else if (chance < 0.7) {
      const sequence = random() < 0.6 ? pick(names) : undefined;
      const name = sequence === undefined ? undefined : nameOf(sequence);
      const isOne = sequence !== undefined && random() < 0.5;
      const subset = isOne ? subsetOf(sequence) : undefined;
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
        ...(subset === undefined ? {} : { context: { subset } }),
        writers: all ? 'all' : 'own',
      });
      model.rewinds.push({ id, step, name, subset, reach });
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
      await follower.catchUp(view as RunView, model);
    }
  }
  for (const run of runs.values()) await run.close();
  await check((await repo.run(hash)) as RunView, model);
  await repo.compact();
  const compacted = (await repo.run(hash)) as RunView;
  await check(compacted, model);
  await follower.catchUp(compacted, model);
  await new Follower().catchUp(compacted, model);
  expect((await repo.verify()).damaged, `seed ${seed}`).toEqual([]);
}

it('agrees with a model in memory through repeats, rewinds, writers, resumes and compaction', async () => {
  const rounds = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0 ? 400 : 12;
  for (let round = 0; round < rounds; round += 1) await play(round);
}, 600_000);
