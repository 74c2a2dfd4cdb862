// Contents of artifacts: each once a repo, by its SHA-256, never changed.
//
// 1. A content is whole and durable before it has its name, and its name is durable before anything
//    refers to it (`settle`). A crash leaves what nothing refers to.
// 2. Placing one again gives it a new life, unless it is young: a collector takes none that is young.
// 3. What is read is hashed: no byte is given out as whole that is not what its name says.
//
// Spec: spec/artifacts.md. Test: test/store/artifact-collect.test.ts, test/sdk/artifacts.test.ts.

import { createHash, randomBytes } from 'node:crypto';

import type { FileHandle } from '../engine/index.ts';
import { errorCode, RunlogError } from '../errors.ts';
import { durations, limits } from '../limits.ts';
import type { ContentDisk } from './content-disk.ts';
import { listIfThere, makeDirectories } from './repo-directory.ts';

export interface Content {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly size: number;
}

export const artifactsPath = (repo: string): string => `${repo}/artifacts`;

const folderOf = (repo: string, sha256: string): string =>
  `${artifactsPath(repo)}/${sha256.slice(0, 2)}`;

export const contentPath = (repo: string, sha256: string): string =>
  `${folderOf(repo, sha256)}/${sha256}`;

const nonce = (): string => randomBytes(8).toString('hex');

export const asidePath = (repo: string, sha256: string): string =>
  `${folderOf(repo, sha256)}/aside-${sha256}-${nonce()}`;

export const temporaryPath = (repo: string): string =>
  `${artifactsPath(repo)}/temporary-${nonce()}`;

/** Places what one artifact holds. */
export class ContentPlacer {
  readonly #disk: ContentDisk;
  readonly #repo: string;
  readonly #graceMs: number;
  readonly #folders = new Set<string>();

  constructor(disk: ContentDisk, repo: string, graceMs: number = durations.artifactGraceMs) {
    this.#disk = disk;
    this.#repo = repo;
    this.#graceMs = graceMs;
  }

  /** Not durable before `settle`. Throws Node's error; whatever `chunks` throws. */
  async place(chunks: AsyncIterable<Uint8Array>): Promise<Content> {
    const { vfs } = this.#disk;
    const temporary = this.#temporary();
    const { file } = temporary;
    let isNamed = false;
    try {
      const { sha256, size } = await this.#fill(file, chunks);
      const path = contentPath(this.#repo, sha256);
      this.#folders.add(folderOf(this.#repo, sha256));
      if (this.#isYoung(path, file, size)) return { sha256, size };
      this.#disk.protect(file);
      await vfs.syncLater(file);
      isNamed = this.#rename(temporary.path, path);
      // A collector has taken it from a process that stood still for a day: its bytes are here yet.
      if (!isNamed) return await this.place(chunksOf(this.#disk, file, size));
      return { sha256, size };
    } finally {
      // What it holds is synced, or nobody will read it.
      closeQuietly(this.#disk, file);
      if (!isNamed) unlinkQuietly(this.#disk, temporary.path);
    }
  }

  #temporary(): { path: string; file: FileHandle } {
    const { vfs } = this.#disk;
    const path = temporaryPath(this.#repo);
    try {
      return { path, file: vfs.open(path, 'create') };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      makeDirectories(vfs, artifactsPath(this.#repo));
      return { path, file: vfs.open(path, 'create') };
    }
  }

  async #fill(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<Content> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      await this.#disk.write(file, chunk, size);
      size += chunk.length;
    }
    return { sha256: hash.digest('hex'), size };
  }

  /** There already, and no collector will look at it before the record is written. */
  #isYoung(path: string, file: FileHandle, size: number): boolean {
    const there = this.#disk.vfs.stat(path);
    if (there === undefined || there.size !== size) return false;
    return this.#disk.vfs.facts(file).changed - there.changed < this.#graceMs / 2;
  }

  /** False: the temporary file is gone. */
  #rename(temporary: string, path: string): boolean {
    const { vfs } = this.#disk;
    try {
      vfs.rename(temporary, path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      if (vfs.stat(temporary) === undefined) return false;
      makeDirectories(vfs, path.slice(0, path.lastIndexOf('/')));
      vfs.rename(temporary, path);
    }
    return true;
  }

  /** What was placed is durable. Throws Node's error. */
  async settle(): Promise<void> {
    const folders = [...this.#folders];
    const workers = Array.from({ length: limits.artifactCopyCountMax }, async () => {
      for (let next = folders.pop(); next !== undefined; next = folders.pop())
        await this.#disk.syncDirectory(next);
    });
    await Promise.all(workers);
    if (this.#folders.size === 0) return;
    // Also where somebody else has made them: it may not have come to it yet.
    await this.#disk.syncDirectory(artifactsPath(this.#repo));
    await this.#disk.syncDirectory(this.#repo);
  }
}

async function* chunksOf(
  disk: ContentDisk,
  file: FileHandle,
  size: number,
): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(Math.min(size, limits.artifactChunkSize));
  for (let offset = 0; offset < size; ) {
    const count = await disk.read(file, chunk, offset);
    if (count === 0) return;
    yield chunk.subarray(0, count);
    offset += count;
  }
}

/** Where the content is now; undefined: nowhere. */
export function findContent(
  { vfs }: ContentDisk,
  repo: string,
  sha256: string,
): string | undefined {
  const path = contentPath(repo, sha256);
  // A collector may take it aside and back between any two looks.
  for (let tries = 0; tries < 3; tries += 1) {
    if (vfs.stat(path) !== undefined) return path;
    const folder = folderOf(repo, sha256);
    const aside = listIfThere(vfs, folder).find((name) => name.startsWith(`aside-${sha256}-`));
    if (aside !== undefined) return `${folder}/${aside}`;
  }
  return undefined;
}

const missing = (repo: string, { sha256, size }: Content, what: string): RunlogError => {
  const file = contentPath(repo, sha256);
  const text = `${what}: its content is missing (${file}); log it again from its source`;
  return new RunlogError('CORRUPT', text, { file, offset: 0, size });
};

function openContent(disk: ContentDisk, repo: string, content: Content, what: string): FileHandle {
  for (let tries = 1; ; tries += 1) {
    const path = findContent(disk, repo, content.sha256);
    if (path === undefined) throw missing(repo, content, what);
    try {
      return disk.vfs.open(path, 'read');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || tries === 8) throw error;
    }
  }
}

/**
 * The bytes of a content, in chunks that are good until the next is asked for. The last comes only when
 * all of them were found to be what the name says.
 *
 * @throws RunlogError CORRUPT naming the content and `what` it is for; Node's error.
 */
export async function* readContent(
  disk: ContentDisk,
  repo: string,
  content: Content,
  what: string,
): AsyncGenerator<Uint8Array> {
  const file = openContent(disk, repo, content, what);
  try {
    const hash = createHash('sha256');
    const damaged = (reason: string): RunlogError => {
      const path = contentPath(repo, content.sha256);
      const text = `${what}: its content ${reason} (${path}); log it again from its source`;
      return new RunlogError('CORRUPT', text, { file: path, offset: 0, size: content.size });
    };
    const { size } = disk.vfs.facts(file);
    if (size !== content.size) throw damaged(`has ${size} bytes, not ${content.size}`);
    const chunk = new Uint8Array(Math.min(size, limits.artifactChunkSize));
    for (let offset = 0; offset < size; ) {
      const count = await disk.read(file, chunk, offset);
      hash.update(chunk.subarray(0, count));
      offset += count;
      if (count < chunk.length && offset < size) throw damaged('was cut while it was read');
      if (offset >= size && hash.digest('hex') !== content.sha256) throw damaged('is damaged');
      yield chunk.subarray(0, count);
    }
    if (size === 0 && hash.digest('hex') !== content.sha256) throw damaged('is damaged');
  } finally {
    closeQuietly(disk, file);
  }
}

export function closeQuietly({ vfs }: ContentDisk, file: FileHandle): void {
  try {
    vfs.close(file);
  } catch {
    // Nothing rests on this handle any more.
  }
}

export function unlinkQuietly({ vfs }: ContentDisk, path: string): void {
  try {
    vfs.unlink(path);
  } catch {
    // Somebody was faster; or it is left to the collector.
  }
}
