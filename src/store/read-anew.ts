// Reading what an owner may rewrite meanwhile.
//
// Test: test/store/log-contents.test.ts, test/store/object-oracle.test.ts.

import type { Log } from '../engine/index.ts';
import { errorCode } from '../errors.ts';

/** Readings anew when files keep vanishing: each means that an owner has rewritten. */
const TRIES = 8;

/** Reads; from the start, of the log as it is then, when a rewriting has taken a file away since. */
export function readAnew<T>(log: Pick<Log, 'renew'>, read: () => T, forget?: () => void): T {
  for (let tries = 1; ; tries += 1) {
    try {
      return read();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || tries === TRIES) throw error;
      forget?.();
      log.renew();
    }
  }
}
