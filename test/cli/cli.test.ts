// The command as a process: what it prints, what it returns.

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, inject, it } from 'vitest';
import { Run } from '../../src/index.ts';
import { type Answer, runlogIn, workDirectory } from './command.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Answer => runlogIn(directory, args);

beforeAll(async () => {
  for (const runHash of ['baseline', 'abcd1111', 'abcd2222']) {
    const run = await Run.open({
      repo: join(directory, 'kept'),
      runHash,
      experiment: 'cli',
      tags: ['one'],
      name: `the ${runHash}`,
      systemTrackingInterval: null,
    });
    run.set('hparams', { lr: 0.001, layers: [1, 2] });
    for (let step = 0; step < 100; step += 1)
      run.track(step / 10, { name: 'loss', context: { subset: 'train' } });
    await run.close();
  }
});

it('says what to do where there is no repo, and in an empty one', () => {
  const missing = runlog('ls');
  expect(missing.status).toBe(2);
  expect(missing.err).toMatch(/^runlog: REPO_NOT_FOUND: .*runlog init/);
  expect(missing.err).not.toMatch(/\n\s+at /);
  expect(runlog('init', '--repo', 'empty').status).toBe(0);
  expect(runlog('ls', '--repo', 'empty').err).toMatch(
    /no runs in .* yet; a program records one with/,
  );
});

it('lists runs as a plain table in a pipe, newest first', () => {
  const lines = runlog('ls', '--repo', 'kept').out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^run {7}experiment {2}state/);
  expect(lines.slice(1).map((line) => line.split(/\s/)[0])).toEqual([
    'abcd2222',
    'abcd1111',
    'baseline',
  ]);
  expect(lines.join('')).not.toContain('\u001b');
});

it('lists runs as JSON', () => {
  const runs = JSON.parse(runlog('ls', '--repo', 'kept', '--json', '--limit', '1').out) as Record<
    string,
    unknown
  >[];
  expect(runs).toMatchObject([
    {
      hash: 'abcd2222',
      name: 'the abcd2222',
      experiment: 'cli',
      state: 'finished',
      tags: ['one'],
      archived: false,
      writers: ['main'],
    },
  ]);
});

it('shows a run by hash, by prefix and by place', () => {
  expect(runlog('show', 'baseline', '--repo', 'kept').out).toMatch(
    /loss\s+subset=train\s+100\s+9.9\d*\s+0\s+9.9/,
  );
  expect(runlog('show', 'abcd1', '--repo', 'kept').out).toContain('abcd1111');
  expect(runlog('show', '-1', '--repo', 'kept').out).toContain('abcd2222');
  const shown = JSON.parse(runlog('show', 'baseline', '--json', '--repo', 'kept').out) as {
    params: unknown;
    metrics: unknown[];
  };
  expect(shown.params).toEqual({ hparams: { lr: 0.001, layers: [1, 2] } });
  expect(shown.metrics).toMatchObject([{ name: 'loss', count: 100, lastStep: 99 }]);
});

it('refuses a prefix of two runs, an unknown run, an unknown command', () => {
  expect(runlog('show', 'abcd', '--repo', 'kept')).toMatchObject({
    status: 2,
    err: expect.stringContaining('HASH_AMBIGUOUS'),
  });
  expect(runlog('show', 'ffff', '--repo', 'kept')).toMatchObject({
    status: 2,
    err: expect.stringContaining('RUN_NOT_FOUND'),
  });
  expect(runlog('sho')).toMatchObject({ status: 2 });
});

it('verifies: 0 and no damage, 5 and the extent', () => {
  expect(runlog('verify', '--repo', 'kept')).toMatchObject({ status: 0, out: 'no damage\n' });
  const log = join(directory, 'kept/.aim/runs/baseline/logs/main');
  const manifest = readdirSync(log)
    .filter((name) => name.startsWith('manifest'))
    .sort()
    .at(-1) as string;
  writeFileSync(join(log, manifest), 'damaged');
  const damaged = runlog('verify', '--repo', 'kept');
  expect(damaged.status).toBe(5);
  expect(damaged.out).toContain(manifest);
});

it('repairs on order only, keeps the damaged file, and the run is readable and writable again', async () => {
  expect(runlog('repair', '--repo', 'kept')).toMatchObject({ status: 2, out: '' });
  await expect(
    Run.open({ repo: join(directory, 'kept'), runHash: 'baseline' }),
  ).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(runlog('repair', '--yes', '--repo', 'kept').out).toMatch(/put aside .*damaged-manifest/);
  const run = await Run.open({
    repo: join(directory, 'kept'),
    runHash: 'baseline',
    systemTrackingInterval: null,
  });
  run.track(1, { name: 'after' });
  await run.close();
  expect(runlog('show', 'baseline', '--repo', 'kept').out).toMatch(/loss\s+subset=train\s+100/);
});

it('ends quietly when its reader does', () => {
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const { stderr } = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" "${program}" show baseline --json --repo kept | head -c 1`],
    { cwd: directory, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
});
