// What differs between runs is said, and nothing else: params, packages, git, environment, values.

import { beforeAll, expect, it } from 'vitest';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);
/** Of this machine: not the same everywhere. */
const masked = (text: string): string => text.replace(/^(host|node) .*$/gm, '$1');

beforeAll(async () => {
  await makeRepo(directory);
});

it('two runs: what differs, and how far their metrics are apart', async () => {
  expect((await runlog('compare', HASHES[0], HASHES[1])).out).toMatchSnapshot();
});

it('three runs, with what is the same and what only one has', async () => {
  expect(masked((await runlog('compare', ...HASHES, '--all', '-m', 'loss')).out)).toMatchSnapshot();
});

it('JSON keeps the place of what a run does not have', async () => {
  const { out } = await runlog('compare', HASHES[0], HASHES[2], '--json');
  const found = JSON.parse(out) as {
    runs: string[];
    sections: { name: string; different: { path: string[]; values: unknown[] }[] }[];
    metrics: { name: string; last: (number | null)[] }[];
  };
  expect(found.runs).toEqual([HASHES[0], HASHES[2]]);
  const packages = found.sections.find(({ name }) => name === 'packages');
  expect(packages?.different).toEqual([
    { path: ['left'], values: [null, '1.0.0'] },
    { path: ['right'], values: [null, '2.0.0'] },
  ]);
  expect(found.metrics.map(({ name, last }) => [name, last.length])).toEqual([
    ['accuracy', 2],
    ['loss', 2],
    ['loss', 2],
  ]);
});

it('one run is not compared, and says so', async () => {
  const { status, err } = await runlog('compare', '-1');
  expect(status).toBe(2);
  expect(err).toBe(
    'runlog: runs: two or more are compared, and this is one; `runlog ls` lists them\n',
  );
});
