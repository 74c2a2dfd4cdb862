// What a scan writes: new rows as parts, and one part in place of many.
//
// 1. Parts are of one size class or another; of each class there are few: so a row is written again a few
//    times in its life, and the number of files grows with the logarithm of that of runs.
// 2. Rows are copied with their stamps: a stamp belongs to what was read under it, whenever that was.
// 3. Only a scan that has seen every run knows which rows nobody uses.
//
// Spec: spec/catalogue.md, Files. Test: test/store/catalogue.test.ts.

import { type CatalogueFiles, unlessRefused } from './catalogue-files.ts';
import type { CataloguePart } from './catalogue-part.ts';
import { type CatalogueRow, encodeRows } from './catalogue-row.ts';
import { weightOf } from './catalogue-weight.ts';

/** Rows of one part, and about how many bytes of memory: what is gathered before it is written. */
export const partRowsMax = 4096;
const PART_WEIGHT_MAX = 32 * 1024 * 1024;
/** Parts of one size class, each four times the one below, that are merged into one. */
const MERGE_COUNT = 8;

const classOf = (rows: number): number => Math.floor(Math.log2(Math.max(1, rows)) / 2);

export class CatalogueUpdate {
  readonly #files: CatalogueFiles;
  readonly #used = new Map<CataloguePart, number[]>();
  #rows: CatalogueRow[] = [];
  #weight = 0;
  /** Nothing more is written, or removed, once the disk has refused something. */
  #isRefused = false;

  constructor(files: CatalogueFiles) {
    this.#files = files;
  }

  /** The row answers for its run. */
  used(part: CataloguePart, row: number): void {
    const rows = this.#used.get(part);
    if (rows === undefined) this.#used.set(part, [row]);
    else rows.push(row);
  }

  add(row: CatalogueRow): void {
    this.#rows.push(row);
    this.#weight += weightOf(row);
    if (this.#isRefused) this.#rows = [];
    if (this.#rows.length >= partRowsMax || this.#weight >= PART_WEIGHT_MAX) this.#write();
  }

  #write(): void {
    const rows = this.#rows;
    this.#rows = [];
    this.#weight = 0;
    if (rows.length === 0 || this.#isRefused) return;
    rows.sort((a, b) => (a.hash < b.hash ? -1 : 1));
    this.#isRefused = !this.#files.publish(encodeRows(rows, this.#files.isRemote));
  }

  finish(parts: readonly CataloguePart[], isWhole: boolean): void {
    unlessRefused(() => {
      this.#write();
      if (this.#isRefused || !isWhole) return;
      for (const part of parts) if (part.isDamaged) this.#files.remove(part.path);
      const left = parts.filter((part) => !part.isUnusable);
      for (const part of left)
        if ((this.#used.get(part)?.length ?? 0) === 0) this.#files.remove(part.path);
      for (const group of this.#groups(left)) this.#merge(group);
    }, undefined);
  }

  /** Parts to be merged: many of one class, and those that are mostly unused. */
  #groups(parts: readonly CataloguePart[]): CataloguePart[][] {
    const byClass = new Map<number, CataloguePart[]>();
    for (const part of parts) {
      const used = this.#used.get(part)?.length ?? 0;
      if (used === 0) continue;
      const isFull = used === part.rowCount && used >= partRowsMax / 2;
      if (isFull) continue;
      const size = used * 2 < part.rowCount ? -1 : classOf(used);
      const own = byClass.get(size) ?? [];
      byClass.set(size, own);
      own.push(part);
    }
    return [...byClass].flatMap(([size, own]) =>
      own.length >= (size === -1 ? 1 : MERGE_COUNT) ? [own] : [],
    );
  }

  #merge(parts: readonly CataloguePart[]): void {
    let done: CataloguePart[] = [];
    for (const part of parts) {
      for (const row of this.#used.get(part) ?? []) this.add(part.row(row));
      part.forget();
      done.push(part);
      // What was written while it was gathered holds all rows of the parts before this one.
      if (this.#rows.length === 0) {
        this.#replaced(done);
        done = [];
      }
    }
    this.#write();
    this.#replaced(done);
  }

  #replaced(parts: readonly CataloguePart[]): void {
    if (!this.#isRefused) for (const each of parts) this.#files.remove(each.path);
  }
}
