// The files of the catalogue: which parts there are, how one appears, which go.
//
// 1. Any set of parts is a valid catalogue: none says anything of another.
// 2. A part appears whole, by a rename to a name of chance. Nothing is synced: what a loss of power
//    leaves of it does not verify.
// 3. What is replaced is removed after what replaces it is there.
// 4. Nothing here throws for the world: without a catalogue the answers are the same.
//
// Spec: spec/catalogue.md, Files. Test: test/store/catalogue.test.ts.

import { randomBytes } from 'node:crypto';

import { type FileFacts, isRemoteFileSystem, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { CataloguePart, PartUnusable } from './catalogue-part.ts';
import { deviceAt } from './catalogue-stamp.ts';

const partPattern = /^part-[0-9a-f]{16}$/;
const temporaryPattern = /^temporary-[0-9a-f]{16}$/;
/** A temporary file of this age, by the file system's clock, has no living maker. */
const ABANDONED_MS = 60_000;

export const catalogueDirectory = (repo: string): string => `${repo}/catalogue`;

const chance = (): string => randomBytes(8).toString('hex');

/** What the world refuses is answered by `other`; our own mistakes go on. */
export function unlessRefused<T>(act: () => T, other: T): T {
  try {
    return act();
  } catch (error) {
    if (errorCode(error) === undefined && !(error instanceof PartUnusable)) throw error;
    return other;
  }
}

export class CatalogueFiles {
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #repo: string;
  readonly #parts = new Map<string, CataloguePart>();
  #isRemote: boolean | undefined;

  constructor(vfs: Vfs, repo: string) {
    this.#vfs = vfs;
    this.#repo = repo;
    this.#directory = catalogueDirectory(repo);
  }

  /** Whether other machines may write here. */
  get isRemote(): boolean {
    this.#isRemote ??= unlessRefused(
      () => isRemoteFileSystem(this.#vfs.fileSystem(this.#repo)),
      true,
    );
    return this.#isRemote;
  }

  /** The parts that are there and can be used; what is known of those read before is kept. */
  list(): CataloguePart[] {
    const names = unlessRefused(() => this.#vfs.list(this.#directory), []).filter((name) =>
      partPattern.test(name),
    );
    const present = new Set(names);
    for (const [name, part] of this.#parts)
      if (!present.has(name)) {
        part.close();
        this.#parts.delete(name);
      }
    for (const name of names.sort()) {
      if (this.#parts.has(name)) continue;
      const path = `${this.#directory}/${name}`;
      const part = unlessRefused(() => new CataloguePart(this.#vfs, path), undefined);
      if (part === undefined) this.#removeDamaged(path);
      else this.#parts.set(name, part);
    }
    return [...this.#parts.values()].filter(
      (part) => !part.isForeign && !part.isUnusable && part.isRemote === this.isRemote,
    );
  }

  /** Not one that could not be read for another reason than its bytes. */
  #removeDamaged(path: string): void {
    try {
      new CataloguePart(this.#vfs, path).close();
    } catch (error) {
      if (!(error instanceof PartUnusable)) throw error;
      if (errorCode(error.cause) === 'CORRUPT' || errorCode(error.cause) === undefined)
        this.remove(path);
    }
  }

  remove(path: string): void {
    unlessRefused(() => this.#vfs.unlink(path), undefined);
  }

  closeAll(): void {
    for (const part of this.#parts.values()) part.close();
  }

  /**
   * The clock of the file system and its device, as a file that is made now shows them; undefined where
   * none can be made. What others left behind is removed.
   */
  now(): { time: number; device: string | undefined } | undefined {
    return unlessRefused(() => {
      if (this.#vfs.stat(this.#directory) === undefined) makeQuietly(this.#vfs, this.#directory);
      const path = `${this.#directory}/temporary-${chance()}`;
      const handle = this.#vfs.open(path, 'create');
      let facts: FileFacts;
      try {
        facts = this.#vfs.facts(handle);
      } finally {
        this.#vfs.close(handle);
        this.remove(path);
      }
      this.#collect(facts.changed);
      return { time: facts.changed, device: deviceAt(this.#vfs, this.#directory) };
    }, undefined);
  }

  #collect(now: number): void {
    for (const name of this.#vfs.list(this.#directory)) {
      if (!temporaryPattern.test(name)) continue;
      const path = `${this.#directory}/${name}`;
      const changed = this.#vfs.stat(path)?.changed ?? now;
      // In the future: the clock was set back since.
      if (Math.abs(now - changed) > ABANDONED_MS) this.remove(path);
    }
  }

  /** Whether the part is there. */
  publish(bytes: Uint8Array): boolean {
    const temporary = `${this.#directory}/temporary-${chance()}`;
    return unlessRefused(() => {
      const handle = this.#vfs.open(temporary, 'create');
      try {
        for (let done = 0; done < bytes.length; )
          done += this.#vfs.write(handle, bytes.subarray(done), done);
      } catch (error) {
        this.remove(temporary);
        throw error;
      } finally {
        this.#vfs.close(handle);
      }
      this.#vfs.rename(temporary, `${this.#directory}/part-${chance()}`);
      return true;
    }, false);
  }
}

function makeQuietly(vfs: Vfs, path: string): void {
  try {
    vfs.makeDirectory(path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}
