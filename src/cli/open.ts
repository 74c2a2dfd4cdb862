// The repo and the run that the arguments name.
//
// Test: test/cli/cli.test.ts.

import type { Command } from 'commander';
import { Repo, RunlogError, type RunView } from '../index.ts';

export const openRepo = (command: Command, options = { readOnly: true }): Promise<Repo> =>
  Repo.open(command.optsWithGlobals<{ repo?: string }>().repo, options);

/** By hash, unique prefix, or `-1` for the newest, `-2` for the one before it. */
export async function findRun(repo: Repo, text: string): Promise<RunView> {
  const place = /^-([1-9]\d*)$/.exec(text);
  if (place !== null) {
    let left = Number(place[1]);
    for await (const view of repo.runs({ archived: true })) {
      left -= 1;
      if (left === 0) return view;
    }
  } else {
    const view = await repo.run(text);
    if (view !== undefined) return view;
  }
  throw new RunlogError(
    'RUN_NOT_FOUND',
    `${text}: no such run in ${repo.path}; \`runlog ls\` lists them`,
  );
}
