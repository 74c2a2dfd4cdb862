// Verifying the edits of a run: every file of the folder, and that the edit that made the run is not lost.
//
// 1. An empty edit is what a creator left that was killed where links are refused (edits.md, Creating), and
//    is passed over; but not where a log of the run was closed, which syncs the edit that made the run.
//
// Spec: spec/edits.md, spec/recovery.md. Test: test/sdk/verify.test.ts.

import { readNewestFence, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import {
  editName,
  isEmpty,
  listEdits,
  readEdit,
  readFacts,
  readSnapshot,
  snapshotName,
} from './edits.ts';
import { listWriters, type RunPlaces } from './repo-directory.ts';

/** Each means that somebody has folded meanwhile. */
const TRIES = 1000;
const EMPTIED = 'the edit that made the run is empty';

/**
 * Empty edits of a run that has none but them, and a log that was closed: closing syncs the edit that made
 * the run, so its content is lost. Without such a log they are what a creator left that was killed where
 * links are refused.
 */
function emptiedEdits(vfs: Vfs, { edits: directory, logs }: EditedRun): string[] {
  // Before the edits are read: whoever closes has made the run.
  const isClosed = listWriters(vfs, logs).some(
    (writer) => readNewestFence(vfs, `${logs}/${writer}`)?.isReleased ?? false,
  );
  if (!isClosed || readFacts(vfs, directory) !== undefined) return [];
  const names = [...listEdits(vfs, directory).edits].map(editName);
  return names
    .filter((name) => isEmpty(vfs, directory, name))
    .map((name) => `${directory}/${name}`);
}

/** Of a run that seems not to be there. @throws RunlogError CORRUPT where it has lost what made it. */
export function refuseEmptied(vfs: Vfs, run: EditedRun): void {
  const [file] = emptiedEdits(vfs, run);
  if (file !== undefined)
    throw new RunlogError('CORRUPT', `${file}: ${EMPTIED}; \`runlog repair\` mends it`, { file });
}

export type EditedRun = Pick<RunPlaces, 'edits' | 'logs'>;

interface DamagedEdit {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
  readonly reason: string;
}

/** Checks every file of the folder; what does not verify. */
export function verifyEdits(vfs: Vfs, run: EditedRun): DamagedEdit[] {
  for (let tries = 1; ; tries += 1) {
    try {
      return verifyNow(vfs, run);
    } catch (error) {
      // Folded since it was listed: what it was folded into is to be checked.
      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error;
      if (vfs.stat(run.edits) === undefined) throw error;
    }
  }
}

function verifyNow(vfs: Vfs, run: EditedRun): DamagedEdit[] {
  const damaged: DamagedEdit[] = [];
  const directory = run.edits;
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
  return emptiedEdits(vfs, run).map((file) => ({ file, offset: 0, size: 0, reason: EMPTIED }));
}
