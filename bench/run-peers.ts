// The same points into other embedded stores, by a program of its own with its own packages.
//
// They are installed when first asked for: native code of five projects is no part of this one.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Result, Size } from './harness.ts';

const PEERS = resolve('bench/peers');

export function runPeers(size: Size): Result[] {
  if (!existsSync(resolve(PEERS, 'node_modules'))) install();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [resolve(PEERS, 'main.js'), import.meta.resolve('runlog'), size],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the peers ended with ${status}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

function install(): void {
  // Each is optional: one whose native build cannot be had does not keep the others out.
  const { status, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm install in bench/peers ended with ${status}: ${stderr}`);
}
