// Deleting a run, and finishing what a crash left of a deletion.
//
// 1. An edit of kind deleted ends the life at once: before it the run is whole, after it gone.
// 2. Then each log is taken over, with a fence of kind deleted and a manifest that lists nothing. Only
//    after the newest fence that was there while the run was seen to be deleted: whoever begins a new
//    life of the hash links another one, and loses nothing.
// 3. The newest fences and manifests stay, and so the directory: a late opener of the deleted run must
//    find its number taken.
//
// Spec: spec/directory.md, A deleted run. Test: test/sdk/delete-run.test.ts.

import { type Host, Log, newestFence, readHolder, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { foldEdits, publishEdit, readFacts, syncEdits } from '../store/edits.ts';
import { listIfThere, listWriters, type RunPlaces } from '../store/repo-directory.ts';

/** What deleting works on. */
export interface DeletionTarget {
  readonly vfs: Vfs;
  readonly host: Host;
  readonly places: RunPlaces;
  readonly hash: string;
}

/** False also of a run whose edits are damaged: it is a run like any other. */
export function isDeletedRun(vfs: Vfs, { edits }: RunPlaces): boolean {
  try {
    return vfs.stat(edits) !== undefined && (readFacts(vfs, edits)?.isDeleted ?? false);
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return false;
  }
}

/** @throws RunlogError RUN_LOCKED while a writer is alive. */
export async function refuseLive({ vfs, host, places, hash }: DeletionTarget): Promise<void> {
  for (const writer of listWriters(vfs, places.logs)) {
    const holder = await readHolder(vfs, host, `${places.logs}/${writer}`);
    if (holder?.kind === 'writer' && holder.state === 'alive') {
      throw new RunlogError(
        'RUN_LOCKED',
        `${hash}: writer ${writer} is alive (process ${holder.owner.pid} on ${holder.owner.host}); end it before deleting the run`,
      );
    }
  }
}

/** @throws RunlogError RUN_LOCKED while a writer is alive, RUN_NOT_FOUND, IO. */
export async function deleteRun(target: DeletionTarget): Promise<void> {
  const { vfs, host, places, hash } = target;
  await refuseLive(target);
  const facts = readFacts(vfs, places.edits);
  if (facts === undefined || facts.isDeleted)
    throw new RunlogError('RUN_NOT_FOUND', `${hash}: no such run in ${places.directory}`);
  publishEdit(vfs, places.edits, {
    kind: 'deleted',
    time: host.now(),
    life: facts.life,
    changes: [],
  });
  syncEdits(vfs, places.edits);
  for (const writer of listWriters(vfs, places.logs)) await emptyLog(target, writer, facts.life);
}

/**
 * Makes of a deleted run the small tombstone that it is to be; false where there was nothing to do, or
 * the run is not deleted.
 */
export async function reclaimRun(target: DeletionTarget): Promise<boolean> {
  const { vfs, places } = target;
  const facts = readFacts(vfs, places.edits);
  if (!facts?.isDeleted) return false;
  let didReclaim = false;
  for (const writer of listWriters(vfs, places.logs))
    if (await emptyLog(target, writer, facts.life)) didReclaim = true;
  if (listIfThere(vfs, places.edits).some((name) => name.startsWith('edit-'))) {
    foldEdits(vfs, places.edits, 1);
    didReclaim = true;
  }
  return didReclaim;
}

function numberOf(vfs: Vfs, directory: string): number | undefined {
  try {
    return newestFence(vfs, directory);
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return undefined;
  }
}

async function emptyLog(
  { vfs, host, places }: DeletionTarget,
  writer: string,
  life: string,
): Promise<boolean> {
  const directory = `${places.logs}/${writer}`;
  for (;;) {
    const after = numberOf(vfs, directory);
    // Its manifest is damaged: verify reports it, and repair comes first.
    if (after === undefined) return false;
    const holder = await readHolder(vfs, host, directory);
    const holdsPoints = listIfThere(vfs, directory).some((name) =>
      /^(segment|rewritten|temporary)-/.test(name),
    );
    if (holder?.kind === 'deleted' && !holdsPoints) return false;
    // In this order: an opener of another life, which this would have shown, links a newer fence.
    const facts = readFacts(vfs, places.edits);
    if (!facts?.isDeleted || facts.life !== life) return false;
    try {
      const log = await Log.open(directory, {
        vfs,
        host,
        owner: 'deleted',
        force: true,
        fresh: true,
        after,
      });
      await log.close();
      return true;
    } catch (error) {
      // Somebody was faster: look again at what it is now.
      if (errorCode(error) !== 'RUN_LOCKED') throw error;
    }
  }
}
