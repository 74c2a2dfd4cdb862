// A follower over processes that are killed and go on: each record once, in order, none taken back. And
// what another process can tell of a log that is open, or closed, by proper-lockfile.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { check } from 'proper-lockfile';
import { afterAll, expect, inject, it } from 'vitest';
import { Log, type LogRecord } from '../../src/engine/index.ts';
import { seeded } from '../support/random.ts';

const root = fs.mkdtempSync(path.join(tmpdir(), 'rl-follow-'));
const children: ChildProcessWithoutNullStreams[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(root, { recursive: true, force: true });
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  /** The last line that it has said. */
  said(): string;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

function start(directory: string, how = ''): Started {
  const program = path.join(inject('toolsDirectory'), 'test/process/programs/appender.js');
  const child = spawn(process.execPath, [program, directory, how]);
  children.push(child);
  let text = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text = (text + data).slice(-200);
  });
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    errors += data;
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  const said = (): string => {
    if (errors !== '') throw new Error(errors);
    return text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
  };
  return { child, said, ended };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited a minute: ${what}`);
    await sleep(5);
  }
}

it('each record once, in order, while its owners are killed and others go on', async () => {
  const { integer } = seeded('follow over kills');
  const directory = path.join(root, 'log');
  const abort = new AbortController();
  const records: LogRecord[] = [];
  let reader: Promise<void> | undefined;
  let acknowledged = 0;
  for (let round = 0; round < 6; round += 1) {
    const isLast = round === 5;
    const { child, said, ended } = start(directory, isLast ? 'stop' : '');
    const target = acknowledged + 20 + integer(300);
    if (isLast) await until('the last one has closed', () => said() === 'closed');
    else await until(`${target} are acknowledged`, () => Number(said()) >= target);
    reader ??= (async () => {
      const log = await Log.open(directory, { readOnly: true });
      for await (const record of log.follow({ signal: abort.signal })) records.push(record);
    })();
    if (!isLast) child.kill('SIGKILL');
    await ended;
    if (!isLast) acknowledged = Number(said());
    // What was flushed before the kill is delivered, whether another owner comes or not.
    await until('the follower has what was acknowledged', () => records.length >= acknowledged);
  }
  const log = await Log.open(directory, { readOnly: true });
  await until('the follower has all', () => records.length >= log.position);
  abort.abort();
  await reader;
  expect(log.position).toBeGreaterThanOrEqual(acknowledged + 200);
  records.forEach(({ position, body }, index) => {
    if (position !== index || (body as number[])[0] !== index)
      throw new Error(`record ${index} has position ${position} and body ${JSON.stringify(body)}`);
  });
  expect(records).toHaveLength(log.position);
  expect(Array.from(log.records(), ({ position }) => position)).toHaveLength(log.position);
  expect((await Log.verify(directory)).damaged).toEqual([]);
});

it('proper-lockfile.check() finds a log that is open locked, one that is closed free', async () => {
  const directory = path.join(root, 'locked');
  const isLocked = (): Promise<boolean> =>
    check(directory, { realpath: false, lockfilePath: path.join(directory, '.lock') });
  const { child, said } = start(directory);
  await until('it has begun', () => Number(said()) > 0);
  expect(await isLocked()).toBe(true);
  child.kill('SIGKILL');
  const closed = path.join(root, 'closed');
  const { said: last, ended } = start(closed, 'stop');
  await until('the other has closed', () => last() === 'closed');
  await ended;
  expect(await check(closed, { realpath: false, lockfilePath: path.join(closed, '.lock') })).toBe(
    false,
  );
  expect(fs.readdirSync(closed)).not.toContain('.lock');
});
