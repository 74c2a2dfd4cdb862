// Texts, images, distributions, figures and tables of a run: printed a line each, whole in a pipe, cut to a
// terminal; as JSON; and as files that are whole and take no other's place.

import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { bars } from '../../src/cli/bars.ts';
import { Distribution, Figure, Image, Run, type RunOptions, Table, Text } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { noTerminal, play } from './pseudo-terminal.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);
const values = (...args: string[]): Promise<Answer> => runlog('values', 'run-1', ...args);

const LONG = `${'long '.repeat(100)}end`;
const HOSTILE = '../../up\u001b[2J\nname';
const figure = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', mark: 'bar' };
const time = Date.UTC(2026, 0, 2, 3, 4, 5);

const open = (options: RunOptions): Promise<Run> =>
  Run.open({ repo: join(directory, 'kept'), systemTrackingInterval: null, ...options });

beforeAll(async () => {
  const run = await open({ runHash: 'run-1' });
  for (const step of [1, 20]) {
    run.track(new Text(step === 1 ? 'one\ntwo\u001b[31m' : LONG), { name: 'answers', step, time });
    const data = new Uint8Array(12).fill(step);
    const images = ['a', 'b'].map(
      (caption) => new Image({ data, width: 2, height: 2, channels: 3 }, { caption }),
    );
    run.track(images, { name: 'samples', step, time, context: { subset: 'val' } });
    run.track(new Distribution([0, 0, 0, 0, 1, 4], { binCount: 4 }), {
      name: 'weights',
      step,
      time,
    });
  }
  run.track(new Figure(figure), { name: 'curve', step: 1, time });
  run.track(new Table({ columns: [{ name: 'a', values: [1, Number.NaN] }] }), {
    name: 'rows',
    step: -1,
    time,
  });
  run.track(new Text('hostile'), { name: HOSTILE, step: 0, time });
  run.track(1, { name: 'loss', step: 0, time });
  for (const subset of ['train', 'val'])
    run.track(new Text(subset), { name: 'said', step: 0, time, context: { subset } });
  await run.close();
  for (const writer of ['a', 'b']) {
    const other = await open({ runHash: 'run-2', writer });
    other.track(new Text(writer), { name: 'both', step: 1, time });
    other.track(writer === 'a' ? 1 : new Text('b'), { name: 'mixed', step: 1, time });
    await other.close();
  }
});

describe('in a pipe', () => {
  it('a text is a line, whole, with its control characters escaped', async () => {
    expect(await values('answers')).toEqual({
      status: 0,
      err: '',
      out: [
        'step  time                 text',
        '   1  2026-01-02 03:04:05  one\\ntwo\\x1b[31m',
        `  20  2026-01-02 03:04:05  ${LONG}`,
        '',
      ].join('\n'),
    });
  });

  it('others say what they are', async () => {
    expect((await values('samples')).out.split('\n').slice(0, 3)).toEqual([
      'step  no  time                 format  pixels      size  caption',
      '   1   1  2026-01-02 03:04:05  png        2x2  72 bytes  a',
      '   1   2  2026-01-02 03:04:05  png        2x2  72 bytes  b',
    ]);
    expect((await values('weights')).out.split('\n')[1]).toBe(
      '   1  2026-01-02 03:04:05        6  0.833333  0..4: 4 1 0 1',
    );
    expect((await values('curve')).out).toMatch(/format +size\n.* vega-lite +\d+ bytes\n$/);
    expect((await values('rows')).out).toMatch(/rows +size +columns\n +-1 .* 2 +\d+ bytes +a\n$/);
  });

  it('writers stand beside what they tracked, and each alone', async () => {
    const both = await runlog('values', 'run-2', 'both');
    expect(both.out.split('\n').map((line) => line.trim().split(/\s+/)[1])).toEqual([
      'writer',
      'a',
      'b',
      undefined,
    ]);
    expect((await runlog('values', 'run-2', 'both', '--writer', 'b')).out).not.toMatch(/ a$/m);
    expect((await runlog('values', 'run-2', 'both', '--writer', 'c')).err).toBe(
      'runlog: --writer: c has no both in run-2; a, b have\n',
    );
  });

  it('where nothing is in the range that is said', async () => {
    expect(await values('answers', '--from', '2', '--to', '20')).toEqual({
      status: 0,
      out: '',
      err: 'runlog: nothing there; answers has 2 steps, steps 1 to 20\n',
    });
  });
});

describe('on a terminal', () => {
  const screenOf = async (columns: number, name: string): Promise<readonly string[]> =>
    (await play(directory, ['values', 'run-1', name, '--repo', 'kept'], { columns })).screen;

  it('a text is cut to what is left of a line, and bins are bars', async (context) => {
    const reason = noTerminal();
    if (reason !== undefined) context.skip(reason);
    expect(await screenOf(60, 'answers')).toEqual([
      'step  time                 text',
      '   1  2026-01-02 03:04:05  one\\ntwo\\x1b[31m',
      `  20  2026-01-02 03:04:05  ${LONG.slice(0, 30)}...`,
      '',
    ]);
    expect((await screenOf(30, 'answers'))[2]).toBe(`  20  ${LONG.slice(0, 21)}...`);
    expect((await screenOf(80, 'weights'))[1]).toBe(
      '   1        6  0.833333  0 \u2588\u2582 \u2582 4',
    );
    for (const name of ['samples', 'weights'])
      for (const line of await screenOf(20, name)) expect(line.length).toBeLessThanOrEqual(20);
  });

  it('neighbours stand together where there are more bins than room; what is there is seen', () => {
    expect(bars([8, 0, 1, 4], 80)).toBe('\u2588 \u2581\u2584');
    expect(bars([2, 2, 4, 4, 8], 3)).toBe('\u2582\u2584\u2588');
    expect(bars([1e308, 1e308, 1], 1)).toBe('\u2588');
    expect(bars([1e-300, 1e308], 2)).toBe('\u2581\u2588');
    expect(bars([0, 0], 9)).toBe('  ');
    for (let count = 1; count <= 512; count += 7)
      expect(bars(new Array<number>(count).fill(1), 30).length).toBeLessThanOrEqual(30);
  });
});

describe('as JSON', () => {
  it('has contents whole, and what is known of them', async () => {
    const of = async (name: string) => JSON.parse((await values(name, '--json')).out);
    expect(await of('answers')).toMatchObject({
      run: 'run-1',
      kind: 'texts',
      count: 2,
      values: [
        { step: 1, time, writer: 'main', objects: [{ value: 'one\ntwo\u001b[31m', size: 12 }] },
        { step: 20, objects: [{ value: LONG }] },
      ],
    });
    const [, second] = (await of('samples')).values[0].objects;
    expect(second.attributes).toEqual({ format: 'png', width: 2, height: 2, caption: 'b' });
    expect(second.value).toBeUndefined();
    expect((await of('weights')).values[0].objects[0].value).toEqual({
      counts: [4, 1, 0, 1],
      edges: [0, 1, 2, 3, 4],
    });
    expect((await of('curve')).values[0].objects[0].value).toEqual(figure);
    expect((await of('rows')).values[0].objects[0].value.rows).toEqual([[1], ['NaN']]);
    expect(JSON.parse((await values('answers', '--json', '--from', '99')).out).values).toEqual([]);
  });
});

describe('in files', () => {
  let count = 0;
  let out = '';
  beforeEach(() => {
    count += 1;
    out = join(directory, `out-${count}`);
  });

  it('they are called by sequence, context, step and number, in the order of their steps', async () => {
    const { status, out: paths, err } = await values('samples', '--out', out);
    const names = ['01-1', '01-2', '20-1', '20-2'].map((each) => `samples_subset=val-${each}.png`);
    expect([status, err]).toEqual([0, `runlog: 4 files in ${out}\n`]);
    expect(paths).toBe(names.map((name) => `${join(out, name)}\n`).join(''));
    expect(readdirSync(out).sort()).toEqual(names);
    expect(
      readFileSync(join(out, names[0] as string))
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    await values('answers', '--out', out);
    expect(readFileSync(join(out, 'answers-20.txt'), 'utf8')).toBe(LONG);
    await values('rows', '--out', out);
    expect(existsSync(join(out, 'rows--1.json'))).toBe(true);
    await runlog('values', 'run-2', 'both', '--out', out);
    expect(readFileSync(join(out, 'both-1@b.txt'), 'utf8')).toBe('b');
    const json = JSON.parse((await values('answers', '--json', '--out', join(out, 'more'))).out);
    expect(json.values[0].objects[0].file).toBe(join(out, 'more/answers-01.txt'));
  });

  it('a name of the repo leads nowhere else', async () => {
    expect((await values(HOSTILE, '--out', out)).status).toBe(0);
    expect(readdirSync(out)).toEqual(['___.._up_[2J_name-0.txt']);
  });

  it('what is there stays unless it was asked about, links too; and then nothing is written', async () => {
    mkdirSync(out);
    writeFileSync(join(out, 'answers-20.txt'), 'mine');
    symlinkSync('nowhere', join(out, 'answers-01.txt'));
    expect(await values('answers', '--out', out)).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining(`Replace 2 files in ${out}? Nobody can be asked here`),
    });
    expect(readFileSync(join(out, 'answers-20.txt'), 'utf8')).toBe('mine');
    expect((await values('answers', '--out', out, '--yes')).status).toBe(0);
    expect(readFileSync(join(out, 'answers-20.txt'), 'utf8')).toBe(LONG);
    expect(readdirSync(out).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('a directory that cannot be one is said, exit code 6; a metric is no files', async () => {
    writeFileSync(out, '');
    expect(await values('answers', '--out', join(out, 'below'))).toMatchObject({
      status: 6,
      err: expect.stringMatching(/^runlog: IO: .*below/),
    });
    expect(await values('loss', '--out', 'x')).toMatchObject({
      status: 2,
      err: expect.stringContaining('runlog export run-1 -m loss'),
    });
  });

  it('that are ended by Ctrl-C are whole or not there', async () => {
    const run = await open({ runHash: 'many' });
    const noise = seeded('texts', 1).bytes(10_000);
    const text = Buffer.from(noise).toString('base64');
    for (let step = 0; step < 1000; step += 1)
      run.track(new Text(`${step} ${text}`), { name: 'said', step });
    await run.close();
    const program = join(inject('toolsDirectory'), 'src/cli/main.js');
    const args = ['values', 'many', 'said', '--out', out, '--repo', join(directory, 'kept')];
    const child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, RUNLOG_REPO: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.kill('SIGINT'));
    child.stdout.resume();
    const end = await new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? code)),
    );
    expect(end).toBe('SIGINT');
    const names = readdirSync(out);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names)
      expect(readFileSync(join(out, name), 'utf8')).toHaveLength(
        text.length + 1 + String(Number(/-(\d+)/.exec(name)?.[1])).length,
      );
  });
});

describe('a sequence that the words do not name', () => {
  it.each([
    [['run-1', 'answer'], /^runlog: sequence: run-1 has no answer; near: answers; it has loss, /],
    [['run-1', 'xyz'], /^runlog: sequence: run-1 has no xyz; it has loss, /],
    [
      ['run-1', 'said'],
      /said has 2 contexts: subset=train; subset=val; choose one with --context, as -c subset=train/,
    ],
    [['run-1', 'said', '-c', 'subset=none'], /said has 2 contexts: .*, as -c subset=train\n$/],
    [['run-2', 'mixed'], /mixed is several: metric, texts; choose one with --kind/],
    [
      ['run-1', 'answers', '--kind', 'metric'],
      /^runlog: --kind: answers of run-1 is texts, not metric\n$/,
    ],
  ] as const)('%j is told what there is', async (args, message) => {
    const { status, out, err } = await runlog('values', ...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('is told to who takes it for a metric, or for a run', async () => {
    for (const [args, kind] of [
      [['plot', '-m', 'samples'], 'images'],
      [['metrics', '-m', 'answers'], 'texts'],
      [['export', '-m', 'weights'], 'distributions'],
      [['plot', "metric.name == 'curve'"], 'figures'],
    ] as const)
      expect((await runlog(...args)).err).toMatch(
        new RegExp(
          `no run has the metric (\\w+); it is the name of ${kind}: .runlog values <run> \\1.\n`,
        ),
      );
    expect((await runlog('ls', 'answers')).err).toContain(
      'texts have this name: `runlog values <run> answers`',
    );
    expect((await runlog('plot', '-m', 'zzzzz')).err).toMatch(/no run has the metric zzzzz\n$/);
  });

  it('is found by its kind, and by its context', async () => {
    expect((await runlog('values', 'run-2', 'mixed', '--kind', 'texts')).out).toMatch(/ b\n$/);
    expect((await runlog('values', 'run-2', 'mixed', '--kind', 'metric')).out).toMatch(/value/);
    expect((await values('said', '-c', 'subset=val')).out).toMatch(/ val\n$/);
  });
});

it('a pipe that is read slowly is given every point, as a table and as JSON', async () => {
  const run = await open({ runHash: 'many' });
  const x = run.sequence('x');
  // Not sealed: its blocks come one after the other, without a turn of the loop.
  for (let at = 0; at < 300_000; at += 1) x.track(at);
  run.flush();
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const last = (...more: string[]): string => {
    const args = [program, 'values', 'many', 'x', '--repo', join(directory, 'kept'), ...more];
    const command = '"$0" "$@" | { sleep 1; tail -c 1000; }';
    return spawnSync('sh', ['-c', command, process.execPath, ...args], { encoding: 'utf8' }).stdout;
  };
  expect(last()).toMatch(/299999 +299999 {2}\S+ \S+\n$/);
  expect(last('--json')).toMatch(/\]\n\}\n$/);
  await run.close();
});
