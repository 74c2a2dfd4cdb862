// What open runs leave in the process: one listener each of exit and beforeExit while any is open, none
// of any signal, nothing afterwards.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Run } from '../../src/index.ts';
import { atTurnEnd, type Hooked, hook, unhook } from '../../src/sdk/process-hooks.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-hooks-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const listened = ['beforeExit', 'exit', 'SIGINT', 'SIGTERM', 'SIGHUP'];
const counts = (): number[] => listened.map((name) => process.listenerCount(name));

it('any number of open runs have one listener each of beforeExit and exit, and none of a signal', async () => {
  const before = counts();
  const runs = await Promise.all(
    Array.from({ length: 20 }, () => Run.open({ repo: directory, systemTrackingInterval: null })),
  );
  const [beforeExit = 0, exit = 0, ...signals] = before;
  expect(counts()).toEqual([beforeExit + 1, exit + 1, ...signals]);
  for (const run of runs) await run.close();
  expect(counts()).toEqual(before);
});

it('a turn ends once for each run that asked, in one immediate, and not for one that closed', async () => {
  const ended: string[] = [];
  const runs = ['a', 'b', 'c'].map((name): Hooked => {
    const run = { onTurnEnd: () => void ended.push(name), onBeforeExit() {}, onExit() {} };
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
