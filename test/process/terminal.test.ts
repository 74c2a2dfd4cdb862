// Lines outlive their process: what a turn printed is there after SIGKILL, also the unfinished line; a run
// of a worker thread has the thread's lines; `runlog exec` that is killed leaves what its program printed.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import type { RunView } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { textsIn, viewIn } from '../support/terminal-lines.ts';
import { endChildren, pathOfProgram, sleep, temporaryDirectory } from './child.ts';

const directory = temporaryDirectory();
afterAll(endChildren);

const viewOf = (hash: string): Promise<RunView> => viewIn(directory, hash);
const textsOf = (hash: string): Promise<string[]> => textsIn(directory, hash);

/** Lets it print for a while, kills it, and returns the last that it told. */
async function printAndKill(hash: string, seed: number, ms: number): Promise<[number, string]> {
  const child = spawn(process.execPath, [pathOfProgram('printer'), directory, hash, String(seed)], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  let told = '';
  const telling = child.stdio[3] as NodeJS.ReadableStream;
  telling.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await new Promise((resolve) => telling.once('data', resolve));
  await sleep(ms);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const last = told.trimEnd().split('\n').at(-1) ?? '';
  const place = last.indexOf(' ');
  return [Number(last.slice(0, place)), last.slice(place + 1)];
}

it('SIGKILL loses no line of a turn that ended, nor the one that was not finished', async () => {
  const { integer, random } = seeded('printer');
  const rounds = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0 ? 100 : 8;
  for (let round = 0; round < rounds; round += 1) {
    const hash = `printed-${round}`;
    const [count, part] = await printAndKill(hash, integer(1e6), random() * 150);
    const texts = await textsOf(hash);
    // A line that replaces the unfinished one has its number: they are in the order of their beginnings.
    const whole = texts
      .filter((text) => text.startsWith('line'))
      .map((text) => Number(/^line (\d+) of one stream$/.exec(text)?.[1]))
      .sort((a, b) => a - b);
    expect(whole).toEqual(whole.map((_, line) => line));
    expect(whole.length).toBeGreaterThanOrEqual(count);
    const parts = texts.filter((text) => text.startsWith('part'));
    // Each turn erases that of the turn before.
    if (whole.length === count) expect(parts).toEqual([part]);
    else expect(parts.length).toBeLessThanOrEqual(1);
    expect((await viewOf(hash)).metric('count')?.last).toBeGreaterThanOrEqual(count);
  }
});

it('a run of a worker thread records the output of the thread', async () => {
  const child = spawn(process.execPath, [
    pathOfProgram('printer'),
    directory,
    'worker',
    '1',
    'worker',
  ]);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(out).toBe('of the main thread\nof the worker\n');
  expect(await textsOf('worker')).toEqual(['of the worker', 'an error of the worker']);
});

it.each([
  ['exit', 3],
  ['throw', 1],
])(
  '%s in the turn that printed: the lines are there, also those of handlers of exit',
  async (how, code) => {
    const child = spawn(process.execPath, [pathOfProgram('printer'), directory, how, '1', how], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(code);
    expect(out).toBe('last words\nand half a lineat exit\n');
    expect(await textsOf(how)).toEqual(['last words', 'and half a lineat exit']);
  },
);

it('exec that is killed leaves what its program printed until then', async () => {
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const script = 'i=0; while :; do printf "\\r$i%%"; i=$((i+1)); sleep 0.01; done';
  const args = ['exec', '-q', '--repo', directory, '--run-hash', 'exec', '--', 'sh', '-c', script];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  while (!out.includes('20%')) await sleep(10);
  const last = (): number => Number([...out.matchAll(/(\d+)%/g)].at(-1)?.[1]);
  const seen = last();
  // What is printed in a later turn shows that the turn of this has ended.
  while (last() <= seen) await sleep(10);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  const texts = await textsOf('exec');
  expect(texts).toHaveLength(1);
  expect(Number(/^(\d+)%$/.exec(texts[0] ?? '')?.[1])).toBeGreaterThanOrEqual(seen);
  const view = await viewOf('exec');
  expect(view.state).toBe('killed');
  expect(view.get(['exec', 'pid'])).toBeGreaterThan(0);
});
