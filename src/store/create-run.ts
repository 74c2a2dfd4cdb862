// Making a run: its first edit, or the first after a deletion, put if absent.
//
// 1. Of several creators the first makes the run; the others are given its facts.
// 2. Where links are refused an edit has its name before it has its content. Who finds an empty one waits
//    for its publisher: going past it at once would begin a life that its content then ends.
// 3. Edits without the one that made the run are damage, and so is none at all, or an empty one, where a
//    log has records that were synced: a new life would part the run from its logs, and the next owner
//    would begin them anew.
//
// Spec: spec/edits.md. Test: test/store/edits.test.ts.

import { setTimeout as sleep } from 'node:timers/promises';

import { loadXxhash, publish, type Vfs } from '../engine/index.ts';
import { durations } from '../limits.ts';
import { editName, encodeEdit, isEmpty, listEdits, newLife, readFacts } from './edits.ts';
import type { RunPlaces } from './repo-directory.ts';
import type { Change, RunFacts } from './run-facts.ts';
import { type EditedRun, refuseLost } from './verify-edits.ts';

const POLL_MS = 10;

export interface Creation {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** First values of a new life. */
  readonly changes: readonly Change[];
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * The edit that made the run, and its name, before a successor seals what a killed owner has appended: a
 * manifest that lists records would outlive, without it, a loss of power. Throws Node's error.
 */
export function syncMade(vfs: Vfs, { directory, edits }: Omit<RunPlaces, 'logs'>): void {
  vfs.syncDirectory(edits);
  vfs.syncDirectory(directory);
}

/**
 * Creates the run unless it is there: its facts either way.
 *
 * @throws RunlogError CORRUPT; Node's error.
 */
export async function createRun(
  vfs: Vfs,
  run: EditedRun,
  { time, changes, wait = sleep }: Creation,
): Promise<{ facts: RunFacts; created: boolean }> {
  await loadXxhash();
  const directory = run.edits;
  const made = new Set<string>();
  for (let patience: number = durations.blankFenceMs; ; ) {
    // Before it is read: whoever publishes meanwhile takes the number that this one would take.
    const { edits, next, snapshots } = listEdits(vfs, directory);
    const facts = readFacts(vfs, directory);
    if (facts?.life === '') refuseLost(vfs, run);
    if (facts !== undefined && !facts.isDeleted) return { facts, created: made.has(facts.life) };
    const after = [...edits].filter((number) => number > (snapshots.at(-1) ?? -1));
    // Its publisher is about to fill it, or died before it could; not one that was folded since.
    const isUnfilled = after.some((number) => isEmpty(vfs, directory, editName(number)));
    if (patience > 0 && isUnfilled) {
      await wait(POLL_MS);
      patience -= POLL_MS;
      continue;
    }
    if (facts === undefined) refuseLost(vfs, run);
    // Another each time: where somebody has deleted what we made, the same one would be passed over.
    const life = newLife();
    made.add(life);
    const bytes = encodeEdit({ kind: 'create', time, life, changes });
    publish(vfs, directory, editName(next), bytes, { sync: true });
  }
}
