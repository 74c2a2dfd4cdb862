// What is done to every run of a repo: verify, repair, compact, size.
//
// 1. `verifyRepo` and `repoSize` change nothing. What cannot be read is reported as damaged, and
//    does not hide the runs behind it.
// 2. A log that somebody writes is never repaired or compacted.
//
// Spec: spec/recovery.md. Test: test/sdk/repo.test.ts.

import { join } from 'node:path';

import { type Damage, Log, type Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { verifyEdits } from '../store/edits.ts';
import { listHashes, listIfThere, listWriters, runPlaces } from '../store/repo-directory.ts';
import { rewriteRun } from '../store/rewrite-run.ts';
import { runFold } from '../store/run-state.ts';

export interface RepoReport {
  readonly ok: boolean;
  readonly damaged: readonly Damage[];
  /** Unfinished ends: the mark of crashes, no damage. */
  readonly torn: readonly {
    readonly file: string;
    readonly offset: number;
    readonly size: number;
  }[];
}

export interface RepoSize {
  readonly runs: number;
  readonly files: number;
  /** Apparent size. */
  readonly bytes: number;
}

/** Checks every byte of every run. */
export async function verifyRepo(vfs: Vfs, repo: string): Promise<RepoReport> {
  const damaged: Damage[] = [];
  const torn: { file: string; offset: number; size: number }[] = [];
  const check = async (path: string, verify: () => unknown): Promise<void> => {
    try {
      await verify();
    } catch (thrown) {
      const error = asRunlogError(thrown, path);
      if (!(error instanceof RunlogError) || error.code !== 'IO') throw error;
      damaged.push({ file: path, offset: 0, size: 0, reason: error.message });
    }
  };
  for (const hash of listHashes(vfs, repo)) {
    const { edits, logs } = runPlaces(repo, hash);
    await check(edits, () => {
      if (vfs.stat(edits) !== undefined) damaged.push(...verifyEdits(vfs, edits));
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

const allLogs = (vfs: Vfs, repo: string): string[] =>
  listHashes(vfs, repo).flatMap((hash) => logsOf(vfs, runPlaces(repo, hash).logs));

export async function repairRepo(vfs: Vfs, repo: string): Promise<{ repaired: string[] }> {
  const repaired: string[] = [];
  for (const log of allLogs(vfs, repo)) repaired.push(...(await Log.repair(log, { vfs })));
  return { repaired };
}

export async function compactRepo(
  vfs: Vfs,
  repo: string,
): Promise<{ rewritten: number; skipped: number }> {
  let rewritten = 0;
  let skipped = 0;
  for (const log of allLogs(vfs, repo)) {
    if (await compactLog(vfs, log)) rewritten += 1;
    else skipped += 1;
  }
  return { rewritten, skipped };
}

async function compactLog(vfs: Vfs, directory: string): Promise<boolean> {
  try {
    const log = await Log.open(directory, {
      vfs,
      owner: 'maintenance',
      rewrite: rewriteRun,
      fold: runFold,
    });
    await log.rewrite();
    await log.close();
    return true;
  } catch (error) {
    const leftAlone = ['RUN_LOCKED', 'CORRUPT', 'RUN_FENCED'];
    if (error instanceof RunlogError && leftAlone.includes(error.code)) return false;
    throw error;
  }
}

export function repoSize(vfs: Vfs, repo: string): RepoSize {
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
  walk(join(repo, 'runs'));
  return { runs: listHashes(vfs, repo).length, ...total };
}
