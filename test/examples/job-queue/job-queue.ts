// A job queue on the engine alone: jobs are enqueued, claimed, and done; what is pending is the folded
// state, so that opening after a kill reads the newest state and the tail behind it.
//
// A job is claimed and done by whoever holds the log. A job that was claimed and not done when the
// process died is pending again for the next owner: its work may happen twice, its `done` only once.

import { type Fold, Log } from 'runlog/engine';

const recordType = { enqueued: 16, claimed: 17, done: 18 } as const;

export interface Job {
  readonly id: string;
  readonly work: unknown;
}

/** [jobs that are not done, in order; ids of those claimed by the present owner; number of done]. */
type State = [pending: Job[], claimed: string[], done: number];

const fold: Fold<State> = {
  initial: () => [[], [], 0],
  apply(state, { type, body }) {
    const [pending, claimed, done] = state;
    if (type === recordType.enqueued) pending.push(body as Job);
    else if (type === recordType.claimed) claimed.push(body as string);
    else if (type === recordType.done) {
      return [
        pending.filter(({ id }) => id !== body),
        claimed.filter((id) => id !== body),
        done + 1,
      ];
    }
    return state;
  },
};

export class JobQueue {
  readonly #log: Log<State>;

  private constructor(log: Log<State>) {
    this.#log = log;
  }

  /** @throws RunlogError RUN_LOCKED while another process works on the queue. */
  static async open(directory: string): Promise<JobQueue> {
    return new JobQueue(await Log.open(directory, { fold }));
  }

  get #state(): State {
    return this.#log.state as State;
  }

  get pending(): readonly Job[] {
    return this.#state[0];
  }

  get doneCount(): number {
    return this.#state[2];
  }

  /** All of the jobs or none. True when they survive the death of this process. */
  enqueue(jobs: readonly Job[]): boolean {
    this.#log.appendAll(jobs.map((job) => ({ type: recordType.enqueued, body: job, key: job.id })));
    return this.#log.flush();
  }

  /** The next job that nobody works on; undefined when there is none. */
  claim(claimedHere: ReadonlySet<string>): Job | undefined {
    const job = this.pending.find(({ id }) => !claimedHere.has(id));
    if (job === undefined) return undefined;
    this.#log.append(recordType.claimed, job.id);
    return this.#log.flush() ? job : undefined;
  }

  /** Marks a job as done and enqueues what follows from it, as one: both are there or neither. */
  done(job: Job, next: readonly Job[] = []): boolean {
    this.#log.appendAll([
      { type: recordType.done, body: job.id, key: `done ${job.id}` },
      ...next.map((each) => ({ type: recordType.enqueued, body: each, key: each.id })),
    ]);
    return this.#log.flush();
  }

  /** A job by its id, done or not. */
  async find(id: string): Promise<{ readonly job: Job; readonly isDone: boolean } | undefined> {
    const record = await this.#log.latest(id);
    if (record === undefined) return undefined;
    return {
      job: record.body as Job,
      isDone: (await this.#log.latest(`done ${id}`)) !== undefined,
    };
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
