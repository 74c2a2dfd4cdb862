// Properties are changed from the command; nothing is deleted or moved unless it was confirmed.

import { join } from 'node:path';

import { beforeEach, expect, it } from 'vitest';
import { Repo, Run, type RunView } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
let place = '';
let count = 0;
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(place, [...args, '--repo', 'kept']);
const view = async (hash: string = HASHES[0]): Promise<RunView | undefined> =>
  (await Repo.open(join(place, 'kept'))).run(hash);

beforeEach(async () => {
  count += 1;
  place = join(directory, String(count));
  await makeRepo(place);
});

it('tags, notes and names', async () => {
  expect((await runlog('tag', HASHES[0], 'one', 'two')).out).toBe(`${HASHES[0]} tagged one, two\n`);
  expect(await runlog('untag', HASHES[0], 'one', 'never')).toEqual({
    status: 2,
    out: `${HASHES[0]} untagged one\n`,
    err: `runlog: ${HASHES[0]} has no tag never\n`,
  });
  expect(await runlog('untag', HASHES[0], 'never')).toEqual({
    status: 2,
    out: '',
    err: `runlog: ${HASHES[0]} has no tag never\n`,
  });
  await runlog('note', HASHES[0], 'why it\ndiverged');
  expect((await runlog('rename', HASHES[0], 'narrow')).out).toBe(`${HASHES[0]} is named narrow\n`);
  const edited = await view();
  expect(edited?.tags).toEqual(['two']);
  expect(edited?.notes).toMatchObject([{ text: 'why it\ndiverged' }]);
  expect(edited?.name).toBe('narrow');
  expect((await runlog('rename', HASHES[0])).out).toBe(`${HASHES[0]} has no name\n`);
  expect((await view())?.name).toBeUndefined();
  expect(JSON.parse((await runlog('tag', HASHES[0], 'three', '--json')).out)).toMatchObject([
    { hash: HASHES[0], tags: ['two', 'three'] },
  ]);
  expect((await runlog('tag', HASHES[0])).status).toBe(2);
  expect((await runlog('tag', 'ffff', 'one')).status).toBe(2);
});

it('of one run refuse a query, and say so', async () => {
  const query = 'run.hparams.lr == 0.1';
  for (const [name, ...more] of [['tag', 'good'], ['untag', 'good'], ['note', 'why'], ['show']])
    expect(await runlog(name as string, query, ...more)).toEqual({
      status: 2,
      out: '',
      err: `runlog: run: one is taken here, a hash, a prefix of it or -1, and no query; \`runlog ls '${query}'\` lists what matches\n`,
    });
});

it('archives and unarchives', async () => {
  await runlog('archive', HASHES[0], HASHES[1]);
  expect((await runlog('ls')).out).not.toContain(HASHES[0]);
  const [head, ...rows] = (await runlog('ls', '-a')).out.split('\n');
  expect(head).toMatch(/ tags +archived +name/);
  expect(rows.filter((row) => / best,kept +yes +wider layers/.test(row))).toHaveLength(1);
  expect((await runlog('show', HASHES[0])).out).toMatch(/, took 30m0s, archived\n/);
  await runlog('unarchive', HASHES[0]);
  expect((await runlog('show', HASHES[0])).out).not.toContain('archived');
  expect((await runlog('ls')).out).toContain(HASHES[0]);
});

it('deletes only when confirmed; nobody can be asked in a pipe', async () => {
  const refused = await runlog('rm', '-1', HASHES[0]);
  expect(refused).toMatchObject({ status: 2, out: '' });
  expect(refused.err).toBe(
    `runlog: Delete 2 runs for good: bbbb3333, ${HASHES[0]}? Nobody can be asked here: give --yes to do it\n`,
  );
  expect((await view())?.hash).toBe(HASHES[0]);
  expect((await runlog('rm', '-1', HASHES[0], '--yes')).out).toBe(
    `${HASHES[2]} deleted\n${HASHES[0]} deleted\n`,
  );
  expect(await view()).toBeUndefined();
  expect((await runlog('rm', HASHES[0], '--yes')).status).toBe(2);
  expect((await runlog('rm', '--yes')).status).toBe(2);
});

it.each(['', ' ', '# aaaa', ' #a\n\t# b', 'SELECT run', 'select '])(
  'words that say nothing, %j, are not every run',
  async (word) => {
    for (const [name, ...more] of [
      ['rm', '--yes'],
      ['archive'],
      ['mv', join(place, 'other'), '--yes'],
    ])
      expect(await runlog(name as string, word, ...more)).toMatchObject({
        status: 2,
        out: '',
        err: `runlog: what: expected runs or a query, got ${JSON.stringify(word)}\n`,
      });
    expect((await runlog('ls')).out.split('\n')).toHaveLength(5);
  },
);

it('copies without asking, moves only when confirmed', async () => {
  const other = join(place, 'other');
  expect((await runlog('cp', '-1', HASHES[0], other)).out).toBe(
    `${HASHES[2]} copied to ${other}\n${HASHES[0]} copied to ${other}\n`,
  );
  const again = await runlog('cp', '-1', other);
  expect(again).toMatchObject({ status: 2, err: expect.stringContaining('it holds a run') });
  expect(await runlog('mv', HASHES[1], other)).toMatchObject({ status: 2, out: '' });
  expect((await runlog('mv', HASHES[1], other, '--yes', '--json')).out).toBe(
    `${JSON.stringify({ moved: [HASHES[1]], to: other }, undefined, 2)}\n`,
  );
  expect(await view(HASHES[1])).toBeUndefined();
  expect((await runlogHere(other, ['ls'])).out).toContain('wider layers');
  expect((await runlog('cp', other)).status).toBe(2);
});

it('a live run is not moved: exit code 4', async () => {
  const run = await Run.open({
    repo: join(place, 'kept'),
    runHash: 'live',
    systemTrackingInterval: null,
  });
  run.track(1, { name: 'loss' });
  run.flush();
  const { status, err } = await runlog('mv', 'live', join(place, 'other'), '--yes');
  expect([status, err]).toEqual([4, expect.stringMatching(/^runlog: RUN_LOCKED: /)]);
  await run.close();
});

it('compacts; what is deleted with hidden points only when confirmed', async () => {
  const run = await Run.open({
    repo: join(place, 'kept'),
    runHash: HASHES[0],
    systemTrackingInterval: null,
  });
  run.rewind({ step: 50 });
  await run.close();
  expect(await runlog('compact', '--drop-hidden')).toMatchObject({ status: 2, out: '' });
  const done = JSON.parse((await runlog('compact', '--drop-hidden', '--yes', '--json')).out) as {
    bytesBefore: number;
    rewritten: number;
  };
  expect(done).toMatchObject({ rewritten: 1, skipped: 0, reclaimed: 0 });
  expect((await runlog('compact')).out).toMatch(/^0 logs rewritten, 0 deleted runs reclaimed: /);
  expect((await runlog('size')).out).toMatch(
    /^[\d.]+ KiB in \d+ files of 3 runs: .*kept\/\.aim\n$/,
  );
});

it('a copy into the same repo is refused, without the advice to delete the only one', async () => {
  for (const name of ['cp', 'mv']) {
    const yes = name === 'mv' ? ['--yes'] : [];
    const { status, err } = await runlog(name, HASHES[0], 'kept', ...yes);
    expect([status, err]).toEqual([2, expect.stringContaining('it is the repo that')]);
    expect(err).not.toContain('delete it');
  }
});

it('an empty note is none', async () => {
  expect(await runlog('note', HASHES[0], ' ')).toMatchObject({
    status: 2,
    err: 'runlog: text: expected a note, got an empty string\n',
  });
});
