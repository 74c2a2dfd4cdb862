// The directory of a repo: finding, creating, listing, and the places of its runs. Files of Python Aim
// in the same `.aim` are left alone.
//
// 1. Reading never creates anything; only opening a run for writing and `init` do.
// 2. Names of runs and writers were checked before they become paths, so none leads out of the repo.
//
// Spec: spec/directory.md. Test: test/store/repo-directory.test.ts, test/sdk/bad-input.test.ts.

import { dirname, join, resolve } from 'node:path';

import { publish, readWhole, type Vfs } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { isHashPrefix, isIdentifier } from '../model/names.ts';
import { holdsRun } from './edits.ts';

const MARK = 'runlog.json';
const FORMAT = 1;
const MARK_SIZE_MAX = 4096;
export const REPO_NAME = '.aim';
/** Characters of a text that may stand for a longer hash. */
const PREFIX_MIN = 4;

/** `~` and relative paths resolved; a path that ends in `.aim` is that repo, any other holds one. */
export function repoPathOf(path: string, home: string): string {
  const expanded = path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
  const absolute = resolve(expanded);
  return absolute.endsWith(`/${REPO_NAME}`) ? absolute : join(absolute, REPO_NAME);
}

/** The nearest repo in `start` or above it, or undefined. */
export function searchRepo(vfs: Vfs, start: string): string | undefined {
  for (let directory = resolve(start); ; directory = dirname(directory)) {
    const path = join(directory, REPO_NAME);
    if (isRepo(vfs, path)) return path;
    if (dirname(directory) === directory) return undefined;
  }
}

export const isRepo = (vfs: Vfs, path: string): boolean => vfs.stat(join(path, MARK)) !== undefined;

/** @throws RunlogError REPO_NOT_FOUND, FORMAT_TOO_NEW, CORRUPT. */
export function checkRepo(vfs: Vfs, path: string): void {
  const file = join(path, MARK);
  let text: string;
  try {
    text = Buffer.from(readWhole(vfs, file, MARK_SIZE_MAX)).toString();
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
    throw new RunlogError(
      'REPO_NOT_FOUND',
      `${path}: no runlog repo here; opening a run makes one, as do Repo.create() and \`runlog init\``,
      {
        file: path,
        cause: error,
      },
    );
  }
  // Where links are refused it has its name before its content: its maker is about to fill it, or died.
  if (text === '') return;
  let format: unknown;
  try {
    format = (JSON.parse(text) as { format?: unknown }).format;
  } catch (error) {
    throw new RunlogError('CORRUPT', `${file}: not JSON; it holds {"format":${FORMAT}}`, {
      file,
      offset: 0,
      size: text.length,
      cause: error,
    });
  }
  if (typeof format !== 'number')
    throw new RunlogError('CORRUPT', `${file}: no format number`, {
      file,
      offset: 0,
      size: text.length,
    });
  if (format > FORMAT) {
    throw new RunlogError(
      'FORMAT_TOO_NEW',
      `${path}: repo format ${format}, this package reads up to ${FORMAT}; upgrade runlog`,
      { file },
    );
  }
}

/** Makes the repo unless it is there. Throws Node's error, or RunlogError as `checkRepo`. */
export function createRepo(vfs: Vfs, path: string): void {
  if (isRepo(vfs, path)) {
    checkRepo(vfs, path);
    return;
  }
  const made = makeDirectories(vfs, path);
  const isNew = made.includes(path);
  makeDirectories(vfs, join(path, 'runs'));
  if (isNew) publish(vfs, path, '.gitignore', Buffer.from('*\n'), { sync: true });
  publish(vfs, path, MARK, Buffer.from(`${JSON.stringify({ format: FORMAT })}\n`), { sync: true });
  // Its own name too, before anything is promised that lies in it.
  for (const each of [path, ...made.map((each) => dirname(each))]) vfs.syncDirectory(each);
}

/** Makes a directory and what is missing above it; what had to be made, innermost first. */
export function makeDirectories(vfs: Vfs, path: string): string[] {
  try {
    vfs.makeDirectory(path);
    return [path];
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return [];
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  const above = makeDirectories(vfs, dirname(path));
  try {
    vfs.makeDirectory(path);
    return [path, ...above];
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return above;
  }
}

export interface RunPlaces {
  readonly directory: string;
  readonly edits: string;
  readonly logs: string;
}

export const runDirectory = (repo: string, hash: string): string => `${repo}/runs/${hash}`;

export function runPlaces(repo: string, hash: string): RunPlaces {
  const directory = runDirectory(repo, hash);
  return { directory, edits: `${directory}/edits`, logs: `${directory}/logs` };
}

/** Names in a directory, or none where it is missing. */
export function listIfThere(vfs: Vfs, path: string): string[] {
  try {
    return vfs.list(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}

/** Hashes of the directories that may hold runs, in no order: there may be a hundred thousand. */
export const unsortedHashes = (vfs: Vfs, repo: string): string[] =>
  listIfThere(vfs, `${repo}/runs`).filter(isIdentifier);

export const listHashes = (vfs: Vfs, repo: string): string[] => unsortedHashes(vfs, repo).sort();

export const listWriters = (vfs: Vfs, logs: string): string[] =>
  listIfThere(vfs, logs).filter(isIdentifier).sort();

/** What whoever must have the run is told. */
export function noSuchRun(vfs: Vfs, repo: string, text: string): RunlogError {
  const isShort = text !== '' && text.length < PREFIX_MIN;
  const begun = isShort
    ? listHashes(vfs, repo).find(
        (hash) => hash.startsWith(text) && holdsRun(vfs, runPlaces(repo, hash).edits),
      )
    : undefined;
  const hint =
    begun === undefined
      ? '`runlog ls` lists them'
      : `${begun} begins so; a prefix has ${PREFIX_MIN} characters or more`;
  return new RunlogError('RUN_NOT_FOUND', `${text}: no such run in ${repo}; ${hint}`, {
    file: repo,
  });
}

/**
 * The one run that `text` names: an exact hash, else a unique prefix of 4 characters or more.
 * A shorter text stands for itself alone: a program may ask for the short names that it gives its
 * runs, and is answered the same whatever else is there.
 *
 * @throws RunlogError HASH_AMBIGUOUS naming the candidates.
 */
export function resolveHash(vfs: Vfs, repo: string, text: string): string | undefined {
  if (isIdentifier(text) && vfs.stat(runDirectory(repo, text))?.isDirectory) return text;
  if (!isHashPrefix(text) && text.length < PREFIX_MIN) return undefined;
  const begun = listHashes(vfs, repo).filter((hash) => hash.startsWith(text));
  if (begun.length <= 1) return begun[0];
  // The directories of deleted runs stay.
  const found = begun.filter((hash) => holdsRun(vfs, runPlaces(repo, hash).edits));
  if (found.length <= 1) return found[0];
  const shown = found.slice(0, 5).join(', ');
  throw new RunlogError(
    'HASH_AMBIGUOUS',
    `${text}: begins ${found.length} hashes (${shown}${found.length > 5 ? ', ...' : ''}); write more of it`,
  );
}
