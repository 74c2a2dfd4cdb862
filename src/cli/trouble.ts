// What a listing came upon and went on without: said beside the answer, and in the exit code.
//
// Test: test/cli/damage.test.ts.

import type { FailureCount, RepoReport, RunlogError, RunView } from '../index.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { counted, printAside } from './print.ts';

type Damage = RepoReport['damaged'][number];

/** The reason without the path, which stands beside it. Pure. */
export const reasonOf = ({ file, reason }: Damage): string =>
  (reason.startsWith(`${file}: `) ? reason.slice(file.length + 2) : reason).replaceAll(
    ` '${file}'`,
    '',
  );

/** Damage that reading the run has come upon. */
export function tellDamage(view: RunView): void {
  for (const each of view.damage) {
    const what = `damaged: ${each.size} bytes of ${each.file} (${reasonOf(each)})`;
    printAside(`${what}; run \`runlog verify\``);
    process.exitCode = exitCode.damage;
  }
}

/** A run that is left out because it cannot be read. */
export function tellUnreadable(hash: string, error: RunlogError): void {
  printAside(`left out: ${hash}: ${error.code}: ${error.message}; run \`runlog verify\``);
  process.exitCode = exitCodeOf(error);
}

/** Rows that a query left out because it failed on them: a missing value is no mistake, and is not told. */
export function tellFailures(failures: readonly FailureCount[]): void {
  const mistakes = failures.filter((each) => !each.isMissing);
  for (const { message, count, example } of mistakes.slice(0, 3))
    printAside(
      `left out where the query fails: ${counted(count, 'row')}, as ${example}: ${message}`,
    );
  if (mistakes.length > 3)
    printAside(`and ${mistakes.length - 3} other kinds; --strict stops at the first`);
}
