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
  type Host,
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
  host: Host = nodeHost(),
): Promise<CompactReport> {
  checkCompactOptions(options);
  await loadXxhash();
  const report = { rewritten: 0, skipped: 0, reclaimed: 0 };
  const compact = async (logs: readonly LogToCompact[]): Promise<void> => {
    const inTurn = oneAtATime();
    // Each lets go of its log, also where another one fails.
    const all = await Promise.allSettled(logs.map((each) => compactLog(vfs, host, each, inTurn)));
    for (const done of all) {
      if (done.status === 'rejected') throw done.reason;
      if (done.value === 'rewritten') report.rewritten += 1;
      else if (done.value === 'left alone') report.skipped += 1;
    }
  };
  const undecided: LogToCompact[] = [];
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
      const log = { places, directory: join(places.logs, writer), writer, rewinds };
      const holder = await readHolder(vfs, host, log.directory);
      // Left by a deleted life: nothing is in it, until its writer comes to this one.
      if (holder?.kind === 'deleted') continue;
      if (holder === undefined || holder.state === 'unknown') undecided.push(log);
      else await compact([log]);
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
  for (let start = 0; start < undecided.length; start += WAITED_FOR_AT_ONCE)
    await compact(undecided.slice(start, start + WAITED_FOR_AT_ONCE));
  // Last: what is decided and sealed by now leaves no doubt about what it refers to.
  const { count, bytes, doubt } = await collectContents(vfs, repo);
  const collected = { collected: count, collectedBytes: bytes };
  return { ...report, ...collected, ...(doubt !== undefined && { collectedNone: doubt }) };
}

/** A holder of whom nobody knows whether it lives is waited for, a minute: for these together. */
const WAITED_FOR_AT_ONCE = 256;

interface LogToCompact {
  readonly places: RunPlaces;
  readonly directory: string;
  readonly writer: string;
  readonly rewinds: readonly Rewind[];
}

/** Memory holds what one rewriting needs, however many logs have been waited for. */
function oneAtATime(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

async function compactLog(
  vfs: Vfs,
  host: Host,
  { places, directory, writer, rewinds }: LogToCompact,
  inTurn: ReturnType<typeof oneAtATime>,
): Promise<'rewritten' | 'left alone' | 'compact already'> {
  const isReached = rewinds.some(({ targets }) => targets.some((each) => each.writer === writer));
  try {
    if (!isReached && !isWorthRewriting(vfs, directory)) return 'compact already';
    syncMade(vfs, places);
    const log = await Log.open(directory, {
      vfs,
      host,
      owner: 'maintenance',
      rewrite: isReached
        ? rewriteWithoutHidden(rewinds, writer, () => Log.snapshot(directory, { vfs }))
        : rewriteRun,
      fold: runFold,
    });
    await inTurn(async () => {
      try {
        await log.rewrite({ all: isReached });
      } finally {
        await log.close();
      }
    });
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
