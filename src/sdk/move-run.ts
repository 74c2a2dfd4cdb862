// Moving a run: copied, then deleted where it was. One that is written meanwhile is copied again.
//
// 1. It is never in neither repo; it is in both only between two steps, or where deleting it failed twice.
// 2. Deleting may fail behind its one edit, on a disk that is full, say: the run is gone by then, and the
//    copy is the only one.
//
// Test: test/sdk/repo.test.ts, test/sdk/move-run.test.ts.

import { nodeHost, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { readFacts } from '../store/edits.ts';
import type { RunPlaces } from '../store/repo-directory.ts';
import { filesOfRun } from './copy-run.ts';
import { refuseLive } from './delete-run.ts';

/** Copies of a run that is written or compacted meanwhile. */
const MOVE_TRIES = 4;

export interface MoveSteps {
  copy(): Promise<void>;
  /** Takes the copy away again. */
  discard(): Promise<void>;
  /** Deletes it where it was. */
  remove(): Promise<void>;
}

/** @throws RunlogError RUN_LOCKED while a writer is alive, or when writers keep coming; what the steps throw. */
export async function moveRun(
  vfs: Vfs,
  hash: string,
  places: RunPlaces,
  { copy, discard, remove }: MoveSteps,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await refuseLive({ vfs, host: nodeHost(), places, hash });
    const before = filesOfRun(vfs, places);
    await copy();
    if (filesOfRun(vfs, places) === before) break;
    await discard();
    if (tries === MOVE_TRIES)
      throw new RunlogError(
        'RUN_LOCKED',
        `${hash}: it was written or compacted while it was copied, ${tries} times; move it again`,
      );
  }
  try {
    await remove();
  } catch (error) {
    // A writer has come meanwhile: the run is here, and not there as well.
    if (stands(vfs, places)) await discard().catch(() => {});
    throw error;
  }
}

/** In doubt it does not: the copy may be all there is. */
function stands(vfs: Vfs, { edits }: RunPlaces): boolean {
  try {
    return readFacts(vfs, edits)?.isDeleted === false;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}
