// Which probes there are follows from what is there: /proc, control groups, a program on PATH. The path
// for systems without /proc, forced on Linux, records what /proc says.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from 'vitest';

import { systemFiles } from '../../src/system/files.ts';
import { libraryProbe, openProbes } from '../../src/system/probes.ts';
import { type Probe, Recording } from '../../src/system/reading.ts';
import { machineFiles, unifiedContainer, writeFiles } from './recorded.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'probes-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const opened: Probe[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.stop();
});

async function open(folder: string, search = ''): Promise<Probe[]> {
  const files = systemFiles(folder === '' ? '' : path.join(root, folder));
  opened.push(...(await openProbes({ files, path: search })));
  return opened;
}

const namesOf = (probes: readonly Probe[]): string[] => probes.map(({ name }) => name);

async function values(
  probes: readonly Probe[],
  recording: Recording,
): Promise<Map<string, number>> {
  const readings = await Promise.all(probes.map((each) => each.read()));
  const recorded = readings.flatMap((each) => recording.record(each));
  return new Map(recorded.map(({ name, value }) => [name, value]));
}

it('a container is read from its files', async () => {
  writeFiles(path.join(root, 'container'), { ...machineFiles, ...unifiedContainer });
  expect(namesOf(await open('container'))).toEqual([
    'the process',
    'the file system of /',
    '/proc/meminfo',
    '/proc/net/dev',
    '/proc/diskstats',
    'the control group (/sys/fs/cgroup/memory.current)',
    'the control group (/sys/fs/cgroup/cpu.stat)',
  ]);
});

it('without /proc the library is asked', async () => {
  fs.mkdirSync(path.join(root, 'bare'));
  expect(namesOf(await open('bare'))).toEqual([
    'the process',
    'the file system of /',
    'systeminformation',
  ]);
});

it('cards are read where the program is', async () => {
  fs.mkdirSync(path.join(root, 'bin'));
  const program = path.join(root, 'bin', 'nvidia-smi');
  fs.writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  expect(namesOf(await open('bare', path.dirname(program)))).toContain('nvidia-smi');
});

it('the library records what /proc says', async (context) => {
  if (process.platform !== 'linux') context.skip('needs /proc to compare with');
  const direct = (await open('')).filter(({ name }) => name.startsWith('/proc'));
  const [ofFiles, ofLibrary] = [new Recording(), new Recording()];
  const library = [libraryProbe()];
  // Its first call loads it.
  await values(library, new Recording());
  const rates = ['network_in', 'network_out', 'disk_read', 'disk_write'].map(
    (each) => `${each}_bytes_per_second`,
  );
  /** How far the two are apart, where they are too far: they look at moments that are some 50 ms apart. */
  const compare = async (): Promise<string[]> => {
    await values(direct, ofFiles);
    await values(library, ofLibrary);
    const file = path.join(root, 'written');
    fs.writeFileSync(file, Buffer.alloc(16 * 1024 * 1024, 1), { flush: true });
    await sleep(1000);
    const one = await values(direct, ofFiles);
    const other = await values(library, ofLibrary);
    expect(other.get('memory_percent')).toBeDefined();
    return [...rates, 'memory_percent'].filter((name) => {
      const [mine, theirs] = [one.get(name), other.get(name)];
      // Without lsblk, or without an address, the library cannot tell.
      if (mine === undefined || theirs === undefined) return false;
      const most = name === 'memory_percent' ? 3 : 1e6 + 0.5 * Math.max(mine, theirs);
      return Math.abs(mine - theirs) > most;
    });
  };
  // Others use the machine between the two looks; another unit or another disk would be told each time.
  let apart = await compare();
  for (let tries = 1; tries < 8 && apart.length > 0; tries += 1) apart = await compare();
  expect(apart).toEqual([]);
});
