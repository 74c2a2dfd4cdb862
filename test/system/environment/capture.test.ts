// A capture holds all that is known, none of the secrets, within its sizes; what is missing or cut says
// why; a part that fails or hangs costs itself alone.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { spellParams } from '../../../src/model/params.ts';
import { isCapture, type SystemParams } from '../../../src/model/system-params.ts';
import {
  Capture,
  type CaptureOptions,
  DIFF_SIZE,
} from '../../../src/system/environment/capture.ts';
import { type Program, readProgram } from '../../../src/system/environment/program.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-capture-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

// Made up, in the shape of real ones.
const token = `ghp_${'aB3dE6gH9j'.repeat(3)}aB3dE6`;
const password = 'hunter2-correct-horse';

const environment: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: directory,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: directory,
};

const git = (at: string, ...args: string[]): string =>
  execFileSync('git', ['-C', at, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], {
    env: environment,
    encoding: 'utf8',
  }).trim();

function project(name: string): string {
  const at = join(directory, name);
  fs.mkdirSync(join(at, 'node_modules/left-pad'), { recursive: true });
  const manifest = JSON.stringify({ name: 'left-pad', version: '1.3.0' });
  fs.writeFileSync(join(at, 'node_modules/left-pad/package.json'), manifest);
  fs.writeFileSync(join(at, '.gitignore'), 'node_modules\n');
  fs.writeFileSync(join(at, 'train.js'), 'let rate = 1;\n');
  git(directory, 'init', '--quiet', '--initial-branch=feature/testing', at);
  git(at, 'add', '.');
  git(at, 'commit', '--quiet', '-m', `uses ${token}`);
  return at;
}

const program = (at: string, more: Partial<Program> = {}): Program => ({
  ...readProgram(),
  env: environment,
  arguments: [join(at, 'train.js')],
  execArguments: [],
  entry: join(at, 'train.js'),
  directory: at,
  ...more,
});

async function captured(options: CaptureOptions): Promise<SystemParams> {
  const capture = new Capture(options);
  await capture.done;
  const params = capture.params();
  capture.stop();
  return params;
}

describe('a capture', () => {
  it('has the shape that Aim gives it, and what is known besides', async () => {
    const at = project('whole');
    const params = await captured({ program: program(at) });
    expect(params).toMatchObject({
      executable: process.execPath,
      arguments: [join(at, 'train.js')],
      exec_arguments: [],
      entry_file: join(at, 'train.js'),
      cwd: at,
      packages: { 'left-pad': '1.3.0' },
      packages_nested: {},
      git_info: { branch: 'feature/testing', dirty: false, diff: '', diff_truncated: false },
      node_version: process.version,
      versions: { v8: process.versions.v8 },
      os: { platform: process.platform, architecture: process.arch },
      missing: {},
      cut: {},
    });
    expect(Object.keys(params.git_info?.commit ?? {}).slice(0, 4)).toEqual([
      'hash',
      'full_hash',
      'timestamp',
      'author',
    ]);
    expect(params.cpu?.threads).toBeGreaterThan(0);
    expect(params.memory?.total).toBeGreaterThan(2 ** 20);
    expect(params.captured_at).toBeLessThanOrEqual(Date.now());
    expect(isCapture(params)).toBe(true);
    expect(isCapture({ branch: 'main' })).toBe(false);
  });

  it('has no secret of env, arguments, remote, message and diff, and counts them', async () => {
    const at = project('secrets');
    git(at, 'remote', 'add', 'origin', `https://ada:${password}@example.org/x.git`);
    fs.writeFileSync(join(at, 'train.js'), `const key = '${token}';\n`);
    const params = await captured({
      program: program(at, {
        env: {
          ...environment,
          API_KEY: password,
          HARMLESS: token,
          TOKENIZERS_PARALLELISM: 'false',
          BUILDKITE: 'true',
          BUILDKITE_BUILD_URL: `https://ada:${password}@ci.example.org/1`,
        },
        arguments: ['train.js', '--password', password, `--api-key=${password}`, '--rate=1'],
        execArguments: ['--require', `./x?token=${token}`],
      }),
    });
    const text = JSON.stringify(params);
    expect(text).not.toContain(token);
    expect(text).not.toContain(password);
    expect(params.env_variables).toMatchObject({
      API_KEY: '[redacted]',
      HARMLESS: '[redacted]',
      TOKENIZERS_PARALLELISM: 'false',
    });
    expect(params.arguments).toEqual([
      'train.js',
      '--password',
      '[redacted]',
      '--api-key=[redacted]',
      '--rate=1',
    ]);
    expect(params.git_info).toMatchObject({
      dirty: true,
      diff: expect.stringContaining('[redacted]'),
      commit: { message: 'uses [redacted]', hash: git(at, 'rev-parse', '--short', 'HEAD') },
    });
    const count = Object.values(params.redacted).reduce((sum, each) => sum + each, 0);
    expect(count).toBeGreaterThanOrEqual(9);
  });

  it('keeps what the options allow', async () => {
    const at = project('allowed');
    const params = await captured({
      program: program(at, { env: { ...environment, API_KEY: 'mine', PLAIN: 'x' } }),
      redact: { allow: ['API_KEY'], deny: ['PLAIN'] },
    });
    expect(params.env_variables).toMatchObject({ API_KEY: 'mine', PLAIN: '[redacted]' });
    expect(params.redacted['PLAIN']).toBe(1);
  });
});

describe('what is large', () => {
  it('10,000 variables, and values of any size, are kept within their limits, and it is said', async () => {
    const at = project('variables');
    const env: NodeJS.ProcessEnv = { ...environment, HUGE: 'x'.repeat(5_000_000) };
    for (let index = 0; index < 10_000; index += 1)
      env[`NAME_${index}`] = `value ${index} `.repeat(5);
    env['LAST'] = 'y'.repeat(20_000);
    const params = await captured({ program: program(at, { env }) });
    const kept = Object.entries(params.env_variables ?? {});
    const size = kept.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(size).toBeLessThanOrEqual(limits.capturedEnvironmentSizeMax);
    expect(size).toBeGreaterThan(limits.capturedEnvironmentSizeMax - 1000);
    expect(params.env_variables?.['HUGE']).toHaveLength(limits.capturedTextSizeMax);
    expect(params.env_variables?.['NAME_5']).toBe(env['NAME_5']);
    expect(params.cut['env_variables.HUGE']).toBe('longer than 16384 bytes');
    expect(params.cut['env_variables']).toBe(
      `${Object.keys(env).length - kept.length} of ${Object.keys(env).length} left out: more than 524288 bytes`,
    );
  });

  it('a diff is cut behind a line, at the size that was asked for', async () => {
    const at = project('diff');
    fs.writeFileSync(join(at, 'train.js'), 'a line of a file, one of many\n'.repeat(20_000));
    const params = await captured({ program: program(at) });
    const { diff = '', diff_truncated } = params.git_info ?? {};
    expect(diff_truncated).toBe(true);
    expect(Buffer.byteLength(diff)).toBeLessThanOrEqual(DIFF_SIZE);
    expect(Buffer.byteLength(diff)).toBeGreaterThan(DIFF_SIZE - 100);
    expect(diff.endsWith('one of many\n')).toBe(true);
    expect(params.cut['git_info.diff']).toMatch(/^longer than 65536 bytes/);
    const small = await captured({ program: program(at), diffSizeMax: 100 });
    expect(Buffer.byteLength(small.git_info?.diff ?? '')).toBeLessThanOrEqual(100);
    const none = await captured({ program: program(at), diffSizeMax: 0 });
    expect(none.git_info).toMatchObject({ dirty: true });
    expect(none.missing['git_info.diff']).toBe('not asked for: diffSizeMax is 0');
  });

  it('a secret that the cut of the diff divides leaves no part of it', async () => {
    const at = project('divided');
    fs.writeFileSync(join(at, 'train.js'), `${'x'.repeat(50)} ${token}\n${'y'.repeat(50_000)}\n`);
    for (let sizeMax = 170; sizeMax < 300; sizeMax += 30) {
      const params = await captured({ program: program(at), diffSizeMax: sizeMax });
      expect(params.git_info?.diff).not.toContain('ghp_');
    }
  });

  it('more than a thousand arguments, or one of megabytes, are cut', async () => {
    const at = project('arguments');
    const given = [
      'x'.repeat(2_000_000),
      ...Array.from({ length: 1500 }, (_, index) => `${index}`),
    ];
    const params = await captured({ program: program(at, { arguments: given }) });
    expect(params.arguments).toHaveLength(1000);
    expect(params.arguments?.[0]).toHaveLength(limits.capturedTextSizeMax);
    expect(params.cut).toMatchObject({ arguments: '501 of 1501 left out' });
  });
});

describe('what is missing', () => {
  it('says why: no entry, no directory, no repository, no git', async () => {
    const at = fs.mkdtempSync(join(directory, 'none-'));
    const params = await captured({
      program: program(at, { entry: undefined, user: undefined, arguments: [] }),
    });
    expect(params).toMatchObject({ git_info: {}, packages: {}, cwd: at });
    expect(params.missing).toEqual({
      entry_file: 'the program was not started from a file',
      user: 'the user id has no name',
      git_info: 'not a git repository',
    });
    const nowhere = program(at, { entry: undefined, directory: undefined });
    expect((await captured({ program: nowhere })).missing).toEqual({
      entry_file: 'the program was not started from a file',
      cwd: 'the current directory is gone',
      git_info: 'the current directory is gone',
      packages: 'there is neither an entry file nor a directory',
    });
    const bare = await captured({ program: program(at, { env: { PATH: directory } }) });
    expect(bare.missing).toEqual({ git_info: 'git is not installed, or not on PATH' });
  });

  it('the repository is that of the current directory when the entry is installed or has none', async () => {
    const at = project('current');
    const installed = join(at, 'node_modules/left-pad/cli.js');
    const outside = fs.mkdtempSync(join(directory, 'outside-'));
    const rootOf = async (more: Partial<Program>): Promise<string | undefined> =>
      (await captured({ program: program(at, more) })).git_info?.root;
    expect(await rootOf({ entry: installed, directory: outside })).toBeUndefined();
    expect(await rootOf({ entry: installed })).toBe(at);
    expect(await rootOf({ entry: join(outside, 'x.js') })).toBe(at);
    expect(await rootOf({ directory: outside })).toBe(at);
  });

  it('a git that hangs is missing in time; all else is there', async () => {
    const at = project('hanging');
    const bin = fs.mkdtempSync(join(directory, 'bin-'));
    fs.writeFileSync(join(bin, 'git'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    const env = { ...environment, PATH: `${bin}:${process.env['PATH']}`, ['PLAIN']: 'x' };
    const params = await captured({ program: program(at, { env }), timeoutMs: 2000 });
    expect(params.git_info).toMatchObject({ branch: 'feature/testing', root: at });
    expect(params.missing['git_info.dirty']).toBe('git status took too long');
    expect(params).toMatchObject({
      packages: { 'left-pad': '1.3.0' },
      env_variables: { PLAIN: 'x' },
    });
  });

  it('one that is stopped or late has what is known, and can be recorded at any time', async () => {
    const at = project('stopped');
    const capture = new Capture({ program: program(at) });
    const early = capture.params();
    expect(early.missing).toMatchObject({ git_info: 'not known yet', packages: 'not known yet' });
    expect(early.executable).toBe(process.execPath);
    expect(() => spellParams(early)).not.toThrow();
    capture.stop();
    await capture.done;
    expect(capture.params().missing).toMatchObject({
      git_info: 'the run ended before it was known',
      packages: 'the run ended before it was known',
    });
    const late = await captured({ program: program(at), timeoutMs: 0 });
    expect(late.missing['packages']).toBe('not known after 0 ms');
  });
});
