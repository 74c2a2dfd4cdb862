// How each opening of a run went, and what its writers together amount to.
//
// Test: test/sdk/run-view.test.ts.

import { nodeHost, readHolder, type Vfs } from '../engine/index.ts';
import { durations } from '../limits.ts';
import type { KeptError } from '../store/kept-error.ts';
import { decodeClose, decodeOpening, type Outcome } from '../store/record.ts';
import type { RunPlaces } from '../store/repo-directory.ts';
import type { RunReader, WriterLog } from '../store/run-reader.ts';

export type RunStateName = 'running' | 'finished' | 'failed' | 'killed' | 'stalled' | 'unknown';

/** One opening of a run by one writer. Times are milliseconds since 1970. */
export interface OpeningFacts {
  readonly writer: string;
  readonly openedAt: number;
  readonly resumed: boolean;
  readonly host: string;
  readonly pid: number;
  readonly nodeVersion: string;
  /** Undefined: it did not close. */
  readonly closedAt: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly error: KeptError | undefined;
}

/** The worst first: what several ended writers of a run amount to. */
const severity: readonly RunStateName[] = ['failed', 'killed', 'stalled', 'unknown', 'finished'];

export function openingsOf({ writer, contents }: WriterLog): OpeningFacts[] {
  return contents.openings().map(([opening, close]) => openingFacts(writer, opening, close));
}

export function lastOpening({ writer, state }: WriterLog): OpeningFacts | undefined {
  const last = state.openings.at(-1);
  return last === undefined ? undefined : openingFacts(writer, last[0], last[1]);
}

function openingFacts(writer: string, opening: unknown, close: unknown): OpeningFacts {
  const { openedAt, resumed, host, pid, nodeVersion } = decodeOpening(opening);
  const ended = close === null || close === undefined ? undefined : decodeClose(close);
  return {
    writer,
    openedAt,
    resumed,
    host,
    pid,
    nodeVersion,
    closedAt: ended?.closedAt,
    outcome: ended?.outcome,
    error: ended?.error,
  };
}

export async function stateOf(
  vfs: Vfs,
  places: RunPlaces,
  reader: RunReader,
): Promise<RunStateName> {
  const states = await Promise.all(reader.logs.map((each) => writerState(vfs, places, each)));
  if (states.includes('running')) return 'running';
  return severity.find((each) => states.includes(each)) ?? 'unknown';
}

async function writerState(vfs: Vfs, places: RunPlaces, log: WriterLog): Promise<RunStateName> {
  const last = lastOpening(log);
  if (last?.outcome !== undefined) return last.outcome;
  const holder = await readHolder(vfs, nodeHost(), `${places.logs}/${log.writer}`);
  if (holder === undefined || holder.state === 'unknown') return 'unknown';
  if (holder.state === 'released' || holder.state === 'dead') return 'killed';
  const lastSign = Math.max(holder.heartbeat, holder.owner.since);
  return Date.now() - lastSign <= durations.takeOverMs ? 'running' : 'stalled';
}
