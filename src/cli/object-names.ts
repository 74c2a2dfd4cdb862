// A name that no metric has may be that of texts, images or other objects.
//
// Test: test/cli/values.test.ts.

import type { Repo } from '../index.ts';

const kinds = ['texts', 'images', 'distributions', 'figures'] as const;

/** Runs through which is gone for a hint. */
const RUNS_MAX = 10_000;

/** The kind of objects of this name; undefined: no run has some. */
export async function objectsCalled(
  repo: Repo,
  name: string,
): Promise<(typeof kinds)[number] | undefined> {
  if (repo.hashes().length > RUNS_MAX) return undefined;
  const options = { archived: true, limit: 1, onUnreadable: () => {} };
  for (const kind of kinds)
    for await (const _ of repo[kind](`${kind}.name == ${JSON.stringify(name)}`, options))
      return kind;
  return undefined;
}
