// Queries from the command: what matches, in which order, what metrics come to; wrong ones are shown as
// they were typed.

import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);
const parsed = async (...args: string[]): Promise<unknown> => {
  const { status, out, err } = await runlog(...args, '--json');
  expect([status, err]).toEqual([0, '']);
  return JSON.parse(out);
};
const hashes = async (...args: string[]): Promise<string[]> =>
  ((await parsed('ls', ...args)) as { hash: string }[]).map(({ hash }) => hash);

beforeAll(async () => {
  await makeRepo(directory);
});

describe('runs', () => {
  it('that match, newest first, also where a shell took the query apart', async () => {
    expect(await hashes('run.hparams.lr >= 0.01')).toEqual([HASHES[1], HASHES[0]]);
    expect(await hashes('run.hparams.lr', '>=', '0.01')).toEqual([HASHES[1], HASHES[0]]);
    expect(await hashes("run.experiment == 'final'")).toEqual([HASHES[2]]);
  });

  it('in the order of an expression', async () => {
    expect(await hashes('--order', 'run.hparams.lr')).toEqual([HASHES[2], HASHES[1], HASHES[0]]);
    expect(await hashes('--order', 'run.hparams.lr', '--descending')).toEqual([...HASHES]);
    expect(await hashes('--order', 'oldest')).toEqual([...HASHES]);
  });

  it('show the value that they are ordered by', async () => {
    const order = "run.metrics['loss', {'subset': 'val'}].last";
    expect((await runlog('ls', '--order', order)).out).toMatchSnapshot();
    expect(await parsed('ls', '--order', 'run.hparams.layers', 'run.seed == 2')).toMatchObject([
      { hash: HASHES[2], order: [64, 64] },
    ]);
    expect(
      await parsed(
        'metrics',
        '-m',
        'loss',
        '--order',
        'metric.max',
        HASHES[2],
        '-c',
        'subset=train',
      ),
    ).toMatchObject([{ order: 8 / 3 }]);
    const { out } = await runlog('metrics', '--order', 'run.seed', '-d', '-n', '2');
    expect(out.split('\n')[0]).toMatch(/^run +run\.seed +metric/);
    expect(out.split('\n')[1]).toMatch(/^\S+ +2 /);
  });

  it('that are named stand in the order of an expression too', async () => {
    const named = [HASHES[0], HASHES[2], HASHES[1]];
    expect(await hashes(...named)).toEqual(named);
    expect(await hashes(...named, '--order', 'run.seed')).toEqual([...HASHES]);
  });

  it('are said to be in no order where none has a value to go by', async () => {
    const { err } = await runlog('ls', '--order', "run.metrics['loss'].last  # of a context");
    expect(err).toMatch(
      /^runlog: --order: no run has a value of .*\nrunlog: .*run.metrics\['loss', {/,
    );
    for (const order of ['run.seed', 'oldest', "run.metrics['accuracy'].last"])
      expect((await runlog('ls', '--order', order)).err).toBe('');
  });

  it('are explained where a metric was asked for without its context', async () => {
    const { err } = await runlog('ls', "run.metrics['loss'].last < 100");
    expect(err).toContain("run.metrics['loss'] is the one without a context");
  });

  it('of metrics say when an order or a value is nothing that a metric has', async () => {
    const { err } = await runlog('metrics', '-m', 'loss', '--order', 'metric.lst');
    expect(err).toContain('--order: no metric has a value of metric.lst');
    expect(err).toContain('near: metric.last');
    expect((await runlog('query', '-m', 'loss', '-v', 'min')).err).toBe(
      'runlog: --value: no metric has a value of min: of a metric it is metric.min\n',
    );
    for (const args of [
      ['metrics', '-m', 'loss', '--order', 'metric.last'],
      ['query', '-m', 'loss', '-v', 'metric.min'],
    ])
      expect((await runlog(...args)).err).toBe('');
  });

  it('are what other commands work on', async () => {
    const { out } = await runlog('export', "run.experiment == 'sweep'", '--what', 'runs');
    expect(out.split('\n')).toHaveLength(4);
    expect(await parsed('params', 'run.seed == 2', '--system')).toContainEqual(
      expect.objectContaining({ path: ['__system_params', 'git_info', 'branch'] }),
    );
    const compared = (await parsed('compare', 'run.seed < 2')) as { runs: string[] };
    expect(compared.runs).toEqual([HASHES[1], HASHES[0]]);
  });
});

describe('metrics', () => {
  it('that match, without those of the machine unless they are named', async () => {
    const named = async (...args: string[]): Promise<string[]> =>
      ((await parsed('metrics', ...args)) as { name: string }[]).map(({ name }) => name);
    expect(await named('metric.last > 0.5')).toEqual(['accuracy', 'accuracy', 'accuracy']);
    expect(await named('metric.last > 0.5', '--system')).toContain('__system__cpu');
    expect(await named("metric.name == '__system__cpu'")).toEqual(['__system__cpu']);
    expect((await runlog('plot', "metric.name == 'loss' and run.seed == 0")).out).toMatch(
      /^loss\n/,
    );
  });

  it('stand in the order of an expression over them, of every run or of those that are named', async () => {
    const runs = async (...args: string[]): Promise<string[]> =>
      (
        (await parsed('metrics', '-m', 'loss', '-c', 'subset=val', ...args)) as { run: string }[]
      ).map(({ run }) => run);
    expect(await runs('--order', 'metric.min')).toEqual([HASHES[2], HASHES[1], HASHES[0]]);
    expect(await runs('--order', 'metric.min', '-d')).toEqual([...HASHES]);
    expect(await runs(HASHES[0], HASHES[1], '--order', 'metric.min')).toEqual([
      HASHES[1],
      HASHES[0],
    ]);
    expect(await runs('--order', 'run.hparams.lr')).toEqual([HASHES[2], HASHES[1], HASHES[0]]);
  });

  it.each([
    'run.seed > 0  # the later ones',
    'SELECT x IF run.seed > 0',
    'select if run.seed\n > 0',
  ])('come to numbers where options stand beside %j', async (text) => {
    expect(await parsed('query', text, '-m', 'loss')).toMatchObject([{ metrics: 4 }]);
  });

  it('come to numbers of one context', async () => {
    const metrics = async (...args: string[]): Promise<unknown> =>
      ((await parsed('query', '-m', 'loss', ...args)) as { metrics: number }[]).map(
        ({ metrics }) => metrics,
      );
    expect(await metrics()).toEqual([6]);
    expect(await metrics('-c', 'subset=val')).toEqual([3]);
    expect(await metrics('-c', 'subset=val', 'run.seed > 0')).toEqual([2]);
    expect(await metrics('-c', 'subset=vall')).toEqual([]);
    expect(await metrics('-c', 'subset=val', '-c', 'fold=1')).toEqual([]);
  });

  it('come to numbers, by groups', async () => {
    expect((await runlog('query')).out).toMatchSnapshot('by name');
    expect(
      (await runlog('query', '-m', 'loss', '-g', 'run.experiment', '-g', 'metric.context.subset'))
        .out,
    ).toMatchSnapshot('by experiment and subset');
    const [group] = (await parsed('query', HASHES[0], '-m', 'loss', '-v', 'metric.max')) as {
      count: number;
      mean: number;
    }[];
    expect(group).toMatchObject({ group: ['loss'], count: 2, mean: 8.5 });
  });

  it('come to curves, by groups', async () => {
    const [curve] = (await parsed('query', '-m', 'accuracy', '--curves')) as {
      steps: number[];
      mean: number[];
    }[];
    expect(curve?.steps).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(curve?.mean[9]).toBeCloseTo(0.9);
    expect(
      (await runlog('query', '-m', 'loss', '--curves', '-g', 'run.seed')).out,
    ).toMatchSnapshot();
  });
});

describe('groups', () => {
  const groups = async (...args: string[]): Promise<unknown[]> =>
    (
      (await parsed('query', '-g', 'run.seed', '-m', 'loss', ...args)) as { group: unknown[] }[]
    ).map(({ group }) => group[0]);

  it('stand by their values, or by what they come to', async () => {
    expect(await groups()).toEqual([0, 1, 2]);
    expect(await groups('-d')).toEqual([2, 1, 0]);
    expect(await groups('--order', 'mean')).toEqual([2, 1, 0]);
    expect(await groups('--order', 'max', '-d')).toEqual([0, 1, 2]);
    expect(await groups('--order', 'newest')).toEqual([2, 1, 0]);
    expect(await groups('--order', 'run.hparams.lr')).toEqual([2, 1, 0]);
    expect(await groups('--order', 'mean', '--curves')).toEqual([2, 1, 0]);
  });
});

describe('an empty answer', () => {
  it.each([
    [['ls', 'run.hparams.l > 1'], undefined],
    [['ls', 'run.hparams.optimiser == 1'], 'param hparams.optimiser; near: hparams.optimizer'],
    [['ls', '--order', 'run.optimizer'], 'param optimizer; near: hparams.optimizer'],
    [['export', 'run.sede == 1'], 'param sede; near: seed'],
    [['follow', 'run.exeriment == 1'], 'param exeriment; near: run.experiment'],
    [['rm', 'run.sede == 1'], 'param sede; near: seed'],
    [['metrics', '-m', 'los'], 'metric los; near: loss'],
    [['plot', "metric.name == 'acuracy'"], 'metric acuracy; near: accuracy'],
    [['query', '-m', 'lost'], 'metric lost; near: loss'],
    [['query', '-g', 'run.sede'], 'param sede; near: seed'],
    [['compare', HASHES[0], HASHES[1], '-m', 'los'], 'metric los; near: loss'],
    [['export', '-m', 'los'], 'metric los; near: loss'],
    [['follow', '-1', '-m', 'los'], 'metric los; near: loss'],
    [['plot', '-1', '-o', 'run.sede'], 'param sede; near: seed'],
    [['compare', '-1', '-2', '-o', 'run.sede'], 'param sede; near: seed'],
  ] as const)('%j names what is near', async (args, near) => {
    const { err } = await runlog(...args);
    if (near === undefined) expect(err).toMatch(/no run has the param hparams\.l\n$/);
    else expect(err).toContain(`runlog: no run has the ${near}\n`);
  });

  it('of values says where there are some', async () => {
    const asked = ['values', HASHES[0], 'accuracy', '--from', '95'];
    expect(await runlog(...asked)).toEqual({
      status: 0,
      out: '',
      err: 'runlog: nothing there; accuracy has 10 points, steps 0 to 90\n',
    });
    expect((await runlog(...asked, '--json')).err).toBe('');
  });

  it('of a context names the near one', async () => {
    for (const [pair, said] of [
      ['subst=val', 'key subst in its context; near: subset'],
      ['subset=vla', 'context subset=vla; near: subset=val'],
      ['fold=1', 'key fold in its context'],
    ] as const)
      for (const name of ['metrics', 'plot', 'query'])
        expect((await runlog(name, '-c', pair)).err).toContain(
          `runlog: no metric has the ${said}\n`,
        );
    expect((await runlog('metrics', 'run.seed > 9', '-c', 'subset=val')).err).not.toContain(
      'no metric has',
    );
  });

  it('that no slip explains says nothing of one', async () => {
    for (const args of [
      ['ls', 'run.seed > 9'],
      ['metrics', 'metric.last > 99'],
    ])
      expect((await runlog(...args)).err).not.toContain('no run has');
    expect((await runlog('ls', 'run.sede == 1', '--json')).err).toBe('');
  });
});

describe('a word that is no run', () => {
  it.each([
    [['ls', 'sweep'], `an experiment has this name: \`runlog ls 'run.experiment == "sweep"'\``],
    [['show', 'best'], `runs have this tag: \`runlog ls '"best" in run.tags'\``],
    [['ls', 'accuracy'], 'a metric has this name: `runlog metrics -m accuracy`'],
    [['show', HASHES[0].replace('a', 'b')], `near: ${HASHES[0]}`],
    [
      ['ls', 'wider layers'],
      `a run has this name, ${HASHES[1]}: \`runlog ls 'run.name == "wider layers"'\``,
    ],
  ])('%j is told what is called so', async (args, meant) => {
    const { status, out, err } = await runlog(...args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(meant);
  });

  it('is said to be none where nothing is called so', async () => {
    expect((await runlog('ls', 'nothing')).err).toMatch(
      /^runlog: RUN_NOT_FOUND: nothing: no such run in \S+; `runlog ls` lists them\n$/,
    );
    expect((await runlog('ls', 'nothing so')).err).toMatch(/\^\n$/);
  });
});

it('a curve on a logarithmic scale says that some of it has no place there', async () => {
  // The accuracy begins with 0.
  const said = 'values that are not above 0 have no place on this scale: gaps';
  expect((await runlog('plot', HASHES[0], '-m', 'accuracy', '--log')).out).toContain(said);
  expect((await runlog('plot', HASHES[0], '-m', 'accuracy')).out).not.toContain(said);
  expect((await runlog('plot', HASHES[0], '-m', 'loss', '--log')).out).not.toContain(said);
});

it('a misspelt column of an order has the near one', async () => {
  const { status, err } = await runlog('query', '-o', 'meann');
  expect(status).toBe(2);
  expect(err).toMatch(/^runlog: --order meann: near: mean\nrunlog: QUERY_SYNTAX: /);
});

describe('wrong queries', () => {
  it.each(['ls', 'metrics', 'plot', 'query', 'params', 'export', 'follow', 'compare'])(
    '%s shows the place, as it was typed, and returns 2',
    async (name) => {
      const { status, out, err } = await runlog(name, 'run.hparams.lr = 1');
      expect([status, out]).toEqual([2, '']);
      expect(err).toMatch(/^runlog: QUERY_SYNTAX: .*/);
      expect(err).toMatch(/\n {4}run\.hparams\.lr = 1\n {19}\^\n$/);
      expect(err).not.toContain('startswith');
    },
  );

  it('what fails on rows is named beside the answer; strict ends with it', async () => {
    const { status, out, err } = await runlog('ls', "run.seed + 'a' == 1");
    expect([status, out]).toEqual([0, '']);
    expect(err).toMatch(/left out where the query fails: 3 rows/);
    expect((await runlog('ls', "run.seed + 'a' == 1", '--strict')).status).toBe(2);
  });
});
