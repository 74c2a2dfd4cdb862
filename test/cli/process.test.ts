// The command as a process: it answers as it does within this one, into pipes that close, with and
// without colours, and to a shell that completes words.

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, inject, it } from 'vitest';
import { propertyNames } from '../../src/cli/expression-proposals.ts';
import { Run, Text } from '../../src/index.ts';
import { sequenceProperties } from '../../src/query/metric-object.ts';
import { runProperties } from '../../src/query/run-object.ts';
import { runlogHere, startRunlog, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const program = (): string => join(inject('toolsDirectory'), 'src/cli/main.js');

beforeAll(async () => {
  await makeRepo(directory);
  const run = await Run.open({ repo: join(directory, 'kept'), runHash: HASHES[0] });
  run
    .sequence('long')
    .trackColumns({ values: Float64Array.from({ length: 200_000 }, Math.random) });
  run.track(new Text('said'), { name: 'answers' });
  await run.logArtifact(import.meta.filename, { name: 'model' });
  await run.close();
});

const asked: readonly (readonly string[])[] = [
  ['ls'],
  ['show', '-1'],
  ['plot', '-2'],
  ['compare', HASHES[0], HASHES[1]],
  ['export', '--what', 'runs'],
  ['rm', '-1'],
  ['show', 'ffff'],
  ['frobnicate'],
  ['--help'],
];

it('answers as it does within this one', async () => {
  const started: Awaited<ReturnType<typeof startRunlog>>[] = [];
  // Two at a time: as many as there are cores.
  for (let index = 0; index < asked.length; index += 2)
    started.push(
      ...(await Promise.all(
        asked
          .slice(index, index + 2)
          .map((args) => startRunlog(directory, [...args, '--repo', 'kept'])),
      )),
    );
  for (const [index, args] of asked.entries())
    expect([args, started[index]]).toEqual([
      args,
      await runlogHere(directory, [...args, '--repo', 'kept']),
    ]);
});

const shell = (line: string, env: Readonly<Record<string, string>> = {}) =>
  spawnSync('sh', ['-c', `runlog() { "$NODE" "$PROGRAM" "$@"; }; ${line}`], {
    cwd: directory,
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE: process.execPath,
      PROGRAM: program(),
      RUNLOG_REPO: 'kept',
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      ...env,
    },
  });

describe('into a pipe', () => {
  it.each([`values ${HASHES[0]} long`, `values ${HASHES[0]} long --json`, 'export', '--help'])(
    '%s ends quietly when its reader does',
    (args) => {
      const { stdout, stderr } = shell(`runlog ${args} | head -c 1`);
      expect(stdout).toHaveLength(1);
      expect(stderr).toBe('');
    },
  );

  it('writes all of a long answer', () => {
    const { stdout } = shell(`runlog values ${HASHES[0]} long | cat | wc -l`);
    expect(Number(stdout)).toBe(200_001);
  });

  it('answers also where nobody listens to what stands beside it', () => {
    const { stdout, status } = shell('runlog ls -n 1 2>&- | cat');
    expect([stdout.split('\n').length, status]).toEqual([3, 0]);
  });
});

it('says that its answer could not be written, and returns 6', (context) => {
  if (!existsSync('/dev/full')) context.skip('no /dev/full here');
  const { status, stderr } = shell('runlog ls > /dev/full');
  expect([status, stderr]).toEqual([
    6,
    expect.stringMatching(/^runlog: IO: the answer could not be written: .*ENOSPC/),
  ]);
});

it('has colours in a pipe by FORCE_COLOR only, and never with NO_COLOR', () => {
  const isColoured = (env: Record<string, string>): boolean =>
    shell('runlog ls', env).stdout.includes('\u001b');
  expect(
    [{}, { FORCE_COLOR: '1' }, { FORCE_COLOR: '0' }, { FORCE_COLOR: '1', NO_COLOR: '1' }].map(
      isColoured,
    ),
  ).toEqual([false, true, false, false]);
});

describe('completion', () => {
  const proposed = async (...words: string[]): Promise<string[]> => {
    const { status, out, err } = await runlogHere(directory, ['complete', '--', ...words]);
    expect([status, err]).toEqual([0, '']);
    return out
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t')[0] as string);
  };

  it.each([
    [['pa'], ['params']],
    [['--re'], ['--repo']],
    [['export', '--wh'], ['--what']],
    [
      ['--repo', 'kept', 'export', '--what', ''],
      ['runs', 'params', 'metrics', 'points'],
    ],
    [['export', '--what', '=', 'me'], ['metrics']],
    [['show', 'bb', '--repo', 'kept'], []],
    [['--repo', 'kept', 'show', 'bb'], [HASHES[2]]],
    [['--repo', 'kept', 'ls', '-1', '-a', 'bb'], [HASHES[2]]],
    [['--repo', 'kept', 'show', '-1', 'bb'], []],
    [['--repo', 'kept', 'values', '-1', 'l'], ['loss']],
    [
      ['--repo', 'kept', 'values', HASHES[0], 'l'],
      ['loss', 'long'],
    ],
    [['--repo', 'kept', 'values', HASHES[0], 'an'], ['answers']],
    [['--repo', 'kept', 'artifacts', HASHES[0], ''], ['model']],
    [['--repo', 'kept', 'values', '-c', 'a=b', 'ab'], []],
    [['--repo', 'kept', 'plot', '-m', 'an'], []],
    [['--repo', 'kept', 'plot', '-m', 'ac'], ['accuracy']],
    [
      ['--repo', 'kept', 'ls', 'run.h'],
      ['run.hparams.layers', 'run.hparams.lr', 'run.hparams.optimizer', 'run.hash', 'run.host'],
    ],
    [['--repo', 'kept', 'query', '-g', 'run.se'], ['run.seed']],
    [['--repo', 'kept', 'query', '-v', 'metric.ma'], ['metric.max']],
    [['export', '--what=me'], ['--what=metrics']],
    [['--repo=kept', 'plot', '--metric=ac'], ['--metric=accuracy']],
    [
      ['--repo', '=', 'kept', 'plot', '-m', 'lo'],
      ['long', 'loss'],
    ],
    [['--repo', "'kept'", 'show', 'bb'], [HASHES[2]]],
    [
      ['--repo', 'kept', 'metrics', '-c', ''],
      ['subset=train', 'subset=val'],
    ],
    [['ls', '-o', 'ol'], ['oldest']],
    [['query', '--order', 'med'], ['median']],
    [['ls', '--order', 'med'], []],
    [
      ['--repo', 'kept', 'ls', "'run.hparams.l"],
      ['run.hparams.layers', 'run.hparams.lr'],
    ],
    [
      ['--repo', 'kept', 'ls', "'run.hparams.lr > 1 and run.se"],
      ['run.hparams.lr > 1 and run.seed'],
    ],
    [
      ['--repo', 'kept', 'metrics', `'metric.name == "lo`],
      ['metric.name == "long', 'metric.name == "loss'],
    ],
    [['--repo', 'kept', 'ls', '"run.metrics[\'ac'], ["run.metrics['accuracy"]],
    [['--repo', 'kept', 'ls', `'run.name == "ru`], []],
    [['--repo', 'kept', 'ls', "'run.tags[0].ru"], []],
    [['--repo', 'kept', 'ls', 'run.hparams.lr>$(reboot)run.se'], []],
    [['--repo', 'kept', 'values', '-1', '__'], ['__system__cpu']],
    [['--repo', 'missing', 'show', ''], []],
    [['frobnicate', 'x'], []],
  ])('%j: %j', async (words, expected) => {
    expect(await proposed(...words)).toEqual(expected);
  });

  it('proposes no name that a shell would take apart', async () => {
    const run = await Run.open({ repo: join(directory, 'odd'), runHash: 'odd' });
    const acted = [...';|&()<>*?[]!#{}~^'].map((character) => `loss${character}reboot`);
    for (const name of ['plain', 'two words', '$(reboot)', 'a\nb', "it's", ...acted, '~', '.#x'])
      run.track(1, { name });
    await run.close();
    const repo = ['--repo', 'odd', 'values', 'odd'];
    expect(await proposed(...repo, '')).toEqual(['plain']);
  });

  it('knows the properties that queries have', async () => {
    const expected = [
      ...[...runProperties.keys()].map((name) => `run.${name}`),
      ...[...sequenceProperties.keys()].map((name) => `metric.${name}`),
    ];
    expect(expected).toEqual(expect.arrayContaining([...propertyNames]));
    const left = expected.filter((name) => !propertyNames.includes(name));
    expect(left).toEqual(['metric.version', 'metric.dtype']);
  });

  it('has a script for each shell, which bash takes and asks; nothing typed is evaluated', async () => {
    for (const name of ['bash', 'zsh', 'fish']) {
      const { status, out } = await runlogHere(directory, ['complete', name]);
      expect([status, out.includes('runlog complete --')]).toEqual([0, true]);
    }
    expect(await runlogHere(directory, ['complete', 'tcsh'])).toMatchObject({
      status: 2,
      err: 'runlog: shell: expected bash, zsh, fish, got tcsh\n',
    });
    const script = join(directory, 'completion.bash');
    writeFileSync(script, (await runlogHere(directory, ['complete', 'bash'])).out);
    const ask = (words: string, place: number): string =>
      `COMP_WORDS=(${words}); COMP_CWORD=${place}; _runlog; echo "\${COMPREPLY[@]}";`;
    const { stdout } = spawnSync(
      'bash',
      [
        '-c',
        `. "$1"; runlog() { "${process.execPath}" "${program()}" "$@"; }; ` +
          `complete -p runlog; ${ask('runlog show bb', 2)} ${ask("runlog ls '$(touch evil)' '>evil' ''", 4)}`,
        'bash',
        script,
      ],
      { cwd: directory, encoding: 'utf8', env: { ...process.env, RUNLOG_REPO: 'kept' } },
    );
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'complete -o bashdefault -o default -F _runlog runlog',
      HASHES[2],
    ]);
    expect(stdout.split('\n')[2]?.split(' ')).toHaveLength(3);
    expect(existsSync(join(directory, 'evil'))).toBe(false);
  });
});
