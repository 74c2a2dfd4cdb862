// The repo and the run that the arguments name.
//
// Test: test/cli/cli.test.ts, test/cli/usage.test.ts.

import type { Command } from 'commander';
import { Repo, RunlogError, type RunView } from '../index.ts';
import { howToRecord, shellWord } from './hints.ts';
import { meantBy } from './named.ts';
import { counted } from './print.ts';
import { tellUnreadable } from './trouble.ts';

/** The path given by --repo, or undefined. */
export const repoOption = (command: Command): string | undefined =>
  command.optsWithGlobals<{ repo?: string }>().repo;

/** RUNLOG_REPO, where it says something. */
export const repoVariable = (): string | undefined => process.env['RUNLOG_REPO'] || undefined;

/** Also for reading it is opened to write: what a scan learns of the runs is kept for the next one. */
export const openRepo = (command: Command): Promise<Repo> => Repo.open(repoOption(command));

/** Characters of a hash that are enough, where no other begins with them. */
const PREFIX = 4;

/** By hash, unique prefix, or `-1` for the newest, `-2` for the one before it. */
export async function findRun(repo: Repo, text: string): Promise<RunView> {
  if (text === '') throw new TypeError('run: expected a hash, a prefix or -1, got an empty string');
  const place = /^-([1-9]\d*)$/.exec(text);
  if (place !== null) return runAt(repo, Number(place[1]));
  const view = await repo.run(text);
  if (view !== undefined) return view;
  if (repo.hashes().length === 0) throw noRuns(repo, text);
  const hint = text.length < PREFIX ? `a prefix has ${PREFIX} characters or more; ` : '';
  const meant = await meantBy(repo, text);
  if (meant === '' && isQueryLike(text))
    throw new TypeError(
      `run: one is taken here, a hash, a prefix of it or -1, and no query; \`runlog ls ${shellWord(text)}\` lists what matches`,
    );
  throw new RunlogError(
    'RUN_NOT_FOUND',
    `${text}: no such run in ${repo.path}; ${hint}${meant === '' ? '' : `${meant}; `}\`runlog ls\` lists them`,
  );
}

/** Names of runs are anybody's, but few have these. */
const isQueryLike = (text: string): boolean =>
  /==|!=|[<>]|^(run|metric)[.[]| (in|is|and|or) |^not /.test(text);

/** From 1: the newest. */
async function runAt(repo: Repo, place: number): Promise<RunView> {
  let count = 0;
  for await (const view of repo.runs({ archived: true, onUnreadable: tellUnreadable })) {
    count += 1;
    if (count === place) return view;
  }
  if (count === 0) throw noRuns(repo, `-${place}`);
  throw new RunlogError(
    'RUN_NOT_FOUND',
    `-${place}: ${counted(count, 'run')} only in ${repo.path}`,
  );
}

const noRuns = (repo: Repo, text: string): RunlogError =>
  new RunlogError('RUN_NOT_FOUND', `${text}: no runs yet in ${repo.path}; ${howToRecord}`);

/** Characters of a generated hash that are shown, where they are enough. */
const SHORT = 8;

/** What stands for a hash in a table: can be given to every command. Pure. */
export function shortHashes(hashes: readonly string[]): (hash: string) => string {
  const sorted = [...hashes].sort();
  const places = new Map(sorted.map((hash, index) => [hash, index]));
  const common = (a: string, b: string | undefined): number => {
    let length = 0;
    while (b !== undefined && length < a.length && a[length] === b[length]) length += 1;
    return length;
  };
  return (hash) => {
    // A name that somebody chose says more as a whole.
    const place = /^[0-9a-f]{24}$/.test(hash) ? places.get(hash) : undefined;
    if (place === undefined) return hash;
    const shared = Math.max(common(hash, sorted[place - 1]), common(hash, sorted[place + 1]));
    return hash.slice(0, Math.max(SHORT, shared + 1));
  };
}
