// What lies at a path that is logged as an artifact: listed, then read a file at a time.
//
// 1. Nothing that could wait for ever is opened: no pipe, no device.
// 2. A file that changes while it is read is read again; what was read of it before is thrown away.
// 3. Bounded: so many entries, a chunk a file.
//
// Spec: spec/artifacts.md, What is kept of a path. Test: test/sdk/artifacts.test.ts.

import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type ArtifactKind, isInsideLink } from '../store/artifact-record.ts';

/** An entry before its bytes were read. */
export interface SourceEntry {
  readonly kind: 'file' | 'link' | 'directory';
  /** Below the artifact, with forward slashes. */
  readonly path: string;
  /** Where it is. */
  readonly file: string;
  /** Of a link. */
  readonly target: string;
  readonly mode: number;
  readonly mtime: number;
}

export interface Source {
  readonly kind: ArtifactKind;
  /** Sorted by path. */
  readonly entries: readonly SourceEntry[];
}

const MODE_BITS = 0o7777n;

const refused = (file: string, reason: string): RunlogError =>
  new RunlogError('FILE_REFUSED', `${JSON.stringify(file)}: ${reason}`, { file });

const tooMany = (file: string, countMax: number): RunlogError =>
  new RunlogError(
    'LIMIT',
    `${JSON.stringify(file)}: more than ${countMax} files (artifactFileCountMax); log an archive of it, or its parts`,
    { file, limit: 'artifactFileCountMax' },
  );

/**
 * Lists a file, or a directory with all below it. `without`: the repo, which is no part of it.
 *
 * @throws RunlogError FILE_REFUSED, LIMIT; Node's error.
 */
export async function listSource(
  path: string,
  without: string,
  countMax: number = limits.artifactFileCountMax,
): Promise<Source> {
  const facts = await stat(path, { bigint: true });
  if (facts.isDirectory()) {
    const entries = await listBelow(path, await realOrSame(without), countMax);
    return { kind: 'directory', entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  }
  if (!facts.isFile()) throw refused(path, `${kindOf(facts)} cannot be kept, only files`);
  return { kind: 'file', entries: [entryOf('file', basename(path), path, facts)] };
}

const realOrSame = (path: string): Promise<string> => realpath(path).catch(() => path);

function entryOf(
  kind: SourceEntry['kind'],
  path: string,
  file: string,
  facts: BigIntStats,
  target = '',
): SourceEntry {
  const mode = Number(facts.mode & MODE_BITS);
  return { kind, path, file, target, mode, mtime: Number(facts.mtimeMs) };
}

const kindOf = (facts: BigIntStats): string => {
  if (facts.isSocket()) return 'a socket';
  if (facts.isFIFO()) return 'a pipe';
  return 'a device';
};

async function listBelow(root: string, without: string, countMax: number): Promise<SourceEntry[]> {
  const entries: SourceEntry[] = [];
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const names = await readdir(join(root, folder), { encoding: 'buffer' });
    if (names.length === 0 && folder !== '') {
      const file = join(root, folder);
      entries.push(entryOf('directory', folder, file, await lstat(file, { bigint: true })));
    }
    for (const bytes of names) {
      const name = nameOf(bytes, join(root, folder));
      const path = folder === '' ? name : `${folder}/${name}`;
      const file = join(root, path);
      const facts = await lstat(file, { bigint: true });
      if (facts.isDirectory()) {
        if ((await realOrSame(file)) !== without) waiting.push(path);
      } else if (facts.isSymbolicLink()) entries.push(await linkAt(path, file, facts));
      else if (facts.isFile()) entries.push(entryOf('file', path, file, facts));
      else throw refused(file, `${kindOf(facts)} cannot be kept, only files; leave it out`);
      if (entries.length > countMax) throw tooMany(root, countMax);
    }
  }
  return entries;
}

function nameOf(bytes: Buffer, folder: string): string {
  const name = bytes.toString('utf8');
  if (Buffer.from(name, 'utf8').equals(bytes)) return name;
  throw refused(join(folder, name), 'its name is not UTF-8; rename it');
}

async function linkAt(path: string, file: string, facts: BigIntStats): Promise<SourceEntry> {
  const target = await readlink(file);
  if (isInsideLink(path, target)) return entryOf('link', path, file, facts, target);
  throw refused(
    file,
    `the link leads to ${JSON.stringify(target)}, out of what is logged; log what it leads to, or leave it out`,
  );
}

/** A file as it was read whole. */
export interface ReadFacts {
  readonly mode: number;
  readonly mtime: number;
}

/**
 * A file that was opened to be read once: `chunks`, then `check`, then `close`.
 */
export class SourceFile {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #before: BigIntStats;

  private constructor(file: FileHandle, path: string, before: BigIntStats) {
    this.#file = file;
    this.#path = path;
    this.#before = before;
  }

  /** @throws RunlogError FILE_REFUSED where it is no file any more; Node's error. */
  static async open(path: string, isTop: boolean): Promise<SourceFile> {
    // O_NONBLOCK: a pipe that has come to be there is not waited for.
    const noFollow = isTop ? 0 : (constants.O_NOFOLLOW ?? 0);
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | noFollow;
    const file = await open(path, flags);
    try {
      const before = await file.stat({ bigint: true });
      if (!before.isFile()) throw refused(path, 'it is no file any more');
      return new SourceFile(file, path, before);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get facts(): ReadFacts {
    return { mode: Number(this.#before.mode & MODE_BITS), mtime: Number(this.#before.mtimeMs) };
  }

  /** As many bytes as it had when it was opened, or fewer where it was cut; each good until the next. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const size = Number(this.#before.size);
    if (size === 0) {
      const { bytesRead } = await this.#file.read(new Uint8Array(1), 0, 1, 0);
      const isUnsized = bytesRead > 0 && !(await this.#isOther());
      if (isUnsized) throw refused(this.#path, 'it has bytes and no size; log a copy of it');
      return;
    }
    const chunk = new Uint8Array(Math.min(size, limits.artifactChunkSize));
    for (let offset = 0; offset < size; ) {
      const wanted = Math.min(chunk.length, size - offset);
      const { bytesRead } = await this.#file.read(chunk, 0, wanted, offset);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      offset += bytesRead;
    }
  }

  async #isOther(): Promise<boolean> {
    const after = await this.#file.stat({ bigint: true });
    const keys = ['size', 'mtimeNs', 'ctimeNs', 'ino', 'dev'] as const;
    return keys.some((key) => after[key] !== this.#before[key]);
  }

  /** Whether the path still leads to what was read, unchanged. */
  async isSame(): Promise<boolean> {
    if (await this.#isOther()) return false;
    const there = await stat(this.#path, { bigint: true });
    return there.ino === this.#before.ino && there.dev === this.#before.dev;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Readings of a file that changes meanwhile. */
const TRIES = 3;

/**
 * What `use` makes of a file that did not change while it did.
 *
 * @throws RunlogError FILE_REFUSED; what `use` throws; Node's error.
 */
export async function readUnchanged<T>(
  entry: SourceEntry,
  isTop: boolean,
  use: (chunks: AsyncIterable<Uint8Array>, facts: ReadFacts) => Promise<T>,
): Promise<T> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const file = await SourceFile.open(entry.file, isTop);
    try {
      const made = await use(file.chunks(), file.facts);
      if (await file.isSame()) return made;
    } finally {
      await file.close();
    }
  }
  throw refused(
    entry.file,
    `it changed while it was copied, ${TRIES} times; log a copy of it, or wait until nobody writes to it`,
  );
}
