// Every workload of the bench runs at its smallest size, so that none rots. No time is checked.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, inject, it } from 'vitest';

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
    .map((line) => JSON.parse(line) as Record<string, unknown>);
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
});
