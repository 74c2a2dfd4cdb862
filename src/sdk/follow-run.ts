// Following a run, or one metric of it: every event of every writer once, in the order of each writer.
//
// 1. What was delivered is never taken back; a rewind is an event of its own.
// 2. Ends with RUN_NOT_FOUND when the run is deleted: its hash may become another run.
//
// Spec: spec/records.md, Following. Test: test/sdk/follow.test.ts.

import type { Vfs } from '../engine/index.ts';
import { RunlogError } from '../errors.ts';
import { checkMembers, checkObject, checkSignal } from '../model/check.ts';
import { given } from '../model/given.ts';
import { readFacts } from '../store/edits.ts';
import { listIfThere, listWriters, type RunPlaces } from '../store/repo-directory.ts';
import { followLogs, type LogSource } from './follow-logs.ts';
import type { WriterChange, WriterCursor } from './writer-events.ts';

/** How far each writer of a run was delivered. Plain data: may be kept as JSON. */
export type FollowCursor = Readonly<Record<string, WriterCursor>>;

interface EventPlace {
  readonly run: string;
  readonly writer: string;
  /** Goes on behind this event when given as `from`. */
  readonly cursor: FollowCursor;
}

/** Distributes over the kinds of events, so that `type` tells them apart. */
type At<Change, Place> = Change extends unknown ? Change & Place : never;

/** What has happened in a run: `type` tells which, and narrows. */
export type FollowEvent<Place = EventPlace> = At<WriterChange, Place>;

/** Where following begins, and what ends it. */
export interface FollowRunOptions<Cursor = FollowCursor> {
  /** 'start' (default): everything there is first; 'now': only what comes; a cursor: behind it. */
  readonly from?: 'start' | 'now' | Cursor | undefined;
  /** Ends the following with ABORTED. */
  readonly signal?: AbortSignal | undefined;
}

export interface FollowedRun {
  readonly places: RunPlaces;
  readonly hash: string;
  /** Key of one sequence. Default: everything. */
  readonly only?: string;
}

const followNames: ReadonlySet<string> = new Set(['from', 'signal']);

/** @throws TypeError naming the option. */
export function checkFollowOptions(
  options: FollowRunOptions<object>,
  names: ReadonlySet<string> = followNames,
): void {
  checkMembers(options, 'options', names);
  const { from, signal } = options;
  checkSignal(signal);
  if (from === undefined || from === 'start' || from === 'now') return;
  if (typeof from !== 'object' || from === null || Array.isArray(from))
    throw new TypeError(`from: expected 'start', 'now' or a cursor, got ${given(from)}`);
}

/** @throws TypeError naming what of a cursor is none. */
export function checkWriterCursor(cursor: unknown, place: string): WriterCursor {
  checkObject(cursor, place);
  const { life, position, points, part } = cursor as WriterCursor;
  const isPlace = (each: unknown): boolean => Number.isSafeInteger(each) && (each as number) >= 0;
  const isWhole = typeof life === 'string' && isPlace(position) && isPlace(points);
  if (!isWhole || (part !== undefined && !Object.values(part).every(isPlace)))
    throw new TypeError(`${place}: expected a cursor that an event gave, got ${given(cursor)}`);
  return cursor as WriterCursor;
}

/** Where a cursor begins each writer; one that it does not name from its start. */
export function startOf(
  from: FollowRunOptions['from'],
  writer: string,
): 'start' | 'now' | WriterCursor {
  if (from === undefined || from === 'start' || from === 'now') return from ?? 'start';
  return Object.hasOwn(from, writer) ? (from[writer] as WriterCursor) : 'start';
}

export async function* followRun(
  vfs: Vfs,
  { places, hash, only }: FollowedRun,
  options: FollowRunOptions,
): AsyncGenerator<FollowEvent> {
  const { from = 'start', signal } = options;
  let cursor: FollowCursor = typeof from === 'string' ? {} : from;
  for (const [writer, each] of Object.entries(cursor)) checkWriterCursor(each, `from.${writer}`);
  const followed = new RunSources(vfs, places, hash, (writer) => startOf(from, writer));
  const sources = (): Iterable<LogSource> => {
    const found = followed.look();
    if (found === undefined) throw new RunlogError('RUN_NOT_FOUND', `${hash}: the run was deleted`);
    return found;
  };
  const onBegin = ({ writer }: { writer: string }, begun: WriterCursor): void => {
    cursor = { ...cursor, [writer]: begun };
  };
  for await (const { source, change, cursor: own } of followLogs(vfs, {
    sources,
    onBegin,
    only,
    signal,
  })) {
    cursor = { ...cursor, [source.writer]: own };
    yield { ...change, run: hash, writer: source.writer, cursor };
  }
}

/** The logs of one run, for as long as it is the same run. */
export class RunSources {
  readonly #vfs: Vfs;
  readonly #places: RunPlaces;
  readonly #hash: string;
  readonly #startOf: (writer: string) => LogSource['from'];
  #isFirst = true;
  #names = '';
  #life: string | undefined;

  constructor(
    vfs: Vfs,
    places: RunPlaces,
    hash: string,
    startOf: (writer: string) => LogSource['from'],
  ) {
    this.#vfs = vfs;
    this.#places = places;
    this.#hash = hash;
    this.#startOf = startOf;
  }

  /** Its logs now; undefined when it was deleted. Throws RunlogError CORRUPT, Node's error. */
  look(): LogSource[] | undefined {
    const life = this.#lifeNow();
    if (life === undefined) return undefined;
    const sources = listWriters(this.#vfs, this.#places.logs).map((writer) => ({
      run: this.#hash,
      writer,
      directory: `${this.#places.logs}/${writer}`,
      life,
      // A writer that comes later has nothing that was there before.
      from: this.#isFirst ? this.#startOf(writer) : ('start' as const),
    }));
    this.#isFirst = false;
    return sources;
  }

  /** Read anew when the names in its edits folder have changed. */
  #lifeNow(): string | undefined {
    const names = listIfThere(this.#vfs, this.#places.edits).sort().join();
    if (this.#life !== undefined && names === this.#names) return this.#life;
    const facts = names === '' ? undefined : readFacts(this.#vfs, this.#places.edits);
    if (facts === undefined || facts.isDeleted) return undefined;
    if (this.#life !== undefined && facts.life !== this.#life) return undefined;
    this.#names = names;
    this.#life = facts.life;
    return facts.life;
  }
}
