// Long looks at a repo say how far they are, before each of its runs; what is asked for wrongly is refused at
// the call.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProgressOptions, Repo, Run } from '../../src/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlog-progress-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

beforeAll(async () => {
  for (const runHash of ['a', 'b', 'c']) {
    const run = await Run.open({ repo: directory, runHash, systemTrackingInterval: null });
    run.track(1, { name: 'loss' });
    await run.close();
  }
});

const looks: readonly [string, (repo: Repo, options: ProgressOptions) => Promise<unknown>][] = [
  ['verify', (repo, options) => repo.verify(options)],
  ['size', (repo, options) => repo.size(options)],
  ['compact', (repo, options) => repo.compact(options)],
];

describe.each(looks)('%s', (name, look) => {
  it('tells the runs that are done, and of how many', async () => {
    const told: number[] = [];
    const repo = await Repo.open(directory);
    await look(repo, {
      onProgress(done, of) {
        expect(of).toBe(3);
        told.push(done);
      },
    });
    // Contents of artifacts are looked at behind the runs.
    expect(told).toEqual(name === 'verify' ? [0, 1, 2, 0, 1, 2] : [0, 1, 2]);
  });

  it('ends with what is thrown there, and refuses what is no function', async () => {
    const repo = await Repo.open(directory);
    const thrown = new Error('enough');
    const ended = look(repo, {
      onProgress() {
        throw thrown;
      },
    });
    await expect(ended).rejects.toBe(thrown);
    await expect(look(repo, { onProgress: 1 } as never)).rejects.toThrow(/^onProgress: expected/);
    await expect(look(repo, { progress: 1 } as never)).rejects.toThrow(/^options.progress/);
  });
});
