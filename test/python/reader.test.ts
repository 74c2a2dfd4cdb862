// The reader in Python, written from the pages alone, reads what the library wrote to the last bit:
// hot and sealed, killed and torn, several writers, rewinds, folded edits, params of every kind.
// Runs where python3 has msgpack and xxhash; says so where it has not.

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  Distribution,
  Figure,
  Image,
  type Note,
  Repo,
  Run,
  type RunView,
  Table,
  Text,
} from '../../src/index.ts';

const reader = resolve(import.meta.dirname, 'reader.py');
const golden = resolve(import.meta.dirname, '../golden/v1');
const directory = mkdtempSync(join(tmpdir(), 'runlog-python-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Columns {
  readonly steps: string[];
  readonly values: string[];
  readonly times: string[];
  readonly epochs: string[];
}

interface PythonRun {
  readonly facts: Record<string, unknown>;
  readonly params: Record<string, unknown>;
  readonly sequences: {
    name: string;
    context: object;
    writer: string;
    visible: Columns;
    raw: Columns;
  }[];
  readonly objects: {
    kind: string;
    name: string;
    context: object;
    writer: string;
    visible: [step: number, epoch: number | null, time: number, items: PythonObject[]][];
  }[];
  readonly artifacts: {
    name: string;
    kind: string;
    time: number;
    writer: string;
    metadata: object | null;
    sha256: string;
    files: [letter: string, path: string, sum: string, size: number, ...facts: number[]][];
  }[];
}

type PythonObject = [attributes: object, hash: string, data: { $bytes: string }];

const missing = spawnSync('python3', ['-c', 'import msgpack, xxhash']).status !== 0;

function readByPython(repo: string): Record<string, PythonRun> {
  const { status, stdout, stderr } = spawnSync('python3', [reader, repo], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Record<string, PythonRun>;
}

const bits = (column: Float64Array): string[] => {
  const view = new DataView(new ArrayBuffer(8));
  return Array.from(column, (value) => {
    view.setFloat64(0, value);
    return Buffer.from(view.buffer).toString('hex');
  });
};

const odd = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  5e-324,
  2 ** 53,
  0.1,
  1 / 3,
  1e300,
];

async function writeRuns(): Promise<void> {
  for (const [hash, count] of [
    ['small', 10],
    ['sealed', 3000],
  ] as const) {
    const run = await Run.open({
      repo: directory,
      runHash: hash,
      experiment: 'python',
      tags: ['a', 'b'],
      name: `the ${hash}`,
      systemTrackingInterval: null,
    });
    run.set('hparams', {
      lr: 0.001,
      layers: [64, 64],
      big: 5n,
      map: new Map([['k', 1]]),
      set: new Set([1, 2]),
      minus: -0,
      bytes: new Uint8Array([1, 2]),
      floats: new Float64Array([1.5]),
      date: new Date(5),
    });
    run.set(['hparams', 'lr'], 0.01);
    run.set('gone', 1);
    run.unset('gone');
    for (let step = 0; step < count; step += 1) {
      run.track(
        { loss: Math.exp(-step / 300), odd: odd[step % odd.length] as number },
        { step, epoch: step % 7, time: 1_700_000_000_000 + step * 10 },
      );
      if (step % 10 === 0)
        run.track(step / 1000, {
          name: 'accuracy',
          step,
          context: { subset: 'val' },
          time: 1_700_000_000_000 + step * 10,
        });
      if (step % 500 === 0) run.flush();
    }
    trackObjects(run);
    await logArtifacts(run, count);
    const undone = run.rewind({ step: 5 });
    run.undoRewind(undone);
    run.rewind({ step: count - 4, name: 'loss' });
    run.track(9, { name: 'loss', step: count - 3 });
    run.rewind({ step: 6, name: 'said' });
    run.track(new Text('after'), { name: 'said', step: 7 });
    await run.close();
  }
  const many = await Promise.all(
    ['main', 'rank-1'].map((writer) =>
      Run.open({ repo: directory, runHash: 'many', writer, systemTrackingInterval: null }),
    ),
  );
  for (const [index, run] of many.entries()) {
    for (let step = 0; step < 50; step += 1) run.track(step * index, { name: 'loss', step });
    run.set(['by', run === many[0] ? 'main' : 'rank'], index);
  }
  for (let note = 0; note < 40; note += 1) {
    many[0]?.addNote(`note ${note}`);
    many[0]?.flush();
  }
  for (const run of many) await run.close();
  await (
    await Run.open({ repo: directory, runHash: 'many', systemTrackingInterval: null })
  ).close();
}

/** Of each kind, some twice, some larger than what stands in the record of its step. */
function trackObjects(run: Run): void {
  const data = Uint8Array.from({ length: 3000 }, (_, index) => (index * 7919) & 255);
  const image = new Image({ data, width: 50, height: 20, channels: 3 }, { caption: 'waves' });
  for (let step = 0; step < 10; step += 1) {
    const time = 1_700_000_000_000 + step;
    run.track([image, image], { name: 'waves', step: step % 8, time });
    run.track(new Text(`${step} `.repeat(step * 40 + 1)), { name: 'said', epoch: step / 2, time });
    const samples = Array.from({ length: 50 }, (_, index) => Math.sin(index * step));
    run.track(new Distribution(samples), { name: 'spread', context: { layer: step % 2 }, time });
  }
  run.track(new Figure({ data: [{ y: [1, 2] }] }), { name: 'drawn', time: 1 });
  const columns = [{ name: 'a', values: [1, null, Number.NaN] }];
  run.track(new Table({ columns }), { name: 'listed', time: 1 });
}

async function compareObjects(view: RunView, run: PythonRun | undefined): Promise<void> {
  const own: unknown[] = [];
  for (const sequence of view.objects()) {
    const { kind, name, context } = sequence;
    for (const writer of sequence.writers) {
      const visible = (await sequence.values({ writer })).map(async (each) => {
        const objects = each.objects.map(async (one) => {
          const bytes = Buffer.from(await one.data()).toString('hex');
          return [one.hash, { $bytes: bytes }];
        });
        return [each.step, each.epoch ?? null, each.time, await Promise.all(objects)];
      });
      own.push({ kind, name, context, writer, visible: await Promise.all(visible) });
    }
  }
  const theirs = run?.objects.map(({ visible, ...rest }) => ({
    ...rest,
    visible: visible.map(([step, epoch, time, items]) => [
      step,
      epoch,
      time,
      items.map(([, hash, data]) => [hash, data]),
    ]),
  }));
  const byName = (each: unknown): string => JSON.stringify(each);
  expect(theirs?.map(byName).sort()).toEqual(own.map(byName).sort());
}

async function compare(repo: Repo, found: Record<string, PythonRun>): Promise<void> {
  const hashes: string[] = [];
  for await (const view of repo.runs({ archived: true })) {
    hashes.push(view.hash);
    compareFacts(view, found[view.hash] as PythonRun);
    compareArtifacts(view, found[view.hash] as PythonRun);
    await compareObjects(view, found[view.hash]);
    for (const metric of view.metrics()) {
      for (const writer of metric.writers) {
        const other = found[view.hash]?.sequences.find(
          (each) =>
            each.name === metric.name &&
            each.writer === writer &&
            JSON.stringify(each.context) === JSON.stringify(metric.context),
        );
        for (const raw of [false, true]) {
          const own = await metric.values({ writer, raw });
          const theirs = raw ? other?.raw : other?.visible;
          for (const column of ['steps', 'values', 'times', 'epochs'] as const) {
            expect(
              theirs?.[column].map(canonical),
              `${view.hash} ${metric.name} ${writer} ${column}`,
            ).toEqual(bits(own[column]).map(canonical));
          }
        }
      }
    }
  }
  expect(Object.keys(found).sort()).toEqual(hashes.sort());
}

/** A file, and a tree whose list is deflated, with a link and an empty directory. */
async function logArtifacts(run: Run, count: number): Promise<void> {
  const tree = join(directory, `tree-${count}`);
  mkdirSync(join(tree, 'empty'), { recursive: true });
  for (let index = 0; index < 20; index += 1) writeFileSync(join(tree, `${index}`), `${index}`);
  symlinkSync('7', join(tree, 'link'));
  await run.logArtifact(join(tree, '3'), { name: 'file', metadata: { step: 3 } });
  await run.logArtifact(tree, { name: 'tree \u{1f333}' });
}

function compareArtifacts(view: RunView, run: PythonRun): void {
  const letters = { file: 'f', link: 'l', directory: 'd' };
  const seen = run.artifacts.map(({ files, metadata, ...each }) => ({
    ...each,
    metadata: metadata ?? undefined,
    files: files.map(([letter, path, , size]) => [letter, path, size]),
  }));
  expect(seen).toEqual(
    view.artifacts().map(({ name, kind, time, writer, metadata, sha256, files }) => ({
      name,
      kind,
      time,
      writer,
      metadata,
      sha256,
      files: files.map((each) => [letters[each.kind], each.path, each.size]),
    })),
  );
}

/** NaN is NaN: Python's struct may set the sign that JavaScript left open. */
const canonical = (hex: string): string => (/^[7f]ff8000000000000$/.test(hex) ? 'nan' : hex);

function compareFacts(view: RunView, run: PythonRun): void {
  const { name, experiment, tags, notes, archived, createdAt } = run.facts;
  expect({ name: name ?? undefined, experiment, tags, archived, createdAt }).toEqual({
    name: view.name,
    experiment: view.experiment,
    tags: view.tags,
    archived: view.archived,
    createdAt: view.createdAt,
  });
  expect(notes).toEqual(view.notes.map(({ time, text }) => [time, text]));
}

beforeAll(async () => {
  if (!missing) await writeRuns();
});

it('reads closed runs, sealed and small, with several writers, rewinds and folded edits', async (context) => {
  if (missing) context.skip('python3 with msgpack and xxhash is not here');
  const repo = await Repo.open(directory);
  const found = readByPython(repo.path);
  await compare(repo, found);
  expect(found['small']?.objects).toHaveLength(6);
  expect(found['small']?.artifacts.map((each) => each.files.length)).toEqual([1, 22]);
  expect(found['small']?.params).toEqual({
    hparams: {
      lr: 0.01,
      layers: [64, 64],
      big: 5,
      map: { $map: ['k', 1] },
      set: { $set: [1, 2] },
      minus: -0,
      bytes: { $bytes: '0102' },
      floats: { $array: [0x17, [1.5]] },
      date: { $date: 5 },
    },
  });
  expect(found['many']?.params).toEqual({ by: { main: 0, rank: 1 } });
});

it('reads a live run, and one with a torn end', async (context) => {
  if (missing) context.skip('python3 with msgpack and xxhash is not here');
  const run = await Run.open({ repo: directory, runHash: 'live', systemTrackingInterval: null });
  for (let step = 0; step < 500; step += 1) run.track(Math.sin(step), { name: 'loss' });
  run.flush();
  const repo = await Repo.open(directory);
  run.addNote('first');
  run.addNote('second');
  run.flush();
  const live = (await repo.run('live')) as RunView;
  const [first, second] = live.notes as [Note, Note];
  await live.edit({ notes: { change: [{ note: first, text: 'changed' }], remove: [second] } });
  await compare(repo, readByPython(repo.path));
  const torn = join(directory, 'torn');
  cpSync(repo.path, join(torn, '.aim'), {
    recursive: true,
    filter: (path) => !/probe-|\.lock/.test(path),
  });
  const log = join(torn, '.aim/runs/live/logs/main');
  appendFileSync(
    join(log, readdirSync(log).find((name) => name.startsWith('segment')) as string),
    'RLfr half a frame',
  );
  const other = await Repo.open(torn);
  await compare(other, readByPython(other.path));
  await run.close();
});

it.each(['clean', 'torn'])('reads the golden repo %s', async (name) => {
  if (missing) return;
  cpSync(join(golden, name), join(directory, name, '.aim'), { recursive: true });
  const repo = await Repo.open(join(directory, name));
  await compare(repo, readByPython(repo.path));
});
