// The directories of the memory disk and its inode numbers and space: names as the kernel has them,
// names that are durable, and the changes between. Handles, hooks and refusals are in memory-vfs.ts.
//
// 1. A pending change of names is one or two effects that happen together: a rename is atomic, also
//    over a power loss and between directories.
// 2. Syncing a directory makes its changes durable in order, and with a rename to or from another
//    directory all of that one's: a rename whose halves differ is no state of any disk.
// 3. A number is free, and by default given to the next file at once, as soon as its file has neither
//    names nor handles; the file itself lives on while a power loss could bring it back.
//
// Spec: spec/file-system.md. Test: test/engine/memory-vfs.test.ts.

import { MemoryFile } from './memory-file.ts';

export type NameChangeKind =
  | 'create'
  | 'link'
  | 'rename'
  | 'unlink'
  | 'makeDirectory'
  | 'removeDirectory';

/** `name` of `directory` becomes `node`, or nothing. */
export interface NameEffect {
  readonly directory: MemoryDirectory;
  readonly name: string;
  readonly node: MemoryNode | undefined;
}

/** A change of names that no directory sync covers. */
export interface NameChange {
  readonly kind: NameChangeKind;
  readonly order: number;
  /** The new name, or the one that goes. */
  readonly path: string;
  readonly effects: readonly NameEffect[];
}

export type MemoryNode = MemoryFile | MemoryDirectory;

export class MemoryDirectory {
  readonly isDirectory = true;
  readonly number: number;
  /** By the clock of the disk. */
  changed = 0;
  readonly entries: Map<string, MemoryNode> = new Map();
  readonly durable: Map<string, MemoryNode> = new Map();
  pending: NameChange[] = [];

  constructor(number: number) {
    this.number = number;
  }
}

/** An error as Node's file calls throw it: `code`, `syscall` and `path` are set. */
export function fileSystemError(code: string, syscall: string, path?: string): Error {
  const place = path === undefined ? '' : ` '${path}'`;
  const error = new Error(`${code}: ${meanings[code] ?? 'failed'}, ${syscall}${place}`);
  return Object.assign(error, path === undefined ? { code, syscall } : { code, syscall, path });
}

const meanings: Record<string, string> = {
  EBADF: 'bad file descriptor',
  EEXIST: 'file already exists',
  EINVAL: 'invalid argument',
  EIO: 'i/o error',
  EISDIR: 'illegal operation on a directory',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

interface Place {
  readonly directory: MemoryDirectory;
  readonly name: string;
}

export class MemoryDisk {
  root: MemoryDirectory = new MemoryDirectory(1);
  /** Number of the newest change of content or names. */
  order = 0;
  /** Bytes of all files in the kernel, and how many there may be. */
  used = 0;
  capacity: number = Number.POSITIVE_INFINITY;
  reuseNumbers = true;
  /** Undefined: the number of the newest change. */
  clock: (() => number) | undefined;
  nextHandle = 3;
  #nextNumber = 2;
  #freeNumbers: number[] = [];
  /** Directories by path; emptied when one moves or goes. */
  readonly #byPath: Map<string, MemoryDirectory> = new Map();

  find(path: string, syscall: string): MemoryNode | undefined {
    if (path === '/') return this.root;
    const { directory, name } = this.#place(path, syscall);
    return directory.entries.get(name);
  }

  directory(path: string, syscall: string): MemoryDirectory {
    const node = this.find(path, syscall);
    if (node === undefined) throw fileSystemError('ENOENT', syscall, path);
    if (!node.isDirectory) throw fileSystemError('ENOTDIR', syscall, path);
    return node;
  }

  create(path: string): MemoryFile {
    const place = this.#freePlace(path, 'open');
    const file = new MemoryFile(this.takeNumber(), path);
    this.#change('create', path, [{ ...place, node: file }]);
    return file;
  }

  link(source: string, target: string): void {
    const node = this.find(source, 'link');
    if (node === undefined) throw fileSystemError('ENOENT', 'link', source);
    const place = this.#freePlace(target, 'link');
    if (node.isDirectory) throw fileSystemError('EPERM', 'link', source);
    this.#change('link', target, [{ ...place, node }]);
  }

  rename(source: string, target: string): void {
    const from = this.#place(source, 'rename');
    const to = this.#place(target, 'rename');
    const node = from.directory.entries.get(from.name);
    if (node === undefined) throw fileSystemError('ENOENT', 'rename', source);
    const replaced = to.directory.entries.get(to.name);
    // Two names of one file: POSIX leaves both.
    if (replaced === node) return;
    if (node.isDirectory) {
      if (`${target}/`.startsWith(`${source}/`)) throw fileSystemError('EINVAL', 'rename', source);
      if (replaced?.isDirectory === false) throw fileSystemError('ENOTDIR', 'rename', target);
    }
    if (replaced?.isDirectory) {
      if (source.startsWith(`${target}/`)) throw fileSystemError('ENOTEMPTY', 'rename', target);
      if (!node.isDirectory) throw fileSystemError('EISDIR', 'rename', target);
      if (replaced.entries.size > 0) throw fileSystemError('ENOTEMPTY', 'rename', target);
    }
    const effects = [
      { ...from, node: undefined },
      { ...to, node },
    ];
    this.#change('rename', target, effects);
    if (node.isDirectory) this.#byPath.clear();
  }

  unlink(path: string): void {
    const place = this.#place(path, 'unlink');
    const node = place.directory.entries.get(place.name);
    if (node === undefined) throw fileSystemError('ENOENT', 'unlink', path);
    if (node.isDirectory) throw fileSystemError('EISDIR', 'unlink', path);
    this.#change('unlink', path, [{ ...place, node: undefined }]);
  }

  makeDirectory(path: string): void {
    const place = this.#freePlace(path, 'mkdir');
    const directory = new MemoryDirectory(this.takeNumber());
    this.#change('makeDirectory', path, [{ ...place, node: directory }]);
  }

  removeDirectory(path: string): void {
    const node = this.directory(path, 'rmdir');
    if (node.entries.size > 0) throw fileSystemError('ENOTEMPTY', 'rmdir', path);
    const place = this.#place(path, 'rmdir');
    this.#change('removeDirectory', path, [{ ...place, node: undefined }]);
    this.#byPath.clear();
  }

  syncDirectory(path: string): void {
    const unsynced = [this.directory(path, 'fsync')];
    for (const directory of unsynced) {
      const changes = directory.pending;
      directory.pending = [];
      for (const change of changes) {
        for (const effect of change.effects) {
          if (effect.directory === directory) applyName(directory.durable, effect);
          else if (effect.directory.pending.length > 0) unsynced.push(effect.directory);
        }
      }
    }
  }

  /** Bytes of `source` that fit, at least one. */
  room(file: MemoryFile, offset: number, size: number): number {
    const growth = Math.max(0, offset + size - file.size);
    const fits = size - Math.max(0, this.used + growth - this.capacity);
    if (fits <= 0 && size > 0) throw fileSystemError('ENOSPC', 'write', file.path);
    return fits;
  }

  write(file: MemoryFile, offset: number, source: Uint8Array): void {
    const before = file.size;
    this.order += 1;
    file.write(offset, source, this.order);
    file.changed = this.now();
    this.used += file.size - before;
  }

  truncate(file: MemoryFile, size: number): void {
    if (this.used + size - file.size > this.capacity && size > file.size) {
      throw fileSystemError('ENOSPC', 'ftruncate', file.path);
    }
    this.used += size - file.size;
    this.order += 1;
    file.truncate(size, this.order);
    file.changed = this.now();
  }

  /** Gives number and space of a file back when it has neither names nor handles. */
  release(node: MemoryNode): void {
    if (!node.isDirectory) {
      if (node.links > 0 || node.handles > 0) return;
      this.used -= node.size;
    }
    if (this.reuseNumbers) this.#freeNumbers.push(node.number);
  }

  takeNumber(): number {
    const free = this.#freeNumbers.pop();
    if (free !== undefined) return free;
    this.#nextNumber += 1;
    return this.#nextNumber - 1;
  }

  /** Gives the numbers next that `disk` would give. */
  takeNumbersOf(disk: MemoryDisk): void {
    this.#nextNumber = disk.#nextNumber;
    this.#freeNumbers = disk.#freeNumbers.slice();
  }

  /** Gives only numbers that no file of `disk` has had. */
  beginNumbersAfter(disk: MemoryDisk): void {
    this.#nextNumber = disk.#nextNumber;
  }

  now(): number {
    return this.clock?.() ?? this.order;
  }

  #change(kind: NameChangeKind, path: string, effects: readonly NameEffect[]): void {
    this.order += 1;
    const change: NameChange = { kind, order: this.order, path, effects };
    const now = this.now();
    for (const effect of effects) {
      const { directory, name, node } = effect;
      const gone = directory.entries.get(name);
      applyName(directory.entries, effect);
      directory.changed = now;
      if (node !== undefined) node.changed = now;
      if (gone !== undefined) gone.changed = now;
      if (node !== undefined && !node.isDirectory) node.links += 1;
      if (gone !== undefined && !gone.isDirectory) gone.links -= 1;
      // A file that moves is without a name between the two effects.
      if (gone !== undefined && (kind !== 'rename' || node !== undefined)) this.release(gone);
      if (directory.pending.at(-1) !== change) directory.pending.push(change);
    }
  }

  #freePlace(path: string, syscall: string): Place {
    if (path === '/') throw fileSystemError('EEXIST', syscall, path);
    const place = this.#place(path, syscall);
    if (place.directory.entries.has(place.name)) throw fileSystemError('EEXIST', syscall, path);
    return place;
  }

  #place(path: string, syscall: string): Place {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    if (slash < 0 || name === '' || name === '.' || name === '..') {
      throw fileSystemError('EINVAL', syscall, path);
    }
    const parent = path.slice(0, slash);
    const directory = this.#byPath.get(parent) ?? this.#walk(parent, syscall, path);
    return { directory, name };
  }

  #walk(parent: string, syscall: string, path: string): MemoryDirectory {
    let node: MemoryNode = this.root;
    for (const name of parent.split('/').filter((part) => part !== '')) {
      const next: MemoryNode | undefined = node.entries.get(name);
      if (next === undefined) throw fileSystemError('ENOENT', syscall, path);
      if (!next.isDirectory) throw fileSystemError('ENOTDIR', syscall, path);
      node = next;
    }
    this.#byPath.set(parent, node);
    return node;
  }
}

/** Applies one effect to the names, kernel's or durable, of its directory. */
export function applyName(names: Map<string, MemoryNode>, effect: NameEffect): void {
  if (effect.node === undefined) names.delete(effect.name);
  else names.set(effect.name, effect.node);
}
