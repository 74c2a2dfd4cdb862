// A run that has lost the edit that made it, while its logs hold what was synced, is damaged: nobody begins
// its logs anew, verify names it, repair makes it whole again from its logs. What a copy leaves that was cut
// short, and what a loss of power leaves before the first sync, is no run, and in nobody's way.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HEARTBEAT_OFFSET } from '../../src/engine/format/document.ts';
import { decodeFence, encodeFence } from '../../src/engine/format/fence.ts';
import { loadXxhash, type MemoryVfs, memoryVfs, namedCrashRules } from '../../src/engine/index.ts';
import { Repo, Run, type RunlogError } from '../../src/index.ts';
import { copyRun } from '../../src/sdk/copy-run.ts';
import { holdRun } from '../../src/sdk/hold-run.ts';
import { repairRepo } from '../../src/sdk/repair-repo.ts';
import { verifyRepo } from '../../src/sdk/repo-maintenance.ts';
import { createRun } from '../../src/store/create-run.ts';
import { readFacts } from '../../src/store/edits.ts';
import { makeDirectories, runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { copyToMemory } from '../support/copy-to-memory.ts';
import { Coroutine } from '../support/coroutine.ts';
import { deaths } from '../support/deaths.ts';

vi.mock('node:crypto', () => import('../support/replayed-random.ts'));

const directory = mkdtempSync(join(tmpdir(), 'runlog-lost-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => loadXxhash());

const quiet = { systemTrackingInterval: null, durability: { syncMs: null } } as const;
const HASH = 'one';
const isFuzzed = Number(process.env['FUZZ_SECONDS'] ?? 0) > 0;
const COUNT = 300;

const editsOf = (repo: string): string => runPlaces(join(repo, '.aim'), HASH).edits;

/** Closed, of two writers, with as many changes of its properties as are asked for. */
async function makeRun(repo: string, changes = 0): Promise<void> {
  const run = await Run.open({ repo, runHash: HASH, name: 'first', ...quiet });
  for (let step = 0; step < COUNT; step += 1) run.track(step / 3, { name: 'loss', step });
  for (let each = 0; each < changes; each += 1) {
    run.addTag(`tag ${each}`);
    run.flush();
  }
  const helper = await Run.open({ repo, runHash: HASH, writer: 'helper', ...quiet });
  helper.track(1, { name: 'helped' });
  await helper.close();
  await run.close();
}

const removeAll = (path: string, pattern: RegExp): void => {
  for (const name of readdirSync(path)) if (pattern.test(name)) rmSync(join(path, name));
};

/** As if it were of a process that is no more. */
function killOwner(fence: string): void {
  const { owner, heartbeat } = decodeFence(readFileSync(fence), fence);
  const bytes = Buffer.from(encodeFence('writer', { ...owner, pid: 2 ** 30, probe: '' }));
  bytes.writeBigUInt64LE(heartbeat, HEARTBEAT_OFFSET);
  writeFileSync(fence, bytes);
}

const losses: readonly {
  readonly what: string;
  readonly make: (repo: string) => Promise<void>;
  readonly lose: (repo: string) => void;
}[] = [
  {
    what: 'the only edit',
    make: makeRun,
    lose: (repo) => removeAll(editsOf(repo), /^edit-0+$/),
  },
  {
    what: 'the edits folder',
    make: makeRun,
    lose: (repo) => rmSync(editsOf(repo), { recursive: true }),
  },
  {
    what: 'the first of several edits',
    make: (repo) => makeRun(repo, 3),
    lose: (repo) => removeAll(editsOf(repo), /^edit-0+$/),
  },
  {
    what: 'all edits',
    make: (repo) => makeRun(repo, 3),
    lose: (repo) => removeAll(editsOf(repo), /./),
  },
  {
    what: 'the snapshot',
    make: async (repo) => {
      await makeRun(repo, 40);
      await (await Run.open({ repo, runHash: HASH, ...quiet })).close();
    },
    lose: (repo) => removeAll(editsOf(repo), /^snapshot-/),
  },
  {
    what: 'the edit of a run that was killed behind a sync',
    make: async (repo) => {
      const live = `${repo}-live`;
      const run = await Run.open({ repo: live, runHash: HASH, ...quiet });
      for (let step = 0; step < COUNT; step += 1) run.track(step / 3, { name: 'loss', step });
      await run.sync();
      run.set('synced', true);
      run.flush();
      cpSync(live, repo, { recursive: true, filter: (path) => !/probe-|\.lock/.test(path) });
      await run.close();
      killOwner(join(repo, '.aim/runs', HASH, 'logs/main/fence-00000001'));
    },
    lose: (repo) => removeAll(editsOf(repo), /^edit-0+$/),
  },
  {
    what: 'the edit of a copy that nobody has opened',
    make: async (repo) => {
      await makeRun(`${repo}-source`);
      await (await Repo.open(`${repo}-source`)).copy(HASH, repo);
    },
    lose: (repo) => removeAll(editsOf(repo), /^edit-0+$/),
  },
];

it('a copy that was repaired before its edits came is whole once they have come', async () => {
  const path = join(directory, 'half-copied');
  await makeRun(path, 3);
  const edits = editsOf(path);
  renameSync(edits, `${edits}-on-their-way`);
  const repo = await Repo.open(path);
  expect((await repo.repair()).restored).toHaveLength(1);
  expect((await repo.run(HASH))?.metric('loss')?.count).toBe(COUNT);
  for (const name of readdirSync(`${edits}-on-their-way`))
    copyFileSync(join(`${edits}-on-their-way`, name), join(edits, name));
  rmSync(`${edits}-on-their-way`, { recursive: true });
  expect((await repo.verify()).ok).toBe(true);
  const view = await repo.run(HASH);
  expect([view?.name, [...(view?.tags ?? [])].sort()]).toEqual([
    'first',
    ['tag 0', 'tag 1', 'tag 2'],
  ]);
  expect(view?.metric('loss')?.count).toBe(COUNT);
});

describe.each(losses)('a run that has lost $what', ({ what, make, lose }) => {
  it('is refused to all, named, and repaired with every point', async () => {
    const path = join(directory, what.replaceAll(' ', '-'));
    await make(path);
    const other = `${path}-other`;
    await Repo.create(other);
    const repo = await Repo.open(path);
    const before = await repo.run(HASH);
    lose(path);
    await expect(before?.refresh()).rejects.toMatchObject({ code: 'CORRUPT' });
    const corrupt = { code: 'CORRUPT', message: expect.stringContaining('runlog repair') };
    const options = { repo: path, runHash: HASH, ...quiet, forceResume: true };
    await expect(Run.open(options)).rejects.toMatchObject(corrupt);
    await expect(Run.open({ ...options, mustExist: true })).rejects.toMatchObject(corrupt);
    await expect(Run.open({ repo: path, runHash: HASH, readOnly: true })).rejects.toMatchObject(
      corrupt,
    );
    await expect(repo.run(HASH)).rejects.toMatchObject(corrupt);
    await expect(repo.copy(HASH, other)).rejects.toMatchObject(corrupt);
    const unreadable: string[] = [];
    const onUnreadable = (hash: string, { code }: RunlogError): void => {
      unreadable.push(`${hash} ${code}`);
    };
    for await (const view of repo.runs('', { onUnreadable })) throw new Error(view.hash);
    expect(unreadable).toEqual([`${HASH} CORRUPT`]);
    const { ok, damaged } = await repo.verify();
    expect([ok, damaged.length]).toEqual([false, 1]);
    expect(damaged[0]?.file.startsWith(join(path, '.aim/runs', HASH, 'edits'))).toBe(true);
    // What a copy from elsewhere would be made over is all there is.
    const elsewhere = `${path}-elsewhere`;
    await makeRun(elsewhere);
    await expect((await Repo.open(elsewhere)).copy(HASH, path)).rejects.toMatchObject(corrupt);
    const { repaired, restored } = await repo.repair();
    expect([repaired.length, restored.length]).toEqual([0, 1]);
    expect(existsSync(restored[0] as string)).toBe(true);
    expect((await repo.verify()).damaged).toEqual([]);
    expect((await repo.repair()).restored).toEqual([]);
    expect((await repo.run(HASH))?.metric('loss')?.count).toBe(COUNT);
    const again = await Run.open({ ...options, name: 'again' });
    again.track(1, { name: 'loss' });
    await again.close();
    const view = await repo.run(HASH);
    expect([view?.name, view?.metric('loss')?.count]).toEqual(['again', COUNT + 1]);
  });
});

it('a run that somebody has removed by hand is told as gone to who looks again', async () => {
  const path = join(directory, 'removed');
  await makeRun(path);
  const repo = await Repo.open(path);
  const view = await repo.run(HASH);
  rmSync(join(path, '.aim/runs', HASH), { recursive: true });
  await expect(view?.refresh()).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  expect(await repo.run(HASH)).toBeUndefined();
});

it('of several lives in its logs repair takes the one that began last', async () => {
  const path = join(directory, 'lives');
  const made = `${path}-earlier`;
  const earlier = await Run.open({ repo: made, runHash: HASH, writer: 'helper', ...quiet });
  earlier.track(1, { name: 'old' });
  await earlier.close();
  await makeRun(path);
  // As a deletion leaves it that was cut short behind its edit, when the run was begun anew.
  const log = (repo: string): string => join(repo, '.aim/runs', HASH, 'logs/helper');
  rmSync(log(path), { recursive: true });
  cpSync(log(made), log(path), { recursive: true });
  removeAll(editsOf(path), /./);
  const repo = await Repo.open(path);
  expect((await repo.repair()).restored).toHaveLength(1);
  const view = await repo.run(HASH);
  expect([view?.metric('loss')?.count, view?.metric('old')]).toEqual([COUNT, undefined]);
});

describe('is no run, and in nobody’s way', () => {
  const here = runPlaces('/repo', HASH);
  const there = runPlaces('/other', HASH);

  async function isWhole(vfs: MemoryVfs, places = there): Promise<boolean> {
    if (vfs.stat(places.edits) === undefined || readFacts(vfs, places.edits) === undefined)
      return false;
    const reader = await RunReader.open(vfs, places);
    const [sequence] = [...reader.sequences().values()].filter(({ name }) => name === 'loss');
    return sequence !== undefined && reader.rows(sequence).steps.length === COUNT;
  }

  it('what a copy leaves that dies at any of its calls, also with the power: it is copied again', async () => {
    const path = join(directory, 'cut-short');
    await makeRun(path);
    const disk = copyToMemory(join(path, '.aim'), '/repo');
    makeDirectories(disk, '/other/runs');
    disk.syncDirectory('/other');
    disk.syncDirectory('/');
    const seen = new Set<boolean>();
    for await (const { vfs, at, died } of deaths(disk, (on) =>
      copyRun(on, here, there, HASH, async () => {}),
    )) {
      // Of the rules for what a loss of power takes another at each call; in the end each.
      const rules = Object.entries(namedCrashRules);
      const taken = died && !isFuzzed ? [rules[at % rules.length] as (typeof rules)[0]] : rules;
      for (const [name, rule] of [['killed', undefined] as const, ...taken]) {
        const after = rule === undefined ? vfs.kill() : vfs.crash(rule);
        const whole = await isWhole(after);
        if (!died) expect(whole, name).toBe(true);
        seen.add(whole);
        expect((await verifyRepo(after, '/other')).damaged, `call ${at}`).toEqual([]);
        expect((await repairRepo(after, '/other')).restored, `call ${at}`).toEqual([]);
        if (whole) continue;
        await copyRun(after, here, there, HASH, async () => {});
        expect(await isWhole(after), `call ${at}`).toBe(true);
      }
    }
    expect([...seen].sort()).toEqual([false, true]);
  });

  it('what a loss of power leaves before the first sync, also of a run that was taken over', async () => {
    const parts = {
      repo: '/other',
      hash: HASH,
      made: [],
      onError() {},
      options: { ...quiet, forceResume: true },
    };
    const record = async (vfs: MemoryVfs): Promise<void> => {
      for (const sync of [false, true]) {
        const { writer } = await holdRun(vfs, there, parts);
        const sequence = writer.sequence('loss', '{}');
        for (let step = 0; step < 3; step += 1) writer.track(sequence, step, step, Number.NaN, 0);
        writer.flush();
        if (sync) await writer.sync();
        // Killed: neither closed nor released.
      }
    };
    const start = memoryVfs();
    makeDirectories(start, there.logs);
    makeDirectories(start, there.edits);
    let made = 0;
    for (let at = 0, isOver = false; !isOver; at += 1) {
      let calls = 0;
      const disks: MemoryVfs[] = [];
      const vfs = start.clone();
      vfs.configure({
        onCall: () => {
          if (calls++ !== at) return;
          for (const rule of Object.values(namedCrashRules)) disks.push(vfs.crash(rule));
        },
      });
      await record(vfs);
      isOver = disks.length === 0;
      for (const disk of disks) {
        expect((await verifyRepo(disk, '/other')).damaged, `call ${at}`).toEqual([]);
        if (disk.stat(there.edits) === undefined) continue;
        made += 1;
      }
    }
    expect(made).toBeGreaterThan(20);
  });

  it('a run that another makes, writes and closes at any call of who looks for it', async () => {
    const places = runPlaces('/other', HASH);
    for (let steps = 1, isOver = false; !isOver; steps += 1) {
      const vfs = memoryVfs();
      makeDirectories(vfs, places.logs);
      makeDirectories(vfs, places.edits);
      let found: string | undefined;
      const opener = new Coroutine('opener', vfs.attach(), async (stage) => {
        const wait = async (): Promise<void> => {};
        const made = await createRun(stage.vfs, places, { time: 1, changes: [], wait });
        found = made.facts.life;
      });
      isOver = await opener.go(steps);
      const { facts, writer } = await holdRun(vfs, places, {
        repo: '/other',
        hash: HASH,
        made: [],
        onError() {},
        options: quiet,
      });
      await writer.close(undefined);
      await opener.go(Number.POSITIVE_INFINITY);
      expect(found, `after ${steps} calls`).toBe(facts.life);
    }
  });
});
