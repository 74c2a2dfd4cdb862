// What is recorded beside what the program tracks: the machine, its environment, its output. Each is
// begun by an option of `Run.open` and is told when to stop.
//
// 1. Nothing of it throws into the run or keeps the process alive; what fails is said once (G1).
//
// Test: test/sdk/lifecycle.test.ts.

import type { RunlogError } from '../errors.ts';
import type { RunWriter } from '../store/run-writer.ts';
import type { RunOptions } from './options.ts';

/** What an attachment may use of its run. */
export interface RunInside {
  readonly hash: string;
  readonly options: RunOptions;
  readonly writer: RunWriter;
  /** Something waits to be flushed at the end of this turn. */
  touch(): void;
  /** As `run.flush`: for what must not wait for the end of the turn. */
  flush(): void;
  report(error: RunlogError): void;
}

export interface Attachment {
  /** What is still gathered goes to the writer now. Must not throw. */
  beforeFlush?(): void;
  /**
   * The run is being closed: what it waits for before `stop`, for a bounded time unless the program has
   * asked for it; undefined: nothing.
   * Must neither throw nor reject.
   */
  settle?(): Promise<void> | undefined;
  /** The run ends: nothing more is recorded after it. Idempotent; must not throw. */
  stop(): void;
}
