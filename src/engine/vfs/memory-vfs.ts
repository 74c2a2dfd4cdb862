// A file system in memory whose power can be cut: for tests of the engine and of what is built on it.
//
// 1. Every call goes through one hook before it takes effect. The hook can fail the call, shorten a
//    write, let another actor run, take images of the disk, or write a trace.
// 2. An error with a `code` that the hook throws is the file system's: from `sync` it also loses what
//    the sync was to make durable. Any other error only passes through, as if the caller had died
//    before the call.
// 3. Several processes of one machine are several objects on one disk (`attach`): each has its own
//    hook and its own handles.
// 4. Handle numbers are never used twice, on any of them: a closed or foreign handle is EBADF.
//
// Spec: spec/file-system.md. Test: test/engine/vfs.test.ts, test/engine/memory-vfs.test.ts.

import { errorCode } from '../../errors.ts';
import { type CrashRule, chooser } from './crash-rules.ts';
import { fileSystemError, MemoryDisk, type MemoryNode } from './memory-disk.ts';
import type { MemoryFile } from './memory-file.ts';
import { hashDisk } from './memory-hash.ts';
import {
  copyDisk,
  copyNode,
  crashDisk,
  type PendingChange,
  pendingChanges,
} from './memory-image.ts';
import type { FileFacts, FileHandle, Vfs } from './vfs.ts';

/** One call, before it takes effect. */
export interface VfsCall {
  /** `syncLaterEnds` comes when the sync that `syncLater` began is about to have its effect. */
  readonly name: keyof Vfs | 'syncLaterEnds';
  /** The path given; of a call on a handle, the one it was opened by. */
  readonly path: string;
  /** Second path of `link` and `rename`. */
  readonly target?: string;
  readonly handle?: FileHandle;
  readonly mode?: 'create' | 'read' | 'write';
  readonly offset?: number;
  /** Bytes to read or write; new size of `truncate`. */
  readonly size?: number;
  /** Bytes to write. Valid during the hook only. */
  readonly bytes?: Uint8Array;
}

export interface CallReply {
  /** `write`: this many bytes are taken, at least one. */
  readonly writeAtMost?: number;
  /** `syncLater`: the sync does not end before this does. */
  readonly endsAfter?: Promise<unknown>;
}

/**
 * Called before each call, with the object it was called on. Calls on that same object from within
 * the hook do not come back to the hook.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing.
export type CallHook = (call: VfsCall, vfs: MemoryVfs) => CallReply | undefined | void;

export interface MemoryVfsOptions {
  /** Default: none. */
  readonly onCall?: CallHook | undefined;
  /** Every change is EROFS. Default false. */
  readonly readOnly?: boolean;
  /** `link` is EPERM, as on file systems without links. Default false. */
  readonly refuseLinks?: boolean;
  /** Open handles of this object; the next is EMFILE. Default: no limit. */
  readonly openFilesMax?: number;
  /** What `fileSystem` says. Default: undefined. */
  readonly fileSystem?: string | undefined;
  /** Bytes of all files of the disk; then short writes and ENOSPC. Default: no limit. */
  readonly capacity?: number;
  /** Gives the inode number that was freed last to the next file, as ext4 may. Default true. */
  readonly reuseInodes?: boolean;
  /** The clock of the disk, milliseconds: what `changed` says. Default: the number of the change. */
  readonly clock?: () => number;
}

interface OpenFile {
  readonly file: MemoryFile;
  readonly path: string;
  readonly writable: boolean;
}

export class MemoryVfs implements Vfs {
  readonly #disk: MemoryDisk;
  readonly #open: Map<FileHandle, OpenFile> = new Map();
  #options: Omit<MemoryVfsOptions, 'capacity' | 'reuseInodes' | 'clock'> = {};
  #inHook = false;

  /** @internal Use memoryVfs(). */
  constructor(disk: MemoryDisk, options: MemoryVfsOptions) {
    this.#disk = disk;
    this.configure(options);
  }

  open(path: string, mode: 'create' | 'read' | 'write'): FileHandle {
    this.#before({ name: 'open', path, mode });
    if (mode !== 'read') this.#refuseReadOnly('open', path);
    if (this.#open.size >= (this.#options.openFilesMax ?? Number.POSITIVE_INFINITY)) {
      throw fileSystemError('EMFILE', 'open', path);
    }
    const disk = this.#disk;
    const file = mode === 'create' ? disk.create(path) : disk.find(path, 'open');
    if (file === undefined) throw fileSystemError('ENOENT', 'open', path);
    if (file.isDirectory) throw fileSystemError('EISDIR', 'open', path);
    const handle = disk.nextHandle;
    disk.nextHandle += 1;
    file.handles += 1;
    this.#open.set(handle, { file, path, writable: mode !== 'read' });
    return handle;
  }

  close(handle: FileHandle): void {
    const { path } = this.#opened(handle, 'close');
    try {
      this.#before({ name: 'close', path, handle });
    } finally {
      this.#forget(handle);
    }
  }

  read(handle: FileHandle, target: Uint8Array, offset: number): number {
    const { file, path } = this.#opened(handle, 'read');
    this.#before({ name: 'read', path, handle, offset, size: target.length });
    return file.content.read(target, offset);
  }

  write(handle: FileHandle, source: Uint8Array, offset: number): number {
    const { file, path, writable } = this.#opened(handle, 'write');
    const size = source.length;
    const reply = this.#before({ name: 'write', path, handle, offset, size, bytes: source });
    if (!writable) throw fileSystemError('EBADF', 'write', path);
    const asked = Math.min(size, Math.max(1, reply?.writeAtMost ?? size));
    const count = this.#disk.room(file, offset, asked);
    this.#disk.write(file, offset, source.subarray(0, count));
    return count;
  }

  truncate(handle: FileHandle, size: number): void {
    const { file, path, writable } = this.#opened(handle, 'ftruncate');
    this.#before({ name: 'truncate', path, handle, size });
    if (!writable) throw fileSystemError('EINVAL', 'ftruncate', path);
    this.#disk.truncate(file, size);
  }

  sync(handle: FileHandle): void {
    const { file, path } = this.#opened(handle, 'fdatasync');
    this.#beforeSync({ name: 'sync', path, handle }, file, this.#disk.order);
    file.settle(this.#disk.order, file.content.view());
  }

  async syncLater(handle: FileHandle): Promise<void> {
    const { file, path } = this.#opened(handle, 'fdatasync');
    const reply = this.#beforeSync({ name: 'syncLater', path, handle }, file, this.#disk.order);
    // What is written from here on is not part of it, as it may not be of a real one.
    const { order } = this.#disk;
    const content = file.content.view();
    await reply?.endsAfter;
    this.#beforeSync({ name: 'syncLaterEnds', path, handle }, file, order);
    file.settle(order, content);
  }

  syncDirectory(path: string): void {
    this.#before({ name: 'syncDirectory', path });
    this.#disk.syncDirectory(path);
  }

  facts(handle: FileHandle): FileFacts {
    const { file, path } = this.#opened(handle, 'fstat');
    this.#before({ name: 'facts', path, handle });
    return factsOf(file);
  }

  stat(path: string): FileFacts | undefined {
    this.#before({ name: 'stat', path });
    const node = this.#findOrNone(path, 'lstat');
    return node === undefined ? undefined : factsOf(node);
  }

  list(path: string): string[] {
    this.#before({ name: 'list', path });
    // Newest first: callers that need an order must make it.
    return [...this.#disk.directory(path, 'scandir').entries.keys()].reverse();
  }

  link(source: string, target: string): void {
    this.#before({ name: 'link', path: source, target });
    this.#refuseReadOnly('link', target);
    if (this.#options.refuseLinks) throw fileSystemError('EPERM', 'link', target);
    this.#disk.link(source, target);
  }

  rename(source: string, target: string): void {
    this.#before({ name: 'rename', path: source, target });
    this.#refuseReadOnly('rename', target);
    this.#disk.rename(source, target);
  }

  unlink(path: string): void {
    this.#before({ name: 'unlink', path });
    this.#refuseReadOnly('unlink', path);
    this.#disk.unlink(path);
  }

  makeDirectory(path: string): void {
    this.#before({ name: 'makeDirectory', path });
    this.#refuseReadOnly('mkdir', path);
    this.#disk.makeDirectory(path);
  }

  removeDirectory(path: string): void {
    this.#before({ name: 'removeDirectory', path });
    this.#refuseReadOnly('rmdir', path);
    this.#disk.removeDirectory(path);
  }

  fileSystem(path: string): string | undefined {
    this.#before({ name: 'fileSystem', path });
    if (this.#findOrNone(path, 'statfs') === undefined) {
      throw fileSystemError('ENOENT', 'statfs', path);
    }
    return this.#options.fileSystem;
  }

  /** Changes options from now on; those not given stay. */
  configure(options: MemoryVfsOptions): void {
    const { capacity, reuseInodes, clock, ...own } = options;
    this.#options = { ...this.#options, ...own };
    this.#disk.capacity = capacity ?? this.#disk.capacity;
    this.#disk.reuseNumbers = reuseInodes ?? this.#disk.reuseNumbers;
    this.#disk.clock = clock ?? this.#disk.clock;
  }

  /** Another process on the same disk: own handles, own hook (none unless given). */
  attach(options: MemoryVfsOptions = {}): MemoryVfs {
    return new MemoryVfs(this.#disk, { ...this.#options, onCall: undefined, ...options });
  }

  /** This process ends: the kernel closes its handles. The disk stays. */
  detach(): void {
    for (const handle of [...this.#open.keys()]) this.#forget(handle);
  }

  /** A copy of disk and handles (same numbers); what is pending stays pending. No hook unless given. */
  clone(options: MemoryVfsOptions = {}): MemoryVfs {
    const nodes = new Map<MemoryNode, MemoryNode>();
    const copy = this.#on(copyDisk(this.#disk, nodes), options);
    for (const [handle, opened] of this.#open) {
      const file = copyNode(opened.file, nodes) as MemoryFile;
      if (file.links === 0 && file.handles === 0) copy.#disk.used += file.size;
      file.handles += 1;
      copy.#open.set(handle, { ...opened, file });
    }
    return copy;
  }

  /** A copy of the disk after all processes were killed: what the kernel holds, no handles. */
  kill(options: MemoryVfsOptions = {}): MemoryVfs {
    const disk = copyDisk(this.#disk, new Map());
    return this.#on(disk, options);
  }

  /** A copy of the disk after a power loss that treats what is not synced by `rule`. */
  crash(rule: CrashRule, options: MemoryVfsOptions = {}): MemoryVfs {
    const disk = crashDisk(this.#disk, (changes) => chooser(rule, changes));
    return this.#on(disk, options);
  }

  /** What a power loss now may keep or drop, oldest first. */
  pending(): PendingChange[] {
    return pendingChanges(this.#disk).map(({ facts }) => facts);
  }

  /** 64 bits that tell disks apart by names, durable content and what is pending. */
  hash(): bigint {
    return hashDisk(this.#disk);
  }

  /** Bytes of all files. */
  get used(): number {
    return this.#disk.used;
  }

  /** Handles that this process has open. */
  get openFileCount(): number {
    return this.#open.size;
  }

  #on(disk: MemoryDisk, options: MemoryVfsOptions): MemoryVfs {
    return new MemoryVfs(disk, { ...this.#options, onCall: undefined, ...options });
  }

  #before(call: VfsCall): CallReply | undefined {
    const { onCall } = this.#options;
    if (onCall === undefined || this.#inHook) return undefined;
    this.#inHook = true;
    try {
      return onCall(call, this) ?? undefined;
    } finally {
      this.#inHook = false;
    }
  }

  #beforeSync(call: VfsCall, file: MemoryFile, order: number): CallReply | undefined {
    try {
      return this.#before(call);
    } catch (error) {
      if (errorCode(error) !== undefined) file.lose(order);
      throw error;
    }
  }

  #opened(handle: FileHandle, syscall: string): OpenFile {
    const opened = this.#open.get(handle);
    if (opened === undefined) throw fileSystemError('EBADF', syscall);
    return opened;
  }

  #forget(handle: FileHandle): void {
    const opened = this.#open.get(handle);
    if (opened === undefined) return;
    this.#open.delete(handle);
    opened.file.handles -= 1;
    this.#disk.release(opened.file);
  }

  #findOrNone(path: string, syscall: string): MemoryNode | undefined {
    try {
      return this.#disk.find(path, syscall);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #refuseReadOnly(syscall: string, path: string): void {
    if (this.#options.readOnly) throw fileSystemError('EROFS', syscall, path);
  }
}

function factsOf(node: MemoryNode): FileFacts {
  const { number, isDirectory, changed } = node;
  return {
    identity: `memory:${number}`,
    size: isDirectory ? 0 : node.size,
    isDirectory,
    number,
    changed,
  };
}

/** A new, empty file system with a durable root directory. */
export function memoryVfs(options: MemoryVfsOptions = {}): MemoryVfs {
  return new MemoryVfs(new MemoryDisk(), options);
}
