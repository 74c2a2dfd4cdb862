// Copying a run as it is now: its properties and the records of every writer, into new logs.
//
// 1. The copy is written like any run: an interrupted one has no edit 0 and is no run.
// 2. What its records refer to is there before it is one.
// 3. Logs that lost their edit are nobody's remains: a copy is not made over them.
//
// Test: test/sdk/repo.test.ts, test/sdk/lost-edit.test.ts.

import { dirname } from 'node:path';

import { Log, loadXxhash, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import {
  type Change,
  publishEdit,
  publishFacts,
  readFacts,
  readFactsIfThere,
  syncEdits,
} from '../store/edits.ts';
import {
  listIfThere,
  listWriters,
  makeDirectories,
  type RunPlaces,
} from '../store/repo-directory.ts';
import { refuseLost } from '../store/verify-edits.ts';
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
  const existing = readFactsIfThere(vfs, target.edits);
  // What its logs hold would be taken for what a copy has left.
  if (existing === undefined || existing.life === '') refuseLost(vfs, target);
  if (existing !== undefined && !existing.isDeleted) {
    // Not "delete it there": it would be the only one.
    const isSame = vfs.stat(source.directory)?.identity === vfs.stat(target.directory)?.identity;
    if (isSame) throw new RangeError(`other: it is the repo that ${hash} is in already`);
    throw new RangeError(
      `other: it holds a run ${hash} already (${target.directory}); delete it there first`,
    );
  }
  const made = [...makeDirectories(vfs, target.logs), ...makeDirectories(vfs, target.edits)];
  const ends = new Map<string, number>();
  for (const writer of listWriters(vfs, source.logs)) {
    const directory = `${target.logs}/${writer}`;
    emptyDirectory(vfs, directory);
    makeDirectories(vfs, directory);
    ends.set(directory, await Log.copy(`${source.logs}/${writer}`, directory, { vfs }));
  }
  // The names of the logs before the edit that says that they are there; who moves deletes the others next.
  const entries = [target.logs, target.directory, dirname(target.directory), ...made.map(dirname)];
  for (const path of new Set(entries)) vfs.syncDirectory(path);
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
  try {
    for (const [directory, end] of ends)
      await claim(vfs, directory, end, existing === undefined ? 0 : CLAIM_MS);
  } catch (error) {
    // The copy is whole; of one that loses its edit before it is opened once its logs would say nothing.
    if (existing === undefined) return;
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
 * One more fence and manifest: its log is no longer what a copy leaves that was cut short. Where another run
 * was deleted before, who reclaims that one links the fence behind the newest that there was while it was
 * deleted: behind a newer one nobody does.
 */
async function claim(
  vfs: Vfs,
  directory: string,
  end: number,
  lockTimeoutMs: number,
): Promise<void> {
  if (end === 0) return;
  const log = await Log.open(directory, { vfs, owner: 'maintenance', lockTimeoutMs });
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
