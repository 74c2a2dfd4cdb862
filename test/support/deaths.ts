// A disk whose process dies: at its first call, at its second, and so on.

import type { MemoryVfs } from '../../src/engine/index.ts';

interface Death {
  /** As the process has left it. */
  readonly vfs: MemoryVfs;
  /** How many calls it made before. */
  readonly at: number;
  /** False of the last: the work came to its end. */
  readonly died: boolean;
}

/** Does the work again and again, each time on a copy of the disk. Rejects with what the work throws by itself. */
export async function* deaths(
  disk: MemoryVfs,
  work: (vfs: MemoryVfs) => Promise<unknown>,
): AsyncGenerator<Death> {
  for (let at = 0, died = true; died; at += 1) {
    let calls = 0;
    died = false;
    const vfs = disk.clone({
      onCall: () => {
        calls += 1;
        if (calls <= at) return;
        died = true;
        throw new Error('died');
      },
    });
    await work(vfs).catch((error: unknown) => {
      if (!died) throw error;
    });
    yield { vfs, at, died };
  }
}
