// A run records how the machine does by systemTrackingInterval, as Aim does: which names, how often, when
// not at all. The points are ordinary ones; what fails stops alone and is said once.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Repo, Run, type RunlogError, type RunView } from '../../src/index.ts';
import type { RunInside } from '../../src/sdk/attachment.ts';
import { attachSystemTracking } from '../../src/sdk/system-tracking.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'system-tracking-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const warnings: string[] = [];
const listen = (warning: Error): number => warnings.push(warning.message);
beforeEach(() => {
  warnings.length = 0;
  process.on('warning', listen);
});
afterEach(() => {
  process.off('warning', listen);
});

let count = 0;
const freshRepo = (): string => {
  count += 1;
  return path.join(root, String(count));
};

async function viewOf(repo: string, runHash: string): Promise<RunView> {
  const view = await (await Repo.open(repo)).run(runHash);
  if (view === undefined) throw new Error('no run');
  return view;
}

/** Until the run has so many points of a sequence. */
async function until(
  repo: string,
  runHash: string,
  name: string,
  points: number,
): Promise<RunView> {
  for (let round = 0; round < 6000; round += 1) {
    const view = await viewOf(repo, runHash);
    if ((view.metric(name)?.count ?? 0) >= points) return view;
    await sleep(10);
  }
  throw new Error(`${name}: not ${points} points`);
}

const AIM = ['cpu', 'disk_percent', 'memory_percent', 'p_memory_percent'];
const EVERYWHERE = [
  ...AIM,
  'heap_limit_bytes',
  'heap_used_bytes',
  'loop_utilization_percent',
  'p_rss_bytes',
];
const RATES = [
  'disk_read_bytes_per_second',
  'disk_write_bytes_per_second',
  'network_in_bytes_per_second',
  'network_out_bytes_per_second',
];
const LATER = ['gc_time_percent', 'loop_delay_p50_ms', 'loop_delay_p99_ms', 'loop_delay_max_ms'];
const named = (names: readonly string[]): string[] => names.map((each) => `__system__${each}`);

const systemNames = (view: RunView): string[] =>
  view
    .metrics()
    .map(({ name }) => name)
    .filter((name) => name.startsWith('__system__'));

describe('as in Aim', () => {
  it('the four metrics are there soon after the start', async () => {
    const repo = freshRepo();
    const run = await Run.open({ repo, runHash: 'start' });
    const view = await until(repo, 'start', '__system__disk_percent', 1);
    await run.close();
    for (const name of named(AIM)) {
      const { steps, values, epochs } = (await view.metric(name)?.values()) ?? {};
      expect([...(steps ?? [])], name).toEqual([0]);
      expect(values?.[0], name).toBeGreaterThanOrEqual(0);
      expect(epochs?.[0]).toBeNaN();
      if (name !== '__system__cpu') expect(values?.[0], name).toBeLessThanOrEqual(100);
    }
  });

  it('an interval is kept: as many points as intervals, and one at once', async () => {
    const repo = freshRepo();
    const run = await Run.open({ repo, runHash: 'interval', systemTrackingInterval: 0.2 });
    await until(repo, 'interval', '__system__cpu', 1);
    const from = performance.now();
    await sleep(1000);
    for (const name of named(AIM)) await until(repo, 'interval', name, 4);
    await run.close();
    const view = await viewOf(repo, 'interval');
    const most = 2 + (performance.now() - from) / 200;
    for (const name of named(AIM)) {
      const points = view.metric(name)?.count ?? 0;
      expect(points, name).toBeGreaterThanOrEqual(4);
      expect(points, name).toBeLessThanOrEqual(most);
      const { steps } = (await view.metric(name)?.values()) ?? {};
      expect([...(steps ?? [])]).toEqual(Array.from({ length: points }, (_, index) => index));
    }
  });

  it('null is none', async () => {
    const repo = freshRepo();
    const run = await Run.open({ repo, runHash: 'none', systemTrackingInterval: null });
    await sleep(150);
    await run.close();
    expect((await viewOf(repo, 'none')).metrics()).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it.each([0, 2 * 24 * 60 * 60, -1])('%d seconds are none, and said once', async (seconds) => {
    const repo = freshRepo();
    const run = await Run.open({ repo, runHash: 'off', systemTrackingInterval: seconds });
    await sleep(150);
    await run.close();
    expect((await viewOf(repo, 'off')).metrics()).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^systemTrackingInterval: .* 0\.1 to 86400 seconds/);
  });

  it('steps go on when the run is resumed', async () => {
    const repo = freshRepo();
    const options = { repo, runHash: 'resumed', systemTrackingInterval: 60 };
    for (let opening = 1; opening <= 3; opening += 1) {
      const run = await Run.open(options);
      await until(repo, 'resumed', '__system__cpu', opening);
      await run.close();
    }
    const { steps } =
      (await (await viewOf(repo, 'resumed')).metric('__system__cpu')?.values()) ?? {};
    expect([...(steps ?? [])]).toEqual([0, 1, 2]);
  });
});

it('every name of the page of the platform is there after two samples', async (context) => {
  if (process.platform !== 'linux') context.skip('the names of Linux');
  const repo = freshRepo();
  const run = await Run.open({ repo, runHash: 'names', systemTrackingInterval: 0.4 });
  const view = await until(repo, 'names', '__system__loop_delay_max_ms', 1);
  await run.close();
  expect(systemNames(view)).toEqual(expect.arrayContaining(named([...EVERYWHERE, ...LATER])));
  const page = fs.readFileSync('spec/system-metrics.md', 'utf8');
  for (const name of [...systemNames(view), ...named(RATES)]) expect(page).toContain(`\`${name}\``);
});

it('the points are the ones that rewinding leaves alone, and that queries by name find', async () => {
  const repo = freshRepo();
  const run = await Run.open({ repo, runHash: 'rewound', systemTrackingInterval: 60 });
  run.track(1, { name: 'loss' });
  await until(repo, 'rewound', '__system__cpu', 1);
  run.rewind({ step: 0 });
  await run.close();
  const view = await viewOf(repo, 'rewound');
  expect(view.metric('__system__cpu')?.count).toBe(1);
  expect(view.metric('loss')?.count ?? 0).toBe(0);
});

it('several runs of a process have each their own points, and none after they are closed', async () => {
  const repo = freshRepo();
  const open = (runHash: string, systemTrackingInterval: number): Promise<Run> =>
    Run.open({ repo, runHash, systemTrackingInterval });
  const runs = await Promise.all([open('often', 0.1), open('seldom', 60), open('short', 0.1)]);
  await until(repo, 'short', '__system__cpu', 1);
  await runs[2]?.close();
  const closed = (await viewOf(repo, 'short')).metric('__system__cpu')?.count;
  const often = await until(repo, 'often', '__system__cpu', 6);
  for (const run of runs) await run.close();
  expect(often.metric('__system__cpu')?.count).toBeGreaterThanOrEqual(6);
  expect((await viewOf(repo, 'seldom')).metric('__system__cpu')?.count).toBe(1);
  expect((await viewOf(repo, 'short')).metric('__system__cpu')?.count).toBe(closed);
});

it('a run that is closed at once samples nothing and loses nothing', async () => {
  const repo = freshRepo();
  const run = await Run.open({ repo, runHash: 'quick' });
  run.track(1, { name: 'loss' });
  await run.close();
  const view = await viewOf(repo, 'quick');
  expect(view.metric('loss')?.count).toBe(1);
  expect(run.lost).toBe(0);
});

it('a run that another process takes over stops sampling', async () => {
  const repo = freshRepo();
  const errors: string[] = [];
  const first = await Run.open({
    repo,
    runHash: 'taken',
    systemTrackingInterval: 0.1,
    onError: (error) => errors.push(error.code),
  });
  await until(repo, 'taken', '__system__cpu', 1);
  const second = await Run.open({
    repo,
    runHash: 'taken',
    forceResume: true,
    systemTrackingInterval: null,
  });
  while (first.recording !== 'fenced') await sleep(50);
  // At most the sample that found out; not one each 100 ms.
  const lost = first.lost;
  await sleep(400);
  expect(first.lost).toBe(lost);
  await second.close();
  await first.close().catch(() => {});
});

it('a run that cannot record them is told once, and sampled no more', async () => {
  const errors: RunlogError[] = [];
  let asked = 0;
  const log = { recording: 'on' };
  const writer = {
    log,
    sequence() {
      asked += 1;
      throw new Error('no more sequences');
    },
  };
  const attachment = attachSystemTracking({
    hash: 'broken',
    options: { systemTrackingInterval: 0.1 },
    writer: writer as unknown as RunInside['writer'],
    touch() {},
    flush() {},
    report: (error) => errors.push(error),
  });
  while (asked === 0) await sleep(20);
  await sleep(300);
  attachment?.stop();
  expect(asked).toBe(1);
  expect(errors.map(({ code, message }) => [code, message])).toEqual([
    ['IO', 'system metrics, no longer recorded: no more sequences'],
  ]);
});
