// A repo whose hashes, times and values are the same each time: what the command prints of it can be
// compared letter by letter.

import { join } from 'node:path';

import { Run } from '../../src/index.ts';

export const HASHES = [
  'aaaa00000000000000000001',
  'aaaa00000000000000000002',
  'bbbb3333cccc4444dddd5555',
] as const;

const BEGIN = Date.UTC(2026, 0, 2, 3, 4, 5);
const HOUR = 3_600_000;

/** Three runs: two of one experiment, and a failed one with metrics of the machine and its environment. */
export async function makeRepo(directory: string): Promise<string> {
  const repo = join(directory, 'kept');
  for (const [index, runHash] of HASHES.entries()) await makeRun(repo, index, runHash);
  return repo;
}

async function makeRun(repo: string, index: number, runHash: string): Promise<void> {
  const createdAt = BEGIN + index * HOUR;
  const run = await Run.open({
    repo,
    runHash,
    createdAt,
    experiment: index < 2 ? 'sweep' : 'final',
    tags: index === 1 ? ['best', 'kept'] : [],
    ...(index === 1 ? { name: 'wider layers' } : {}),
    systemTrackingInterval: null,
  });
  run.set('hparams', { lr: 10 ** -(index + 1), layers: [64, 64], optimizer: 'adam' });
  run.set('seed', index);
  for (let step = 0; step < 100; step += 1) {
    const at = { step, time: createdAt + step * 1000 };
    run.track(8 / (step + index + 1), {
      name: 'loss',
      context: { subset: 'train' },
      epoch: Math.floor(step / 10),
      ...at,
    });
    if (step % 10 !== 0) continue;
    run.track(9 / (step + index + 1), { name: 'loss', context: { subset: 'val' }, ...at });
    run.track(step / 100, { name: 'accuracy', ...at });
  }
  if (index === 2) {
    run.track(50, { name: '__system__cpu', step: 0, time: createdAt });
    run.set('__system_params', {
      packages: { left: '1.0.0', right: '2.0.0' },
      git_info: { branch: 'main', commit: { hash: 'abc' } },
      env_variables: { LANG: 'C' },
    });
    run.fail(new Error('out of memory'));
  }
  await run.close({ endedAt: createdAt + HOUR / 2 });
}
