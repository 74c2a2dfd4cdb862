// The capture of program and machine, as a param of its run.
//
// 1. `Run.open` waits for nothing of it: it begins in a later turn, when its modules are loaded.
// 2. What is known after `captureReadyMs` is recorded, and again when all is; the later replaces the
//    earlier, so that a process that is killed meanwhile leaves what was known.
// 3. `close` waits for it, `captureCloseMs` at most; then, as at exit, what is known is recorded.
//
// Spec: spec/system-params.md.
// Test: test/sdk/system-params.test.ts, test/process/system-params.test.ts.

import { RunlogError } from '../errors.ts';
import { durations } from '../limits.ts';
import { spellParams } from '../model/params.ts';
import { SYSTEM_PARAMS_KEY } from '../model/system-params.ts';
import type { Capture } from '../system/environment/capture.ts';
import type { Attachment, RunInside } from './attachment.ts';

export function attachSystemParams(run: RunInside): Attachment | undefined {
  const { logSystemParams = false } = run.options;
  return logSystemParams === false ? undefined : new SystemParamsCapture(run);
}

const path = [SYSTEM_PARAMS_KEY];

let turns: Promise<void> = Promise.resolve();

/** Runs that are opened together begin one in each turn of the loop. */
function ownTurn(): Promise<void> {
  turns = turns.then(() => new Promise((resolve) => setImmediate(resolve)));
  return turns;
}

class SystemParamsCapture implements Attachment {
  readonly #run: RunInside;
  readonly #begun: Promise<void>;
  #capture: Capture | undefined;
  /** All that will be known is recorded, or nothing more is wanted. */
  #isOver = false;

  constructor(run: RunInside) {
    this.#run = run;
    this.#begun = this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      await ownTurn();
      const { Capture } = await import('../system/environment/capture.ts');
      if (this.#isOver) return;
      const { logSystemParams, redact } = this.#run.options;
      const { diffSizeMax } = typeof logSystemParams === 'object' ? logSystemParams : {};
      this.#capture = new Capture({ diffSizeMax, redact });
      const early = setTimeout(() => this.#record(), durations.captureReadyMs).unref();
      await this.#capture.done;
      clearTimeout(early);
      this.#record();
      this.#isOver = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  #record(): void {
    if (this.#isOver || this.#capture === undefined) return;
    try {
      const spelled = spellParams(this.#capture.params(), path);
      this.#run.writer.setParams([[path, spelled]]);
      this.#run.touch();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    const why = error instanceof Error ? error.message : String(error);
    const message = `the system params are not recorded: ${why}`;
    this.#run.report(
      error instanceof RunlogError ? error : new RunlogError('IO', message, { cause: error }),
    );
  }

  settle(): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    return new Promise((resolve) => {
      // Keeps the process alive, unlike all that it waits for.
      const timer = setTimeout(resolve, durations.captureCloseMs);
      void this.#begun.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  stop(): void {
    if (this.#isOver) return;
    this.#capture?.stop();
    this.#record();
    this.#isOver = true;
  }
}
