// Words of the command line become runs and metrics: hashes that a table shows, prefixes, places; the
// machine's metrics only when asked for; one damaged run does not end the others.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { shortHashes } from '../../src/cli/open.ts';
import { type Answer, runlogHere, workDirectory } from './command.ts';
import { HASHES, makeRepo } from './fixture.ts';

const directory = workDirectory();
const runlog = (...args: string[]): Promise<Answer> =>
  runlogHere(directory, [...args, '--repo', 'kept']);
const names = async (...args: string[]): Promise<string[]> =>
  (await runlog(...args)).out
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0] as string);

beforeAll(async () => {
  await makeRepo(directory);
});

describe('a hash in a table', () => {
  it('is long enough for every command', async () => {
    const shown = await names('ls');
    expect(shown).toEqual(['bbbb3333', HASHES[1], HASHES[0]]);
    for (const hash of shown) expect((await runlog('show', hash)).status).toBe(0);
  });

  it('is as short as the others let it be, eight characters at least; a chosen name is whole', () => {
    const short = shortHashes([
      '0123456789abcdef01234567',
      '01234567ffffffffffffffff',
      'ffff00000000000000000000',
      'ffff0000',
      'baseline-2',
      'baseline',
    ]);
    expect(short('0123456789abcdef01234567')).toBe('012345678');
    expect(short('01234567ffffffffffffffff')).toBe('01234567f');
    expect(short('ffff00000000000000000000')).toBe('ffff00000');
    expect(short('ffff0000')).toBe('ffff0000');
    expect(short('baseline-2')).toBe('baseline-2');
  });
});

describe('runs', () => {
  it('are given by hash, prefix and place, each once, in their order', async () => {
    expect(await names('ls', '-3', 'bbbb', '-1')).toEqual([HASHES[0], 'bbbb3333']);
    expect((await runlog('ls', 'aaaa')).status).toBe(2);
    expect((await runlog('ls', 'cccc')).err).toMatch(/^runlog: RUN_NOT_FOUND: cccc/);
  });

  it('are left out by limit and offset, and said to be', async () => {
    const { out, err } = await runlog('ls', '--limit', '1', '--offset', '1');
    expect(out).toContain('wider layers');
    expect(out.split('\n')).toHaveLength(3);
    expect(err).toBe('runlog: 1 of 3 runs; --limit for more, --offset for the next\n');
    const last = await runlog('ls', '--limit', '2', '--offset', '2');
    expect(last.err).toBe('runlog: 1 of 3 runs\n');
    const behind = await runlog('ls', '--offset', '3');
    expect(behind).toMatchObject({ status: 0, out: '' });
    expect(behind.err).toBe('runlog: --offset: none is left behind so many; there are 3 runs\n');
  });
});

describe('metrics of the machine', () => {
  it.each([
    [['metrics', '-1']],
    [['plot', '-1']],
    [['compare', '-1', '-2']],
    [['export', '-1']],
    [['export', '--what', 'metrics']],
    [['metrics', '--names', '--json']],
  ])('are left out of %j and are there with --system', async (args) => {
    const without = await runlog(...args);
    expect(without.status).toBe(0);
    expect(without.out).not.toContain('__system__');
    expect((await runlog(...args, '--system')).out).toContain('__system__cpu');
  });

  it('are there when they are named', async () => {
    expect((await runlog('metrics', '-m', '__system__cpu')).out).toContain('__system__cpu');
  });

  it('do not count in ls', async () => {
    const counts = async (...more: string[]): Promise<number[]> =>
      (JSON.parse((await runlog('ls', '--json', ...more)).out) as { metricCount: number }[]).map(
        ({ metricCount }) => metricCount,
      );
    expect(await counts()).toEqual([3, 3, 3]);
    expect(await counts('--system')).toEqual([4, 3, 3]);
  });
});

it('a damaged run does not end the others: it is named, and stands in the exit code', async () => {
  await makeRepo(join(directory, 'damaged'));
  const edits = join(directory, 'damaged/kept/.aim/runs', HASHES[1], 'edits');
  writeFileSync(join(edits, readdirSync(edits)[0] as string), 'damaged');
  for (const args of [
    ['ls'],
    ['ls', '--json'],
    ['ls', HASHES[0], HASHES[1]],
    ['metrics'],
    ['params'],
    ['plot', HASHES[0], HASHES[1]],
    ['export', '--what', 'runs'],
    ['compare', ...HASHES],
  ]) {
    const { status, out, err } = await runlogHere(join(directory, 'damaged'), [
      ...args,
      '--repo',
      'kept',
    ]);
    expect([args, status]).toEqual([args, 5]);
    expect(out).not.toBe('');
    expect(err.match(/left out: aaaa00000000000000000002: CORRUPT/g)).toHaveLength(1);
  }
});
