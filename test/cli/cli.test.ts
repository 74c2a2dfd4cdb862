// The first commands: what they print, what they return.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';
import { Image, Run, Text } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> => runlogHere(directory, args);

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

it('says what to do where there is no repo, and in an empty one', async () => {
  const missing = await runlog('ls');
  expect(missing.status).toBe(2);
  expect(missing.err).toMatch(/^runlog: REPO_NOT_FOUND: .*runlog init/);
  expect(missing.err).not.toMatch(/\n\s+at /);
  expect((await runlog('init', '--repo', 'empty')).status).toBe(0);
  expect((await runlog('ls', '--repo', 'empty')).err).toMatch(
    /no runs in .* yet; a program records one with/,
  );
});

it('lists runs as a plain table in a pipe, newest first', async () => {
  const lines = (await runlog('ls', '--repo', 'kept')).out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^run {7}experiment {2}state/);
  expect(lines.slice(1).map((line) => line.split(/\s/)[0])).toEqual([
    'abcd2222',
    'abcd1111',
    'baseline',
  ]);
  expect(lines.join('')).not.toContain('\u001b');
});

it('lists runs as JSON', async () => {
  const runs = JSON.parse(
    (await runlog('ls', '--repo', 'kept', '--json', '--limit', '1')).out,
  ) as Record<string, unknown>[];
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

it('shows a run by hash, by prefix and by place', async () => {
  expect((await runlog('show', 'baseline', '--repo', 'kept')).out).toMatch(
    /loss\s+subset=train\s+100\s+9.9\d*\s+0\s+9.9/,
  );
  expect((await runlog('show', 'abcd1', '--repo', 'kept')).out).toContain('abcd1111');
  expect((await runlog('show', '-1', '--repo', 'kept')).out).toContain('abcd2222');
  const shown = JSON.parse((await runlog('show', 'baseline', '--json', '--repo', 'kept')).out) as {
    params: unknown;
    metrics: unknown[];
  };
  expect(shown.params).toEqual({ hparams: { lr: 0.001, layers: [1, 2] } });
  expect(shown.metrics).toMatchObject([{ name: 'loss', count: 100, lastStep: 99 }]);
});

it('shows the objects and the artifacts of a run, which has perhaps nothing else', async () => {
  const run = await Run.open({
    repo: join(directory, 'objects'),
    runHash: 'shown',
    systemTrackingInterval: null,
  });
  run.track(new Image({ data: new Uint8Array(4), width: 2, height: 2, channels: 1 }), {
    name: 'digit',
    context: { subset: 'val' },
    step: 3,
  });
  run.track([new Text('a'), new Text('b')], { name: 'answers', step: 1 });
  run.track(new Text('c'), { name: 'answers', step: 9 });
  await run.logArtifact(import.meta.filename, { name: 'source' });
  await run.logArtifact(import.meta.dirname, { name: 'tests', metadata: { of: 'cli' } });
  await run.close();
  const { out } = await runlog('show', '-1', '--repo', 'objects');
  expect(out).toMatch(/\nobjects +kind +context +points +steps\n/);
  expect(out).toMatch(/\nanswers +texts +2 +1\.\.9\n/);
  expect(out).toMatch(/\ndigit +images +subset=val +1 +3\.\.3\n/);
  expect(out).toMatch(/\nartifact +version +kind +files +size +logged +sha256 +metadata\n/);
  expect(out).toMatch(/\nsource +1 +file +1 +[\d.]+ KiB +20/);
  const shown = JSON.parse((await runlog('show', 'shown', '--json', '--repo', 'objects')).out);
  expect(shown.objects).toContainEqual(
    expect.objectContaining({ kind: 'texts', name: 'answers', count: 2, lastStep: 9 }),
  );
  expect(shown.artifacts).toMatchObject([
    {
      name: 'source',
      version: 1,
      kind: 'file',
      files: 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    { name: 'tests', kind: 'directory', metadata: { of: 'cli' }, writer: 'main' },
  ]);
});

it('refuses a prefix of two runs, an unknown run, an unknown command', async () => {
  expect(await runlog('show', 'abcd', '--repo', 'kept')).toMatchObject({
    status: 2,
    err: expect.stringContaining('HASH_AMBIGUOUS'),
  });
  expect(await runlog('show', 'ffff', '--repo', 'kept')).toMatchObject({
    status: 2,
    err: expect.stringContaining('RUN_NOT_FOUND'),
  });
  expect((await runlog('show', 'abc', '--repo', 'kept')).err).toMatch(/4 characters or more/);
  expect(await runlog('sho')).toMatchObject({ status: 2 });
});

it('verifies: 0 and no damage, 5 and the extent', async () => {
  expect(await runlog('verify', '--repo', 'kept')).toMatchObject({ status: 0, out: 'no damage\n' });
  const log = join(directory, 'kept/.aim/runs/baseline/logs/main');
  const manifest = readdirSync(log)
    .filter((name) => name.startsWith('manifest'))
    .sort()
    .at(-1) as string;
  writeFileSync(join(log, manifest), 'damaged');
  const damaged = await runlog('verify', '--repo', 'kept');
  expect(damaged.status).toBe(5);
  expect(damaged.out).toContain(manifest);
});

it('repairs on order only, keeps the damaged file, and the run is readable and writable again', async () => {
  expect(await runlog('repair', '--repo', 'kept')).toMatchObject({ status: 2, out: '' });
  await expect(
    Run.open({ repo: join(directory, 'kept'), runHash: 'baseline' }),
  ).rejects.toMatchObject({ code: 'CORRUPT' });
  expect((await runlog('repair', '--yes', '--repo', 'kept')).out).toMatch(
    /put aside .*damaged-manifest/,
  );
  const run = await Run.open({
    repo: join(directory, 'kept'),
    runHash: 'baseline',
    systemTrackingInterval: null,
  });
  run.track(1, { name: 'after' });
  await run.close();
  expect((await runlog('show', 'baseline', '--repo', 'kept')).out).toMatch(
    /loss\s+subset=train\s+100/,
  );
});
