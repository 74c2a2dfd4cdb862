// The state of a repository, as git tells it: commit, remote, and what differs from the commit.
//
// 1. An answer that fails costs only what it would have told; why is said.
// 2. An answer that is not what was asked for is none: its end alone says nothing.
// 3. The diff is one that git applies, without external programs or conversions of text.
//
// Spec: spec/system-params.md, git_info. Test: test/system/environment/git.test.ts.

import type { CommitFacts, GitFacts } from '../../model/system-params.ts';
import type { CommandResult } from './command.ts';
import { type Call, whyNot } from './git-call.ts';

/** By the path of what is not known, as 'git_info.commit'; why. */
export type Missing = Record<string, string>;

export const statusArguments = [
  'status',
  '--porcelain=v2',
  '--branch',
  '--no-ahead-behind',
  '--untracked-files=normal',
  '--ignore-submodules=untracked',
  '--no-renames',
  '-z',
];

export const logArguments = [
  'log',
  '-1',
  '--no-color',
  '--no-mailmap',
  '--encoding=UTF-8',
  '--date=iso-strict',
  // Names may hold anything but NUL; the message comes last.
  '--format=%h%x00%H%x00%ad%x00%an%x00%B',
  'HEAD',
  '--',
];

interface Status {
  readonly branch: { branch: string; detached: boolean };
  readonly hash: string;
  readonly dirty: boolean;
  readonly untracked: number;
}

export function statusOf(result: CommandResult | undefined, missing: Missing): Status | undefined {
  if (result === undefined) {
    missing['git_info.dirty'] = 'there is no working tree';
    return undefined;
  }
  if (result.how !== 'cut' && (result.how !== 'ended' || result.code !== 0)) {
    missing['git_info.dirty'] = whyNot('git status', result);
    return undefined;
  }
  const lines = result.output.toString().split('\0');
  if (!lines.some((each) => each.startsWith('# branch.oid '))) {
    missing['git_info.dirty'] = 'git status printed something else than was asked for';
    return undefined;
  }
  if (result.how === 'cut') missing['git_info.untracked'] = 'more files than were counted';
  const header = (name: string): string =>
    lines.find((each) => each.startsWith(`# ${name} `))?.slice(name.length + 3) ?? '';
  const head = header('branch.head');
  const detached = head === '(detached)';
  return {
    branch: { branch: detached ? 'HEAD' : head, detached },
    hash: header('branch.oid'),
    dirty: lines.some((each) => /^[12u] /.test(each)),
    untracked: lines.filter((each) => each.startsWith('? ')).length,
  };
}

interface CommitQuestion {
  readonly isUnborn: boolean;
  /** From the files. */
  readonly known: CommitFacts | undefined;
  readonly missing: Missing;
}

export function commitOf(
  log: CommandResult,
  { isUnborn, known, missing }: CommitQuestion,
): CommitFacts | undefined {
  const isWhole = log.how === 'cut' || (log.how === 'ended' && log.code === 0);
  const [hash = '', full = '', timestamp = '', author = '', ...message] = log.output
    .toString()
    .split('\0');
  if (isWhole && /^[0-9a-f]{40,64}$/.test(full))
    return {
      hash,
      full_hash: full,
      ...(timestamp === '' ? {} : { timestamp }),
      author,
      message: message.join('\0').trimEnd(),
    };
  if (known === undefined)
    missing['git_info.commit'] = isUnborn ? 'the branch has no commit yet' : whyNot('git log', log);
  else Object.assign(missing, missingOfFiles(whyNot('git log', log), commitNames));
  return known;
}

export const commitNames = ['commit.timestamp', 'commit.author', 'commit.message'];

export const missingOfFiles = (why: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((each) => [`git_info.${each}`, `${why}; read from its files`]));

export function remoteOf(remote: CommandResult, missing: Missing): string | undefined {
  if (remote.how === 'ended' && remote.code <= 1)
    return remote.output.toString().replace(/\r?\n$/, '') || undefined;
  missing['git_info.remote_origin_url'] = whyNot('git config', remote);
  return undefined;
}

interface DiffQuestion {
  readonly diffSizeMax: number;
  readonly isDirty: boolean | undefined;
  readonly hasTree: boolean;
  readonly isUnborn: boolean;
  readonly missing: Missing;
}

export async function diffOf(
  call: Call,
  { diffSizeMax, isDirty, hasTree, isUnborn, missing }: DiffQuestion,
): Promise<GitFacts> {
  const unknown = (why: string): GitFacts => {
    missing['git_info.diff'] = why;
    return {};
  };
  if (!hasTree) return unknown('there is no working tree');
  if (diffSizeMax === 0) return unknown('not asked for: diffSizeMax is 0');
  if (isUnborn) return unknown('the branch has no commit yet');
  if (isDirty === false) return { diff: '', diff_truncated: false };
  // Without an answer of status the same question would be asked of a repository that has none.
  if (isDirty === undefined) return unknown(missing['git_info.dirty'] ?? 'git status failed');
  const result = await call(diffArguments, diffSizeMax);
  if (result.how === 'ended' && result.code === 0)
    return { diff: result.output.toString(), diff_truncated: false };
  if (result.how !== 'cut' && !(result.how === 'late' && result.output.length > 0))
    return unknown(whyNot('git diff', result));
  return { diff: result.output.toString(), diff_truncated: true };
}

const diffArguments = [
  'diff',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--no-relative',
  '--submodule=short',
  '--ignore-submodules=untracked',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--unified=3',
  'HEAD',
  '--',
];
