// What exactly runs: the program, its arguments, its Node, its place.
//
// Spec: spec/system-params.md. Test: test/system/environment/program.test.ts.

import { hostname, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/** As the process has it: secrets are still in. */
export interface Program {
  readonly env: NodeJS.ProcessEnv;
  readonly executable: string;
  /** The entry file, then the program's own. */
  readonly arguments: readonly string[];
  readonly execArguments: readonly string[];
  /** Undefined: there is none, as with `node --eval`, in a REPL, or of a worker that is text. */
  readonly entry: string | undefined;
  /** Undefined: it was removed. */
  readonly directory: string | undefined;
  readonly nodeVersion: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly hostName: string;
  readonly user: string | undefined;
}

type ProcessFacts = Pick<
  NodeJS.Process,
  'env' | 'execPath' | 'argv' | 'execArgv' | 'version' | 'versions' | 'cwd'
>;

export function readProgram(process: ProcessFacts = globalThis.process): Program {
  const { env, execPath, argv, execArgv, version, versions } = process;
  return {
    env,
    executable: execPath,
    arguments: argv.slice(1),
    execArguments: execArgv,
    entry: entryOf(argv, execArgv),
    directory: directoryOf(process),
    nodeVersion: version,
    versions: Object.fromEntries(
      Object.entries(versions).filter((each): each is [string, string] => each[1] !== undefined),
    ),
    hostName: hostname(),
    user: userOf(env),
  };
}

/** After these the first argument is the program's own. */
const noEntryFlags = /^(?:-e|-p|-pe|-i|--eval|--print|--interactive)(?:=|$)/;

export function entryOf(argv: readonly string[], execArgv: readonly string[]): string | undefined {
  const entry = argv[1];
  // Node makes the path of the entry absolute; an own argument in its place mostly is not.
  if (entry === undefined || !isAbsolute(entry)) return undefined;
  return execArgv.some((each) => noEntryFlags.test(each)) ? undefined : entry;
}

function directoryOf(process: ProcessFacts): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** From the environment first: asking the system may ask a directory service, and waits for it. */
export function userOf(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['USER'] || env['LOGNAME'] || env['USERNAME'];
  if (named) return named;
  try {
    return userInfo().username;
  } catch {
    // The user id has no name here, as in many containers.
    return undefined;
  }
}

/** 'npm/10.9.0 node/v22.11.0 linux x64' or 'pnpm@9.1.0+sha512...': who started or manages it. */
export function packageManagerOf(
  env: NodeJS.ProcessEnv,
  field: string | null,
): { name: string; version?: string } | undefined {
  const agent = /^([\w-]+)\/(\S+)/.exec(env['npm_config_user_agent'] ?? '');
  const named = /^([\w-]+)@([^+\s]+)/.exec(field ?? '');
  const [, name, version] = agent ?? named ?? [];
  if (name === undefined) return undefined;
  return version === undefined || version === '?' ? { name } : { name, version };
}
