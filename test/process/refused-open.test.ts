// An opening that is refused after it has taken the log gives it back.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, inject, it } from 'vitest';

it('a resume whose properties cannot be written leaves the run free', () => {
  const repo = mkdtempSync(join(tmpdir(), 'runlog-refused-'));
  const program = join(inject('toolsDirectory'), 'test/process/programs/refused-open.js');
  try {
    // 40 blocks: edits of 60,000 bytes are refused with EFBIG, all else fits.
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 40; exec "$0" "$@"', process.execPath, program, repo],
      // Of a locale that is not installed bash complains.
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['opened', 'IO', 'opened']);
  } finally {
    rmSync(repo, { recursive: true, force: true });
  }
});
