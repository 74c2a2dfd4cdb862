// Who holds a log, for those who only look.
//
// 1. Reads only; decides nothing.
//
// Spec: spec/liveness.md. Test: test/engine/open.test.ts.

import { errorCode } from '../errors.ts';
import type { FenceKind } from './format/fence.ts';
import { newest } from './format/names.ts';
import type { Host, OwnerRecord, OwnerState } from './host.ts';
import { findHolder, isReleased } from './owner.ts';
import { listLog, readFence } from './snapshot.ts';
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

/** The holder of the newest fence; undefined where there is none, or none that can be read. */
export async function readHolder(
  vfs: Vfs,
  host: Host,
  directory: string,
): Promise<HolderFacts | undefined> {
  let fence: ReturnType<typeof readFence>;
  try {
    const number = newest(listLog(vfs, directory).fences);
    fence = number === 0 ? undefined : readFence(vfs, directory, number);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
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
