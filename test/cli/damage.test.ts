// Damage is never silent: `show` and `ls` name it beside what they could read, and say it in their exit
// code; `repair` says what it cannot mend.

import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';
import { remedyOf } from '../../src/cli/remedy.ts';
import { Run, RunlogError } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
let repo = '';
let count = 0;
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', repo]);
const log = (): string => join(directory, repo, '.aim/runs/whole/logs/main');

function newestFile(begin: string): string {
  const name = readdirSync(log())
    .filter((each) => each.startsWith(begin))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`${log()} has no ${begin}`);
  return join(log(), name);
}

function flipByte(file: string, place: number): void {
  const bytes = readFileSync(file);
  bytes[place] = (bytes[place] as number) ^ 1;
  writeFileSync(file, bytes);
}

beforeEach(async () => {
  count += 1;
  repo = `repo-${count}`;
  for (const runHash of ['other', 'whole']) {
    const run = await Run.open({
      repo: join(directory, repo),
      runHash,
      createdAt: runHash === 'other' ? 1000 : 2000,
      systemTrackingInterval: null,
    });
    for (let step = 0; step < 5000; step += 1) run.track(Math.sin(step), { name: 'loss' });
    await run.close();
  }
});

it('of one byte of sealed points is named by show, as text and as JSON, with exit code 5', async () => {
  const file = newestFile('rewritten-');
  flipByte(file, readFileSync(file).length >> 1);
  for (const args of [['-1'], ['whole', '--json']]) {
    const { status, err } = await runlog('show', ...args);
    expect(status).toBe(5);
    expect(err).toMatch(
      /^runlog: damaged: \d+ bytes of .*rewritten-.* \(.*\); run `runlog verify`$/m,
    );
  }
  const shown = JSON.parse((await runlog('show', 'whole', '--json')).out) as { damaged: unknown[] };
  expect(shown.damaged).toMatchObject([{ file, reason: expect.any(String) }]);
  expect(await runlog('show', 'other')).toMatchObject({ status: 0, err: '' });
});

it('of a manifest is named by show and by ls, which list the run', async () => {
  writeFileSync(newestFile('manifest-'), 'damaged');
  for (const args of [['show', 'whole'], ['ls'], ['ls', '--json']]) {
    const { status, out, err } = await runlog(...args);
    expect(status).toBe(5);
    expect(out).toContain('whole');
    expect(err).toMatch(/^runlog: damaged: 7 bytes of .*manifest-\d+ \(/m);
  }
});

it('of the edits leaves a run out, which ls and show -1 say', async () => {
  const edits = join(directory, repo, '.aim/runs/whole/edits');
  writeFileSync(join(edits, readdirSync(edits)[0] as string), 'damaged');
  const listed = await runlog('ls');
  expect(listed).toMatchObject({ status: 5, out: expect.stringContaining('other') });
  expect(listed.err).toMatch(/^runlog: left out: whole: CORRUPT: /);
  const newest = await runlog('show', '-1');
  expect(newest.out).toMatch(/^other/);
  expect(newest).toMatchObject({ status: 5, err: expect.stringContaining('left out: whole') });
  // The reason does not say the path that stands in the next column.
  const [, line] = (await runlog('verify')).out.trimEnd().split('\n');
  expect(line?.split('edits').length).toBe(2);
});

it('of sealed data stays: repair says so, mends what it can, and returns 5 as verify does', async () => {
  flipByte(newestFile('rewritten-'), 1000);
  writeFileSync(newestFile('manifest-'), 'damaged');
  const repaired = await runlog('repair', '--yes');
  expect(repaired.status).toBe((await runlog('verify')).status);
  expect(repaired.out).toMatch(/^put aside .*damaged-manifest/);

  const again = await runlog('repair', '--yes');
  expect(again.out).toMatch(/^nothing to repair\n/);
  expect(again.status).toBe((await runlog('verify')).status);
});

it('that only sealed data has: nothing to repair, and exit code 5', async () => {
  flipByte(newestFile('rewritten-'), 1000);
  const { status, out } = await runlog('repair', '--yes');
  expect(status).toBe(5);
  expect(out).toMatch(
    /^nothing to repair\ndamage in sealed data stays reported: nothing more can be/,
  );
  expect(out).toContain('rewritten-');
  const asJson = await runlog('repair', '--yes', '--json');
  expect(JSON.parse(asJson.out)).toMatchObject({ repaired: [], damaged: [{}] });
  expect((await runlog('verify')).status).toBe(5);
});

it('of a repo without any is not told: repair returns 0', async () => {
  expect(await runlog('repair', '--yes')).toMatchObject({
    status: 0,
    out: 'nothing to repair\n',
    err: '',
  });
});

describe('repair beside a run that is written now', () => {
  const open = () =>
    Run.open({ repo: join(directory, repo), runHash: 'other', systemTrackingInterval: null });

  it('mends the others, names it, and returns 0: nothing of it is damaged', async () => {
    const live = await open();
    live.track(1, { name: 'loss' });
    live.flush();
    writeFileSync(newestFile('manifest-'), 'damaged');
    const { status, out, err } = await runlog('repair', '--yes');
    expect(out).toMatch(/^put aside .*whole.*damaged-manifest/);
    expect(err).toMatch(
      /^runlog: left alone: other is written now by process \d+ on .*; .*not damaged\n$/,
    );
    expect(status).toBe(0);
    await live.close();
    expect((await runlog('verify')).status).toBe(0);
  });

  it('returns 4 where that run is the damaged one, and what can be done', async () => {
    const live = await open();
    live.track(1, { name: 'loss' });
    live.flush();
    const own = join(directory, repo, '.aim/runs/other/edits');
    writeFileSync(join(own, readdirSync(own)[0] as string), 'damaged');
    const { status, out, err } = await runlog('repair', '--yes', '--json');
    expect(JSON.parse(out)).toMatchObject({
      repaired: [],
      held: [{ run: 'other', writer: 'main', damaged: true, pid: process.pid }],
    });
    expect(err).toMatch(/other is written now.*damaged.*end it and repair again/);
    expect(status).toBe(4);
    await live.close();
    expect(await runlog('repair', '--yes')).toMatchObject({ status: 0 });
    expect((await runlog('show', 'other')).status).toBe(0);
  });
});

describe('what the file system refuses', () => {
  it.each([
    ['ls'],
    ['show', '-1'],
    ['metrics'],
    ['verify'],
    ['size'],
    ['compact'],
    ['repair', '--yes'],
  ])('%s is one line, exit code 6', async (...args) => {
    const place = join(directory, 'odd');
    rmSync(place, { recursive: true, force: true });
    await runlogHere(directory, ['init', '--repo', 'odd']);
    rmSync(join(place, '.aim/runs'), { recursive: true, force: true });
    // A link to itself refuses root too.
    symlinkSync('runs', join(place, '.aim/runs'));
    const { status, out, err } = await runlogHere(directory, [...args, '--repo', 'odd']);
    expect([status, out]).toEqual([6, '']);
    expect(err).toMatch(/^runlog: IO: \S+odd\/\.aim.*ELOOP.*\n$/);
  });

  it('comes with what to do, however deep it lies', () => {
    const refused = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    const deep = new RunlogError('IO', 'x', { cause: new Error('y', { cause: refused }) });
    expect(remedyOf(deep)).toMatch(/ask for the rights/);
    expect(remedyOf(new RunlogError('IO', 'x'))).toBeUndefined();
    expect(
      remedyOf(
        new RunlogError('IO', 'x', { cause: Object.assign(new Error(), { code: 'ENOTDIR' }) }),
      ),
    ).toBeUndefined();
  });
});
