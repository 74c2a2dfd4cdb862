// What an answer is about is said with it: the value of a table, the runs that were looked at, and how many there are.

import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';
import { Repo } from '../../src/index.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);

beforeAll(async () => {
  await makeRepo(directory);
});

it('a query says of which value its numbers are, and takes one', async () => {
  expect((await runlog('query', '-m', 'loss')).out).toMatch(/ mean of metric\.last /);
  const asked = ['query', '-m', 'loss', '-v', 'metric.min'];
  expect((await runlog(...asked)).out).toMatch(/ mean of metric\.min /);
  const { status, out, err } = await runlog(...asked, '--value', 'metric.max');
  expect([status, out]).toEqual([2, '']);
  expect(err).toMatch(/--value <expression>' .*one only, and metric\.min was given before/);
});

it('an empty answer says which runs were looked at', async () => {
  const said = async (...args: string[]): Promise<string> =>
    (await runlog(...args)).err.split('\n')[0] ?? '';
  const [first, second] = [HASHES[0], HASHES[1]];
  for (const name of ['metrics', 'plot', 'query']) {
    expect(await said(name, '-m', 'lost', first, second)).toMatch(
      /^runlog: no metric found in the 2 runs named; /,
    );
    expect(await said(name, '-m', 'lost', first)).toMatch(/ found in the run named; /);
  }
  expect(await said('plot', '-m', 'lost')).toBe(
    `runlog: no metric found in the newest run, ${HASHES[2]}; name runs or a query`,
  );
  expect(await said('metrics', '-m', 'lost')).toMatch(/ found in 3 runs of \S+; /);
});

it('an empty answer counts the runs that are there, and of archived ones those that were looked at', async () => {
  const other = join(directory, 'counted');
  await makeRepo(other);
  const repo = await Repo.open(join(other, 'kept'));
  await repo.delete(HASHES[0]);
  await (await repo.run(HASHES[1]))?.edit({ archived: true });
  const asked = ['--repo', join(other, 'kept'), 'ls', 'run.seed > 9'];
  expect((await runlogHere(directory, asked)).err).toMatch(/no run found in 1 run of /);
  expect((await runlogHere(directory, [...asked, '-a'])).err).toMatch(/no run found in 2 runs of /);
});
