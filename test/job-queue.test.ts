// The job queue of test/examples is killed again and again: no acknowledged job is lost, none is done
// twice, what follows from a job is there exactly when the job is done, and each is found by its id.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import { JobQueue } from './examples/job-queue/job-queue.ts';
import { seeded } from './support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-queue-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function workAndDie(log: string, start: number, ms: number): Promise<string[]> {
  const program = join(inject('toolsDirectory'), 'test/examples/job-queue/worker.js');
  const child = spawn(process.execPath, [program, log, String(start)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  return told.trimEnd().split('\n');
}

it('is killed ten times and keeps every promise', async () => {
  const { random } = seeded('job queue');
  const log = join(directory, 'queue');
  const enqueued = new Set<string>();
  const done: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const lines = await workAndDie(log, round * 1_000_000 + round, random() * 80);
    for (const line of lines) {
      const [what, id = ''] = line.split(' ');
      if (what === 'enqueued') enqueued.add(id);
      else done.push(id);
    }
    const queue = await JobQueue.open(log);
    const pending = new Set(queue.pending.map(({ id }) => id));
    for (const id of done) expect(pending.has(id), `${id} was done`).toBe(false);
    const lost = [...enqueued].filter((id) => !pending.has(id) && !done.includes(id));
    // What was done without being told so died between the flush and the pipe: one job at most a round.
    expect(lost.length).toBeLessThanOrEqual(round + 1);
    for (const id of [...enqueued].slice(0, 5)) {
      expect(await queue.find(id)).toMatchObject({ job: { id }, isDone: !pending.has(id) });
    }
    const [sample] = done;
    if (sample !== undefined && !sample.endsWith('-report'))
      expect(await queue.find(`${sample}-report`)).toBeDefined();
    expect(await queue.find('no such job')).toBeUndefined();
    await queue.close();
  }
  expect(new Set(done).size, 'done once').toBe(done.length);
});
