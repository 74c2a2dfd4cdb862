// Bad input is refused at the door: TypeError or RangeError that names the argument, a RunlogError that
// says what is wrong with the world; nothing half-written either way.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { afterAll, afterEach, expect, it } from 'vitest';
import { Repo, Run, RunlogError, type RunOptions } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-input-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => {
  delete process.env['RUNLOG_MODE'];
  delete process.env['RUNLOG_REPO'];
});

let place = 0;
const fresh = (): string => {
  place += 1;
  const path = join(directory, `place-${place}`);
  mkdirSync(path);
  return path;
};

it.each<[string, object, RegExp]>([
  ['an unknown option', { experimnt: 'x' }, /options\.experimnt/],
  ['runHash: a number', { runHash: 5 }, /runHash/],
  ['runHash: a way out', { runHash: '../../etc' }, /runHash/],
  ['runHash: upper case', { runHash: 'ABC' }, /runHash/],
  ['writer: a way out', { writer: '..' }, /writer/],
  ['writer: a device', { writer: 'con' }, /writer/],
  ['repo: a number', { repo: 5 }, /repo/],
  ['repo: empty', { repo: '' }, /repo/],
  ['experiment: empty', { experiment: '' }, /experiment/],
  ['name: ill-formed', { name: '\ud800' }, /name/],
  ['tags: no array', { tags: 'a' }, /tags/],
  ['tags: a number', { tags: ['a', 5] }, /tags\[1\]/],
  ['description: a number', { description: 5 }, /description/],
  ['readOnly: a string', { readOnly: 'yes', runHash: 'x' }, /readOnly/],
  ['readOnly without a hash', { readOnly: true }, /runHash/],
  ['forceResume: a number', { forceResume: 1 }, /forceResume/],
  ['lockTimeout: negative', { lockTimeout: -1 }, /lockTimeout/],
  ['lockTimeout: NaN', { lockTimeout: Number.NaN }, /lockTimeout/],
  ['systemTrackingInterval: a string', { systemTrackingInterval: '5' }, /systemTrackingInterval/],
  ['createdAt: an invalid Date', { createdAt: new Date(Number.NaN) }, /createdAt/],
  ['durability.flush', { durability: { flush: 'never' } }, /durability\.flush/],
  ['durability.syncMs', { durability: { syncMs: 0 } }, /durability\.syncMs/],
  ['onError: a string', { onError: 'x' }, /onError/],
])('Run.open refuses %s and writes nothing', async (_, options, message) => {
  const path = fresh();
  const error = await Run.open({ repo: path, ...options } as RunOptions).catch(
    (thrown: unknown) => thrown,
  );
  expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
  expect((error as Error).message).toMatch(message);
  expect(readdirSync(path)).toEqual([]);
});

it('track, set and rewind name the argument, and nothing of the call is kept', async () => {
  const path = fresh();
  const run = await Run.open({ repo: path, systemTrackingInterval: null });
  const bad: [() => void, RegExp][] = [
    [() => run.track('5' as unknown as number, { name: 'a' }), /value/],
    [() => run.track(2n ** 60n, { name: 'a' }), /value/],
    [() => run.track(1), /name/],
    [() => run.track(1, { name: '' }), /name/],
    [() => run.track(1, { name: 'a', step: 1.5 }), /step/],
    [() => run.track(1, { name: 'a', step: '1' as unknown as number }), /step/],
    [() => run.track(1, { name: 'a', epoch: Number.POSITIVE_INFINITY }), /epoch/],
    [() => run.track(1, { name: 'a', time: Number.NaN }), /time/],
    [() => run.track(1, { name: 'a', context: { x: Number.NaN } }), /context\.x/],
    [() => run.track(1, { name: 'a', context: 5 as unknown as Record<string, string> }), /context/],
    [() => run.track({ good: 1, bad: 'x' as unknown as number }), /value\.bad/],
    [() => run.track([1] as unknown as Record<string, number>), /value/],
    [() => run.sequence('a').trackColumns({ values: [1, 2], steps: [1] }), /columns\.steps/],
    [() => run.sequence('a').trackColumns({ values: [1], steps: [0.5] }), /columns\.steps\[0\]/],
    [() => run.set('a', () => 1), /params\.a/],
    [() => run.set('a', { b: [1, Symbol('x')] }), /params\.a\.b\[1\]/],
    [() => run.set({ good: 1, bad: new Date(Number.NaN) }), /params\.bad/],
    [() => run.set([], 1), /key/],
    [() => run.rewind({ step: 0.5 }), /step/],
    [() => run.rewind({ step: 1, context: {} }), /context/],
    [() => run.undoRewind('nope'), /nope/],
    [
      () => {
        run.name = '';
      },
      /name/,
    ],
    [() => run.addTag(5 as unknown as string), /tag/],
  ];
  for (const [call, message] of bad) expect(call, String(message)).toThrow(message);
  await run.close();
  expect(() => run.track(1, { name: 'a' })).toThrow(
    expect.objectContaining({ code: 'RUN_CLOSED' }) as Error,
  );
  const view = await (await Repo.open(path)).run(run.hash);
  expect(view?.metrics()).toEqual([]);
  expect(view?.get()).toEqual({});
});

it('reading where there is no repo says where it looked, and makes none', async () => {
  const path = fresh();
  await expect(Repo.open(path)).rejects.toMatchObject({
    code: 'REPO_NOT_FOUND',
    message: expect.stringMatching(
      new RegExp(`${path}.*Repo\\.create\\(\\).*runlog init`),
    ) as string,
  });
  await expect(Run.open({ repo: path, runHash: 'x', mustExist: true })).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
  });
  await expect(Run.open({ repo: path, runHash: 'x', readOnly: true })).rejects.toMatchObject({
    code: 'REPO_NOT_FOUND',
    message: expect.stringContaining(path) as string,
  });
  expect(readdirSync(path)).toEqual([]);
});

it('a path without rights is said, and nothing is made', async (context) => {
  const { getuid, seteuid } = process;
  if (getuid === undefined || seteuid === undefined)
    return context.skip('this system has no user ids');
  const path = fresh();
  const locked = join(path, 'locked');
  mkdirSync(locked, { mode: 0o500 });
  const wasRoot = getuid() === 0;
  // Root may write anywhere: for the two calls it is somebody who may not.
  if (wasRoot) seteuid(65_534);
  try {
    for (const open of [() => Run.open({ repo: locked }), () => Repo.create(locked)]) {
      await expect(open()).rejects.toMatchObject({
        code: 'IO',
        message: expect.stringMatching(/EACCES.*locked/) as string,
      });
    }
  } finally {
    if (wasRoot) seteuid(0);
  }
  expect(readdirSync(locked)).toEqual([]);
});

it('a repo opened for reading refuses each change and stays as it is', async () => {
  const path = fresh();
  const run = await Run.open({ repo: path, runHash: 'one', systemTrackingInterval: null });
  await run.close();
  const before = contentOf(path);
  const repo = await Repo.open(path, { readOnly: true });
  const other = await Repo.create(fresh());
  const view = await repo.run('one');
  const refused: (() => Promise<unknown>)[] = [
    () => Run.open({ repo }),
    () => Run.open({ repo, runHash: 'one' }),
    () => repo.delete('one'),
    () => repo.move('one', other),
    () => other.copy('one', repo),
    () => repo.compact(),
    () => repo.repair(),
    () => view?.edit({ name: 'x' }) ?? Promise.resolve(),
  ];
  await repo.copy('one', other);
  for (const call of refused)
    await expect(call(), String(call)).rejects.toMatchObject({ code: 'RUN_READ_ONLY' });
  expect((await Run.open({ repo, runHash: 'one', readOnly: true })).experiment).toBe('default');
  expect((await repo.verify()).ok).toBe(true);
  expect(contentOf(path)).toEqual(before);
});

it('a newer format, a damaged mark, a file in the way', async () => {
  const newer = fresh();
  await Repo.create(newer);
  writeFileSync(join(newer, '.aim/runlog.json'), '{"format": 2}');
  await expect(Repo.open(newer)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
  for (const options of [{}, { runHash: 'x', readOnly: true }, { runHash: 'x', mustExist: true }]) {
    await expect(Run.open({ repo: newer, ...options })).rejects.toMatchObject({
      code: 'FORMAT_TOO_NEW',
    });
  }
  writeFileSync(join(newer, '.aim/runlog.json'), 'no json');
  await expect(Repo.open(newer)).rejects.toMatchObject({ code: 'CORRUPT' });
  const blocked = fresh();
  writeFileSync(join(blocked, '.aim'), 'a file');
  await expect(Run.open({ repo: blocked })).rejects.toBeInstanceOf(RunlogError);
  expect(readFileSync(join(blocked, '.aim'), 'utf8')).toBe('a file');
});

it.each([
  '.aim/runs',
  '.aim/runs/one',
  '.aim/runs/one/logs',
  '.aim/runs/one/edits',
  '.aim/runs/one/logs/main',
])('a file where the directory %s should be is named and left', async (name) => {
  const path = fresh();
  await Repo.create(path);
  rmSync(join(path, name), { recursive: true, force: true });
  mkdirSync(join(path, name, '..'), { recursive: true });
  writeFileSync(join(path, name), 'a file');
  await expect(Run.open({ repo: path, runHash: 'one' })).rejects.toMatchObject({
    name: 'RunlogError',
    code: 'IO',
    message: expect.stringContaining(name.split('/').at(-1) as string) as string,
  });
  expect(readFileSync(join(path, name), 'utf8')).toBe('a file');
});

it('a run that cannot be read is told, hides no other, and verify names it', async () => {
  const path = fresh();
  const hashes = ['edits-garbled', 'edit-a-directory', 'run-a-file', 'log-a-file', 'whole'];
  for (const runHash of hashes)
    await (await Run.open({ repo: path, runHash, systemTrackingInterval: null })).close();
  const inRuns = (name: string): string => join(path, '.aim/runs', name);
  writeFileSync(inRuns('edits-garbled/edits/edit-00000000'), 'garbage');
  rmSync(inRuns('edit-a-directory/edits/edit-00000000'));
  mkdirSync(inRuns('edit-a-directory/edits/edit-00000000'));
  rmSync(inRuns('run-a-file'), { recursive: true });
  writeFileSync(inRuns('run-a-file'), 'a file');
  rmSync(inRuns('log-a-file/logs/main'), { recursive: true });
  writeFileSync(inRuns('log-a-file/logs/main'), 'a file');
  const repo = await Repo.open(path);
  const listed: string[] = [];
  const told: [string, string][] = [];
  const onUnreadable = (hash: string, error: RunlogError): number => told.push([hash, error.code]);
  for await (const { hash } of repo.runs({ onUnreadable })) listed.push(hash);
  expect(listed).toEqual(['whole']);
  expect(Object.fromEntries(told)).toEqual({
    'edits-garbled': 'CORRUPT',
    'edit-a-directory': 'IO',
    'run-a-file': 'IO',
    'log-a-file': 'IO',
  });
  for (const [hash, code] of told) await expect(repo.run(hash)).rejects.toMatchObject({ code });
  const { ok, damaged } = await repo.verify();
  expect(ok).toBe(false);
  for (const hash of hashes.slice(0, 4))
    expect(damaged.map(({ file }) => file).join(), hash).toContain(`/runs/${hash}`);
});

it.each([
  '../out',
  '..',
  '.',
  '',
  '/etc',
  'a/b',
  'a\\b',
  'C:',
  'a\0b',
  '.lock',
  'aux',
  'a b',
  '%2e%2e',
])('the name %j leads nowhere: neither as a run nor as a writer', async (name) => {
  const path = fresh();
  await expect(Run.open({ repo: path, runHash: name })).rejects.toThrow(RangeError);
  await expect(Run.open({ repo: path, writer: name })).rejects.toThrow(RangeError);
  expect(readdirSync(path)).toEqual([]);
  const repo = await Repo.create(path);
  const before = contentOf(path);
  expect(await repo.run(name)).toBeUndefined();
  await expect(repo.delete(name)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  await expect(repo.move(name, fresh())).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  expect(contentOf(path)).toEqual(before);
});

it('a repository of Python Aim in the same .aim is left as it is, byte for byte', async () => {
  const path = fresh();
  const theirs = [
    'VERSION',
    'run_metadata.sqlite',
    'run_metadata.sqlite-wal',
    'meta/chunks/abc/CURRENT',
    'meta/index/000012.sst',
    'seqs/chunks/abc/MANIFEST-000004',
    'locks/abc.softlock',
  ];
  for (const [index, name] of theirs.entries()) {
    mkdirSync(join(path, '.aim', name, '..'), { recursive: true });
    writeFileSync(join(path, '.aim', name), Uint8Array.of(0, 255, index, 13, 10));
  }
  const before = contentOf(path);
  const run = await Run.open({ repo: path, systemTrackingInterval: null });
  run.track(1, { name: 'loss' });
  await run.close();
  const repo = await Repo.open(path);
  await repo.compact();
  await repo.repair();
  expect((await repo.verify()).ok).toBe(true);
  await repo.delete(run.hash);
  const ours = /^\.aim\/(?:runlog\.json$|runs\/)/;
  const after = contentOf(path).filter(([name]) => !ours.test(name));
  expect(after, 'nor is a .gitignore put over what is theirs').toEqual(before);
});

it('the same writer twice in one process is locked, another writer is not', async () => {
  const path = fresh();
  const first = await Run.open({ repo: path, runHash: 'one', systemTrackingInterval: null });
  await expect(Run.open({ repo: path, runHash: 'one' })).rejects.toMatchObject({
    code: 'RUN_LOCKED',
    message: expect.stringMatching(/process \d+.*`writer`.*`forceResume`/s) as string,
  });
  const second = await Run.open({
    repo: path,
    runHash: 'one',
    writer: 'helper',
    systemTrackingInterval: null,
  });
  await first.close();
  await second.close();
  await expect(
    Run.open({ repo: path, runHash: 'one', readOnly: true }).then((run) =>
      run.track(1, { name: 'a' }),
    ),
  ).rejects.toMatchObject({ code: 'RUN_READ_ONLY' });
});

it('a short hash that begins an existing one is ambiguous', async () => {
  const path = fresh();
  const run = await Run.open({ repo: path, systemTrackingInterval: null });
  await run.close();
  await expect(Run.open({ repo: path, runHash: run.hash.slice(0, 8) })).rejects.toMatchObject({
    code: 'HASH_AMBIGUOUS',
    message: expect.stringContaining(run.hash) as string,
  });
});

it('RUNLOG_MODE=disabled takes everything and writes nothing', async () => {
  const path = fresh();
  process.env['RUNLOG_MODE'] = 'disabled';
  const run = await Run.open({ repo: path });
  run.track(1, { name: 'loss' });
  run.set('lr', 1);
  run.sequence('loss').track(1);
  run.name = 'x';
  run.undoRewind(run.rewind({ step: 0 }));
  expect(run.sequence('loss').nextStep).toBe(0);
  expect(run.recording).toBe('closed');
  expect(run.flush()).toBe(true);
  await run.sync();
  await run.close();
  expect(readdirSync(path)).toEqual([]);
});

it.each(['off', 'Disabled', 'disabled ', '0', 'enabled'])(
  'RUNLOG_MODE=%s is not known: refused before anything is made, with what is known',
  async (mode) => {
    const path = fresh();
    process.env['RUNLOG_MODE'] = mode;
    await expect(Run.open({ repo: path })).rejects.toThrow(
      new RangeError(
        `RUNLOG_MODE: expected 'disabled', or that it is not set, got "${mode}"; without it runs are recorded`,
      ),
    );
    expect(readdirSync(path)).toEqual([]);
  },
);

it('RUNLOG_MODE set to nothing is not set', async () => {
  process.env['RUNLOG_MODE'] = '';
  const run = await Run.open({ repo: fresh(), systemTrackingInterval: null });
  expect(run.recording).toBe('on');
  await run.close();
});

it('RUNLOG_REPO, the nearest repo above, a home, and a path that ends in .aim', async () => {
  const path = fresh();
  const home = fresh();
  await Repo.create(path);
  await Repo.create(home);
  const deep = join(path, 'a/b');
  mkdirSync(join(deep, '.aim/meta'), { recursive: true });
  expect((await Repo.open(join(path, '.aim'))).path).toBe(join(path, '.aim'));
  expect((await Repo.open(`${path}/.aim/`)).path).toBe(join(path, '.aim'));
  const { HOME } = process.env;
  const start = process.cwd();
  try {
    process.chdir(deep);
    // A .aim that is Python Aim's alone is none of ours: the search goes on above it.
    expect((await Repo.open()).path).toBe(join(path, '.aim'));
    process.env['RUNLOG_REPO'] = '';
    expect((await Repo.open()).path, 'an empty variable is none').toBe(join(path, '.aim'));
    process.env['RUNLOG_REPO'] = `../../../${home.split('/').at(-1)}`;
    expect((await Repo.open()).path).toBe(join(home, '.aim'));
    expect((await Repo.open(path)).path, 'a path is stronger').toBe(join(path, '.aim'));
    process.env['HOME'] = home;
    for (const text of ['~', '~/', '~/.aim'])
      expect((await Repo.open(text)).path).toBe(join(home, '.aim'));
    process.env['RUNLOG_REPO'] = '~';
    expect((await Repo.open()).path).toBe(join(home, '.aim'));
  } finally {
    process.env['HOME'] = HOME;
    process.chdir(start);
  }
  await expect(Repo.open('~/no such directory of anybody')).rejects.toThrow(/no runlog repo here/);
});

/** Every file below a directory with its bytes, sorted. */
function contentOf(path: string): [name: string, bytes: string][] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const file = join(entry.parentPath, entry.name);
      return [relative(path, file), readFileSync(file, 'hex')];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
