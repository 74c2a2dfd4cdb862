// What `export` says of a file is what is in it, and the name of the file is one of its format.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { makeRepo } from './fixture.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);
const lines = (text: string): string[] => text.trimEnd().split('\n');

beforeAll(async () => {
  await makeRepo(directory);
});

it('rows are counted, and of the runs those that have some', async () => {
  const file = join(directory, 'counted.csv');
  const said = async (...args: string[]): Promise<string> =>
    (await runlog('export', '-o', file, '--yes', ...args)).err;
  expect(await said('-m', '__system__cpu')).toBe(`runlog: 1 row of 1 run in ${file}\n`);
  expect(await said('-w', 'runs')).toBe(`runlog: 3 rows of 3 runs in ${file}\n`);
  expect(await said('-w', 'params')).toBe(`runlog: 12 rows of 3 runs in ${file}\n`);
  expect(await said('-m', 'none')).toMatch(/^runlog: 0 rows of 0 runs in /);
  expect(lines(readFileSync(file, 'utf8'))).toHaveLength(1);
});

it('a name that says another format is refused, unless an option says which', async () => {
  for (const name of ['x.parquet', 'x.xlsx', 'x.json']) {
    const { status, out, err } = await runlog('export', '-o', name);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^runlog: --output: \.\w+ is no format .* \.csv, .* --format\n$/);
    expect(existsSync(join(directory, name))).toBe(false);
    expect((await runlog('export', '-o', name, '-f', 'csv')).status).toBe(0);
  }
  for (const name of ['table', 'table.CSV', '.hidden']) {
    expect((await runlog('export', '-w', 'runs', '-o', name)).status).toBe(0);
    expect(readFileSync(join(directory, name), 'utf8')).toMatch(/^hash,name,/);
  }
});
