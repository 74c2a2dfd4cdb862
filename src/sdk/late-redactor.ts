// The redactor, loaded by those who need it: its rules cost an import what few programs use.
//
// Test: test/sdk/terminal.test.ts.

import type { RedactOptions, Redactor } from '../system/redact/redactor.ts';

let create: ((options?: RedactOptions) => Redactor) | undefined;

export async function loadRedactor(): Promise<void> {
  ({ createRedactor: create } = await import('../system/redact/redactor.ts'));
}

/** Requires: `loadRedactor` has resolved. */
export function loadedRedactor(options: RedactOptions | undefined): Redactor {
  if (create === undefined) throw new Error('the redactor was not loaded');
  const redactor = create(options);
  // What a program prints of its environment has no name beside it.
  redactor.know(process.env);
  return redactor;
}
