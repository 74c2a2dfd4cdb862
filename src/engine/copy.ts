// Copying a log as it is now: the bytes of its sealed segments and of its tail, under a first manifest
// of its own.
//
// 1. The manifest comes last and seals everything: an interrupted copy is an empty log.
// 2. Segments keep their names and salts; the fence is above all of theirs, and released.
// 3. Only of a log that is decided: the copy would be without its tail.
// 4. Whoever opens the target meanwhile finds an empty log, and may take away what is not listed: the
//    copy is none then.
//
// Spec: spec/document.md. Test: test/engine/copy.test.ts.

import { basename } from 'node:path';

import { RunlogError } from '../errors.ts';
import { HEARTBEAT_OFFSET } from './format/document.ts';
import { encodeFence, RELEASED } from './format/fence.ts';
import { encodeManifest, type SealedSegment } from './format/manifest.ts';
import { fenceName, manifestName, newest, segmentName } from './format/names.ts';
import { dataViewOf } from './format/version.ts';
import type { OwnerRecord } from './host.ts';
import { refuseLostManifest } from './lost-manifest.ts';
import { publish, writeWhole } from './publish.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import { strangeError } from './tail.ts';
import type { Vfs } from './vfs/vfs.ts';

const PIECE_SIZE = 1024 * 1024;

/**
 * `target` exists and is empty. Returns the position behind the last record.
 *
 * @throws RunlogError RUN_LOCKED where somebody has opened the target meanwhile; Node's error.
 */
export function copyLog(vfs: Vfs, source: string, target: string, owner: OwnerRecord): number {
  const snapshot = readSnapshot(vfs, source);
  const { manifest, tail, segments: present, listing, end } = snapshot;
  refuseLostManifest(vfs, source, listing, manifest);
  // Case 14: nobody has recorded anything.
  if (manifest === undefined && snapshot.damage.length === 0) return 0;
  if (manifest === undefined || !snapshot.decided) throw undecided(source, snapshot);
  const lost = snapshotLoss(source, manifest.segments, present);
  if (lost !== undefined) throw lost;
  if (tail.strange !== undefined) throw strangeError(tail.strange);
  const segments = present.filter((each) => each.end > each.first);
  for (const segment of segments)
    copyFile(
      vfs,
      `${source}/${segmentName(segment)}`,
      `${target}/${segmentName(segment)}`,
      segment.length,
    );
  const fence = Math.max(newest(listing.fences), manifest.fence) + 1;
  const bytes = encodeFence('maintenance', owner);
  dataViewOf(bytes).setBigUint64(HEARTBEAT_OFFSET, RELEASED, true);
  const isFirst = publish(vfs, target, fenceName(fence), bytes, { sync: true });
  vfs.syncDirectory(target);
  const damage = [
    ...manifest.damage,
    ...tail.segments.flatMap(({ fence: own, number, damage: ranges }) =>
      ranges.map((each) => ({ fence: own, number, ...each })),
    ),
  ];
  const copied = { ...manifest, counter: 1, fence, tailNumber: 1, end, segments, damage };
  if (!isFirst || !publish(vfs, target, manifestName(1), encodeManifest(copied), { sync: true }))
    throw new RunlogError(
      'RUN_LOCKED',
      `${target}: somebody has opened it while it was copied; copy again`,
      { file: target },
    );
  vfs.syncDirectory(target);
  return end;
}

/** What its readers are not given now would be missing in the copy, and be gone where it is moved. */
function undecided(source: string, { damage }: Snapshot): RunlogError {
  const damaged = damage.find(({ file }) => basename(file).startsWith('manifest-'));
  if (damaged !== undefined)
    return new RunlogError('CORRUPT', `${damaged.reason}; \`runlog repair\` mends it`, {
      file: damaged.file,
    });
  return new RunlogError(
    'RUN_LOCKED',
    `${source}: an owner is opening it, or was killed doing so, and what it ends with is not decided; ` +
      'copy again, or open it once (`runlog compact` does)',
    { file: source },
  );
}

/** A copy would hide that a file is missing. */
function snapshotLoss(
  source: string,
  listed: readonly SealedSegment[],
  present: readonly SealedSegment[],
): RunlogError | undefined {
  const gone = listed.find((each) => !present.includes(each));
  if (gone === undefined) return undefined;
  const file = `${source}/${segmentName(gone)}`;
  return new RunlogError('CORRUPT', `${file}: the file is missing; verify tells the extent`, {
    file,
  });
}

function copyFile(vfs: Vfs, source: string, target: string, length: number): void {
  const from = vfs.open(source, 'read');
  const to = vfs.open(target, 'create');
  try {
    const piece = new Uint8Array(Math.min(PIECE_SIZE, length));
    for (let offset = 0; offset < length; ) {
      const read = vfs.read(
        from,
        piece.subarray(0, Math.min(piece.length, length - offset)),
        offset,
      );
      if (read === 0) break;
      writeWhole(vfs, to, piece.subarray(0, read), offset);
      offset += read;
    }
    vfs.sync(to);
  } finally {
    vfs.close(from);
    vfs.close(to);
  }
}
