// What contents of artifacts ask of the file system beyond the engine's calls: reading and writing off
// the calling thread, for they may be of any size.
//
// 1. On any other than the real file system the engine's calls serve, so that crash tests see them all.
//
// Spec: spec/artifacts.md. Test: test/store/artifact-collect.test.ts, test/sdk/artifacts.test.ts.

import { fchmodSync, promises, read, write } from 'node:fs';

import { type FileHandle, nodeVfs, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';

export interface ContentDisk {
  readonly vfs: Vfs;
  /** All of `bytes` at `offset`. */
  write(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void>;
  /** Bytes read; fewer than asked only at the end. */
  read(file: FileHandle, target: Uint8Array, offset: number): Promise<number>;
  syncDirectory(path: string): Promise<void>;
  /** Nobody may write to the file any more. */
  protect(file: FileHandle): void;
}

export function contentDisk(vfs: Vfs): ContentDisk {
  return vfs === nodeVfs() ? onNode(vfs) : onCallingThread(vfs);
}

function onCallingThread(vfs: Vfs): ContentDisk {
  return {
    vfs,
    async write(file, bytes, offset) {
      for (let done = 0; done < bytes.length; )
        done += vfs.write(file, bytes.subarray(done), offset + done);
    },
    read: async (file, target, offset) => vfs.read(file, target, offset),
    syncDirectory: async (path) => vfs.syncDirectory(path),
    protect() {},
  };
}

const READ_ONLY = 0o444;

function onNode(vfs: Vfs): ContentDisk {
  return {
    vfs,
    async write(file, bytes, offset) {
      for (let done = 0; done < bytes.length; )
        done += await writeSome(file, bytes.subarray(done), offset + done);
    },
    async read(file, target, offset) {
      let done = 0;
      while (done < target.length) {
        const count = await readSome(file, target.subarray(done), offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    },
    syncDirectory: syncDirectoryLater,
    protect: (file) => fchmodSync(file, READ_ONLY),
  };
}

const writeSome = (file: FileHandle, bytes: Uint8Array, offset: number): Promise<number> =>
  new Promise((resolve, reject) => {
    write(file, bytes, 0, bytes.length, offset, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });

const readSome = (file: FileHandle, target: Uint8Array, offset: number): Promise<number> =>
  new Promise((resolve, reject) => {
    read(file, target, 0, target.length, offset, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });

/** As the engine's `syncDirectory`: a content may lie in any of 256. */
async function syncDirectoryLater(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await promises.open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    await directory.close();
  }
}
