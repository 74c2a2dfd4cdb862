// Somebody who has just begun is told what to do next: without a repo, with an empty one, after the first
// run. Programs that read JSON are not.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { commandEntries } from '../../src/cli/commands.ts';
import { Run } from '../../src/index.ts';
import { runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
const place = (name: string): string => join(directory, name);

/** What each command needs to be called at all. */
const operands: Readonly<Record<string, readonly string[]>> = {
  show: ['-1'],
  values: ['-1', 'loss'],
  artifacts: ['-1'],
  logs: ['-1'],
  compare: ['-1', '-2'],
  tag: ['-1', 'best'],
  untag: ['-1', 'best'],
  note: ['-1', 'text'],
  rename: ['-1', 'name'],
  archive: ['-1'],
  unarchive: ['-1'],
  rm: ['-1'],
  cp: ['-1', 'other'],
  mv: ['-1', 'other'],
  exec: ['--', 'true'],
};
/** They make a repo, or need none. */
const needNone = ['init', 'complete', 'exec'];
const commands = commandEntries.map(({ name }) => name).filter((name) => !needNone.includes(name));

beforeAll(async () => {
  for (const name of ['none', 'empty', 'one']) mkdirSync(place(name));
  await runlogHere(place('empty'), ['init']);
  const run = await Run.open({
    repo: place('one'),
    experiment: 'first',
    systemTrackingInterval: null,
  });
  run.set('lr', 0.1);
  for (let step = 0; step < 10; step += 1) run.track(step, { name: 'loss' });
  await run.close();
});

describe('without a repo', () => {
  it.each(commands)('%s says how one is made', async (name) => {
    const answer = await runlogHere(place('none'), [name, ...(operands[name] ?? [])]);
    expect(answer).toMatchObject({ status: 2, out: '' });
    expect(answer.err).toMatch(/^runlog: REPO_NOT_FOUND: .*runlog init/);
  });
});

describe('in an empty repo', () => {
  const about = ['follow', 'size', 'verify', 'repair', 'compact'];
  it.each(commands.filter((name) => !about.includes(name)))(
    '%s says that there are no runs yet, and how one is recorded',
    async (name) => {
      const answer = await runlogHere(place('empty'), [name, ...(operands[name] ?? [])]);
      expect(answer.out.split('\n').length).toBeLessThanOrEqual(2);
      expect(answer.err).toMatch(/^runlog: .*no runs (in .* )?yet.*/);
      expect(answer.err).toContain('Run.open()');
    },
  );

  it.each(['ls', 'metrics', 'params', 'plot', 'query'])(
    '%s --json is an empty list',
    async (name) => {
      const answer = await runlogHere(place('empty'), [name, '--json']);
      expect(answer).toEqual({ status: 0, out: '[]\n', err: '' });
    },
  );
});

describe('after the first run', () => {
  it.each(['ls', 'show', 'metrics', 'params', 'plot'])(
    '%s says what may come next',
    async (name) => {
      const args = [name, ...(operands[name] ?? [])];
      const { status, err } = await runlogHere(place('one'), args);
      expect(status).toBe(0);
      const proposed = [...err.matchAll(/`runlog ([^`]*)`/g)].map((match) => match[1] as string);
      expect(proposed.length).toBeGreaterThan(0);
      // Each can be typed as it stands; following would wait.
      for (const each of proposed.filter((text) => !text.startsWith('follow'))) {
        const words = [...each.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]);
        expect((await runlogHere(place('one'), words as string[])).status).toBe(0);
      }
      expect((await runlogHere(place('one'), [...args, '--json'])).err).toBe('');
    },
  );

  it('a run that is not there, and a second one to compare with', async () => {
    expect((await runlogHere(place('one'), ['show', '-2'])).err).toContain('1 run only');
    expect((await runlogHere(place('one'), ['compare', '-1'])).err).toContain('`runlog ls`');
  });
});

it('a name in what may be pasted is one word', async () => {
  const run = await Run.open({ repo: place('odd'), systemTrackingInterval: null });
  run.track(1, { name: "a; reboot '" });
  await run.close();
  for (const command of [['show', '-1'], ['metrics'], ['plot']])
    expect((await runlogHere(place('odd'), command)).err).toContain(
      String.raw`runlog values -1 'a; reboot '\'''`,
    );
});
