// The run and its log, held by this process: made or resumed, with the record of its opening.
//
// 1. What is recorded is in a run: whether it was deleted is asked again once the log is held.
//
// Spec: spec/directory.md, A deleted run. Test: test/sdk/run.test.ts, test/sdk/delete-run.test.ts.

import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { threadId } from 'node:worker_threads';
import { nodeHost, recentWriters, type Vfs, type WriterFacts } from '../engine/index.ts';
import type { RunlogError } from '../errors.ts';
import { durations } from '../limits.ts';
import { createRun, syncMade } from '../store/create-run.ts';
import { type RunFacts, readFacts } from '../store/edits.ts';
import type { Before, Opening } from '../store/record.ts';
import { listWriters, noSuchRun, type RunPlaces } from '../store/repo-directory.ts';
import { RunReader } from '../store/run-reader.ts';
import { RunWriter } from '../store/run-writer.ts';
import { firstChanges, type RunOptions } from './options.ts';

let knownVersion: string | undefined;

/** By the package's own name: sources and bundle lie at different depths. */
function packageVersion(): string {
  if (knownVersion !== undefined) return knownVersion;
  try {
    const { version } = createRequire(import.meta.url)('runlog/package.json') as {
      version: string;
    };
    knownVersion = version;
  } catch {
    // Part of somebody's own bundle, without its package.json.
    knownVersion = 'unknown';
  }
  return knownVersion;
}

/** What a run is opened with. */
interface Hold {
  readonly repo: string;
  readonly hash: string;
  readonly options: RunOptions;
  readonly made: readonly string[];
  readonly onError: (error: RunlogError) => void;
}

interface OpenWriter extends Hold {
  readonly facts: RunFacts;
}

interface Held {
  readonly facts: RunFacts;
  /** It was not there before. */
  readonly created: boolean;
  readonly writer: RunWriter;
}

/**
 * The run, made where it is not there, and its log. One that was deleted while its log was waited for is
 * made anew.
 *
 * @throws as `Run.open`.
 */
export async function holdRun(vfs: Vfs, places: RunPlaces, parts: Hold): Promise<Held> {
  const changes = firstChanges(parts.options);
  for (;;) {
    const { facts, created } = await createRun(vfs, places, { time: Date.now(), changes });
    const writer = await openWriter(vfs, places, { ...parts, facts });
    let isKept = false;
    try {
      // Behind the fence: who deletes later takes the log from its owner, who is told.
      const now = readFacts(vfs, places.edits);
      isKept = now?.life === facts.life && !now.isDeleted;
      if (!isKept && parts.options.mustExist) throw noSuchRun(vfs, parts.repo, parts.hash);
    } finally {
      if (!isKept) writer.closeSync(undefined);
    }
    if (isKept) return { facts, created, writer };
  }
}

async function openWriter(
  vfs: Vfs,
  places: RunPlaces,
  { options, facts, made, onError }: OpenWriter,
): Promise<RunWriter> {
  const { writer = 'main', durability = {}, lockTimeout = 0, forceResume = false } = options;
  const others = listWriters(vfs, places.logs).filter((each) => each !== writer);
  const reader =
    others.length === 0 ? undefined : await RunReader.open(vfs, places, { only: others });
  const directory = `${places.logs}/${writer}`;
  const common = {
    vfs,
    force: forceResume,
    lockTimeoutMs: lockTimeout * 1000,
    // With edit 0, which makes the run: points of a run that has lost it are nobody's.
    parents: [places.edits, ...parentsOf([places.logs, dirname(places.logs), ...made])],
    durability: {
      syncMs: durability.syncMs === undefined ? durations.syncMs : durability.syncMs,
      onFlush: durability.onFlush ?? 'write',
    },
  } as const;
  const open = (fresh: boolean): Promise<RunWriter> =>
    RunWriter.open({
      directory,
      writer,
      log: { ...common, fresh },
      others: reader?.changes ?? [],
      rewinds: reader?.rewinds ?? [],
      undone: reader?.undone ?? [],
      onError,
    });
  // Before it is taken: a fence older than the newest two is removed.
  const earlier = recentWriters(vfs, directory).at(0);
  if (earlier?.isReleased === false) syncMade(vfs, places);
  let opened = await open(false);
  if (opened.life !== '' && opened.life !== facts.life) {
    // A log of an earlier life of this run: nothing of it is part of the new one.
    await opened.close(undefined);
    opened = await open(true);
  }
  const before = opened.isLeftOpen ? await lookBefore(vfs, directory, earlier) : undefined;
  opened.opened({ ...openingOf(facts, opened.openingCount > 0), before });
  return opened;
}

/** What became of the opening before, which has not closed: its last sign of life. */
async function lookBefore(
  vfs: Vfs,
  directory: string,
  earlier: WriterFacts | undefined,
): Promise<Before> {
  if (earlier === undefined) return { state: 'unknown', seenAt: 0 };
  if (earlier.isReleased) return { state: 'dead', seenAt: 0 };
  const { nonce, since } = earlier.owner;
  // Once more: it may have gone on while it was waited for.
  const now = recentWriters(vfs, directory).find((each) =>
    each.owner.nonce.every((byte, index) => byte === nonce[index]),
  );
  const state = await nodeHost().liveness.state(earlier.owner, directory);
  return { state, seenAt: Math.max(since, earlier.heartbeat, now?.heartbeat ?? 0) };
}

/**
 * Each made directory is an entry of the one above it; the run's always count, as whoever made them may
 * have been killed before its first sync.
 */
const parentsOf = (made: readonly string[]): string[] => [
  ...new Set(made.map((path) => path.slice(0, path.lastIndexOf('/')))),
];

const openingOf = (facts: RunFacts, resumed: boolean): Opening => ({
  life: facts.life,
  openedAt: Date.now(),
  host: hostname(),
  pid: process.pid,
  thread: threadId,
  resumed,
  nodeVersion: process.version,
  packageVersion: packageVersion(),
});
