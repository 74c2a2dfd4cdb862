// The capture of program and machine is a param of its run, in Aim's shape; each opening keeps its own,
// whoever else writes the run and whatever is rewritten; it delays nothing and ends with the run.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Log } from '../../src/engine/index.ts';
import { Repo, Run, type RunOptions, type RunView } from '../../src/index.ts';
import { durations } from '../../src/limits.ts';
import type { SystemParams } from '../../src/model/system-params.ts';
import { runFold } from '../../src/store/run-state.ts';

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

it('no secret is in a record or a byte of the repo', async () => {
  // Made up, in the shape of real ones.
  const secrets = [
    `ghp_${'aB3dE6gH9j'.repeat(3)}aB3dE6`,
    'pa55-of-the-remote',
    'k3y-of-the-environment',
  ];
  const at = project('secrets');
  git(at, 'remote', 'add', 'origin', `https://ada:${secrets[1]}@example.org/x.git`);
  fs.writeFileSync(join(at, 'new.js'), `const key = '${secrets[0]}';\n`);
  git(at, 'add', '.');
  commit(at, `uses ${secrets[0]}`);
  fs.writeFileSync(join(at, 'new.js'), `fetch('https://ada:${secrets[1]}@example.org');\n`);
  process.env['SERVICE_API_KEY'] = secrets[2];
  try {
    await openedAndClosed('secrets');
  } finally {
    delete process.env['SERVICE_API_KEY'];
  }
  const params = (await viewOf('secrets')).get('__system_params') as SystemParams;
  expect(params.git_info).toMatchObject({ dirty: true, diff: expect.stringContaining('+fetch') });
  expect(params.env_variables?.['SERVICE_API_KEY']).toBe('[redacted]');
  const place = join(repo, '.aim/runs/secrets');
  const log = await Log.open(join(place, 'logs/main'), { readOnly: true });
  const records = JSON.stringify([...log.records()].map((each) => each.body));
  await log.close();
  const files = fs
    .readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => fs.readFileSync(join(each.parentPath, each.name), 'latin1'));
  expect(records).toContain('SERVICE_API_KEY');
  for (const secret of secrets)
    for (const text of [records, ...files]) expect(text.includes(secret)).toBe(false);
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
