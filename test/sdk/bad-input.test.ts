// Bad input is refused at the door: TypeError or RangeError that names the argument, a RunlogError that
// says what is wrong with the world; nothing half-written either way.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
    message: expect.stringContaining(path) as string,
  });
  await expect(Run.open({ repo: path, runHash: 'x', mustExist: true })).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
  });
  expect(existsSync(join(path, '.aim/runs/x'))).toBe(false);
});

it('a newer format, a damaged mark, a file in the way', async () => {
  const newer = fresh();
  await Repo.create(newer);
  writeFileSync(join(newer, '.aim/runlog.json'), '{"format": 2}');
  await expect(Repo.open(newer)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
  await expect(Run.open({ repo: newer })).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
  writeFileSync(join(newer, '.aim/runlog.json'), 'no json');
  await expect(Repo.open(newer)).rejects.toMatchObject({ code: 'CORRUPT' });
  const blocked = fresh();
  writeFileSync(join(blocked, '.aim'), 'a file');
  await expect(Run.open({ repo: blocked })).rejects.toBeInstanceOf(RunlogError);
  expect(readFileSync(join(blocked, '.aim'), 'utf8')).toBe('a file');
});

it('a repository of Python Aim in the same .aim is left as it is', async () => {
  const path = fresh();
  const theirs = [
    'VERSION',
    'run_metadata.sqlite',
    'meta/chunks/abc/CURRENT',
    'seqs/chunks/abc/CURRENT',
    'locks/abc.softlock',
  ];
  for (const name of theirs) {
    mkdirSync(join(path, '.aim', name, '..'), { recursive: true });
    writeFileSync(join(path, '.aim', name), `theirs: ${name}`);
  }
  const run = await Run.open({ repo: path, systemTrackingInterval: null });
  run.track(1, { name: 'loss' });
  await run.close();
  const repo = await Repo.open(path);
  await repo.compact();
  expect((await repo.verify()).ok).toBe(true);
  await repo.delete(run.hash);
  for (const name of theirs)
    expect(readFileSync(join(path, '.aim', name), 'utf8')).toBe(`theirs: ${name}`);
  expect(existsSync(join(path, '.aim/.gitignore')), 'the directory was not ours to ignore').toBe(
    false,
  );
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
  expect(run.flush()).toBe(true);
  await run.sync();
  await run.close();
  expect(readdirSync(path)).toEqual([]);
});

it('RUNLOG_REPO, the nearest repo above, and a path that ends in .aim', async () => {
  const path = fresh();
  await Repo.create(path);
  expect((await Repo.open(join(path, '.aim'))).path).toBe(join(path, '.aim'));
  process.env['RUNLOG_REPO'] = path;
  expect((await Repo.open()).path).toBe(join(path, '.aim'));
  await expect(Repo.open('~/no such directory of anybody')).rejects.toThrow(/no runlog repo here/);
});
