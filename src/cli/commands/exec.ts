// `runlog exec`: runs a program and records what it prints, how it ends, and what ran where.
//
// 1. What the program prints, its exit code and its signals are what they are without us: 128 + n for
//    signal n, 127 where there is no such program, 126 for one that cannot be run.
// 2. Options stand before the program: what stands behind its name is the program's own, with or without --.
// 3. It has a pipe in place of a terminal; the environment tells it what a terminal would have told.
//
// Spec: spec/terminal.md. Test: test/cli/exec.test.ts.

import { constants } from 'node:os';

import { type Command, Option } from 'commander';
import { Run, RunlogError, type SpawnResult } from '../../index.ts';
import { forwardSignals } from '../forward-signals.ts';
import { repoOption } from '../open.ts';
import { withExamples } from '../options.ts';
import { printAside } from '../print.ts';

interface ExecOptions {
  readonly experiment?: string;
  readonly name?: string;
  readonly runHash?: string;
  readonly tag?: readonly string[];
  readonly redact: boolean;
  readonly stripColors: boolean;
  readonly quiet: boolean;
}

const NOT_RUNNABLE = 126;
const NOT_FOUND = 127;
const BY_SIGNAL = 128;

async function exec(
  words: readonly string[],
  options: ExecOptions,
  command: Command,
): Promise<void> {
  const run = await open(options, command);
  // The one run that is closed as soon as it is opened to write.
  const isDisabled = run.recording === 'closed';
  const what = isDisabled ? 'RUNLOG_MODE=disabled: nothing is recorded' : undefined;
  if (!options.quiet) printAside(what ?? `run ${run.hash} in ${run.repo.path}`);
  // `main` ends the program at a closed pipe: here the child is told, and says how it ends.
  process.stdout.removeAllListeners('error').on('error', () => {});
  const [program = '', ...args] = words;
  const signals = forwardSignals();
  try {
    const result = await run.spawn(program, args, {
      stdin: 'inherit',
      params: 'exec',
      env: terminalEnvironment(),
      redact: options.redact,
      colors: options.stripColors ? 'strip' : 'keep',
      onStart: (child) => signals.to(child.kill),
    });
    process.exitCode = codeOf(result);
    await close(run, result);
  } catch (error) {
    await close(run, undefined, error);
    if (!(error instanceof RunlogError)) throw error;
    const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
    printAside(error.message);
    process.exitCode = code === 'ENOENT' ? NOT_FOUND : NOT_RUNNABLE;
  } finally {
    signals.stop();
  }
}

const open = (options: ExecOptions, command: Command): Promise<Run> => {
  const repo = repoOption(command);
  const { experiment, name, runHash, tag } = options;
  return Run.open({
    ...(repo === undefined ? {} : { repo }),
    ...(experiment === undefined ? {} : { experiment }),
    ...(name === undefined ? {} : { name }),
    ...(runHash === undefined ? {} : { runHash }),
    ...(tag === undefined ? {} : { tags: tag }),
    logSystemParams: true,
    onError: (error) => printAside(`${error.code}: ${error.message}`),
  });
};

/** What cannot be recorded is said; the exit code stays that of the program. */
async function close(run: Run, result: SpawnResult | undefined, error?: unknown): Promise<void> {
  const why = result === undefined ? error : endText(result);
  try {
    await run.close(why === undefined ? {} : { outcome: 'failed', error: why });
  } catch (failure) {
    printAside(failure instanceof Error ? failure.message : String(failure));
  }
}

/** Undefined: it ended well. */
function endText({ exitCode, signal }: SpawnResult): string | undefined {
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === 0 ? undefined : `exit code ${exitCode}`;
}

const codeOf = ({ exitCode, signal }: SpawnResult): number =>
  exitCode ?? BY_SIGNAL + constants.signals[(signal ?? 'SIGTERM') as NodeJS.Signals];

/** Colours, width and buffering as on the terminal that the output goes to; what is set stays. */
function terminalEnvironment(): Record<string, string> {
  const { stdout, env } = process;
  if (stdout.isTTY !== true) return {};
  const isColourChosen = (env['NO_COLOR'] ?? env['FORCE_COLOR']) !== undefined;
  const told = {
    ...(isColourChosen ? {} : { FORCE_COLOR: '1', CLICOLOR_FORCE: '1' }),
    PYTHONUNBUFFERED: '1',
    COLUMNS: String(stdout.columns),
  };
  return Object.fromEntries(Object.entries(told).filter(([name]) => env[name] === undefined));
}

const gather = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

export function addExec(program: Command): void {
  // Else the program's own --repo or --version would be taken for ours.
  program.enablePositionalOptions();
  withExamples(
    program
      .command('exec')
      .usage('[options] [--] <command...>')
      .passThroughOptions()
      .description('runs a program and records what it prints, how it ends, and the machine')
      .argument('<command...>', 'the program and its arguments; options of ours stand before it')
      // As behind every other command's name.
      .addOption(new Option('--repo <path>').hideHelp())
      .option('-e, --experiment <name>', 'of the run')
      .option('--name <name>', 'of the run')
      .option('--run-hash <hash>', 'goes on in this run; makes it where there is none')
      .addOption(new Option('-t, --tag <tag>', 'of the run (may be repeated)').argParser(gather))
      .addOption(
        new Option('--redact', 'take secrets out of the lines that are recorded').default(
          false,
          'off',
        ),
      )
      .addOption(
        new Option('--strip-colors', 'record lines without their colours').default(false, 'off'),
      )
      .addOption(
        new Option('-q, --quiet', 'do not print the hash of the run to stderr').default(
          false,
          'off',
        ),
      )
      .action(exec),
    ['runlog exec -- python3 train.py --lr 0.1', 'the exit code is that of the program'],
    ['runlog exec --name night --tag long -- ./run.sh', 'in a run of this name'],
  );
}
