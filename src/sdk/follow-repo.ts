// Following every run of a repo, also those that begin later.
//
// 1. Each event once, in the order of each writer; runs are not ordered among themselves.
// 2. Runs that are written are read as they grow. The others are looked at in turn, a bounded number
//    each time: a repo of ten thousand costs no more than one of a hundred.
//
// Spec: spec/records.md, Following. Test: test/sdk/follow.test.ts.

import type { Vfs } from '../engine/index.ts';
import { asRunlogError, RunlogError } from '../errors.ts';
import { checkObject, checkType } from '../model/check.ts';
import { isIdentifier } from '../model/names.ts';
import { listHashes, runPlaces } from '../store/repo-directory.ts';
import { followLogs, type LogSource } from './follow-logs.ts';
import {
  checkFollowOptions,
  checkWriterCursor,
  type FollowCursor,
  type FollowEvent,
  type FollowRunOptions,
  RunSources,
  startOf,
} from './follow-run.ts';

/** How far each run was delivered. Plain data: may be kept as JSON. */
export type RepoCursor = Readonly<Record<string, FollowCursor>>;

/** What has happened in a run of the repo, with the run, its writer and a place to go on from. */
export type RepoFollowEvent = FollowEvent<{
  readonly run: string;
  readonly writer: string;
  /** Goes on behind this event when given as `from`. */
  readonly cursor: RepoCursor;
}>;

/** Where `repo.follow` begins, and what ends it. */
export interface FollowRepoOptions extends FollowRunOptions<RepoCursor> {
  /** Told of each run that is left out because it cannot be read. */
  readonly onUnreadable?: ((hash: string, error: RunlogError) => void) | undefined;
}

/** Known runs that one look goes through. */
const RUNS_A_LOOK = 100;

const followNames = new Set(['from', 'signal', 'onUnreadable']);

/** @throws TypeError naming the option. */
export function checkFollowRepoOptions(options: FollowRepoOptions): void {
  checkFollowOptions(options, followNames);
  checkType(options.onUnreadable, 'function', 'onUnreadable');
}

export async function* followRepo(
  vfs: Vfs,
  repo: string,
  options: FollowRepoOptions,
): AsyncGenerator<RepoFollowEvent> {
  const { from = 'start', signal } = options;
  let cursor: RepoCursor = typeof from === 'string' ? {} : checkRepoCursor(from);
  const runs = new RepoRuns(vfs, repo, options, (hash) => {
    if (!Object.hasOwn(cursor, hash)) return;
    const { [hash]: _gone, ...rest } = cursor;
    cursor = rest;
  });
  const onBegin = ({ run, writer }: LogSource, begun: Cursor): void => {
    cursor = { ...cursor, [run]: { ...cursor[run], [writer]: begun } };
  };
  for await (const { source, change, cursor: own } of followLogs(vfs, {
    sources: () => runs.look(),
    onBegin,
    signal,
  })) {
    const { run, writer } = source;
    cursor = { ...cursor, [run]: { ...cursor[run], [writer]: own } };
    yield { ...change, run, writer, cursor };
  }
}

type Cursor = FollowCursor[string];

function checkRepoCursor(from: RepoCursor): RepoCursor {
  for (const [hash, writers] of Object.entries(from)) {
    if (!isIdentifier(hash)) throw new TypeError(`from: ${hash} is no run hash`);
    checkObject(writers, `from.${hash}`);
    for (const [writer, each] of Object.entries(writers))
      checkWriterCursor(each, `from.${hash}.${writer}`);
  }
  return from;
}

class RepoRuns {
  readonly #vfs: Vfs;
  readonly #repo: string;
  readonly #options: FollowRepoOptions;
  readonly #onGone: (hash: string) => void;
  readonly #known = new Map<string, RunSources>();
  readonly #unreadable = new Set<string>();
  #isFirst = true;
  #turn = 0;

  constructor(vfs: Vfs, repo: string, options: FollowRepoOptions, onGone: (hash: string) => void) {
    this.#vfs = vfs;
    this.#repo = repo;
    this.#options = options;
    this.#onGone = onGone;
  }

  /** New runs, and of the known ones those whose turn it is. */
  *look(): Generator<LogSource> {
    const hashes = listHashes(this.#vfs, this.#repo);
    const known = hashes.filter((hash) => this.#known.has(hash));
    const fresh = hashes.filter((hash) => !this.#known.has(hash));
    const start = this.#turn % Math.max(1, known.length);
    const due = [...known.slice(start), ...known.slice(0, start)].slice(0, RUNS_A_LOOK);
    this.#turn = start + due.length;
    for (const hash of [...fresh, ...due]) yield* this.#sourcesOf(hash);
    this.#isFirst = false;
  }

  #sourcesOf(hash: string): LogSource[] {
    try {
      const sources = this.#runOf(hash).look();
      if (sources !== undefined) return sources;
      // Deleted, or another life by now: what it was is over. Its turn comes again.
      this.#known.set(hash, this.#newRun(hash));
      this.#onGone(hash);
      return [];
    } catch (thrown) {
      const error = asRunlogError(thrown, runPlaces(this.#repo, hash).directory);
      if (!(error instanceof RunlogError)) throw error;
      if (!this.#unreadable.has(hash)) this.#options.onUnreadable?.(hash, error);
      this.#unreadable.add(hash);
      return [];
    }
  }

  #runOf(hash: string): RunSources {
    const known = this.#known.get(hash) ?? this.#newRun(hash);
    this.#known.set(hash, known);
    return known;
  }

  #newRun(hash: string): RunSources {
    const { from } = this.#options;
    const isFirst = this.#isFirst;
    const startOfWriter = (writer: string): LogSource['from'] => {
      if (from === 'now') return isFirst ? 'now' : 'start';
      return startOf(typeof from === 'object' ? (from[hash] ?? 'start') : 'start', writer);
    };
    return new RunSources(this.#vfs, runPlaces(this.#repo, hash), hash, startOfWriter);
  }
}
