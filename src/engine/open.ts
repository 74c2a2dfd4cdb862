// Opening to write: who holds the log, whether to wait, and the take-over.
//
// 1. Only a dead, released or maintenance holder is replaced at once; an unknown one when its
//    heartbeat stands still for a minute of our own monotonic clock; a live one never, save by order.
// 2. Liveness decides how polite we are, never who owns: `acquire` does.
//
// Spec: spec/ownership.md, Opening to write; spec/liveness.md. Test: test/engine/open.test.ts.

import { dirname } from 'node:path';

import { errorCode } from '../errors.ts';
import { durations } from '../limits.ts';
import type { FenceKind } from './format/fence.ts';
import type { Host, OwnerRecord, Probe } from './host.ts';
import {
  acquire,
  findHolder,
  type Holder,
  isReleased,
  lockedError,
  type Ownership,
} from './owner.ts';
import type { Vfs } from './vfs/vfs.ts';

export interface OpenOwnerOptions {
  readonly kind: FenceKind;
  readonly force: boolean;
  readonly fresh: boolean;
  readonly lockTimeoutMs: number;
  /** Gives up unless this is still the newest fence. */
  readonly after?: number | undefined;
}

export interface OpenedOwner {
  readonly ownership: Ownership;
  /** Directories whose new entries are not durable yet, innermost first. */
  readonly parents: readonly string[];
  /** Closes the probe. */
  readonly release: () => void;
}

const POLL_MS = 250;

/** @throws RunlogError RUN_LOCKED, CORRUPT, FORMAT_TOO_NEW; Node's error. */
export async function openOwner(
  vfs: Vfs,
  host: Host,
  directory: string,
  options: OpenOwnerOptions,
): Promise<OpenedOwner> {
  const parents = makeDirectory(vfs, directory) ? [dirname(directory)] : [];
  const patience = new Patience(host, options.lockTimeoutMs);
  let probe: Probe | undefined;
  try {
    for (;;) {
      const holder = findHolder(vfs, directory);
      if (holder.number !== (options.after ?? holder.number)) throw lockedError(directory, holder);
      if (!(await mayTake(host, directory, holder, options, patience))) {
        if (patience.isOver()) throw lockedError(directory, holder);
        await host.schedule.wait(POLL_MS);
        continue;
      }
      probe ??= await host.liveness.announce(directory);
      const self = host.liveness.self();
      const owner: OwnerRecord = { ...self, probe: probe?.name ?? '' };
      const ownership = acquire(vfs, directory, holder, {
        kind: options.kind,
        owner,
        fresh: options.fresh,
      });
      if (ownership !== undefined) {
        const opened = probe;
        return { ownership, parents, release: () => opened?.close() };
      }
    }
  } catch (error) {
    probe?.close();
    throw error;
  }
}

/** True when it had to be made. */
function makeDirectory(vfs: Vfs, directory: string): boolean {
  try {
    vfs.makeDirectory(directory);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

async function mayTake(
  host: Host,
  directory: string,
  holder: Holder,
  options: OpenOwnerOptions,
  patience: Patience,
): Promise<boolean> {
  const { fence } = holder;
  if (!holder.present || isReleased(fence) || options.force) return true;
  if (fence?.kind === 'deleted') return true;
  if (fence?.kind === 'maintenance' && options.kind !== 'maintenance') return true;
  if (fence === undefined)
    return patience.hasStoodStill(holder, holder.isBlank ? durations.blankFenceMs : undefined);
  const state = await host.liveness.state(fence.owner, directory);
  if (state === 'alive') {
    patience.end();
    return false;
  }
  return state === 'dead' || patience.hasStoodStill(holder);
}

/** How long one opening has waited, and for which heartbeat. */
class Patience {
  readonly #host: Host;
  readonly #deadline: number;
  #seen = '';
  #since = 0;
  /** A first heartbeat stands still: worth waiting for beyond the deadline. */
  #isWatching = false;

  constructor(host: Host, lockTimeoutMs: number) {
    this.#host = host;
    this.#deadline = host.monotonic() + lockTimeoutMs;
  }

  /** True when the heartbeat of an unknown holder has not changed for so long. */
  hasStoodStill(holder: Holder, ms: number = durations.takeOverMs): boolean {
    const seen = `${holder.number} ${holder.fence?.heartbeat}`;
    const now = this.#host.monotonic();
    if (this.#seen === seen) return now - this.#since >= ms;
    // One that changed while we looked belongs to a live holder: no more waiting than for any such.
    this.#isWatching = this.#seen === '';
    this.#seen = seen;
    this.#since = now;
    return false;
  }

  /** Whoever stood still has been replaced by a live holder, or is one: it has not stood still since. */
  end(): void {
    this.#isWatching = false;
    this.#seen = '';
  }

  isOver(): boolean {
    return !this.#isWatching && this.#host.monotonic() >= this.#deadline;
  }
}
