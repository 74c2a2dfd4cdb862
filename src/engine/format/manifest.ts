// The manifest: which segments are sealed, at which length, and whose log it is from here on.
//
// 1. Segments are adjacent and ordered: checked when one is read and before one is written.
// 2. A sealed length in a published manifest is final.
//
// Spec: spec/document.md, Manifest. Test: test/engine/format/manifest.test.ts.

import { assert } from '../../assert.ts';
import { RunlogError } from '../../errors.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import type { SegmentName } from './names.ts';
import { dataViewOf, fileLetter } from './version.ts';

export interface SealedSegment extends SegmentName {
  /** Position of its first record, and the one after its last. */
  readonly first: number;
  readonly end: number;
  /** Bytes: nothing of the file past it exists. */
  readonly length: number;
  /** Sum of the segment at `length`. */
  readonly sum: bigint;
  /** Byte places of the index root and the newest state frame; 0 for none. */
  readonly index: number;
  readonly state: number;
}

/** Bytes [from, to) of a segment that were corrupt when it was sealed. */
export interface DamagedRange {
  readonly fence: number;
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export interface Manifest {
  readonly counter: number;
  readonly logId: bigint;
  readonly fence: number;
  /** The tail is `segment-<fence>-<n>` for n from here on. */
  readonly tailNumber: number;
  readonly first: number;
  readonly end: number;
  readonly segments: readonly SealedSegment[];
  readonly damage: readonly DamagedRange[];
}

const REWRITTEN = 1;

function bytesOf(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  dataViewOf(bytes).setBigUint64(0, value, true);
  return bytes;
}

/** Why the segments of a manifest do not fit together, or undefined. */
function contradiction(manifest: Manifest): string | undefined {
  let end = manifest.first;
  for (const segment of manifest.segments) {
    if (segment.first !== end || segment.end < end)
      return `segment at position ${segment.first}, expected ${end}`;
    end = segment.end;
  }
  return end === manifest.end
    ? undefined
    : `ends at position ${manifest.end}, its segments at ${end}`;
}

/** @throws RunlogError LIMIT when it does not fit into a document. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const wrong = contradiction(manifest);
  assert(wrong === undefined, `manifest ${manifest.counter}: ${wrong}`);
  const segments = manifest.segments.map((each) => [
    each.fence,
    each.number,
    each.rewritten ? REWRITTEN : 0,
    each.first,
    each.end,
    each.length,
    bytesOf(each.sum),
    each.index,
    each.state,
  ]);
  const damage = manifest.damage.map((each) => [each.fence, each.number, each.from, each.to]);
  const { counter, logId, fence, tailNumber, first, end } = manifest;
  const body = [counter, bytesOf(logId), fence, tailNumber, first, end, segments, damage, null];
  return encodeDocument(fileLetter.manifest, 0, body);
}

/** @throws RunlogError CORRUPT, FORMAT_TOO_NEW. */
export function decodeManifest(bytes: Uint8Array, counter: number, file: string): Manifest {
  const { body } = decodeDocument(bytes, fileLetter.manifest, file);
  const corrupt = (reason: string): RunlogError =>
    new RunlogError('CORRUPT', `${file}: ${reason}`, { file, offset: 0, size: bytes.length });
  const natural = (value: unknown): number => {
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw corrupt('not the shape of a manifest');
    return value as number;
  };
  const list = (value: unknown, length?: number): unknown[] => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      throw corrupt('not the shape of a manifest');
    }
    return value;
  };
  const word = (value: unknown): bigint => {
    if (!(value instanceof Uint8Array) || value.length !== 8)
      throw corrupt('not the shape of a manifest');
    return dataViewOf(value).getBigUint64(0, true);
  };
  const fields = list(body, 9);
  const segments = list(fields[6]).map((each): SealedSegment => {
    const [fence, number, flags, first, end, length, sum, index, state] = list(each, 9);
    if (flags !== 0 && flags !== REWRITTEN) throw corrupt('reserved bits are not zero');
    return {
      fence: natural(fence),
      number: natural(number),
      rewritten: flags === REWRITTEN,
      first: natural(first),
      end: natural(end),
      length: natural(length),
      sum: word(sum),
      index: natural(index),
      state: natural(state),
    };
  });
  const damage = list(fields[7]).map((each): DamagedRange => {
    const [fence, number, from, to] = list(each, 4);
    return { fence: natural(fence), number: natural(number), from: natural(from), to: natural(to) };
  });
  const manifest: Manifest = {
    counter: natural(fields[0]),
    logId: word(fields[1]),
    fence: natural(fields[2]),
    tailNumber: natural(fields[3]),
    first: natural(fields[4]),
    end: natural(fields[5]),
    segments,
    damage,
  };
  if (fields[8] !== null) throw corrupt('reserved fields are not empty');
  if (manifest.counter !== counter)
    throw corrupt(`holds number ${manifest.counter}: a copied file`);
  const wrong = contradiction(manifest);
  if (wrong !== undefined) throw corrupt(wrong);
  return manifest;
}
