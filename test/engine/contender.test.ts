// Two who open one log at the same moment: the one whose number is taken asks again who holds the log,
// liveness included, and leaves a live owner alone.

import { expect, it } from 'vitest';
import { type Host, Log, memoryVfs } from '../../src/engine/index.ts';
import { simulatedHost } from '../support/simulated-host.ts';

const DIRECTORY = '/log';

/** A host on which `work` happens after the holder was looked up, before the fence is linked. */
function interrupted(work: () => Promise<void>): Host {
  const host = simulatedHost({ state: () => 'alive' });
  let isDone = false;
  const announce = async (): Promise<undefined> => {
    if (isDone) return;
    isDone = true;
    await work();
  };
  return { ...host, liveness: { ...host.liveness, announce } };
}

for (const refuseLinks of [false, true]) {
  it(`the faster one stays the owner${refuseLinks ? ', links refused' : ''}`, async () => {
    const vfs = memoryVfs({ refuseLinks });
    const durability = { syncMs: null };
    let faster: Log | undefined;
    const host = interrupted(async () => {
      faster = await Log.open(DIRECTORY, { vfs, host: simulatedHost(), durability });
      faster.append(20, 'first');
      faster.flush();
    });
    await expect(Log.open(DIRECTORY, { vfs, host, durability })).rejects.toMatchObject({
      code: 'RUN_LOCKED',
    });
    expect(faster?.append(20, 'second')).toBe(1);
    expect(faster?.flush()).toBe(true);
    expect(vfs.list(DIRECTORY).filter((name) => name.startsWith('fence-'))).toEqual([
      'fence-00000001',
    ]);
  });
}
