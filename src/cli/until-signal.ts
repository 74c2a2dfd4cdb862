// Work that a signal ends: it takes away what it has half done, then the program ends as it ends any.
//
// 1. A signal is heard between turns of the loop, and there is one only where somebody waits for it.
//
// Test: test/cli/artifacts.test.ts, test/cli/values.test.ts.

import { RunlogError } from '../index.ts';

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Does the work; its signal is aborted by Ctrl-C, which is raised again when the work has ended. */
export async function untilSignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let came: NodeJS.Signals | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    came ??= signal;
    stop.abort();
  };
  for (const each of signals) process.on(each, handle);
  try {
    await work(stop.signal);
  } catch (error) {
    const isOurs = error instanceof RunlogError && error.code === 'ABORTED';
    if (came === undefined || !isOurs) throw error;
  } finally {
    for (const each of signals) process.off(each, handle);
    if (came !== undefined) process.kill(process.pid, came);
  }
}

const TURN_MS = 20;

/** Between pieces of work that is done in one go: gives the loop its turn. @throws RunlogError ABORTED. */
export function turns(signal: AbortSignal): () => Promise<void> {
  let turnedAt = performance.now();
  return async () => {
    if (performance.now() - turnedAt < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    turnedAt = performance.now();
    if (signal.aborted) throw new RunlogError('ABORTED', 'ended by a signal');
  };
}
