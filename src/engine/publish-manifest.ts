// Publishing the next manifest of an own log.
//
// 1. Under the counter read plus one; taken means that another owner has decided.
// 2. A link that reported an error may have had its effect: what stands there counts.
//
// Spec: spec/document.md, Manifest. Test: test/engine/failing-calls.test.ts.

import { limits } from '../limits.ts';
import { encodeManifest, type Manifest } from './format/manifest.ts';
import { manifestName } from './format/names.ts';
import { publish, readWhole, unlinkQuietly } from './publish.ts';
import type { Vfs } from './vfs/vfs.ts';

/** False: the name is taken by another. Throws Node's error. */
export function publishManifest(vfs: Vfs, directory: string, manifest: Manifest): boolean {
  const name = manifestName(manifest.counter);
  const bytes = encodeManifest(manifest);
  try {
    return publish(vfs, directory, name, bytes, { sync: true });
  } catch (error) {
    if (!holds(vfs, `${directory}/${name}`, bytes)) throw error;
    return true;
  }
}

function holds(vfs: Vfs, path: string, bytes: Uint8Array): boolean {
  try {
    return Buffer.compare(readWhole(vfs, path, limits.documentSizeMax), bytes) === 0;
  } catch {
    return false;
  }
}

/** Keeps the newest two, as a successor would. The directory was synced since the newest. */
export function collectManifest(vfs: Vfs, directory: string, counter: number): void {
  if (counter > 2) unlinkQuietly(vfs, `${directory}/${manifestName(counter - 2)}`);
}
