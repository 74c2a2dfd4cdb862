// Collecting contents that no run refers to.
//
// 1. Only what is older than the grace is looked at; it is renamed aside and every record is read again
//    before it goes. Whoever placed the same content meanwhile has put another file under its name.
// 2. Aside a content can still be read, and the next collector finishes what one that died has left.
// 3. Where any log cannot be read for certain, nothing is collected.
//
// Spec: spec/artifacts.md, Collecting. Test: test/store/artifact-collect.test.ts.

import type { Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { durations } from '../limits.ts';
import { artifactsPath, asidePath, contentPath, temporaryPath } from './artifact-contents.ts';
import { allReferences, NotKnown } from './artifact-references.ts';
import { listIfThere } from './repo-directory.ts';

export interface Collected {
  readonly count: number;
  readonly bytes: number;
  /** Why nothing was collected; undefined: nothing was in doubt. */
  readonly doubt: string | undefined;
}

const NONE: Collected = { count: 0, bytes: 0, doubt: undefined };

const asideName = /^aside-([0-9a-f]{64})-[0-9a-f]{16}$/;
const isContentName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

interface Aside {
  readonly sha256: string;
  readonly path: string;
}

/** @throws Node's error. */
export async function collectContents(
  vfs: Vfs,
  repo: string,
  graceMs: number = durations.artifactGraceMs,
): Promise<Collected> {
  if (vfs.stat(artifactsPath(repo)) === undefined) return NONE;
  const left = listNames(vfs, repo, (name) => asideName.exec(name)?.[1]);
  const asides: Aside[] = [];
  try {
    const clock = now(vfs, repo);
    const isOld = (changed: number): boolean => clock - changed >= graceMs;
    collectTemporary(vfs, repo, isOld);
    const old = listNames(vfs, repo, (name) => (isContentName(name) ? name : undefined)).filter(
      ({ path }) => isOld(vfs.stat(path)?.changed ?? clock),
    );
    if (old.length === 0 && left.length === 0) return NONE;
    const before = await allReferences(vfs, repo);
    for (const { sha256 } of old)
      if (!before.has(sha256)) asides.push(...putAside(vfs, repo, sha256, isOld));
    asides.push(...left.filter(({ path }) => isOld(vfs.stat(path)?.changed ?? clock)));
    const young = left.filter((each) => !asides.includes(each));
    for (const each of young) putBack(vfs, repo, each);
    const after = asides.length === 0 ? before : await allReferences(vfs, repo);
    return unlinkAll(vfs, repo, asides, after);
  } catch (error) {
    for (const each of [...asides, ...left]) putBack(vfs, repo, each);
    if (error instanceof NotKnown) return { ...NONE, doubt: error.message };
    throw error;
  }
}

function unlinkAll(
  vfs: Vfs,
  repo: string,
  asides: readonly Aside[],
  referenced: ReadonlySet<string>,
): Collected {
  let count = 0;
  let bytes = 0;
  for (const each of asides) {
    const size = vfs.stat(each.path)?.size;
    if (size === undefined) continue;
    if (referenced.has(each.sha256)) {
      putBack(vfs, repo, each);
      continue;
    }
    // Another collector was faster: it has counted it.
    if (!unlinkIfThere(vfs, each.path)) continue;
    count += 1;
    bytes += size;
  }
  return { count, bytes, doubt: undefined };
}

/** The time by the file system itself: of a file that is made now. */
function now(vfs: Vfs, repo: string): number {
  const path = temporaryPath(repo);
  const file = vfs.open(path, 'create');
  try {
    return vfs.facts(file).changed;
  } finally {
    vfs.close(file);
    vfs.unlink(path);
  }
}

/** Left by placers that died. */
function collectTemporary(vfs: Vfs, repo: string, isOld: (changed: number) => boolean): void {
  const directory = artifactsPath(repo);
  for (const name of listIfThere(vfs, directory)) {
    const path = `${directory}/${name}`;
    if (!/^temporary-[0-9a-f]{16}$/.test(name)) continue;
    const facts = vfs.stat(path);
    if (facts !== undefined && isOld(facts.changed)) unlinkIfThere(vfs, path);
  }
}

/** False: it was not there any more. */
function unlinkIfThere(vfs: Vfs, path: string): boolean {
  try {
    vfs.unlink(path);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return false;
  }
}

function listNames(
  vfs: Vfs,
  repo: string,
  contentOf: (name: string) => string | undefined,
): Aside[] {
  const directory = artifactsPath(repo);
  const folders = listIfThere(vfs, directory).filter((name) => /^[0-9a-f]{2}$/.test(name));
  return folders.flatMap((folder) =>
    listIfThere(vfs, `${directory}/${folder}`).flatMap((name) => {
      const sha256 = contentOf(name);
      if (sha256 === undefined || !sha256.startsWith(folder)) return [];
      return [{ sha256, path: `${directory}/${folder}/${name}` }];
    }),
  );
}

/** Out of the way, unless another file has the name by then; the handle keeps its identity from being reused. */
function putAside(
  vfs: Vfs,
  repo: string,
  sha256: string,
  isOld: (changed: number) => boolean,
): Aside[] {
  const path = contentPath(repo, sha256);
  const aside = { sha256, path: asidePath(repo, sha256) };
  try {
    const file = vfs.open(path, 'read');
    try {
      const { identity, changed } = vfs.facts(file);
      if (!isOld(changed)) return [];
      vfs.rename(path, aside.path);
      if (vfs.stat(aside.path)?.identity === identity) return [aside];
    } finally {
      vfs.close(file);
    }
  } catch (error) {
    // Another collector was faster.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  putBack(vfs, repo, aside);
  return [];
}

function putBack(vfs: Vfs, repo: string, { sha256, path }: Aside): void {
  const name = contentPath(repo, sha256);
  try {
    if (vfs.stat(name) === undefined) vfs.rename(path, name);
    else {
      // What was placed meanwhile is the same, and younger; it must not go with the power alone.
      vfs.syncDirectory(name.slice(0, name.lastIndexOf('/')));
      vfs.unlink(path);
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
