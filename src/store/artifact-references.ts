// Which contents the runs of a repo refer to.
//
// 1. Through the index for who verifies or copies; by reading every record for who collects, for what
//    is not known to be unreferenced must stay.
//
// Spec: spec/artifacts.md. Test: test/store/artifact-collect.test.ts.

import { Log, type LogRecord, type Vfs } from '../engine/index.ts';
import { errorCode } from '../errors.ts';
import { ARTIFACT_KEY, decodeArtifact, decodeEntries } from './artifact-record.ts';
import { recordType } from './record.ts';
import { listHashes, listWriters, type RunPlaces, runPlaces } from './repo-directory.ts';

/**
 * Records of artifacts, oldest first, through the index. Where one is damaged every record is read: the
 * others are given, and the damage is told by the log. Throws Node's error.
 */
export function artifactRecords(log: Pick<Log, 'find' | 'records'>): LogRecord[] {
  try {
    return log.find(ARTIFACT_KEY).filter(isArtifact);
  } catch (error) {
    if (errorCode(error) !== 'CORRUPT') throw error;
    return [...log.records()].filter(isArtifact);
  }
}

const isArtifact = ({ type }: LogRecord): boolean => type === recordType.artifact;

/** A content, and an entry that refers to it. */
export interface Reference {
  readonly sha256: string;
  readonly size: number;
  /** As a message names it. */
  readonly what: string;
}

/** @throws RunlogError CORRUPT. */
function* referencesIn(record: LogRecord, hash: string): Generator<Reference> {
  if (record.type !== recordType.artifact) return;
  const { name, kind, files } = decodeArtifact(record.body);
  for (const entry of decodeEntries(files, kind))
    if (entry.kind === 'file')
      yield {
        sha256: entry.sha256,
        size: entry.size,
        what: `run ${hash}, artifact ${JSON.stringify(name)}, ${JSON.stringify(entry.path)}`,
      };
}

/** What one run refers to. @throws RunlogError CORRUPT; Node's error. */
export function* referencesOf(vfs: Vfs, places: RunPlaces, hash: string): Generator<Reference> {
  for (const writer of listWriters(vfs, places.logs)) {
    const log = Log.snapshot(`${places.logs}/${writer}`, { vfs });
    for (const record of artifactRecords(log)) yield* referencesIn(record, hash);
  }
}

/** What no reader of the whole repo may be sure of: a reason to collect nothing. */
export class NotKnown extends Error {}

/** Readings anew of a log that is rewritten meanwhile. */
const TRIES = 8;

/**
 * Every content that any record refers to, of whatever life.
 *
 * @throws NotKnown where something cannot be read for certain; Node's error.
 */
export async function allReferences(vfs: Vfs, repo: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const hash of listHashes(vfs, repo)) {
    const { logs } = runPlaces(repo, hash);
    for (const writer of listWriters(vfs, logs)) {
      addReferences(vfs, `${logs}/${writer}`, hash, found);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return found;
}

function addReferences(vfs: Vfs, directory: string, hash: string, found: Set<string>): void {
  for (let tries = 1; ; tries += 1) {
    try {
      const log = Log.snapshot(directory, { vfs });
      for (const record of log.records())
        for (const { sha256 } of referencesIn(record, hash)) found.add(sha256);
      // A log that is empty has no segments, and leaves no doubt.
      if (log.damage.length === 0 && log.settledSegments !== undefined) return;
      const [damage] = log.damage;
      throw new NotKnown(
        damage === undefined
          ? `${directory}: its end is not decided`
          : `${damage.file}: ${damage.reason}`,
      );
    } catch (error) {
      const code = errorCode((error as Error).cause ?? error) ?? errorCode(error);
      if (code === 'ENOENT' && tries < TRIES) continue;
      if (['CORRUPT', 'FORMAT_TOO_NEW'].includes(errorCode(error) ?? ''))
        throw new NotKnown((error as Error).message);
      throw error;
    }
  }
}
