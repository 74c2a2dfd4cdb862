// The capture of program and machine is a param of its run, in Aim's shape; each opening keeps its own,
// whoever else writes the run and whatever is rewritten; it delays nothing and ends with the run.

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, afterEach, describe, expect, inject, it } from 'vitest';
import { Repo, Run, type RunOptions, type RunView } from '../../src/index.ts';
import { durations } from '../../src/limits.ts';
import type { SystemParams } from '../../src/model/system-params.ts';

const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'runlog-system-params-')));
const home = process.cwd();
afterEach(() => process.chdir(home));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const repo = join(directory, 'repo');
const quiet = { repo, systemTrackingInterval: null } as const;

const git = (at: string, ...args: string[]): string =>
  execFileSync('git', ['-C', at, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], {
    encoding: 'utf8',
  }).trim();

/** A repository of git that the process is in from now on. */
function project(name: string): string {
  const at = join(directory, name);
  fs.mkdirSync(at);
  git(at, 'init', '--quiet', '--initial-branch=feature/testing');
  commit(at, 'first');
  process.chdir(at);
  return at;
}

function commit(at: string, message: string): void {
  git(at, 'commit', '--quiet', '--allow-empty', '-m', message);
}

const open = (runHash: string, more: RunOptions = {}): Promise<Run> =>
  Run.open({ ...quiet, runHash, logSystemParams: true, ...more });

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

/** Everything that will be known of the run is recorded: on a busy machine it takes its time. */
async function whole(run: Run): Promise<void> {
  for (;;) {
    const missing = run.get(['__system_params', 'missing']) as object | undefined;
    if (missing !== undefined && !Object.values(missing).includes('not known yet')) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function openedAndClosed(runHash: string, more: RunOptions = {}): Promise<void> {
  const run = await open(runHash, more);
  if (more.logSystemParams !== false) await whole(run);
  await run.close();
}

const messages = (view: RunView): (string | undefined)[] =>
  view.openings.map((each) => each.systemParams?.git_info?.commit?.message);

describe('a run', () => {
  it('has its capture at the path that a query asks for', async () => {
    const at = project('whole');
    const run = await open('whole');
    run.set('lr', 1);
    await whole(run);
    await run.close();
    const view = await viewOf('whole');
    expect(view.get(['__system_params', 'git_info', 'branch'])).toBe('feature/testing');
    const params = view.get('__system_params') as SystemParams;
    expect(params).toMatchObject({
      executable: process.execPath,
      arguments: process.argv.slice(1),
      cwd: at,
      git_info: { commit: { message: 'first', full_hash: git(at, 'rev-parse', 'HEAD') } },
      packages: { vitest: expect.stringMatching(/^\d/) },
      missing: {},
    });
    expect(params.env_variables?.['PATH']).toBe(process.env['PATH']);
    expect(view.openings[0]?.systemParams).toEqual(params);
    expect(view.get('lr')).toBe(1);
  });

  it('has none unless it is asked for, and its options are those of the capture', async () => {
    const at = project('options');
    fs.writeFileSync(join(at, 'new.js'), 'let a;\n'.repeat(100));
    git(at, 'add', '.');
    await (await Run.open({ ...quiet, runHash: 'none' })).close();
    await openedAndClosed('none', { logSystemParams: false });
    const view = await viewOf('none');
    expect(view.get('__system_params')).toBeUndefined();
    expect(view.openings.map((each) => each.systemParams)).toEqual([undefined, undefined]);
    const redact = { deny: ['PATH'] };
    await openedAndClosed('some', { logSystemParams: { diffSizeMax: 0 }, redact });
    expect((await viewOf('some')).get('__system_params')).toMatchObject({
      env_variables: { PATH: '[redacted]' },
      missing: { 'git_info.diff': 'not asked for: diffSizeMax is 0' },
    });
  });

  it('is ready while it runs, without a call of the program', async () => {
    project('ready');
    const run = await open('ready');
    expect(run.get('__system_params')).toBeUndefined();
    await whole(run);
    // Recorded and flushed with its turn, as any param.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await viewOf('ready')).get('__system_params')).toEqual(run.get('__system_params'));
    await run.close();
  });

  it('that is closed refuses what comes after, also while its capture is waited for', async () => {
    project('closing');
    const run = await open('closing');
    run.track(1, { name: 'loss' });
    const before = performance.now();
    const closing = run.close();
    expect(() => run.track(2, { name: 'loss' })).toThrow(/used after close/);
    await closing;
    const time = performance.now() - before;
    const view = await viewOf('closing');
    expect([view.metric('loss')?.count, view.state]).toEqual([1, 'finished']);
    const missing = Object.values(view.openings[0]?.systemParams?.missing ?? { all: 'missing' });
    // It was waited for: either it is whole, or the time was up.
    if (missing.length > 0) expect(time).toBeGreaterThan(durations.captureCloseMs - 20);
  });
});

describe('each opening', () => {
  it('keeps its own, a resume on another commit, by other writers, compacted', async () => {
    const at = project('openings');
    const first = await open('openings');
    for (let step = 0; step < 3000; step += 1) first.track(step, { name: 'loss', step });
    await whole(first);
    await first.close();
    commit(at, 'second');
    const second = await open('openings');
    second.track(1, { name: 'loss', step: 5000 });
    await whole(second);
    await second.close();
    await openedAndClosed('openings', { logSystemParams: false });
    commit(at, 'of another writer');
    await openedAndClosed('openings', { writer: 'other' });
    const expected = ['first', 'second', undefined, 'of another writer'];
    const view = await viewOf('openings');
    expect(messages(view)).toEqual(expected);
    expect(view.get(['__system_params', 'git_info', 'commit', 'message'])).toBe(
      'of another writer',
    );
    const opened = await Repo.open(repo);
    await opened.compact();
    await opened.compact({ dropHidden: true });
    expect(messages(await viewOf('openings'))).toEqual(expected);
    // Read before the compaction, asked after it.
    expect(messages(view)).toEqual(expected);
    const copy = join(directory, 'copy');
    await opened.copy('openings', copy);
    const copied = await (await Repo.open(copy)).run('openings');
    expect(copied && messages(copied)).toEqual(expected);
  });

  it('is not replaced by what the program sets there', async () => {
    project('set');
    const run = await open('set');
    await whole(run);
    run.set(['__system_params', 'note'], 'mine');
    await run.close();
    let view = await viewOf('set');
    expect(view.get(['__system_params', 'note'])).toBe('mine');
    expect(view.openings[0]?.systemParams).not.toHaveProperty('note');
    const again = await open('set', { logSystemParams: false });
    again.set('__system_params', 'something else');
    await again.close();
    view = await viewOf('set');
    expect(view.get('__system_params')).toBe('something else');
    expect(messages(view)).toEqual(['first', undefined]);
  });

  it('does not make the folded state grow: it holds the newest alone', async () => {
    project('grown');
    const previous = process.env['PADDING'];
    process.env['PADDING'] = 'word '.repeat(3000);
    try {
      for (let count = 0; count < 4; count += 1) await openedAndClosed('grown');
    } finally {
      if (previous === undefined) delete process.env['PADDING'];
      else process.env['PADDING'] = previous;
    }
    const { runFold } = await import('../../src/store/run-state.ts');
    const { Log } = await import('../../src/engine/index.ts');
    const log = await Log.open<unknown[]>(join(repo, '.aim/runs/grown/logs/main'), {
      readOnly: true,
      fold: runFold as never,
    });
    expect((log.state as unknown[][])[3]).toHaveLength(1);
    await log.close();
    expect(messages(await viewOf('grown'))).toHaveLength(4);
  });

  it('is left out where openings are listed or printed, and a copy that the caller may change', async () => {
    project('printed');
    await openedAndClosed('printed');
    const [opening] = (await viewOf('printed')).openings;
    expect(JSON.stringify(opening)).not.toContain('git_info');
    expect(Object.keys(opening ?? {})).not.toContain('systemParams');
    const params = opening?.systemParams as { git_info?: unknown };
    params.git_info = undefined;
    expect(opening?.systemParams?.git_info).toMatchObject({ branch: 'feature/testing' });
  });
});

describe('a process', () => {
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
      timeout: 60_000,
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
    fs.writeFileSync(join(bin, 'git'), `#!/bin/sh\necho $$ >> ${pids}\nexec sleep 1000\n`, {
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
      expect(run(['--eval', body(hash, then)], { cwd: at, env, timeout: 20_000 })).toBe(code);
      const params = await paramsOf(hash);
      expect(params.executable).toBe(process.execPath);
      expect(params.packages).toBeDefined();
      expect(params.missing['git_info']).toBe('the run ended before it was known');
    }
    expect(pidsOf(pids).filter(isAlive)).toEqual([]);
  });

  it('that is killed while git hangs has what was known', async () => {
    const at = project('killed');
    const env = {
      ...process.env,
      PATH: `${join(directory, 'hanging-bin')}:${process.env['PATH']}`,
    };
    const then = "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1500);";
    expect(run(['--eval', body('killed', then)], { cwd: at, env })).toBeNull();
    // A real one would end when it prints; this one never does, and nobody is left to end it.
    for (const pid of pidsOf(join(directory, 'hanging-pids')).filter(isAlive)) process.kill(pid);
    const params = await paramsOf('killed');
    expect(params.env_variables?.['PATH']).toBe(env.PATH);
    expect(params.missing).toMatchObject({ git_info: 'not known yet' });
    expect((await viewOf('killed')).openings[0]?.systemParams).toEqual(params);
  });

  it('that closes without awaiting and exits is recorded as closed', async () => {
    const at = project('unawaited');
    const then = "run.track(1, { name: 'loss' }); run.close(); process.exit(0);";
    expect(run(['--eval', body('unawaited', then)], { cwd: at })).toBe(0);
    const view = await viewOf('unawaited');
    expect([view.state, view.metric('loss')?.count]).toEqual(['finished', 1]);
  });
});
