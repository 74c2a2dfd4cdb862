// Pipes for the output of a child. Those that Node makes are sockets, which shows: `echo > /dev/stderr` in a
// script fails, and a writer whose reader has gone gets ECONNRESET in place of SIGPIPE.
//
// 1. A named pipe is made by mkfifo, opened at both ends, and its name is taken away before the child runs.
// 2. Where there is no mkfifo, or nowhere to make one, there are sockets.
//
// Spec: spec/terminal.md, Children. Test: test/sdk/spawn.test.ts, test/cli/exec.test.ts.

import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

export interface ChildPipe {
  /** For the child. Ours as well until `given`. */
  readonly end: number;
  readonly output: Readable;
  /** The child has its end, or never will: without ours the output ends when the last writer does. */
  given(): void;
}

const run = promisify(execFile);

/** So many pipes; undefined: there can be none. */
export async function childPipes(count: number): Promise<ChildPipe[] | undefined> {
  let directory: string | undefined;
  const pipes: ChildPipe[] = [];
  try {
    directory = await mkdtemp(join(tmpdir(), 'runlog-'));
    const paths = Array.from({ length: count }, (_, index) =>
      join(directory as string, `${index}`),
    );
    await run('mkfifo', ['-m', '600', ...paths]);
    for (const path of paths) pipes.push(openPipe(path));
    return pipes;
  } catch {
    discardPipes(pipes);
    return undefined;
  } finally {
    if (directory !== undefined)
      await rm(directory, { recursive: true, force: true }).catch(() => {});
  }
}

/** No child has got them. */
export function discardPipes(pipes: readonly ChildPipe[]): void {
  for (const pipe of pipes) {
    pipe.given();
    pipe.output.destroy();
  }
}

function openPipe(path: string): ChildPipe {
  // Our end first, which does not wait for a writer; the child's waits for room, as programs expect.
  const own = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let end: number;
  try {
    end = openSync(path, constants.O_WRONLY);
  } catch (error) {
    closeSync(own);
    throw error;
  }
  let isGiven = false;
  return {
    end,
    output: new Socket({ fd: own, readable: true, writable: false }),
    given() {
      if (!isGiven) closeSync(end);
      isGiven = true;
    },
  };
}
