// The real file system, over the synchronous calls of `node:fs`.
//
// 1. Positions are always given and no file is opened for appending: with O_APPEND Linux ignores
//    the position, and a truncate would move where the next write lands.
// 2. EINTR never comes out. libuv repeats every call but read and close; read is repeated here, and
//    a close that was interrupted has closed.
// 3. fdatasync is enough for files: it covers the size too. libuv makes it F_FULLFSYNC on macOS.
//
// Spec: spec/file-system.md. Test: test/engine/vfs.test.ts.

import {
  type BigIntStats,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errorCode } from '../../errors.ts';
import { fileSystemName } from './file-system-names.ts';
import type { FileFacts, FileHandle, Vfs } from './vfs.ts';

const openFlags = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  // Of a pipe that somebody has put there under a name of ours, the end would be waited for.
  read: constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
  write: constants.O_RDWR,
} as const;

// Shared, because stat is on the flush path.
const noThrow = { throwIfNoEntry: false } as const;
const noThrowBigint = { throwIfNoEntry: false, bigint: true } as const;

const isDirectoryMode = (mode: number): boolean => (mode & constants.S_IFMT) === constants.S_IFDIR;

function factsOf(stats: Stats): FileFacts {
  return {
    identity: `${stats.dev}:${stats.ino}`,
    size: stats.size,
    isDirectory: isDirectoryMode(stats.mode),
    number: stats.ino,
    changed: stats.ctimeMs,
  };
}

// Doubles hold inode numbers up to 2^53. Overlay, FUSE and ZFS use the upper bits, where two
// numbers would become one: those files are asked for again, exactly.
const isExact = (stats: Stats): boolean => stats.ino <= Number.MAX_SAFE_INTEGER;

function exactFactsOf(stats: BigIntStats): FileFacts {
  return {
    identity: `${stats.dev}:${stats.ino}`,
    size: Number(stats.size),
    isDirectory: isDirectoryMode(Number(stats.mode)),
    number: Number(stats.ino),
    changed: Number(stats.ctimeNs) / 1e6,
  };
}

function read(file: FileHandle, target: Uint8Array, offset: number): number {
  let done = 0;
  while (done < target.length) {
    let count: number;
    try {
      count = readSync(file, target, done, target.length - done, offset + done);
    } catch (error) {
      if (errorCode(error) === 'EINTR') continue;
      throw error;
    }
    if (count === 0) break;
    done += count;
  }
  return done;
}

function syncLater(file: FileHandle): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(file, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function syncDirectory(path: string): void {
  // Windows cannot open a directory; NTFS journals names without being asked.
  if (process.platform === 'win32') return;
  const directory = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } catch (error) {
    // EINVAL: this file system has no sync for directories. There is no other call to try, so
    // names are as durable there as it makes them; spec/file-system.md says so.
    if (errorCode(error) !== 'EINVAL') throw error;
  } finally {
    closeSync(directory);
  }
}

function facts(file: FileHandle): FileFacts {
  const stats = fstatSync(file);
  return isExact(stats) ? factsOf(stats) : exactFactsOf(fstatSync(file, { bigint: true }));
}

function stat(path: string): FileFacts | undefined {
  const stats = lstatSync(path, noThrow);
  if (stats === undefined) return undefined;
  if (isExact(stats)) return factsOf(stats);
  const exact = lstatSync(path, noThrowBigint);
  return exact === undefined ? undefined : exactFactsOf(exact);
}

function fileSystem(path: string): string | undefined {
  const { type } = statfsSync(path);
  return process.platform === 'linux' ? fileSystemName(type) : undefined;
}

const shared: Vfs = Object.freeze({
  open: (path, mode) => openSync(path, openFlags[mode], 0o666),
  close: (file) => closeSync(file),
  read,
  write: (file, source, offset) => writeSync(file, source, 0, source.length, offset),
  truncate: (file, size) => ftruncateSync(file, size),
  sync: (file) => fdatasyncSync(file),
  syncLater,
  syncDirectory,
  facts,
  stat,
  list: (path) => readdirSync(path),
  link: (source, target) => linkSync(source, target),
  rename: (source, target) => renameSync(source, target),
  unlink: (path) => unlinkSync(path),
  makeDirectory: (path) => mkdirSync(path),
  removeDirectory: (path) => rmdirSync(path),
  fileSystem,
} satisfies Vfs);

/** The file system of this machine: one object, without state, shared by all who ask. */
export function nodeVfs(): Vfs {
  return shared;
}
