// How each opening of a run went and ended, and what its writers together amount to.
//
// 1. How it ended is what it recorded; of one that recorded nothing, what the next opening of its log
//    found, or, of the last, what its holder's fence and process tell.
//
// Spec: spec/records.md, Ends. Test: test/sdk/openings.test.ts, test/process/endings.test.ts.

import { nodeHost, readHolder, recentWriters, type Vfs } from '../engine/index.ts';
import { durations } from '../limits.ts';
import { readParams } from '../model/params.ts';
import type { SystemParams } from '../model/system-params.ts';
import type { WriterRow } from '../store/catalogue-row.ts';
import type { KeptError } from '../store/kept-error.ts';
import {
  type Before,
  type Close,
  decodeClose,
  decodeOpening,
  type How,
  type Opening,
  type Origin,
  type Outcome,
} from '../store/record.ts';
import type { RunPlaces } from '../store/repo-directory.ts';
import type { WriterLog } from '../store/run-reader.ts';

/** How a run stands; `view.state` says what each means. */
export type RunStateName = 'running' | 'finished' | 'failed' | 'killed' | 'stalled' | 'unknown';

/** Every one, by name. */
export const runStates = Object.keys({
  running: true,
  finished: true,
  failed: true,
  killed: true,
  stalled: true,
  unknown: true,
} satisfies Record<RunStateName, true>);

/**
 * closed: by `close()` or `Run.with`. disposed: the block of its `await using` was left. exited: the
 * process or thread exited with the run open. uncaught: it ended by an error or rejection that nobody
 * caught. killed: it is gone and has recorded no end: a signal, a lack of memory, `worker.terminate()`.
 * fenced: `forceResume` took its log while it was alive. running, stalled, unknown: as the state of a run.
 */
export type OpeningEnding =
  | 'closed'
  | 'disposed'
  | 'exited'
  | 'uncaught'
  | 'killed'
  | 'fenced'
  | 'running'
  | 'stalled'
  | 'unknown';

/** One opening of a run by one writer. Times are milliseconds since 1970, durations milliseconds. */
export interface OpeningFacts {
  readonly writer: string;
  readonly openedAt: number;
  readonly resumed: boolean;
  readonly host: string;
  readonly pid: number;
  /** 0: the main thread. */
  readonly thread: number;
  readonly nodeVersion: string;
  readonly ending: OpeningEnding;
  /** Undefined: it recorded no end. */
  readonly closedAt: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly error: KeptError | undefined;
  /** Of the process or thread, where it ended the run by its exit. */
  readonly exitCode: number | undefined;
  /** How the error came up that nobody caught. */
  readonly origin: Origin | undefined;
  /**
   * When it closed; of one that did not, its last heartbeat: one a second, one in 15 s of a log that rests
   * among more than 256. Undefined: not known.
   */
  readonly lastSeenAt: number | undefined;
  /** Until it closed, or now, or its last sign of life. Undefined: not known. */
  readonly duration: number | undefined;
  /**
   * What it captured of program and machine; undefined without `logSystemParams`. Read from the log when
   * asked for; neither enumerated nor printed with the others.
   */
  readonly systemParams?: SystemParams | undefined;
}

/** Of a writer whose last opening has recorded no end. */
export interface LastSign {
  readonly state: Exclude<RunStateName, Outcome>;
  readonly seenAt: number | undefined;
}

/** By writer; none for one whose last opening has recorded its end. */
export type LastSigns = ReadonlyMap<string, LastSign>;

const NOT_KNOWN: LastSign = { state: 'unknown', seenAt: undefined };

const endingBy: Readonly<Record<How, OpeningEnding>> = {
  dispose: 'disposed',
  exit: 'exited',
  uncaught: 'uncaught',
};

const endingBefore: Readonly<Record<Before['state'], OpeningEnding>> = {
  dead: 'killed',
  alive: 'fenced',
  unknown: 'unknown',
};

/** Oldest first. */
export function openingsOf({ writer, contents }: WriterLog, signs: LastSigns): OpeningFacts[] {
  return inOrder(writer, contents.openings(), signs).map((facts, index) => {
    const get = (): unknown => readParams(contents.capture(index));
    return Object.defineProperty(facts, 'systemParams', { get });
  });
}

/** The newest that the folded state has, oldest first: without reading the log. */
export const recentOpenings = ({ writer, openings }: WriterRow, signs: LastSigns): OpeningFacts[] =>
  inOrder(writer, openings, signs);

function inOrder(writer: string, bodies: WriterRow['openings'], signs: LastSigns): OpeningFacts[] {
  const openings = bodies.map(([body]) => decodeOpening(body));
  return bodies.map(([, close], index) => {
    const next = openings[index + 1];
    const sign = next === undefined ? signs.get(writer) : undefined;
    return openingFacts(writer, openings[index] as Opening, closeOf(close), { next, sign });
  });
}

/** As the folded state has it: without reading the log. */
export function lastOpening(
  { writer, openings }: WriterRow,
  signs: LastSigns,
): OpeningFacts | undefined {
  const last = openings.at(-1);
  if (last === undefined) return undefined;
  const after = { next: undefined, sign: signs.get(writer) };
  return openingFacts(writer, decodeOpening(last[0]), closeOf(last[1]), after);
}

const closeOf = (body: unknown): Close | undefined =>
  body === null || body === undefined ? undefined : decodeClose(body);

interface After {
  /** The next opening of the log. */
  readonly next: Opening | undefined;
  readonly sign: LastSign | undefined;
}

function openingFacts(
  writer: string,
  opening: Opening,
  close: Close | undefined,
  { next, sign = NOT_KNOWN }: After,
): OpeningFacts {
  const { openedAt, resumed, host, pid, thread, nodeVersion } = opening;
  const facts = { writer, openedAt, resumed, host, pid, thread, nodeVersion };
  const end = close === undefined ? endWithoutClose(openedAt, next, sign) : endOfClose(close);
  const isAlive = end.ending === 'running' || end.ending === 'stalled';
  const until = isAlive ? Date.now() : end.lastSeenAt;
  return {
    ...facts,
    ...end,
    closedAt: close?.closedAt,
    outcome: close?.outcome,
    error: close?.error,
    exitCode: close?.exitCode,
    origin: close?.origin,
    duration: until === undefined ? undefined : Math.max(0, until - openedAt),
  };
}

type End = Pick<OpeningFacts, 'ending' | 'lastSeenAt'>;

const endOfClose = ({ how, closedAt }: Close): End => ({
  ending: how === undefined ? 'closed' : endingBy[how],
  lastSeenAt: closedAt,
});

function endWithoutClose(openedAt: number, next: Opening | undefined, sign: LastSign): End {
  if (next === undefined) return { ending: sign.state, lastSeenAt: sign.seenAt };
  // Of a version that did not look: it is not there any more, or the next could not have opened.
  const { state, seenAt } = next.before ?? { state: 'dead', seenAt: 0 };
  // It took the log, then opened.
  return {
    ending: endingBefore[state],
    lastSeenAt: seenAt === 0 ? undefined : Math.max(openedAt, seenAt),
  };
}

/** Milliseconds in which at least one of the openings was there. */
export function activeTimeOf(openings: readonly OpeningFacts[]): number {
  const spans = openings
    .map(({ openedAt, duration = 0 }) => [openedAt, openedAt + duration] as const)
    .sort(([a], [b]) => a - b);
  let sum = 0;
  let covered = Number.NEGATIVE_INFINITY;
  for (const [start, end] of spans) {
    sum += Math.max(0, end - Math.max(start, covered));
    covered = Math.max(covered, end);
  }
  return sum;
}

export async function lastSignsOf(
  vfs: Vfs,
  places: RunPlaces,
  writers: readonly WriterRow[],
): Promise<LastSigns> {
  const open = writers.filter(({ openings }) => closeOf(openings.at(-1)?.[1]) === undefined);
  const signs = open.map(async (each) => [each.writer, await lastSign(vfs, places, each)] as const);
  return new Map(await Promise.all(signs));
}

async function lastSign(vfs: Vfs, places: RunPlaces, row: WriterRow): Promise<LastSign> {
  const directory = `${places.logs}/${row.writer}`;
  const holder = await readHolder(vfs, nodeHost(), directory);
  const seenAt = seenAtOf(vfs, directory, row);
  if (holder === undefined || holder.state === 'unknown') return { state: 'unknown', seenAt };
  if (holder.state === 'released' || holder.state === 'dead') return { state: 'killed', seenAt };
  const lastBeat = Math.max(holder.heartbeat, holder.owner.since);
  const isBeating = Date.now() - lastBeat <= durations.takeOverMs;
  return { state: isBeating ? 'running' : 'stalled', seenAt: seenAt ?? lastBeat };
}

/** By the fence of the opening itself, though maintenance may have come after it. */
function seenAtOf(vfs: Vfs, directory: string, { openings }: WriterRow): number | undefined {
  const last = openings.at(-1);
  const writer = recentWriters(vfs, directory)[0];
  if (last === undefined || writer === undefined || writer.isReleased) return undefined;
  const { openedAt, pid, thread } = decodeOpening(last[0]);
  if (writer.owner.pid !== pid || writer.owner.thread !== thread) return undefined;
  return Math.max(openedAt, writer.heartbeat);
}

/** The worst first: what several ended writers of a run amount to. */
const severity: readonly RunStateName[] = ['failed', 'killed', 'stalled', 'unknown', 'finished'];

export function stateOf(writers: readonly WriterRow[], signs: LastSigns): RunStateName {
  const states = writers.map(({ writer, openings }): RunStateName => {
    const close = closeOf(openings.at(-1)?.[1]);
    return close?.outcome ?? signs.get(writer)?.state ?? 'unknown';
  });
  if (states.includes('running')) return 'running';
  return severity.find((each) => states.includes(each)) ?? 'unknown';
}

/** Undefined when one of them is, or there is none. */
export function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((each) => each !== undefined);
  return known.length < times.length || known.length === 0 ? undefined : Math.max(...known);
}
