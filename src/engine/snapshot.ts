// What a reader sees of a log: list, read the newest manifest, its tail, list again.
//
// 1. The second listing decides: if the newest manifest changed or a file was gone, from the start.
//    Kept from delivering a tail that a successor has already cut (spec/ownership.md, Reading).
// 2. Undecided (a fence is newer than the manifest's): only the sealed part is delivered.
// 3. Reads only.
//
// Spec: spec/ownership.md, spec/recovery.md. Test: test/engine/interleaving.test.ts.

import { errorCode, RunlogError } from '../errors.ts';
import { limits } from '../limits.ts';
import { decodeFence, type Fence } from './format/fence.ts';
import { decodeManifest, type Manifest, type SealedSegment } from './format/manifest.ts';
import {
  fenceName,
  type Listing,
  manifestName,
  newest,
  parseListing,
  segmentName,
} from './format/names.ts';
import { readWhole } from './publish.ts';
import { type Damage, readTail, type Tail } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

export interface Snapshot {
  readonly listing: Listing;
  /** The newest valid one; undefined in a log that has none yet. */
  readonly manifest: Manifest | undefined;
  readonly tail: Tail;
  /** False while a successor has not published: then the tail is left out. */
  readonly decided: boolean;
  readonly damage: readonly Damage[];
  /** Sealed segments whose files are there, then those of the tail. */
  readonly segments: readonly SealedSegment[];
  /** One past the last record that a reader is given. */
  readonly end: number;
}

export const EMPTY_TAIL = (end: number): Tail => ({
  segments: [],
  end,
  watermark: end,
  damage: [],
  keys: [],
  torn: undefined,
  strange: undefined,
});

/** Tries of a reader whose files keep vanishing: each means that an owner has published. */
export const READ_TRIES = 1000;

export const listLog = (vfs: Vfs, directory: string): Listing => parseListing(vfs.list(directory));

/**
 * The manifest under this number; undefined for an empty file, which only holds the name (publish.ts).
 *
 * @throws RunlogError CORRUPT, FORMAT_TOO_NEW; Node's error.
 */
export function readManifest(vfs: Vfs, directory: string, counter: number): Manifest | undefined {
  const path = `${directory}/${manifestName(counter)}`;
  const bytes = readWhole(vfs, path, limits.documentSizeMax);
  return bytes.length === 0 ? undefined : decodeManifest(bytes, counter, path);
}

/** The newest manifest that is not an empty name, for who writes: one that does not verify is CORRUPT. */
export function readNewestManifest(
  vfs: Vfs,
  directory: string,
  listing: Listing,
): Manifest | undefined {
  for (const counter of [...listing.manifests].reverse()) {
    const manifest = readManifest(vfs, directory, counter);
    if (manifest !== undefined) return manifest;
  }
  return undefined;
}

/** The fence under this number; a body that does not hold says nothing of its holder. */
export function readFence(vfs: Vfs, directory: string, number: number): Fence | undefined {
  const path = `${directory}/${fenceName(number)}`;
  try {
    return decodeFence(readWhole(vfs, path, limits.documentSizeMax), path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'CORRUPT' || code === 'ENOENT') return undefined;
    throw error;
  }
}

interface ValidManifest {
  readonly manifest: Manifest | undefined;
  readonly damage: readonly Damage[];
}

/** The newest manifest that verifies; those above it are damage (case 13). */
export function newestValid(vfs: Vfs, directory: string, listing: Listing): ValidManifest {
  const damage: Damage[] = [];
  for (let index = listing.manifests.length - 1; index >= 0; index -= 1) {
    const counter = listing.manifests[index] as number;
    try {
      const manifest = readManifest(vfs, directory, counter);
      if (manifest !== undefined) return { manifest, damage };
    } catch (error) {
      if (!(error instanceof RunlogError) || error.code !== 'CORRUPT') throw error;
      const { offset = 0, size = 0 } = error.details;
      damage.push({
        file: `${directory}/${manifestName(counter)}`,
        offset,
        size,
        reason: error.message,
      });
    }
  }
  return { manifest: undefined, damage };
}

/** An empty name that was passed over may have been filled since (publish.ts). */
function hasNewContent(
  vfs: Vfs,
  directory: string,
  listing: Listing,
  manifest: Manifest | undefined,
): boolean {
  if (newest(listing.manifests) === (manifest?.counter ?? 0)) return false;
  return newestValid(vfs, directory, listing).manifest?.counter !== manifest?.counter;
}

/**
 * A consistent view of the log in `directory`.
 *
 * @throws RunlogError FORMAT_TOO_NEW; Node's error when the directory cannot be read.
 */
export function readSnapshot(vfs: Vfs, directory: string): Snapshot {
  for (let tries = 0; tries < READ_TRIES; tries += 1) {
    const listing = listLog(vfs, directory);
    try {
      const { manifest, damage } = newestValid(vfs, directory, listing);
      const tail =
        manifest !== undefined && hasTail(listing, manifest)
          ? readTail(vfs, directory, manifest)
          : EMPTY_TAIL(manifest?.end ?? 0);
      const again = listLog(vfs, directory);
      if (newest(again.manifests) !== newest(listing.manifests)) continue;
      if (hasNewContent(vfs, directory, again, manifest)) continue;
      const present = new Set(again.segments.map(segmentName));
      const sealed = manifest?.segments ?? [];
      const missing = sealed.filter((segment) => !present.has(segmentName(segment)));
      const decided =
        damage.length === 0 &&
        newest(again.fences) === newest(listing.fences) &&
        (manifest === undefined
          ? newest(again.fences) === 0
          : newest(again.fences) <= manifest.fence);
      const seen = decided ? tail : EMPTY_TAIL(manifest?.end ?? 0);
      return {
        listing: again,
        manifest,
        tail: seen,
        decided,
        damage: [...damage, ...missing.map((each) => missingFile(directory, each)), ...seen.damage],
        segments: [...sealed.filter((each) => !missing.includes(each)), ...seen.segments],
        end: seen.end,
      };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  throw new RunlogError(
    'IO',
    `${directory}: its files kept changing for ${READ_TRIES} readings; try again`,
  );
}

/** By the listing: opening what is not there costs as much as a small file that is. */
function hasTail(listing: Listing, { fence, tailNumber }: Manifest): boolean {
  return listing.segments.some(
    (each) => each.fence === fence && each.number === tailNumber && !each.rewritten,
  );
}

/** Case 4: listed by the newest manifest, and gone in a listing made after it was read. */
const missingFile = (directory: string, segment: SealedSegment): Damage => ({
  file: `${directory}/${segmentName(segment)}`,
  offset: 0,
  size: segment.length,
  reason: 'the file is missing',
});
