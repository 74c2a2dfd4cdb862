// A process that logs artifacts is killed by SIGKILL at any moment, again and again: what it was told is
// recorded is there, whole; nothing that is recorded lacks a content; the run goes on.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';
import { Repo } from '../../src/index.ts';
import { seeded } from '../support/random.ts';
import { endChildren, pathOfProgram, sleep, temporaryDirectory } from './child.ts';

afterAll(endChildren);

it('leaves no reference without its content, and loses none that was recorded', async () => {
  const { integer } = seeded('artifacts killed');
  const directory = temporaryDirectory();
  let told = 0;
  for (let round = 0; round < 6; round += 1) {
    const args = [pathOfProgram('artifacts'), directory, 'a', join(directory, 'sources')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
    await sleep(integer(120));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    told += text.split('\n').length - 1;
    const repo = await Repo.open(directory);
    expect(await repo.verify()).toMatchObject({ ok: true, damaged: [] });
    const artifacts = (await repo.run('a'))?.artifacts() ?? [];
    expect(artifacts.length).toBeGreaterThanOrEqual(told);
    for (const each of artifacts.slice(-5)) {
      expect(Buffer.from(await each.bytes('shared')).toString()).toBe('the same');
      expect((await each.verify()).ok).toBe(true);
    }
  }
  const names = readdirSync(join(directory, '.aim/artifacts'));
  expect(names.every((name) => /^([0-9a-f]{2}|temporary-[0-9a-f]{16})$/.test(name))).toBe(true);
});
