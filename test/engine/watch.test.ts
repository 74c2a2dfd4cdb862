// A watch gives hints, and never keeps a process alive: not even one that nobody closed, or that chokidar
// left behind when it was closed.

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { openWatch } from '../../src/engine/watch.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-watch-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('hints at a change, and does not keep the process alive', async () => {
  const before = process.getActiveResourcesInfo().filter((each) => each === 'FSEventWrap').length;
  const watch = openWatch(directory);
  let hints = 0;
  watch.onChange(() => {
    hints += 1;
  });
  while (hints === 0) {
    appendFileSync(join(directory, 'segment-1'), 'x');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // Those that do not keep the process alive are not among them.
  const now = process.getActiveResourcesInfo().filter((each) => each === 'FSEventWrap').length;
  expect(now).toBe(before);
  watch.close();
});
