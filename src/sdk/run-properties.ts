// The properties of a run that is being written: as they are now, and the changes that wait.
//
// 1. A change is held until the next flush: those of one turn are one edit (spec/edits.md).
//
// Test: test/sdk/run.test.ts.

import { RunlogError } from '../errors.ts';
import type { Change, RunFacts } from '../store/edits.ts';
import type { OpenedRun } from './open-run.ts';
import { checkRoom } from './run-edit.ts';

export class RunProperties {
  facts: RunFacts;
  readonly #opened: OpenedRun;
  readonly #changes: Change[] = [];

  constructor(opened: OpenedRun) {
    this.#opened = opened;
    this.facts = opened.facts;
  }

  /** @throws RunlogError LIMIT. */
  change(change: Change): void {
    checkRoom(this.facts, [change]);
    this.facts = this.#opened.applyChange(this.facts, change);
    this.#changes.push(change);
  }

  /** Publishes what waits; what kept it from it, or undefined. */
  publish(): RunlogError | undefined {
    if (this.#changes.length === 0) return undefined;
    try {
      this.#opened.publish(this.#changes);
      return undefined;
    } catch (error) {
      return this.unpublished(error);
    }
  }

  unpublished(cause?: unknown): RunlogError {
    const message = `run ${this.#opened.hash}: its properties could not be written`;
    return new RunlogError('IO', message, { cause });
  }
}
