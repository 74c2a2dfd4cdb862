// The same points into other embedded stores, by a program of its own with its own packages.
//
// They are installed when first asked for: native code of five projects is no part of this one. One
// that cannot be installed, or all of them, is reported as skipped.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Result, Size } from './harness.ts';

const PEERS = resolve('bench/peers');

const skipped = (reason: string): Result[] => [
  { workload: 'peers-a-step', metric: `skipped: ${reason}`, value: 0, unit: '', samples: [0] },
];

export function runPeers(size: Size): Result[] {
  if (!existsSync(resolve(PEERS, 'node_modules'))) {
    const failure = install();
    if (failure !== undefined) return skipped(failure);
  }
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [resolve(PEERS, 'main.js'), import.meta.resolve('runlog'), size],
    { encoding: 'utf8' },
  );
  if (status !== 0) return skipped(`the peers ended with ${status}: ${stderr.trim()}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

/** Why nothing was installed, or undefined. Each package is optional: one does not keep others out. */
function install(): string | undefined {
  const { status, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1);
  return `npm ci in bench/peers ended with ${status}: ${reason}`;
}
