// Following until the runs end: an event at a time, and an end also for runs that were killed, of which
// no event tells.
//
// Test: test/cli/follow.test.ts.

import { type FollowEvent, type RepoFollowEvent, RunlogError, type RunView } from '../index.ts';

/** Between two looks at runs that may have been killed. */
const LOOK_MS = 500;
/** Looks in a row, each in a turn of its own, in which nothing came: what was flushed is read by then. */
const QUIET_LOOKS = 5;
/** Of runs that have closed an event tells; if it was met before the following began, this ends it. */
const CLOSED_LOOKS = 20;

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
  let count = 0;
  const watched = views === undefined ? undefined : new WatchedRuns(views);
  if (watched !== undefined && (await watched.areOver())) {
    stop.abort();
    return;
  }
  watched?.endWhenKilled(
    () => count,
    () => stop.abort(),
  );
  try {
    for (let step = await first; !step.done; step = await events.next()) {
      count += 1;
      yield step.value;
      if (await watched?.isLast(step.value)) return;
    }
  } catch (error) {
    if (!(error instanceof RunlogError) || error.code !== 'ABORTED') throw error;
  } finally {
    watched?.stop();
    stop.abort();
  }
}

class WatchedRuns {
  readonly #views: readonly RunView[];
  /** Those whose end is still to come. */
  readonly #live: Map<string, RunView>;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(views: readonly RunView[]) {
    this.#views = views;
    this.#live = new Map(views.filter(isLive).map((view) => [view.hash, view]));
  }

  /**
   * The event ends the last of them. Of another run it says nothing: what is over may have events that
   * are still to come.
   */
  async isLast(event: Event): Promise<boolean> {
    if (event.type !== 'state' || event.close === undefined) return false;
    const view = this.#live.get(event.run);
    if (view === undefined) return false;
    await view.refresh();
    if (isLive(view)) return false;
    this.#live.delete(event.run);
    return this.#live.size === 0;
  }

  /** None of them is live. */
  async areOver(): Promise<boolean> {
    for (const view of this.#views) await view.refresh();
    return !this.#views.some(isLive);
  }

  /**
   * Calls `end` when none is live, one has not closed, and nothing has come for some looks. The event of
   * a close is waited for: it comes behind the last points.
   */
  endWhenKilled(count: () => number, end: () => void): void {
    let quiet = 0;
    let before = -1;
    const look = async (): Promise<void> => {
      // A run that was deleted meanwhile is over, and no event says so.
      const isOver = await this.areOver().catch(() => true);
      const isClosed = this.#views.every((view) => view.endedAt !== undefined);
      quiet = isOver && count() === before ? quiet + 1 : 0;
      before = count();
      if (quiet >= (isClosed ? CLOSED_LOOKS : QUIET_LOOKS)) end();
      else if (!this.#isStopped) this.#timer = setTimeout(again, LOOK_MS);
    };
    const again = (): void => {
      look().catch(() => end());
    };
    this.#timer = setTimeout(again, LOOK_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
