// Which code ran: branch, remote, commit, and what differs from it, as git tells it.
//
// 1. Nothing is written and nothing of the repository's own is run: no optional locks, no hooks, no
//    file monitor, no pager, no external diff or text conversion, no fetching of missing objects.
// 2. Every call has a limit of time and size; one that fails costs only what it would have told.
// 3. The repository is that of the directory: GIT_DIR and the like, as a hook has them, are not
//    followed. Configuration from the environment is (safe.directory in a container).
// 4. Each call forks the process on this thread, which takes milliseconds, and tens of them where the
//    process is large: calls are few, and begun in turns of their own. What the files of an ordinary
//    repository say is not asked for.
//
// Test: test/system/environment/git.test.ts.

import { basename, dirname, resolve } from 'node:path';

import type { CommitFacts, GitFacts } from '../../model/system-params.ts';
import { type CommandResult, runCommand } from './command.ts';
import { readBranch, readGitFiles } from './git-files.ts';
import { nextTurn } from './slices.ts';

export interface GitOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Bytes of the diff that are read; 0: none. */
  readonly diffSizeMax: number;
  /** Of each call. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface GitAnswer {
  /** Undefined: no repository is there. */
  readonly git: GitFacts | undefined;
  /** By the path of what is not known, as 'git_info.commit'; why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Lines of facts, a commit message: what is longer is nothing that a person wrote. */
const FACTS_SIZE_MAX = 1024 * 1024;

/** Of `git rev-parse --local-env-vars`: which repository, index and objects are meant. */
const LOCAL_VARIABLES = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

export function gitEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    // Traces are written to files that are named in the environment.
    ([name]) => !LOCAL_VARIABLES.has(name) && !name.startsWith('GIT_TRACE'),
  );
  return {
    ...Object.fromEntries(kept),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_PAGER: 'cat',
    LC_ALL: 'C',
  };
}

const settings = [
  '--no-pager',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'log.showSignature=false',
];

type Call = (args: readonly string[], sizeMax?: number) => Promise<CommandResult>;

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

function callerOf(directory: string, options: GitOptions): Call {
  const environment = gitEnvironment(options.environment);
  return (args, sizeMax = FACTS_SIZE_MAX) =>
    runCommand('git', ['-C', directory, ...settings, ...args], {
      ...options,
      environment,
      sizeMax,
    });
}

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
  const missing: Record<string, string> = {};
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

const isNoRepository = (result: CommandResult | undefined): boolean =>
  result?.how === 'ended' && /not a git repository/.test(result.complaint);

function remoteOf(remote: CommandResult, missing: Record<string, string>): string | undefined {
  if (remote.how === 'ended' && remote.code <= 1)
    return remote.output.toString().replace(/\r?\n$/, '') || undefined;
  missing['git_info.remote_origin_url'] = whyNot('git config', remote);
  return undefined;
}

/** A second working tree of a repository: its HEAD is its own, all else is shared. */
const isWorktree = (gitDirectory: string, common: string): boolean =>
  basename(dirname(gitDirectory)) === 'worktrees' && common !== gitDirectory;

const statusArguments = [
  'status',
  '--porcelain=v2',
  '--branch',
  '--no-ahead-behind',
  '--untracked-files=normal',
  '--ignore-submodules=untracked',
  '--no-renames',
  '-z',
];

const logArguments = [
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

function statusOf(
  result: CommandResult | undefined,
  missing: Record<string, string>,
): Status | undefined {
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
  readonly missing: Record<string, string>;
}

function commitOf(
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

const commitNames = ['commit.timestamp', 'commit.author', 'commit.message'];

const missingOfFiles = (why: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((each) => [`git_info.${each}`, `${why}; read from its files`]));

interface DiffQuestion {
  readonly diffSizeMax: number;
  readonly isDirty: boolean | undefined;
  readonly hasTree: boolean;
  readonly isUnborn: boolean;
  readonly missing: Record<string, string>;
}

async function diffOf(
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

/** Git does not answer: not a repository, or what its files tell. */
function withoutGit(result: CommandResult, files: GitFacts | undefined): GitAnswer {
  if (result.how === 'stopped') return { git: {}, missing: { git_info: whyNot('git', result) } };
  if (isNoRepository(result)) return NO_REPOSITORY;
  const why = whyNot('git', result);
  if (files === undefined) return { git: undefined, missing: { git_info: why } };
  const names = files.commit === undefined ? ['commit'] : commitNames;
  return { git: files, missing: missingOfFiles(why, [...names, 'dirty', 'diff']) };
}

function whyNot(what: string, { how, code, complaint }: CommandResult): string {
  switch (how) {
    case 'absent':
      return 'git is not installed, or not on PATH';
    case 'late':
      return `${what} took too long`;
    case 'cut':
      return `${what} printed too much`;
    case 'stopped':
      return `the run ended before ${what} answered`;
    case 'failed':
      return `${what} could not be run: ${complaint}`;
    case 'ended':
      return `${what} ended with ${code}${complaint === '' ? '' : `: ${complaint}`}`;
  }
}
