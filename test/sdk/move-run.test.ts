// A run that is moved is in one of the two repos whatever the disk refuses while it is deleted where it was:
// a copy is taken away again only while the run stands where it came from.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadXxhash, type MemoryVfs, namedCrashRules } from '../../src/engine/index.ts';
import { Run } from '../../src/index.ts';
import { copyRun } from '../../src/sdk/copy-run.ts';
import { deleteRun } from '../../src/sdk/delete-run.ts';
import { moveRun } from '../../src/sdk/move-run.ts';
import { holdsRun } from '../../src/store/edits.ts';
import { makeDirectories, runPlaces } from '../../src/store/repo-directory.ts';
import { RunReader } from '../../src/store/run-reader.ts';
import { copyToMemory } from '../support/copy-to-memory.ts';
import { deaths } from '../support/deaths.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-move-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => loadXxhash());

const here = runPlaces('/repo', 'one');
const there = runPlaces('/other', 'one');

async function pointsAt(vfs: MemoryVfs, places: typeof here): Promise<number> {
  if (!holdsRun(vfs, places.edits)) return 0;
  const reader = await RunReader.open(vfs, places);
  if (reader.facts?.isDeleted !== false) return 0;
  const [sequence] = reader.sequences().values();
  return sequence === undefined ? 0 : reader.rows(sequence).steps.length;
}

it('is never in neither repo, at whatever call the disk refuses to delete it', async () => {
  const run = await Run.open({ repo: directory, runHash: 'one', systemTrackingInterval: null });
  for (let step = 0; step < 30; step += 1) run.track(step / 3, { name: 'loss' });
  await run.close();
  const disk = copyToMemory(join(directory, '.aim'), '/repo');
  makeDirectories(disk, '/other/runs');
  let refused = 0;
  for (let call = 1; ; call += 1) {
    const vfs = disk.clone();
    let calls = 0;
    let didRefuse = false;
    // A full disk, from this change on.
    const full = vfs.attach({
      onCall: ({ name }) => {
        if (!['write', 'open', 'link', 'sync', 'syncDirectory', 'rename'].includes(name)) return;
        calls += 1;
        if (calls < call) return;
        didRefuse = true;
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      },
    });
    const target = (on: MemoryVfs, places: typeof here) => ({
      vfs: on,
      host: simulatedHost(),
      places,
      hash: 'one',
    });
    const moved = moveRun(vfs, 'one', here, {
      copy: () => copyRun(vfs, here, there, 'one', async () => {}),
      discard: () => deleteRun(target(vfs, there)),
      remove: () => deleteRun(target(full, here)),
    });
    const failed = await moved.then(
      () => false,
      () => true,
    );
    // Some of what is refused nobody needs.
    if (failed) expect(didRefuse).toBe(true);
    expect([await pointsAt(vfs, here), await pointsAt(vfs, there)].sort()).toEqual([0, 30]);
    if (!didRefuse) break;
    refused += 1;
  }
  expect(refused).toBeGreaterThan(5);
});

it('is never in neither repo, at whatever call who moves it dies, also with the power; and is moved again', async () => {
  const path = join(directory, 'dying');
  const run = await Run.open({ repo: path, runHash: 'one', systemTrackingInterval: null });
  for (let step = 0; step < 30; step += 1) run.track(step / 3, { name: 'loss' });
  await run.close();
  const disk = copyToMemory(join(path, '.aim'), '/repo');
  makeDirectories(disk, '/other/runs');
  disk.syncDirectory('/other');
  disk.syncDirectory('/');
  const host = simulatedHost();
  const move = (vfs: MemoryVfs): Promise<void> =>
    moveRun(vfs, 'one', here, {
      copy: () => copyRun(vfs, here, there, 'one', async () => {}),
      discard: () => deleteRun({ vfs, host, places: there, hash: 'one' }),
      remove: () => deleteRun({ vfs, host, places: here, hash: 'one' }),
    });
  const rules = Object.entries(namedCrashRules);
  for await (const { vfs, at, died } of deaths(disk, move)) {
    // Of the rules for what a loss of power takes another at each call; in the end each.
    const taken = died ? [rules[at % rules.length] as (typeof rules)[0]] : rules;
    for (const [rule, takes] of [['killed', undefined] as const, ...taken]) {
      const after = takes === undefined ? vfs.kill() : vfs.crash(takes);
      const where = `call ${at}, ${rule}`;
      const before = [await pointsAt(after, here), await pointsAt(after, there)];
      expect(Math.max(...before), where).toBe(30);
      if (before.join() === '30,0') await move(after);
      expect(await pointsAt(after, there), where).toBe(30);
    }
  }
});
