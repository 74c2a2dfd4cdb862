// Whoever awaits close() gets to its end: background rewriting rests on timers that keep nothing alive,
// and a process whose last work is to wait for it must not end in between.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, inject, it } from 'vitest';
import { Repo } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-close-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('a process that only waits for close() reaches what comes after it', async () => {
  const program = join(inject('toolsDirectory'), 'test/process/programs/closer.js');
  const { status, stdout } = spawnSync(process.execPath, [program, directory], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'closed\n' });
  for await (const view of (await Repo.open(directory)).runs()) {
    expect(view.state).toBe('finished');
    expect(view.metric('loss')?.count).toBe(2_000_000);
  }
});
