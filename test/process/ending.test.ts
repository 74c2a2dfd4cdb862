// How a process with open runs ends: as it would without us. Nothing keeps it alive, no signal is
// caught, its exit code is its own; and what it had tracked is kept, closed or not.

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { endChildren, sleep, startChild, temporaryDirectory } from './child.ts';

const repo = temporaryDirectory();
afterAll(endChildren);

async function look(hash: string): Promise<{ state: string | undefined; values: number[] }> {
  const view = await (await Repo.open(repo)).run(hash);
  const columns = await view?.metric('loss')?.values();
  return { state: view?.state, values: [...(columns?.values ?? [])] };
}

const thousand = Array.from({ length: 1000 }, (_, index) => index);

// Side by side: these mostly wait for Node to start.
it.concurrent.for([
  { how: 'falls', end: 0, what: 'falls off its end' },
  { how: 'batch', end: 0, what: 'falls off its end before a batch is due' },
  { how: 'later', end: 0, what: 'falls off its end when the worker runs' },
  { how: 'exits', end: 3, what: 'calls process.exit in the turn that tracked', state: 'failed' },
  { how: 'syncs', end: 0, what: 'does not await its sync' },
  { how: 'closes', end: 0, what: 'does not await its close' },
  { how: 'aborts', end: 'SIGABRT', what: 'aborts after its turn', state: 'killed' },
  { how: 'thread-exits', end: 0, what: 'has a thread that exits', says: 3, state: 'failed' },
])('a process that $what ends with $end, and every point is there', async (row, { expect }) => {
  const { how, end, state = 'finished', says } = row;
  const child = startChild('left-alone', { arguments: [how, repo] });
  expect(await child.ended()).toBe(end);
  if (says !== undefined) expect(child.lines.at(-1)).toBe(String(says));
  expect(await look(how)).toEqual({ state, values: thousand });
  // And it is nobody's: the next one goes on at once.
  const run = await Run.open({ repo, runHash: how, mustExist: true, systemTrackingInterval: null });
  run.track(1000, { name: 'loss' });
  await run.close();
  expect(await look(how)).toEqual({ state: 'finished', values: [...thousand, 1000] });
});

it.concurrent.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends a loop that tracks and never yields, and what was acknowledged is there',
  async (signal) => {
    const hash = `forever-${signal.toLowerCase()}`;
    const child = startChild('left-alone', { arguments: [hash, repo] });
    await child.next();
    await sleep(200);
    child.process.kill(signal);
    // The loop has no end of its own.
    expect(await child.ended()).toBe(signal);
    const acknowledged = Number(child.lines.at(-1));
    const { state, values } = await look(hash);
    expect(state).toBe('killed');
    expect(values.length).toBeGreaterThanOrEqual(acknowledged);
  },
);

it.concurrent('no listener of a signal is added, the same hooks for twenty runs, none at the end', async () => {
  const child = startChild('left-alone', { arguments: ['listeners', repo] });
  const answer = (await child.next()) as Record<string, Record<string, number>>;
  const { before = {}, imported, open, closed } = answer;
  expect(imported).toEqual(before);
  const hooks = { exit: (before['exit'] ?? 0) + 2, beforeExit: 1, uncaughtExceptionMonitor: 1 };
  expect(open).toEqual({ ...before, ...hooks });
  expect(closed).toEqual(before);
  expect(await child.ended()).toBe(0);
});
