// Index pages: sorted entries from the XXH64 of a key to the place of its frame. Derived; a page
// that does not fit is answered by reading the segment through.
//
// Spec: spec/segment.md, Index. Test: test/engine/format/index-page.test.ts.

import { limits } from '../../limits.ts';
import type { SegmentName } from './names.ts';
import { dataViewOf } from './version.ts';
import { xxh64 } from './xxhash.ts';

export const INDEX_ENTRY_SIZE = 24;
const RESERVED_OFFSET = 20;
const ROOT_ENTRY_SIZE = 16;
const REWRITTEN = 0x8000_0000;

/** Where a keyed frame stands. */
export interface FramePlace extends SegmentName {
  readonly offset: number;
}

export interface IndexEntry extends FramePlace {
  readonly hash: bigint;
}

export interface PagePlace {
  readonly hash: bigint;
  readonly offset: number;
  readonly count: number;
}

const encoder = new TextEncoder();
export const hashKey = (key: string): bigint => xxh64(encoder.encode(key), 0n);

const compareBigInt = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** Splits entries into sorted pages, each with its bytes. */
export function encodeIndexPages(
  entries: readonly IndexEntry[],
): { first: bigint; count: number; bytes: Uint8Array }[] {
  const sorted = [...entries].sort(
    (a, b) =>
      compareBigInt(a.hash, b.hash) ||
      a.fence - b.fence ||
      a.number - b.number ||
      a.offset - b.offset,
  );
  const pages = [];
  for (let start = 0; start < sorted.length; start += limits.indexPageEntryCount) {
    const page = sorted.slice(start, start + limits.indexPageEntryCount);
    const bytes = new Uint8Array(page.length * INDEX_ENTRY_SIZE);
    const view = dataViewOf(bytes);
    page.forEach((entry, index) => {
      const offset = index * INDEX_ENTRY_SIZE;
      view.setBigUint64(offset, entry.hash, true);
      view.setUint32(offset + 8, entry.fence, true);
      view.setUint32(offset + 12, entry.number + (entry.rewritten ? REWRITTEN : 0), true);
      view.setUint32(offset + 16, entry.offset, true);
    });
    pages.push({ first: page[0]?.hash ?? 0n, count: page.length, bytes });
  }
  return pages;
}

export function encodeIndexRoot(pages: readonly PagePlace[]): Uint8Array {
  const bytes = new Uint8Array(pages.length * ROOT_ENTRY_SIZE);
  const view = dataViewOf(bytes);
  pages.forEach((page, index) => {
    view.setBigUint64(index * ROOT_ENTRY_SIZE, page.hash, true);
    view.setUint32(index * ROOT_ENTRY_SIZE + 8, page.offset, true);
    view.setUint32(index * ROOT_ENTRY_SIZE + 12, page.count, true);
  });
  return bytes;
}

/** Places of the pages that may hold `hash`: one, or two where equal hashes cross a border. */
export function findPages(root: Uint8Array, hash: bigint): PagePlace[] {
  const view = dataViewOf(root);
  const count = Math.floor(root.length / ROOT_ENTRY_SIZE);
  const at = (index: number): bigint => view.getBigUint64(index * ROOT_ENTRY_SIZE, true);
  const found: PagePlace[] = [];
  for (let index = lowerBound(count, hash, at) - 1; index < count; index += 1) {
    if (index < 0) continue;
    if (at(index) > hash) break;
    const offset = index * ROOT_ENTRY_SIZE;
    found.push({
      hash: at(index),
      offset: view.getUint32(offset + 8, true),
      count: view.getUint32(offset + 12, true),
    });
  }
  return found;
}

/** Entries of a page with this hash, in order of place; undefined when it is no page of this version. */
export function findEntries(page: Uint8Array, hash: bigint): IndexEntry[] | undefined {
  const view = dataViewOf(page);
  if (page.length % INDEX_ENTRY_SIZE !== 0) return undefined;
  for (let offset = RESERVED_OFFSET; offset < page.length; offset += INDEX_ENTRY_SIZE)
    if (view.getUint32(offset, true) !== 0) return undefined;
  const count = page.length / INDEX_ENTRY_SIZE;
  const at = (index: number): bigint => view.getBigUint64(index * INDEX_ENTRY_SIZE, true);
  const found: IndexEntry[] = [];
  for (let index = lowerBound(count, hash, at); index < count && at(index) === hash; index += 1) {
    const offset = index * INDEX_ENTRY_SIZE;
    const number = view.getUint32(offset + 12, true);
    found.push({
      hash,
      fence: view.getUint32(offset + 8, true),
      number: number % REWRITTEN,
      rewritten: number >= REWRITTEN,
      offset: view.getUint32(offset + 16, true),
    });
  }
  return found;
}

/** The first index whose hash is not below `hash`. */
function lowerBound(count: number, hash: bigint, at: (index: number) => bigint): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}
