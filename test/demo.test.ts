// The demo runs small, with its own checks, and says what it found.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, inject, it } from 'vitest';

it('the demo kills, resumes, sweeps and finds everything it was promised', () => {
  const program = join(inject('toolsDirectory'), 'test/examples/demo/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    env: { ...process.env, RUNLOG_DEMO_STEPS: '250' },
  });
  expect(stderr).toBe('');
  expect(stdout).not.toContain('FAILED');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /killed with SIGKILL: \d+ points were told to be flushed, the repo holds \d+; it says: killed/,
  );
  expect(stdout).toMatch(/bytes a value, everything included/);
  const repo = /the repo is (\S+);/.exec(stdout)?.[1] ?? '';
  rmSync(dirname(repo), { recursive: true, force: true });
}, 120_000);
