// The file system as the engine sees it: the only way to a log's files. Small, so that one memory
// implementation can keep durable and pending state apart and be crashed, failed, traced and
// interleaved at every call.
//
// 1. Calls are synchronous; only `sync` has an asynchronous form.
// 2. Errors are Node's: an Error whose `code` is ENOENT, EEXIST, ENOSPC, EIO ... Nothing is retried
//    below this interface but EINTR.
// 3. Paths are absolute, without dots and without a slash at the end. Names appear and vanish
//    atomically; what is durable is said per call.
//
// Spec: spec/file-system.md. Test: test/engine/vfs-suite.ts, run against both implementations.

/** An open file. Numbers of `nodeVfs` are the process's descriptors. */
export type FileHandle = number;

export interface FileFacts {
  /** Tells one file from another while both exist or one is held open: device and inode. */
  readonly identity: string;
  readonly size: number;
  readonly isDirectory: boolean;
  /** The inode number alone, rounded beyond 2^53. With `changed` it tells that something changed. */
  readonly number: number;
  /**
   * When content, names in it, links or facts last changed: milliseconds by the clock of the file
   * system, with what it has below them. Only compared: it says no time of the world.
   */
  readonly changed: number;
}

export interface Vfs {
  /**
   * `create` makes a new file for reading and writing and throws EEXIST when the name is taken: the
   * name is durable after `syncDirectory`, the content after `sync`. `read` and `write` (which also
   * reads) open an existing file.
   */
  open(path: string, mode: 'create' | 'read' | 'write'): FileHandle;
  /** Reports late errors (quota, network); the handle is gone in any case. */
  close(file: FileHandle): void;
  /** Bytes read into `target` from `offset` of the file; fewer than asked only at its end. */
  read(file: FileHandle, target: Uint8Array, offset: number): number;
  /** Bytes written, possibly fewer than given. In the kernel on return, durable after `sync`. */
  write(file: FileHandle, source: Uint8Array, offset: number): number;
  /** Sets the size. Durable after `sync`. */
  truncate(file: FileHandle, size: number): void;
  /** Content and size are durable on return. After an error the handle is dead: never retried. */
  sync(file: FileHandle): void;
  /** As `sync`, off the calling thread. */
  syncLater(file: FileHandle): Promise<void>;
  /** Names made, linked, renamed and unlinked in the directory before are durable on return. */
  syncDirectory(path: string): void;
  /** Facts of an open file, also of one whose name is gone. */
  facts(file: FileHandle): FileFacts;
  /**
   * Facts of a name, or undefined where nothing has it or its directory is missing. Does not follow
   * a trailing symbolic link.
   */
  stat(path: string): FileFacts | undefined;
  /** Names in a directory, unsorted. */
  list(path: string): string[];
  /** A second name for a file; EEXIST when taken. Put-if-absent of a whole content. */
  link(source: string, target: string): void;
  /** Replaces `target` where it exists. */
  rename(source: string, target: string): void;
  unlink(path: string): void;
  /** EEXIST when taken, ENOENT without its parent. */
  makeDirectory(path: string): void;
  /** ENOTEMPTY when it is not empty. */
  removeDirectory(path: string): void;
  /** Type name of the file system ('ext4', 'nfs', ...), or undefined where it cannot be told. */
  fileSystem(path: string): string | undefined;
}
