// How a run or an opening of it ended, as a person reads it. Pure, but for the styles of a terminal.
//
// Test: test/cli/ending.test.ts.

import type { KeptError, OpeningFacts, RunView } from '../index.ts';
import { escaped, print, styled } from './print.ts';

/** Lines of a stack that are shown; JSON has all. */
const STACK_LINES = 20;

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** `RangeError: diverged`: name and first line of the message. */
export const errorText = ({ name, message }: KeptError): string =>
  message === '' ? name : `${name}: ${firstLine(message)}`;

/** `exit 3`, `uncaught, exit 1`, `killed`, `closed`. */
export function endingText({ ending, exitCode }: OpeningFacts): string {
  if (ending === 'exited') return `exit ${exitCode}`;
  return exitCode === undefined ? ending : `${ending}, exit ${exitCode}`;
}

/** What is worth a word beside the state: how it ended if not by a close, and why it failed. */
export function endedText(view: RunView): string {
  const last = view.lastOpenings;
  // The one that makes the run what its state says; one that failed before another that finished.
  const told = last.find((each) => (each.outcome ?? each.ending) === view.state) ?? last[0];
  if (told === undefined) return '';
  const { ending, error } = told;
  const isPlain = ending === 'closed' || ending === 'disposed' || ending === view.state;
  const parts = [isPlain ? '' : endingText(told), error === undefined ? '' : errorText(error)];
  return parts.filter((part) => part !== '').join(': ');
}

/** Stack and causes of the newest opening, where it ended by an error. */
export function showError(view: RunView): void {
  const { error, writer } = view.openings.at(-1) ?? {};
  if (error === undefined) return;
  print('');
  print(styled('red', escaped(`${writer}: ${errorText(error)}`)));
  const lines = error.stack.split('\n').filter((line) => /^\s+at /.test(line));
  for (const line of lines.slice(0, STACK_LINES)) print(styled('dim', escaped(line)));
  if (lines.length > STACK_LINES)
    print(styled('dim', `    (${lines.length - STACK_LINES} more lines: --json)`));
  for (const cause of error.causes ?? []) print(escaped(`  caused by ${errorText(cause)}`));
}
