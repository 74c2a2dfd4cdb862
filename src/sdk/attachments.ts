// Everything that may be attached to a run, in the order in which it is begun.
//
// Test: test/sdk/lifecycle.test.ts.

import type { Attachment, RunInside } from './attachment.ts';
import { attachArtifacts } from './run-artifacts.ts';
import { attachTerminal } from './run-terminal.ts';
import { attachSystemParams } from './system-params.ts';
import { attachSystemTracking } from './system-tracking.ts';

type Attach = (run: RunInside) => Attachment | undefined;

const kinds: readonly Attach[] = [
  attachSystemTracking,
  attachSystemParams,
  attachTerminal,
  attachArtifacts,
];

export const attachAll = (run: RunInside): Attachment[] =>
  kinds.map((attach) => attach(run)).filter((each) => each !== undefined);
