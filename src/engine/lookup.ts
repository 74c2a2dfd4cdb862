// Where the records of a key stand: index pages where there are any, else the segment read through.
//
// 1. The full key stands at the place and is compared: equal hashes are told apart.
// 2. An index that does not verify is passed over: the segment is read through (G8).
//
// Spec: spec/segment.md, Index. Test: test/engine/lookup.test.ts.

import { frameType, SKIPPABLE } from './format/frame.ts';
import {
  type FramePlace,
  findEntries,
  findPages,
  hashKey,
  type IndexEntry,
} from './format/index-page.ts';
import type { SealedSegment } from './format/manifest.ts';
import { type SegmentName, segmentName } from './format/names.ts';
import { readFrames } from './log-reader.ts';
import { type Frame, SegmentFile } from './segment-file.ts';
import { collectKeys, type Damage } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

/** Keys of segments without an index, kept for the next look-up. */
const CACHED_SEGMENTS = 64;

/** Keys that no index covers yet, by hash: those of the tail, and the owner's own as it appends. */
export class HotKeys {
  readonly #places = new Map<bigint, IndexEntry[]>();

  add(entry: IndexEntry): void {
    const places = this.#places.get(entry.hash);
    if (places === undefined) this.#places.set(entry.hash, [entry]);
    else if (!isSamePlace(places.at(-1), entry)) places.push(entry);
  }

  /** What stood in a segment from byte `offset` on was written again, and stands at `moved`. */
  replace(segment: SegmentName, offset: number, moved: readonly IndexEntry[]): void {
    const kept = this.all().filter(
      (each) => segmentName(each) !== segmentName(segment) || each.offset < offset,
    );
    this.clear();
    for (const entry of [...kept, ...moved]) this.add(entry);
  }

  get(hash: bigint): readonly IndexEntry[] {
    return this.#places.get(hash) ?? [];
  }

  all(): IndexEntry[] {
    return [...this.#places.values()].flat();
  }

  clear(): void {
    this.#places.clear();
  }
}

/** A batch with many records of one key is one place. */
const isSamePlace = (last: IndexEntry | undefined, entry: IndexEntry): boolean =>
  last !== undefined &&
  last.offset === entry.offset &&
  last.number === entry.number &&
  last.fence === entry.fence &&
  last.rewritten === entry.rewritten;

export class KeyLookup {
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #scanned = new Map<string, { readonly length: number; readonly keys: IndexEntry[] }>();
  readonly #roots = new Map<string, Uint8Array>();

  constructor(vfs: Vfs, directory: string) {
    this.#vfs = vfs;
    this.#directory = directory;
  }

  /** Places that may hold `key`, oldest first: within sealed segments, each with its segment. */
  places(key: string, segments: readonly SealedSegment[]): FramePlace[] {
    const hash = hashKey(key);
    const listed = new Set(segments.map(segmentName));
    const order = new Map(segments.map((each, index) => [segmentName(each), index]));
    const found = new Map<string, FramePlace>();
    const indexed = segments.map((each) => this.#indexed(each, hash));
    // An index that does not hold covers nothing, its own segment and those before it included.
    const isWhole = segments.every(
      (each, index) => each.index === 0 || indexed[index] !== undefined,
    );
    const covered = isWhole ? coveredByIndex(segments) : new Set();
    for (const [index, segment] of segments.entries()) {
      const entries = indexed[index] ?? (covered.has(segment) ? [] : this.keysOf(segment));
      for (const entry of entries) {
        if (entry.hash === hash && listed.has(segmentName(entry)))
          found.set(`${segmentName(entry)}@${entry.offset}`, entry);
      }
    }
    const rank = (place: FramePlace): number => order.get(segmentName(place)) ?? 0;
    return [...found.values()].sort((a, b) => rank(a) - rank(b) || a.offset - b.offset);
  }

  /** Entries of this hash in the index of the segment; undefined when it has none that holds. */
  #indexed(segment: SealedSegment, hash: bigint): IndexEntry[] | undefined {
    if (segment.index === 0) return undefined;
    const name = segmentName(segment);
    const file = new SegmentFile(this.#vfs, this.#directory, segment, 'lookup');
    const derived = (offset: number, type: number): Uint8Array | undefined => {
      const frame = file.frameAt(offset, segment.length);
      return typeof frame !== 'string' && frame.header.type === (type | SKIPPABLE)
        ? frame.body
        : undefined;
    };
    try {
      const root = this.#roots.get(name) ?? derived(segment.index, frameType.indexRoot);
      if (root === undefined) return undefined;
      remember(this.#roots, name, root);
      const entries: IndexEntry[] = [];
      for (const page of findPages(root, hash)) {
        const bytes = derived(page.offset, frameType.indexPage);
        const found = bytes === undefined ? undefined : findEntries(bytes, hash);
        if (found === undefined) return undefined;
        entries.push(...found);
      }
      return entries;
    } finally {
      file.close();
    }
  }

  /** Every key of a segment, by reading it through. */
  keysOf(segment: SealedSegment): IndexEntry[] {
    const name = segmentName(segment);
    const known = this.#scanned.get(name);
    // One of the tail has grown since.
    if (known?.length === segment.length) return known.keys;
    const keys: IndexEntry[] = [];
    const damage: Damage[] = [];
    const file = `${this.#directory}/${name}`;
    for (const frame of readFrames(this.#vfs, this.#directory, segment, damage))
      keysOfFrame(frame, segment, file, keys);
    remember(this.#scanned, name, { length: segment.length, keys });
    return keys;
  }
}

function keysOfFrame(frame: Frame, segment: SealedSegment, file: string, keys: IndexEntry[]): void {
  const { fence, number, rewritten } = segment;
  collectKeys(frame, { fence, number, rewritten }, file, keys);
}

/** Hot segments before one with an index: that index holds their keys too. */
export function coveredByIndex(segments: readonly SealedSegment[]): Set<SealedSegment> {
  const covered = new Set<SealedSegment>();
  const lastIndexed = segments.findLastIndex((each) => each.index !== 0 && !each.rewritten);
  for (const segment of segments.slice(0, Math.max(0, lastIndexed))) {
    if (!segment.rewritten && segment.index === 0) covered.add(segment);
  }
  return covered;
}

function remember<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size >= CACHED_SEGMENTS && !map.has(name)) {
    const oldest = map.keys().next().value;
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(name, value);
}
