// The redactor, loaded by those who need it: its rules cost an import what few programs use.
//
// 1. It is there before a run is open that asks for it: an error that ends the process at once leaves
//    no time to load anything.
//
// Spec: spec/redaction.md. Test: test/sdk/terminal.test.ts, test/sdk/leak.test.ts.

import type { KeptError } from '../store/kept-error.ts';
import type { RedactOptions, Redactor } from '../system/redact/redactor.ts';
import type { RunOptions } from './options.ts';

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

/** Whether secrets are taken out of the errors that end a run: where any of its options speaks of them. */
function isRedacting({
  logSystemParams = false,
  captureTerminalLogs,
  redact,
}: RunOptions): boolean {
  const isOfLines = typeof captureTerminalLogs === 'object' && captureTerminalLogs.redact === true;
  return logSystemParams !== false || isOfLines || redact !== undefined;
}

/** What a run of these options needs to have been loaded. Rejects nothing: it is no reason not to open. */
export async function prepareRedactor(options: RunOptions): Promise<void> {
  // No file left for it, which Node takes for its answer ever after.
  if (isRedacting(options)) await loadRedactor().catch(() => {});
}

/** Requires: `prepareRedactor` has resolved. Without the rules nothing but the name is recorded. */
export function redactedError(error: KeptError, options: RunOptions): KeptError {
  if (!isRedacting(options)) return error;
  if (create === undefined) return { name: error.name, message: '[redacted]', stack: '' };
  const redactor = loadedRedactor(options.redact);
  const textsOf = ({ name, message, stack }: KeptError): KeptError => ({
    name: redactor.text(name),
    message: redactor.text(message),
    stack: redactor.text(stack),
  });
  const causes = error.causes?.map(textsOf);
  return causes === undefined ? textsOf(error) : { ...textsOf(error), causes };
}
