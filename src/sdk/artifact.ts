// An artifact of a run being looked at: what it is made of, and its bytes.
//
// 1. Whatever is given out was hashed: damage is never silent.
//
// Spec: spec/artifacts.md. Test: test/sdk/artifacts.test.ts.

import type { Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkMembers, checkSignal, checkType } from '../model/check.ts';
import { given } from '../model/given.ts';
import { readParams } from '../model/params.ts';
import { contentPath, readContent } from '../store/artifact-contents.ts';
import {
  type ArtifactEntry,
  type ArtifactKind,
  decodeArtifact,
  decodeEntries,
  digestOf,
} from '../store/artifact-record.ts';
import { artifactRecords } from '../store/artifact-references.ts';
import { contentDisk } from '../store/content-disk.ts';
import type { WriterLog } from '../store/run-reader.ts';
import { download } from './artifact-download.ts';
import { checkPath } from './artifact-options.ts';

/** How `artifact.download` treats what is there already, and what ends it. */
export interface DownloadOptions {
  /** Files and links that are there already are replaced. Default false: they are an error. */
  readonly overwrite?: boolean | undefined;
  /** Ends it with ABORTED, between pieces of a file: none is half there, what has its name is whole. */
  readonly signal?: AbortSignal | undefined;
}

/** A content that is not what the artifact was made of. */
export interface DamagedFile {
  /** Of the artifact. */
  readonly path: string;
  /** The content. */
  readonly file: string;
  readonly reason: string;
}

/** What `artifact.verify()` has found. */
export interface ArtifactReport {
  /** Nothing is damaged. */
  readonly ok: boolean;
  readonly damaged: readonly DamagedFile[];
}

const downloadNames = new Set(['overwrite', 'signal']);

interface ArtifactPlace {
  readonly vfs: Vfs;
  readonly repo: string;
  readonly hash: string;
}

type Stored = ReturnType<typeof decodeArtifact>;

/** One version of an artifact of a run: its facts, and its files on demand. From `view.artifacts()`. */
export class Artifact {
  readonly name: string;
  /** From 1, among those of the name. */
  readonly version: number;
  readonly kind: ArtifactKind;
  /** When it was logged, milliseconds since 1970. */
  readonly time: number;
  /** Which writer of the run has logged it. */
  readonly writer: string;
  readonly #place: ArtifactPlace;
  readonly #stored: Stored;
  #files: readonly ArtifactEntry[] | undefined;

  /** @internal Use `view.artifacts`. */
  constructor(place: ArtifactPlace, stored: Stored, writer: string, version: number) {
    this.name = stored.name;
    this.kind = stored.kind;
    this.time = stored.time;
    this.writer = writer;
    this.version = version;
    this.#place = place;
    this.#stored = stored;
  }

  /** A copy of what it was logged with; undefined: nothing. */
  get metadata(): Readonly<Record<string, unknown>> | undefined {
    return readParams(this.#stored.metadata) as Record<string, unknown> | undefined;
  }

  /** Files, links and empty directories, by path. @throws RunlogError CORRUPT. */
  get files(): readonly ArtifactEntry[] {
    this.#files ??= decodeEntries(this.#stored.files, this.kind);
    return this.#files;
  }

  /** Bytes of all files. */
  get size(): number {
    return this.files.reduce((sum, each) => sum + each.size, 0);
  }

  /** 64 hex digits: of a file, of its bytes; of a directory, the same for every equal tree. */
  get sha256(): string {
    return digestOf(this.kind, this.files);
  }

  #file(path: string | undefined): Extract<ArtifactEntry, { kind: 'file' }> {
    if (path !== undefined && typeof path !== 'string')
      throw new TypeError(`path: expected a path of the artifact, got ${given(path)}`);
    if (path === undefined && this.kind === 'directory')
      throw new TypeError(`path: expected one, since artifact ${this.#shown} is a directory`);
    const found =
      path === undefined ? this.files[0] : this.files.find((each) => each.path === path);
    if (found?.kind === 'file') return found;
    throw new RangeError(`path: artifact ${this.#shown} has no file ${given(path)}`);
  }

  get #shown(): string {
    return JSON.stringify(this.name);
  }

  #read(entry: Extract<ArtifactEntry, { kind: 'file' }>): AsyncGenerator<Uint8Array> {
    const { vfs, repo, hash } = this.#place;
    const what = `run ${hash}, artifact ${this.#shown}, ${JSON.stringify(entry.path)}`;
    return readContent(contentDisk(vfs), repo, entry, what);
  }

  /**
   * The bytes of a file, in chunks; `path` may be left out where the artifact is one file. The last chunk
   * comes only when all were found to be what was logged.
   *
   * @throws TypeError, RangeError naming the path; RunlogError CORRUPT naming the content, IO.
   */
  async *open(path?: string): AsyncGenerator<Uint8Array> {
    const entry = this.#file(path);
    try {
      for await (const chunk of this.#read(entry)) yield new Uint8Array(chunk);
    } catch (error) {
      throw asRunlogError(error, `artifact ${this.#shown}`);
    }
  }

  /** The bytes of a file. @throws as `open`; RunlogError LIMIT above 1 GiB. */
  async bytes(path?: string): Promise<Uint8Array> {
    const { size } = this.#file(path);
    if (size > limits.artifactBytesMax)
      throw new RunlogError(
        'LIMIT',
        `artifact ${this.#shown}: ${size} bytes, at most ${limits.artifactBytesMax} at once (artifactBytesMax); use open or download`,
        { limit: 'artifactBytesMax' },
      );
    const bytes = new Uint8Array(size);
    let end = 0;
    for await (const chunk of this.open(path)) {
      bytes.set(chunk, end);
      end += chunk.length;
    }
    return bytes;
  }

  /**
   * Copies it below a directory, which is made if it is not there, and gives the paths of what was made.
   * Everything is read and hashed before the first file gets its name.
   *
   * @throws TypeError naming the argument; RunlogError CORRUPT naming file and artifact, FILE_REFUSED where
   * something is there already or a path would lead out of the directory, ABORTED, IO.
   */
  async download(directory: string, options: DownloadOptions = {}): Promise<string[]> {
    const target = checkPath(directory, 'directory');
    checkMembers(options, 'options', downloadNames);
    checkType(options.overwrite, 'boolean', 'overwrite');
    const { overwrite = false, signal } = options;
    checkSignal(signal);
    try {
      return await download(this.files, target, {
        overwrite,
        signal,
        read: (entry) => this.#read(entry),
      });
    } catch (error) {
      throw asRunlogError(error, `artifact ${this.#shown}`);
    }
  }

  /** Reads every content and says which are missing or changed. @throws RunlogError CORRUPT, IO. */
  async verify(): Promise<ArtifactReport> {
    const damaged: DamagedFile[] = [];
    for (const entry of this.files) {
      if (entry.kind !== 'file') continue;
      try {
        for await (const _ of this.#read(entry));
      } catch (thrown) {
        const error = asRunlogError(thrown, entry.path);
        if (!(error instanceof RunlogError)) throw error;
        const file = contentPath(this.#place.repo, entry.sha256);
        damaged.push({ path: entry.path, file, reason: error.message });
      }
    }
    return { ok: damaged.length === 0, damaged };
  }
}

/** Of all writers, oldest first. @throws RunlogError CORRUPT. */
export function artifactsOf(logs: readonly WriterLog[], place: ArtifactPlace): Artifact[] {
  const found = logs.flatMap(({ log, writer }) => {
    // The clock of one writer may be set back: its order is that of its log.
    let time = Number.NEGATIVE_INFINITY;
    return artifactRecords(log).map(({ body }) => {
      const stored = decodeArtifact(body);
      time = Math.max(time, stored.time);
      return { stored, writer, time };
    });
  });
  const versions = new Map<string, number>();
  return found
    .sort((a, b) => a.time - b.time)
    .map(({ stored, writer }) => {
      const version = (versions.get(stored.name) ?? 0) + 1;
      versions.set(stored.name, version);
      return new Artifact(place, stored, writer, version);
    });
}
