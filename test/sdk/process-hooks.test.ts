// What open runs leave in the process: two listeners of exit and one each of beforeExit and
// uncaughtExceptionMonitor while any is open, none of any signal, nothing afterwards.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Run } from '../../src/index.ts';
import { atTurnEnd, type Hooked, hook, unhook } from '../../src/sdk/process-hooks.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-hooks-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const listened = [
  'beforeExit',
  'exit',
  'uncaughtExceptionMonitor',
  'uncaughtException',
  'unhandledRejection',
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
];
const counts = (): number[] => listened.map((name) => process.listenerCount(name));

it('any number of open runs have the same few listeners, and none of a signal', async () => {
  const before = counts();
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => Run.open({ repo: directory, systemTrackingInterval: null })),
  );
  const added = [1, 2, 1, 0, 0, 0, 0, 0];
  expect(counts()).toEqual(before.map((count, index) => count + (added[index] as number)));
  for (const run of runs) await run.close();
  expect(counts()).toEqual(before);
});

it('they take no room of the listeners that Node.js takes for a leak, and give back what they made', async () => {
  const max = process.getMaxListeners();
  try {
    for (const given of [10, 3, 0, Number.POSITIVE_INFINITY]) {
      process.setMaxListeners(given);
      const run = await Run.open({ repo: directory, systemTrackingInterval: null });
      const room = process.getMaxListeners();
      expect(room).toBe(given === 10 || given === 3 ? given + 2 : given);
      await run.close();
      expect(process.getMaxListeners()).toBe(given);
    }
    const run = await Run.open({ repo: directory, systemTrackingInterval: null });
    process.setMaxListeners(50);
    await run.close();
    expect(process.getMaxListeners()).toBe(50);
  } finally {
    process.setMaxListeners(max);
  }
});

it('those of exit are the first and the last of all, whoever came before, once a turn has ended', async () => {
  const nothing = (): void => {};
  process.on('exit', nothing);
  const run = await Run.open({ repo: directory, systemTrackingInterval: null });
  const later = (): void => {};
  process.on('exit', later);
  process.prependListener('exit', later);
  run.track(1, { name: 'loss' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const listeners = process.listeners('exit');
  for (const each of [nothing, later, later]) process.off('exit', each);
  expect([listeners[0], listeners.at(-1)]).not.toContain(later);
  await run.close();
});

it('a turn ends once for each run that asked, in one immediate, and not for one that closed', async () => {
  const ended: string[] = [];
  const runs = ['a', 'b', 'c'].map((name): Hooked => {
    const run = {
      onTurnEnd: () => void ended.push(name),
      onFlush() {},
      onExit() {},
      onExited() {},
    };
    hook(run);
    return run;
  });
  const [a, b, c] = runs as [Hooked, Hooked, Hooked];
  for (const run of [a, b, a, c]) atTurnEnd(run);
  unhook(c);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toEqual(['a', 'b']);
  for (const run of [a, b]) unhook(run);
});
