// Names that a sync has to make durable before it resolves: those of the log's directory, its own, and
// those of the directories made on the way to it.
//
// 1. Its own name always: whoever made the directory may have been killed before its first sync.
//
// Spec: spec/ownership.md, Opening to write. Test: test/engine/power-loss.test.ts.

import { dirname } from 'node:path';

import { errorCode } from '../errors.ts';
import type { Vfs } from './vfs/vfs.ts';

export class DirectoryEntries {
  /** The directory has a name that no sync has covered. */
  isDue = true;
  areParentsDue = true;
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #parents: readonly string[];

  /** `parents`: with new entries, innermost first. */
  constructor(vfs: Vfs, directory: string, parents: readonly string[]) {
    this.#vfs = vfs;
    this.#directory = directory;
    this.#parents = parents;
  }

  /** Throws Node's error. */
  sync(): void {
    if (this.isDue) this.#vfs.syncDirectory(this.#directory);
    if (this.areParentsDue) this.#syncParents();
    this.isDue = false;
    this.areParentsDue = false;
  }

  #syncParents(): void {
    for (const parent of this.#parents) this.#vfs.syncDirectory(parent);
    const own = dirname(this.#directory);
    if (this.#parents.includes(own)) return;
    try {
      this.#vfs.syncDirectory(own);
    } catch (error) {
      // A directory that was given to us, below one that we may not read: whoever made it has synced it.
      if (errorCode(error) !== 'EACCES') throw error;
    }
  }
}
