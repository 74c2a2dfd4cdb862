// Completion in the shells themselves: each takes its script, and a TAB that somebody types brings what the
// repo holds, also inside quotes. Skipped, with the reason, where a shell is not installed.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, inject, it } from 'vitest';
import { runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';
import { noTerminal, playProgram } from './pseudo-terminal.ts';

const directory = workDirectory();
const scriptOf = (name: string): string => join(directory, `completion.${name}`);
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const terminal = noTerminal();

beforeAll(async () => {
  await makeRepo(directory);
  for (const name of ['bash', 'zsh', 'fish'])
    writeFileSync(scriptOf(name), (await runlogHere(directory, ['complete', name])).out);
  // `runlog` on the PATH.
  const program = join(inject('toolsDirectory'), 'src/cli/main.js');
  const text = `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`;
  writeFileSync(join(directory, 'runlog'), text, { mode: 0o755 });
});

const environment = (): Record<string, string> => ({
  PATH: `${directory}:${process.env['PATH']}`,
  RUNLOG_REPO: 'kept',
  HOME: directory,
  ZDOTDIR: directory,
  PS1: '> ',
});

/** What is typed before a TAB, and the line that it becomes. */
const lines: readonly (readonly [typed: string, line: string])[] = [
  ['show bb', `show ${HASHES[2]} `],
  ['export --wh', 'export --what '],
  ['export --what met', 'export --what metrics '],
  ['plot -m acc', 'plot -m accuracy '],
  ['query -g run.see', 'query -g run.seed '],
  ["ls 'run.hparams.opt", "ls 'run.hparams.optimizer' "],
  ["ls 'run.seed > 1 and run.hparams.opt", "ls 'run.seed > 1 and run.hparams.optimizer' "],
  [`metrics 'metric.name == "acc`, `metrics 'metric.name == "accuracy' `],
];

/** Ctrl-G writes down what the line has become. */
const startFiles: Readonly<Record<string, string>> = {
  bash: String.raw`. "$HOME/completion.bash"
write() { printf '%s\n' "$READLINE_LINE" >> "$HOME/lines.bash"; echo =written=; }
bind -x '"\C-g": write'
echo =ready=
`,
  zsh: `autoload -Uz compinit && compinit -u -D
source "$HOME/completion.zsh"
write() { print -r -- "$BUFFER" >> "$HOME/lines.zsh"; print '=written=' }
zle -N write
bindkey '^G' write
bindkey '^U' kill-whole-line
print '=ready='
`,
};

/** Types each line and a TAB, in a shell that somebody sits at. */
async function completed(shell: string, command: readonly string[]): Promise<string[]> {
  let told = 0;
  await playProgram(directory, command, {
    columns: 200,
    env: { ...environment(), TERM: 'xterm' },
    type(written) {
      const seen = written.match(/=(?:ready|written)=\r/g)?.length ?? 0;
      if (seen <= told) return undefined;
      told = seen;
      const [typed] = lines[seen - 1] ?? [];
      const clear = seen === 1 ? '' : '\u0015';
      return `${clear}${typed === undefined ? 'exit\r' : `runlog ${typed}\t\u0007`}`;
    },
  });
  return readFileSync(join(directory, `lines.${shell}`), 'utf8')
    .trimEnd()
    .split('\n');
}

it.for([
  ['bash', (file: string) => ['bash', '--noprofile', '--rcfile', file, '-i']],
  ['zsh', () => ['zsh', '-i']],
] as const)('%s completes what is typed before a TAB', async ([shell, commandOf], context) => {
  if (terminal !== undefined) return context.skip(terminal);
  if (!has(shell)) return context.skip(`no ${shell} here`);
  const file = join(directory, shell === 'zsh' ? '.zshrc' : 'bashrc');
  writeFileSync(file, startFiles[shell] as string);
  const found = await completed(shell, commandOf(file));
  // Whether it ends a word, and the quotes around it, is for each shell to say.
  const plain = (line: string): string => line.trim().replace(/'$/, '');
  expect(found.map(plain)).toEqual(lines.map(([, line]) => plain(`runlog ${line}`)));
});

it('fish proposes what stands for the word that is typed', (context) => {
  if (!has('fish')) return context.skip('no fish here');
  const ask = lines.map(([typed]) => `complete -C ${quoted(`runlog ${typed}`)}; echo =`).join('; ');
  const { stdout, stderr } = spawnSync(
    'fish',
    ['--no-config', '-c', `source ${quoted(scriptOf('fish'))}; ${ask}`],
    {
      cwd: directory,
      encoding: 'utf8',
      // In a locale of ASCII fish does not find a program by a path with other letters.
      env: { ...process.env, ...environment(), LC_ALL: 'C.UTF-8' },
    },
  );
  expect(stderr).toBe('');
  const proposed = stdout.split('=\n').slice(0, -1);
  // The whole word, without its quotes.
  const words = lines.map(([, line]) => /'(.*)'|(\S+) $/.exec(line)?.slice(1).find(Boolean));
  expect(proposed.map((text) => text.trimEnd().split('\t')[0])).toEqual(words);
});

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
