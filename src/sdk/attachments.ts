// Everything that may be attached to a run, in the order in which it is begun.
//
// Test: test/sdk/lifecycle.test.ts.

import type { Attachment, RunInside } from './attachment.ts';
import { attachTerminal } from './run-terminal.ts';

type Attach = (run: RunInside) => Attachment | undefined;

const kinds: readonly Attach[] = [attachTerminal];

export const attachAll = (run: RunInside): Attachment[] =>
  kinds.map((attach) => attach(run)).filter((each) => each !== undefined);
