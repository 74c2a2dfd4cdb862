// What is done to every run of a repo: verify, compact, size.
//
// 1. `verifyRepo` and `repoSize` change nothing. What cannot be read is reported as damaged, and
//    does not hide the runs behind it.
// 2. A log that somebody writes is never compacted.
//
// Spec: spec/recovery.md. Test: test/sdk/repo.test.ts.

import { join } from 'node:path';

import {
  type Damage,
  isWorthRewriting,
  Log,
  loadXxhash,
  nodeHost,
  readHolder,
  type Vfs,
} from '../engine/index.ts';
import { asRunlogError, errorCode, RunlogError } from '../errors.ts';
import { checkType } from '../model/check.ts';
import { collectContents } from '../store/artifact-collect.ts';
import { artifactsPath } from '../store/artifact-contents.ts';
import { syncMade } from '../store/create-run.ts';
import { holdsRun } from '../store/edits.ts';
import type { Rewind } from '../store/record.ts';
import {
  listHashes,
  listIfThere,
  listWriters,
  type RunPlaces,
  runPlaces,
} from '../store/repo-directory.ts';
import { rewriteRun, rewriteWithoutHidden } from '../store/rewrite-run.ts';
import { RunReader } from '../store/run-reader.ts';
import { runFold } from '../store/run-state.ts';
import { verifyEdits } from '../store/verify-edits.ts';
import { isDeletedRun, reclaimRun } from './delete-run.ts';
import { checkProgress, type ProgressOptions, told } from './progress.ts';

/** What `repo.verify()` has found. */
export interface RepoReport {
  /** Nothing is damaged. */
  readonly ok: boolean;
  readonly damaged: readonly Damage[];
  /** Unfinished ends: the mark of crashes, no damage. */
  readonly torn: readonly {
    readonly file: string;
    readonly offset: number;
    readonly size: number;
  }[];
}

/** What a repo takes on disk. */
export interface RepoSize {
  readonly runs: number;
  readonly files: number;
  /** Apparent size. */
  readonly bytes: number;
}

/** Checks every byte of every run. */
export async function verifyRepo(
  vfs: Vfs,
  repo: string,
  onProgress?: ProgressOptions['onProgress'],
): Promise<RepoReport> {
  const damaged: Damage[] = [];
  const torn: { file: string; offset: number; size: number }[] = [];
  const check = async (path: string, verify: () => unknown): Promise<void> => {
    try {
      await verify();
    } catch (thrown) {
      const error = asRunlogError(thrown, path);
      // Of a newer version, too: it cannot be checked, and hides none of the others.
      if (!(error instanceof RunlogError)) throw error;
      const { file = path } = error.details;
      damaged.push({ file, offset: 0, size: 0, reason: error.message });
    }
  };
  for (const hash of told(listHashes(vfs, repo), onProgress)) {
    const places = runPlaces(repo, hash);
    const { edits, logs } = places;
    await check(edits, () => {
      damaged.push(...verifyEdits(vfs, places));
    });
    for (const log of logsOf(vfs, logs)) {
      await check(log, async () => {
        const report = await Log.verify(log, { vfs });
        damaged.push(...report.damaged);
        if (report.torn !== undefined) torn.push(report.torn);
      });
    }
  }
  return { ok: damaged.length === 0, damaged, torn };
}

const logsOf = (vfs: Vfs, logs: string): string[] =>
  listWriters(vfs, logs).map((writer) => join(logs, writer));

/** What was done; a log with nothing to seal, rewrite or merge counts nowhere. */
export interface CompactReport {
  /** Logs that were sealed and rewritten. */
  readonly rewritten: number;
  /** Logs that were left alone: live ones, and those whose newest manifest is damaged; runs of a newer version. */
  readonly skipped: number;
  /** Deleted runs of which more than a tombstone was left. */
  readonly reclaimed: number;
  /** Contents of artifacts that no run refers to, and that are gone now. */
  readonly collected: number;
  readonly collectedBytes: number;
  /** Why none was collected: damage that hides what is referred to. Absent: nothing was in doubt. */
  readonly collectedNone?: string;
}

/** What `repo.compact()` takes away. */
export interface CompactOptions extends ProgressOptions {
  /**
   * Also takes away, for good, the points and objects that a rewind hides: undoing it no longer brings them back.
   * Default false.
   */
  readonly dropHidden?: boolean | undefined;
}

const compactNames = new Set(['dropHidden', 'onProgress']);

/** @throws TypeError naming the option. */
function checkCompactOptions(options: CompactOptions): void {
  checkProgress(options, compactNames);
  checkType(options.dropHidden, 'boolean', 'dropHidden');
}

export async function compactRepo(
  vfs: Vfs,
  repo: string,
  options: CompactOptions,
): Promise<CompactReport> {
  checkCompactOptions(options);
  await loadXxhash();
  const report = { rewritten: 0, skipped: 0, reclaimed: 0 };
  const host = nodeHost();
  const compactRun = async (hash: string): Promise<void> => {
    const places = runPlaces(repo, hash);
    // No run yet, or never: it may be copied here just now.
    if (listIfThere(vfs, places.edits).length === 0) return;
    if (isDeletedRun(vfs, places)) {
      if (await reclaimRun({ vfs, host, places, hash })) report.reclaimed += 1;
      return;
    }
    const rewinds = options.dropHidden ? (await RunReader.open(vfs, places)).rewinds : [];
    for (const writer of listWriters(vfs, places.logs)) {
      const log = join(places.logs, writer);
      // Left by a deleted life: nothing is in it, until its writer comes to this one.
      if ((await readHolder(vfs, host, log))?.kind === 'deleted') continue;
      const done = await compactLog(vfs, places, log, { writer, rewinds });
      if (done === 'rewritten') report.rewritten += 1;
      else if (done === 'left alone') report.skipped += 1;
    }
  };
  for (const hash of told(listHashes(vfs, repo), options.onProgress)) {
    try {
      await compactRun(hash);
    } catch (error) {
      // What a newer version has made is that one's to compact, and hides none of the others.
      if (errorCode(error) !== 'FORMAT_TOO_NEW') throw error;
      report.skipped += 1;
    }
  }
  // Last: what is decided and sealed by now leaves no doubt about what it refers to.
  const { count, bytes, doubt } = await collectContents(vfs, repo);
  const collected = { collected: count, collectedBytes: bytes };
  return { ...report, ...collected, ...(doubt !== undefined && { collectedNone: doubt }) };
}

async function compactLog(
  vfs: Vfs,
  places: RunPlaces,
  directory: string,
  { writer, rewinds }: { readonly writer: string; readonly rewinds: readonly Rewind[] },
): Promise<'rewritten' | 'left alone' | 'compact already'> {
  const isReached = rewinds.some(({ targets }) => targets.some((each) => each.writer === writer));
  try {
    if (!isReached && !isWorthRewriting(vfs, directory)) return 'compact already';
    syncMade(vfs, places);
    const log = await Log.open(directory, {
      vfs,
      owner: 'maintenance',
      rewrite: isReached
        ? rewriteWithoutHidden(rewinds, writer, () => Log.snapshot(directory, { vfs }))
        : rewriteRun,
      fold: runFold,
    });
    await log.rewrite({ all: isReached });
    await log.close();
    return 'rewritten';
  } catch (error) {
    const leftAlone = ['RUN_LOCKED', 'CORRUPT', 'RUN_FENCED'];
    if (error instanceof RunlogError && leftAlone.includes(error.code)) return 'left alone';
    throw error;
  }
}

export function repoSize(
  vfs: Vfs,
  repo: string,
  onProgress?: ProgressOptions['onProgress'],
): RepoSize {
  const total = { files: 0, bytes: 0 };
  const walk = (path: string): void => {
    const facts = vfs.stat(path);
    if (facts === undefined) return;
    if (!facts.isDirectory) {
      total.files += 1;
      total.bytes += facts.size;
      return;
    }
    for (const name of listIfThere(vfs, path)) walk(join(path, name));
  };
  const folder = join(repo, 'runs');
  for (const name of told(listIfThere(vfs, folder), onProgress)) walk(join(folder, name));
  walk(artifactsPath(repo));
  const runs = listHashes(vfs, repo).filter((hash) =>
    holdsRun(vfs, runPlaces(repo, hash).edits),
  ).length;
  return { runs, ...total };
}
