// Verifying the edits of a run: every file of the folder, and that the edit that made the run is not lost.
//
// 1. A folder without edits, or with an empty one, is what a creator or a copier left that was killed
//    (edits.md, Creating), and is no run; but not where a log has records that were synced: with them the
//    edit was that made the run.
//
// Spec: spec/edits.md, spec/recovery.md. Test: test/sdk/verify.test.ts, test/sdk/lost-edit.test.ts.

import { hasSyncedRecords, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import {
  editName,
  isEditName,
  isEmpty,
  listEdits,
  readEdit,
  readFactsIfThere,
  readSnapshot,
  snapshotName,
} from './edits.ts';
import { listIfThere, listWriters, type RunPlaces } from './repo-directory.ts';

/** Each means that somebody has folded meanwhile. */
const TRIES = 1000;
const EMPTIED = 'the edit that made the run is empty';
const MISSING = 'the edit that made the run is missing, or the snapshot that it was folded into';

/** The files that show that the edit is lost that made the run; none where it is there, or there is no run. */
function lostEdits(vfs: Vfs, { edits: directory, logs }: EditedRun): DamagedEdit[] {
  const isHeld = (): boolean =>
    listWriters(vfs, logs).some((each) => hasSyncedRecords(vfs, `${logs}/${each}`));
  let facts = readFactsIfThere(vfs, directory);
  if (facts === undefined && !isHeld()) return [];
  // Once more behind the logs: whoever has one has made the run before.
  facts ??= readFactsIfThere(vfs, directory);
  // Edits without the one that made the run say whose they are, and need no log to tell.
  if (facts !== undefined && facts.life !== '') return [];
  const first = { file: `${directory}/${editName(0)}`, offset: 0, size: 0, reason: MISSING };
  if (facts !== undefined) return [first];
  const empty = listIfThere(vfs, directory)
    .filter((name) => isEditName(name) && isEmpty(vfs, directory, name))
    .map((name) => ({ ...first, file: `${directory}/${name}`, reason: EMPTIED }));
  return empty.length > 0 ? empty : [first];
}

/** Of a run that seems not to be there. @throws RunlogError CORRUPT where it has lost what made it. */
export function refuseLost(vfs: Vfs, run: EditedRun): void {
  const [lost] = lostEdits(vfs, run);
  if (lost === undefined) return;
  const { file, reason } = lost;
  throw new RunlogError(
    'CORRUPT',
    `${file}: ${reason}; if it is being copied here, wait for that; else \`runlog repair\` mends it`,
    { file },
  );
}

export type EditedRun = Pick<RunPlaces, 'edits' | 'logs'>;

interface DamagedEdit {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
  readonly reason: string;
}

/** Checks every file of the folder; what does not verify, or is lost. */
export function verifyEdits(vfs: Vfs, run: EditedRun): DamagedEdit[] {
  for (let tries = 1; ; tries += 1) {
    try {
      return verifyNow(vfs, run);
    } catch (error) {
      // Folded since it was listed: what it was folded into is to be checked.
      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error;
    }
  }
}

function verifyNow(vfs: Vfs, run: EditedRun): DamagedEdit[] {
  const damaged: DamagedEdit[] = [];
  const directory = run.edits;
  if (vfs.stat(directory) === undefined) return lostEdits(vfs, run);
  const { edits, snapshots } = listEdits(vfs, directory);
  const checks = [...edits].map((number) => ({
    name: editName(number),
    read: () => readEdit(vfs, directory, number) as unknown,
  }));
  // The newest that holds something.
  const newest = snapshots.find((number) => !isEmpty(vfs, directory, snapshotName(number)));
  if (newest !== undefined)
    checks.push({
      name: snapshotName(newest),
      read: () => readSnapshot(vfs, directory, newest),
    });
  for (const { name, read } of checks) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof RunlogError)) throw error;
      const file = `${directory}/${name}`;
      damaged.push({ file, offset: 0, size: vfs.stat(file)?.size ?? 0, reason: error.message });
    }
  }
  if (damaged.length > 0) return damaged;
  return lostEdits(vfs, run);
}
