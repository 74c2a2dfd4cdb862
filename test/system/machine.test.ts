// What the machine is made of is told without blocking the loop, and what cannot be told is absent. The
// path for systems without /proc is forced here, on Linux, and agrees with /proc.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findProgram } from '../../src/system/find-program.ts';
import { parseNetworkDevices } from '../../src/system/linux/network.ts';
import {
  parseCoreCount,
  parseVmStat,
  readInventory,
  readMachineCounters,
} from '../../src/system/machine.ts';

const MIB = 1024 * 1024;
let directory = '';
const pathBefore = process.env['PATH'];

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'machine-'));
});

afterAll(() => {
  process.env['PATH'] = pathBefore;
  fs.rmSync(directory, { recursive: true, force: true });
});

function standIn(folder: string, script: string): void {
  const bin = path.join(directory, folder);
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(bin, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env['PATH'] = `${bin}${path.delimiter}${pathBefore}`;
}

describe('the inventory', () => {
  it('names system, processor and memory', async () => {
    const { os: name, platform, kernel, architecture, ...rest } = await readInventory();
    expect(name).toMatch(/\S/);
    expect({ platform, kernel, architecture }).toEqual({
      platform: os.platform(),
      kernel: os.release(),
      architecture: os.arch(),
    });
    expect(rest).toMatchObject({ cpuThreads: os.cpus().length, memoryBytes: os.totalmem() });
    expect(rest.cpuCores ?? 1).toBeLessThanOrEqual(os.cpus().length);
  });

  it('names each card and the driver, also a card whose name has a comma', async () => {
    standIn(
      'cards',
      'echo "0, NVIDIA A100-SXM4-80GB, 535.161.08, 81920"; echo "1, Tesla K80, rev 2, 535.161.08, [N/A]"',
    );
    const { gpus, gpuDriver } = await readInventory();
    expect(gpuDriver).toBe('535.161.08');
    expect(gpus).toEqual([
      {
        index: 0,
        name: 'NVIDIA A100-SXM4-80GB',
        driver: '535.161.08',
        memoryBytes: 81920 * MIB,
      },
      { index: 1, name: 'Tesla K80, rev 2', driver: '535.161.08', memoryBytes: undefined },
    ]);
  });

  it.each([
    { fault: 'fails', script: 'echo "NVIDIA-SMI has failed because ..."; exit 9' },
    { fault: 'finds no device', script: 'echo "No devices were found"; exit 6' },
    { fault: 'hangs', script: 'exec sleep 60' },
    { fault: 'prints an error', script: 'echo \'Field "memory.total" is not a valid field.\'' },
  ])('has no cards where nvidia-smi $fault', async ({ fault, script }) => {
    standIn(fault, script);
    const inventory = await readInventory({ gpuTimeoutMs: 300 });
    expect(inventory.cpuThreads).toBe(os.cpus().length);
    expect(inventory).not.toHaveProperty('gpus');
    expect(inventory).not.toHaveProperty('gpuDriver');
  });

  it('is asked for without a program where there is none on PATH', async () => {
    fs.writeFileSync(path.join(directory, 'not-executable'), '');
    fs.mkdirSync(path.join(directory, 'empty'), { recursive: true });
    const search = ['relative', '', directory, path.join(directory, 'empty')].join(path.delimiter);
    expect(await findProgram('not-executable', search)).toBeUndefined();
    expect(await findProgram('nvidia-smi', search)).toBeUndefined();
    expect(await findProgram('node', path.dirname(process.execPath))).toBe(process.execPath);
  });

  it('counts cores, not threads', () => {
    const thread = (socket: number, core: number): string =>
      `processor\t: 0\nphysical id\t: ${socket}\nsiblings\t: 4\ncore id\t\t: ${core}\n`;
    const pairs = [thread(0, 0), thread(0, 0), thread(0, 1), thread(1, 0), thread(1, 0)];
    expect(parseCoreCount(pairs.join('\n'))).toBe(3);
    // ARM names neither.
    expect(parseCoreCount('processor\t: 0\nBogoMIPS\t: 50.00\n')).toBeUndefined();
  });
});

describe('without /proc', () => {
  it('the counters of the machine agree with /proc', async (context) => {
    if (process.platform !== 'linux') context.skip('needs /proc to compare with');
    const field = (text: string, name: string): number =>
      Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
    const addressed = Object.keys(os.networkInterfaces());
    // Interfaces without an address are not in Node's list.
    const devices = (): ReturnType<typeof parseNetworkDevices> => {
      const lines = fs.readFileSync('/proc/net/dev', 'utf8').split('\n');
      const kept = lines.filter(
        (line) => !line.includes(':') || addressed.includes(line.split(':')[0]?.trim() ?? ''),
      );
      return parseNetworkDevices(kept.join('\n'));
    };
    let apart = Number.POSITIVE_INFINITY;
    // Other programs take and give back memory meanwhile: once they do not.
    for (let tries = 0; tries < 20 && apart >= 512 * MIB; tries += 1) {
      const before = fs.readFileSync('/proc/meminfo', 'utf8');
      const networkBefore = devices();
      const counters = await readMachineCounters();
      const networkAfter = devices();
      expect(counters.memoryTotal).toBe(field(before, 'MemTotal'));
      const used = ['MemFree', 'Buffers', 'Cached', 'SReclaimable'].reduce(
        (left, name) => left - field(before, name),
        field(before, 'MemTotal'),
      );
      apart = Math.abs((counters.memoryUsed as number) - used);
      if (networkBefore === undefined || networkAfter === undefined) continue;
      if (!addressed.some((name) => name !== 'lo')) continue;
      expect(counters.networkIn).toBeLessThanOrEqual(networkAfter.received);
      expect(counters.networkIn).toBeGreaterThanOrEqual(networkBefore.received);
    }
    expect(apart).toBeLessThan(512 * MIB);
  });

  it('macOS is asked by vm_stat: file pages are not used memory', () => {
    const text = [
      'Mach Virtual Memory Statistics: (page size of 16384 bytes)',
      'Pages free:                               12345.',
      'Pages active:                            300000.',
      'Pages wired down:                        100000.',
      'Pages purgeable:                          10000.',
      'Anonymous pages:                         250000.',
      'Pages occupied by compressor:             50000.',
      '',
    ].join('\n');
    expect(parseVmStat(text)).toBe(390_000 * 16384);
    for (let length = 0; length < text.length; length += 40)
      expect(parseVmStat(text.slice(0, length)) ?? 390_000 * 16384).toBe(390_000 * 16384);
    expect(parseVmStat('vm_stat: command not found')).toBeUndefined();
  });
});
