// Sampling the machine keeps no process and no thread alive, and leaves no child behind, however the
// process ends: by itself, by exit, by SIGKILL.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';

import { Repo } from '../../src/index.ts';
import { endChildren, startChild, temporaryDirectory } from './child.ts';

afterAll(endChildren);

const directory = temporaryDirectory();
const repo = path.join(directory, 'repo');
const pidFile = path.join(directory, 'pids');

/** Prints a card ten times a second, until nobody listens. */
function withCard(): NodeJS.ProcessEnv {
  const program = path.join(directory, 'nvidia-smi');
  const text = `#!/bin/sh
echo $$ >> "${pidFile}"
while :; do echo "0, 97, 40537, 81920, 64, 312.45" || exit 1; sleep 0.1; done
`;
  fs.writeFileSync(program, text, { mode: 0o755 });
  return { PATH: `${directory}${path.delimiter}${process.env['PATH']}` };
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it.each(['left', 'worker'])('a run that is %s open lets its process end', async (how) => {
  const child = startChild('sampled', { arguments: [how, repo] });
  expect(await child.ended()).toBe(0);
  const view = await (await Repo.open(repo)).run(how);
  expect(view?.metric('__system__cpu')?.count).toBeGreaterThan(0);
  expect(view?.metric('__system__p_rss_bytes')?.last).toBeGreaterThan(1e6);
});

it.for(['by-itself', 'exit', 'killed'])(
  'the child that reads the cards is gone with a process that ends: %s',
  async (how, context) => {
    if (process.platform !== 'linux') context.skip('looks at processes in /proc');
    fs.rmSync(pidFile, { force: true });
    const child = startChild('sampled', { arguments: [how, repo], env: withCard() });
    await child.next();
    const pids = fs.readFileSync(pidFile, 'utf8').trim().split('\n').map(Number);
    expect(pids).toHaveLength(1);
    if (how === 'killed') {
      expect(isAlive(pids[0] as number)).toBe(true);
      await child.kill('SIGKILL');
    } else expect(await child.ended()).toBe(0);
    for (let round = 0; round < 1200 && isAlive(pids[0] as number); round += 1) await sleep(50);
    expect(isAlive(pids[0] as number)).toBe(false);
    const view = await (await Repo.open(repo)).run(how);
    expect(view?.metric('__system__gpu', { gpu: 0 })?.last).toBe(97);
  },
);
