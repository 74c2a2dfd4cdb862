// One call of git: what it may do, and why it did not answer.
//
// 1. Nothing is written and nothing of the repository's own is run: no optional locks, no hooks, no
//    file monitor, no pager, no fetching of missing objects.
// 2. The repository is that of the directory: GIT_DIR and the like, as a hook has them, are not
//    followed. Configuration from the environment is (safe.directory in a container).
// 3. Each call forks the process on this thread, which takes milliseconds, and tens of them where the
//    process is large: calls are few, and begun in turns of their own.
//
// Spec: spec/system-params.md, git_info. Test: test/system/environment/git.test.ts.

import { type CommandResult, runCommand } from './command.ts';

export interface GitOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Bytes of the diff that are read; 0: none. */
  readonly diffSizeMax: number;
  /** Of each call. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
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

export type Call = (args: readonly string[], sizeMax?: number) => Promise<CommandResult>;

export function callerOf(directory: string, options: GitOptions): Call {
  const environment = gitEnvironment(options.environment);
  return (args, sizeMax = FACTS_SIZE_MAX) =>
    runCommand('git', ['-C', directory, ...settings, ...args], {
      ...options,
      environment,
      sizeMax,
    });
}

export const isNoRepository = (result: CommandResult | undefined): boolean =>
  result?.how === 'ended' && /not a git repository/.test(result.complaint);

export function whyNot(what: string, { how, code, complaint }: CommandResult): string {
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
