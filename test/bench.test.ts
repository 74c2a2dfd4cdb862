// Every workload of the bench runs at its smallest size, so that none rots, and the README's table
// finds its figures in what they print. No time is checked.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, inject, it } from 'vitest';
import { MISSING, tableOf } from '../bench/figures.ts';
import type { Result } from '../bench/harness.ts';

it('runs every workload small and prints one object a line', () => {
  const program = join(inject('toolsDirectory'), 'bench/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--small', '--json'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
  expect(lines.length).toBeGreaterThanOrEqual(13);
  for (const line of lines) {
    expect(line).toEqual({
      workload: expect.any(String),
      metric: expect.any(String),
      value: expect.any(Number),
      unit: expect.any(String),
      samples: [expect.any(Number)],
    });
  }
  // The corpus lies beside the project, and may be absent.
  const isThere = lines.some(({ metric }) => metric === 'size of the whole repo');
  const missing = tableOf(lines)
    .split('\n')
    .filter((line) => line.split(' | ')[2]?.includes(`${MISSING} `))
    .filter((line) => isThere || !line.includes('real runs'));
  expect(missing).toEqual([]);
});
