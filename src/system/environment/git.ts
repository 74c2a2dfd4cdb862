// Which code ran: branch, remote, commit, and what differs from it.
//
// 1. What the files of an ordinary repository say is not asked of git; where its settings send git
//    elsewhere, git is asked where it is.
// 2. Without an answer of git there is what the files say, and why there is no more.
//
// Spec: spec/system-params.md, git_info. Test: test/system/environment/git.test.ts.

import { basename, dirname, resolve } from 'node:path';

import type { GitFacts } from '../../model/system-params.ts';
import type { CommandResult } from './command.ts';
import { type Call, callerOf, type GitOptions, isNoRepository, whyNot } from './git-call.ts';
import { readBranch, readGitFiles } from './git-files.ts';
import {
  commitNames,
  commitOf,
  diffOf,
  logArguments,
  type Missing,
  missingOfFiles,
  remoteOf,
  statusArguments,
  statusOf,
} from './git-state.ts';
import { nextTurn } from './slices.ts';

export interface GitAnswer {
  /** Undefined: no repository is there. */
  readonly git: GitFacts | undefined;
  /** By the path of what is not known, as 'git_info.commit'; why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** What is known of a repository before its state is asked for. */
export interface Repository {
  readonly facts: GitFacts;
  readonly hasTree: boolean;
  readonly isRemoteKnown: boolean;
}

/** Never rejects, as the two that it is made of. */
export async function readGit(directory: string, options: GitOptions): Promise<GitAnswer> {
  const place = await findRepository(directory, options);
  return 'missing' in place ? place : readRepository(directory, place, options);
}

/** What is known at once; or all that will be, where git cannot be asked more. */
export async function findRepository(
  directory: string,
  options: GitOptions,
): Promise<Repository | GitAnswer> {
  const files = await readGitFiles(directory);
  return files?.isPlain
    ? { facts: files.facts, hasTree: true, isRemoteKnown: true }
    : askPlace(callerOf(directory, options), directory, files?.facts);
}

/** Commit, state and diff of what was found. */
export const readRepository = (
  directory: string,
  found: Repository,
  options: GitOptions,
): Promise<GitAnswer> => askState(callerOf(directory, options), found, options.diffSizeMax);

/** Where the files do not tell all: bare, included settings, a working tree elsewhere. */
async function askPlace(
  call: Call,
  directory: string,
  files: GitFacts | undefined,
): Promise<Repository | GitAnswer> {
  const where = await call([
    'rev-parse',
    '--is-bare-repository',
    '--is-inside-work-tree',
    '--is-shallow-repository',
    '--absolute-git-dir',
    '--git-common-dir',
    '--show-toplevel',
  ]);
  const lines = where.output.toString().split('\n');
  const [bare, inside, shallow, gitDirectory = '', common = '', ...rest] = lines;
  // In a bare repository the last question fails and the others are answered.
  if (where.how !== 'ended' || lines.length < 6) return withoutGit(where, files);
  const root = rest.slice(0, -1).join('\n');
  const facts = {
    ...(await readBranch(gitDirectory)),
    ...(files?.commit !== undefined && { commit: files.commit }),
    shallow: shallow === 'true',
    bare: bare === 'true',
    worktree: isWorktree(gitDirectory, resolve(directory, common)),
    ...(root === '' ? {} : { root }),
  };
  return { facts, hasTree: inside === 'true' && where.code === 0, isRemoteKnown: false };
}

async function askState(call: Call, place: Repository, diffSizeMax: number): Promise<GitAnswer> {
  const { facts, hasTree, isRemoteKnown } = place;
  const missing: Missing = {};
  const statusCall = hasTree ? call(statusArguments) : undefined;
  await nextTurn();
  const logCall = call(logArguments);
  if (!isRemoteKnown) await nextTurn();
  const remoteCall = isRemoteKnown ? undefined : call(['config', '--get', 'remote.origin.url']);
  const [status, log, remote] = await Promise.all([statusCall, logCall, remoteCall]);
  // Git has rules of its own for where it looks.
  if (isNoRepository(status)) return NO_REPOSITORY;
  const state = statusOf(status, missing);
  const isUnborn = state?.hash === '(initial)';
  const commit = commitOf(log, { isUnborn, known: facts.commit, missing });
  const url = remote === undefined ? facts.remote_origin_url : remoteOf(remote, missing);
  const diff = await diffOf(call, {
    diffSizeMax,
    isDirty: state?.dirty,
    hasTree,
    isUnborn,
    missing,
  });
  const { commit: _, ...others } = facts;
  const git: GitFacts = {
    ...others,
    ...(facts.branch === undefined && state !== undefined ? state.branch : {}),
    ...(url === undefined ? {} : { remote_origin_url: url }),
    ...(commit === undefined ? {} : { commit }),
    ...(state === undefined ? {} : { dirty: state.dirty, untracked: state.untracked }),
    ...diff,
  };
  return { git, missing };
}

const NO_REPOSITORY: GitAnswer = { git: undefined, missing: { git_info: 'not a git repository' } };

/** A second working tree of a repository: its HEAD is its own, all else is shared. */
const isWorktree = (gitDirectory: string, common: string): boolean =>
  basename(dirname(gitDirectory)) === 'worktrees' && common !== gitDirectory;

/** Git does not answer: not a repository, or what its files tell. */
function withoutGit(result: CommandResult, files: GitFacts | undefined): GitAnswer {
  if (result.how === 'stopped') return { git: {}, missing: { git_info: whyNot('git', result) } };
  if (isNoRepository(result)) return NO_REPOSITORY;
  const why = whyNot('git', result);
  if (files === undefined) return { git: undefined, missing: { git_info: why } };
  const names = files.commit === undefined ? ['commit'] : commitNames;
  return { git: files, missing: missingOfFiles(why, [...names, 'dirty', 'diff']) };
}
