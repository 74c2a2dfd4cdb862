// Objects by step come back as they went in: texts, images, distributions, figures and tables, alone and in
// lists, with steps, epochs, times and contexts; content is stored once; kinds do not mix; none of them is a
// metric, and metrics do not read them.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { nodeVfs, type Vfs } from '../../src/engine/index.ts';
import {
  Distribution,
  Figure,
  Image,
  Repo,
  Run,
  type RunOptions,
  type RunView,
  Table,
  Text,
  type TrackedObject,
} from '../../src/index.ts';
import { limits } from '../../src/limits.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-objects-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string, options: RunOptions = {}): Promise<Run> =>
  Run.open({
    repo: directory,
    runHash,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    ...options,
  });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

const pixels = (seed: number, side = 4) => ({
  data: seeded(`pixels ${seed}`, seed).bytes(side * side * 3),
  width: side,
  height: side,
  channels: 3 as const,
});

const figure = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', mark: 'bar' };

/** A WebP file of this size whose pixels are noise. */
function losslessWebp(size: number, seed = 1): Uint8Array {
  const file = seeded('noise', seed).bytes(size);
  const view = new DataView(file.buffer);
  file.set(Buffer.from('RIFF....WEBPVP8L....'));
  view.setUint32(4, size - 8, true);
  view.setUint32(16, size - 20, true);
  file[20] = 0x2f;
  return file;
}

const ofEachKind: Readonly<Record<string, () => TrackedObject>> = {
  texts: () => new Text('hello'),
  images: () => new Image(pixels(1), { caption: 'noise' }),
  distributions: () => new Distribution([1, 2, 2, 3], { binCount: 2 }),
  figures: () => new Figure(figure),
  tables: () => new Table({ columns: [{ name: 'a' }, { name: 'b' }], rows: [[1, 'x']] }),
};

describe('each kind', () => {
  it('comes back as it went in, live and closed', async () => {
    const run = await open('each-kind');
    const at = { step: 7, epoch: 1.5, time: 1234.5, context: { subset: 'val' } };
    for (const [kind, make] of Object.entries(ofEachKind)) run.track(make(), { name: kind, ...at });
    run.flush();
    const check = async () => {
      const view = await viewOf('each-kind');
      expect(view.metrics()).toEqual([]);
      expect(view.objects().map((each) => [each.kind, each.name, each.context])).toEqual(
        Object.keys(ofEachKind).map((kind) => [kind, kind, { subset: 'val' }]),
      );
      for (const sequence of view.objects()) {
        const [value, ...rest] = await sequence.values();
        expect(rest).toEqual([]);
        expect(value).toMatchObject({ step: 7, epoch: 1.5, time: 1234.5, writer: 'main' });
        expect(value?.objects).toHaveLength(1);
        expect(sequence).toMatchObject({ count: 1, firstStep: 7, lastStep: 7, writers: ['main'] });
      }
      const context = { subset: 'val' };
      const text = (await view.texts('texts', context)?.values())?.[0]?.objects[0];
      expect(await text?.value()).toBe('hello');
      const image = (await view.images('images', context)?.values())?.[0]?.objects[0];
      expect(image).toMatchObject({ format: 'png', width: 4, height: 4, caption: 'noise' });
      expect(await image?.data()).toEqual(new Image(pixels(1)).input.bytes);
      const { hash, bytes } = new Image(pixels(1)).input;
      expect(JSON.parse(JSON.stringify(image))).toEqual({
        format: 'png',
        width: 4,
        height: 4,
        caption: 'noise',
        size: bytes.length,
        hash,
      });
      const distribution = (await view.distributions('distributions', context)?.values())?.[0]
        ?.objects[0];
      expect(distribution).toMatchObject({ count: 4, min: 1, max: 3, mean: 2, nan: 0 });
      expect(await distribution?.value()).toEqual({ counts: [1, 3], edges: [1, 2, 3] });
      const drawn = (await view.figures('figures', context)?.values())?.[0]?.objects[0];
      expect(drawn?.format).toBe('vega-lite');
      expect(await drawn?.value()).toEqual(figure);
      const table = (await view.tables('tables', context)?.values())?.[0]?.objects[0];
      expect(table).toMatchObject({ rowCount: 1, columnNames: ['a', 'b'] });
      expect(await table?.value()).toEqual({
        columns: [
          { name: 'a', type: 'number' },
          { name: 'b', type: 'string' },
        ],
        rows: [[1, 'x']],
      });
    };
    await check();
    await run.close();
    await check();
  });

  it('at the greatest step have no next one, and stay readable', async () => {
    const run = await open('greatest-step');
    const step = Number.MAX_SAFE_INTEGER;
    run.track(new Text('a'), { name: 'said', step });
    expect(() => run.track(new Text('b'), { name: 'said' })).toThrow(
      /^step: said has the greatest/,
    );
    run.track(new Text('c'), { name: 'said', step: 1 });
    await run.close();
    const said = (await viewOf('greatest-step')).texts('said');
    expect((await said?.values())?.map((each) => each.step)).toEqual([1, step]);
  });

  it('may be a list, whose order stays', async () => {
    const run = await open('lists');
    const images = [3, 1, 2, 1].map((seed) => new Image(pixels(seed, 20), { caption: `${seed}` }));
    run.track(images, { name: 'samples' });
    run.track(
      ['a', '', 'b'].map((text) => new Text(text)),
      { name: 'said' },
    );
    await run.close();
    const view = await viewOf('lists');
    const [step] = (await view.images('samples')?.values()) ?? [];
    expect(step?.objects.map((each) => each.caption)).toEqual(['3', '1', '2', '1']);
    expect(await Promise.all(step?.objects.map((each) => each.data()) ?? [])).toEqual(
      images.map((each) => each.input.bytes),
    );
    const [said] = (await view.texts('said')?.values()) ?? [];
    expect(await Promise.all(said?.objects.map((each) => each.value()) ?? [])).toEqual([
      'a',
      '',
      'b',
    ]);
    expect(view.texts()).toHaveLength(1);
    expect(view.texts('other')).toBeUndefined();
  });
});

describe('steps', () => {
  it('go on after the largest, also when the run is opened again, rewound and undone', async () => {
    const hash = 'steps';
    const next = async (run: Run): Promise<number> => {
      run.track(new Text('next'), { name: 'said' });
      run.flush();
      const values = await (await viewOf(hash)).texts('said')?.values();
      return values?.at(-1)?.step ?? -1;
    };
    let run = await open(hash);
    expect(await next(run)).toBe(0);
    run.track(new Text('far'), { name: 'said', step: 10 });
    run.track(new Text('back'), { name: 'said', step: 3 });
    expect(await next(run)).toBe(11);
    await run.close();
    run = await open(hash);
    expect(await next(run)).toBe(12);
    const id = run.rewind({ step: 4 });
    expect(await next(run)).toBe(4);
    await run.close();
    run = await open(hash);
    expect(await next(run)).toBe(5);
    run.undoRewind(id);
    expect(await next(run)).toBe(13);
    await run.close();
  });

  it('tracked twice keep the later, and both on request', async () => {
    const run = await open('twice');
    for (const text of ['first', 'second']) run.track(new Text(text), { name: 'said', step: 1 });
    await run.close();
    const said = (await viewOf('twice')).texts('said');
    const texts = async (raw: boolean) =>
      Promise.all(
        ((await said?.values({ raw })) ?? []).flatMap((each) =>
          each.objects.map((one) => one.value()),
        ),
      );
    expect(await texts(false)).toEqual(['second']);
    expect(await texts(true)).toEqual(['first', 'second']);
    expect(said?.count).toBe(1);
  });

  it('of several writers stand side by side', async () => {
    const [one, two] = [
      await open('writers', { writer: 'a' }),
      await open('writers', { writer: 'b' }),
    ];
    for (const step of [0, 1]) {
      two.track(new Text(`b${step}`), { name: 'said', step });
      one.track(new Text(`a${step}`), { name: 'said', step });
    }
    // Only within a log kinds do not mix.
    one.track(new Text('x'), { name: 'other' });
    two.track(new Distribution([1]), { name: 'other' });
    await Promise.all([one.close(), two.close()]);
    const view = await viewOf('writers');
    const values = await view.texts('said')?.values();
    expect(values?.map((each) => `${each.writer}${each.step}`)).toEqual(['a0', 'b0', 'a1', 'b1']);
    expect(view.texts('other')?.writers).toEqual(['a']);
    expect(view.distributions('other')?.writers).toEqual(['b']);
    expect(await view.texts('said')?.values({ writer: 'b', fromStep: 1 })).toHaveLength(1);
  });

  it('come in pieces as they come at once, of several writers, in any order of steps', async () => {
    const runs = [await open('pieces', { writer: 'a' }), await open('pieces', { writer: 'b' })];
    for (let step = 1500; step > 0; step -= 1)
      for (const run of runs) run.track(new Text(`${step}`), { name: 'said', step });
    await Promise.all(runs.map((run) => run.close()));
    const said = (await viewOf('pieces')).texts('said');
    const shown = async (options: object) => {
      const pieces = [];
      for await (const piece of said?.blocks(options) ?? []) pieces.push(piece);
      return pieces;
    };
    const flat = (values: readonly { step: number; writer: string }[] = []) =>
      values.map(({ step, writer }) => `${writer}${step}`);
    for (const options of [{}, { fromStep: 7, toStep: 1400, writer: 'b' }, { fromStep: 2000 }])
      expect(flat((await shown(options)).flat())).toEqual(flat(await said?.values(options)));
    expect((await shown({})).map(({ length }) => length)).toEqual([1024, 1024, 952]);
    expect(await (await shown({ fromStep: 9 }))[0]?.[0]?.objects[0]?.value()).toBe('9');
    await expect(shown({ fromStep: Number.NaN })).rejects.toThrow(/^fromStep/);
  });
});

describe('kinds of a sequence', () => {
  it('do not mix, whoever tracked first, also when the run is opened again', async () => {
    let run = await open('kinds');
    run.track(new Text('a'), { name: 'said' });
    run.track(1, { name: 'loss' });
    for (const again of [false, true]) {
      if (again) {
        await run.close();
        run = await open('kinds');
      }
      const text = new Text('x');
      expect(() => run.track(1, { name: 'said' })).toThrow(
        /^name: said was tracked as texts; a sequence holds one kind/,
      );
      expect(() => run.sequence('said')).toThrow(/^name: said was tracked as texts/);
      expect(() => run.track({ other: 1, said: 2 }, { step: 1 })).toThrow(
        /^name: said was tracked/,
      );
      expect(() => run.track(new Distribution([1]), { name: 'said' })).toThrow(
        /^name: said was tracked as texts/,
      );
      expect(() => run.track(text, { name: 'loss' })).toThrow(
        /^name: loss was tracked as a metric/,
      );
      // Another context is another sequence.
      run.track(text, { name: 'loss', context: { subset: 'val' } });
    }
    await run.close();
    const view = await viewOf('kinds');
    expect(view.metrics().map((each) => [each.name, each.count])).toEqual([['loss', 1]]);
    expect(view.texts().map((each) => [each.name, each.count])).toEqual([
      ['said', 1],
      ['loss', 2],
    ]);
  });

  it('do not mix in a run of objects alone that is opened again', async () => {
    await (async () => {
      await using run = await open('objects-alone');
      run.track(new Text('a'), { name: 'said' });
    })();
    await using run = await open('objects-alone');
    expect(() => run.track(1, { name: 'said' })).toThrow(/^name: said was tracked as texts/);
  });
});

describe('wrong use', () => {
  it('names the argument and keeps nothing', async () => {
    const run = await open('wrong');
    const wrong = (value: unknown, options: object, message: RegExp): void =>
      expect(() => run.track(value as Text, options)).toThrow(message);
    const text = new Text('a');
    wrong(text, {}, /^name: /);
    wrong(text, { name: 'm', step: 1.5 }, /^step: /);
    wrong(text, { name: 'm', epoch: 'x' }, /^epoch: /);
    wrong(text, { name: 'm', time: Number.NaN }, /^time: /);
    wrong(text, { name: 'm', context: 5 }, /^context: /);
    wrong([], { name: 'm' }, /^value: /);
    wrong([1], { name: 'm' }, /^value: /);
    wrong([text, 'b'], { name: 'm' }, /^value\[1\]: expected an object like the others/);
    wrong([text, new Distribution([1])], { name: 'm' }, /^value\[1\]: distributions among texts/);
    wrong(Array(limits.objectCountMax + 1).fill(text), { name: 'm' }, /objectCountMax/);
    const columns = Array.from({ length: 1024 }, (_, index) => ({
      name: `${index} `.padEnd(1024, '\u0bb5'),
    }));
    wrong(
      Array(4).fill(new Table({ columns, rows: [] })),
      { name: 'm' },
      /objectAttributesSizeMax/,
    );
    expect(() => run.sequence('m').track(text as unknown as number)).toThrow(/^value: /);
    run.track(1, { name: 'm' });
    await run.close();
    expect(() => run.track(text, { name: 'm' })).toThrow(/used after close/);
    const view = await viewOf('wrong');
    expect(view.objects()).toEqual([]);
    expect(view.metrics()).toHaveLength(1);
    expect(() => view.objects('films' as 'texts')).toThrow(/^kind: /);
    await expect(view.texts('m')?.values() ?? Promise.resolve('none')).resolves.toBe('none');
  });

  it('of a text or an object over its limit is told when it is made', () => {
    expect(() => new Text(5 as unknown as string)).toThrow(/^text: expected a string/);
    expect(() => new Text('\ud800')).toThrow(/^text: not well-formed/);
    expect(() => new Text('x'.repeat(limits.textSizeMax + 1))).toThrow(/textSizeMax/);
    expect(() => new Figure({ data: [{ y: 'x'.repeat(limits.objectSizeMax) }] })).toThrow(
      expect.objectContaining({ code: 'LIMIT', message: expect.stringContaining('logArtifact') }),
    );
  });

  it('does nothing in a run that is disabled', async () => {
    process.env['RUNLOG_MODE'] = 'disabled';
    try {
      const run = await open('disabled');
      run.track(new Text('a'), { name: 'said' });
      await run.close();
    } finally {
      delete process.env['RUNLOG_MODE'];
    }
  });
});

describe('content', () => {
  it('is stored once however often it is tracked, also after the run is opened again', async () => {
    const image = new Image(pixels(9, 64));
    const size = async (): Promise<number> => (await (await Repo.open(directory)).size()).bytes;
    const before = await size();
    for (let opening = 0; opening < 4; opening += 1) {
      const run = await open('once');
      for (let index = 0; index < 250; index += 1) run.track(image, { name: 'samples' });
      // The same bytes, made anew.
      run.track(new Image(pixels(9, 64)), { name: 'again' });
      await run.close();
    }
    expect(image.size).toBeGreaterThan(12_000);
    expect((await size()) - before).toBeLessThan(image.size + 1000 * 220 + 40_000);
    const log = (await RunReader.open(nodeVfs(), runPlaces(join(directory, '.aim'), 'once')))
      .logs[0];
    const contents = [...(log?.log.records() ?? [])].filter((each) => each.type === 25);
    expect(contents).toHaveLength(1);
    const samples = (await viewOf('once')).images('samples');
    expect(samples?.count).toBe(1000);
    const last = (await samples?.values({ fromStep: 999 }))?.[0]?.objects[0];
    expect(await last?.data()).toEqual(image.input.bytes);
  });

  it('is not read by who asks for metrics, params, output or steps', async () => {
    const hash = 'large';
    const run = await open(hash);
    const file = losslessWebp(1024 * 1024);
    for (let index = 0; index < 64; index += 1) {
      file[100] = index;
      run.track(new Image(file), { name: 'samples' });
      run.track(index, { name: 'loss' });
      run.log.info('tracked', { index });
      if (index % 8 === 0) run.set('last', index);
    }
    await run.close();
    let read = 0;
    const node = nodeVfs();
    const counting: Vfs = Object.create(node, {
      read: {
        value: (file: never, target: Uint8Array, place: number) => {
          const size = node.read(file, target, place);
          read += size;
          return size;
        },
      },
    });
    const places = runPlaces(join(directory, '.aim'), hash);
    const reader = await RunReader.open(counting, places);
    const [loss] = [...reader.sequences().values()];
    expect(loss).toBeDefined();
    if (loss === undefined) return;
    expect(reader.rows(loss).values).toHaveLength(64);
    expect(reader.params).toMatchObject({ last: 56 });
    // 64 MiB of images, each passed over behind its header.
    expect(read).toBeLessThan(4 * 1024 * 1024);
    const view = await viewOf(hash);
    expect(view.images('samples')?.count).toBe(64);
    const [last] = (await view.images('samples')?.values({ fromStep: 63 })) ?? [];
    expect((await last?.objects[0]?.data())?.length).toBeGreaterThan(1024 * 1024 - 1);
    let count = 0;
    for await (const _ of view.logRecords()) count += 1;
    expect(count).toBe(64);
    // Opened again, neither history nor a content is read.
    read = 0;
    const writer = await RunWriter.open({
      directory: join(places.logs, 'main'),
      writer: 'main',
      log: { vfs: counting, durability: { syncMs: null } },
      others: [],
      rewinds: [],
      undone: [],
      onError() {},
    });
    expect(read).toBeLessThan(256 * 1024);
    // Its next step is found by the headers of the frames before it.
    const at = { step: undefined, epoch: Number.NaN, time: 0 };
    writer.objects.track('samples', '{}', [new Image(file).input], at);
    expect(read).toBeLessThan(4 * 1024 * 1024);
    await writer.close(undefined);
    expect((await viewOf(hash)).images('samples')?.lastStep).toBe(64);
  });
});

/** Every segment file of a run's one log. */
const segmentsOf = (hash: string): string[] => {
  const log = join(directory, '.aim/runs', hash, 'logs/main');
  return readdirSync(log)
    .filter((name) => /^(segment|rewritten)-/.test(name))
    .map((name) => join(log, name));
};

describe('on disk', () => {
  it('a damaged content is named, and everything else is read', async () => {
    const run = await open('damaged');
    const [whole, broken] = [1, 2].map((seed) => losslessWebp(100_000, seed)) as [
      Uint8Array,
      Uint8Array,
    ];
    for (const each of [broken, whole]) run.track(new Image(each), { name: 'samples' });
    run.track(0.5, { name: 'loss' });
    await run.close();
    const [file = ''] = segmentsOf('damaged');
    const bytes = readFileSync(file);
    const place = bytes.indexOf(broken.subarray(50_000, 50_100));
    expect(place).toBeGreaterThan(0);
    bytes[place] = (bytes[place] as number) ^ 1;
    writeFileSync(file, bytes);
    const view = await viewOf('damaged');
    expect(view.metric('loss')?.last).toBe(0.5);
    const values = await view.images('samples')?.values();
    const [first, second] = values?.map((each) => each.objects[0]) ?? [];
    await expect(first?.data()).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(`content ${first?.hash} is damaged`),
    });
    expect(await second?.data()).toEqual(whole);
    const report = await (await Repo.open(directory)).verify();
    expect(report.damaged.map((each) => each.file)).toEqual([file]);
    // Tracked again it stands anew, and is read from there.
    const again = await open('damaged', { onError() {} });
    again.track(new Image(broken), { name: 'samples' });
    await again.close();
    const healed = await (await viewOf('damaged')).images('samples')?.values();
    expect(await healed?.[0]?.objects[0]?.data()).toEqual(broken);
    await (await Repo.open(directory)).delete('damaged');
  });

  it('the largest object there may be is kept, also when the loop does not yield', async () => {
    const run = await open('largest');
    const file = losslessWebp(limits.objectSizeMax, 3);
    for (let step = 0; step < 6; step += 1) {
      file[1000] = step;
      run.track(new Image(file, { caption: `${step}` }), { name: 'samples' });
    }
    expect(run.lost).toBe(0);
    await run.close();
    const values = (await (await viewOf('largest')).images('samples')?.values()) ?? [];
    expect(values).toHaveLength(6);
    for (const [step, { objects }] of values.entries()) {
      const data = await objects[0]?.data();
      file[1000] = step;
      expect(Buffer.compare(data ?? new Uint8Array(), file)).toBe(0);
    }
    expect(() => new Image(losslessWebp(limits.objectSizeMax + 1))).toThrow(
      expect.objectContaining({ code: 'LIMIT' }),
    );
    await (await Repo.open(directory)).delete('largest');
  });

  it('a copy of a run has them', async () => {
    const run = await open('copied');
    const file = losslessWebp(50_000);
    run.track(new Image(file), { name: 'samples' });
    await run.close();
    const other = mkdtempSync(join(directory, 'other-'));
    await (await Repo.open(directory)).copy('copied', other);
    const copied = await (await Repo.open(other)).run('copied');
    const [value] = (await copied?.images('samples')?.values()) ?? [];
    expect(await value?.objects[0]?.data()).toEqual(file);
  });
});

it('a follower is given objects as they are tracked, each once', async () => {
  const run = await open('followed');
  run.track([new Text('a'), new Text('b')], { name: 'said', step: 2, epoch: 1 });
  run.track(new Image(pixels(5, 32)), { name: 'samples', context: { subset: 'val' } });
  run.flush();
  const view = await viewOf('followed');
  const events: unknown[] = [];
  for await (const event of view.follow({ signal: AbortSignal.timeout(20_000) })) {
    if (event.type !== 'objects') continue;
    if (event.kind === 'texts')
      events.push([event.name, event.step, event.epoch, await event.objects[1]?.value()]);
    else events.push([event.kind, event.name, event.context, await event.objects[0]?.data()]);
    if (events.length === 1) run.track(new Text('c'), { name: 'said' });
    if (events.length === 2) await run.close();
    if (events.length === 3) break;
  }
  expect(events).toEqual([
    ['said', 2, 1, 'b'],
    ['images', 'samples', { subset: 'val' }, new Image(pixels(5, 32)).input.bytes],
    ['said', 3, undefined, undefined],
  ]);
});

it('a sequence that a question finds says of which run it is', async () => {
  const repo = await Repo.create(join(directory, 'asked'));
  for (const runHash of ['left', 'right']) {
    const run = await open(runHash, { repo });
    run.track(new Text(`I am ${runHash}`), { name: 'said' });
    await run.close();
  }
  const said = new Map<string, unknown>();
  for await (const texts of repo.texts("texts.name == 'said'"))
    said.set(texts.runHash, await (await texts.values())[0]?.objects[0]?.value());
  expect(said).toEqual(
    new Map([
      ['left', 'I am left'],
      ['right', 'I am right'],
    ]),
  );
  expect((await repo.run('left'))?.texts('said')?.runHash).toBe('left');
});
