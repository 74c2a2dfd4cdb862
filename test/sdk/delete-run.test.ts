// Deleting: a crash at any call leaves the run whole or gone, never half; what it left is taken away by
// the next compaction; whoever begins a new life of the hash meanwhile loses nothing, and no late opener
// becomes a second owner.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadXxhash, type MemoryVfs, namedCrashRules, nodeVfs } from '../../src/engine/index.ts';
import { Repo, Run, type RunlogError } from '../../src/index.ts';
import { deleteRun, reclaimRun } from '../../src/sdk/delete-run.ts';
import { createRun } from '../../src/store/create-run.ts';
import { publishEdit, readFacts } from '../../src/store/edits.ts';
import { runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { RunWriter } from '../../src/store/run-writer.ts';
import { copyToMemory } from '../support/copy-to-memory.ts';
import { Coroutine } from '../support/coroutine.ts';
import { openingOf } from '../support/memory-writer.ts';
import { simulatedHost } from '../support/simulated-host.ts';

vi.mock('node:crypto', () => import('../support/replayed-random.ts'));

const directory = mkdtempSync(join(tmpdir(), 'runlog-delete-'));
const quiet = { repo: directory, systemTrackingInterval: null } as const;
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => loadXxhash());

let made: Promise<MemoryVfs> | undefined;

/** A closed run of two writers, on a disk in memory where everything is durable. */
async function closedRun(): Promise<MemoryVfs> {
  made ??= makeClosedRun();
  return (await made).clone();
}

async function makeClosedRun(): Promise<MemoryVfs> {
  const run = await Run.open({ ...quiet, runHash: 'one', name: 'first' });
  const helper = await Run.open({ ...quiet, runHash: 'one', writer: 'helper' });
  for (const each of [run, helper]) {
    for (let step = 0; step < 600; step += 1) each.track(step / 3, { name: 'loss' });
    await each.close();
  }
  return copyToMemory(join(directory, '.aim'), '/repo');
}

const places = runPlaces('/repo', 'one');
const targetOf = (vfs: MemoryVfs) => ({ vfs, host: simulatedHost(), places, hash: 'one' });

/** 'whole', 'gone', or what it is instead. */
async function stateOf(vfs: MemoryVfs): Promise<string> {
  const facts = readFacts(vfs, places.edits);
  if (facts?.isDeleted) return 'gone';
  const reader = await RunReader.open(vfs, places);
  const sequence = [...reader.sequences().values()][0];
  const count = sequence === undefined ? 0 : reader.rows(sequence).steps.length;
  const isWhole = count === 1200 && facts?.name === 'first' && reader.damage.length === 0;
  return isWhole ? 'whole' : `${count} points, name ${facts?.name}`;
}

const filesOf = (vfs: MemoryVfs): string[] =>
  ['edits', 'logs/main', 'logs/helper'].flatMap((folder) =>
    vfs
      .list(`${places.directory}/${folder}`)
      .map((name) => `${folder}/${name}`)
      .sort(),
  );

class Died extends Error {}

/** Runs `action` on a copy of the disk and dies before call `at`; the disk then. */
async function dyingAt(
  start: MemoryVfs,
  at: number,
  action: (vfs: MemoryVfs) => Promise<unknown>,
): Promise<{ vfs: MemoryVfs; died: boolean }> {
  let calls = 0;
  let isDead = false;
  const vfs = start.clone({
    onCall: () => {
      calls += 1;
      if (isDead || calls > at) {
        isDead = true;
        throw new Died();
      }
    },
  });
  await action(vfs).catch((error: unknown) => {
    if (!isDead) throw error;
  });
  return { vfs, died: isDead };
}

describe('a crash in the middle of deleting', () => {
  it('leaves the run whole or gone, at every call, by every rule; compacting ends it', async () => {
    const start = await closedRun();
    expect(await stateOf(start)).toBe('whole');
    const seen = new Set<string>();
    for (let at = 0; ; at += 1) {
      const { vfs, died } = await dyingAt(start, at, (disk) => deleteRun(targetOf(disk)));
      for (const rule of [undefined, ...Object.values(namedCrashRules)]) {
        const after = rule === undefined ? vfs.kill() : vfs.crash(rule);
        const state = await stateOf(after);
        seen.add(state);
        if (!['whole', 'gone'].includes(state)) throw new Error(`call ${at}: ${state}`);
        await reclaimRun(targetOf(after));
        expect(await stateOf(after), `call ${at}`).toBe(state);
        if (state === 'gone') expectTombstone(after);
        else {
          await deleteRun(targetOf(after));
          expect(await stateOf(after), `call ${at}`).toBe('gone');
        }
      }
      if (!died) break;
    }
    expect([...seen].sort()).toEqual(['gone', 'whole']);
  });

  it('in the middle of compacting what it left is as harmless', async () => {
    const start = await closedRun();
    const half = await halfDeleted(start);
    expect(filesOf(half).some((name) => /main\/(segment|rewritten)/.test(name))).toBe(true);
    for (let call = 0; ; call += 1) {
      const { vfs, died } = await dyingAt(half, call, (disk) => reclaimRun(targetOf(disk)));
      const after = vfs.kill();
      expect(await stateOf(after)).toBe('gone');
      expect(await reclaimRun(targetOf(after))).toBe(died);
      expectTombstone(after);
      if (!died) break;
    }
  });
});

/** One snapshot of the edits; of each log the newest fences and manifests; what a dead publisher left. */
function expectTombstone(vfs: MemoryVfs): void {
  const names = filesOf(vfs);
  const allowed =
    /^(edits\/snapshot-\d{8}|edits\/temporary-.*|logs\/(main|helper)\/(fence|manifest)-\d{8})$/;
  expect(names.filter((name) => !allowed.test(name) && !/\/\.lock$/.test(name))).toEqual([]);
  expect(names.filter((name) => name.startsWith('edits/snapshot-')).length).toBe(1);
  expect(names.length).toBeLessThanOrEqual(11);
  const size = names.reduce(
    (sum, name) => sum + (vfs.stat(`${places.directory}/${name}`)?.size ?? 0),
    0,
  );
  expect(size).toBeLessThan(4096);
}

/** Opens a new life of the run, tracks three points and closes it. */
async function liveAgain(vfs: MemoryVfs): Promise<void> {
  const { facts } = await createRun(vfs, places, { time: 1, changes: [] });
  const open = (fresh: boolean) =>
    RunWriter.open({
      directory: `${places.logs}/main`,
      writer: 'main',
      log: { vfs, host: simulatedHost(), force: true, fresh, durability: { syncMs: null } },
      others: [],
      rewinds: [],
      undone: [],
      onError: () => {},
    });
  let writer = await open(false);
  if (writer.life !== '' && writer.life !== facts.life) {
    await writer.close(undefined);
    writer = await open(true);
  }
  writer.opened(openingOf(facts.life));
  const loss = writer.sequence('loss', '{}');
  for (let step = 0; step < 3; step += 1) writer.track(loss, step, undefined, Number.NaN, 1);
  await writer.close({ closedAt: 2, outcome: 'finished', error: undefined });
}

/** A disk on which the deletion died right after its edit: both logs still hold everything. */
async function halfDeleted(start: MemoryVfs): Promise<MemoryVfs> {
  for (let at = 0; ; at += 1) {
    const { vfs } = await dyingAt(start, at, (disk) => deleteRun(targetOf(disk)));
    if ((await stateOf(vfs.kill())) === 'gone') return vfs.kill();
  }
}

describe('a new life of the hash', () => {
  it.each(['deleting', 'compacting'] as const)(
    'begun and ended between any two calls of %s loses nothing',
    async (name) => {
      const start = await closedRun();
      const disk = name === 'deleting' ? start : await halfDeleted(start);
      let begun = 0;
      for (let at = 0; ; at += 1) {
        const shared = disk.clone();
        const work = new Coroutine('deleter', shared.attach(), async ({ vfs, once }) => {
          const host = simulatedHost();
          const { liveness } = host;
          const self = () => once(() => liveness.self());
          const target = {
            ...targetOf(shared),
            vfs,
            host: { ...host, liveness: { ...liveness, self } },
          };
          // Fenced between two calls: its log has another owner, as it should.
          await (name === 'deleting' ? deleteRun(target) : reclaimRun(target)).catch(
            (error: unknown) => {
              if ((error as { code?: string }).code !== 'RUN_FENCED') throw error;
            },
          );
        });
        if (await work.go(at)) break;
        const wasDeleted = readFacts(shared, places.edits)?.isDeleted;
        if (wasDeleted) await liveAgain(shared.attach());
        await work.go(Number.POSITIVE_INFINITY);
        if (!wasDeleted) continue;
        begun += 1;
        expect(readFacts(shared, places.edits), `call ${at}`).toMatchObject({ isDeleted: false });
        const reader = await RunReader.open(shared, places);
        const counts = reader.logs.map((each) => [each.writer, each.state.nextPoint]);
        expect(counts, `call ${at}`).toEqual([['main', 3]]);
        expect(reader.damage).toEqual([]);
      }
      expect(begun).toBeGreaterThan(20);
    },
  );

  it('is not ended by who wanted to delete the one before', async () => {
    const vfs = await halfDeleted(await closedRun());
    const before = readFacts(vfs, places.edits) as { life: string };
    await liveAgain(vfs);
    publishEdit(vfs, places.edits, { kind: 'deleted', time: 1, life: before.life, changes: [] });
    expect(readFacts(vfs, places.edits)).toMatchObject({ isDeleted: false });
  });
});

it('compacting a repo takes away what a crash left, once, and says so', async () => {
  const path = join(directory, 'repo');
  const inPath = { repo: path, systemTrackingInterval: null } as const;
  const helper = await Run.open({ ...inPath, runHash: 'half', writer: 'helper' });
  helper.track(1, { name: 'loss' });
  await helper.close();
  const run = await Run.open({ ...inPath, runHash: 'half' });
  for (let step = 0; step < 600; step += 1) run.track(step, { name: 'loss' });
  await run.close();
  const kept = await Run.open({ ...inPath, runHash: 'kept' });
  kept.track(1, { name: 'loss' });
  await kept.close();
  const repo = await Repo.open(path);
  const half = runPlaces(repo.path, 'half');
  const vfs = nodeVfs();
  const life = readFacts(vfs, half.edits)?.life ?? '';
  publishEdit(vfs, half.edits, { kind: 'deleted', time: 1, life, changes: [] });
  expect(await repo.run('half')).toBeUndefined();
  const before = await repo.size();
  expect(await repo.compact()).toMatchObject({ reclaimed: 1, rewritten: 0 });
  expect((await repo.size()).bytes).toBeLessThan(before.bytes);
  const names = readdirSync(half.directory, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => /segment|rewritten|edit-/.test(name))).toEqual([]);
  expect(await repo.compact()).toMatchObject({ reclaimed: 0 });
  expect((await repo.size()).runs).toBe(1);
  const again = await Run.open({ ...inPath, runHash: 'half' });
  again.track(5, { name: 'loss' });
  await again.close();
  const view = await repo.run('half');
  expect([view?.metric('loss')?.count, view?.metric('loss')?.last]).toEqual([1, 5]);
  // The log of the helper is of the life before: neither a writer of this one, nor killed in it.
  await repo.compact();
  await view?.refresh();
  expect(view).toMatchObject({ writers: ['main'], state: 'finished', endedAt: expect.any(Number) });
  expect((await repo.verify()).damaged).toEqual([]);
});

describe('a run that is deleted while somebody opens it', () => {
  /** Waits for `holder`, which closes and whose run is deleted before the log is asked for again. */
  async function openMeanwhile(
    name: string,
    options: { mustExist?: boolean },
  ): Promise<{ hash: string; opening: Promise<Run> }> {
    const repo = await Repo.open(directory);
    for (let tries = 1; ; tries += 1) {
      const hash = `${name}-${tries}`;
      const holder = await Run.open({ ...quiet, runHash: hash, name: 'old' });
      holder.track(1, { name: 'old' });
      const lockTimeout = 30;
      const opening = Run.open({ ...quiet, ...options, runHash: hash, name: 'new', lockTimeout });
      opening.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      await holder.close();
      const isDeleted = await repo.delete(hash).then(
        () => true,
        (error: RunlogError) => error.code !== 'RUN_LOCKED' && Promise.reject(error),
      );
      if (isDeleted) return { hash, opening };
      // On a machine under load it may ask between the two.
      await (await opening).close();
    }
  }

  it('begins anew: what it records is in a run', async () => {
    const { hash, opening } = await openMeanwhile('opened-late', {});
    const run = await opening;
    run.track(2, { name: 'loss' });
    expect(run.flush()).toBe(true);
    await run.close();
    const view = await (await Repo.open(directory)).run(hash);
    expect(view?.name).toBe('new');
    expect(view?.metrics().map(({ name, last }) => [name, last])).toEqual([['loss', 2]]);
  });

  it('is not there for who wanted that one', async () => {
    const { hash, opening } = await openMeanwhile('wanted-late', { mustExist: true });
    await expect(opening).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const again = await Run.open({ ...quiet, runHash: hash });
    await again.close();
  });
});

describe('a run that is moved', () => {
  /** What is done to the run each time it has been copied. */
  async function moved(hash: string, meanwhile: () => Promise<void>): Promise<Repo> {
    const run = await Run.open({ ...quiet, runHash: hash });
    run.track(1, { name: 'loss' });
    await run.close();
    const [from, to] = [await Repo.open(directory), await Repo.create(join(directory, 'other'))];
    const copy = from.copy.bind(from);
    from.copy = async (...given) => {
      await copy(...given);
      await meanwhile();
    };
    await from.move(hash, to);
    return to;
  }

  async function resume(hash: string): Promise<void> {
    const run = await Run.open({ ...quiet, runHash: hash });
    run.track(2, { name: 'loss' });
    await run.close();
  }

  it('takes along what somebody tracks between its copy and its end here', async () => {
    let isOver = false;
    const to = await moved('resumed-once', async () => {
      if (!isOver) await resume('resumed-once');
      isOver = true;
    });
    const { values } = (await (await to.run('resumed-once'))?.metric('loss')?.values()) ?? {};
    expect([...(values ?? [])]).toEqual([1, 2]);
    expect(await (await Repo.open(directory)).run('resumed-once')).toBeUndefined();
  });

  it('stays here, and only here, where writers keep coming', async () => {
    await expect(moved('resumed-on', () => resume('resumed-on'))).rejects.toMatchObject({
      code: 'RUN_LOCKED',
    });
    const [here, there] = [await Repo.open(directory), await Repo.open(join(directory, 'other'))];
    expect((await here.run('resumed-on'))?.metric('loss')?.last).toBe(2);
    expect(await there.run('resumed-on')).toBeUndefined();
  });
});

it('a compaction leaves alone what is no run yet: it may be copied just now', async () => {
  const run = await Run.open({ ...quiet, runHash: 'to-copy' });
  run.track(1, { name: 'loss' });
  await run.close();
  const to = await Repo.create(join(directory, 'half'));
  const [from, half] = [join(directory, '.aim'), to.path].map((repo) => runPlaces(repo, 'to-copy'));
  const log = `${half?.logs}/main`;
  mkdirSync(log, { recursive: true });
  mkdirSync(half?.edits as string);
  cpSync(`${from?.logs}/main`, log, {
    recursive: true,
    filter: (path) => !/\/(fence|manifest|probe)-[^/]*$/.test(path),
  });
  const before = readdirSync(log);
  await to.compact();
  expect(readdirSync(log)).toEqual(before);
  expect(before).toHaveLength(1);
});

it('a copy over a deleted run is whole, or refused, whoever reclaims that one meanwhile', async () => {
  const run = await Run.open({ ...quiet, runHash: 'copied-over' });
  run.track(1, { name: 'loss' });
  await run.close();
  const [from, to] = [await Repo.open(directory), await Repo.create(join(directory, 'over'))];
  await from.copy('copied-over', to);
  await to.delete('copied-over');
  // Left by an owner that was killed.
  mkdirSync(`${runPlaces(to.path, 'copied-over').logs}/main/.lock`, { recursive: true });
  await from.copy('copied-over', to);
  expect((await to.run('copied-over'))?.metric('loss')?.last).toBe(1);
  const fences = readdirSync(`${runPlaces(to.path, 'copied-over').logs}/main`).filter((name) =>
    name.startsWith('fence-'),
  );
  // Of the copy, and of its claim.
  expect(fences).toHaveLength(2);
});
