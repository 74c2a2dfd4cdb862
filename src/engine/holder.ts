// Who holds a log, for those who only look.
//
// 1. Reads only; decides nothing.
//
// Spec: spec/liveness.md. Test: test/engine/open.test.ts.

import { errorCode } from '../errors.ts';
import type { FenceKind } from './format/fence.ts';
import { newest } from './format/names.ts';
import type { Host, OwnerRecord, OwnerState } from './host.ts';
import { findLostManifest } from './lost-manifest.ts';
import { findHolder, isReleased } from './owner.ts';
import { listLog, newestValid, readFence } from './snapshot.ts';
import { readTail } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

export interface HolderFacts {
  readonly kind: FenceKind;
  readonly owner: OwnerRecord;
  readonly state: OwnerState | 'released';
  /** Wall clock of the last heartbeat as its owner read it, milliseconds; 0 before the first. */
  readonly heartbeat: number;
}

/**
 * Number of the newest fence, whether its file is left and verifies or not; 0: nobody ever held it.
 *
 * @throws RunlogError CORRUPT, FORMAT_TOO_NEW; Node's error.
 */
export const newestFence = (vfs: Vfs, directory: string): number =>
  findHolder(vfs, directory).number;

/** A writer that holds or held the log. */
export interface WriterFacts {
  readonly owner: OwnerRecord;
  /** It closed the log; its heartbeats are gone then. */
  readonly isReleased: boolean;
  /** Wall clock of the last heartbeat as its owner read it, milliseconds; 0: none. */
  readonly heartbeat: number;
}

/** Writers that held the log, newest first, as far as their fences are left: of one or two mostly. */
export function recentWriters(vfs: Vfs, directory: string): WriterFacts[] {
  const found: WriterFacts[] = [];
  try {
    for (const number of listLog(vfs, directory).fences.toSorted((a, b) => b - a)) {
      const fence = readFence(vfs, directory, number);
      if (fence?.kind !== 'writer') continue;
      const { owner, heartbeat } = fence;
      const wasReleased = isReleased(fence);
      found.push({
        owner,
        isReleased: wasReleased,
        heartbeat: wasReleased ? 0 : Number(heartbeat),
      });
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return found;
}

/** What the newest fence says; undefined where there is none, or none that can be read. */
export function readNewestFence(
  vfs: Vfs,
  directory: string,
): { readonly kind: FenceKind; readonly isReleased: boolean } | undefined {
  const fence = newestReadable(vfs, directory);
  return fence === undefined ? undefined : { kind: fence.kind, isReleased: isReleased(fence) };
}

function newestReadable(vfs: Vfs, directory: string): ReturnType<typeof readFence> {
  try {
    const number = newest(listLog(vfs, directory).fences);
    return number === 0 ? undefined : readFence(vfs, directory, number);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether the log has records that were once on stable storage (edits.md, Creating). Not of what is left of
 * a copy: its first manifest lists what was copied, and nobody has opened it since.
 *
 * @throws RunlogError FORMAT_TOO_NEW; Node's error.
 */
export function hasSyncedRecords(vfs: Vfs, directory: string): boolean {
  for (;;) {
    try {
      const listing = listLog(vfs, directory);
      const { manifest, damage } = newestValid(vfs, directory, listing);
      if (damage.length > 0) return listing.segments.length > 0;
      if (findLostManifest(vfs, directory) !== undefined) return true;
      if (manifest === undefined) return false;
      if (manifest.counter === 1 && manifest.segments.length > 0) return false;
      const { watermark, end } = readTail(vfs, directory, manifest);
      if (watermark > 0 || end === 0) return watermark > 0;
      // That of the owner whose tail it is: a newer one has decided nothing yet.
      const fence = readFence(vfs, directory, manifest.fence);
      return fence?.kind === 'writer' && isReleased(fence);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      if (vfs.stat(directory) === undefined) return false;
    }
  }
}

/** The holder of the newest fence; undefined where there is none, or none that can be read. */
export async function readHolder(
  vfs: Vfs,
  host: Host,
  directory: string,
): Promise<HolderFacts | undefined> {
  const fence = newestReadable(vfs, directory);
  if (fence === undefined) return undefined;
  const { kind, owner } = fence;
  if (isReleased(fence)) return { kind, owner, state: 'released', heartbeat: 0 };
  return {
    kind,
    owner,
    state: await host.liveness.state(owner, directory),
    heartbeat: Number(fence.heartbeat),
  };
}
