// Wrong usage, places of repos, and texts of a repo: what the command says, where it says it.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { beforeAll, describe, expect, inject, it } from 'vitest';
import { exitCodeHelp } from '../../src/cli/exit-code.ts';
import { Repo, Run, type RunView } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> => runlogHere(directory, args);

describe('wrong usage', () => {
  it.each([
    ['an unknown command', ['sho'], /^runlog: unknown command 'sho'/],
    ['an unknown option', ['ls', '--jsno'], /^runlog: unknown option '--jsno'/],
    ['an unknown option after a run', ['show', 'killme', '--jsno'], /unknown option '--jsno'/],
    ['a missing run', ['show'], /^runlog: missing required argument 'run'/],
    ['one run too many', ['show', '-1', '-2'], /^runlog: too many arguments/],
    ['a limit that is none', ['ls', '--limit', 'x'], /^runlog: option '-n, --limit <count>'/],
    ['an empty file', ['export', '-o', ''], /^runlog: option '-o, --output <file>' argument '' is/],
    [
      'an empty directory',
      ['values', '-1', 'x', '--out', ''],
      /'--out <directory>'.*expected a path/,
    ],
    ['no directory', ['artifacts', '-1', '--out='], /'--out <directory>'.*expected a path/],
    ['help of an unknown command', ['help', 'sho'], /^runlog: unknown command 'sho'/],
    ['a near command', ['lss'], /^runlog: unknown command 'lss'\n\(Did you mean ls\?\)\n/],
    ['a near option', ['ls', '--ordr', 'x'], /'--ordr'\n\(Did you mean --order\?\)\n/],
  ])('%s: exit code 2, and where help is', async (_, args, message) => {
    const { status, out, err } = await runlog(...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).toMatch(/see `runlog( \w+)? --help`/);
  });

  it('an empty run: named, exit code 2', async () => {
    expect((await runlog('init', '--repo', 'some')).status).toBe(0);
    expect(await runlog('show', '', '--repo', 'some')).toMatchObject({
      status: 2,
      err: 'runlog: run: expected a hash, a prefix or -1, got an empty string\n',
    });
  });
});

it('help lists the exit codes that spec/errors.md lists', async () => {
  expect((await runlog('--help')).out).toContain(exitCodeHelp);
  const page = readFileSync(resolve(import.meta.dirname, '../../spec/errors.md'), 'utf8');
  const listed = [...page.matchAll(/^\| (\d) \| ([^|]*) \|/gm)].map(
    ([, code, meaning]) => `${code}  ${meaning}`,
  );
  expect(listed).toEqual(
    exitCodeHelp
      .split('\n')
      .slice(1)
      .map((line) => line.trim()),
  );
  expect((await runlog('show', '--help')).out).toMatch(
    /4\s+characters or more[\s\S]*-2 for the\s+one/,
  );
});

describe('places', () => {
  it('no runs yet: show -1 says so, and the one before the only run', async () => {
    await runlog('init', '--repo', 'few');
    const empty = await runlog('show', '-1', '--repo', 'few');
    expect(empty.status).toBe(2);
    expect(empty.err).toContain('no runs yet');
    await (await Run.open({ repo: join(directory, 'few'), systemTrackingInterval: null })).close();
    expect((await runlog('show', '-1', '--repo', 'few')).status).toBe(0);
    expect((await runlog('show', '-12', '--repo', 'few')).err).toContain('-12: 1 run only');
  });

  it('RUNLOG_REPO is where init makes a repo; without one its path is said to come from there', async () => {
    const env = { RUNLOG_REPO: join(directory, 'named') };
    const missing = await runlogHere(directory, ['ls'], env);
    expect(missing.status).toBe(2);
    expect(missing.err).toMatch(
      /named\/\.aim: no runlog repo here.*the path is that of RUNLOG_REPO/,
    );
    expect((await runlogHere(directory, ['ls', '--repo', 'nowhere'], env)).err).not.toContain(
      'RUNLOG_REPO',
    );
    const made = await runlogHere(directory, ['init'], env);
    expect(made.out).toBe(
      `${env.RUNLOG_REPO}/.aim: runs of ${env.RUNLOG_REPO} and below are kept here\n`,
    );
    expect(existsSync(join(directory, '.aim'))).toBe(false);
    expect((await runlogHere(directory, ['ls'], env)).status).toBe(0);
  });

  it('init makes one in this directory also below another', async () => {
    await runlog('init', '--repo', 'above');
    const below = join(directory, 'above/below');
    mkdirSync(below);
    expect((await runlogHere(below, ['init'])).status).toBe(0);
    expect(existsSync(join(below, '.aim/runlog.json'))).toBe(true);
  });
});

describe('a repo with more runs than are listed', () => {
  beforeAll(async () => {
    for (let index = 0; index < 5; index += 1)
      await (
        await Run.open({
          repo: join(directory, 'many'),
          runHash: `run-${index}`,
          systemTrackingInterval: null,
        })
      ).close();
  });

  it('is said beside the list', async () => {
    const note = 'runlog: 3 of 5 runs; --limit for more, --offset for the next\n';
    expect(await runlog('ls', '--limit', '3', '--repo', 'many')).toMatchObject({
      status: 0,
      err: note,
    });
    const asJson = await runlog('ls', '--limit', '3', '--json', '--repo', 'many');
    expect(asJson.err).toBe(note);
    expect(JSON.parse(asJson.out)).toHaveLength(3);
    expect((await runlog('ls', '--limit', '5', '--repo', 'many')).err).toBe('');
  });
});

it('text of a repo neither breaks a row nor reaches the terminal; JSON has it exactly', async () => {
  const nasty = 'a\nb\u001b[31mred\u009b';
  const run = await Run.open({
    repo: join(directory, 'texts'),
    runHash: 'nasty',
    tags: [nasty],
    systemTrackingInterval: null,
  });
  run.name = nasty;
  run.description = nasty;
  run.experiment = nasty;
  run.addNote(nasty);
  run.set(['plain', nasty], nasty);
  run.track(1, { name: nasty, context: { [nasty]: nasty } });
  run.fail(new Error(nasty));
  await run.close();
  for (const args of [['ls'], ['show', 'nasty']]) {
    const { out } = await runlog(...args, '--repo', 'texts');
    expect(out).toContain('a\\nb\\x1b[31mred\\x9b');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(out).not.toMatch(/^b/m);
  }
  const [listed] = JSON.parse((await runlog('ls', '--json', '--repo', 'texts')).out) as unknown[];
  expect(listed).toMatchObject({ name: nasty, tags: [nasty] });
  const shown: unknown = JSON.parse(
    (await runlog('show', 'nasty', '--json', '--repo', 'texts')).out,
  );
  expect(shown).toMatchObject({ params: { plain: { [nasty]: nasty } } });
});

it('params of every kind are shown', async () => {
  const run = await Run.open({
    repo: join(directory, 'params'),
    runHash: 'kinds',
    systemTrackingInterval: null,
  });
  run.set('kinds', {
    big: 2n ** 60n,
    notNumber: Number.NaN,
    map: new Map([['a', 1]]),
    minus: -0,
    nothing: {},
    list: [1n, { x: Number.POSITIVE_INFINITY }],
  });
  await run.close();
  const { status, out } = await runlog('show', 'kinds', '--repo', 'params');
  expect(status).toBe(0);
  for (const line of [
    /^kinds\.big +1152921504606846976$/m,
    /^kinds\.notNumber +NaN$/m,
    /^kinds\.map +\{"a":1\}$/m,
    /^kinds\.minus +-0$/m,
    /^kinds\.nothing +\{\}$/m,
    /^kinds\.list +\["1",\{"x":"Infinity"\}\]$/m,
  ])
    expect(out).toMatch(line);
});

it('a killed run took the time until its last sign of life, and no more as time goes on', async () => {
  const program = `
    const { Run } = await import(process.argv[1]);
    const run = await Run.open({ repo: 'killed', runHash: 'dead', systemTrackingInterval: null });
    run.track(1, { name: 'loss' });
    // Until a heartbeat, of which the fence holds the time, is more than a second later.
    const { readFileSync } = await import('node:fs');
    const fence = 'killed/.aim/runs/dead/logs/main/fence-00000001';
    const since = Date.now();
    setInterval(() => {
      if (readFileSync(fence).readBigUInt64LE(16) > since + 1000)
        process.kill(process.pid, 'SIGKILL');
    }, 20);`;
  const sources = join(inject('toolsDirectory'), 'src/index.js');
  await new Promise((done) => {
    spawn(process.execPath, ['--input-type=module', '-e', program, sources], {
      cwd: directory,
    }).on('exit', done);
  });
  const view = await (await Repo.open(join(directory, 'killed'))).run('dead');
  expect(view?.state).toBe('killed');
  const [opening] = view?.openings ?? [];
  expect(opening).toMatchObject({ ending: 'killed', closedAt: undefined, thread: 0 });
  const { duration } = view as RunView;
  expect(duration).toBeGreaterThan(1000);
  expect(duration).toBeLessThan(60_000);
  await new Promise((done) => setTimeout(done, 20));
  await view?.refresh();
  expect(view?.duration).toBe(duration);
  expect(view?.endedAt).toBeUndefined();
  expect((await runlog('show', 'dead', '--repo', 'killed')).out).toMatch(
    /killed, created .*, took \d+m?s/,
  );
  // The next opening keeps what it found of the one before.
  const next = await Run.open({
    repo: join(directory, 'killed'),
    runHash: 'dead',
    systemTrackingInterval: null,
  });
  await next.close();
  await view?.refresh();
  expect(view?.openings).toMatchObject([
    { ending: 'killed', lastSeenAt: opening?.lastSeenAt, duration: opening?.duration },
    { ending: 'closed', resumed: true },
  ]);
});

it('what was pasted does not reach the terminal by way of an error', async () => {
  for (const args of [['\u001b[31m'], ['ls', '--\u001b[31m'], ['show', '\u001b[31m']]) {
    const { status, err } = await runlog(...args, '--repo', 'many');
    expect([status, err.includes('\u001b')]).toEqual([2, false]);
    expect(err).toMatch(/^runlog: .*\n/);
  }
});
