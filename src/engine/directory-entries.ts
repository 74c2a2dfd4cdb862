// Names that a sync has to make durable before it resolves: those of the log's directory, and of the
// directories made on the way to it.
//
// Spec: spec/ownership.md, Opening to write. Test: test/engine/power-loss.test.ts.

import type { Vfs } from './vfs/vfs.ts';

export class DirectoryEntries {
  /** The directory has a name that no sync has covered. */
  isDue = true;
  areParentsDue: boolean;
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #parents: readonly string[];

  /** `parents`: with new entries, innermost first. */
  constructor(vfs: Vfs, directory: string, parents: readonly string[]) {
    this.#vfs = vfs;
    this.#directory = directory;
    this.#parents = parents;
    this.areParentsDue = parents.length > 0;
  }

  /** Throws Node's error. */
  sync(): void {
    if (this.isDue) this.#vfs.syncDirectory(this.#directory);
    if (this.areParentsDue) for (const parent of this.#parents) this.#vfs.syncDirectory(parent);
    this.isDue = false;
    this.areParentsDue = false;
  }
}
