// The first minute: what a person may do next, said beside the answer. JSON has no such lines.
//
// Test: test/cli/first-minute.test.ts.

import type { Repo } from '../index.ts';
import { counted, printAside } from './print.ts';

export const howToRecord = 'a program records one with: const run = await Run.open()';

/** Nothing was found to show. `what`: 'run', 'metric'. */
export function tellNothing(repo: Repo, what: string, words: readonly string[]): void {
  const runs = repo.hashes().length;
  if (runs === 0) printAside(`no runs in ${repo.path} yet; ${howToRecord}`);
  else if (what === 'live run')
    printAside(`no run of ${repo.path} is live; what begins is shown, Ctrl-C ends it`);
  else if (words.length === 0 && what === 'run')
    printAside(`every run in ${repo.path} is archived or deleted; --archived lists archived ones`);
  else
    printAside(
      `no ${what} found in ${counted(runs, 'run')} of ${repo.path}; ` +
        '`runlog params` and `runlog metrics` say what there is',
    );
}

/** As a shell takes it for one word that does nothing: names are anybody's, and hints are pasted. */
export const shellWord = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** To somebody who has one run so far: what can be done with it. */
export function tellNext(repo: Repo, ...commands: readonly string[]): void {
  if (repo.hashes().length !== 1) return;
  printAside(`next: ${commands.map((each) => `\`${each}\``).join(', ')}`);
}
