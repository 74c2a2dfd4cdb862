// What the files of a git repository tell without git: branch, commit, remote.
//
// 1. Read only, a few small files: `.git`, `HEAD`, the ref, `packed-refs`, `config`.
// 2. What needs objects or the working tree is not told: author, time, message, dirty, diff. Refs that
//    are kept in a table (extensions.refStorage) and included configurations are not followed.
//
// Test: test/system/environment/git-files.test.ts.

import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { GitFacts } from '../../model/system-params.ts';

const HEAD_SIZE_MAX = 4096;
/** A repository of 100,000 refs has 7 MB of them. */
const REFS_SIZE_MAX = 16 * 1024 * 1024;
const CONFIG_SIZE_MAX = 1024 * 1024;
/** Directories above one are fewer in any real file system. */
const PARENTS_MAX = 256;

const hashShape = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** As long as git abbreviates where that is unambiguous. */
const SHORT_HASH = 7;

export interface GitFiles {
  readonly facts: GitFacts;
  /** What the files say is what git would: nothing of them sends it elsewhere. */
  readonly isPlain: boolean;
}

/** Undefined: no repository of a working tree at or above the directory. */
export async function readGitFiles(directory: string): Promise<GitFiles | undefined> {
  const found = await findGitDirectory(directory);
  if (found === undefined) return undefined;
  const { gitDirectory, root } = found;
  const shared = await readText(join(gitDirectory, 'commondir'), HEAD_SIZE_MAX);
  const common = shared === undefined ? gitDirectory : resolve(gitDirectory, shared.trim());
  const [head, config = '', shallow, objects] = await Promise.all([
    readHead(gitDirectory, common),
    readText(join(common, 'config'), CONFIG_SIZE_MAX),
    look(join(common, 'shallow')),
    look(join(common, 'objects')),
  ]);
  const remote = remoteOf(config);
  const facts = {
    ...head,
    ...(remote === undefined ? {} : { remote_origin_url: remote }),
    shallow: shallow !== undefined,
    bare: false,
    worktree: shared !== undefined,
    root,
  };
  const isPlain = head.branch !== undefined && objects !== undefined && !elsewhere.test(config);
  return { facts, isPlain };
}

/** Other files with settings, another working tree, and what only a newer git understands. */
const elsewhere = /^\s*(?:\[\s*(?:include|extensions)|worktree\s*=|bare\s*=(?!\s*false\b))/im;

/** The branch that HEAD of a git directory is on; undefined where it cannot be told. */
export async function readBranch(
  gitDirectory: string,
): Promise<{ branch: string; detached: boolean } | undefined> {
  return branchOf(await readText(join(gitDirectory, 'HEAD'), HEAD_SIZE_MAX));
}

function branchOf(head: string | undefined): { branch: string; detached: boolean } | undefined {
  const text = head?.replace(/\r?\n$/, '') ?? '';
  if (hashShape.test(text)) return { branch: 'HEAD', detached: true };
  const branch = /^ref:\s*refs\/heads\/(.+)$/.exec(text)?.[1];
  // What stands there when refs are kept in a table.
  return branch === undefined || branch === '.invalid' ? undefined : { branch, detached: false };
}

async function readHead(gitDirectory: string, common: string): Promise<GitFacts> {
  const head = await readText(join(gitDirectory, 'HEAD'), HEAD_SIZE_MAX);
  const told = branchOf(head);
  if (told === undefined || head === undefined) return {};
  const ref = `refs/heads/${told.branch}`;
  const hash = told.detached ? head.trim() : await readRef(common, ref);
  const commit =
    hash === undefined ? {} : { commit: { hash: hash.slice(0, SHORT_HASH), full_hash: hash } };
  return { ...told, ...commit };
}

async function readRef(common: string, ref: string): Promise<string | undefined> {
  const loose = (await readText(join(common, ref), HEAD_SIZE_MAX))?.trim();
  if (loose !== undefined && hashShape.test(loose)) return loose;
  const packed = await readText(join(common, 'packed-refs'), REFS_SIZE_MAX);
  const line = packed?.split('\n').find((each) => each.endsWith(` ${ref}`));
  const hash = line?.slice(0, line.indexOf(' '));
  return hash !== undefined && hashShape.test(hash) ? hash : undefined;
}

async function findGitDirectory(
  directory: string,
): Promise<{ gitDirectory: string; root: string } | undefined> {
  let root = resolve(directory);
  for (let count = 0; count < PARENTS_MAX; count += 1) {
    const place = join(root, '.git');
    const found = await look(place);
    if (found?.isDirectory()) return { gitDirectory: place, root };
    if (found?.isFile()) {
      const target = /^gitdir: (.+)$/m.exec((await readText(place, HEAD_SIZE_MAX)) ?? '')?.[1];
      return target === undefined ? undefined : { gitDirectory: resolve(root, target), root };
    }
    const parent = dirname(root);
    if (parent === root) return undefined;
    root = parent;
  }
  return undefined;
}

/** The url of origin in a configuration file. */
function remoteOf(config: string): string | undefined {
  let isOrigin = false;
  let url: string | undefined;
  for (const line of config.split('\n')) {
    const section = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (section !== undefined) isOrigin = /^remote\s+"origin"$/i.test(section.trim());
    const value = isOrigin ? /^\s*url\s*=\s*(.*)$/i.exec(line)?.[1] : undefined;
    if (value !== undefined) url = unquoted(value);
  }
  return url;
}

function unquoted(value: string): string {
  let text = '';
  let isQuoted = false;
  for (let index = 0; index < value.length; index += 1) {
    const character = value[index] as string;
    if (character === '"') isQuoted = !isQuoted;
    else if (character === '\\') {
      index += 1;
      text += value[index] ?? '';
    } else if (!isQuoted && (character === '#' || character === ';')) break;
    else text += character;
  }
  return text.trim();
}

const look = (path: string): Promise<Stats | undefined> => stat(path).catch(() => undefined);

/** Undefined: not there, not readable, or longer. */
async function readText(path: string, sizeMax: number): Promise<string | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const facts = await file.stat();
    // Of a pipe or a device reading might never end.
    if (!facts.isFile() || facts.size > sizeMax) return undefined;
    return await file.readFile('utf8');
  } catch {
    return undefined;
  } finally {
    await file.close().catch(() => {});
  }
}
