// A repo: listing, finding by hash and prefix, copying, moving, sizes; what is deleted stands in
// nobody's way.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-repo-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let count = 0;
let path = '';
beforeEach(() => {
  count += 1;
  path = join(directory, String(count));
});

const open = (runHash: string, more: object = {}): Promise<Run> =>
  Run.open({
    repo: path,
    runHash,
    systemTrackingInterval: null,
    durability: { syncMs: null },
    ...more,
  });

async function made(runHash: string, more: object = {}): Promise<void> {
  const run = await open(runHash, more);
  run.set('hash', runHash);
  for (let step = 0; step < 10; step += 1) run.track(step, { name: 'loss' });
  await run.close();
}

async function hashes(repo: Repo, options = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const view of repo.runs(options)) found.push(view.hash);
  return found;
}

describe('listing', () => {
  it('is by creation, newest first, bounded, without archived and deleted runs', async () => {
    for (const [index, hash] of ['b', 'a', 'c', 'd'].entries())
      await made(hash, { createdAt: 1000 + (index === 3 ? 0 : index) });
    const repo = await Repo.open(path);
    expect(await hashes(repo)).toEqual(['c', 'a', 'b', 'd']);
    expect(await hashes(repo, { order: 'oldest' })).toEqual(['d', 'b', 'a', 'c']);
    expect(await hashes(repo, { limit: 2 })).toEqual(['c', 'a']);
    await (await repo.run('a'))?.edit({ archived: true });
    await repo.delete('c');
    expect(await hashes(repo)).toEqual(['b', 'd']);
    expect(await hashes(repo, { archived: true })).toEqual(['a', 'b', 'd']);
    expect(repo.hashes()).toEqual(['a', 'b', 'c', 'd']);
    await expect(hashes(repo, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});

describe('a hash', () => {
  it('is found whole, or by a prefix that only one run has; a deleted one does not count', async () => {
    const runs = ['abcd11111111111111111111', 'abcd22222222222222222222'];
    for (const hash of runs) await made(hash);
    const repo = await Repo.open(path);
    expect((await repo.run('abcd1'))?.hash).toBe(runs[0]);
    await expect(repo.run('abcd')).rejects.toMatchObject({ code: 'HASH_AMBIGUOUS' });
    expect(await repo.run('abc')).toBeUndefined();
    expect(await repo.run('abce')).toBeUndefined();
    // What takes something away takes no prefix.
    await expect(repo.delete('abcd1')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await repo.delete(runs[0] as string);
    expect((await repo.run('abcd'))?.hash).toBe(runs[1]);
    expect(await repo.run('abcd1')).toBeUndefined();
    await expect(repo.delete('abcd1')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    // A prefix of a deleted run may be the name of a new one.
    await made('abcd1111');
    await expect(open('abcd2')).rejects.toMatchObject({ code: 'HASH_AMBIGUOUS' });
  });
});

describe('a live run', () => {
  it('is not deleted or moved, but copied as it is', async () => {
    const run = await open('live');
    run.track(1, { name: 'loss' });
    run.flush();
    const repo = await Repo.open(path);
    const other = join(path, 'other');
    await expect(repo.delete('live')).rejects.toMatchObject({
      code: 'RUN_LOCKED',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    await repo.copy('live', other);
    run.track(2, { name: 'loss' });
    await run.close();
    const copied = await (await Repo.open(other)).run('live');
    expect([
      copied?.metric('loss')?.count,
      (await repo.run('live'))?.metric('loss')?.count,
    ]).toEqual([1, 2]);
  });

  it('is not moved: it stays whole, and no copy of it is left over there', async () => {
    const run = await open('staying');
    run.track(1, { name: 'loss' });
    run.flush();
    const repo = await Repo.open(path);
    const other = join(path, 'other');
    await expect(repo.move('staying', other)).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    expect(await (await Repo.create(other)).run('staying')).toBeUndefined();
    await run.close();
    expect((await repo.run('staying'))?.metric('loss')?.count).toBe(1);
  });
});

describe('a copy', () => {
  it('is the run: properties, params, points of every writer, rewinds; and is gone on with', async () => {
    const run = await open('one', {
      name: 'first',
      tags: ['a', 'b'],
      description: 'd',
      createdAt: 5,
    });
    const helper = await open('one', { writer: 'helper' });
    for (let step = 0; step < 500; step += 1) run.track({ loss: step / 3 }, { step });
    helper.track(7, { name: 'loss', step: 3 });
    run.rewind({ step: 490 });
    run.set('lr', { value: 1 });
    run.addNote('note');
    await run.close();
    await helper.close();
    const repo = await Repo.open(path);
    const other = await Repo.create(join(path, 'other'));
    await repo.copy('one', other);
    const [from, to] = [await repo.run('one'), await other.run('one')];
    for (const field of [
      'name',
      'tags',
      'description',
      'createdAt',
      'notes',
      'writers',
      'state',
      'openings',
    ] as const)
      expect(to?.[field], field).toEqual(from?.[field]);
    expect(to?.get()).toEqual(from?.get());
    expect(await to?.metric('loss')?.values()).toEqual(await from?.metric('loss')?.values());
    expect(await to?.metric('loss')?.values({ raw: true })).toEqual(
      await from?.metric('loss')?.values({ raw: true }),
    );
    await expect(repo.copy('one', other)).rejects.toThrow(RangeError);
    const resumed = await Run.open({
      repo: other,
      runHash: 'one',
      mustExist: true,
      systemTrackingInterval: null,
    });
    resumed.track(1, { name: 'loss' });
    await resumed.close();
    await to?.refresh();
    expect(to?.metric('loss')?.lastStep).toBe(490);
    expect((await other.verify()).damaged).toEqual([]);
    await other.delete('one');
    await repo.move('one', other);
    expect(await repo.run('one')).toBeUndefined();
    expect((await other.run('one'))?.metric('loss')?.count).toBe(491);
    await expect(repo.move('one', other)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('size', () => {
  it('counts runs, files and bytes as they are', async () => {
    await made('one');
    await made('two');
    const repo = await Repo.open(path);
    const files = readdirSync(join(path, '.aim/runs'), { recursive: true, withFileTypes: true });
    const { runs, files: counted, bytes } = await repo.size();
    expect([runs, counted]).toEqual([2, files.filter((each) => each.isFile()).length]);
    expect(bytes).toBeGreaterThan(500);
    await repo.delete('one');
    expect((await repo.size()).runs).toBe(1);
  });
});
