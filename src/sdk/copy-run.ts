// Copying a run as it is now: its properties and the records of every writer, into new logs.
//
// 1. The copy is written like any run: an interrupted one has no edit 0 and is no run.
// 2. What its records refer to is there before it is one.
//
// Test: test/sdk/repo.test.ts.

import { Log, loadXxhash, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { type Change, publishEdit, publishFacts, readFacts, syncEdits } from '../store/edits.ts';
import {
  listIfThere,
  listWriters,
  makeDirectories,
  type RunPlaces,
} from '../store/repo-directory.ts';
import { changeSize, EDIT_SIZE_MAX } from './options.ts';

/**
 * `copyContents` is called when the records are there.
 *
 * @throws RangeError when the target is a run already; RunlogError RUN_NOT_FOUND, CORRUPT, IO, RUN_LOCKED
 * where somebody has opened what is copied.
 */
export async function copyRun(
  vfs: Vfs,
  source: RunPlaces,
  target: RunPlaces,
  hash: string,
  copyContents: () => Promise<void>,
): Promise<void> {
  await loadXxhash();
  const facts = readFacts(vfs, source.edits);
  if (facts === undefined) throw new RunlogError('RUN_NOT_FOUND', `${hash}: no such run`);
  const existing = vfs.stat(target.edits) === undefined ? undefined : readFacts(vfs, target.edits);
  if (existing !== undefined && !existing.isDeleted) {
    // Not "delete it there": it would be the only one.
    const isSame = vfs.stat(source.directory)?.identity === vfs.stat(target.directory)?.identity;
    if (isSame) throw new RangeError(`other: it is the repo that ${hash} is in already`);
    throw new RangeError(
      `other: it holds a run ${hash} already (${target.directory}); delete it there first`,
    );
  }
  makeDirectories(vfs, target.logs);
  makeDirectories(vfs, target.edits);
  const ends = new Map<string, number>();
  for (const writer of listWriters(vfs, source.logs)) {
    const directory = `${target.logs}/${writer}`;
    emptyDirectory(vfs, directory);
    makeDirectories(vfs, directory);
    ends.set(directory, await Log.copy(`${source.logs}/${writer}`, directory, { vfs }));
  }
  await copyContents();
  const changes: Change[] = [
    ['createdAt', facts.createdAt],
    ['name', facts.name ?? null],
    ['experiment', facts.experiment],
    ['description', facts.description ?? null],
    ['archived', facts.archived],
    ...facts.tags.map((tag): Change => ['addTag', tag]),
    ...facts.notes.map(({ time, text }): Change => ['addNote', [time, text]]),
  ];
  const size = changes.reduce((sum, change) => sum + changeSize(change), 0);
  if (size <= EDIT_SIZE_MAX)
    publishEdit(vfs, target.edits, {
      kind: 'create',
      time: facts.createdAt,
      life: facts.life,
      changes,
    });
  // All properties or none, and one edit does not hold them.
  else publishFacts(vfs, target.edits, facts);
  syncEdits(vfs, target.edits);
  if (existing === undefined) return;
  try {
    for (const [directory, end] of ends) await claim(vfs, directory, end);
  } catch (error) {
    publishEdit(vfs, target.edits, {
      kind: 'deleted',
      time: Date.now(),
      life: facts.life,
      changes: [],
    });
    syncEdits(vfs, target.edits);
    throw error;
  }
}

/** Of what a copy that was cut short or a deleted run has left. A lock that a killed owner left is in nobody's way. */
function emptyDirectory(vfs: Vfs, directory: string): void {
  for (const name of listIfThere(vfs, directory)) {
    if (!/^(segment|rewritten|manifest|fence|temporary)-/.test(name)) continue;
    try {
      vfs.unlink(`${directory}/${name}`);
    } catch (error) {
      // A compaction that takes it away as well was faster.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

/** How long what is left of the deleted run may take to be reclaimed. */
const CLAIM_MS = 2000;

/**
 * The log of a run that begins where another was deleted. Who reclaims that one links the fence behind the
 * newest that there was while it was deleted: behind a newer one nobody does.
 */
async function claim(vfs: Vfs, directory: string, end: number): Promise<void> {
  if (end === 0) return;
  const log = await Log.open(directory, { vfs, owner: 'maintenance', lockTimeoutMs: CLAIM_MS });
  const { position } = log;
  await log.close();
  if (position < end)
    throw new RunlogError(
      'RUN_LOCKED',
      `${directory}: the deleted run that was there was reclaimed while this one was copied; copy again`,
      { file: directory },
    );
}

/** Changes with whatever is recorded of the run or done to its logs: an owner makes a fence, and appends. */
export function filesOfRun(vfs: Vfs, { edits, logs }: RunPlaces): string {
  const directories = [edits, ...listWriters(vfs, logs).map((writer) => `${logs}/${writer}`)];
  const files = directories.flatMap((directory) =>
    listIfThere(vfs, directory).map((name) => {
      const path = `${directory}/${name}`;
      return `${path} ${vfs.stat(path)?.size}`;
    }),
  );
  return files.sort().join('\n');
}
