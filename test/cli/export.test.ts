// What export writes is what the run holds, in a form that other programs read; a file is whole or not
// there, and one that was there is replaced only when that was asked for.

import { spawn, spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, inject, it } from 'vitest';
import { csvLine } from '../../src/cli/csv.ts';
import { openOutput } from '../../src/cli/output-file.ts';
import { Repo, Run } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);
const lines = (text: string): string[] => text.trimEnd().split('\n');

beforeAll(async () => {
  await makeRepo(directory);
});

it('points as CSV: each once, in full precision', async () => {
  const view = await (await Repo.open(join(directory, 'kept'))).run(HASHES[1]);
  const values = await view?.metric('loss', { subset: 'train' })?.values();
  const { out } = await runlog('export', HASHES[1], '-m', 'loss', '-c', 'subset=train');
  const [head, ...rows] = lines(out);
  expect(head).toBe('run,name,context,writer,step,epoch,time,value');
  expect(rows.map((row) => Number(row.split(',').at(-1)))).toEqual([...(values?.values ?? [])]);
  expect(rows[11]).toBe(
    `${HASHES[1]},loss,"{""subset"":""train""}",main,11,1,${values?.times[11]},${values?.values[11]}`,
  );
});

it('points as JSON Lines: special values too, writers told apart', async () => {
  const repo = join(directory, 'special');
  for (const writer of ['main', 'helper']) {
    const run = await Run.open({ repo, runHash: 'special', writer, systemTrackingInterval: null });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -0, 0.1])
      run.track(value, { name: 'odd', time: 1000 });
    await run.close();
  }
  const { out } = await runlogHere(directory, ['export', '-f', 'jsonl', '--repo', repo]);
  const rows = lines(out).map((line) => JSON.parse(line) as { writer: string; value: unknown });
  expect(rows.filter(({ writer }) => writer === 'helper').map(({ value }) => value)).toEqual([
    'NaN',
    'Infinity',
    -0,
    0.1,
  ]);
  expect(rows).toHaveLength(8);
  const csv = await runlogHere(directory, ['export', '--repo', repo]);
  expect(lines(csv.out)[3]).toBe('special,odd,{},helper,2,,1000,-0');
});

it('two metrics that would be called the same have columns of their own', async () => {
  const run = await Run.open({ repo: join(directory, 'same'), systemTrackingInterval: null });
  run.track(1, { name: 'loss', context: { a: '1 b=2' } });
  run.track(2, { name: 'loss', context: { a: '1', b: '2' } });
  run.track(3, { name: 'accuracy' });
  await run.close();
  const rows = ['export', '--what', 'runs', '--repo', 'same'];
  const [head = '', row = ''] = (await runlogHere(directory, rows)).out.split('\n');
  expect(head).toMatch(
    /,metrics\.accuracy,"metrics\.loss \{""a"":""1 b=2""\}","metrics\.loss \{""a"":""1"",""b"":""2""\}"$/,
  );
  expect(row).toMatch(/,3,1,2$/);
  const named = (await runlogHere(directory, [...rows, '-m', 'accuracy'])).out.split('\n')[0];
  expect(named).toMatch(/metricCount,metrics\.accuracy$/);
});

it('runs, params and metrics as tables', async () => {
  for (const what of ['runs', 'params', 'metrics'])
    for (const format of ['csv', 'jsonl'])
      expect((await runlog('export', '--what', what, '--format', format)).out).toMatchSnapshot(
        `${what} ${format}`,
      );
});

/** What commands that write `name` have not finished. */
const partials = (name: string): string[] =>
  readdirSync(directory).filter((each) => each.startsWith(name) && each.endsWith('.partial'));

it('fields are quoted where they must be', () => {
  expect(csvLine(['a', 'b,c', 'd"e', 'f\ng', ''])).toBe('a,"b,c","d""e","f\ng",\n');
});

it('a file gets its format from its name, appears whole, and is not replaced without a yes', async () => {
  const file = join(directory, 'points.jsonl');
  const made = await runlog('export', '-o', file);
  expect(made).toMatchObject({
    status: 0,
    out: '',
    err: `runlog: 360 rows of 3 runs in ${file}\n`,
  });
  expect(lines(readFileSync(file, 'utf8'))).toHaveLength(3 * 120);
  writeFileSync(file, 'mine');
  const refused = await runlog('export', '-o', file);
  expect(refused).toMatchObject({ status: 2, err: expect.stringContaining('give --yes') });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await runlog('export', '-o', file, '--yes')).status).toBe(0);
  expect(lines(readFileSync(file, 'utf8'))).toHaveLength(3 * 120);
  expect(partials('points.jsonl')).toEqual([]);
  const nowhere = await runlog('export', '-o', join(directory, 'missing/points.csv'));
  expect(nowhere).toMatchObject({ status: 6, err: expect.stringMatching(/^runlog: IO: /) });
});

it('what somebody else has called a partial file, or writes as one, is neither taken nor harmed', async () => {
  const file = join(directory, 'shared.jsonl');
  writeFileSync(`${file}.partial`, 'mine');
  const both = [openOutput(file), openOutput(file)] as const;
  await both[0].write('first, whole');
  await both[1].write('second, ha');
  await both[0].close();
  expect(readFileSync(file, 'utf8')).toBe('first, whole');
  await both[1].discard();
  expect(readFileSync(file, 'utf8')).toBe('first, whole');
  expect(readFileSync(`${file}.partial`, 'utf8')).toBe('mine');
  expect(partials('shared.jsonl')).toEqual(['shared.jsonl.partial']);
});

it('a link leads to the file that is replaced', async () => {
  const [file, link] = [join(directory, 'linked.jsonl'), join(directory, 'link.jsonl')];
  writeFileSync(file, 'mine');
  symlinkSync('linked.jsonl', link);
  expect((await runlog('export', '-o', link)).status).toBe(2);
  expect((await runlog('export', '-o', link, '--yes')).status).toBe(0);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(lines(readFileSync(file, 'utf8'))).toHaveLength(3 * 120);
});

it('a pipe is written to, and stays one', async (context) => {
  const pipe = join(directory, 'pipe');
  if (spawnSync('mkfifo', [pipe]).status !== 0) context.skip('no mkfifo here');
  const reader = spawn('cat', [pipe]);
  let read = '';
  reader.stdout.on('data', (chunk: Buffer) => {
    read += chunk.toString();
  });
  const end = new Promise((resolve) => reader.stdout.on('end', resolve));
  try {
    const { status } = await runlog('export', '--what', 'runs', '-o', pipe, '--yes');
    expect([status, lstatSync(pipe).isFIFO()]).toEqual([0, true]);
    await end;
    expect(lines(read)).toHaveLength(4);
  } finally {
    reader.kill('SIGKILL');
  }
});

it('that is ended by Ctrl-C leaves nothing half written, and what was there', async () => {
  const run = await Run.open({ repo: join(directory, 'long'), systemTrackingInterval: null });
  const values = Float64Array.from({ length: 2_000_000 }, (_, index) => index);
  run.sequence('loss').trackColumns({ values });
  await run.close();
  const file = join(directory, 'points.csv');
  writeFileSync(file, 'was there');
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const args = ['export', '--repo', join(directory, 'long'), '-o', file, '--yes'];
  const interrupted = async (): Promise<unknown> => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    let isOver = false;
    const ended = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        isOver = true;
        resolve(signal ?? code);
      }),
    );
    while (!isOver && partials('points.csv').length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    return ended;
  };
  let end = await interrupted();
  // It was done before this process had its turn.
  for (let tries = 0; tries < 20 && end === 0; tries += 1) {
    writeFileSync(file, 'was there');
    end = await interrupted();
  }
  expect(end).toBe('SIGINT');
  expect(partials('points.csv')).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe('was there');
});
