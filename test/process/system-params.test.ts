// What a process captures of itself is there however it was started and however it ends; a git that hangs
// neither keeps it alive nor outlives it.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, expect, inject, it } from 'vitest';
import { Repo, type RunView, type SystemParams } from '../../src/index.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-system-params-')));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const repo = join(directory, 'repo');

/** A repository of git with one commit. */
function project(name: string): string {
  const at = join(directory, name);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', at, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
    });
  fs.mkdirSync(at);
  git('init', '--quiet', '--initial-branch=feature/testing');
  git('commit', '--quiet', '--allow-empty', '-m', 'first');
  return at;
}

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(repo)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

const pidsOf = (file: string): number[] =>
  fs.readFileSync(file, 'utf8').trim().split('\n').map(Number);

/** One that has ended may stay in the table until somebody asks for it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const library = pathToFileURL(join(inject('toolsDirectory'), 'src/index.js')).href;
const body = (runHash: string, then: string): string =>
  `import(${JSON.stringify(library)}).then(async ({ Run }) => {
    const run = await Run.open({ repo: ${JSON.stringify(repo)}, runHash: '${runHash}',
      logSystemParams: true, systemTrackingInterval: null });
    ${then}
  });`;
const close = `while (!run.get(['__system_params', 'missing']) || Object.values(
    run.get(['__system_params', 'missing'])).includes('not known yet'))
    await new Promise((resolve) => setTimeout(resolve, 5));
  await run.close();`;
const run = (args: string[], more: object = {}): number | null => {
  const { status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 120_000,
    ...more,
  });
  expect(stderr).toBe('');
  return status;
};
const paramsOf = async (hash: string): Promise<SystemParams> =>
  (await viewOf(hash)).get('__system_params') as SystemParams;

it('of text, standard input or a worker has no entry file, and all else', async () => {
  const at = project('texts');
  expect(run(['--eval', body('of-text', close)], { cwd: at })).toBe(0);
  expect(run(['-'], { cwd: at, input: body('of-input', close) })).toBe(0);
  const worker = `new (require('worker_threads').Worker)(${JSON.stringify(body('of-worker', close))}, { eval: true })`;
  expect(run(['--eval', worker], { cwd: at })).toBe(0);
  for (const hash of ['of-text', 'of-input', 'of-worker']) {
    const params = await paramsOf(hash);
    expect(params.missing).toEqual({ entry_file: 'the program was not started from a file' });
    expect(params).not.toHaveProperty('entry_file');
    expect(params.git_info?.root).toBe(at);
  }
});

it('of a file in a repository, started elsewhere, is of that repository and its packages', async () => {
  const at = project('elsewhere');
  const entry = join(at, 'train.cjs');
  fs.mkdirSync(join(at, 'node_modules/left-pad'), { recursive: true });
  fs.writeFileSync(join(at, 'node_modules/left-pad/package.json'), '{"version":"1.3.0"}');
  fs.writeFileSync(entry, body('of-file', close));
  expect(run([entry, '--password', 'abcdefgh12345678'], { cwd: directory })).toBe(0);
  expect(await paramsOf('of-file')).toMatchObject({
    entry_file: entry,
    cwd: directory,
    arguments: [entry, '--password', '[redacted]'],
    packages: { 'left-pad': '1.3.0' },
    git_info: { root: at, untracked: 2 },
  });
});

it('with a home that it cannot use, or a git that is not there, records the rest', async () => {
  const at = project('homeless');
  const env = { ...process.env, HOME: '/proc/nowhere', XDG_CONFIG_HOME: '/proc/nowhere' };
  expect(run(['--eval', body('homeless', close)], { cwd: at, env })).toBe(0);
  expect((await paramsOf('homeless')).git_info?.branch).toBe('feature/testing');
  const without = { ...process.env, PATH: directory };
  expect(run(['--eval', body('without', close)], { cwd: at, env: without })).toBe(0);
  const params = await paramsOf('without');
  expect(params.git_info).toMatchObject({ branch: 'feature/testing', root: at });
  expect(params.missing['git_info.diff']).toMatch(/^git is not installed/);
});

it('with a git that hangs ends when it would without us, and has what was known', async () => {
  const at = project('hanging');
  const bin = join(directory, 'hanging-bin');
  fs.mkdirSync(bin);
  const pids = join(directory, 'hanging-pids');
  fs.writeFileSync(join(bin, 'git'), `#!/bin/sh\necho $$ >> "${pids}"\nexec sleep 1000\n`, {
    mode: 0o755,
  });
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const waits = `while (!run.get('__system_params')?.packages)
    await new Promise((resolve) => setTimeout(resolve, 5));`;
  const ends: [string, string, number][] = [
    ['hung-closed', `${waits} await run.close();`, 0],
    ['hung-exit', `${waits} process.exit(7);`, 7],
    ['hung-open', waits, 0],
  ];
  for (const [hash, then, code] of ends) {
    expect(run(['--eval', body(hash, then)], { cwd: at, env, timeout: 120_000 })).toBe(code);
    const params = await paramsOf(hash);
    expect(params.executable).toBe(process.execPath);
    expect(params.packages).toBeDefined();
    // All of it, or what only git can tell: its files may have been read by then.
    expect(params.missing['git_info'] ?? params.missing['git_info.dirty']).toMatch(
      // Where the packages took longer than git may, it was given up by then.
      /^(the run ended before (it was known|git status answered)|git status took too long)$/,
    );
  }
  expect(pidsOf(pids).filter(isAlive)).toEqual([]);
});

it('that is killed while git hangs has what was known', async () => {
  const at = project('killed');
  const env = {
    ...process.env,
    PATH: `${join(directory, 'hanging-bin')}:${process.env['PATH']}`,
  };
  // What is known by the end of a turn is flushed with it.
  const then = `while (!run.get('__system_params')?.env_variables)
    await new Promise((resolve) => setTimeout(resolve, 5));
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);`;
  expect(run(['--eval', body('killed', then)], { cwd: at, env })).toBeNull();
  // A real one would end when it prints; this one never does, and nobody is left to end it.
  for (const pid of pidsOf(join(directory, 'hanging-pids')).filter(isAlive)) process.kill(pid);
  const params = await paramsOf('killed');
  expect(params.env_variables?.['PATH']).toBe(env.PATH);
  const ofGit = Object.keys(params.missing).filter((name) => name.startsWith('git_info'));
  expect(ofGit.length).toBeGreaterThan(0);
  for (const name of ofGit) expect(params.missing[name]).toBe('not known yet');
  expect((await viewOf('killed')).openings[0]?.systemParams).toEqual(params);
});

it('that closes without awaiting and exits is recorded as closed', async () => {
  const at = project('unawaited');
  const then = "run.track(1, { name: 'loss' }); run.close(); process.exit(0);";
  expect(run(['--eval', body('unawaited', then)], { cwd: at })).toBe(0);
  const view = await viewOf('unawaited');
  expect([view.state, view.metric('loss')?.count]).toEqual(['finished', 1]);
});
