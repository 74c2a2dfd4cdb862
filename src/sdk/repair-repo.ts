// Repairing a repo: each log whose newest manifest is damaged, and each edits folder with damage.
//
// 1. A run that somebody writes is left alone and named, and does not keep the others from being repaired.
//
// Spec: spec/recovery.md, Repair. Test: test/sdk/verify.test.ts, test/cli/damage.test.ts.

import { basename, join } from 'node:path';

import { Log, nodeHost, readHolder, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { isNoObject } from '../store/object-record.ts';
import { decodeOpening, recordType } from '../store/record.ts';
import { type Origin, repairEdits } from '../store/repair-edits.ts';
import { listHashes, listWriters, type RunPlaces, runPlaces } from '../store/repo-directory.ts';
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

export interface RepairReport {
  /** Files that were put aside. */
  readonly repaired: readonly string[];
  readonly held: readonly HeldRun[];
}

export async function repairRepo(vfs: Vfs, repo: string): Promise<RepairReport> {
  const repaired: string[] = [];
  const held: HeldRun[] = [];
  for (const hash of listHashes(vfs, repo)) {
    const places = runPlaces(repo, hash);
    const before = held.length;
    // Logs first: they tell of a run whose first edit is lost.
    for (const writer of listWriters(vfs, places.logs)) {
      const done = await repairOne(vfs, places, hash, writer);
      if (Array.isArray(done)) repaired.push(...done);
      else held.push(done);
    }
    // Whoever writes the run changes it too.
    if (held.length > before || vfs.stat(places.edits) === undefined) continue;
    repaired.push(...repairEdits(vfs, places, () => originOf(vfs, places)));
  }
  return { repaired, held };
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
  if (vfs.stat(places.edits) !== undefined && verifyEdits(vfs, places).length > 0) return true;
  const { damaged } = await Log.verify(log, { vfs });
  return damaged.some(({ file }) => basename(file).startsWith('manifest-'));
}

/** The earliest opening of any log. */
function originOf(vfs: Vfs, { logs }: RunPlaces): Origin | undefined {
  const openings = listWriters(vfs, logs).flatMap((writer) => {
    const log = Log.snapshot(join(logs, writer), { vfs });
    const records = log.records(0, Number.POSITIVE_INFINITY, isNoObject);
    for (const { type, body } of records)
      if (type === recordType.opening) return [decodeOpening(body)];
    return [];
  });
  const [first] = openings.sort((a, b) => a.openedAt - b.openedAt);
  return first === undefined ? undefined : { life: first.life, createdAt: first.openedAt };
}
