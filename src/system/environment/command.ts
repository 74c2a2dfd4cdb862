// One program run to its end, within a time and a size, never through a shell.
//
// 1. Never rejects: how it went is in the result, with what was printed until then.
// 2. Never keeps the process alive; what is still running when it is aborted is killed.
//
// Test: test/system/environment/command.test.ts.

import { type ChildProcess, type ExecFileException, execFile } from 'node:child_process';
import { parse } from 'node:path';

export interface CommandOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Bytes of standard output; the program is killed when it prints more. */
  readonly sizeMax: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * ended: with `code`. cut: it printed more than `sizeMax`. late: it took too long. absent: there is no
 * such program. stopped: by the signal. failed: it could not be run, or something killed it.
 */
export interface CommandResult {
  readonly how: 'ended' | 'cut' | 'late' | 'absent' | 'stopped' | 'failed';
  /** 0 unless `how` is 'ended'. */
  readonly code: number;
  readonly output: Buffer;
  /** The first line of standard error, or what kept it from running. */
  readonly complaint: string;
}

const NOTHING = Buffer.alloc(0);

export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { environment, timeoutMs, sizeMax, signal } = options;
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve({ how: 'stopped', code: 0, output: NOTHING, complaint: '' });
      return;
    }
    const settings = {
      // Not the own one: it may be gone, which would look as if the program were.
      cwd: parse(process.execPath).root,
      env: environment,
      encoding: 'buffer',
      maxBuffer: sizeMax,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      windowsHide: true,
      ...(signal === undefined ? {} : { signal }),
    } as const;
    try {
      const child = execFile(program, args, settings, (error, output, complaint) =>
        resolve(resultOf(error, output, complaint, signal)),
      );
      letGo(child);
    } catch (error) {
      resolve({ how: 'failed', code: 0, output: NOTHING, complaint: String(error) });
    }
  });
}

/** What waits for it has a timer of its own where the process must not end before. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as { unref?: () => void } | null)?.unref?.();
}

function resultOf(
  error: ExecFileException | null,
  output: Buffer,
  complaint: Buffer,
  signal: AbortSignal | undefined,
): CommandResult {
  const said = firstLine(complaint.toString());
  if (error === null) return { how: 'ended', code: 0, output, complaint: said };
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return { how: 'ended', code, output, complaint: said };
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return { how: 'cut', code: 0, output, complaint: said };
  if (signal?.aborted) return { how: 'stopped', code: 0, output, complaint: said };
  if (code === 'ENOENT') return { how: 'absent', code: 0, output, complaint: error.message };
  if (error.killed) return { how: 'late', code: 0, output, complaint: said };
  return { how: 'failed', code: 0, output, complaint: said === '' ? error.message : said };
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';
