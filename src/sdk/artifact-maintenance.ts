// Contents of artifacts when a whole repo is looked after: verified, and copied along with a run.
//
// 1. A content that a run refers to and that is missing or changed is damage; one that none refers to is
//    not.
// 2. A copy of a run is none before what it refers to is in its repo.
//
// Spec: spec/artifacts.md. Test: test/sdk/artifacts.test.ts.

import type { Damage, Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import {
  ContentPlacer,
  contentPath,
  findContent,
  readContent,
} from '../store/artifact-contents.ts';
import { type Reference, referencesOf } from '../store/artifact-references.ts';
import { contentDisk } from '../store/content-disk.ts';
import { listHashes, type RunPlaces, runPlaces } from '../store/repo-directory.ts';
import { isDeletedRun } from './delete-run.ts';
import { type ProgressOptions, told } from './progress.ts';

/** Reads every content that a run refers to, once. */
export async function verifyContents(
  vfs: Vfs,
  repo: string,
  onProgress?: ProgressOptions['onProgress'],
): Promise<Damage[]> {
  const damaged: Damage[] = [];
  const seen = new Set<string>();
  const disk = contentDisk(vfs);
  for (const hash of told(listHashes(vfs, repo), onProgress)) {
    for (const reference of knownReferences(vfs, runPlaces(repo, hash), hash, damaged)) {
      if (seen.has(reference.sha256)) continue;
      seen.add(reference.sha256);
      try {
        for await (const _ of readContent(disk, repo, reference, reference.what));
      } catch (thrown) {
        damaged.push(damageOf(thrown, contentPath(repo, reference.sha256), reference.size));
      }
    }
  }
  return damaged;
}

function damageOf(thrown: unknown, file: string, size: number): Damage {
  const error = asRunlogError(thrown, file);
  if (!(error instanceof RunlogError)) throw error;
  return { file, offset: 0, size, reason: error.message };
}

/** What the records that can be read refer to; damage of a log itself is reported by its verification. */
function knownReferences(
  vfs: Vfs,
  places: RunPlaces,
  hash: string,
  damaged: Damage[],
): readonly Reference[] {
  const found: Reference[] = [];
  try {
    if (isDeletedRun(vfs, places)) return [];
    for (const each of referencesOf(vfs, places, hash)) found.push(each);
  } catch (thrown) {
    damaged.push(damageOf(thrown, places.logs, 0));
  }
  return found;
}

/**
 * Places in the repo `to` what the run at `places`, which is in it, refers to.
 *
 * @throws RunlogError CORRUPT naming a content that is missing or damaged; Node's error.
 */
export async function copyContents(
  vfs: Vfs,
  from: string,
  to: string,
  places: RunPlaces,
  hash: string,
): Promise<void> {
  const disk = contentDisk(vfs);
  const placer = new ContentPlacer(disk, to);
  const seen = new Set<string>();
  for (const reference of referencesOf(vfs, places, hash)) {
    if (seen.has(reference.sha256)) continue;
    seen.add(reference.sha256);
    await placer.place(readContent(disk, from, reference, reference.what));
  }
  await placer.settle();
  // Before the copy is a run nothing keeps a collector off but their age.
  for (const sha256 of seen)
    if (findContent(disk, to, sha256) === undefined)
      throw new RunlogError(
        'IO',
        `${contentPath(to, sha256)}: it was taken away while run ${hash} was copied; copy again`,
      );
}
