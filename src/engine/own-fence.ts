// The fence of an open log in the hands of its owner: the proof, the heartbeat, the release.
//
// 1. Checked in this order: the next fence is absent, *then* mine is there and is mine.
// 2. Mine is told by its inode as long as the handle is open: a number is used again at once after an
//    unlink. Once it was closed, by its nonce, which is never used again.
//
// Spec: spec/ownership.md, Check and Parking. Test: test/engine/parking.test.ts.

import { errorCode } from '../errors.ts';
import { durations } from '../limits.ts';
import { RELEASED } from './format/fence.ts';
import { fenceName } from './format/names.ts';
import type { Host } from './host.ts';
import { checkFence, type Ownership, writeHeartbeat } from './owner.ts';
import { closeQuietly } from './publish.ts';
import { readFence } from './snapshot.ts';
import type { FileHandle, Vfs } from './vfs/vfs.ts';

export class OwnFence {
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #number: number;
  readonly #nonce: Uint8Array;
  readonly #host: Host;
  #cancelBeat: (() => void) | undefined;
  #open: { readonly handle: FileHandle; readonly identity: string } | undefined;

  constructor(vfs: Vfs, host: Host, directory: string, ownership: Ownership) {
    this.#vfs = vfs;
    this.#host = host;
    this.#directory = directory;
    this.#number = ownership.fence;
    this.#nonce = ownership.owner.nonce;
    this.#open = { handle: ownership.handle, identity: ownership.identity };
  }

  get #path(): string {
    return `${this.#directory}/${fenceName(this.#number)}`;
  }

  /** Throws Node's error. */
  isMine(): boolean {
    if (this.#open !== undefined)
      return checkFence(this.#vfs, this.#directory, this.#number, this.#open.identity);
    const next = `${this.#directory}/${fenceName(this.#number + 1)}`;
    return this.#vfs.stat(next) === undefined && this.#holdsNonce();
  }

  #holdsNonce(): boolean {
    const fence = readFence(this.#vfs, this.#directory, this.#number);
    return fence !== undefined && Buffer.compare(fence.owner.nonce, this.#nonce) === 0;
  }

  /** The handle, opened again where it was closed; undefined when the fence is no longer mine. */
  handle(): FileHandle | undefined {
    if (this.#open !== undefined) return this.#open.handle;
    let handle: FileHandle;
    try {
      handle = this.#vfs.open(this.#path, 'write');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const { identity } = this.#vfs.facts(handle);
      // Read by name, then compared: what the name leads to now is what is held open, and mine.
      if (!this.#holdsNonce() || this.#vfs.stat(this.#path)?.identity !== identity) {
        closeQuietly(this.#vfs, handle);
        return undefined;
      }
      this.#open = { handle, identity };
      this.#cancelBeat?.();
      return handle;
    } catch (error) {
      closeQuietly(this.#vfs, handle);
      throw error;
    }
  }

  /** Closes the handle. The log is still open: who waits for its heartbeat is shown one now and then. */
  park(): void {
    this.close();
    this.#cancelBeat = this.#host.schedule.after(durations.takeOverMs / 4, () => this.#beat());
  }

  /** Its loss costs a successor patience, never data. */
  #beat(): void {
    try {
      const before = readFence(this.#vfs, this.#directory, this.#number)?.heartbeat ?? 0n;
      const next = BigInt(Math.trunc(this.#host.now()));
      const handle = this.handle();
      if (handle === undefined) return;
      writeHeartbeat(this.#vfs, handle, next > before ? next : before + 1n);
    } catch {
      // The next one is tried all the same.
    }
    this.park();
  }

  /** The log is closed: whoever comes next need not wait. Never throws. */
  release(): void {
    try {
      const handle = this.isMine() ? this.handle() : undefined;
      if (handle !== undefined) writeHeartbeat(this.#vfs, handle, RELEASED);
    } catch {
      // Its holder is then judged by pid, probe, or an unchanging heartbeat.
    }
    this.close();
  }

  close(): void {
    this.#cancelBeat?.();
    closeQuietly(this.#vfs, this.#open?.handle);
    this.#open = undefined;
  }
}
