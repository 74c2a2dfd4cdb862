// What else a word may have meant that is no run: a run by its name, an experiment, a tag, a metric, or a run that
// is called nearly so.
//
// 1. Looked for when something was not found, never before; it never fails, and it never ends a command.
//
// Test: test/cli/query.test.ts.

import { nearestName, type Repo } from '../index.ts';
import { shellWord } from './hints.ts';
import { objectsCalled } from './object-names.ts';

/** Runs through which is gone for a hint. */
const RUNS_MAX = 10_000;

/** `a run has this name: ...`; empty: nothing is called so. */
export async function meantBy(repo: Repo, text: string): Promise<string> {
  try {
    return (await namedSo(repo, text)) ?? '';
  } catch {
    return '';
  }
}

async function namedSo(repo: Repo, text: string): Promise<string | undefined> {
  const near = nearestName(text, repo.hashes());
  if (near !== undefined) return `near: ${near}`;
  if (repo.hashes().length > RUNS_MAX) return undefined;
  const quoted = JSON.stringify(text);
  const command = (query: string): string => `\`runlog ls ${shellWord(query)}\``;
  const query = `run.name == ${quoted} or run.experiment == ${quoted} or ${quoted} in run.tags`;
  const options = { archived: true, limit: 1, onUnreadable: () => {} };
  for await (const { hash, name, experiment } of repo.runs(query, options)) {
    if (name === text) return `a run has this name, ${hash}: ${command(`run.name == ${quoted}`)}`;
    return experiment === text
      ? `an experiment has this name: ${command(`run.experiment == ${quoted}`)}`
      : `runs have this tag: ${command(`${quoted} in run.tags`)}`;
  }
  for await (const _ of repo.metrics(`metric.name == ${quoted}`, options))
    return `a metric has this name: \`runlog metrics -m ${shellWord(text)}\``;
  const kind = await objectsCalled(repo, text);
  return kind && `${kind} have this name: \`runlog values <run> ${shellWord(text)}\``;
}
