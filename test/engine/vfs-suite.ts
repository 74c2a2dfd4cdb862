// The contract of vfs.ts, one case a promise, run against every implementation. What a power loss
// does is not here: only the memory disk can lose power (memory-vfs.test.ts).

import { beforeEach, describe, expect, it } from 'vitest';
import { type MemoryVfs, memoryVfs } from '../../src/engine/vfs/memory-vfs.ts';
import type { Vfs } from '../../src/engine/vfs/vfs.ts';

/** A file system to test and an empty directory on it. */
export interface VfsUnderTest {
  readonly vfs: Vfs;
  readonly root: string;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Makes a file of this content; nothing is synced. */
export function put(vfs: Vfs, path: string, text: string): void {
  const file = vfs.open(path, 'create');
  vfs.write(file, bytesOf(text), 0);
  vfs.close(file);
}

/** Longer than a tick of any kernel's clock of files. */
const sleepTick = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 12);
};

/** The content of a file. */
export function get(vfs: Vfs, path: string): string {
  const file = vfs.open(path, 'read');
  const target = new Uint8Array(vfs.facts(file).size);
  const count = vfs.read(file, target, 0);
  vfs.close(file);
  return textOf(target.subarray(0, count));
}

/** A memory file system with a durable directory /log. */
export function withLog(): MemoryVfs {
  const vfs = memoryVfs();
  vfs.makeDirectory('/log');
  vfs.syncDirectory('/');
  return vfs;
}

/** As `put`, with the content durable and the name not. */
export function putSynced(vfs: Vfs, path: string, text: string): void {
  const file = vfs.open(path, 'create');
  vfs.write(file, bytesOf(text), 0);
  vfs.sync(file);
  vfs.close(file);
}

/** Names and contents of a directory of files. */
export const contents = (vfs: Vfs, directory = '/log'): Record<string, string> =>
  Object.fromEntries(
    vfs
      .list(directory)
      .sort()
      .map((name) => [name, get(vfs, `${directory}/${name}`)]),
  );

/** Matches an error of this code. */
export const failure = (code: string): unknown => expect.objectContaining({ code });

export function describeVfs(name: string, make: () => VfsUnderTest): void {
  describe(`${name} keeps the contract of vfs.ts`, () => {
    let vfs: Vfs;
    let root: string;
    beforeEach(() => {
      ({ vfs, root } = make());
    });
    const at = (path: string): string => `${root}/${path}`;

    const rootPath = (): string => root;
    describeFiles(() => vfs, at);
    describeNames(() => vfs, at, rootPath);
    describeDirectories(() => vfs, at, rootPath);
  });
}

type Given = () => Vfs;
type At = (path: string) => string;

function describeFiles(given: Given, at: At): void {
  it('create makes an empty file that can be written and read', () => {
    const vfs = given();
    const file = vfs.open(at('a'), 'create');
    expect(vfs.facts(file)).toMatchObject({ size: 0, isDirectory: false });
    expect(vfs.write(file, bytesOf('hello'), 0)).toBe(5);
    const target = new Uint8Array(5);
    expect(vfs.read(file, target, 0)).toBe(5);
    expect(textOf(target)).toBe('hello');
    vfs.close(file);
  });

  it('create of a taken name is EEXIST and leaves the file alone', () => {
    const vfs = given();
    put(vfs, at('a'), 'first');
    expect(() => vfs.open(at('a'), 'create')).toThrow(failure('EEXIST'));
    expect(get(vfs, at('a'))).toBe('first');
  });

  it.each(['read', 'write'] as const)('open to %s without the file is ENOENT', (mode) => {
    expect(() => given().open(at('a'), mode)).toThrow(failure('ENOENT'));
  });

  it('open below a missing directory is ENOENT, below a file ENOTDIR', () => {
    const vfs = given();
    put(vfs, at('file'), '');
    expect(() => vfs.open(at('none/a'), 'create')).toThrow(failure('ENOENT'));
    expect(() => vfs.open(at('file/a'), 'create')).toThrow(failure('ENOTDIR'));
  });

  it('write reads too, keeps the content and overwrites in place', () => {
    const vfs = given();
    put(vfs, at('a'), '0123456789');
    const file = vfs.open(at('a'), 'write');
    vfs.write(file, bytesOf('xy'), 4);
    const target = new Uint8Array(10);
    vfs.read(file, target, 0);
    expect(textOf(target)).toBe('0123xy6789');
    vfs.close(file);
  });

  it('a file opened to read cannot be written', () => {
    const vfs = given();
    put(vfs, at('a'), 'abc');
    const file = vfs.open(at('a'), 'read');
    expect(() => vfs.write(file, bytesOf('x'), 0)).toThrow(failure('EBADF'));
    expect(() => vfs.truncate(file, 0)).toThrow();
    vfs.close(file);
    expect(get(vfs, at('a'))).toBe('abc');
  });

  it('read is short only at the end of the file, and 0 past it', () => {
    const vfs = given();
    put(vfs, at('a'), 'abcdef');
    const file = vfs.open(at('a'), 'read');
    const target = new Uint8Array(4);
    expect(vfs.read(file, target, 0)).toBe(4);
    expect(vfs.read(file, target, 4)).toBe(2);
    expect(vfs.read(file, target, 6)).toBe(0);
    expect(vfs.read(file, target, 100)).toBe(0);
    expect(vfs.read(file, new Uint8Array(0), 0)).toBe(0);
    vfs.close(file);
  });

  it('a gap before a write reads as zeros, also after a truncate', () => {
    const vfs = given();
    const file = vfs.open(at('a'), 'create');
    vfs.write(file, bytesOf('abcdefgh'), 0);
    vfs.truncate(file, 2);
    vfs.write(file, bytesOf('z'), 5);
    vfs.close(file);
    expect(get(vfs, at('a'))).toBe('ab\0\0\0z');
  });

  it('truncate cuts and extends with zeros; the next write goes where it is told', () => {
    const vfs = given();
    const file = vfs.open(at('a'), 'create');
    vfs.write(file, bytesOf('abcdef'), 0);
    vfs.truncate(file, 3);
    expect(vfs.facts(file).size).toBe(3);
    vfs.truncate(file, 5);
    vfs.write(file, bytesOf('Z'), 5);
    vfs.close(file);
    expect(get(vfs, at('a'))).toBe('abc\0\0Z');
  });

  it('written bytes are seen by every handle at once, and the source may be reused', () => {
    const vfs = given();
    const writer = vfs.open(at('a'), 'create');
    const reader = vfs.open(at('a'), 'read');
    const source = bytesOf('one');
    vfs.write(writer, source, 0);
    source.fill(0);
    const target = new Uint8Array(3);
    expect(vfs.read(reader, target, 0)).toBe(3);
    expect(textOf(target)).toBe('one');
    vfs.close(writer);
    vfs.close(reader);
  });

  it('writes a large file in pieces', () => {
    const vfs = given();
    const file = vfs.open(at('a'), 'create');
    const piece = Uint8Array.from({ length: 70_001 }, (_, index) => index % 251);
    for (let round = 0; round < 5; round++) vfs.write(file, piece, round * piece.length);
    const target = new Uint8Array(piece.length);
    expect(vfs.read(file, target, 4 * piece.length)).toBe(piece.length);
    expect(target).toEqual(piece);
    vfs.close(file);
  });

  it('sync and syncLater return; both work on a handle opened to read', async () => {
    const vfs = given();
    put(vfs, at('a'), 'abc');
    const file = vfs.open(at('a'), 'read');
    vfs.sync(file);
    await vfs.syncLater(file);
    vfs.close(file);
  });

  it('a closed handle is EBADF, for syncLater as a rejection', async () => {
    const vfs = given();
    put(vfs, at('a'), 'abc');
    const file = vfs.open(at('a'), 'write');
    vfs.close(file);
    expect(() => vfs.read(file, new Uint8Array(1), 0)).toThrow(failure('EBADF'));
    expect(() => vfs.write(file, new Uint8Array(1), 0)).toThrow(failure('EBADF'));
    expect(() => vfs.sync(file)).toThrow(failure('EBADF'));
    expect(() => vfs.facts(file)).toThrow(failure('EBADF'));
    await expect(vfs.syncLater(file)).rejects.toThrow(failure('EBADF'));
    expect(() => vfs.close(file)).toThrow(failure('EBADF'));
  });
}

function describeNames(given: Given, at: At, root: () => string): void {
  it('stat of nothing is undefined, also below a missing directory', () => {
    expect(given().stat(at('a'))).toBeUndefined();
    expect(given().stat(at('none/a'))).toBeUndefined();
  });

  it('stat and facts agree and tell one file from another', () => {
    const vfs = given();
    put(vfs, at('b'), 'b');
    const file = vfs.open(at('a'), 'create');
    vfs.write(file, bytesOf('abc'), 0);
    expect(vfs.stat(at('a'))).toEqual(vfs.facts(file));
    expect(vfs.stat(at('a'))).toMatchObject({ size: 3, isDirectory: false });
    expect(vfs.stat(at('b'))?.identity).not.toBe(vfs.facts(file).identity);
    vfs.close(file);
  });

  it('link gives a second name to the same file', () => {
    const vfs = given();
    put(vfs, at('a'), 'abc');
    vfs.link(at('a'), at('b'));
    expect(vfs.stat(at('b'))).toEqual(vfs.stat(at('a')));
    const file = vfs.open(at('b'), 'write');
    vfs.write(file, bytesOf('X'), 0);
    vfs.close(file);
    vfs.unlink(at('b'));
    expect(get(vfs, at('a'))).toBe('Xbc');
  });

  it('link to a taken name is EEXIST and replaces nothing', () => {
    const vfs = given();
    put(vfs, at('a'), 'a');
    put(vfs, at('b'), 'b');
    expect(() => vfs.link(at('a'), at('b'))).toThrow(failure('EEXIST'));
    expect(() => vfs.link(at('none'), at('c'))).toThrow(failure('ENOENT'));
    expect(get(vfs, at('b'))).toBe('b');
  });

  it('rename replaces its target in one step', () => {
    const vfs = given();
    put(vfs, at('a'), 'a');
    put(vfs, at('b'), 'b');
    const { identity } = vfs.stat(at('a')) ?? {};
    vfs.rename(at('a'), at('b'));
    expect(vfs.stat(at('a'))).toBeUndefined();
    expect(vfs.stat(at('b'))?.identity).toBe(identity);
    expect(get(vfs, at('b'))).toBe('a');
    expect(() => vfs.rename(at('none'), at('c'))).toThrow(failure('ENOENT'));
  });

  it('a changed name shows in the facts of its directory, changed bytes in those of the file', () => {
    const vfs = given();
    vfs.makeDirectory(at('d'));
    let before = vfs.stat(at('d'));
    const shows = (): boolean => {
      const now = vfs.stat(at('d'));
      const differs = now?.changed !== before?.changed;
      expect(now?.number).toBe(before?.number);
      before = now;
      return differs;
    };
    // Two changes of one tick of its clock look like one.
    const changes: (() => void)[] = [
      () => put(vfs, at('d/a'), 'a'),
      () => vfs.link(at('d/a'), at('d/b')),
      () => vfs.rename(at('d/b'), at('d/c')),
      () => vfs.unlink(at('d/c')),
      () => vfs.makeDirectory(at('d/e')),
      () => vfs.removeDirectory(at('d/e')),
    ];
    for (const change of changes) {
      sleepTick();
      change();
      expect(shows()).toBe(true);
    }
    const content = vfs.stat(at('d/a'))?.changed;
    sleepTick();
    const file = vfs.open(at('d/a'), 'write');
    vfs.write(file, bytesOf('b'), 0);
    vfs.close(file);
    expect(vfs.stat(at('d/a'))?.changed).not.toBe(content);
    expect(shows()).toBe(false);
  });

  it('rename between two names of one file leaves both', () => {
    const vfs = given();
    put(vfs, at('a'), 'a');
    vfs.link(at('a'), at('b'));
    vfs.rename(at('a'), at('b'));
    expect(vfs.list(root()).sort()).toEqual(['a', 'b']);
  });

  it('an open file outlives its last name and keeps its identity', () => {
    const vfs = given();
    const file = vfs.open(at('a'), 'create');
    vfs.write(file, bytesOf('abc'), 0);
    const { identity } = vfs.facts(file);
    vfs.unlink(at('a'));
    put(vfs, at('a'), 'new');
    vfs.write(file, bytesOf('def'), 3);
    const target = new Uint8Array(6);
    expect(vfs.read(file, target, 0)).toBe(6);
    expect(textOf(target)).toBe('abcdef');
    expect(vfs.facts(file).identity).toBe(identity);
    // The number cannot be reused while the file is held open.
    expect(vfs.stat(at('a'))?.identity).not.toBe(identity);
    vfs.close(file);
  });

  it('unlink of nothing is ENOENT, of a directory an error', () => {
    const vfs = given();
    vfs.makeDirectory(at('d'));
    expect(() => vfs.unlink(at('a'))).toThrow(failure('ENOENT'));
    expect(() => vfs.unlink(at('d'))).toThrow();
    expect(vfs.stat(at('d'))?.isDirectory).toBe(true);
  });
}

function describeDirectories(given: Given, at: At, root: () => string): void {
  it('list gives the names, none of them dots', () => {
    const vfs = given();
    expect(vfs.list(root())).toEqual([]);
    put(vfs, at('b'), '');
    vfs.makeDirectory(at('a'));
    put(vfs, at('a/c'), '');
    expect(vfs.list(root()).sort()).toEqual(['a', 'b']);
    expect(vfs.list(at('a'))).toEqual(['c']);
    expect(() => vfs.list(at('none'))).toThrow(failure('ENOENT'));
    expect(() => vfs.list(at('b'))).toThrow(failure('ENOTDIR'));
  });

  it('makeDirectory is EEXIST when taken and ENOENT without its parent', () => {
    const vfs = given();
    vfs.makeDirectory(at('d'));
    put(vfs, at('file'), '');
    expect(() => vfs.makeDirectory(at('d'))).toThrow(failure('EEXIST'));
    expect(() => vfs.makeDirectory(at('file'))).toThrow(failure('EEXIST'));
    expect(() => vfs.makeDirectory(at('none/d'))).toThrow(failure('ENOENT'));
    expect(() => vfs.makeDirectory('/')).toThrow(failure('EEXIST'));
  });

  it('removeDirectory removes an empty directory only', () => {
    const vfs = given();
    vfs.makeDirectory(at('d'));
    put(vfs, at('d/a'), '');
    put(vfs, at('file'), '');
    expect(() => vfs.removeDirectory(at('d'))).toThrow(failure('ENOTEMPTY'));
    expect(() => vfs.removeDirectory(at('file'))).toThrow(failure('ENOTDIR'));
    expect(() => vfs.removeDirectory(at('none'))).toThrow(failure('ENOENT'));
    vfs.unlink(at('d/a'));
    vfs.removeDirectory(at('d'));
    expect(vfs.stat(at('d'))).toBeUndefined();
  });

  it('a renamed directory takes its files along', () => {
    const vfs = given();
    vfs.makeDirectory(at('d'));
    put(vfs, at('d/a'), 'a');
    vfs.rename(at('d'), at('e'));
    expect(get(vfs, at('e/a'))).toBe('a');
    expect(vfs.stat(at('d/a'))).toBeUndefined();
    expect(() => vfs.open(at('d/b'), 'create')).toThrow(failure('ENOENT'));
    expect(() => vfs.rename(at('e'), at('e/f'))).toThrow(failure('EINVAL'));
  });

  it('syncDirectory returns, and is ENOENT without the directory', () => {
    const vfs = given();
    put(vfs, at('a'), 'a');
    vfs.syncDirectory(root());
    expect(() => vfs.syncDirectory(at('none'))).toThrow(failure('ENOENT'));
  });

  it('fileSystem names the type or says that it cannot tell', () => {
    const name = given().fileSystem(root());
    if (name !== undefined) expect(name).toMatch(/^[a-z0-9]+$/);
    expect(() => given().fileSystem(at('none'))).toThrow(failure('ENOENT'));
  });
}
