// What is said of the openings of a run: how each ended, when it was seen last, how long it took; and what
// they add up to. Ends of processes: test/process/endings.test.ts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type OpeningFacts, Repo, Run, type RunView } from '../../src/index.ts';
import { activeTimeOf, openingsOf } from '../../src/sdk/openings.ts';
import { type Close, encodeClose, encodeOpening, type Opening } from '../../src/store/record.ts';
import type { WriterLog } from '../../src/store/run-reader.ts';
import { seeded } from '../support/random.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-openings-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Flushed: that it was opened is there to be seen. */
async function open(runHash: string, more: object = {}): Promise<Run> {
  const quiet = { systemTrackingInterval: null, durability: { syncMs: null } };
  const run = await Run.open({ repo: directory, runHash, ...quiet, ...more });
  expect(run.flush()).toBe(true);
  return run;
}

async function viewOf(hash: string): Promise<RunView> {
  const view = await (await Repo.open(directory)).run(hash);
  if (view === undefined) throw new Error(`${hash}: no such run`);
  return view;
}

describe('an opening', () => {
  it('runs until it is closed', async () => {
    const run = await open('closed');
    const running = await viewOf('closed');
    expect(running.openings).toMatchObject([
      { ending: 'running', closedAt: undefined, outcome: undefined, thread: expect.any(Number) },
    ]);
    const early = running.duration as number;
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(running.duration).toBeGreaterThanOrEqual(early + 10);
    const openedAt = running.openings[0]?.openedAt as number;
    await run.close({ endedAt: openedAt + 5000 });
    const view = await viewOf('closed');
    expect(view.openings).toMatchObject([
      { ending: 'closed', outcome: 'finished', lastSeenAt: openedAt + 5000, duration: 5000 },
    ]);
    expect(view.activeTime).toBe(5000);
    expect(view.duration).toBe(openedAt + 5000 - view.createdAt);
  });

  it('whose log was taken from it while it was alive is fenced', async () => {
    const first = await open('fenced', { onError() {} });
    const second = await open('fenced', { forceResume: true });
    await second.close();
    const view = await viewOf('fenced');
    expect(view.openings.map((each) => each.ending)).toEqual(['fenced', 'closed']);
    expect(view.openings[0]?.lastSeenAt).toBeGreaterThanOrEqual(view.openings[0]?.openedAt ?? 0);
    await first.close().catch(() => {});
    expect((await viewOf('fenced')).openings.map((each) => each.ending)).toEqual([
      'fenced',
      'closed',
    ]);
  });

  it('that ended before the clock says it began took no time', async () => {
    const run = await open('backwards');
    await run.close({ endedAt: 1 });
    const view = await viewOf('backwards');
    expect([view.openings[0]?.duration, view.duration, view.activeTime]).toEqual([0, 0, 0]);
  });

  it('left by its block, and one of several writers, are told apart', async () => {
    {
      await using disposed = await open('disposed');
      disposed.track(1, { name: 'loss' });
    }
    const helper = await open('disposed', { writer: 'helper' });
    const view = await viewOf('disposed');
    expect(view.lastOpenings.map(({ writer, ending }) => [writer, ending])).toEqual([
      ['helper', 'running'],
      ['main', 'disposed'],
    ]);
    expect(view.duration).toEqual(expect.any(Number));
    helper.fail(new Error('lost its data', { cause: 'a disk' }));
    await helper.close();
    await view.refresh();
    expect(view.lastOpenings[0]).toMatchObject({
      ending: 'closed',
      outcome: 'failed',
      error: { name: 'Error', message: 'lost its data', causes: [{ message: 'a disk' }] },
    });
  });
});

describe('what is recorded', () => {
  const opening = (openedAt: number, before?: Opening['before']): unknown =>
    encodeOpening({
      life: '0011223344556677',
      openedAt,
      host: 'machine',
      pid: 7,
      thread: 0,
      resumed: openedAt > 0,
      nodeVersion: 'v20',
      packageVersion: '1',
      before,
    });
  const close = (more: Partial<Close>): unknown =>
    encodeClose({ closedAt: 50, outcome: 'finished', error: undefined, ...more });

  /** Endings of the openings of a log that holds these. */
  const endings = (openings: readonly (readonly [unknown, unknown])[]): unknown[] =>
    openingsOf(
      { writer: 'main', contents: { openings: () => openings } } as unknown as WriterLog,
      new Map(),
    ).map(({ ending, lastSeenAt, duration }) => [ending, lastSeenAt, duration]);

  it('of one without a close is what the next found', () => {
    const found = [
      { state: 'dead', seenAt: 30 },
      { state: 'alive', seenAt: 45 },
      { state: 'unknown', seenAt: 0 },
      undefined,
    ] as const;
    const all = [undefined, ...found].map((before, index) => [opening(index, before), null]);
    expect(endings(all as [unknown, unknown][])).toEqual([
      ['killed', 30, 30],
      ['fenced', 45, 44],
      ['unknown', undefined, undefined],
      // The next was of a version that did not look.
      ['killed', undefined, undefined],
      ['unknown', undefined, undefined],
    ]);
  });

  it('of one with a close is what it says; before there were such words it was a close', () => {
    const nil = (close({}) as unknown[]).with(3, null);
    expect(
      endings([
        [opening(0), nil],
        [opening(10), close({ how: 'exit', exitCode: 0 })],
        [opening(20), close({ how: 'uncaught', exitCode: 1, outcome: 'failed' })],
        [opening(30), close({ how: 'dispose' })],
      ]),
    ).toEqual([
      ['closed', 50, 50],
      ['exited', 50, 40],
      ['uncaught', 50, 30],
      ['disposed', 50, 20],
    ]);
  });
});

it('active is the time in which at least one was there', () => {
  const span = fc.record({ openedAt: fc.nat(60), duration: fc.option(fc.nat(20)) });
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), (spans) => {
      const openings = spans.map((each) => ({ ...each, duration: each.duration ?? undefined }));
      const covered = new Set<number>();
      for (const { openedAt, duration = 0 } of openings)
        for (let at = openedAt; at < openedAt + duration; at += 1) covered.add(at);
      expect(activeTimeOf(openings as OpeningFacts[])).toBe(covered.size);
    }),
    { seed: seeded('active time').seed },
  );
});
