// A directory of the real disk on a disk in memory, where everything is durable: what the public API made
// can be crashed and damaged there.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { type MemoryVfs, memoryVfs } from '../../src/engine/index.ts';

/** The content of `source` under `target`, a name in the root of a new disk. */
export function copyToMemory(source: string, target: string): MemoryVfs {
  const vfs = memoryVfs();
  vfs.makeDirectory(target);
  copyInto(vfs, source, target);
  vfs.syncDirectory('/');
  return vfs;
}

function copyInto(vfs: MemoryVfs, source: string, target: string): void {
  for (const name of readdirSync(source)) {
    // The socket of a live owner.
    if (name.startsWith('probe-')) continue;
    const [from, to] = [join(source, name), `${target}/${name}`];
    if (statSync(from).isDirectory()) {
      vfs.makeDirectory(to);
      copyInto(vfs, from, to);
      continue;
    }
    const file = vfs.open(to, 'create');
    const bytes = readFileSync(from);
    for (let offset = 0; offset < bytes.length; )
      offset += vfs.write(file, bytes.subarray(offset), offset);
    vfs.sync(file);
    vfs.close(file);
  }
  vfs.syncDirectory(target);
}
