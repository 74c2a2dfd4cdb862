// Each example of each help page does what it says, as it is written, in a small repo: what is copied from
// there works.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, inject, it } from 'vitest';
import { commandEntries } from '../../src/cli/commands.ts';
import { Image, Run } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
/** In each a copy of the repo: examples of a command follow each other, as they stand. */
const placeOf = (name: string): string => join(directory, 'places', name, 'here');

beforeAll(async () => {
  const kept = join(directory, 'kept');
  for (const [index, runHash] of [
    'baseline',
    '3fa9'.padEnd(24, '2'),
    '77b0'.padEnd(24, '1'),
  ].entries()) {
    const run = await Run.open({ repo: kept, runHash, systemTrackingInterval: null });
    run.set('hparams', { lr: 10 ** -index });
    if (index === 2) run.addTag('best');
    for (let step = 0; step < 1100; step += 100) {
      run.track(1 / (step + 1), { name: 'loss', step });
      run.track(2 / (step + 1), { name: 'loss', step, context: { subset: 'val' } });
    }
    const data = new Uint8Array(3);
    run.track(new Image({ data, width: 1, height: 1, channels: 3 }), { name: 'samples' });
    run.log.warn('slow');
    if (index === 2)
      await run.logArtifact(join(import.meta.dirname, 'fixture.ts'), { name: 'model' });
    await run.close();
  }
  for (const name of ['', ...commandEntries.map((each) => each.name)]) {
    const place = placeOf(`of-${name}`);
    mkdirSync(join(place, '../home/.config/fish/completions'), { recursive: true });
    cpSync(kept, place, { recursive: true });
    cpSync(kept, join(place, '../home/experiments'), { recursive: true });
    writeFileSync(join(place, 'train.py'), '');
    writeFileSync(join(place, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  }
});

/** What needs a shell: it is run by one, everything else within this process. */
const needsShell = (typed: string): boolean => /[|><&~]|exec/.test(typed);

function inShell(place: string, typed: string): Answer {
  const shell = typed.includes('zsh') ? 'zsh' : 'bash';
  // It is said to stand after compinit.
  const before = shell === 'zsh' ? 'autoload -U compinit && compinit -D -u; ' : '';
  const script = `${before}set -o pipefail; runlog() { "$NODE" "$PROGRAM" "$@"; }; ${typed}`;
  const ended = spawnSync(shell, ['-c', script], {
    cwd: place,
    encoding: 'utf8',
    env: {
      ...process.env,
      HOME: join(place, '../home'),
      NODE: process.execPath,
      PROGRAM: join(inject('toolsDirectory'), 'src/cli/main.js'),
      RUNLOG_REPO: undefined,
    },
  });
  return { status: ended.status, out: ended.stdout, err: ended.stderr };
}

/** What a shell makes of the line: words, some of them in quotes. */
const wordsOf = (typed: string): string[] =>
  [...typed.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');

const missing = (typed: string): string | undefined =>
  ['jq', 'python3', 'zsh', 'bash'].find(
    (each) =>
      (typed.includes(each) || (each === 'bash' && needsShell(typed))) &&
      spawnSync(each, ['--version']).error,
  );

describe.each(['', ...commandEntries.map(({ name }) => name)])('the help of %j', (name) => {
  it('has examples that do what they say', async (context) => {
    const { out } = await runlogHere(directory, name === '' ? ['--help'] : [name, '--help']);
    const examples = [...out.matchAll(/^ {2}\$ (.+?)(?: {2,}(.+))?$/gm)];
    expect(examples.length).toBeGreaterThan(0);
    for (const [, typed = '', does = ''] of examples) {
      // It goes on until Ctrl-C.
      if (typed === 'runlog follow') continue;
      const absent = missing(typed);
      if (absent !== undefined) {
        context.annotate(`no ${absent} here: ${typed}`);
        continue;
      }
      const place = placeOf(`of-${name}`);
      const answer = needsShell(typed)
        ? inShell(place, typed)
        : await runlogHere(place, wordsOf(typed).slice(1));
      // Here nobody can be asked.
      if (/^asks/.test(does))
        expect([typed, answer.err]).toEqual([
          typed,
          expect.stringMatching(/give --yes|nothing to repair/),
        ]);
      else
        expect([typed, answer.status, answer.err]).toEqual([
          typed,
          0,
          expect.not.stringMatching(/near:|no such/),
        ]);
    }
  });
});
