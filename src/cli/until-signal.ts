// Work that a signal ends: it takes away what it has half done, then the program ends as it ends any.
//
// Test: test/cli/artifacts.test.ts.

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
