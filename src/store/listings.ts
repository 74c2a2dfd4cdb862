// A file system whose listings made while a stamp is taken are the first that the reader of the run gets.
//
// 1. A reader lists, reads, and lists again. What is given is its first listing, made a moment earlier;
//    the second, which decides, is made anew.
// 2. Nothing is kept beyond the turn of a run.
//
// Listing a directory costs four times a `stat`; a run had eleven of them, of which five say something new.
//
// Spec: spec/catalogue.md, Stamp. Test: test/store/catalogue.test.ts.

import type { Vfs } from '../engine/index.ts';

export class Listings {
  /** Gives listings as they were made, once each. */
  readonly vfs: Vfs;
  readonly #listed = new Map<string, readonly string[]>();
  #isTaking = false;

  constructor(vfs: Vfs) {
    this.vfs = {
      open: (path, mode) => vfs.open(path, mode),
      close: (file) => vfs.close(file),
      read: (file, target, offset) => vfs.read(file, target, offset),
      write: (file, source, offset) => vfs.write(file, source, offset),
      truncate: (file, size) => vfs.truncate(file, size),
      sync: (file) => vfs.sync(file),
      syncLater: (file) => vfs.syncLater(file),
      syncDirectory: (path) => vfs.syncDirectory(path),
      facts: (file) => vfs.facts(file),
      stat: (path) => vfs.stat(path),
      list: (path) => this.#list(vfs, path),
      link: (source, target) => vfs.link(source, target),
      rename: (source, target) => vfs.rename(source, target),
      unlink: (path) => vfs.unlink(path),
      makeDirectory: (path) => vfs.makeDirectory(path),
      removeDirectory: (path) => vfs.removeDirectory(path),
      fileSystem: (path) => vfs.fileSystem(path),
    };
  }

  #list(vfs: Vfs, path: string): string[] {
    const known = this.#listed.get(path);
    const names = known ?? vfs.list(path);
    if (this.#isTaking) this.#listed.set(path, names);
    else if (known !== undefined) this.#listed.delete(path);
    return [...names];
  }

  /** What `take` lists is listed once, and kept. */
  taking<T>(take: () => T): T {
    this.forget();
    this.#isTaking = true;
    try {
      return take();
    } finally {
      this.#isTaking = false;
    }
  }

  forget(): void {
    this.#listed.clear();
  }
}
