// Children of a run: their output is passed on as it is and recorded as theirs, in any language, with
// how they ended; the arguments are checked, and what cannot be started is said.

import { spawnSync } from 'node:child_process';
import { errorMonitor } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repo, Run, type RunOptions, type RunView, type WrittenLine } from '../../src/index.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'runlog-spawn-')));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string, more: RunOptions = {}): Promise<Run> =>
  Run.open({ repo: directory, runHash, systemTrackingInterval: null, ...more });

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

async function linesOf(hash: string): Promise<WrittenLine[]> {
  const lines: WrittenLine[] = [];
  for await (const line of (await viewOf(hash)).terminalLines()) lines.push(line);
  return lines;
}

const textsOf = async (hash: string): Promise<string[]> =>
  (await linesOf(hash)).map((line) => line.text);

const real = { stdout: process.stdout, stderr: process.stderr };
let printed: Buffer[] = [];
/** Milliseconds that our stdout takes for a chunk. */
let delay = 0;

function replace(name: 'stdout' | 'stderr', value: unknown): void {
  Object.defineProperty(process, name, { value, configurable: true, writable: true });
}

beforeEach(() => {
  printed = [];
  delay = 0;
  for (const name of ['stdout', 'stderr'] as const)
    replace(
      name,
      new Writable({
        write(chunk: Buffer, _, done) {
          printed.push(chunk);
          if (delay === 0) done();
          else setTimeout(done, delay);
        },
      }),
    );
});

afterEach(() => {
  replace('stdout', real.stdout);
  replace('stderr', real.stderr);
});

const text = (): string => Buffer.concat(printed).toString();

describe('a child', () => {
  it('is recorded by stream and process, and passed on; its exit code comes back', async () => {
    const run = await open('plain');
    const result = await run.spawn('sh', ['-c', 'echo out; echo err >&2; printf part; exit 3']);
    await run.close();
    expect(result).toEqual({ pid: expect.any(Number), exitCode: 3, signal: null });
    const facts = (await linesOf('plain')).map(({ stream, text: line, child }) => [
      stream,
      line,
      child,
    ]);
    expect(facts.filter(([stream]) => stream === 'stdout')).toEqual([
      ['stdout', 'out', result.pid],
      ['stdout', 'part', result.pid],
    ]);
    expect(facts.filter(([stream]) => stream === 'stderr')).toEqual([
      ['stderr', 'err', result.pid],
    ]);
    expect(text()).toHaveLength('out\nerr\npart'.length);
  });

  it('ended by a signal says so; an abort sends SIGTERM', async () => {
    const run = await open('signal');
    expect(await run.spawn('sh', ['-c', 'kill -9 $$'])).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
    });
    const stopping = new AbortController();
    const onStart = (): void => stopping.abort();
    const ended = await run.spawn('sleep', ['60'], { signal: stopping.signal, onStart });
    expect(ended).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    await run.close();
  });

  it('in Python draws a progress bar, which is one line', async (context) => {
    if (spawnSync('python3', ['-c', '']).status !== 0) context.skip('python3 is not here');
    const run = await open('python');
    const program = [
      'import sys, time',
      'for i in range(5):',
      '    sys.stderr.write(f"\\r{i * 25}%|{chr(9608) * i}"); sys.stderr.flush(); time.sleep(0.01)',
      'sys.stderr.write("\\n"); print("done", "\\u4f60")',
    ].join('\n');
    await run.spawn('python3', ['-c', program], { env: { PYTHONIOENCODING: 'utf-8' } });
    await run.close();
    const lines = (await linesOf('python')).map(({ stream, text: line }) => `${stream} ${line}`);
    expect(lines.sort()).toEqual(['stderr 100%|\u2588\u2588\u2588\u2588', 'stdout done \u4f60']);
  });

  it('prints bytes that are no text: passed on as they are, marked in the line', async () => {
    const run = await open('bytes');
    await run.spawn('printf', ['a\\377b\\n\\303']);
    await run.close();
    expect(Buffer.concat(printed).toString('hex')).toBe('61ff620ac3');
    expect(await textsOf('bytes')).toEqual(['a\ufffdb', '\ufffd']);
  });

  it('runs where it is told, with the environment it is told, and reads what it is given', async () => {
    const run = await open('told');
    process.env['RUNLOG_TEST_GONE'] = 'x';
    const env = { RUNLOG_TEST: 'a b', RUNLOG_TEST_GONE: undefined };
    const script = 'pwd; echo "$RUNLOG_TEST,$RUNLOG_TEST_GONE"; cat; echo; echo "$1"';
    const args = ['-c', script, 'sh', '$HOME; "x"'];
    await run.spawn('sh', args, { cwd: directory, env, stdin: { text: 'given' } });
    await run.spawn('cat', []);
    // A child that does not read does not mind.
    await run.spawn('true', [], { stdin: { text: 'x'.repeat(1_000_000) } });
    delete process.env['RUNLOG_TEST_GONE'];
    await run.close();
    expect(await textsOf('told')).toEqual([directory, 'a b,', 'given', '$HOME; "x"']);
  });

  it('waits where our own stream is full; nothing is lost', async () => {
    delay = 5;
    const run = await open('slow');
    await run.spawn('sh', [
      '-c',
      'i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done',
    ]);
    await run.close();
    while (!text().endsWith('line 19999\n'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const texts = await textsOf('slow');
    expect(texts).toEqual(Array.from({ length: 20_000 }, (_, line) => `line ${line}`));
    expect(text()).toBe(`${texts.join('\n')}\n`);
    expect(process.stdout.listenerCount(errorMonitor)).toBe(0);
  });

  it('many at once: each its lines, no warning about listeners', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const run = await open('crowd', { captureTerminalLogs: true });
    const ended = await Promise.all(
      Array.from({ length: 15 }, (_, child) =>
        run.spawn('sh', ['-c', `echo ${child}; echo ${child}`]),
      ),
    );
    process.stdout.write('own\n');
    await run.close();
    process.off('warning', onWarning);
    const lines = await linesOf('crowd');
    expect(lines).toHaveLength(31);
    ended.forEach(({ pid }, child) => {
      const own = lines.filter((line) => line.child === pid).map((line) => line.text);
      expect(own).toEqual([String(child), String(child)]);
    });
    expect(warnings).toEqual([]);
  });

  it('is the child of its run, and output of the process to another', async () => {
    const parent = await open('parent', { captureTerminalLogs: true });
    const other = await open('other', { captureTerminalLogs: { colors: 'strip' } });
    const { pid } = await parent.spawn('printf', ['\\033[31mx\\033[0m\\n'], { colors: 'strip' });
    await parent.close();
    await other.close();
    const facts = async (hash: string): Promise<unknown[]> =>
      (await linesOf(hash)).map(({ text: line, child }) => [line, child]);
    expect(await facts('parent')).toEqual([['x', pid]]);
    expect(await facts('other')).toEqual([['x', undefined]]);
  });

  it('of a run that was closed meanwhile goes on, unrecorded', async () => {
    const run = await open('closed');
    const closed = join(directory, 'closed');
    const script = 'echo one; while [ ! -e "$0" ]; do sleep 0.05; done; echo two';
    const ended = run.spawn('sh', ['-c', script, closed]);
    while (text() === '') await new Promise((resolve) => setTimeout(resolve, 5));
    await run.close();
    writeFileSync(closed, '');
    expect(await ended).toMatchObject({ exitCode: 0 });
    await expect(run.spawn('true')).rejects.toThrow(/used after close/);
    expect(text()).toBe('one\ntwo\n');
    expect(await textsOf('closed')).toEqual(['one']);
  });

  it('of a disabled run runs as well', async () => {
    process.env['RUNLOG_MODE'] = 'disabled';
    const run = await open('disabled');
    delete process.env['RUNLOG_MODE'];
    expect(await run.spawn('echo', ['x'], { params: 'exec' })).toMatchObject({ exitCode: 0 });
    expect(text()).toBe('x\n');
    await run.close();
  });
});

describe('params', () => {
  it('tell command line, place and end, without secrets', async () => {
    const run = await open('params');
    const token = `ghp_${'a1B2c3D4e5'.repeat(4)}`.slice(0, 40);
    const { pid } = await run.spawn('sh', ['-c', 'exit 4', '--api-key', token], { params: 'exec' });
    await run.close();
    expect((await viewOf('params')).get('exec')).toEqual({
      command: ['sh', '-c', 'exit 4', '--api-key', '[redacted]'],
      cwd: process.cwd(),
      pid,
      exitCode: 4,
      signal: null,
      seconds: expect.any(Number),
    });
  });

  it('runs where the directory of the process was removed, which is not told', async () => {
    const run = await open('gone');
    const cwd = vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw Object.assign(new Error('uv_cwd'), { code: 'ENOENT' });
    });
    const result = await run.spawn('true', [], { params: 'child' });
    cwd.mockRestore();
    expect(result.exitCode).toBe(0);
    expect(run.get('child')).toMatchObject({ command: ['true'], exitCode: 0 });
    expect(run.get('child')).not.toHaveProperty('cwd');
    await run.close();
  });

  it('tell what could not be started', async () => {
    const run = await open('absent');
    const failing = run.spawn('no-such-program', ['x'], { params: ['a', 'b'] });
    await expect(failing).rejects.toMatchObject({ code: 'IO', cause: { code: 'ENOENT' } });
    await expect(run.spawn('/dev/null')).rejects.toMatchObject({ cause: { code: 'EACCES' } });
    await expect(run.spawn('true', [], { cwd: '/no/such' })).rejects.toThrow(/working directory/);
    await expect(run.spawn('true', ['x'.repeat(5_000_000)])).rejects.toThrow(/too long/);
    await run.close();
    expect((await viewOf('absent')).get(['a', 'b'])).toMatchObject({
      command: ['no-such-program', 'x'],
      error: expect.stringContaining('no such program'),
    });
  });
});

it('wrong arguments are named', async () => {
  const run = await open('slips');
  const cases: [unknown, unknown, unknown, RegExp][] = [
    ['', [], {}, /^command: expected a path/],
    ['a\0', [], {}, /^command/],
    ['true', 'x', {}, /^args: expected an array/],
    ['true', [7], {}, /^args\[0\]: expected a string/],
    ['true', [], { shell: true }, /^options\.shell: there is no such option/],
    ['true', [], { cwd: 7 }, /^cwd/],
    ['true', [], { env: { A: 7 } }, /^env\.A/],
    ['true', [], { stdin: 'pipe' }, /^stdin: expected 'ignore'/],
    ['true', [], { signal: 7 }, /^signal: expected an AbortSignal/],
    ['true', [], { params: [] }, /^params/],
    ['true', [], { colors: 'x' }, /colors/],
    ['true', [], { onStart: 7 }, /^onStart/],
  ];
  for (const [command, args, options, message] of cases)
    await expect(run.spawn(command as string, args as string[], options as object)).rejects.toThrow(
      message,
    );
  await run.close();
});
