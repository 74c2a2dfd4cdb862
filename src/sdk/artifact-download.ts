// Downloading an artifact: copied and hashed aside, then given its names.
//
// 1. Where anything is wrong with a content, the target stays as it was; no file is ever half there.
// 2. No name leads out of the target: paths of an artifact were checked when it was read, and no
//    directory on the way may be a link.
//
// Spec: spec/artifacts.md, Downloading. Test: test/sdk/artifact-download.test.ts.

import {
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { nodeVfs } from '../engine/index.ts';
import { errorCode, RunlogError, throwIfAborted } from '../errors.ts';
import { limits } from '../limits.ts';
import type { ArtifactEntry } from '../store/artifact-record.ts';
import { makeDirectories } from '../store/repo-directory.ts';
import { foldedTwins, windowsFault } from './artifact-names.ts';

type FileEntry = Extract<ArtifactEntry, { kind: 'file' }>;

interface DownloadParts {
  readonly overwrite: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Verified: throws at the end of what is not what was logged. */
  read(entry: FileEntry): AsyncIterable<Uint8Array>;
}

const refused = (file: string, reason: string): RunlogError =>
  new RunlogError('FILE_REFUSED', `${JSON.stringify(file)}: ${reason}`, { file });

/** Paths of what was made. @throws RunlogError CORRUPT, FILE_REFUSED, ABORTED; Node's error. */
export async function download(
  entries: readonly ArtifactEntry[],
  target: string,
  parts: DownloadParts,
): Promise<string[]> {
  // Not Node's own with `recursive`: below a path like /proc/x it never answers (Node 20 to 24).
  makeDirectories(nodeVfs(), resolve(target));
  const staging = await mkdtemp(join(target, '.runlog-'));
  try {
    await checkNames(entries, staging);
    for (const entry of entries) await checkFree(entry, target, parts.overwrite);
    await copyAll(entries, staging, parts);
    // Links last: nothing is written through one of them.
    const order = { directory: 0, file: 1, link: 2 };
    const indexes = [...entries.keys()].sort(
      (a, b) => order[kindAt(entries, a)] - order[kindAt(entries, b)],
    );
    for (const index of indexes) {
      throwIfAborted(parts.signal);
      const entry = entries[index] as ArtifactEntry;
      await makeWay(entry.path, target);
      await give(entry, join(staging, String(index)), join(target, entry.path), parts.overwrite);
    }
    return entries.map((each) => join(target, each.path));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const kindAt = (entries: readonly ArtifactEntry[], index: number): ArtifactEntry['kind'] =>
  (entries[index] as ArtifactEntry).kind;

/** What this file system cannot tell apart, or would take for something else. */
async function checkNames(entries: readonly ArtifactEntry[], staging: string): Promise<void> {
  if (process.platform === 'win32')
    for (const { path } of entries) {
      const fault = windowsFault(path);
      if (fault !== undefined) throw refused(path, fault);
    }
  const marked = join(staging, 'a');
  await (await open(marked, 'wx')).close();
  const isFolding = await exists(join(staging, 'A'));
  await unlink(marked);
  const twins = isFolding ? foldedTwins(entries.map((each) => each.path)) : undefined;
  if (twins !== undefined)
    throw refused(twins[1], `this file system does not tell it from ${JSON.stringify(twins[0])}`);
}

async function factsOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const exists = async (path: string): Promise<boolean> => (await factsOf(path)) !== undefined;

/** Directories above a path of the artifact, outermost first. */
function waysTo(path: string, target: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => join(target, ...parts.slice(0, index + 1)));
}

async function checkWay(way: string): Promise<boolean> {
  const facts = await factsOf(way);
  if (facts === undefined) return false;
  if (facts.isDirectory()) return true;
  const kind = facts.isSymbolicLink() ? 'a link' : 'no directory';
  throw refused(way, `it is ${kind}; the artifact is written through directories only`);
}

async function checkFree(entry: ArtifactEntry, target: string, overwrite: boolean): Promise<void> {
  for (const way of waysTo(entry.path, target)) if (!(await checkWay(way))) return;
  const path = join(target, entry.path);
  const facts = await factsOf(path);
  if (facts === undefined) return;
  if (entry.kind === 'directory' && facts.isDirectory()) return;
  if (facts.isDirectory()) throw refused(path, 'it is a directory; choose another target');
  if (entry.kind === 'directory') throw refused(path, 'it is no directory; choose another target');
  if (!overwrite) throw refused(path, 'it is there already; choose another target, or overwrite');
}

async function makeWay(path: string, target: string): Promise<void> {
  for (const way of waysTo(path, target)) {
    if (await checkWay(way)) continue;
    try {
      await mkdir(way);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST' || !(await checkWay(way))) throw error;
    }
  }
}

async function copyAll(
  entries: readonly ArtifactEntry[],
  staging: string,
  parts: DownloadParts,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < entries.length) {
      const index = next;
      next += 1;
      const entry = entries[index] as ArtifactEntry;
      const path = join(staging, String(index));
      if (entry.kind === 'file') await copyOne(entry, path, parts);
      else if (entry.kind === 'link') await symlink(entry.target, path);
    }
  };
  const workers = Array.from({ length: limits.artifactCopyCountMax }, () =>
    work().catch((error: unknown) => {
      next = entries.length;
      throw error;
    }),
  );
  for (const end of await Promise.allSettled(workers))
    if (end.status === 'rejected') throw end.reason;
}

/** Rights of a new file, less what the process's umask takes. */
const FILE_MODE = 0o666;
const EXECUTION = 0o111;

async function copyOne(
  entry: FileEntry,
  path: string,
  { read, signal }: DownloadParts,
): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE | (entry.mode & EXECUTION));
  try {
    for await (const chunk of read(entry)) {
      throwIfAborted(signal);
      for (let done = 0; done < chunk.length; )
        done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}

/** File systems without links rename: what came there in between is replaced. */
const LINK_REFUSED = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function give(
  entry: ArtifactEntry,
  staged: string,
  path: string,
  overwrite: boolean,
): Promise<void> {
  if (entry.kind === 'directory') {
    if (!(await checkWay(path))) await mkdir(path);
    return;
  }
  if (overwrite) {
    await rename(staged, path);
    return;
  }
  try {
    // Never over what is there, in one call.
    if (entry.kind === 'link') await symlink(await readlink(staged), path);
    else await link(staged, path);
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === 'EEXIST') throw refused(path, 'it came there while the artifact was downloaded');
    if (!LINK_REFUSED.has(code) || entry.kind === 'link') throw error;
    await rename(staged, path);
  }
}
