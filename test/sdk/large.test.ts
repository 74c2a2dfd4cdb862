// What is legal alone and large together: nothing throws at a flush, nothing is half done, and no run
// suffers from another.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { atTurnEnd, type Hooked, hook, unhook } from '../../src/sdk/process-hooks.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-large-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (runHash: string): Promise<Run> =>
  Run.open({ repo: directory, runHash, systemTrackingInterval: null });

it('thousands of sequences with large contexts are defined in one turn', async () => {
  const run = await open('contexts');
  const count = 4300;
  const handles = Array.from({ length: count }, (_, number) =>
    run.sequence('metric', { number, large: 'x'.repeat(4000) }),
  );
  for (const [number, handle] of handles.entries()) handle.track(number, number);
  expect(run.flush()).toBe(true);
  await run.close();
  const view = await (await Repo.open(directory)).run('contexts');
  const metrics = view?.metrics() ?? [];
  expect(metrics.length).toBe(count);
  expect(metrics.every((each) => each.last === each.context['number'])).toBe(true);
});

it('params that no frame holds are refused whole', async () => {
  const run = await open('params');
  const large = 'y'.repeat(17 << 20);
  expect(() => run.set('x', large)).toThrow(/frameBodySizeMax/);
  expect(() => run.set({ b: 1, x: large, c: 2 })).toThrow(/frameBodySizeMax/);
  expect(run.get()).toEqual({});
  run.set({ b: 1, c: 2 });
  await run.close();
  const view = await (await Repo.open(directory)).run('params');
  expect(view?.get()).toEqual({ b: 1, c: 2 });
});

it('params of 20 MiB in all leave a run that verifies', async () => {
  const run = await open('many-params');
  for (let number = 0; number < 20; number += 1) {
    run.set(`p${number}`, 'x'.repeat(1 << 20));
    run.flush();
  }
  await run.close();
  const repo = await Repo.open(directory);
  expect((await repo.verify()).damaged).toEqual([]);
  expect((await repo.run('many-params'))?.get('p19')).toBe('x'.repeat(1 << 20));
});

it('a run that throws at the end of a turn keeps no other from its own', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listen);
  const called: string[] = [];
  const make = (name: string, throws: boolean): Hooked => ({
    onTurnEnd() {
      called.push(name);
      if (throws) throw new Error(`${name} threw`);
    },
    onFlush() {},
    onExit() {},
    onExited() {},
  });
  const runs = [make('first', true), make('second', false)];
  for (const each of runs) {
    hook(each);
    atTurnEnd(each);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const each of runs) unhook(each);
  process.off('warning', listen);
  expect(called).toEqual(['first', 'second']);
  expect(warnings.map((each) => each.message)).toContain('first threw');
});

it('an onError that fails later ends nothing', async () => {
  const rejections: unknown[] = [];
  const listen = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', listen);
  const run = await Run.open({
    repo: directory,
    runHash: 'asynchronous',
    systemTrackingInterval: null,
    onError: async () => {
      throw new Error('later');
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  rmSync(join(directory, '.aim/runs/asynchronous'), { recursive: true });
  run.track(1, { name: 'loss' });
  expect(run.flush()).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await run.close().catch(() => {});
  process.off('unhandledRejection', listen);
  expect(rejections).toEqual([]);
});
