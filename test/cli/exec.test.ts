// `runlog exec`: what the program prints, its exit code and its signals pass through, and the run says
// how it went.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, inject, it } from 'vitest';
import type { RunView } from '../../src/index.ts';
import { textsIn, viewIn } from '../support/terminal-lines.ts';
import { type Answer, runlogIn, workDirectory } from './command.ts';

const directory = workDirectory();
const exec = (hash: string, ...args: string[]): Answer =>
  runlogIn(directory, ['exec', '--repo', directory, '--run-hash', hash, ...args]);

const viewOf = (hash: string): Promise<RunView> => viewIn(directory, hash);
const textsOf = (hash: string): Promise<string[]> => textsIn(directory, hash);

/** Starts it with pipes, and waits until the program has said that it is there. */
async function start(hash: string, script: string): Promise<ChildProcess> {
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const args = ['exec', '--repo', directory, '--run-hash', hash, '--', 'sh', '-c', script];
  const child = spawn(process.execPath, [program, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('close', resolve));

describe('what is printed', () => {
  it('is passed on as it is, and recorded; the hash stands on stderr alone', async () => {
    const { status, out, err } = exec(
      'plain',
      ...['--name', 'night', '-e', 'tuning', '--tag', 'a', '-t', 'b'],
      ...['--', 'sh', '-c', 'printf "10%%\\r20%%\\nend"; echo warn >&2'],
    );
    expect(status).toBe(0);
    expect(out).toBe('10%\r20%\nend');
    expect(err).toBe(`runlog: run plain in ${directory}/.aim\nwarn\n`);
    expect((await textsOf('plain')).sort()).toEqual(['20%', 'end', 'warn']);
    const view = await viewOf('plain');
    expect(view).toMatchObject({
      name: 'night',
      experiment: 'tuning',
      tags: ['a', 'b'],
      state: 'finished',
    });
    expect(view.get('exec')).toMatchObject({ exitCode: 0, signal: null, cwd: directory });
    expect(view.get(['exec', 'command'])).toEqual([
      'sh',
      '-c',
      'printf "10%%\\r20%%\\nend"; echo warn >&2',
    ]);
    expect(view.get(['__system_params', 'executable'])).toBe(process.execPath);
    expect(view.metric('__system__p_memory_percent')?.count).toBeGreaterThan(0);
  });

  it('of RUNLOG_MODE=disabled it is said that nothing is recorded, and an unknown mode ends it', () => {
    const words = ['exec', '--repo', join(directory, 'nowhere'), '--', 'echo', 'done'];
    const disabled = runlogIn(directory, words, { RUNLOG_MODE: 'disabled' });
    expect(disabled).toMatchObject({ status: 0, out: 'done\n' });
    expect(disabled.err).toBe('runlog: RUNLOG_MODE=disabled: nothing is recorded\n');
    const unknown = runlogIn(directory, words, { RUNLOG_MODE: 'off' });
    expect(unknown).toMatchObject({ status: 2, out: '' });
    expect(unknown.err).toMatch(
      /RUNLOG_MODE: expected 'disabled', or that it is not set, got "off"/,
    );
    expect(existsSync(join(directory, 'nowhere'))).toBe(false);
  });

  it('--quiet says nothing; options of the program are its own', async () => {
    const { status, out, err } = exec(
      'quiet',
      '-q',
      '--',
      'echo',
      '--name',
      'x',
      '--repo',
      '-q',
      '--',
      'y',
    );
    expect([status, out, err]).toEqual([0, '--name x --repo -q -- y\n', '']);
    expect((await viewOf('quiet')).name).toBeUndefined();
  });

  it.each([[[]], [['--']]])('options end at the program, also %j', async (between) => {
    const hash = `own-${between.length}`;
    const own = ['--name', 'foo', '-q', '--repo', 'nowhere', '--version', '--help', '--json'];
    const answer = exec(hash, '-q', '--name', 'ours', ...between, 'echo', 'x', '-c', '1', ...own);
    expect(answer).toEqual({ status: 0, out: `x -c 1 ${own.join(' ')}\n`, err: '' });
    expect((await viewOf(hash)).name).toBe('ours');
    const first = ['--repo', directory, 'exec', '--run-hash', hash, ...between, 'echo', '--repo'];
    expect(runlogIn(directory, first)).toMatchObject({ status: 0, out: '--repo\n' });
  });

  it('an option that there is not is refused before the program starts', () => {
    const answer = exec('refused', '--bogus', 'echo', 'x');
    expect(answer).toMatchObject({ status: 2, out: '' });
    expect(answer.err).toMatch(/unknown option '--bogus'/);
  });

  it('secrets and colours are left out of the lines on order', async () => {
    const token = `ghp_${'a1B2c3D4e5'.repeat(4)}`.slice(0, 40);
    const script = 'printf "\\033[32m%s\\033[0m ok\\n" "$1"';
    const { out } = exec(
      'redacted',
      '--redact',
      '--strip-colors',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      token,
    );
    expect(out).toBe(`\x1b[32m${token}\x1b[0m ok\n`);
    expect(await textsOf('redacted')).toEqual(['[redacted] ok']);
    expect((await viewOf('redacted')).get(['exec', 'command', 4])).toBe('[redacted]');
  });

  it('stdin is that of the command', () => {
    const program = join(inject('toolsDirectory'), 'src/cli/main.js');
    const args = ['exec', '-q', '--repo', directory, '--', 'tr', 'a-z', 'A-Z'];
    const { stdout } = spawnSync(process.execPath, [program, ...args], {
      input: 'hello',
      encoding: 'utf8',
    });
    expect(stdout).toBe('HELLO');
  });
});

describe('how it ends', () => {
  it('an exit code is passed on and recorded', async () => {
    expect(exec('three', '--', 'sh', '-c', 'echo x; exit 3').status).toBe(3);
    const view = await viewOf('three');
    expect(view.state).toBe('failed');
    expect(view.openings[0]?.error?.message).toBe('exit code 3');
    expect(view.get(['exec', 'exitCode'])).toBe(3);
  });

  it('a signal is 128 and its number', async () => {
    expect(exec('killed', '--', 'sh', '-c', 'kill -9 $$').status).toBe(137);
    const view = await viewOf('killed');
    expect(view.openings[0]?.error?.message).toBe('ended by SIGKILL');
    expect(view.get(['exec', 'signal'])).toBe('SIGKILL');
  });

  it('no such program is 127, one that cannot be run 126: said, and recorded', async () => {
    const missing = exec('missing', '-q', '--', 'no-such-program', 'x');
    expect(missing.status).toBe(127);
    expect(missing.err).toMatch(/^runlog: no-such-program: no such program/);
    expect((await viewOf('missing')).state).toBe('failed');
    expect(exec('locked-up', '-q', '--', '/dev/null')).toMatchObject({
      status: 126,
      err: 'runlog: /dev/null: not executable\n',
    });
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s reaches the program, which ends by it: %i', async (signal, code) => {
    const hash = `by-${signal.toLowerCase()}`;
    const child = await start(hash, 'echo there; exec sleep 60');
    child.kill(signal);
    expect(await endOf(child)).toBe(code);
    const view = await viewOf(hash);
    expect(view.state).toBe('failed');
    expect(view.openings[0]?.error?.message).toBe(`ended by ${signal}`);
    expect(await textsOf(hash)).toEqual(['there']);
  });

  it('a program that handles the signal says how it ends', async () => {
    const script = 'trap "echo bye; exit 5" TERM; echo there; while :; do sleep 0.05; done';
    const child = await start('handled', script);
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.kill('SIGTERM');
    expect(await endOf(child)).toBe(5);
    expect(out).toBe('bye\n');
    expect(await textsOf('handled')).toEqual(['there', 'bye']);
  });

  it('a reader that goes away ends the program', async () => {
    const child = await start('piped', 'exec yes');
    child.stdout?.destroy();
    // As in a shell: by SIGPIPE.
    expect(await endOf(child)).toBe(141);
    expect((await viewOf('piped')).state).toBe('failed');
    expect((await textsOf('piped'))[0]).toBe('y');
  });

  it('a reader in a shell has had enough: as with the program alone', () => {
    const program = join(inject('toolsDirectory'), 'src/cli/main.js');
    const own = `"${process.execPath}" "${program}" exec -q --repo "${directory}" --run-hash enough --`;
    const ended = (words: string): string[] => {
      const line = `${words} | head -1; echo "\${PIPESTATUS[*]}"; set -o pipefail; ${words} | head -1 >&2; echo $?`;
      // Of a locale that is not installed bash complains.
      const env = { ...process.env, LC_ALL: 'C' };
      const { stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8', env });
      return [stdout, stderr];
    };
    expect(ended(`${own} yes`)).toEqual(ended('yes'));
    expect(ended('yes')).toEqual(['y\n141 0\n141\n', 'y\n']);
  });

  it('runs also where no pipe can be made', () => {
    const args = ['exec', '--repo', directory, '--run-hash', 'nowhere', '-q', '--', 'echo', 'out'];
    const env = { TMPDIR: join(directory, 'not-there') };
    expect(runlogIn(directory, args, env)).toEqual({ status: 0, out: 'out\n', err: '' });
  });

  it('its output has the names that it has in a pipe', () => {
    const script = 'echo said > /dev/stderr; echo out > /dev/stdout; echo more > /proc/self/fd/1';
    const { status, out, err } = exec('names', '-q', '--', 'sh', '-c', script);
    expect([status, out, err]).toEqual([0, 'out\nmore\n', 'said\n']);
  });

  it('a run that is held refuses before anything is started', async () => {
    const child = await start('held', 'echo there; exec sleep 60');
    const second = exec('held', '--', 'touch', join(directory, 'started'));
    expect(second.status).toBe(4);
    expect(second.err).toMatch(/^runlog: RUN_LOCKED/);
    expect(spawnSync('test', ['-e', join(directory, 'started')]).status).toBe(1);
    child.kill('SIGTERM');
    await endOf(child);
  });
});

it('wrong usage is 2 and starts nothing', () => {
  expect(runlogIn(directory, ['exec']).status).toBe(2);
  const { status, err } = runlogIn(directory, ['exec', '--nmae', 'x', '--', 'true']);
  expect(status).toBe(2);
  expect(err).toContain("unknown option '--nmae'");
});

it('Ctrl-C of a terminal reaches the program once, which says how it ends', async (context) => {
  if (spawnSync('script', ['--version']).status !== 0) context.skip('script(1) is not here');
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const lines = [
    'trap "echo interrupted; n=1" INT',
    'echo there',
    'while [ -z "$n" ]; do sleep 0.05; done',
    'sleep 0.3',
    'exit 7',
  ];
  const file = join(directory, 'trap.sh');
  writeFileSync(file, lines.join('\n'));
  // In place of the shell of script(1): dash would wait for it, and itself die of the Ctrl-C.
  const shell = `exec "${process.execPath}" "${program}" exec -q --repo "${directory}" --run-hash ctrl-c -- sh "${file}"`;
  const child = spawn('script', ['-qec', shell, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let out = '';
  const there = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes('there')) resolve();
    });
  });
  await there;
  child.stdin.write('\x03');
  expect(await endOf(child)).toBe(7);
  expect(out.match(/interrupted/g)).toHaveLength(1);
  const texts = await textsOf('ctrl-c');
  expect(texts.filter((text) => text === 'interrupted')).toHaveLength(1);
  expect((await viewOf('ctrl-c')).openings[0]?.error?.message).toBe('exit code 7');
});

it('on a terminal the program is told of colours and width', (context) => {
  if (spawnSync('script', ['--version']).status !== 0) context.skip('script(1) is not here');
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const shell = `"${process.execPath}" "${program}" exec -q --repo "${directory}" -- sh -c 'echo "$FORCE_COLOR,$PYTHONUNBUFFERED,\${COLUMNS:+wide}"'`;
  const env = { ...process.env };
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'COLUMNS', 'PYTHONUNBUFFERED']) delete env[name];
  const { stdout } = spawnSync('script', ['-qec', shell, '/dev/null'], { encoding: 'utf8', env });
  expect(stdout.trim()).toBe('1,1,wide');
});
