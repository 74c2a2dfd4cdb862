// Logging an artifact: list the path, place what is in it, then record it.
//
// 1. All or nothing: what fails is thrown before anything is recorded, and the run goes on.
// 2. The record comes after its contents are durable; after the record they are looked for again, for a
//    collector may have taken one from a process that stood still for half a day.
//
// Spec: spec/artifacts.md. Test: test/sdk/artifacts.test.ts, test/store/artifact-collect.test.ts.

import type { Vfs } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { durations, limits } from '../limits.ts';
import { ContentPlacer, findContent } from '../store/artifact-contents.ts';
import {
  type ArtifactEntry,
  type ArtifactFacts,
  type ArtifactKind,
  digestOf,
  encodeArtifact,
} from '../store/artifact-record.ts';
import { type ContentDisk, contentDisk } from '../store/content-disk.ts';
import type { RunWriter } from '../store/run-writer.ts';
import type { CheckedArtifact } from './artifact-options.ts';
import { listSource, readUnchanged, type Source, type SourceEntry } from './artifact-source.ts';

/** What `run.logArtifact` has kept. */
export interface LoggedArtifact {
  readonly name: string;
  readonly kind: ArtifactKind;
  /** 64 hex digits: of a file, of its bytes; of a directory, of its list (spec/artifacts.md, Digest). */
  readonly sha256: string;
  /** Bytes of all files. */
  readonly size: number;
  /** Files, links and empty directories. */
  readonly fileCount: number;
}

/** What it is logged to. */
export interface ArtifactTarget {
  readonly vfs: Vfs;
  /** The `.aim` directory. */
  readonly repo: string;
  readonly writer: {
    flush(): boolean;
    readonly log: Pick<RunWriter['log'], 'appendAll' | 'recording'>;
  };
  /** The run does not wait for a disk any more. */
  isClosed(): boolean;
}

/** @throws RunlogError FILE_REFUSED, LIMIT, RUN_FENCED; Node's error. */
export async function logArtifact(
  target: ArtifactTarget,
  { path, name, metadata }: CheckedArtifact,
): Promise<LoggedArtifact> {
  const disk = contentDisk(target.vfs);
  const source = await listSource(path, target.repo);
  const placer = new ContentPlacer(disk, target.repo);
  const entries = await placeAll(source, placer);
  await placer.settle();
  const facts: ArtifactFacts = { name, kind: source.kind, time: Date.now(), metadata };
  const record = await encodeArtifact(facts, entries);
  // What the run has accepted before stands before it.
  target.writer.flush();
  if (target.writer.log.appendAll([record]) < 0) throw notRecorded(target, name);
  await flushed(target, name);
  await placeTaken(disk, target.repo, source, entries);
  return {
    name,
    kind: source.kind,
    sha256: digestOf(source.kind, entries),
    size: entries.reduce((sum, each) => sum + each.size, 0),
    fileCount: entries.length,
  };
}

async function placeAll(source: Source, placer: ContentPlacer): Promise<ArtifactEntry[]> {
  const entries: ArtifactEntry[] = [];
  let next = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    for (; next < source.entries.length && !isOver; ) {
      const index = next;
      next += 1;
      entries[index] = await placeOne(source.entries[index] as SourceEntry, source.kind, placer);
    }
  };
  const workers = Array.from({ length: limits.artifactCopyCountMax }, () =>
    work().catch((error: unknown) => {
      isOver = true;
      throw error;
    }),
  );
  // All have stopped before anything is thrown: none works on behind the caller's back.
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return entries;
}

async function placeOne(
  entry: SourceEntry,
  kind: ArtifactKind,
  placer: ContentPlacer,
): Promise<ArtifactEntry> {
  const { path, mode, mtime, target } = entry;
  if (entry.kind === 'directory') return { kind: 'directory', path, size: 0, mode, mtime };
  if (entry.kind === 'link') return { kind: 'link', path, size: 0, mode, mtime, target };
  return await readUnchanged(entry, kind === 'file', async (chunks, facts) => ({
    kind: 'file',
    path,
    ...facts,
    ...(await placer.place(chunks)),
  }));
}

function notRecorded({ writer }: ArtifactTarget, name: string): RunlogError {
  const { recording } = writer.log;
  const code = recording === 'fenced' ? 'RUN_FENCED' : 'IO';
  return new RunlogError(
    code,
    `artifact ${JSON.stringify(name)}: it could not be recorded, the recording of the run is ${recording}; its contents stay in the repo until a compaction`,
  );
}

/** A disk that is full is waited for, until the run is closed. */
async function flushed(target: ArtifactTarget, name: string): Promise<void> {
  while (!target.writer.flush()) {
    if (target.writer.log.recording !== 'paused' || target.isClosed())
      throw notRecorded(target, name);
    await new Promise((resolve) => setTimeout(resolve, durations.pausedRetryMs).unref());
  }
}

/** Files that are looked for before others get their turn. */
const SLICE = 256;

async function placeTaken(
  disk: ContentDisk,
  repo: string,
  source: Source,
  entries: readonly ArtifactEntry[],
): Promise<void> {
  for (const [index, entry] of entries.entries()) {
    if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
    if (entry.kind !== 'file' || findContent(disk, repo, entry.sha256) !== undefined) continue;
    const placer = new ContentPlacer(disk, repo);
    const again = await placeOne(source.entries[index] as SourceEntry, source.kind, placer);
    await placer.settle();
    if (again.kind === 'file' && again.sha256 === entry.sha256) continue;
    const { file } = source.entries[index] as SourceEntry;
    throw new RunlogError(
      'FILE_REFUSED',
      `${JSON.stringify(file)}: it changed, and a compaction took what was copied of it while this process stood still; log it again`,
      { file },
    );
  }
}
