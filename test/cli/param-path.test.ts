// One key that holds a dot is no path: every listing tells the two apart, and what it shows is the param
// when it is pasted into a query.

import { beforeAll, expect, it } from 'vitest';
import { Repo, Run } from '../../src/index.ts';
import { runlogHere, workDirectory } from './command.ts';

const directory = workDirectory();
const names = [
  ['hparams.lr', 1],
  ['["hparams.lr"]', 2],
  ['hparams["values"]', 3],
  ['["a b"]["c\\"d"]', 4],
  ['["class"]', 5],
  ['["name"]', 6],
  ['plain', 7],
] as const;

beforeAll(async () => {
  for (const [runHash, offset] of [
    ['first', 0],
    ['second', 10],
  ] as const) {
    const run = await Run.open({ repo: directory, runHash, systemTrackingInterval: null });
    run.set({ hparams: { lr: 1 + offset, values: 3 + offset }, 'hparams.lr': 2 + offset });
    run.set(['a b', 'c"d'], 4 + offset);
    run.set({ class: 5 + offset, name: 6 + offset, plain: 7 + offset });
    await run.close();
  }
});

const answer = async (...args: string[]): Promise<string> => {
  const { status, out } = await runlogHere(directory, args);
  expect(status).toBe(0);
  return out;
};

it.each(names)('%s finds the param in a query', async (name, value) => {
  const repo = await Repo.open(directory);
  const expression = name.startsWith('[') ? `run${name}` : `run.${name}`;
  const found: string[] = [];
  for await (const { hash } of repo.runs(`${expression} == ${value}`)) found.push(hash);
  expect(found).toEqual(['first']);
});

it('params, show and compare name each of them so, once', async () => {
  for (const out of [await answer('params'), await answer('show', 'first')])
    for (const [name] of names)
      expect(out.split('\n').filter((line) => line.trim().startsWith(`${name} `))).toHaveLength(1);
  const compared = await answer('compare', 'first', 'second');
  for (const [name, value] of names) {
    const [row] = compared.split('\n').filter((line) => line.trim().startsWith(`${name} `));
    expect(row?.trim().split(/ {2,}/)).toEqual([name, `${value}`, `${value + 10}`]);
  }
});

it('a table of runs has a column for each', async () => {
  const [head = '', ...rows] = (await answer('export', '--what', 'runs')).trim().split('\n');
  expect(head).toContain(
    ',params.hparams.lr,"params.hparams[""values""]",params.name,params.plain,' +
      '"params[""a b""][""c\\""d""]","params[""class""]","params[""hparams.lr""]"',
  );
  expect(rows.find((row) => row.startsWith('first'))).toMatch(/,1,3,6,7,4,5,2$/);
  const listed = await answer('export', '--what', 'params', 'first');
  expect(listed).toContain('first,"[""hparams.lr""]",2\n');
  expect(listed).toContain('first,hparams.lr,1\n');
});

it('completion offers what needs no quotes, and nothing that would be another', async () => {
  const out = await answer('complete', '--', '--repo', directory, 'ls', 'run.');
  const texts = out.split('\n').map((line) => line.split('\t')[0]);
  expect(texts.filter((text) => text === 'run.hparams.lr')).toHaveLength(1);
  expect(texts).toContain('run.plain');
  expect(texts).not.toContain('run.class');
  expect(texts.filter((text) => text === 'run.name')).toHaveLength(1);
});
