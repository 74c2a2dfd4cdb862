// What differs between runs is said, and nothing else: params, packages, git, environment, values.

import { beforeAll, expect, it } from 'vitest';
import { cellsOf, lotsOf, nameRoom, pathCell } from '../../src/cli/side-by-side.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';
import { noTerminal, play } from './pseudo-terminal.ts';

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

it('values that begin alike are cut at the beginning: what tells them apart is seen', () => {
  const paths = ['a', 'b'].map((each) => `/a/very/long/path/to/some/dataset/version-${each}/train`);
  expect(cellsOf(paths)).toEqual(['...rsion-a/train', '...rsion-b/train']);
  expect(cellsOf([...paths, undefined])[2]).toEqual({ text: '-', style: 'dim' });
  expect(cellsOf(['x'.repeat(50), 'y'])).toEqual([`${'x'.repeat(37)}...`, 'y']);
  expect(cellsOf(['z'.repeat(50), 'z'.repeat(50)])).toEqual(
    new Array(2).fill(`${'z'.repeat(37)}...`),
  );
  // Six digits, unless they are the same.
  expect(cellsOf([0.1 + 0.2, 1e-4])).toEqual(['0.3', '0.0001']);
  expect(cellsOf([0.1 + 0.2, 0.3])).toEqual(['0.30000000000000004', '0.3']);
  expect(cellsOf([null, 'None'])).toEqual(['null', 'None']);
  expect(pathCell('hparams.data.path', 12)).toBe('...data.path');
});

it('runs for which there is no room stand in a table below, none is left out', async (context) => {
  const runs = (count: number): string[] => new Array(count).fill('0123abcd');
  expect(lotsOf(runs(10), 60)).toEqual([
    [0, 4],
    [4, 8],
    [8, 10],
  ]);
  expect(lotsOf(runs(8), 14 * 7)).toEqual([
    [0, 4],
    [4, 8],
  ]);
  expect(lotsOf(runs(3), Number.POSITIVE_INFINITY)).toEqual([[0, 3]]);
  expect(lotsOf(runs(2), 40 - nameRoom(40))).toEqual([[0, 2]]);
  expect(lotsOf(runs(2), 1)).toHaveLength(2);
  expect(lotsOf(['a'.repeat(24), 'b'], 40)).toHaveLength(2);
  const reason = noTerminal();
  if (reason !== undefined) context.skip(reason);
  const args = ['compare', ...HASHES, '--repo', 'kept'];
  const { screen } = await play(directory, args, { columns: 40 });
  for (const line of screen) expect(line.length).toBeLessThanOrEqual(40);
  const heads = screen.filter((line) => line.startsWith('params'));
  expect(heads.map((line) => line.trim().split(/ +/).slice(1))).toEqual([
    [HASHES[0]],
    [HASHES[1]],
    [HASHES[2].slice(0, 8)],
  ]);
});
