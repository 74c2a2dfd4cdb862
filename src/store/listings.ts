// A file system whose listings made while a stamp is taken are those that the reader of the run gets.
//
// 1. A reader lists, reads, and lists again. Its first listing is the one that was made a moment earlier.
// 2. Its second one decides. Under a stamp that is relied on it is the first, where inode and change time of
//    the directory are still those of the stamp: that is what the stamp itself is relied on for. Else it is
//    made anew.
// 3. Nothing is kept beyond the turn of a run.
//
// Listing a directory costs four times a `stat`; a run had eleven of them, of which three say something new.
//
// Spec: spec/catalogue.md, Stamp. Test: test/store/catalogue.test.ts.

import type { FileFacts, Vfs } from '../engine/index.ts';

interface Listed {
  readonly names: readonly string[];
  /** Of the directory, as the stamp has them. */
  facts: FileFacts | undefined;
  /** How often. */
  given: number;
}

/** A reader that asks so often finds other files than those that are listed, whatever the clock says. */
const GIVEN_MAX = 16;

export class Listings {
  /** Gives listings as they were made. */
  readonly vfs: Vfs;
  readonly #listed = new Map<string, Listed>();
  #isTaking = false;
  #isReliedOn = false;

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
      stat: (path) => this.#stat(vfs, path),
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
    if (this.#isTaking) {
      const names = known?.names ?? vfs.list(path);
      this.#listed.set(path, { names, facts: known?.facts, given: 0 });
      return [...names];
    }
    if (known === undefined) return vfs.list(path);
    const isAgain = known.given > 0;
    if (isAgain && (known.given === GIVEN_MAX || !this.#isAsItWas(vfs, path, known))) {
      this.#listed.delete(path);
      return vfs.list(path);
    }
    known.given += 1;
    return [...known.names];
  }

  #isAsItWas(vfs: Vfs, path: string, { facts }: Listed): boolean {
    if (!this.#isReliedOn || facts === undefined) return false;
    const now = vfs.stat(path);
    return now?.number === facts.number && now.changed === facts.changed;
  }

  #stat(vfs: Vfs, path: string): FileFacts | undefined {
    const facts = vfs.stat(path);
    const listed = this.#isTaking ? this.#listed.get(path) : undefined;
    // Made behind the listing: what came in between is too new to be relied on.
    if (listed !== undefined) listed.facts = facts;
    return facts;
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

  /** The stamp that was taken is older than any tick, on a file system of this machine. */
  relyOnStamp(): void {
    this.#isReliedOn = true;
  }

  forget(): void {
    this.#listed.clear();
    this.#isReliedOn = false;
  }
}
