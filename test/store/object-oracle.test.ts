// Objects against a model in memory: random kinds, steps, lists and repeated contents by two writers, rewinds
// of each reach, undos, closing, take-overs and compacting; whatever happened, what is shown, what is raw
// and every content is what brute force over the model gives. Seeds are printed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Log, loadXxhash, type MemoryVfs, memoryVfs, nodeVfs } from '../../src/engine/index.ts';
import {
  Distribution,
  Figure,
  Repo,
  Run,
  type RunlogError,
  Table,
  Text,
  type TrackedObject,
} from '../../src/index.ts';
import { ObjectContents, readContent } from '../../src/store/object-contents.ts';
import { type ObjectInput, type ObjectKind, objectKinds } from '../../src/store/object-record.ts';
import { recordType } from '../../src/store/record.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import { rewriteWithoutHidden } from '../../src/store/rewrite-run.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { seeded } from '../support/random.ts';
import { simulatedHost } from '../support/simulated-host.ts';

beforeAll(() => loadXxhash());
const directory = mkdtempSync(join(tmpdir(), 'runlog-object-oracle-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface ModelStep {
  readonly step: number;
  readonly epoch: number | undefined;
  readonly objects: readonly TrackedObject[];
}

interface ModelRewind {
  readonly id: string;
  readonly step: number;
  readonly name: string | undefined;
  readonly reach: ReadonlyMap<string, number>;
}

/** Steps of each writer and sequence in order of arrival. */
class Model {
  steps = new Map<string, ModelStep[]>();
  rewinds: ModelRewind[] = [];

  of(writer: string, name: string): ModelStep[] {
    const key = `${writer} ${name}`;
    const steps = this.steps.get(key) ?? [];
    this.steps.set(key, steps);
    return steps;
  }

  visible(writer: string, name: string): ModelStep[] {
    return this.of(writer, name).filter(
      ({ step }, arrival) =>
        !this.rewinds.some(
          (each) =>
            (each.name ?? name) === name &&
            step >= each.step &&
            arrival < (each.reach.get(`${writer} ${name}`) ?? 0),
        ),
    );
  }

  nextStep(writer: string, name: string): number {
    const visible = this.visible(writer, name).map((each) => each.step);
    return visible.length === 0 ? 0 : Math.max(...visible) + 1;
  }

  /** Takes for good what rewinds hide. */
  drop(): void {
    for (const key of this.steps.keys()) {
      const [writer, name] = key.split(' ') as [string, string];
      this.steps.set(key, this.visible(writer, name));
    }
    this.rewinds = [];
  }
}

/** One name a kind, and two of texts. */
const sequences: Readonly<Record<string, ObjectKind>> = {
  said: 'texts',
  asked: 'texts',
  spread: 'distributions',
  drawn: 'figures',
  listed: 'tables',
};
const names = Object.keys(sequences);
const writers = ['a', 'b'];

/** Of few contents, small and large, so that many stand again. */
function objectOf(kind: ObjectKind, choice: number): TrackedObject {
  const large = 'x'.repeat(choice % 3 === 0 ? 2000 : 3);
  switch (kind) {
    case 'distributions':
      return new Distribution([choice, 2, 3], { binCount: choice % 3 === 0 ? 300 : 2 });
    case 'figures':
      return new Figure({ mark: `${choice}${large}` });
    case 'tables':
      return new Table({ columns: [{ name: 'a', values: [`${choice}${large}`, null] }] });
    default:
      return new Text(`${choice}${large}`);
  }
}

const contentOf = ({ input }: TrackedObject): string => Buffer.from(input.bytes).toString('base64');

async function check(repo: Repo, hash: string, model: Model): Promise<void> {
  const view = await repo.run(hash);
  expect(view?.metrics().map((each) => each.name)).toEqual(['loss']);
  expect(view?.damage).toEqual([]);
  for (const name of names) {
    const kind = sequences[name] as ObjectKind;
    const found = view?.objects(kind).find((each) => each.name === name);
    for (const raw of [false, true]) {
      const expected = writers
        .flatMap((writer) => {
          const steps = raw ? model.of(writer, name) : model.visible(writer, name);
          const shown = raw
            ? steps
            : steps.filter((each, index) =>
                steps.slice(index + 1).every((later) => later.step !== each.step),
              );
          return shown.map((each) => ({ ...each, writer }));
        })
        // Stable: writers stand in order, raw steps as they came.
        .sort((a, b) => a.step - b.step);
      const values = (await found?.values({ raw })) ?? [];
      expect(values.map(({ step, epoch, writer }) => ({ step, epoch, writer }))).toEqual(
        expected.map(({ step, epoch, writer }) => ({ step, epoch, writer })),
      );
      if (!raw) expect(found?.count ?? 0).toBe(expected.length);
      for (const [index, { objects }] of values.entries()) {
        const stored = await Promise.all(objects.map((each) => each.data()));
        const tracked = expected[index]?.objects ?? [];
        expect(stored.map((each) => Buffer.from(each).toString('base64'))).toEqual(
          tracked.map(contentOf),
        );
        expect(objects.map((each) => each.hash)).toEqual(tracked.map((each) => each.input.hash));
      }
    }
  }
}

/** Contents of each log: none twice, and after dropping none that nothing names. */
async function checkContents(hash: string): Promise<void> {
  const reader = await RunReader.open(nodeVfs(), runPlaces(join(directory, '.aim'), hash));
  for (const { log } of reader.logs) {
    const keys = [...log.records()]
      .filter((each) => each.type === recordType.content)
      .map((each) => each.key);
    expect(new Set(keys).size).toBe(keys.length);
  }
}

/** Goes on beyond its rounds for so long. */
const fuzzMs = Number(process.env['FUZZ_SECONDS'] ?? 0) * 1000;
const ROUNDS = 2;

it(
  'whatever happens, objects are what was tracked',
  async () => {
    const { integer, pick, random } = seeded('object oracle');
    const repo = await Repo.open(directory).catch(() => undefined);
    expect(repo).toBeUndefined();
    const end = Date.now() + fuzzMs;
    for (let round = 0; round < ROUNDS || Date.now() < end; round += 1) {
      const hash = `oracle-${round}`;
      const model = new Model();
      const runs = new Map<string, Run>();
      const runOf = async (writer: string): Promise<Run> => {
        const run =
          runs.get(writer) ??
          (await Run.open({
            repo: directory,
            runHash: hash,
            writer,
            forceResume: true,
            systemTrackingInterval: null,
            durability: { syncMs: null },
            onError() {},
          }));
        runs.set(writer, run);
        return run;
      };
      const closeAll = async (): Promise<void> => {
        for (const run of runs.values()) await run.close();
        runs.clear();
      };
      (await runOf('a')).track(1, { name: 'loss' });
      for (let action = 0; action < 80; action += 1) {
        const writer = pick(writers);
        const run = await runOf(writer);
        const kind = random();
        if (kind < 0.75) {
          const name = pick(names);
          const objects = Array.from({ length: 1 + integer(3) }, () =>
            objectOf(sequences[name] as ObjectKind, integer(12)),
          );
          const step = random() < 0.5 ? undefined : integer(20);
          const epoch = random() < 0.5 ? undefined : integer(3);
          run.track(objects.length === 1 ? (objects[0] as TrackedObject) : objects, {
            name,
            ...(step !== undefined && { step }),
            ...(epoch !== undefined && { epoch }),
          });
          model
            .of(writer, name)
            .push({ step: step ?? model.nextStep(writer, name), epoch, objects });
          if (random() < 0.3) run.track(random(), { name: 'loss' });
        } else if (kind < 0.82) {
          for (const each of runs.values()) each.flush();
          const name = random() < 0.5 ? pick(names) : undefined;
          const all = random() < 0.5;
          const step = integer(20);
          const id = run.rewind({ step, ...(name && { name }), ...(all && { writers: 'all' }) });
          // A run that is opened but has flushed nothing is none yet.
          const reached = all ? writers : [writer];
          const reach = new Map(
            reached.flatMap((each) =>
              names.map((one) => [`${each} ${one}`, model.of(each, one).length] as const),
            ),
          );
          model.rewinds.push({ id, step, name, reach });
          // Others learn of it when they open the run.
          run.flush();
          if (all) await closeAll();
        } else if (kind < 0.86 && model.rewinds.length > 0) {
          const { id } = pick(model.rewinds);
          await closeAll();
          (await runOf(writer)).undoRewind(id);
          model.rewinds = model.rewinds.filter((each) => each.id !== id);
          await closeAll();
        } else if (kind < 0.92) {
          // Gone without a word: the next owner takes the log.
          run.flush();
          runs.delete(writer);
        } else if (kind < 0.96) await closeAll();
        else {
          await closeAll();
          await (await Repo.open(directory)).compact();
        }
      }
      // Also those that are gone without a word: a log that is held is not compacted.
      for (const writer of writers) await runOf(writer);
      await closeAll();
      const opened = await Repo.open(directory);
      await check(opened, hash, model);
      await opened.compact();
      await check(opened, hash, model);
      await checkContents(hash);
      expect(await opened.compact({ dropHidden: true })).toMatchObject({ skipped: 0 });
      model.drop();
      await check(opened, hash, model);
      await checkContents(hash);
      expect((await opened.verify()).damaged).toEqual([]);
      await opened.delete(hash);
    }
  },
  120_000 + fuzzMs,
);

const KEY = 'said\0{}';

async function openSmall(
  vfs: MemoryVfs,
  sizes: object = { segmentSize: 3000, stateInterval: 1000 },
  more: { log?: object; onError?: (error: RunlogError) => void } = {},
): Promise<RunWriter> {
  return RunWriter.open({
    directory: '/log',
    writer: 'main',
    log: {
      vfs,
      host: simulatedHost(),
      durability: { syncMs: null },
      sizes,
      ...more.log,
    },
    others: [],
    rewinds: [],
    undone: [],
    onError:
      more.onError ??
      ((error) => {
        throw error;
      }),
  });
}

it('positions, contents and steps stay what they are through rewriting and merging', async () => {
  const { integer } = seeded('objects rewritten');
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  const texts: string[] = [];
  let writer = await openSmall(vfs);
  for (let step = 0; step < 400; step += 1) {
    const text = `${integer(40)}`.repeat(1 + integer(400));
    texts.push(text);
    const at = { step: undefined, epoch: Number.NaN, time: step };
    writer.objects.track('said', '{}', [new Text(text).input], at);
    writer.track(writer.sequence('loss', '{}'), step, undefined, Number.NaN, step);
    writer.flush();
    if (step % 50 === 49) {
      await writer.log.rewrite();
      await writer.close(undefined);
      writer = await openSmall(vfs);
    }
  }
  await writer.close(undefined);
  const log = Log.snapshot('/log', { vfs });
  expect(log.manifest?.segments.some((each) => each.rewritten)).toBe(true);
  const contents = new ObjectContents(log);
  const rows = [...contents.sequences().values()].flatMap((each) => each.rows);
  expect(rows.map((each) => each.step)).toEqual(texts.map((_, index) => index));
  const items = contents.items(rows.map((each) => each.position));
  const read = rows.map(({ position }) => {
    const item = items.get(position)?.[0];
    const bytes = item?.hash === undefined ? item?.bytes : readContent(log, item.hash);
    return Buffer.from(bytes ?? []).toString();
  });
  expect(read).toEqual(texts);
  const stored = [...log.records()].filter((each) => each.type === recordType.content);
  expect(stored).toHaveLength(new Set(texts.filter((each) => each.length > 256)).size);
});

it('a content that was met long ago is still known, and a log that is opened again is asked', async () => {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  let writer = await openSmall(vfs, {});
  const text = (index: number): ObjectInput => new Text(`${index} `.repeat(200)).input;
  const track = (index: number): void => {
    const at = { step: undefined, epoch: Number.NaN, time: 0 };
    if (writer.objects.track('said', '{}', [text(index)], at)) writer.flush();
  };
  const count = 17_000;
  for (let index = 0; index < count; index += 1) track(index);
  track(0);
  track(count - 1);
  await writer.close(undefined);
  writer = await openSmall(vfs, {});
  track(5);
  track(count);
  await writer.close(undefined);
  const records = Log.snapshot('/log', { vfs }).records();
  const types = Array.from(records, (each) => each.type);
  expect(types.filter((each) => each === recordType.objects)).toHaveLength(count + 4);
  expect(types.filter((each) => each === recordType.content)).toHaveLength(count + 1);
});

it('objects that a log no longer takes are counted, and throw nothing', async () => {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  const told: string[] = [];
  const options = { onError: (error: RunlogError) => void told.push(error.code) };
  const writer = await openSmall(vfs, {}, options);
  const track = (count: number): void => {
    const objects = Array.from({ length: count }, (_, index) => new Text(`${index}`).input);
    writer.objects.track('said', '{}', objects, { step: undefined, epoch: Number.NaN, time: 0 });
  };
  track(2);
  expect(writer.flush()).toBe(true);
  expect(writer.lost).toBe(0);
  const next = await openSmall(vfs, {}, { log: { force: true } });
  track(3);
  expect(writer.flush()).toBe(false);
  expect(writer.lost).toBe(3);
  track(1);
  expect(writer.lost).toBe(4);
  expect(told).toEqual(['RUN_FENCED']);
  await next.close(undefined);
  const contents = new ObjectContents(Log.snapshot('/log', { vfs }));
  expect([...contents.sequences().values()].map((each) => each.rows.length)).toEqual([1]);
});

it('dropping what is hidden keeps contents that something else names, and what is of a kind of later', async () => {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  const writer = await openSmall(vfs);
  const [shared, hidden, later] = ['s', 'h', 'l'].map((each) => new Text(each.repeat(1000)).input);
  if (shared === undefined || hidden === undefined || later === undefined) return;
  const at = (step: number) => ({ step, epoch: Number.NaN, time: 0 });
  writer.objects.track('said', '{}', [shared], at(1));
  writer.objects.track('said', '{}', [shared, hidden], at(5));
  const unknown = { ...later, kind: 'films' as ObjectKind };
  writer.objects.track('film', '{}', [unknown], at(1));
  const id = writer.rewind({
    step: 3,
    name: undefined,
    contextText: undefined,
    targets: [writer.target()],
    time: 0,
  });
  expect(id).toHaveLength(16);
  const rewind = { id, step: 3, name: undefined, contextText: undefined, time: 0 };
  const rewinds = [{ ...rewind, targets: [writer.target()] }];
  await writer.log.seal();
  await writer.close(undefined);
  const log = await Log.open('/log', {
    vfs,
    host: simulatedHost(),
    rewrite: rewriteWithoutHidden(rewinds, 'main', () => Log.snapshot('/log', { vfs })),
  });
  await log.rewrite({ all: true });
  await log.close();
  const snapshot = Log.snapshot('/log', { vfs });
  const ofType = (type: number) => [...snapshot.records()].filter((each) => each.type === type);
  expect(ofType(recordType.objects).map((each) => each.key)).toEqual([KEY, 'film\0{}']);
  expect(ofType(recordType.content).map((each) => each.key)).toEqual(
    [shared, later].map((each) => `\0${each.hash}`),
  );
  expect(objectKinds).not.toContain('films');
});
