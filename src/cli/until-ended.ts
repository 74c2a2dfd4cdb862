// Following until the runs end: an event at a time, and an end also for runs that were killed, of which
// no event tells.
//
// Test: test/cli/follow.test.ts.

import { type FollowEvent, type RepoFollowEvent, RunlogError, type RunView } from '../index.ts';

/** A killed run is noticed after three of them. */
const LOOK_MS = 500;

type Event = FollowEvent | RepoFollowEvent;

export const isLive = ({ state }: RunView): boolean => state === 'running' || state === 'stalled';

export interface Following {
  /** The one that `stop` ends. Its first step was taken: what comes from then on is in it. */
  readonly events: AsyncGenerator<Event>;
  readonly first: Promise<IteratorResult<Event>>;
  readonly stop: AbortController;
}

/** Begins before the runs are looked at, so that no event falls between. */
export function begin(follow: (signal: AbortSignal) => AsyncGenerator<Event>): Following {
  const stop = new AbortController();
  const events = follow(stop.signal);
  const first = events.next();
  // It is awaited later, or not at all.
  first.catch(() => {});
  return { events, first, stop };
}

/** Events until none of `views` is live. Without views: until the program is ended. */
export async function* untilEnded(
  { events, first, stop }: Following,
  views: readonly RunView[] | undefined,
): AsyncGenerator<Event> {
  const areOver = async (): Promise<boolean> => {
    if (views === undefined) return false;
    for (const view of views) await view.refresh();
    return !views.some(isLive);
  };
  if (await areOver()) {
    stop.abort();
    return;
  }
  let count = 0;
  const stopWatch = watchQuiet(
    areOver,
    () => count,
    () => stop.abort(),
  );
  try {
    for (let step = await first; !step.done; step = await events.next()) {
      count += 1;
      yield step.value;
      const isEnd = step.value.type === 'state' && step.value.close !== undefined;
      if (isEnd && (await areOver())) return;
    }
  } catch (error) {
    if (!(error instanceof RunlogError) || error.code !== 'ABORTED') throw error;
  } finally {
    stopWatch();
    stop.abort();
  }
}

/**
 * Calls `end` when the runs are over and nothing has come for two looks: the event that tells of a close
 * may be behind points that are still to come.
 */
function watchQuiet(
  areOver: () => Promise<boolean>,
  count: () => number,
  end: () => void,
): () => void {
  let quiet = 0;
  let before = -1;
  let isLooking = false;
  const clock = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    // A run that was deleted meanwhile is over too.
    const isOver = await areOver().catch(() => true);
    quiet = isOver && count() === before ? quiet + 1 : 0;
    before = count();
    if (quiet === 2) end();
    isLooking = false;
  }, LOOK_MS);
  return () => clearInterval(clock);
}
