// A pseudo terminal of a known size, by Python's pty module, and what a screen of that size shows at the
// end: enough of a terminal for what the command writes.

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { inject } from 'vitest';

export interface Played {
  readonly status: number | null;
  /** All that was written, with its escape sequences. */
  readonly written: string;
  /** Lines of the screen at the end, without colours; what scrolled out above is among them. */
  readonly screen: readonly string[];
}

/** Runs a command in a terminal of the given size; copies standard input and output. */
const player = `
import fcntl, os, pty, select, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
sources = [terminal, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        data = os.read(0, 4096)
        if data: os.write(terminal, data)
        else: sources.remove(0)
    if terminal in ready:
        try: data = os.read(terminal, 4096)
        except OSError: break
        if not data: break
        os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Undefined: there is one. Else why not. */
export function noTerminal(): string | undefined {
  const check =
    'import fcntl, os, pty, termios; os.close(os.openpty()[0]); os.waitstatus_to_exitcode';
  const { status } = spawnSync('python3', ['-c', check]);
  return status === 0 ? undefined : 'no python3 with the pty module here';
}

export interface PlayOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Told all that was written so far, each time; what it returns is typed. */
  readonly type?: (written: string) => string | undefined;
}

/** Runs `runlog` in a terminal. */
export async function play(
  directory: string,
  args: readonly string[],
  options: PlayOptions = {},
): Promise<Played> {
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const played = await playProgram(directory, [process.execPath, program, ...args], options);
  return { ...played, screen: screenOf(played.written) };
}

/** Runs a program in a terminal. */
export function playProgram(
  directory: string,
  command: readonly string[],
  { columns = 80, rows = 24, env = {}, type }: PlayOptions = {},
): Promise<Omit<Played, 'screen'>> {
  const size = [String(columns), String(rows)];
  const child = spawn('python3', ['-c', player, ...size, ...command], {
    cwd: directory,
    env: {
      ...process.env,
      RUNLOG_REPO: '',
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      TERM: 'xterm',
      TZ: 'UTC',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
    const typed = type?.(written);
    if (typed !== undefined) child.stdin.write(typed);
  });
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, written }));
  });
}

/** CR, LF, CSI A B J K and m: what the command writes. Anything else is an error of the command. */
export function screenOf(written: string): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC begins them.
  for (const [part] of written.matchAll(/\u001b\[[0-9;]*[A-Za-z]|./gsu)) {
    const [, count, kind] = /^.\[([0-9;]*)([A-Za-z])$/u.exec(part) ?? [];
    if (part === '\r') column = 0;
    else if (part === '\n' || kind === 'B') row += kind === 'B' ? Number(count || 1) : 1;
    else if (kind === 'A') row = Math.max(0, row - Number(count || 1));
    else if (kind === 'K') lines[row] = [];
    else if (kind === 'J') lines.splice(row, Number.POSITIVE_INFINITY, []);
    else if (kind === undefined && part >= ' ') (lines[row] as string[])[column++] = part;
    else if (kind !== 'm' && !/^[GnHhl]$/.test(kind ?? ''))
      throw new Error(`not known: ${JSON.stringify(part)}`);
    while (lines.length <= row) lines.push([]);
  }
  return lines.map((line) =>
    Array.from(line, (each) => each ?? ' ')
      .join('')
      .trimEnd(),
  );
}
