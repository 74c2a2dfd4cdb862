// Options at the door: every option of the wrong type or out of range is refused by a TypeError or
// RangeError that names it, before a file is made, and what a mistake stops can be done right after.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, expect, it } from 'vitest';
import {
  Distribution,
  Image,
  Repo,
  Run,
  type RunOptions,
  type RunView,
  Table,
  Text,
} from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-options-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const opened: Run[] = [];
afterEach(async () => {
  for (const run of opened.splice(0)) await run.close().catch(() => {});
});

let place = 0;
const fresh = (): string => {
  place += 1;
  const path = join(directory, `place-${place}`);
  mkdirSync(path);
  return path;
};

async function openFresh(options: RunOptions = {}): Promise<Run> {
  const run = await Run.open({ repo: fresh(), systemTrackingInterval: null, ...options });
  opened.push(run);
  return run;
}

async function viewOf(run: Run): Promise<RunView> {
  const view = await run.repo.run(run.hash);
  if (view === undefined) throw new Error('the run is not in its repo');
  return view;
}

const thrownBy = async (call: () => unknown): Promise<unknown> => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
};

async function expectRefusal(call: () => unknown, message: RegExp): Promise<void> {
  const error = await thrownBy(call);
  expect(error instanceof TypeError || error instanceof RangeError, String(error)).toBe(true);
  expect((error as Error).message).toMatch(message);
}

/** No value of these is any of the types that an option takes, but for the one left out. */
const wrong = {
  number: 5,
  string: 'x',
  object: {},
  boolean: true,
  symbol: Symbol('x'),
  null: null,
};
const except = (...taken: (keyof typeof wrong)[]): unknown[] =>
  Object.entries(wrong).flatMap(([type, value]) =>
    taken.includes(type as keyof typeof wrong) ? [] : [value],
  );

const ofWrongType: Readonly<Record<keyof RunOptions, readonly unknown[]>> = {
  runHash: except('string'),
  repo: except('string'),
  experiment: except('string'),
  name: except('string'),
  description: except('string'),
  tags: [...except(), ['a', 5], [undefined], [null, 'a']],
  createdAt: except('number'),
  readOnly: except('boolean'),
  mustExist: except('boolean'),
  writer: except('string'),
  forceResume: except('boolean'),
  lockTimeout: except('number'),
  durability: [...except('object'), [], { fluhs: 'turn' }, { syncMs: '5' }],
  systemTrackingInterval: except('number', 'null'),
  logSystemParams: [...except('boolean', 'object'), [], { diffSize: 1 }, { diffSizeMax: '1' }],
  captureTerminalLogs: [...except('boolean', 'object'), { color: 'keep' }, { redact: 'yes' }],
  redact: [
    ...except('object'),
    { alow: [] },
    { allow: 'PATH' },
    { deny: [5] },
    { rules: [{ name: 'x', pattern: 'x' }] },
    { rules: [{ name: '', pattern: /x/ }] },
  ],
  onError: except(),
};

it.each(Object.entries(ofWrongType))(
  '%s: every wrong type is named and nothing written',
  async (name, values) => {
    for (const value of values) {
      const path = fresh();
      await expectRefusal(() => Run.open({ repo: path, [name]: value }), new RegExp(`^${name}`));
      expect(readdirSync(path), String(name)).toEqual([]);
    }
  },
);

const outOfRange: readonly (readonly [string, RunOptions, RegExp])[] = [
  ['runHash: empty', { runHash: '' }, /^runHash/],
  ['runHash: 65 characters', { runHash: 'a'.repeat(65) }, /^runHash: .*identifierSizeMax/],
  ['writer: a dot at the end', { writer: 'a.' }, /^writer/],
  ['repo: empty', { repo: '' }, /^repo/],
  ['repo: a NUL', { repo: 'a\0b' }, /^repo/],
  ['name: 1,025 characters', { name: 'a'.repeat(1025) }, /^name: .*nameSizeMax/],
  ['experiment: empty', { experiment: '' }, /^experiment/],
  [
    'description: 100,000 characters',
    { description: 'x'.repeat(100_000) },
    /^description: .*documentSizeMax/,
  ],
  [
    'tags: more than an edit holds',
    { tags: Array.from({ length: 5000 }, (_, index) => `tag number ${index}`) },
    /^tags: .*documentSizeMax/,
  ],
  ['createdAt: NaN', { createdAt: Number.NaN }, /^createdAt/],
  ['createdAt: an invalid Date', { createdAt: new Date(Number.NaN) }, /^createdAt/],
  ['createdAt: no day of any calendar', { createdAt: 1e300 }, /^createdAt/],
  ['lockTimeout: negative', { lockTimeout: -1 }, /^lockTimeout/],
  [
    'logSystemParams: a diff of any size',
    { logSystemParams: { diffSizeMax: Number.POSITIVE_INFINITY } },
    /^logSystemParams\.diffSizeMax/,
  ],
  ['lockTimeout: for ever', { lockTimeout: Number.POSITIVE_INFINITY }, /^lockTimeout/],
  ['durability.flush', { durability: { flush: 'never' as 'turn' } }, /^durability\.flush/],
  ['durability.onFlush', { durability: { onFlush: 'fsync' as 'sync' } }, /^durability\.onFlush/],
  ['durability.syncMs: 0', { durability: { syncMs: 0 } }, /^durability\.syncMs/],
  ['durability.syncMs: NaN', { durability: { syncMs: Number.NaN } }, /^durability\.syncMs/],
];

it.each(outOfRange)('%s is out of range', async (_, options, message) => {
  const path = fresh();
  await expectRefusal(() => Run.open({ repo: path, ...options }), message);
  expect(readdirSync(path)).toEqual([]);
});

it('the options themselves are an object', async () => {
  for (const options of [null, 5, 'hash', [], () => {}])
    await expectRefusal(() => Run.open(options as RunOptions), /^options/);
});

it('an interval of system tracking out of range is warned of and switched off, as in Aim', async () => {
  const warnings: string[] = [];
  const listen = (warning: Error): void => {
    warnings.push(warning.message);
  };
  process.on('warning', listen);
  for (const systemTrackingInterval of [0.01, 100_000, Number.NaN])
    await openFresh({ systemTrackingInterval });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  expect(warnings).toHaveLength(3);
  for (const warning of warnings) expect(warning).toMatch(/^systemTrackingInterval/);
});

it('a refused close leaves the run open, to be closed right', async () => {
  const run = await openFresh();
  run.track(1, { name: 'loss' });
  await expectRefusal(() => run.close({ outcome: 'done' as 'finished' }), /^outcome/);
  await expectRefusal(() => run.close({ endedAt: 'now' as unknown as number }), /^endedAt/);
  await expectRefusal(() => run.close({ endedAt: 1e300 }), /^endedAt/);
  await expectRefusal(() => run.close(null as unknown as object), /^options/);
  expect(run.recording).toBe('on');
  await run.close({ outcome: 'failed' });
  expect((await viewOf(run)).state).toBe('failed');
});

it('Run.with asks for a function before it opens a run', async () => {
  const path = fresh();
  await expectRefusal(() => Run.with({ repo: path }, 5 as never), /^body/);
  expect(readdirSync(path)).toEqual([]);
});

it('get takes a key or a path, of a run and of a view', async () => {
  const run = await openFresh();
  run.set('list', [1, [2, 3]]);
  run.flush();
  const view = await viewOf(run);
  for (const target of [run, view]) {
    expect(target.get(['list', 1, 0])).toBe(2);
    for (const key of [5, {}, null, [{}], [null]])
      await expectRefusal(() => target.get(key as unknown as string), /^key/);
  }
});

it('an object of values and a rewind ask for an object of options', async () => {
  const run = await openFresh();
  await expectRefusal(() => run.track({ a: 1 }, null as unknown as object), /^options/);
  await expectRefusal(() => run.rewind(undefined as unknown as { step: 1 }), /^options/);
  expect(run.flush()).toBe(true);
  expect((await viewOf(run)).metrics()).toEqual([]);
});

it('a note is a text of bounded size, and a refused one leaves the run whole', async () => {
  const run = await openFresh();
  for (const text of [undefined, 5, '\ud800', 'x'.repeat(100_000)])
    await expectRefusal(() => run.addNote(text as string), /^text/);
  await expectRefusal(() => {
    run.description = 'x'.repeat(100_000);
  }, /^description/);
  run.addNote('good');
  expect(run.flush()).toBe(true);
  expect((await viewOf(run)).notes.map(({ text }) => text)).toEqual(['good']);
});

it('what one turn changes may take several edits, each change once and in order', async () => {
  const run = await openFresh();
  const texts = Array.from({ length: 12 }, (_, index) => `${index}:${'x'.repeat(20_000)}`);
  for (const text of texts) run.addNote(text);
  expect(run.flush()).toBe(true);
  expect((await viewOf(run)).notes.map(({ text }) => text)).toEqual(texts);
});

it('an edit is checked whole before anything of it is published', async () => {
  const run = await openFresh();
  const view = await viewOf(run);
  const bad: readonly (readonly [object | null, RegExp])[] = [
    [null, /^edit/],
    [{ nmae: 'x' }, /^edit\.nmae/],
    [{ name: '' }, /^name/],
    [{ description: 5 }, /^description/],
    [{ archived: 'yes' }, /^archived/],
    [{ tags: ['best'] }, /^tags/],
    [{ tags: { add: 'best' } }, /^tags\.add/],
    [{ name: 'x', tags: { remove: [5] } }, /^tags\.remove/],
    [{ tags: { added: ['x'] } }, /^tags\.added/],
    [{ name: 'x', note: 'x'.repeat(100_000) }, /^note/],
  ];
  for (const [edit, message] of bad) await expectRefusal(() => view.edit(edit as object), message);
  await view.refresh();
  expect([view.name, view.tags, view.notes]).toEqual([undefined, [], []]);
});

it('values refuses options that it does not understand', async () => {
  const run = await openFresh();
  run.track(1, { name: 'loss' });
  run.flush();
  const metric = (await viewOf(run)).metric('loss');
  const bad: readonly (readonly [unknown, RegExp])[] = [
    [null, /^options/],
    [{ fromStep: '1' }, /^fromStep/],
    [{ toStep: Number.NaN }, /^toStep/],
    [{ writer: '../main' }, /^writer/],
    [{ raw: 'yes' }, /^raw/],
  ];
  for (const [options, message] of bad)
    await expectRefusal(() => metric?.values(options as object), message);
});

it('Repo.open, runs, run and copy name the argument', async () => {
  const run = await openFresh();
  const { repo } = run;
  const all = async (options: unknown): Promise<void> => {
    for await (const _ of repo.runs(options as object));
  };
  await expectRefusal(() => Repo.open(5 as unknown as string), /^repo/);
  await expectRefusal(() => Repo.open(repo.path, null as unknown as object), /^options/);
  await expectRefusal(() => Repo.open(repo.path, { readOnly: 1 } as object), /^readOnly/);
  await expectRefusal(() => all(null), /^query/);
  for (const limit of [Number.NaN, -1, 1.5, '1'])
    await expectRefusal(() => all({ limit }), /^limit/);
  await expectRefusal(() => all({ order: 5 }), /^order/);
  await expectRefusal(() => all({ offset: -1 }), /^offset/);
  await expectRefusal(() => all({ archived: 'yes' }), /^archived/);
  await expectRefusal(() => all({ signal: 5 }), /^signal/);
  await expectRefusal(() => repo.run(undefined as unknown as string), /^hash/);
  await expectRefusal(() => repo.copy(run.hash, 5 as unknown as string), /^other/);
});

it('an option that is undefined is one that was left out, everywhere', async () => {
  const run = await openFresh({
    runHash: undefined,
    experiment: undefined,
    name: undefined,
    description: undefined,
    tags: undefined,
    createdAt: undefined,
    readOnly: undefined,
    mustExist: undefined,
    writer: undefined,
    forceResume: undefined,
    lockTimeout: undefined,
    durability: { flush: undefined, syncMs: undefined, onFlush: undefined },
    logSystemParams: undefined,
    captureTerminalLogs: { colors: undefined, redact: undefined },
    redact: { allow: undefined, deny: undefined, rules: undefined },
    onError: undefined,
  });
  const none = { step: undefined, epoch: undefined, time: undefined, context: undefined };
  run.track(0.5, { name: 'loss', ...none });
  run.track({ loss: 0.25, accuracy: undefined }, none);
  run.track(new Text('said'), { name: 'text', ...none });
  run.track(
    new Image(
      { data: new Uint8Array(4), width: 2, height: 2, channels: 1 },
      { caption: undefined },
    ),
    { name: 'image' },
  );
  run.track(
    new Table({ columns: [{ name: 'a', type: undefined, values: [1] }], rows: undefined }),
    { name: 'table' },
  );
  run.track(new Distribution([1, 2], { binCount: undefined }), { name: 'spread' });
  run
    .sequence('columns', undefined)
    .trackColumns({ values: [1, 2], steps: undefined, epochs: undefined, times: undefined });
  run.undoRewind(run.rewind({ step: 0, name: undefined, context: undefined, writers: undefined }));
  run.log.info('said', undefined);
  await run.logArtifact(import.meta.filename, { name: undefined, metadata: undefined });
  const spawned = {
    cwd: undefined,
    env: undefined,
    stdin: undefined,
    signal: undefined,
    params: undefined,
    onStart: undefined,
  };
  await run.spawn(process.execPath, ['--eval', '0'], spawned);
  expect(run.get()).toEqual({});
  await run.close({ outcome: undefined, error: undefined, endedAt: undefined });

  const repo = await Repo.open(run.repo.path, { readOnly: undefined });
  const question = {
    limit: undefined,
    offset: undefined,
    order: undefined,
    descending: undefined,
    archived: undefined,
    strict: undefined,
    maxAgeMs: undefined,
    signal: undefined,
    onUnreadable: undefined,
    onFailures: undefined,
  };
  const { order: _order, limit: _limit, offset: _offset, ...grouping } = question;
  const views: RunView[] = [];
  for await (const each of repo.runs('run.hash is not None', question)) views.push(each);
  for await (const metric of repo.metrics(undefined, question))
    expect(metric.count).toBeGreaterThan(0);
  expect(
    await repo.aggregate(undefined, {
      ...grouping,
      groupBy: undefined,
      value: undefined,
      order: undefined,
    }),
  ).toHaveLength(1);
  expect(
    await repo.aggregateCurves(undefined, { ...grouping, fromStep: undefined, toStep: undefined }),
  ).toHaveLength(1);
  const [view] = views as [RunView];
  const window = { fromStep: undefined, toStep: undefined, writer: undefined };
  expect(
    (await view.metric('loss', undefined)?.values({ ...window, raw: undefined }))?.values,
  ).toEqual(Float64Array.of(0.5, 0.25));
  expect(await view.metric('loss')?.downsample({ width: 4, ...window })).toBeDefined();
  expect(await view.texts('text', undefined)?.values({ ...window, raw: undefined })).toHaveLength(
    1,
  );
  for await (const _ of view.terminalLines({
    from: undefined,
    to: undefined,
    stream: undefined,
    writer: undefined,
  }));
  for await (const _ of view.logRecords({ level: undefined, from: undefined, writer: undefined }));
  for await (const { type } of view.follow({ from: undefined, signal: undefined }))
    if (type === 'state') break;
  await view.edit({
    name: undefined,
    description: undefined,
    experiment: undefined,
    archived: undefined,
    tags: { add: undefined, remove: undefined },
    note: undefined,
    notes: { change: undefined, remove: undefined },
  });
  expect(view.get()).toEqual({});
  await repo.compact({ dropHidden: undefined });
});
