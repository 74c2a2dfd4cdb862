// On a terminal: colours, the width of the lines, questions, values in place. Where there is no pseudo
// terminal to be had, this is skipped and says so.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';
import { noTerminal, play, screenOf } from './pseudo-terminal.ts';

const directory = workDirectory();
const lacking = noTerminal();
const children: ChildProcess[] = [];
const kept = ['--repo', 'kept'];

beforeAll(async () => {
  await makeRepo(directory);
});
beforeEach((context) => {
  if (lacking !== undefined) context.skip(lacking);
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

const ESC = '\u001b';

/** Types it once the question stands. */
function answer(text: string): (written: string) => string | undefined {
  let isTyped = false;
  return (written) => {
    if (isTyped || !written.includes('[y/N]')) return undefined;
    isTyped = true;
    return text;
  };
}

describe.concurrent('on a terminal', () => {
  it.each([
    [['verify'], 'verify: 0 of '],
    [['size'], 'size: 0 of '],
    [['compact'], 'size: 0 of '],
    [['export', '-o', 'points.csv'], 'rows, '],
    [['cp', HASHES[0], HASHES[1], 'other'], '0 of 2 to other'],
  ])('%j says how far it is, and takes that away', async (args, told) => {
    const { status, written, screen } = await play(directory, [...args, ...kept]);
    expect(status).toBe(0);
    expect(written).toContain(told);
    expect(screen.join('\n')).not.toContain(told);
  });

  it('lists with colours and cuts what is too long; NO_COLOR takes them away', async ({
    expect,
  }) => {
    const [coloured, plain] = await Promise.all([
      play(directory, ['ls', ...kept], { columns: 56 }),
      play(directory, ['ls', ...kept], { columns: 200, env: { NO_COLOR: '1' } }),
    ]);
    expect(coloured.written).toContain(`${ESC}[31mfailed${ESC}[39m`);
    expect(coloured.screen.every((line) => line.length <= 56)).toBe(true);
    expect(coloured.screen.some((line) => line.endsWith('...'))).toBe(true);
    expect(plain.written).not.toContain(ESC);
    expect(plain.screen.join('\n')).toMatchSnapshot();
  });

  it('draws curves as wide as it is', async ({ expect }) => {
    const { screen, written, status } = await play(
      directory,
      ['plot', '-1', '-2', '-m', 'loss', '-c', 'subset=train', '--log', '--height', '10', ...kept],
      { columns: 72 },
    );
    expect(status).toBe(0);
    expect(written).toContain(`${ESC}[36m`);
    expect(screen.every((line) => line.length <= 72)).toBe(true);
    expect(screen.join('\n')).toMatchSnapshot();
  });

  it('a question that is broken off does nothing: Ctrl-D says so, Ctrl-C ends it by its signal', async () => {
    const repo = join(directory, 'broken-off');
    await (await Run.open({ repo, runHash: 'only' })).close();
    const [ended, killed] = await Promise.all(
      ['\u0004', '\u0003'].map((key) =>
        play(directory, ['rm', 'only', '--repo', repo], { type: answer(key) }),
      ),
    );
    expect(ended?.written).toMatch(/\[y\/N\] .*\r\nrunlog: nothing was done\r\n$/s);
    expect(ended?.status).toBe(2);
    expect(killed?.written).toMatch(/\[y\/N\] [^\n]*\n$/s);
    // As the player says it: minus the number of SIGINT.
    expect(killed?.status).toBe(256 - 2);
    expect((await Repo.open(repo)).hashes()).toEqual(['only']);
  });

  it('asks before it deletes: no leaves the run, yes deletes it', async () => {
    const repo = join(directory, 'asked');
    for (const runHash of ['first', 'second']) await (await Run.open({ repo, runHash })).close();
    const [no, yes] = await Promise.all([
      play(directory, ['rm', 'first', '--repo', 'asked'], { type: answer('\n') }),
      play(directory, ['rm', 'second', '--repo', 'asked'], { type: answer('y\n') }),
    ]);
    expect(no).toMatchObject({ status: 2, written: expect.stringContaining('nothing was done') });
    expect(yes).toMatchObject({ status: 0, written: expect.stringContaining('second deleted') });
    const left = await Repo.open(repo);
    expect([(await left.run('first'))?.hash, await left.run('second')]).toEqual([
      'first',
      undefined,
    ]);
  });

  it('shows live values in place, and ends with the run', async () => {
    const program = `
      const { Run } = await import(process.argv[1]);
      const run = await Run.open({ repo: 'live', runHash: 'live', systemTrackingInterval: null });
      run.track(1, { name: 'loss' });
      run.flush();
      console.log('open');
      let step = 1;
      const clock = setInterval(() => run.track(step, { name: 'loss', step: step++ }), 20);
      process.stdin.once('data', () => {
        clearInterval(clock);
        run.close().then(() => process.exit());
      });`;
    const sources = join(inject('toolsDirectory'), 'src/index.js');
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, sources], {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    let drawn = 0;
    const { status, screen } = await play(directory, ['follow', 'live', '--repo', 'live'], {
      type: (written) => {
        drawn = written.split(`${ESC}[J`).length;
        if (drawn > 5) child.stdin.write('close\n');
        return undefined;
      },
    });
    expect(status).toBe(0);
    const view = await (await Repo.open(join(directory, 'live'))).run('live');
    const loss = view?.metric('loss');
    expect(screen.filter((line) => line !== '')).toEqual([
      expect.stringMatching(/^run {3}metric +step +value +points +age$/),
      expect.stringMatching(
        new RegExp(`^live  loss +${loss?.lastStep} +${loss?.last} +${loss?.count} +\\d+s$`),
      ),
    ]);
  });

  it('prints to it nothing that a run holds but text and colours', async () => {
    const { written } = await play(directory, ['show', HASHES[1], ...kept]);
    // screenOf refuses what is neither a place nor a colour.
    expect(screenOf(written).join('\n')).toContain('wider layers');
  });
});
