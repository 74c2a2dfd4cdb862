// Following shows what comes, once, and ends with the run: also with one that was killed. In a pipe a line
// a point; as JSON a line an event.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import { type Answer, startRunlog, workDirectory } from './command.ts';

const directory = workDirectory();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A program that opens a run and tracks one point for each line it is told, and ends with its input. */
const program = `
  const { Run } = await import(process.argv[1]);
  const run = await Run.open({ repo: 'kept', runHash: process.argv[2], systemTrackingInterval: null });
  run.track(0, { name: 'loss' });
  run.track(0, { name: '__system__cpu' });
  run.flush();
  console.log('open');
  process.stdin.setEncoding('utf8').on('data', (text) => {
    for (const line of text.trimEnd().split('\\n')) {
      if (line === 'close') run.close().then(() => process.exit());
      else if (line === 'kill') process.kill(process.pid, 'SIGKILL');
      else { run.track(Number(line), { name: 'loss' }); run.track(1, { name: '__system__cpu' }); }
    }
  });`;

async function startRun(hash: string): Promise<(line: string) => void> {
  const sources = join(inject('toolsDirectory'), 'src/index.js');
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, sources, hash], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return (line) => child.stdin.write(`${line}\n`);
}

/** Points are told until the follower has said something, and some more. */
async function followed(hash: string, last: string, ...args: string[]): Promise<Answer> {
  const tell = await startRun(hash);
  let value = 1;
  const clock = setInterval(() => tell(String(value++)), 20);
  let isFirst = true;
  return startRunlog(directory, [...args, hash, '--repo', 'kept'], () => {
    if (!isFirst) return;
    isFirst = false;
    setTimeout(() => {
      clearInterval(clock);
      tell(last);
    }, 200);
  });
}

const values = (out: string): number[] =>
  [...out.matchAll(/ loss step (\d+): (\d+)$/gm)].map(([, step, value]) => {
    expect(step).toBe(value);
    return Number(value);
  });

it.concurrent('a run that closes: every point from where it began, once, and the end', async () => {
  const { status, out, err } = await followed('closes', 'close', 'follow');
  expect([status, err]).toEqual([0, '']);
  const seen = values(out);
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.map((_, index) => (seen[0] as number) + index));
  expect(out).not.toContain('__system__');
  expect(out).toMatch(/\ncloses closed: finished\n$/);
});

it.concurrent('as JSON Lines of one metric: its points and nothing else', async () => {
  const { status, out } = await followed('chosen', 'close', 'follow', '--json', '-m', 'loss');
  expect(status).toBe(0);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; name: string; epochs: unknown[] });
  expect(new Set(events.map(({ type, name }) => `${type} ${name}`))).toEqual(
    new Set(['points loss']),
  );
  expect(new Set(events.flatMap(({ epochs }) => epochs))).toEqual(new Set([null]));
});

it.concurrent('a run that is killed: following ends', async () => {
  const { status, out } = await followed('killed', 'kill', 'follow');
  expect(status).toBe(0);
  expect(values(out).length).toBeGreaterThan(0);
});

it.concurrent('as JSON Lines, without cursors; the machine where it is asked for', async () => {
  const { out } = await followed('json', 'close', 'follow', '--json', '--system');
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; name?: string; cursor?: unknown });
  expect(events.at(-1)).toMatchObject({ type: 'state', run: 'json', writer: 'main' });
  expect(new Set(events.map(({ name }) => name))).toContain('__system__cpu');
  expect(events.every(({ cursor }) => cursor === undefined)).toBe(true);
});
