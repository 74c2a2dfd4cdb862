// Following: a reader with a cursor. File events are hints, a poll of the directory is the
// guarantee.
//
// 1. Delivers each position once, in order, and never takes one back: only what a decided snapshot
//    holds is delivered.
// 2. A round that finds nothing changed costs a listing and a few stats.
//
// Spec: spec/ownership.md, Reading. Test: test/engine/follow.test.ts, test/process/follow.test.ts.

import { errorCode } from '../errors.ts';
import { durations } from '../limits.ts';
import { checkNotGone, checkRange, type IsWanted, readRecords } from './log-reader.ts';
import type { LogRecord } from './record.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import type { Damage } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';
import { openWatch } from './watch.ts';

export interface FollowOptions {
  readonly from?: number;
  readonly signal?: AbortSignal;
  /** Milliseconds between two looks at the files; default durations.followPollMs. */
  readonly pollMs?: number;
  /** False: no file events, the poll alone. Default true. */
  readonly events?: boolean;
  /** Frames of other types are passed over unread. */
  readonly isWanted?: IsWanted;
}

/** Sizes and names that must differ when there is something new to deliver. */
function fingerprint(vfs: Vfs, directory: string): string {
  const names = vfs
    .list(directory)
    .filter((name) => /^(fence|manifest|segment)-/.test(name))
    .sort();
  const last = names.findLast((name) => name.startsWith('segment-'));
  const size = last === undefined ? 0 : vfs.stat(`${directory}/${last}`)?.size;
  return `${names.join()}:${size}`;
}

/** @throws RangeError; RunlogError POSITION_GONE; Node's error. */
export async function* follow(
  vfs: Vfs,
  directory: string,
  options: FollowOptions,
): AsyncGenerator<LogRecord> {
  const { from = 0, signal, pollMs = durations.followPollMs, events = true, isWanted } = options;
  checkRange(from);
  let position = from;
  let seen = '';
  const watch = events ? openWatch(directory) : undefined;
  try {
    while (!signal?.aborted) {
      const now = quietly(() => fingerprint(vfs, directory)) ?? '';
      if (now !== seen) {
        const round = quietly(() => readRound(vfs, directory, position, isWanted));
        if (round?.isWhole) seen = now;
        for (const record of round?.records ?? []) {
          if (signal?.aborted) return;
          yield record;
          position = Math.max(position, record.end);
        }
        if (round !== undefined && round.records.length > 0) continue;
      }
      await waitForChange(watch, pollMs, signal);
    }
  } finally {
    watch?.close();
  }
}

/** Undefined for a round in which a file went away under us: the next round looks again. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Records of one round are bounded by the bytes of a few segments. */
const ROUND_RECORDS = 65_536;

interface Round {
  readonly records: readonly LogRecord[];
  /** False when there is more than one round may hold. */
  readonly isWhole: boolean;
}

function readRound(
  vfs: Vfs,
  directory: string,
  position: number,
  isWanted: IsWanted | undefined,
): Round {
  const snapshot: Snapshot = readSnapshot(vfs, directory);
  checkNotGone(directory, position, snapshot.manifest);
  const records: LogRecord[] = [];
  if (snapshot.end <= position) return { records, isWhole: true };
  const damage: Damage[] = [];
  const { segments } = snapshot;
  for (const record of readRecords(
    vfs,
    directory,
    segments,
    damage,
    position,
    undefined,
    isWanted,
  )) {
    // Records of one rewritten stretch stand for overlapping ranges: never cut between them.
    if (records.length >= ROUND_RECORDS && !record.rewritten) return { records, isWhole: false };
    records.push(record);
  }
  return { records, isWhole: true };
}

function waitForChange(
  watch: ReturnType<typeof openWatch> | undefined,
  pollMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      watch?.onChange(undefined);
      resolve();
    };
    const timer = setTimeout(done, pollMs);
    signal?.addEventListener('abort', done, { once: true });
    watch?.onChange(done);
  });
}
