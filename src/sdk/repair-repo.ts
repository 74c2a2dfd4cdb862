// Repairing a repo: each log whose newest manifest is damaged, and each edits folder with damage, or that has
// lost the edit that made the run.
//
// 1. A run that somebody writes is left alone and named, and does not keep the others from being repaired;
//    nor does one that cannot be repaired, and what was done to the others is told.
//
// Spec: spec/recovery.md, Repair. Test: test/sdk/verify.test.ts, test/cli/damage.test.ts.

import { basename, join } from 'node:path';

import { hasSyncedRecords, Log, nodeHost, readHolder, type Vfs } from '../engine/index.ts';
import { asRunlogError, errorCode, RunlogError } from '../errors.ts';
import { newLife } from '../store/edits.ts';
import { isNoObject } from '../store/object-record.ts';
import { decodeOpening, recordType } from '../store/record.ts';
import { type Origin, repairEdits } from '../store/repair-edits.ts';
import { listHashes, listWriters, type RunPlaces, runPlaces } from '../store/repo-directory.ts';
import { readState, runFold, type StoredState } from '../store/run-state.ts';
import { verifyEdits } from '../store/verify-edits.ts';

/** A writer that is alive: its run was left alone. */
export interface HeldRun {
  readonly run: string;
  readonly writer: string;
  readonly host: string;
  readonly pid: number;
  /** True: there is something to repair; end the writer and repair again. */
  readonly damaged: boolean;
}

/** What `repo.repair()` has done, and left alone. */
export interface RepairReport {
  /** Files that were put aside. */
  readonly repaired: readonly string[];
  /** Files that were made of what the logs of a run tell, where the edit that made it was missing. */
  readonly restored: readonly string[];
  readonly held: readonly HeldRun[];
  /** Runs that could not be repaired: of a newer version, or refused by the file system. */
  readonly failed: readonly FailedRepair[];
}

/** A run that could not be repaired. */
export interface FailedRepair {
  readonly run: string;
  readonly error: RunlogError;
}

export async function repairRepo(vfs: Vfs, repo: string): Promise<RepairReport> {
  const repaired: string[] = [];
  const restored: string[] = [];
  const held: HeldRun[] = [];
  const failed: FailedRepair[] = [];
  const repairRun = async (hash: string): Promise<void> => {
    const places = runPlaces(repo, hash);
    const before = held.length;
    // Logs first: they tell of a run whose first edit is lost.
    for (const writer of listWriters(vfs, places.logs)) {
      const done = await repairOne(vfs, places, hash, writer);
      if (Array.isArray(done)) repaired.push(...done);
      else held.push(done);
    }
    // Whoever writes the run changes it too.
    if (held.length > before) return;
    const { aside, made } = repairEdits(vfs, places, () => originOf(vfs, places));
    repaired.push(...aside);
    if (aside.length === 0 && made !== undefined) restored.push(made);
  };
  for (const run of listHashes(vfs, repo)) {
    try {
      await repairRun(run);
    } catch (thrown) {
      const error = asRunlogError(thrown, runPlaces(repo, run).directory);
      if (!(error instanceof RunlogError)) throw error;
      failed.push({ run, error });
    }
  }
  return { repaired, restored, held, failed };
}

async function repairOne(
  vfs: Vfs,
  places: RunPlaces,
  run: string,
  writer: string,
): Promise<string[] | HeldRun> {
  const log = join(places.logs, writer);
  try {
    return await Log.repair(log, { vfs });
  } catch (error) {
    if (errorCode(error) !== 'RUN_LOCKED') throw error;
    const holder = await readHolder(vfs, nodeHost(), log);
    // It has gone since, with everything that its end writes; another may have come.
    if (holder === undefined || holder.state === 'released')
      return await repairOne(vfs, places, run, writer);
    const { host, pid } = holder.owner;
    return { run, writer, host, pid, damaged: await isRepairable(vfs, places, log) };
  }
}

/** Damage in sealed data is no reason to come again: no repair mends it. */
async function isRepairable(vfs: Vfs, places: RunPlaces, log: string): Promise<boolean> {
  if (verifyEdits(vfs, places).length > 0) return true;
  const { damaged } = await Log.verify(log, { vfs });
  return damaged.some(({ file }) => basename(file).startsWith('manifest-'));
}

/**
 * Of the life that began last, its earliest opening. Logs that a copy has left which was cut short count
 * only where there are no others: they may be of a run that was never here.
 */
function originOf(vfs: Vfs, { logs }: RunPlaces): Origin | undefined {
  const all = listWriters(vfs, logs).map((writer) => join(logs, writer));
  const own = all.filter((log) => hasSyncedRecords(vfs, log));
  const begun = (own.length > 0 ? own : all)
    .map((log) => beginningOf(vfs, log))
    .filter((each) => each !== undefined)
    .sort((a, b) => b.createdAt - a.createdAt);
  const life = begun.find((each) => each.life !== '')?.life;
  const { createdAt = Date.now() } = begun.findLast((each) => each.life === life) ?? {};
  if (life !== undefined) return { life, createdAt };
  // No opening is left: such logs are part of any life.
  return own.length > 0 ? { life: newLife(), createdAt } : undefined;
}

function beginningOf(vfs: Vfs, directory: string): Origin | undefined {
  const log = Log.snapshot<StoredState>(directory, { vfs, fold: runFold });
  const { life } = readState(log.state as StoredState);
  for (const { type, body } of log.records(0, Number.POSITIVE_INFINITY, isNoObject))
    if (type === recordType.opening) return { life, createdAt: decodeOpening(body).openedAt };
  return undefined;
}
