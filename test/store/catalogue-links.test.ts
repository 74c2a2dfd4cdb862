// What a stamp says of a directory that is a symbolic link: nothing, for the link stays as it is whatever is
// made behind it. So such a run is read each time.

import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Repo } from '../../src/sdk/repo.ts';
import { Run } from '../../src/sdk/run.ts';
import { TICK_MAX_MS } from '../../src/store/catalogue-stamp.ts';

it('a run one of whose directories is a link shows what changes behind it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'runlog-links-'));
  const parts = { edits: 'edits', logs: 'logs', writer: 'logs/main' };
  const open = (runHash: string, writer = 'main'): Promise<Run> =>
    Run.open({ repo: root, runHash, writer, systemTrackingInterval: null });
  try {
    for (const [hash, part] of Object.entries(parts)) {
      await (await open(hash)).close();
      const place = join(root, '.aim/runs', hash, part);
      renameSync(place, join(root, hash));
      symlinkSync(join(root, hash), place);
    }
    await sleep(TICK_MAX_MS + 200);
    const repo = await Repo.open(root);
    const asked = async (): Promise<Record<string, unknown>> => {
      const found: Record<string, unknown> = {};
      for await (const view of repo.runs())
        found[view.hash] = [view.name, view.get('of'), view.get('later')];
      return found;
    };
    const nothing = [undefined, undefined, undefined];
    expect(await asked()).toEqual({ edits: nothing, logs: nothing, writer: nothing });
    await (await repo.run('edits'))?.edit({ name: 'after' });
    const later = await open('logs', 'other');
    later.set('later', true);
    await later.close();
    const again = await open('writer');
    again.set('of', 'main');
    await again.close();
    expect(await asked()).toEqual({
      edits: ['after', undefined, undefined],
      logs: [undefined, undefined, true],
      writer: [undefined, 'main', undefined],
    });
    await repo.close();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
