// Artifacts of a run are listed and fetched by the command: into the directory that was named and nowhere else,
// whatever they are called; whole or not at all; over nothing that was there unasked.

import { spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, ['artifacts', ...args, '--repo', 'kept']);

const HOSTILE = ['../../up', '/etc/passwd', '..', 'A', 'a', 'con', 'a\u001b[2J\n', '-rf'];

beforeAll(async () => {
  const source = join(directory, 'model');
  mkdirSync(join(source, 'deep/empty'), { recursive: true });
  writeFileSync(join(source, 'weights'), 'first');
  symlinkSync('weights', join(source, 'latest'));
  writeFileSync(join(directory, 'config.json'), '{}');
  const begin = { repo: join(directory, 'kept'), systemTrackingInterval: null };
  const run = await Run.open({ ...begin, runHash: 'run-1' });
  await run.logArtifact(source);
  writeFileSync(join(source, 'weights'), 'second');
  await run.logArtifact(source);
  await run.logArtifact(join(directory, 'config.json'), {
    name: 'config',
    metadata: { of: 'night', epochs: 3 },
  });
  await run.close();
  const other = await Run.open({ ...begin, runHash: 'hostile' });
  for (const name of HOSTILE) await other.logArtifact(join(directory, 'config.json'), { name });
  await other.close();
  await (await Run.open({ ...begin, runHash: 'none' })).close();
});

let count = 0;
let out = '';
beforeEach(() => {
  count += 1;
  out = join(directory, `out-${count}`);
});

/** Everything below a directory that is no directory. */
const below = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((each) => !lstatSync(join(path, each)).isDirectory())
    .sort();

describe('are listed', () => {
  it('each version a line; of one that is named its files', async () => {
    const { status, out: text } = await runlog('run-1');
    expect(status).toBe(0);
    expect(text.replace(/\d{4}-\S+ \S+/g, 'when')).toBe(
      [
        'artifact  version  kind       files     size  logged               sha256        metadata',
        'model           1  directory      3  5 bytes  when  b8dff0c44e44',
        'model           2  directory      3  6 bytes  when  105931b3d531',
        'config          1  file           1  2 bytes  when  44136fa355b3  {"of":"night","epochs":3}',
        '',
      ].join('\n'),
    );
    expect((await runlog('run-1', 'config')).out.split('\n')[1]).toBe(
      'metadata: {"of":"night","epochs":3}',
    );
    expect((await runlog('run-1', 'model')).out).toMatch(
      /^model:v2 {2}directory, 3 files, 6 bytes, sha256 [0-9a-f]{64}\npath +size +sha256\ndeep\/empty\/\nlatest -> weights\nweights +6 bytes +[0-9a-f]{12}\n$/,
    );
    expect((await runlog('run-1', 'model:v1')).out).toMatch(/^model:v1 .*5 bytes/);
  });

  it('as JSON with their entries', async () => {
    const [, second, third] = JSON.parse((await runlog('run-1', '--json')).out);
    expect(second).toMatchObject({
      name: 'model',
      version: 2,
      files: 3,
      entries: [
        { kind: 'directory', path: 'deep/empty' },
        { kind: 'link', path: 'latest', target: 'weights' },
        { kind: 'file', path: 'weights', size: 6 },
      ],
    });
    expect(third.name).toBe('config');
    expect(JSON.parse((await runlog('none', '--json')).out)).toEqual([]);
  });

  it('where there are none, or not the one that is named, that is said', async () => {
    expect(await runlog('none')).toEqual({
      status: 0,
      out: '',
      err: 'runlog: none has no artifacts; a program keeps files with: run.logArtifact(path)\n',
    });
    for (const [name, message] of [
      ['modle', 'artifact: run-1 has no modle; near: model; it has model, config'],
      ['model:v9', 'artifact: model has no version 9; the newest is 2'],
    ] as const)
      expect(await runlog('run-1', name)).toMatchObject({
        status: 2,
        err: `runlog: ${message}\n`,
      });
  });
});

describe('are fetched', () => {
  it('one into the directory, of several each into one of its own', async () => {
    const one = await runlog('run-1', 'model:v1', '--out', out);
    expect([one.status, one.err]).toEqual([0, `runlog: 1 artifact in ${out}\n`]);
    expect(one.out.split('\n').sort()).toEqual(
      ['', 'deep/empty', 'latest', 'weights'].map((each) => each && join(out, each)),
    );
    expect(readFileSync(join(out, 'latest'), 'utf8')).toBe('first');
    const all = join(out, 'all');
    const answer = JSON.parse((await runlog('run-1', '--out', all, '--json')).out);
    expect(below(all)).toEqual(['config/config.json', 'model/latest', 'model/weights']);
    expect(readFileSync(join(all, 'model/weights'), 'utf8')).toBe('second');
    expect(answer[1].paths).toEqual([join(all, 'config/config.json')]);
  });

  it('whatever they are called, into the directory only, and none over another', async () => {
    const { status, out: text } = await runlog('hostile', '--out', out);
    expect(status).toBe(0);
    const names = ['_', '___.._up', '_con', '_etc_passwd', '_rf', 'A', 'a_[2J_', 'a~2'];
    expect(below(out)).toEqual(
      [...names.slice(1), '__'].map((name) => `${name}/config.json`).sort(),
    );
    expect(text).not.toContain('\u001b');
    expect(existsSync(join(directory, 'up'))).toBe(false);
  });

  it('over nothing that is there unasked', async () => {
    await runlog('run-1', '--out', out);
    writeFileSync(join(out, 'model/weights'), 'mine');
    const refused = await runlog('run-1', '--out', out);
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.err).toContain(`Replace 3 files in ${out}? Nobody can be asked here`);
    expect(readFileSync(join(out, 'model/weights'), 'utf8')).toBe('mine');
    expect((await runlog('run-1', '--out', out, '--yes')).status).toBe(0);
    expect(readFileSync(join(out, 'model/weights'), 'utf8')).toBe('second');
  });

  it('through no link, whatever was asked for: exit code 6', async () => {
    mkdirSync(out);
    symlinkSync(directory, join(out, 'deep'));
    const { status, err } = await runlog('run-1', 'model', '--out', out, '--yes');
    expect(status).toBe(6);
    expect(err).toMatch(/^runlog: FILE_REFUSED: .*deep.*it is a link/);
    expect(readdirSync(out)).toEqual(['deep']);
  });

  it('one that is damaged is named, exit code 5; the others are there', async () => {
    const place = { repo: join(directory, 'broken'), systemTrackingInterval: null };
    const run = await Run.open({ ...place, runHash: 'run-1' });
    for (const name of ['bad', 'good']) {
      writeFileSync(join(directory, name), name.repeat(100));
      await run.logArtifact(join(directory, name));
    }
    await run.close();
    const { sha256 } =
      (await (await Repo.open(place.repo)).run('run-1'))?.artifact('bad') ?? expect.fail();
    const content = readdirSync(place.repo, { recursive: true, encoding: 'utf8' }).find(
      (each) => each.replaceAll('/', '').endsWith(sha256) || each.endsWith(sha256),
    );
    truncateSync(join(place.repo, content ?? ''), 3);
    const args = ['artifacts', 'run-1', '--out', out, '--repo', 'broken'];
    const { status, err } = await runlogHere(directory, args);
    expect([status, below(out)]).toEqual([5, ['good/good']]);
    expect(err).toMatch(/left out: artifact bad:v1: CORRUPT: .*\nrunlog: 1 artifact in /);
  });

  it('and ended by Ctrl-C: nothing is half there', async () => {
    const place = { repo: join(directory, 'large'), systemTrackingInterval: null };
    const file = join(directory, 'large.bin');
    writeFileSync(file, seeded('large', 1).bytes(1 << 20));
    for (let grown = 0; grown < 6; grown += 1)
      writeFileSync(file, Buffer.concat([readFileSync(file), readFileSync(file)]));
    const run = await Run.open({ ...place, runHash: 'run-1' });
    await run.logArtifact(file);
    await run.close();
    const program = join(inject('toolsDirectory'), 'src/cli/main.js');
    const child = spawn(
      process.execPath,
      [program, 'artifacts', 'run-1', '--out', out, '--repo', place.repo],
      { env: { ...process.env, RUNLOG_REPO: '' }, stdio: 'inherit' },
    );
    const ended = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? code)),
    );
    // Its folder aside, inside the directory.
    const isBegun = (): boolean => existsSync(out) && readdirSync(out).length > 0;
    while (child.exitCode === null && !isBegun())
      await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
    expect(readdirSync(out)).toEqual([]);
  });
});
