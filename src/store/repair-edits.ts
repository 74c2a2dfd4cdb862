// Repair, on order: an edits folder that can be read again, from the files of it that verify.
//
// 1. What can be read becomes a snapshot above every number that is there; then the damaged files are
//    put aside under `damaged-<name>`. A crash between leaves a folder that is read, and repaired again.
// 2. Where the edit is lost that made the run, the openings of its logs tell its life.
//
// Spec: spec/recovery.md, Repair. Test: test/sdk/verify.test.ts.

import { publish, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { encodeSnapshot, listEdits, newestSnapshot, readEdit, snapshotName } from './edits.ts';
import { applyEdit, NOTHING, type RunFacts } from './run-facts.ts';
import { type EditedRun, verifyEdits } from './verify-edits.ts';

/** What the logs of a run tell of how it began. */
export type Origin = Pick<RunFacts, 'life' | 'createdAt'>;

/** Files that were put aside. Requires: nobody changes the run meanwhile. Throws Node's error. */
export function repairEdits(
  vfs: Vfs,
  run: EditedRun,
  originOf: () => Origin | undefined,
): string[] {
  const directory = run.edits;
  const damaged = verifyEdits(vfs, run);
  if (damaged.length === 0) return [];
  const listing = listEdits(vfs, directory);
  const { edits, last, snapshot } = listing;
  const base = quietly(() => newestSnapshot(vfs, directory, listing));
  let facts = base?.facts ?? NOTHING;
  const ids = [...(base?.ids ?? [])];
  const from = base?.number ?? snapshot;
  for (const number of [...edits].filter((each) => each > from).sort((a, b) => a - b)) {
    const edit = quietly(() => readEdit(vfs, directory, number));
    if (edit === undefined || ids.includes(edit.id)) continue;
    if (facts.life === '' && edit.kind !== 'create')
      facts = { ...NOTHING, createdAt: edit.time, ...originOf(), life: edit.life };
    facts = applyEdit(facts, edit);
    ids.push(edit.id);
  }
  if (facts.life === '') facts = { ...facts, ...originOf() };
  const number = Math.max(last, snapshot) + 1;
  // Nothing tells which run it was: with no life it would be another one.
  if (facts.life !== '') {
    publish(vfs, directory, snapshotName(number), encodeSnapshot({ facts, ids }), { sync: true });
    vfs.syncDirectory(directory);
  }
  return damaged.map(({ file }) => {
    const aside = `${directory}/damaged-${file.slice(directory.length + 1)}`;
    vfs.rename(file, aside);
    return aside;
  });
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return undefined;
  }
}
