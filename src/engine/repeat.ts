// After a failed sync: the same records once more, in a new segment.
//
// 1. The old file ends at the watermark; the new one begins there. Bytes that a sync refused are
//    not read back: the page cache may hold what the disk does not.
// 2. The new file appears under its name with the whole range in it, synced. Its header first would
//    cut off acknowledged records if we were killed then.
// 3. Keys follow their records: an index that names the old places would find nothing.
//
// Spec: spec/segment.md, Disk trouble. Test: test/engine/appender.test.ts.

import { errorCode } from '../errors.ts';
import { type FrameHeader, SegmentSum } from './format/frame.ts';
import type { IndexEntry } from './format/index-page.ts';
import type { SealedSegment } from './format/manifest.ts';
import { temporaryName } from './format/names.ts';
import { SEGMENT_HEADER_SIZE } from './format/segment-header.ts';
import { HotSegment, type HotSegmentOptions } from './hot-segment.ts';
import type { HotKeys } from './lookup.ts';
import { unlinkQuietly } from './publish.ts';
import { SegmentFile } from './segment-file.ts';
import { collectKeys } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

export interface Repeat {
  readonly old: HotSegment;
  readonly durable: number;
  readonly frames: readonly { readonly header: FrameHeader; readonly body: Uint8Array }[];
  readonly header: Omit<HotSegmentOptions, 'first' | 'predecessor'>;
  /** Those of the old segment are made to name the new one. */
  readonly keys: HotKeys;
}

/**
 * The new segment, and the old one as a manifest would list it (empty where it kept nothing). Its name is
 * durable after the directory's sync, which is the caller's.
 */
export function repeatSegment(
  vfs: Vfs,
  directory: string,
  repeat: Repeat,
): { segment: HotSegment; kept: SealedSegment[] } {
  const { old, durable } = repeat;
  const kept = durablePart(vfs, directory, old, durable);
  const predecessor = { ...old.name, length: kept.length, sum: kept.sum };
  const segment = new HotSegment(
    vfs,
    directory,
    { ...repeat.header, first: durable, predecessor },
    true,
  );
  const moved: IndexEntry[] = [];
  for (const { header, body } of repeat.frames) {
    const offset = segment.append(header, body);
    collectKeys({ header, body, offset }, segment.name, segment.path, moved);
  }
  const temporary = `${directory}/${temporaryName()}`;
  segment.handle = vfs.open(temporary, 'create');
  try {
    segment.write();
    vfs.sync(segment.handle);
    vfs.link(temporary, segment.path);
  } catch (error) {
    segment.close();
    const refused = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error) ?? '');
    if (!refused) throw error;
    segment.handle = vfs.open(segment.path, 'create');
    segment.writeHeaderLast();
  } finally {
    unlinkQuietly(vfs, temporary);
  }
  repeat.keys.replace(old.name, kept.length, moved);
  return { segment, kept: kept.end > kept.first ? [kept] : [] };
}

/** What of the old segment lies below the watermark. */
function durablePart(vfs: Vfs, directory: string, old: HotSegment, durable: number): SealedSegment {
  const part = { ...old.name, first: old.first, end: durable, index: 0, state: 0 };
  if (durable === old.first)
    return { ...part, length: SEGMENT_HEADER_SIZE, sum: old.headerChecksum };
  const file = new SegmentFile(vfs, directory, old.name);
  try {
    const sum = new SegmentSum(file.headerChecksum);
    let length = SEGMENT_HEADER_SIZE;
    for (let end = old.first; end < durable; ) {
      const frame = file.frameAt(length, file.size);
      if (typeof frame === 'string')
        throw new Error(`${file.path}: ${frame} at byte ${length}, below the watermark`);
      sum.add(frame.sum);
      end = frame.header.first + frame.header.count;
      length = frame.end;
    }
    return { ...part, length, sum: sum.digest() };
  } finally {
    file.close();
  }
}
