// When points are flushed without being asked: at the end of a turn, and in a loop that has none.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-turn-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string): Promise<Run> =>
  Run.open({ repo: directory, runHash, systemTrackingInterval: null });

/** Bytes of the hot segments, looked at without giving the event loop a turn. */
function hotSize(runHash: string): number {
  const log = join(directory, '.aim/runs', runHash, 'logs/main');
  return readdirSync(log)
    .filter((name) => name.startsWith('segment-'))
    .reduce((sum, name) => sum + statSync(join(log, name)).size, 0);
}

const busyFor = (ms: number, body: (step: number) => void): void => {
  const end = performance.now() + ms;
  for (let step = 0; performance.now() < end; step += 1) body(step);
};

it('points of one turn are flushed when it ends', async () => {
  const run = await open('turn');
  await new Promise((resolve) => setImmediate(resolve));
  const before = hotSize('turn');
  run.track(1, { name: 'loss' });
  expect(hotSize('turn')).toBe(before);
  await new Promise((resolve) => setImmediate(resolve));
  expect(hotSize('turn')).toBeGreaterThan(before);
  await run.close();
});

it.each([
  ['by name', {}],
  ['by name, each with its time', { time: 1_700_000_000_000 }],
])('a loop that never yields is flushed by a call: %s', async (name, options) => {
  const runHash = `busy-${Object.keys(options).length}`;
  const run = await open(runHash);
  await new Promise((resolve) => setImmediate(resolve));
  const before = hotSize(runHash);
  // Few points: it is not a full batch that flushes.
  let tracked = 0;
  busyFor(400, () => {
    if (tracked === 100) return;
    tracked += 1;
    busyFor(3, () => {});
    run.track(tracked, { name, step: tracked, ...options });
  });
  expect(hotSize(runHash)).toBeGreaterThan(before);
  await run.close();
});
