// Repair, on order: an edits folder that can be read again, from the files of it that verify.
//
// 1. What can be read becomes a snapshot above every number that is there; then the damaged files are
//    put aside under `damaged-<name>`. A crash between leaves a folder that is read, and repaired again.
// 2. Where the edit is lost that made the run, emptied or missing, the openings of its logs tell its life.
// 3. What is made for a folder that held nothing has the name that was lost: where the rest of a copy comes
//    after all, its file takes the place of ours.
//
// Spec: spec/recovery.md, Repair. Test: test/sdk/verify.test.ts, test/sdk/lost-edit.test.ts.

import { dirname } from 'node:path';

import { publish, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import {
  editName,
  encodeEdit,
  encodeSnapshot,
  listEdits,
  newestSnapshot,
  readEdit,
  snapshotName,
} from './edits.ts';
import { makeDirectories } from './repo-directory.ts';
import { applyEdit, NOTHING, type RunFacts } from './run-facts.ts';
import { type EditedRun, verifyEdits } from './verify-edits.ts';

/** What the logs of a run tell of how it began. */
export type Origin = Pick<RunFacts, 'life' | 'createdAt'>;

export interface RepairedEdits {
  /** Files that were put aside. */
  readonly aside: readonly string[];
  /** What stands in their place, or in that of a lost edit; undefined: nothing was damaged. */
  readonly made: string | undefined;
}

/** Requires: nobody changes the run meanwhile. Throws Node's error. */
export function repairEdits(
  vfs: Vfs,
  run: EditedRun,
  originOf: () => Origin | undefined,
): RepairedEdits {
  const directory = run.edits;
  const damaged = verifyEdits(vfs, run);
  if (damaged.length === 0) return { aside: [], made: undefined };
  const directories = makeDirectories(vfs, directory);
  const listing = listEdits(vfs, directory);
  const { edits, snapshot, next } = listing;
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
  // One that is missing has left nothing, and ours may get its name.
  const left = damaged.filter(({ file }) => vfs.stat(file) !== undefined);
  // Nothing tells which run it was: with no life it would be another one.
  const { life, createdAt: time } = facts;
  const isBare = next === 0;
  const whole = isBare ? editName(0) : snapshotName(next);
  const name = life === '' ? undefined : whole;
  if (name !== undefined) {
    const bytes = isBare
      ? encodeEdit({ kind: 'create', time, life, changes: [] })
      : encodeSnapshot({ facts, ids });
    publish(vfs, directory, name, bytes, { sync: true });
    for (const path of [directory, ...directories.map(dirname)]) vfs.syncDirectory(path);
  }
  const aside = left.map(({ file }) => {
    const path = `${directory}/damaged-${file.slice(directory.length + 1)}`;
    vfs.rename(file, path);
    return path;
  });
  return { aside, made: name === undefined ? undefined : `${directory}/${name}` };
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return undefined;
  }
}
