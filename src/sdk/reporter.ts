// Telling of failures that must not end the job: each kind once (G1).
//
// Test: test/sdk/run.test.ts.

import type { RunlogError } from '../errors.ts';
import type { RunOptions } from './options.ts';

export class Reporter {
  readonly #hash: string;
  readonly #onError: RunOptions['onError'];
  readonly #lost: () => number;
  #reported: string | undefined;

  constructor(hash: string, onError: RunOptions['onError'], lost: () => number) {
    this.#hash = hash;
    this.#onError = onError;
    this.#lost = lost;
  }

  /** The first failure of a kind goes to `onError`, or out as one process warning. */
  report(error: RunlogError): void {
    if (this.#reported === error.message) return;
    this.#reported = error.message;
    if (this.#onError === undefined) {
      this.#warn(error.message);
      return;
    }
    const complain = (thrown: unknown): void => this.#warn(`onError threw ${String(thrown)}`);
    try {
      // One that is asynchronous must not end the process either.
      Promise.resolve(this.#onError(error, { lost: this.#lost() })).catch(complain);
    } catch (thrown) {
      complain(thrown);
    }
  }

  #warn(message: string): void {
    process.emitWarning(`run ${this.#hash}: ${message}`, 'RunlogWarning');
  }
}
