// Put-if-absent of a whole small file: the one step by which anything is decided.
//
// 1. The content is complete before the name appears; a second publisher gets `false`, never a file
//    replaced.
// 2. The name is durable only after the caller has synced the directory.
//
// Spec: spec/document.md. Test: test/engine/publish.test.ts.

import { errorCode } from '../errors.ts';
import { temporaryName } from './format/names.ts';
import type { FileHandle, Vfs } from './vfs/vfs.ts';

const LINK_REFUSED = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

export interface PublishOptions {
  /** The content is on stable storage before the name appears. */
  readonly sync: boolean;
  /**
   * The content as it is to be once the name is taken, where that comes first: links are refused, and
   * who looks for the name in between finds it. Undefined: none, the name stays empty. Left out: what it
   * was before.
   */
  readonly renew?: () => Uint8Array | undefined;
}

/** Writes all of `bytes` at `offset`. */
export function writeWhole(vfs: Vfs, file: FileHandle, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += vfs.write(file, bytes.subarray(done), offset + done);
  }
}

/** Closes a handle whose errors no longer matter: what it held is synced, or was never promised. */
export function closeQuietly(vfs: Vfs, file: FileHandle | undefined): void {
  if (file === undefined) return;
  try {
    vfs.close(file);
  } catch {
    // Nothing rests on this handle any more.
  }
}

export function unlinkQuietly(vfs: Vfs, path: string): void {
  try {
    vfs.unlink(path);
  } catch {
    // Left for the next owner to collect.
  }
}

/** An owner that has been replaced may still collect, once: so often is a lot. */
const TRIES = 10;

/**
 * Publishes `bytes` as `directory/name`; the open handle of the file, or undefined when the name is
 * taken.
 */
export function publishOpen(
  vfs: Vfs,
  directory: string,
  name: string,
  bytes: Uint8Array,
  options: PublishOptions,
): FileHandle | undefined {
  let taken: Taken | undefined;
  let content = bytes;
  let isOld = false;
  for (let tries = 1; ; tries += 1) {
    if (isOld) {
      const renewed = options.renew?.();
      if (renewed === undefined) return undefined;
      content = renewed;
      isOld = false;
    }
    const temporary = `${directory}/${temporaryName()}`;
    let file: FileHandle | undefined = vfs.open(temporary, 'create');
    try {
      writeWhole(vfs, file, content, 0);
      if (options.sync) vfs.sync(file);
      // An empty file of ours has the name already: only its content is missing.
      const isTaken = taken === 'empty';
      if (!isTaken) taken = take(vfs, temporary, `${directory}/${name}`);
      if (taken === 'no') return undefined;
      isOld = taken === 'empty' && !isTaken && options.renew !== undefined;
      if (isOld) continue;
      if (taken === 'empty') vfs.rename(temporary, `${directory}/${name}`);
      const published = file;
      file = undefined;
      return published;
    } catch (error) {
      // Collected under us by an owner that begins, or by a late one that we have replaced: nobody
      // has the name yet.
      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error;
    } finally {
      closeQuietly(vfs, file);
      unlinkQuietly(vfs, temporary);
    }
  }
}

/** As `publishOpen`, without the handle: whether the name is ours now. */
export function publish(
  vfs: Vfs,
  directory: string,
  name: string,
  bytes: Uint8Array,
  options: PublishOptions,
): boolean {
  const file = publishOpen(vfs, directory, name, bytes, options);
  closeQuietly(vfs, file);
  return file !== undefined;
}

type Taken = 'whole' | 'empty' | 'no';

/**
 * Where links are refused an empty file takes the name, and the whole one is to take its place. An
 * empty file that stays is the mark of a publisher that died between the two: it counts as a name, and
 * holds nothing.
 */
function take(vfs: Vfs, temporary: string, path: string): Taken {
  try {
    vfs.link(temporary, path);
    return 'whole';
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === 'EEXIST') return 'no';
    if (!LINK_REFUSED.has(code)) throw error;
  }
  try {
    vfs.close(vfs.open(path, 'create'));
    return 'empty';
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return 'no';
    throw error;
  }
}

/** Most of these files are smaller: they are read without asking for their size. */
const SMALL_SIZE = 1024;

/** The whole of a small file. @throws Node's error, ENOENT included. */
export function readWhole(vfs: Vfs, path: string, sizeMax: number): Uint8Array {
  const file = vfs.open(path, 'read');
  try {
    const small = new Uint8Array(SMALL_SIZE);
    const count = vfs.read(file, small, 0);
    if (count < SMALL_SIZE) return small.slice(0, Math.min(count, sizeMax + 1));
    const bytes = new Uint8Array(Math.min(vfs.facts(file).size, sizeMax + 1));
    return bytes.subarray(0, vfs.read(file, bytes, 0));
  } finally {
    vfs.close(file);
  }
}
